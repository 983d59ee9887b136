//! The codes of findings: what each counts, how bad it is, why it matters and what to change. `seraug explain` prints them, and
//! docs/audit.md has their table.

mod texts;

use seraug_core::error::{Error, Result};
use seraug_core::suggest::hint;
use serde::{Serialize, Serializer};
use std::str::FromStr;

/// What a finding means for a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The test is not unseen: exit code 4.
    Leak,
    /// A result may mean something else than it seems, or something could not be checked.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Leak => "leak",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A code, its severity, and its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CodeText {
    /// The code itself.
    pub code: AuditCode,
    /// How bad it is.
    pub severity: Severity,
    /// What is counted, singular and plural.
    #[serde(skip)]
    pub unit: (&'static str, &'static str),
    /// What is said of what is counted: `10 of 10 test speakers` ….
    #[serde(skip)]
    pub said: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Why it matters, with literature.
    pub why: &'static str,
    /// What to change.
    pub change: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:literal),+ $(,)?) => {
        /// The code of a finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has its text in the table of texts")]
        pub enum AuditCode {
            $($constant),+
        }

        impl AuditCode {
            /// All of them, the worst first.
            pub const ALL: &'static [AuditCode] = &[$(AuditCode::$constant),+];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(AuditCode::$constant => $name),+
                }
            }
        }
    };
}

codes! {
    UtteranceOverlap = "UTTERANCE_OVERLAP",
    SpeakerOverlap = "SPEAKER_OVERLAP",
    ExcerptOverlap = "EXCERPT_OVERLAP",
    DuplicateAudio = "DUPLICATE_AUDIO",
    NearDuplicateAudio = "NEAR_DUPLICATE_AUDIO",
    ValidationInTest = "VALIDATION_IN_TEST",
    ValidationSpeakersInTest = "VALIDATION_SPEAKERS_IN_TEST",
    TextOverlap = "TEXT_OVERLAP",
    SpeakerUnknown = "SPEAKER_UNKNOWN",
    SpeakerLookalike = "SPEAKER_LOOKALIKE",
    NameAmbiguous = "NAME_AMBIGUOUS",
    RecordingShared = "RECORDING_SHARED",
    ClassMissing = "CLASS_MISSING",
    TestEmpty = "TEST_EMPTY",
    TrainingEmpty = "TRAINING_EMPTY",
    ValidationInTraining = "VALIDATION_IN_TRAINING",
    RowsContradict = "ROWS_CONTRADICT",
    AudioMissing = "AUDIO_MISSING",
    ValidationSpeakersInTraining = "VALIDATION_SPEAKERS_IN_TRAINING",
    UtteranceRepeated = "UTTERANCE_REPEATED",
    TestedTwice = "TESTED_TWICE",
}

impl AuditCode {
    /// Its texts.
    pub fn text(self) -> &'static CodeText {
        texts::of(self)
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        self.text().severity
    }

    /// The code called `name`, in any case, with `-` for `_`.
    ///
    /// # Errors
    /// There is none (usage); the nearest is named.
    pub fn named(name: &str) -> Result<AuditCode> {
        name.parse().map_err(Error::usage)
    }
}

impl FromStr for AuditCode {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<AuditCode, String> {
        let upper = name.to_uppercase().replace('-', "_");
        let all = || AuditCode::ALL.iter();
        let found = all().find(|code| code.name() == upper).copied();
        found.ok_or_else(|| format!("unknown code `{name}`{}", hint(name, all().map(|code| code.name()))))
    }
}

impl Serialize for AuditCode {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_texts_and_the_worst_come_first() {
        let severities: Vec<Severity> = AuditCode::ALL.iter().map(|code| code.severity()).collect();
        assert!(severities.is_sorted(), "{severities:?}");
        for code in AuditCode::ALL {
            let text = code.text();
            assert_eq!(text.code, *code);
            for part in [text.meaning, text.why, text.change] {
                assert!(part.len() > 40 && part.ends_with('.'), "{}: {part}", code.name());
            }
        }
    }

    #[test]
    fn a_code_is_found_in_any_case_and_an_unknown_one_names_the_nearest() {
        assert_eq!("speaker-overlap".parse(), Ok(AuditCode::SpeakerOverlap));
        let e = AuditCode::named("SPEAKERS_OVERLAP").unwrap_err();
        assert_eq!(
            (e.exit_code(), e.to_string().as_str()),
            (2, "unknown code `SPEAKERS_OVERLAP`, did you mean `SPEAKER_OVERLAP`?")
        );
    }
}
