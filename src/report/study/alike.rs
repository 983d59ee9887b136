//! In what the experiments of a study differ beside their corpus: what a reader should know before believing a pooled number.

use super::member::StudyMember;
use crate::analysis::aggregate::Unit;
use crate::render::caption::list;
use seraug_core::spec::difference::{Change, differences};
use seraug_core::text::plural;
use std::collections::BTreeMap;

/// Changes that are named of each experiment; the others are counted.
const NAMED: usize = 4;

/// Warnings about the members, one sentence each.
pub(super) fn warnings(members: &[StudyMember]) -> Vec<String> {
    let mut warnings = Vec::new();
    let synthetic = members.iter().filter(|m| m.run.synthetic()).count();
    if synthetic > 0 && synthetic < members.len() {
        warnings.push(format!(
            "{synthetic} of {} corpora are synthetic: what is pooled with them says nothing about human speech.",
            members.len()
        ));
    }
    for member in members {
        let (done, planned) =
            member.table.rows.iter().fold((0, 0), |(d, p), row| (d + row.done, p + row.planned));
        if !member.is_finished {
            warnings.push(format!(
                "{} is not finished: {done} of {} have a result, and its numbers will change.",
                member.name(),
                plural(planned, "cell")
            ));
        }
        if member.unit() == Unit::Seed {
            warnings.push(format!(
                "{} has one fold: its standard error is over seeds and leaves out that other speakers would give other \
                 results, so it weighs too much.",
                member.label
            ));
        }
        let hits = member.run.info.audit.iter().filter(|a| a.warns()).count();
        if hits > 0 {
            warnings
                .push(format!("{}: the leakage audit has hits in {hits} of its questions.", member.label));
        }
    }
    warnings.extend(differing(members, "preset", |m| m.run.spec.preset.name().to_owned()));
    warnings.extend(differing(members, "class of device", |m| m.run.info.device.class.to_string()));
    let [first, rest @ ..] = members else { return warnings };
    for member in rest {
        // Sizes follow from the preset, which is named above.
        let same_preset = member.run.spec.preset == first.run.spec.preset;
        let changes: Vec<Change> = differences(&first.run.spec, &member.run.spec)
            .into_iter()
            .filter(|change| counts(change, same_preset))
            .collect();
        if !changes.is_empty() {
            let shown: Vec<String> = changes.iter().take(NAMED).map(Change::to_string).collect();
            let more = changes.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            warnings.push(format!(
                "{} and {} differ in more than the corpus: {}{more}.",
                first.label,
                member.label,
                shown.join(", ")
            ));
        }
    }
    warnings
}

/// A sentence on what a `field` is in which corpora, where it is not the same in all.
fn differing(members: &[StudyMember], field: &str, value: impl Fn(&StudyMember) -> String) -> Option<String> {
    let mut of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for member in members {
        of.entry(value(member)).or_default().push(&member.label);
    }
    let shown: Vec<String> =
        of.iter().map(|(value, labels)| format!("{value} in {}", list(labels))).collect();
    (of.len() > 1).then(|| format!("The {field} is not the same: {}.", shown.join("; ")))
}

/// Whether a change between two experiments is none that another corpus brings with it.
fn counts(change: &Change, same_preset: bool) -> bool {
    let path: Vec<&str> = change.path.iter().map(String::as_str).collect();
    match path[..] {
        ["title" | "counterpart" | "slurm" | "published" | "embedding" | "preset", ..] => false,
        ["corpus" | "languages" | "languages-of" | "valence" | "protocol", ..] => false,
        // Which emotions of a corpus belong to a class; that the classes are the same was checked before.
        ["classes", ..] => false,
        // A condition that one of them lacks is told with its comparison.
        ["condition"] | ["condition", _] | ["condition", _, "title" | "published" | "baseline", ..] => false,
        ["augmentor" | "discriminator" | "representation" | "classifier" | "features", ..] => same_preset,
        _ => true,
    }
}
