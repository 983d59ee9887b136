//! The labels of utterances: any word; the ones that corpora share are known.

use crate::names::unicode::normalise;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// Letters of a label.
const LONGEST: usize = 64;

macro_rules! known {
    ($($constant:ident = $name:literal),+ $(,)?) => {
        impl Emotion {
            $(#[doc = concat!("The label `", $name, "`.")] pub const $constant: Emotion = Emotion($name);)+

            /// The labels that corpora share and that have a valence, in alphabetical order. Importers map a corpus's own codes to
            /// these through its manifest.
            pub const KNOWN: &'static [Emotion] = &[$(Emotion::$constant),+];
        }
    };
}

/// An emotion label: a known one, or any other word of a corpus of one's own. Ordered as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emotion(&'static str);

known! {
    ANGRY = "angry", BORED = "bored", CALM = "calm", DISGUSTED = "disgusted", EXCITED = "excited", FEARFUL = "fearful",
    FRUSTRATED = "frustrated", HAPPY = "happy", NEUTRAL = "neutral", SAD = "sad", SURPRISED = "surprised",
}

impl Emotion {
    /// The word used in specs, manifests and result files.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Whether it is one of [`Emotion::KNOWN`].
    pub fn is_known(self) -> bool {
        Emotion::KNOWN.contains(&self)
    }
}

/// The one copy of a word in this process: an utterance's label is two words of memory, however many utterances have it.
fn kept(word: &str) -> &'static str {
    static WORDS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    let words = words.get_or_insert_default();
    match words.get(word) {
        Some(word) => word,
        None => {
            let word: &'static str = Box::leak(word.into());
            words.insert(word);
            word
        }
    }
}

impl fmt::Display for Emotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Emotion {
    type Err = String;

    /// In the form of every name ([`normalise`]); a known one in any case.
    ///
    /// Errors: nothing that is seen, a control character, more than 64 letters.
    fn from_str(s: &str) -> Result<Emotion, String> {
        let word = normalise(s);
        let lower = word.to_lowercase();
        if let Some(known) = Emotion::KNOWN.iter().find(|e| e.name() == lower) {
            return Ok(*known);
        }
        match word.chars().count() {
            0 => Err("an emotion label is empty".to_owned()),
            n if n > LONGEST => {
                let start: String = word.chars().take(20).collect();
                Err(format!("emotion label `{start}...`: {n} letters, at most {LONGEST}"))
            }
            _ if word.chars().any(char::is_control) => {
                Err(format!("emotion label {word:?}: a control character"))
            }
            _ => Ok(Emotion(kept(&word))),
        }
    }
}

impl Serialize for Emotion {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Emotion {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Emotion, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Emotion {
    fn schema_name() -> Cow<'static, str> {
        "Emotion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Emotion::KNOWN.iter().map(|e| e.name()).collect();
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": LONGEST, "examples": names,
            "description": "An emotion label: one of the examples, or any other that the corpora of the experiment have.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_labels_are_the_same_in_any_case_and_others_as_they_are_written() {
        for e in Emotion::KNOWN {
            assert_eq!(e.name().parse::<Emotion>().as_ref(), Ok(e));
            assert_eq!(e.name().to_uppercase().parse::<Emotion>().as_ref(), Ok(e));
        }
        assert!(Emotion::KNOWN.is_sorted(), "as a text");
        let free: Emotion = " Gestresst\u{200b} ".parse().unwrap();
        assert_eq!((free.name(), free.is_known()), ("Gestresst", false));
        assert_eq!(free, "Gestresst".parse().unwrap());
        assert_ne!(free, "gestresst".parse().unwrap());
        assert!(std::ptr::eq(free.name(), "Gestresst".parse::<Emotion>().unwrap().name()), "one copy");
    }

    #[test]
    fn what_is_no_word_is_refused() {
        let of = |s: &str| s.parse::<Emotion>().unwrap_err();
        assert_eq!(of("\u{200b} "), "an emotion label is empty");
        assert!(of(&"ab".repeat(40)).contains("80 letters, at most 64"));
        assert!(of("a\u{7}b").contains("control character"));
    }
}
