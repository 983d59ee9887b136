//! How utterances become folds (paper 3.1.2).

use super::limits;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is tested on whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Protocol {
    /// Each fold tests on a recording session and trains on the others.
    LeaveOneSessionOut(LeaveOneSessionOut),
    /// Each fold tests on a group of speakers and trains on the others.
    LeaveSpeakersOut(LeaveSpeakersOut),
    /// The corpus's own split.
    FixedSplit(FixedSplit),
    /// Folds by text.
    LeaveTextsOut(LeaveTextsOut),
    /// The folds of an earlier run's split.csv.
    SplitFile(SplitFile),
    /// A source corpus and a part of a target corpus train, the rest of the target tests.
    CrossLingual(CrossLingual),
    /// The folds of somebody else's predictions, of which nothing but the test utterances is known: what `seraug score` writes.
    Scored(Scored),
}

/// One fold a session, in the order of their names (IEMOCAP: 5).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveOneSessionOut {
    /// Folds to run (numbers from 1); empty runs all.
    #[schemars(length(max = limits::FOLDS), inner(range(min = 1, max = limits::FOLDS)))]
    pub only: Vec<usize>,
}

/// k-fold by speaker: groups of speakers, dealt by gender in turn so that each fold has both where the corpus can.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveSpeakersOut {
    /// Number of folds, at least 2 and at most the number of speakers; 0 for one fold a speaker.
    #[schemars(range(min = 0, max = limits::FOLDS))]
    pub folds: usize,
    /// Number of test speakers in a fold, in place of `folds`: as many folds as that makes.
    #[schemars(range(min = 0, max = limits::FOLDS))]
    pub speakers: usize,
    /// The test speakers of each fold, in place of `folds`.
    #[schemars(length(max = limits::FOLDS))]
    pub groups: Vec<Vec<String>>,
    /// Speakers that neither train nor test, for choices that must not see them: a validation inside the training part.
    #[schemars(length(max = limits::FOLDS))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Folds to run (numbers from 1); empty runs all.
    #[schemars(length(max = limits::FOLDS), inner(range(min = 1, max = limits::FOLDS)))]
    pub only: Vec<usize>,
}

/// k-fold by text, where the corpus says which sentence each utterance is: the test says what nobody says in training. Speakers
/// are on both sides.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveTextsOut {
    /// Number of folds, at least 2 and at most the number of texts; 0 for one fold a text.
    #[schemars(range(min = 0, max = limits::FOLDS))]
    pub folds: usize,
    /// Folds to run (numbers from 1); empty runs all.
    #[schemars(length(max = limits::FOLDS), inner(range(min = 1, max = limits::FOLDS)))]
    pub only: Vec<usize>,
}

/// One fold, from the parts that the corpus itself names (column `split` of a table.csv, ESD's folders).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FixedSplit {
    /// Parts to train on.
    pub train: Vec<String>,
    /// Parts to test on. What is in neither is left out.
    pub test: Vec<String>,
}

/// The folds that a split.csv lists, whatever made them. What was removed there stays removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SplitFile {
    /// Below the working directory, such as `results/table2-aug/latest/split.csv`.
    pub path: String,
    /// The corpora that it lists, where they are several; `corpus` is absent then.
    #[serde(default)]
    pub corpora: Vec<String>,
    /// What the augmentor is trained on, where the folds are cross-lingual.
    #[serde(default)]
    pub augmentor_sees: AugmentorSees,
    /// Folds to run (numbers from 1); empty runs all.
    #[serde(default)]
    #[schemars(length(max = limits::FOLDS), inner(range(min = 1, max = limits::FOLDS)))]
    pub only: Vec<usize>,
}

/// Predictions that `seraug score` read: they are there already, and no fold of theirs can be trained.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scored {
    /// What the files call each fold, in the order of its number from 1.
    #[schemars(length(max = limits::FOLDS))]
    pub folds: Vec<String>,
}

