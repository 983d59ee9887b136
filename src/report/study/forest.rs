//! The forest plots of a study: one of the primary comparisons, one of the others.

use super::StudyContents;
use super::comparison::{CorpusDifference, StudyComparison};
use crate::analysis::aggregate::Unit;
use crate::figure::{self, Figure, ForestPanel, ForestPooled, ForestRow};
use seraug_core::error::Result;
use seraug_core::text::plural;

/// The figures; none for a family in which no corpus has a result.
///
/// # Errors
/// A figure that cannot be drawn.
pub(super) fn figures(contents: &StudyContents) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (is_primary, name, title) in [
        (true, "forest-primary", "Primary comparisons"),
        (false, "forest-secondary", "Secondary comparisons"),
    ] {
        let family = contents.comparisons.iter().filter(|c| c.is_primary == is_primary && !c.rows.is_empty());
        let panels: Vec<ForestPanel> = family.map(|c| panel(c, contents)).collect();
        if !panels.is_empty() {
            figures.push(figure::forest(name, title, &panels, contents.margin)?);
        }
    }
    Ok(figures)
}

fn panel(c: &StudyComparison, contents: &StudyContents) -> ForestPanel {
    // Two corpora give an interval of 12.7 standard errors to either side: the table has it, a picture would show little else.
    let pooled = c.pooled.as_ref().filter(|p| p.weights.len() > 2);
    let row = |r: &CorpusDifference| {
        let member = &contents.members[r.member];
        ForestRow {
            label: member.label.clone(),
            about: about(r, member.run.spec.seeds.len()),
            estimate: r.difference,
            interval: r.effect.map(|e| e.interval(0.95)),
            weight: r.weight.filter(|_| pooled.is_some()),
        }
    };
    ForestPanel {
        title: c.name(),
        rows: c.rows.iter().map(row).collect(),
        pooled: pooled.map(|p| ForestPooled {
            corpora: p.weights.len(),
            estimate: p.effect.estimate,
            interval: p.effect.interval(0.95),
            prediction: p.prediction,
        }),
    }
}

/// `10 folds × 3 seeds, 10 speakers`.
fn about(r: &CorpusDifference, seeds: usize) -> String {
    let (folds, seeds) = if r.unit == Unit::Fold { (r.units, seeds) } else { (1, r.units) };
    format!("{} × {}, {}", plural(folds, "fold"), plural(seeds, "seed"), plural(r.speakers, "speaker"))
}
