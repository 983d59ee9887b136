//! estimate.toml in the run of a model that is trained on everything: the run that says how good such models are.

use super::RunDir;
use crate::error::{AtPath, Error, Result};
use crate::files::{self, write_atomic};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the estimate of a final model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EstimateSource {
    /// The run, as a path below the results folder, such as `mine/20261129T143406Z-2155aa5cd8`.
    pub run: String,
    /// The condition.
    pub condition: String,
}

impl EstimateSource {
    fn file(run: &RunDir) -> PathBuf {
        run.path().join("estimate.toml")
    }

    /// Writes estimate.toml into `run`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, run: &RunDir) -> Result<()> {
        let text = toml::to_string(self).expect("plain values");
        write_atomic(&EstimateSource::file(run), text.as_bytes())
    }

    /// Reads that of `run`; none where it has none.
    ///
    /// # Errors
    /// A file that cannot be read or parsed.
    pub fn load(run: &RunDir) -> Result<Option<EstimateSource>> {
        let path = EstimateSource::file(run);
        if !path.exists() {
            return Ok(None);
        }
        let text = files::text(&path).at(&path)?;
        let bad = |e: toml::de::Error| Error::failed(format!("{}: {}", path.display(), e.message()));
        toml::from_str(&text).map(Some).map_err(bad)
    }

    /// The run that it names, below the folder `results`.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn open(&self, results: &Path) -> Result<RunDir> {
        RunDir::exactly(&results.join(&self.run)).map_err(|_| {
            Error::failed(format!(
                "{}: the run of the estimate is not there; run the experiment again, then `seraug train-final`",
                results.join(&self.run).display()
            ))
        })
    }
}
