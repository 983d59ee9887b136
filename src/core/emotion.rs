//! The emotion labels that every corpus is mapped to.

use crate::suggest::hint;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

macro_rules! emotions {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// An emotion label. Importers map a corpus's own codes to these through its manifest.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Emotion { $(#[doc = concat!("The label `", $name, "`.")] $variant),+ }

        impl Emotion {
            /// Every emotion, in alphabetical order.
            pub const ALL: &'static [Emotion] = &[$(Emotion::$variant),+];

            /// The word used in specs, manifests and result files.
            pub fn name(self) -> &'static str {
                match self { $(Emotion::$variant => $name),+ }
            }
        }
    };
}

emotions! {
    Angry = "angry", Bored = "bored", Calm = "calm", Disgusted = "disgusted", Excited = "excited",
    Fearful = "fearful", Frustrated = "frustrated", Happy = "happy", Neutral = "neutral",
    Sad = "sad", Surprised = "surprised",
}

impl fmt::Display for Emotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Emotion {
    type Err = String;

    /// Errors name the nearest known word, or all.
    fn from_str(s: &str) -> Result<Emotion, String> {
        Emotion::ALL
            .iter()
            .copied()
            .find(|e| e.name() == s)
            .ok_or_else(|| format!("unknown emotion `{s}`{}", hint(s, Emotion::ALL.iter().map(|e| e.name()))))
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
        let names: Vec<_> = Emotion::ALL.iter().map(|e| e.name()).collect();
        json_schema!({ "type": "string", "enum": names, "description": "An emotion label." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for e in Emotion::ALL {
            assert_eq!(e.name().parse::<Emotion>().as_ref(), Ok(e));
        }
        assert!("joyful".parse::<Emotion>().unwrap_err().contains("happy"));
        assert!("Anger".parse::<Emotion>().unwrap_err().ends_with("did you mean `angry`?"));
    }
}
