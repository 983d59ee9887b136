//! Digests of everything that decides a stage's result.

use crate::digest::digest_hex;
use serde::Serialize;
use std::fmt;

/// Names a stage's result by what decides it: equal key, same result, never trained twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The key of `stage` (`augmentor`, `classifier`) at protocol `version`, given all that it reads.
    /// Names, titles and paths do not belong into `inputs`.
    pub fn of(stage: &str, version: u32, inputs: &impl Serialize) -> Key {
        Key::of_json(stage, version, &serde_json::to_string(inputs).expect("inputs of a key are plain data"))
    }

    /// As [`Key::of`], of inputs that are JSON.
    pub fn of_json(stage: &str, version: u32, inputs: &str) -> Key {
        let mut hex = digest_hex(format!("{stage} v{version} {inputs}").as_bytes());
        hex.truncate(32);
        Key(hex)
    }

    /// A key that a file names; `None` unless it is 32 hex digits, so that it can be part of a path.
    pub fn read(text: &str) -> Option<Key> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        hex.then(|| Key(text.to_owned()))
    }

    /// 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
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
