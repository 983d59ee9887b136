//! Keys: digests of everything that determines a stage's result.

use crate::digest::digest_hex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Identifies a stage's result by what determines it: equal keys mean equal results, so nothing is trained twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// The key of `stage` (`augmentor`, `classifier`) at the stage's `version`, given all that it reads (src/run/plan/keys/mod.rs lists that).
    /// Names, titles and paths must not be in `inputs`.
    pub fn of(stage: &str, version: u32, inputs: &impl Serialize) -> Key {
        Key::of_json(stage, version, &serde_json::to_string(inputs).expect("inputs of a key are plain data"))
    }

    /// As [`Key::of`], of inputs that are JSON.
    pub fn of_json(stage: &str, version: u32, inputs: &str) -> Key {
        let mut hex = digest_hex(format!("{stage} v{version} {inputs}").as_bytes());
        hex.truncate(32);
        Key(hex)
    }

    /// Parses a key read from a file; `None` unless it is 32 hex digits, so that it is safe in a path.
    pub fn read(text: &str) -> Option<Key> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        hex.then(|| Key(text.to_owned()))
    }

    /// The 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Key, &'static str> {
        Key::read(&text).ok_or("not a key of 32 hex digits")
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0
    }
}

/// Serde of a key that may be missing: an empty text on disk.
pub mod or_empty {
    use super::Key;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the key, or an empty text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(key: &Option<Key>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(key.as_ref().map_or("", Key::as_str))
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// A text that is neither empty nor a key.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Key>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let key = || Key::try_from(text.clone()).map_err(D::Error::custom);
        if text.is_empty() { Ok(None) } else { key().map(Some) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_stage_version_and_inputs() {
        let key = Key::of("augmentor", 1, &("a", 1));
        assert_eq!(key, Key::of("augmentor", 1, &("a", 1)));
        assert_eq!(key.as_str().len(), 32);
        for other in [
            Key::of("classifier", 1, &("a", 1)),
            Key::of("augmentor", 2, &("a", 1)),
            Key::of("augmentor", 1, &("a", 2)),
        ] {
            assert_ne!(key, other);
        }
    }
}
