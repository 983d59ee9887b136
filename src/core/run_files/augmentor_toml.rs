//! augmentor.toml and spec.toml beside the weights of a trained generator: what it needs to be used without the run that trained it.

use super::CorpusInfo;
use crate::error::{AtPath, Error, Result};
use crate::files::{self, write_atomic};
use crate::rng::Seed;
use crate::store::Key;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A trained generator beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AugmentorInfo {
    /// The form of the file.
    pub format: u32,
    /// The condition of spec.toml that it was trained for, whose settings it makes samples by.
    pub condition: String,
    /// The cell that it was trained for, such as `quickstart/aug/fold-1/seed-1`.
    pub cell: String,
    /// The run of that cell.
    pub run: String,
    /// Key of its stage in the store.
    pub key: Key,
    /// Key of the autoencoder whose codes it was trained on, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoencoder: Option<Key>,
    /// Version of the program.
    pub version: String,
    /// Code revision.
    pub revision: String,
    /// SHA-256 of the trained values as float32, in the order of declaration.
    pub weights_sha256: String,
    /// Utterances that it was trained on.
    pub n_train: usize,
    /// Mean of the log-mels of the fold's training utterances, dB: it is subtracted.
    pub mean: f32,
    /// Their standard deviation, dB: what is left is divided by it.
    pub deviation: f32,
    /// Root of the draws of its fold and run seed, as [`Seed::hex`].
    pub seed: String,
    /// The corpora of its training, with their licences.
    #[serde(default)]
    pub corpus: Vec<CorpusInfo>,
}

impl AugmentorInfo {
    /// File name of what this type holds.
    pub const INFO: &str = "augmentor.toml";
    /// File name of the resolved spec.
    pub const SPEC: &str = "spec.toml";
    /// The form that this program writes.
    pub const FORMAT: u32 = 1;

    /// Whether `dir` has a generator that can be used alone.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(AugmentorInfo::INFO).is_file() && dir.join(AugmentorInfo::SPEC).is_file()
    }

    /// The path of the spec in `dir`.
    pub fn spec(dir: &Path) -> PathBuf {
        dir.join(AugmentorInfo::SPEC)
    }

    /// Root of its draws.
    ///
    /// # Errors
    /// It is not as [`Seed::hex`] writes it; `dir` is for the message.
    pub fn root(&self, dir: &Path) -> Result<Seed> {
        let wrong = || {
            Error::at(dir.join(AugmentorInfo::INFO), format!("seed `{}`: expected 16 hex digits", self.seed))
        };
        Seed::read(&self.seed).ok_or_else(wrong)
    }

    /// Writes augmentor.toml, and spec.toml with the text `spec`, into `dir`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, dir: &Path, spec: &str) -> Result<()> {
        let text = toml::to_string(self).expect("plain values");
        write_atomic(&dir.join(AugmentorInfo::INFO), text.as_bytes())?;
        write_atomic(&AugmentorInfo::spec(dir), spec.as_bytes())
    }

    /// Reads augmentor.toml of `dir`.
    ///
    /// # Errors
    /// Names the file: none, one that is damaged, one of a later version.
    pub fn load(dir: &Path) -> Result<AugmentorInfo> {
        /// What every form of the file states.
        #[derive(Deserialize)]
        struct Formatted {
            format: u32,
        }
        let path = dir.join(AugmentorInfo::INFO);
        let text = files::text(&path).at(&path)?;
        let bad = |e: toml::de::Error| Error::at(&path, e.message());
        let Formatted { format } = toml::from_str(&text).map_err(bad)?;
        if format != AugmentorInfo::FORMAT {
            return Err(Error::at(
                &path,
                format!(
                    "format {format}, this version reads {}; use the version of seraug that wrote it",
                    AugmentorInfo::FORMAT
                ),
            ));
        }
        let info: AugmentorInfo = toml::from_str(&text).map_err(bad)?;
        if !(info.mean.is_finite() && info.deviation.is_finite() && info.deviation > 0.0) {
            return Err(Error::at(
                &path,
                format!("mean {} and deviation {}: not of log-mels", info.mean, info.deviation),
            ));
        }
        Ok(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_wrong_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let info = AugmentorInfo {
            format: AugmentorInfo::FORMAT,
            condition: "aug".into(),
            cell: "t/aug/fold-1/seed-1".into(),
            run: "t/x".into(),
            key: Key::of("augmentor", 1, &"x"),
            autoencoder: None,
            version: "1".into(),
            revision: "r".into(),
            weights_sha256: String::new(),
            n_train: 3,
            mean: -41.237_87,
            deviation: 17.1,
            seed: Seed::new(1).hex(),
            corpus: vec![CorpusInfo::default()],
        };
        assert!(!AugmentorInfo::is_in(dir.path()));
        info.save(dir.path(), "title = \"t\"\n").unwrap();
        assert!(AugmentorInfo::is_in(dir.path()));
        assert_eq!(AugmentorInfo::load(dir.path()).unwrap(), info);
        assert_eq!(info.root(dir.path()).unwrap(), Seed::new(1));
        let path = dir.path().join(AugmentorInfo::INFO);
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, why) in [
            ("format = 1", "format = 2", "format 2"),
            ("deviation = ", "deviation = -", "not of log-mels"),
            ("condition", "conditions", "unknown field"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = AugmentorInfo::load(dir.path()).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("augmentor.toml"), "{error}");
        }
    }
}
