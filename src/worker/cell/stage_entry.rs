//! stage.toml: what a stage's entry in the store says about itself.

use seraug_core::digest::digest_hex;
use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::store::StageTask;
use seraug_train::torch::{device, libtorch};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tch::{Device, Tensor};

/// What a stage's entry in the store says about itself; [`seraug_core::store::Making`] is what others read of it. Fields that a
/// later version adds are left alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StageInfo {
    /// Of the training, and of the classifier's test.
    pub(super) seconds: f64,
    /// SHA-256 over the trained weights: equal for equal trainings.
    weights_sha256: String,
    /// The cell that it was trained for.
    pub(super) made_by: String,
    /// That cell's run.
    pub(super) made_in: String,
    /// Release of libtorch; empty in entries of earlier versions.
    #[serde(default)]
    libtorch: String,
    /// Name of the processor or card; empty in entries of earlier versions.
    #[serde(default)]
    device: String,
}

impl StageInfo {
    /// Of a training that `task` asked for, of so many seconds, that came to these weights on the device where they are.
    pub(super) fn new(task: &StageTask, seconds: f64, weights: &Tensor) -> StageInfo {
        StageInfo {
            seconds,
            weights_sha256: weights_digest(weights),
            made_by: task.cell.clone(),
            made_in: task.run.clone(),
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
    pub(super) fn load(dir: &Path) -> Result<StageInfo> {
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
