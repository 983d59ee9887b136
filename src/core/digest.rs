//! SHA-256 of texts and bytes, and bytes as hex.

use sha2::{Digest, Sha256};

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

/// SHA-256 as lower-case hex.
pub fn digest_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hex. A plan of ten thousand cells makes a hundred thousand digests.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_lower_case_hex() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!([digest_hex(b""), Hasher::new().hex()], [empty, empty]);
    }
}
