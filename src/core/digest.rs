//! Digests: SHA-256 of texts, bytes and files.

use crate::files;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

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
    fn digest_of_the_empty_string() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long = vec![7u8; (1 << 20) + 3];
        std::fs::write(file.path(), &long).unwrap();
        assert_eq!(digest_of_file(file.path()).unwrap(), digest_hex(&long));
        assert_eq!(digest_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