/// One fold for each pair of a source and another target (Fig. 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CrossLingual {
    /// Corpora of which everything trains.
    pub sources: Vec<String>,
    /// Corpora of which a part trains and a part tests.
    pub targets: Vec<String>,
    /// Share of the target that tests.
    #[serde(default = "quarter")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub test: f64,
    /// Share of the target that trains in conditions with `target = "low"` (LT); a subset of `full`.
    #[serde(default = "tenth")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub low: f64,
    /// Share of the target that trains in conditions with `target = "full"` (FT).
    #[serde(default = "three_quarters")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub full: f64,
    /// Whether test speakers may train.
    #[serde(default)]
    pub speakers: SpeakerRule,
    /// Corpus to the utterances of each class that are drawn of it when it is a target (the paper's .SUB: 250).
    #[serde(default)]
    #[schemars(extend("additionalProperties" = limits::whole(8, limits::UTTERANCES)))]
    pub subset: IndexMap<String, usize>,
    /// What the augmentor is trained on.
    #[serde(default)]
    pub augmentor_sees: AugmentorSees,
    /// Folds to run (numbers from 1, pairs in the order of sources, then targets); empty runs all.
    #[serde(default)]
    #[schemars(length(max = limits::FOLDS), inner(range(min = 1, max = limits::FOLDS)))]
    pub only: Vec<usize>,
}

/// FIDELITY.md row "speakers of the cross-lingual split".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpeakerRule {
    /// Speaker-disjoint where some set of speakers has about the test share of every class, otherwise by utterance;
    /// the report says which.
    #[default]
    DisjointIfPossible,
    /// Speaker-disjoint, or refused.
    Disjoint,
    /// By utterance: speakers overlap.
    Overlap,
}

/// FIDELITY.md row "what the augmentor sees cross-lingually".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AugmentorSees {
    /// All that the classifier is trained on: the source and the target's training part.
    #[default]
    SourceAndTarget,
    /// The target's training part alone.
    Target,
}

/// Random removal of training utterances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reduction {
    /// Share removed of each reduced class, in [0, 1). The paper: 0.8.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub share: f64,
    /// Classes that are left whole. The paper: neutral.
    pub keep: Vec<String>,
    /// Whether the classes are reduced together or one at a time.
    #[serde(default)]
    pub mode: ReductionMode,
}

/// FIDELITY.md row "Are the three classes reduced together?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReductionMode {
    /// One data set with every class but the kept ones reduced.
    #[default]
    Joint,
    /// One data set for each reduced class, the others whole: folds are numbered on through them.
    PerClass,
}

impl Protocol {
    /// The folds that are run; empty for all.
    pub fn only(&self) -> &[usize] {
        match self {
            Protocol::LeaveOneSessionOut(p) => &p.only,
            Protocol::LeaveSpeakersOut(p) => &p.only,
            Protocol::LeaveTextsOut(p) => &p.only,
            Protocol::SplitFile(p) => &p.only,
            Protocol::CrossLingual(p) => &p.only,
            Protocol::FixedSplit(_) | Protocol::Scored(_) => &[],
        }
    }
}

impl Protocol {
    /// What a fold is, in words.
    pub fn describe(&self) -> &'static str {
        match self {
            Protocol::LeaveOneSessionOut(_) => "a session is tested",
            Protocol::LeaveSpeakersOut(_) => "a group of speakers is tested",
            Protocol::FixedSplit(_) => "the corpus's own split",
            Protocol::LeaveTextsOut(_) => "a group of texts is tested",
            Protocol::SplitFile(_) => "those of split.csv",
            Protocol::CrossLingual(_) => "a pair of source and target corpus",
            Protocol::Scored(_) => "one of the predictions that were scored",
        }
    }
}

impl CrossLingual {
    /// (source, target) of each fold, in order.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs =
            self.sources.iter().flat_map(|s| self.targets.iter().map(move |t| (s.as_str(), t.as_str())));
        pairs.filter(|(s, t)| s != t).collect()
    }

    /// What tables call a pair: `ravdess>emodb`, `iemocap>esd.sub` where the target is drawn from its corpus.
    pub fn label(&self, source: &str, target: &str) -> String {
        let sub = if self.subset.contains_key(target) { ".sub" } else { "" };
        format!("{source}>{target}{sub}")
    }
}

impl Default for FixedSplit {
    fn default() -> FixedSplit {
        FixedSplit { train: vec!["train".into()], test: vec!["test".into()] }
    }
}

fn quarter() -> f64 {
    0.25
}

fn tenth() -> f64 {
    0.1
}

fn three_quarters() -> f64 {
    0.75
}
