//! What an audit found, as JSON has it.

use super::codes::{AuditCode, Severity};
use serde::Serialize;

/// The audit of a split.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SplitAudit {
    /// The lists that were read.
    pub lists: Vec<String>,
    /// How they say their parts.
    pub form: String,
    /// Different utterances in all parts.
    pub utterances: usize,
    /// What is known of them.
    pub known: Vec<KnownValues>,
    /// Sizes.
    pub folds: Vec<FoldSizes>,
    /// The recordings, where a folder of them was given.
    pub audio: Option<ComparedAudio>,
    /// Codes that count something, the worst first.
    pub findings: Vec<Finding>,
    /// Codes that were checked and count nothing.
    pub clear: Vec<ClearCheck>,
    /// Codes that could not be checked, and why.
    pub not_checked: Vec<SkippedCheck>,
    /// What was guessed or passed over.
    pub notes: Vec<String>,
    /// Codes of leaks that were not accepted.
    pub leaks: Vec<AuditCode>,
}

/// How much is known of one property of utterances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KnownValues {
    /// `speakers`, `texts` or `classes`.
    pub what: &'static str,
    /// Utterances of which it is known.
    pub utterances: usize,
    /// Different values.
    pub values: usize,
    /// Where it was taken from; absent where it is known of none.
    pub from: Option<String>,
}

/// Different utterances of a fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FoldSizes {
    /// Its name.
    pub fold: String,
    /// Trained on.
    pub train: usize,
    /// Validated with.
    pub validation: usize,
    /// Tested.
    pub test: usize,
}

/// What was compared of the recordings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ComparedAudio {
    /// The folder.
    pub folder: String,
    /// Utterances whose bytes and samples were compared.
    pub utterances: usize,
    /// Of those, utterances with a fingerprint.
    pub fingerprints: usize,
}

/// A code that counts something.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The code.
    pub code: AuditCode,
    /// How bad it is.
    pub severity: Severity,
    /// Accepted by `--allow`.
    pub allowed: bool,
    /// What was counted, summed over folds.
    pub count: usize,
    /// Of how many, summed over folds.
    pub of: usize,
    /// What is counted, in the plural.
    pub unit: &'static str,
    /// In one sentence.
    pub sentence: String,
    /// Fold by fold; empty for what does not belong to folds.
    pub folds: Vec<FoldCount>,
    /// A few of them.
    pub examples: Vec<FindingExample>,
    /// What could not be compared, where some could.
    pub partly: Option<String>,
}

/// What a fold counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FoldCount {
    /// Its name.
    pub fold: String,
    /// What was counted.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// Test (or validation) utterances that are concerned.
    pub utterances: usize,
}

/// An example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "kebab-case")]
pub struct FindingExample {
    /// The fold; empty for what does not belong to folds.
    pub fold: String,
    /// The speaker, text or class; empty where utterances say it all.
    pub what: String,
    /// The utterance on the one side, and the side.
    pub one: Option<SidedName>,
    /// That on the other side.
    pub other: Option<SidedName>,
    /// What else is to be said.
    pub note: String,
}

/// An utterance on a side of a fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SidedName {
    /// `training`, `validation` or `test`.
    pub part: &'static str,
    /// As its list writes it.
    pub utterance: String,
}

/// A code that was checked without a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClearCheck {
    /// The code.
    pub code: AuditCode,
    /// How many were looked at, summed over folds.
    pub of: usize,
    /// What they are, in the plural.
    pub unit: &'static str,
    /// What could not be compared, where some could.
    pub partly: Option<String>,
}

/// A code that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SkippedCheck {
    /// The code.
    pub code: AuditCode,
    /// Why not, and what would be needed.
    pub why: String,
}
