//! Digests of everything that decides a stage's result.

use crate::files;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// Names a stage's result by what decides it: equal key, same result, never trained twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The key of `stage` (`augmentor`, `classifier`) at protocol `version`, given all that it reads.
    /// Names, titles and paths do not belong into `inputs`.
    pub fn of(stage: &str, version: u32, inputs: &impl Serialize) -> Key {
        let mut text = format!("{stage} v{version} ").into_bytes();
        serde_json::to_writer(&mut text, inputs).expect("inputs of a key are plain data");
        let mut hex = digest_hex(&text);
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

/// SHA-256 of texts that come one after the other.
#[derive(Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Of nothing yet.
    pub fn new() -> Hasher {
        Hasher::default()
    }

    /// Goes on with `text`.
    pub fn add(&mut self, text: &str) {
        self.0.update(text.as_bytes());
    }

    /// Lower-case hex.
    pub fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 of a file, read in parts, as lower-case hex.
///
/// # Errors
/// A file that cannot be read.
pub fn digest_of_file(path: &Path) -> std::io::Result<String> {
    let mut file = files::open(path)?;
    let mut hasher = Sha256::new();
    let mut part = vec![0; 1 << 20];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect()),
            n => hasher.update(&part[..n]),
        }
    }
}

/// SHA-256 as lower-case hex.
pub fn digest_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex. A plan of ten thousand cells makes a hundred thousand digests.
fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
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

    #[test]
    fn digest_of_the_empty_string() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long = vec![7u8; (1 << 20) + 3];
        std::fs::write(file.path(), &long).unwrap();
        assert_eq!(digest_of_file(file.path()).unwrap(), digest_hex(&long));
        assert_eq!(digest_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
