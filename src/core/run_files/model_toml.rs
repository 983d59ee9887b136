//! model.toml beside model.safetensors: what a trained classifier needs to be used, in an entry of the store or in a folder that
//! `seraug export` made.

use crate::emotion::Emotion;
use crate::error::{AtPath, Error, Result};
use crate::files::{self, write_atomic};
use crate::spec::{Classifier, Features, Precision};
use crate::store::Key;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A trained classifier beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelInfo {
    /// The form of the file.
    pub format: u32,
    /// Title of the experiment.
    pub title: String,
    /// The cell that it was trained for, such as `quickstart/aug/fold-1/seed-1`.
    pub cell: String,
    /// The run of that cell.
    pub run: String,
    /// Key of its stage in the store.
    pub key: Key,
    /// Version of the program.
    pub version: String,
    /// Code revision.
    pub revision: String,
    /// SHA-256 of the trained values as float32, in the order of declaration.
    pub weights_sha256: String,
    /// The corpora that it was trained on.
    pub corpora: Vec<String>,
    /// Training utterances, without additions.
    pub n_train: usize,
    /// Mean of the log-mels of the training utterances, dB: it is subtracted.
    pub mean: f32,
    /// Their standard deviation, dB: what is left is divided by it.
    pub deviation: f32,
    /// In which numbers the network computes.
    pub precision: Precision,
    /// Class to the labels that are in it, in the order of the outputs; no label for the classes of valence.
    pub classes: IndexMap<String, Vec<Emotion>>,
    /// The mel front end.
    pub features: Features,
    /// The network, its segments and how it was trained.
    pub classifier: Classifier,
}

impl ModelInfo {
    /// File name of the weights.
    pub const WEIGHTS: &str = "model.safetensors";
    /// File name of the rest.
    pub const INFO: &str = "model.toml";
    /// The form that this program writes.
    pub const FORMAT: u32 = 1;

    /// Whether `dir` has a model.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(ModelInfo::INFO).is_file() && dir.join(ModelInfo::WEIGHTS).is_file()
    }

    /// Bytes of the model in `dir`; 0 without one.
    pub fn bytes_in(dir: &Path) -> u64 {
        let size = |name: &str| std::fs::metadata(dir.join(name)).map_or(0, |m| m.len());
        if ModelInfo::is_in(dir) { size(ModelInfo::INFO) + size(ModelInfo::WEIGHTS) } else { 0 }
    }

    /// The path of the weights in `dir`.
    pub fn weights(dir: &Path) -> PathBuf {
        dir.join(ModelInfo::WEIGHTS)
    }

    /// Class names in the order of the outputs.
    pub fn class_names(&self) -> Vec<&str> {
        self.classes.keys().map(String::as_str).collect()
    }

    /// Whether both can vote on one recording: the same classes, front end, network and segments.
    pub fn votes_with(&self, other: &ModelInfo) -> bool {
        let cut = |c: &Classifier| (c.segment_frames, c.segment_hop, c.min_own_frames);
        let (a, b) = (&self.classifier, &other.classifier);
        let heard = self.features == other.features && cut(a) == cut(b);
        heard && self.classes == other.classes && a.network == b.network && self.precision == other.precision
    }

    /// Writes model.toml into `dir`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let text = toml::to_string(self).expect("plain values");
        write_atomic(&dir.join(ModelInfo::INFO), text.as_bytes())
    }

    /// Reads model.toml of `dir`.
    ///
    /// # Errors
    /// Names the file: none, one that is damaged, one of a later version.
    pub fn load(dir: &Path) -> Result<ModelInfo> {
        /// What every form of the file states.
        #[derive(Deserialize)]
        struct AnyFormat {
            format: u32,
        }
        let path = dir.join(ModelInfo::INFO);
        let text = files::text(&path).at(&path)?;
        let bad = |e: toml::de::Error| Error::failed(format!("{}: {}", path.display(), e.message()));
        let AnyFormat { format } = toml::from_str(&text).map_err(bad)?;
        if format != ModelInfo::FORMAT {
            return Err(Error::failed(format!(
                "{}: format {format}, this version reads {}; use the version of seraug that wrote it",
                path.display(),
                ModelInfo::FORMAT
            )));
        }
        toml::from_str(&text).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_read_as_it_was_written_and_a_later_form_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let info = ModelInfo {
            format: ModelInfo::FORMAT,
            title: "t".into(),
            cell: "x/aug/fold-1/seed-1".into(),
            run: "x/1".into(),
            key: Key::of("classifier", 1, &"x"),
            version: "0".into(),
            revision: "r".into(),
            weights_sha256: "00".into(),
            corpora: vec!["mine".into()],
            n_train: 3,
            mean: -61.25,
            deviation: 17.5,
            precision: Precision::F32,
            classes: IndexMap::from([("bad".to_owned(), vec![Emotion::SAD, Emotion::ANGRY])]),
            features: Features::default(),
            classifier: Classifier::default(),
        };
        info.save(dir.path()).unwrap();
        assert_eq!(ModelInfo::load(dir.path()).unwrap(), info);
        assert!(!ModelInfo::is_in(dir.path()), "without weights");
        std::fs::write(ModelInfo::weights(dir.path()), "12345").unwrap();
        let text = std::fs::read_to_string(dir.path().join(ModelInfo::INFO)).unwrap();
        assert_eq!(ModelInfo::bytes_in(dir.path()), 5 + text.len() as u64);
        std::fs::write(dir.path().join(ModelInfo::INFO), text.replace("format = 1", "format = 2")).unwrap();
        let later = ModelInfo::load(dir.path()).unwrap_err().to_string();
        assert!(later.contains("model.toml: format 2, this version reads 1"), "{later}");
    }
}
