//! stage.toml: how an entry of the store was made.

use seraug_core::digest::digest_hex;
use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::run_files::TrainingSetSize;
use seraug_core::store::StageTask;
use seraug_train::torch::{device, libtorch};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tch::{Device, Tensor};

/// The contents of stage.toml, of which other programs read [`seraug_core::store::Making`]. Fields that a later version adds are
/// ignored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct StageInfo {
    /// Wall-clock seconds of the training and, for a classifier, of its test.
    pub(super) seconds: f64,
    /// SHA-256 of the trained weights, which is equal for equal trainings.
    pub(super) weights_sha256: String,
    /// The cell that the stage was trained for.
    pub(super) made_by: String,
    /// The run of that cell.
    pub(super) made_in: String,
    /// Of a classifier: the digest of what it was trained on ([`super::training_set::TrainingSet::digest`]); absent in entries of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) training_set_sha256: Option<String>,
    /// Of a classifier: how large that was; absent in entries of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) training_set: Option<TrainingSetSize>,
    /// Release of libtorch; empty in entries of earlier versions.
    #[serde(default)]
    libtorch: String,
    /// Name of the processor or card; empty in entries of earlier versions.
    #[serde(default)]
    device: String,
}

impl StageInfo {
    /// Describes a training for `task` that took `seconds` and resulted in `weights`, on the device that they are on.
    pub(super) fn new(task: &StageTask, seconds: f64, weights: &Tensor) -> StageInfo {
        StageInfo {
            seconds,
            weights_sha256: weights_digest(weights),
            made_by: task.cell.clone(),
            made_in: task.run.clone(),
            training_set_sha256: None,
            training_set: None,
            libtorch: libtorch::version(),
            device: device::describe(weights.device()).name,
        }
    }

    /// Writes stage.toml.
    pub(super) fn save(&self, dir: &Path) -> Result<()> {
        let text = toml::to_string(self).expect("plain values");
        write_atomic(&dir.join("stage.toml"), text.as_bytes())
    }

    /// Reads stage.toml.
    pub(crate) fn load(dir: &Path) -> Result<StageInfo> {
        let path = dir.join("stage.toml");
        let bad = |e: String| {
            Error::failed(format!("{}: {e}; delete {} and run again", path.display(), dir.display()))
        };
        let text = files::text(&path).map_err(|e| bad(e.to_string()))?;
        toml::from_str(&text).map_err(|e| bad(e.message().to_owned()))
    }
}

fn weights_digest(flat: &Tensor) -> String {
    let values = Vec::<f32>::try_from(flat.to_device(Device::Cpu)).unwrap_or_default();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    digest_hex(&bytes)
}
