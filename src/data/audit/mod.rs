//! `seraug audit`: somebody else's split held against the checks of leakage, from its lists alone, or with its recordings.
//!
//! [`lists`] reads what is trained on and what is tested, `utterances` says which rows are one utterance and what is known of it,
//! `checks` counts what sides share, `sound` compares recordings. What is found is a [`SplitAudit`]; each of its codes has its texts
//! in `codes`.

mod checks;
mod codes;
mod folds;
pub mod lists;
mod numbers;
mod result;
mod sound;
#[cfg(test)]
mod tests;
mod utterances;

pub use codes::{AuditCode, CodeText, Severity};
pub use lists::{ListChoices, ListSources};
pub use result::{
    ClearCheck, ComparedAudio, Finding, FindingExample, FoldCount, FoldSizes, KnownValues, SidedName,
    SkippedCheck, SplitAudit,
};

use crate::corpora::naming;
use checks::{CodeOutcome, SplitChecks};
use folds::FoldSides;
use indicatif::ProgressBar;
use numbers::{KnownNumbers, SharedNumbers};
use seraug_core::error::Result;
use sound::HeardSounds;
use std::collections::HashSet;
use std::path::Path;
use utterances::AuditedUtterances;

/// What is audited.
#[derive(Debug)]
pub struct AuditJob<'a> {
    /// The lists.
    pub sources: &'a ListSources,
    /// What a person says of them.
    pub choices: &'a ListChoices,
    /// The corpus whose names tell speakers and texts.
    pub corpus: Option<&'a str>,
    /// The folder of all corpora; a table.csv there may tell speakers and texts.
    pub corpora: &'a Path,
    /// The folder below which the recordings are.
    pub audio: Option<&'a Path>,
    /// Codes that are accepted.
    pub allow: &'a [AuditCode],
    /// Advances as recordings are compared.
    pub progress: &'a ProgressBar,
}

/// Audits a split.
///
/// # Errors
/// Lists that cannot be read, or that do not say what is trained on and what is tested; an unknown corpus; a folder without the
/// recordings.
pub fn audit(job: &AuditJob) -> Result<SplitAudit> {
    let chosen = job.corpus.map(|corpus| naming(corpus, job.corpora)).transpose()?;
    let split = lists::read(job.sources, job.choices)?;
    let utterances = AuditedUtterances::of(&split, chosen, job.corpora);
    let folds: Vec<FoldSides> = split.folds.iter().map(|fold| FoldSides::of(fold, &utterances)).collect();
    let heard = match job.audio {
        Some(folder) => Some(HeardSounds::of(&utterances, folder, job.progress)?),
        None => HeardSounds::of_digests(&utterances),
    };
    let numbers = SharedNumbers::of(&utterances);
    let checks = SplitChecks::of(&utterances, &folds, &numbers, heard.as_ref(), job.audio.is_some());
    let listed: HashSet<u32> = folds.iter().flat_map(FoldSides::all).collect();
    let known = |what, from: &Option<String>, numbers: &KnownNumbers| {
        let (utterances, values) = (numbers.known(), numbers.distinct);
        KnownValues { what, utterances, values, from: from.clone().filter(|_| utterances > 0) }
    };
    let mut audit = SplitAudit {
        lists: split.files,
        form: split.form,
        utterances: listed.len(),
        known: vec![
            known("speakers", &utterances.from.speaker, &numbers.speakers),
            known("texts", &utterances.from.text, &numbers.texts),
            known("classes", &utterances.from.label, &numbers.labels),
        ],
        folds: folds
            .iter()
            .map(|fold| FoldSizes {
                fold: fold.name.clone(),
                train: fold.train.len(),
                validation: fold.validation.len(),
                test: fold.test.len(),
            })
            .collect(),
        audio: job.audio.zip(heard.as_ref()).map(|(folder, heard)| ComparedAudio {
            folder: folder.display().to_string(),
            utterances: heard.heard,
            fingerprints: heard.printed,
        }),
        findings: Vec::new(),
        clear: Vec::new(),
        not_checked: Vec::new(),
        notes: [split.notes, utterances.notes.clone()].concat(),
        leaks: Vec::new(),
    };
    if numbers.speakers.distinct == numbers.speakers.known() && numbers.speakers.known() > 20 {
        audit
            .notes
            .push("every utterance has a speaker of its own: is that column one of speakers?".to_owned());
    }
    for (code, outcome) in checks.outcomes {
        audit.add(code, outcome, job.allow);
    }
    Ok(audit)
}

impl SplitAudit {
    fn add(&mut self, code: AuditCode, outcome: CodeOutcome, allow: &[AuditCode]) {
        let text = code.text();
        if let Some(why) = outcome.skipped {
            self.not_checked.push(SkippedCheck { code, why });
            return;
        }
        let sum = |of: fn(&FoldCount) -> usize| outcome.folds.iter().map(of).sum::<usize>();
        let (count, of) = outcome.whole.unwrap_or_else(|| (sum(|f| f.count), sum(|f| f.of)));
        if count == 0 {
            self.clear.push(ClearCheck { code, of, unit: text.unit.1, partly: outcome.partly });
            return;
        }
        let allowed = allow.contains(&code);
        if text.severity == Severity::Leak && !allowed {
            self.leaks.push(code);
        }
        self.findings.push(Finding {
            code,
            severity: text.severity,
            allowed,
            count,
            of,
            unit: text.unit.1,
            sentence: sentence(code, count, of, &outcome.folds),
            folds: outcome.folds,
            examples: outcome.examples,
            partly: outcome.partly,
        });
    }
}

/// `10 of 10 test speakers in training too, in each of 5 folds (535 utterances)`.
fn sentence(code: AuditCode, count: usize, of: usize, folds: &[FoldCount]) -> String {
    let text = code.text();
    let unit = |n: usize| if n == 1 { text.unit.0 } else { text.unit.1 };
    let utterances: usize = folds.iter().map(|fold| fold.utterances).sum();
    let concerned = match utterances > 0 && !text.unit.1.ends_with("utterances") {
        true => format!(" ({utterances} utterance{})", if utterances == 1 { "" } else { "s" }),
        false => String::new(),
    };
    let said = |count: usize, of: usize| format!("{count} of {of} {} {}", unit(of), text.said);
    match folds {
        [] | [_] => format!("{}{concerned}", said(count, of)),
        [first, others @ ..] if others.iter().all(|f| (f.count, f.of) == (first.count, first.of)) => {
            format!("{}, in each of {} folds{concerned}", said(first.count, first.of), folds.len())
        }
        _ => {
            let with = match folds.iter().filter(|fold| fold.count > 0).count() {
                all if all == folds.len() => "all".to_owned(),
                some => format!("{some} of"),
            };
            format!("{}, in {with} {} folds{concerned}", said(count, of), folds.len())
        }
    }
}
