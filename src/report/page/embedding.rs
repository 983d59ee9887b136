//! Fig. 3 of the paper in the report: the figure, the table of its measures, and embedding.csv and measures.csv.

use crate::analysis::embedding::points::{Point, PointKind};
use crate::analysis::embedding::{self, EmbeddingMaps, NEIGHBOURS, Panel, map};
use crate::analysis::loaded_run::LoadedRun;
use crate::figure::{self, Figure};
use crate::render::csv;
use crate::render::text_table::{TextRow, TextTable};
use seraug_core::error::Result;
use std::path::PathBuf;

/// Fig. 3 and its numbers.
#[derive(Debug, Clone)]
pub struct EmbeddingReport {
    /// The maps side by side.
    pub figure: Figure,
    /// The measures, one row for each condition.
    pub table: TextTable,
    /// Files below the report's folder: embedding.csv and measures.csv.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// The figure, the table and the files of the maps of a run; `None` where it has no maps.
///
/// # Errors
/// As [`embedding::maps`].
pub fn embedding(run: &LoadedRun) -> Result<Option<EmbeddingReport>> {
    embedding::maps(run)?.map(|maps| report(run, &maps)).transpose()
}

fn report(run: &LoadedRun, maps: &EmbeddingMaps) -> Result<EmbeddingReport> {
    let (panels, source) = (&maps.panels, &maps.source);
    let classes = run.spec.class_names();
    let counts: Vec<String> = (0..classes.len())
        .map(|c| {
            let here = |p: &&Point| p.class == c && p.kind == PointKind::Original;
            format!("{} {}", panels[0].points.iter().filter(here).count(), classes[c])
        })
        .collect();
    let copies = run.spec.embedding.as_ref().map_or(0, |e| e.copies);
    let perplexity = panels[0].measures.perplexity;
    let about = format!(
        "{source}: {}, and {copies} augmentations of each. Exact t-SNE (perplexity {perplexity:.0}, {} iterations, the first {} \
         with P exaggerated by 12, learning rate 200, random start of one seed), turned to lie on its longer side. Axes and \
         size of such a map have no meaning: nearness has.",
        counts.join(", "),
        map::ITERATIONS,
        map::EXAGGERATED,
    );
    let number = |v: Option<f64>| v.map_or("–".into(), |v| format!("{v:.2}").replace('-', "−"));
    let percent = |v: Option<f64>| v.map_or("–".into(), |v| format!("{:.0} %", 100.0 * v));
    let row = |p: &Panel| -> TextRow {
        let m = &p.measures;
        vec![
            p.label.clone(),
            percent(m.augmentations),
            percent(m.originals),
            number(m.silhouette_r),
            number(m.silhouette_map),
            number(m.trustworthiness),
            number(m.divergence),
        ]
        .into()
    };
    let headings = [
        "condition",
        "augmentations near their class",
        "originals near their class",
        "silhouette in r",
        "silhouette in the map",
        "trustworthiness",
        "KL divergence",
    ];
    let caption = format!(
        "Near their class: of the {NEIGHBOURS} nearest originals in r, their own original left out, most are of their class \
         (of an original, the same: what the representation can tell at all). Silhouette: −1 to 1, above 0 where points are \
         nearer to their own class than to the next. Trustworthiness (k = {NEIGHBOURS}): 1 where neighbours in the map are \
         neighbours in r. KL divergence: what t-SNE minimises, nats."
    );
    Ok(EmbeddingReport {
        figure: figure::embedding(panels, &classes, about)?,
        table: TextTable {
            title: "What the maps are worth".into(),
            caption,
            headings: headings.map(str::to_owned).to_vec(),
            rows: panels.iter().map(row).collect(),
            words: 1,
            ..TextTable::default()
        },
        files: vec![
            ("embedding.csv".into(), csv::points(panels, &classes)?),
            ("measures.csv".into(), csv::measures(panels)?),
        ],
    })
}
