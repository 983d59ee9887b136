//! A `[[fetch]]` section of a manifest: a file to download.

use serde::Deserialize;
use std::path::{Component, Path};

/// A file to download: verified against a checksum that its publisher states, then unpacked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fetch {
    /// http or https; the checksum vouches for the content either way.
    pub url: String,
    /// Its name on disk, without a folder.
    pub file: String,
    /// Its exact length.
    pub bytes: u64,
    /// 64 hex digits. `sha256` or `md5` is required.
    #[serde(default)]
    pub sha256: Option<String>,
    /// 32 hex digits: for publishers that state nothing better.
    #[serde(default)]
    pub md5: Option<String>,
    /// How to unpack it.
    pub unpack: Unpack,
    /// Leading folders dropped from the paths in the archive; what is not below them is left out.
    #[serde(default)]
    pub strip: usize,
    /// Folder below the corpus's that it goes into; empty for that folder itself.
    #[serde(default)]
    pub into: String,
    /// Most bytes that it may unpack to; 0 for four times `bytes` and a gigabyte.
    #[serde(default)]
    pub unpacked_bytes: u64,
}

/// How to unpack a downloaded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unpack {
    /// A zip archive.
    Zip,
    /// A gzipped tar archive.
    TarGz,
    /// No archive: the file is used as it is.
    None,
}

/// The checksum of a file, lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum<'a> {
    /// SHA-256.
    Sha256(&'a str),
    /// MD5: guards against accidents, not against a forger.
    Md5(&'a str),
}

impl Fetch {
    /// The strongest checksum that is stated; [`Fetch::check`] ensures that there is one.
    pub fn checksum(&self) -> Checksum<'_> {
        match (&self.sha256, &self.md5) {
            (Some(sha256), _) => Checksum::Sha256(sha256),
            (None, md5) => Checksum::Md5(md5.as_deref().unwrap_or_default()),
        }
    }

    /// Most bytes that it may unpack to.
    pub fn largest(&self) -> u64 {
        match self.unpacked_bytes {
            0 => self.bytes.saturating_mul(4).saturating_add(1 << 30),
            stated => stated,
        }
    }

    /// Checks the section.
    ///
    /// # Errors
    /// No checksum, or one of another length; a path that leaves its folder; another scheme than http and https.
    pub fn check(&self) -> Result<(), String> {
        let hex = |text: &Option<String>, digits: usize| {
            let fine = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            text.as_ref().is_none_or(|t| t.len() == digits && t.chars().all(fine))
        };
        let plain = |path: &str| Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
        let checks = [
            (
                self.url.starts_with("https://") || self.url.starts_with("http://"),
                "url: http or https is needed",
            ),
            (self.sha256.is_some() || self.md5.is_some(), "sha256 or md5 is needed"),
            (hex(&self.sha256, 64), "sha256: 64 lower-case hex digits are needed"),
            (hex(&self.md5, 32), "md5: 32 lower-case hex digits are needed"),
            (self.bytes > 0, "bytes: at least 1"),
            (
                plain(&self.file)
                    && !self.file.contains(['/', '\\'])
                    && !self.file.starts_with('.')
                    && !self.file.is_empty(),
                "file: a plain name is needed",
            ),
            (plain(&self.into) && !self.into.contains('\\'), "into: a folder below the corpus's is needed"),
        ];
        checks.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err((*why).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(line: &str) -> Result<Fetch, String> {
        let key = line.split(' ').next().unwrap();
        let sha = format!("sha256 = \"{}\"", "0".repeat(64));
        let lines =
            ["url = \"https://x.org/a.zip\"", "file = \"a.zip\"", "bytes = 7", "unpack = \"zip\"", &sha];
        let kept = lines.iter().filter(|l| !l.starts_with(&format!("{key} ")));
        let text = kept.copied().chain([line]).collect::<Vec<_>>().join("\n");
        let fetch: Fetch = toml::from_str(&text).map_err(|e| e.to_string())?;
        fetch.check().map(|()| fetch)
    }

    #[test]
    fn a_section_that_could_reach_outside_or_is_not_verifiable_is_refused() {
        assert!(with("into = \"wav\"").is_ok());
        for line in [
            "into = \"../x\"",
            "into = \"/x\"",
            "file = \"../a.zip\"",
            "file = \"x/a.zip\"",
            "file = \".lock\"",
            "file = \"\"",
            "url = \"ftp://x.org/a.zip\"",
            "url = \"file:///etc/passwd\"",
            "sha256 = \"12\"",
            "md5 = \"12\"",
            "bytes = 0",
            "unpack = \"rar\"",
            "sha1 = \"12\"",
        ] {
            assert!(with(line).is_err(), "{line}");
        }
        let none = "url = \"https://x.org/a\"\nfile = \"a\"\nbytes = 7\nunpack = \"none\"";
        assert_eq!(toml::from_str::<Fetch>(none).unwrap().check().unwrap_err(), "sha256 or md5 is needed");
    }

    #[test]
    fn the_stronger_checksum_counts_and_the_limit_has_a_default() {
        let fetch = with(&format!("md5 = \"{}\"", "1".repeat(32))).unwrap();
        assert_eq!(fetch.checksum(), Checksum::Sha256(&"0".repeat(64)));
        assert_eq!(fetch.largest(), 28 + (1 << 30));
        assert_eq!(with("unpacked-bytes = 9").unwrap().largest(), 9);
    }
}
