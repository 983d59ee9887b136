//! The audit as a person reads it on a terminal; and the sentences that a page has too.

use seraug_core::text::{plural, s};
use seraug_data::audit::{
    ClearCheck, Finding, FindingExample, FoldCount, KnownValues, SkippedCheck, SplitAudit,
};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Folds and lists that are shown; --json has all.
const SHOWN: usize = 20;

/// The whole answer.
pub(super) fn told(audit: &SplitAudit) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", heading(audit));
    for known in known(audit) {
        let _ = writeln!(text, "  {known}");
    }
    let shown = || audit.folds.iter().take(SHOWN);
    let wide = shown().map(|fold| fold.fold.chars().count()).max().unwrap_or(0).max(9);
    let _ = writeln!(text, "  {:<wide$} {:>9} {:>11} {:>9}", "fold", "training", "validation", "test");
    for fold in shown() {
        let (name, test) = (&fold.fold, fold.test);
        let _ = writeln!(text, "  {name:<wide$} {:>9} {:>11} {test:>9}", fold.train, fold.validation);
    }
    if let Some(more @ 1..) = audit.folds.len().checked_sub(SHOWN) {
        let _ = writeln!(text, "  and {more} more folds; --json has all");
    }
    for finding in &audit.findings {
        let _ = writeln!(text, "\n{:<8} {}{}", severity(finding), finding.code.name(), allowed(finding));
        let _ = writeln!(text, "  {}", finding.sentence);
        if let Some(partly) = &finding.partly {
            let _ = writeln!(text, "  not compared: {partly}");
        }
        if let Some(folds) = unequal(finding) {
            let _ = writeln!(text, "  by fold: {folds}");
        }
        for example in &finding.examples {
            let _ = writeln!(text, "  e.g. {}", in_words(finding, example));
        }
    }
    let clear = clear(audit);
    if !clear.is_empty() {
        let _ = writeln!(text, "\nchecked, nothing found");
        clear.iter().for_each(|line| text += &format!("  {line}\n"));
    }
    let skipped = skipped(&audit.not_checked);
    if !skipped.is_empty() {
        let _ = writeln!(text, "\nnot checked");
        skipped.iter().for_each(|(codes, why)| text += &format!("  {codes}: {why}\n"));
    }
    if !audit.notes.is_empty() {
        let _ = writeln!(text, "\nto know");
        audit.notes.iter().take(SHOWN).for_each(|note| text += &format!("  {note}\n"));
    }
    let _ = writeln!(text, "\n{}", verdict(audit));
    text
}

/// `20 lists: 535 utterances, 5 folds (lists for each fold)`.
pub(super) fn heading(audit: &SplitAudit) -> String {
    let lists = match audit.lists.as_slice() {
        [one] => one.clone(),
        several => plural(several.len(), "list"),
    };
    format!(
        "{lists}: {}, {} ({})",
        plural(audit.utterances, "utterance"),
        plural(audit.folds.len(), "fold"),
        audit.form
    )
}

/// What is known of the utterances, a line each.
pub(super) fn known(audit: &SplitAudit) -> Vec<String> {
    let line = |known: &KnownValues| match &known.from {
        Some(from) if known.utterances == audit.utterances => {
            format!("{:<9} {}, of every utterance: {from}", known.what, known.values)
        }
        Some(from) => format!(
            "{:<9} {}, of {} of {} utterances: {from}",
            known.what, known.values, known.utterances, audit.utterances
        ),
        None => format!("{:<9} not known", known.what),
    };
    let mut lines: Vec<String> = audit.known.iter().map(line).collect();
    if let Some(audio) = &audit.audio {
        lines.push(format!(
            "{:<9} {} compared, {} by fingerprint: {}",
            "recordings", audio.utterances, audio.fingerprints, audio.folder
        ));
    }
    lines
}

/// What each fold counts, where they differ.
fn unequal(finding: &Finding) -> Option<String> {
    let first = finding.folds.first()?;
    if finding.folds.iter().all(|fold| (fold.count, fold.of) == (first.count, first.of)) {
        return None;
    }
    let fold = |f: &FoldCount| format!("{}: {} of {}", f.fold, f.count, f.of);
    let mut shown: Vec<String> = finding.folds.iter().take(SHOWN).map(fold).collect();
    if finding.folds.len() > SHOWN {
        shown.push("…".to_owned());
    }
    Some(shown.join(", "))
}

fn severity(finding: &Finding) -> &'static str {
    finding.severity.name()
}

/// Whether a finding was accepted.
pub(super) fn allowed(finding: &Finding) -> &'static str {
    if finding.allowed { " (allowed)" } else { "" }
}

/// `fold 1: speaker 03: 03a01Wa in training, 03a02Wb in test`.
pub(super) fn in_words(finding: &Finding, example: &FindingExample) -> String {
    let mut parts = Vec::new();
    if !example.fold.is_empty() {
        parts.push(format!("fold {}", example.fold));
    }
    if !example.what.is_empty() {
        let unit = finding.code.text().unit.0;
        parts.push(format!("{} {}", unit.rsplit(' ').next().unwrap_or(unit), example.what));
    }
    let sides = [&example.one, &example.other].into_iter().flatten();
    let sides: Vec<String> = sides.map(|side| format!("{} in {}", side.utterance, side.part)).collect();
    if !sides.is_empty() {
        parts.push(sides.join(", "));
    }
    if !example.note.is_empty() {
        parts.push(example.note.clone());
    }
    parts.join(": ")
}

/// `UTTERANCE_OVERLAP: 0 of 535 test utterances`, a line each.
pub(super) fn clear(audit: &SplitAudit) -> Vec<String> {
    let line = |check: &ClearCheck| {
        let partly = check.partly.as_ref().map(|why| format!("; not compared: {why}")).unwrap_or_default();
        format!("{}: 0 of {} {}{partly}", check.code.name(), check.of, check.unit)
    };
    audit.clear.iter().map(line).collect()
}

/// Codes that were not checked for one reason, with that.
pub(super) fn skipped(all: &[SkippedCheck]) -> Vec<(String, String)> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    all.iter().for_each(|check| by_reason.entry(&check.why).or_default().push(check.code.name()));
    by_reason.into_iter().map(|(why, codes)| (codes.join(", "), why.to_owned())).collect()
}

/// What of the speakers was not compared: no leak of theirs is no evidence.
fn uncompared(audit: &SplitAudit) -> Option<String> {
    let speakers = audit.known.iter().find(|known| known.what == "speakers")?;
    match audit.utterances - speakers.utterances {
        0 => None,
        unknown if unknown == audit.utterances => {
            Some("speakers were not compared: none is known".to_owned())
        }
        unknown => Some(format!(
            "speakers of {unknown} of {} utterances were not compared: they are not known",
            audit.utterances
        )),
    }
}

/// The last line.
pub(super) fn verdict(audit: &SplitAudit) -> String {
    let names: Vec<&str> = audit.leaks.iter().map(|code| code.name()).collect();
    let accepted = audit.findings.iter().filter(|f| f.allowed).count();
    let accepted = if accepted > 0 { format!(", {accepted} allowed") } else { String::new() };
    let others = audit.findings.iter().filter(|f| !f.allowed).count() - names.len();
    match names.as_slice() {
        [] => {
            let but = uncompared(audit).map(|what| format!(", but {what}")).unwrap_or_default();
            format!("no leak found{accepted}{but}; {others} other finding{}", s(others))
        }
        [first, ..] => format!(
            "{} found: {}{accepted}; seraug explain {first} says why it matters and what to change",
            plural(names.len(), "leak"),
            names.join(", ")
        ),
    }
}
