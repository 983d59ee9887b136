//! The folder that `seraug export` makes.

use crate::card::{self, ModelOrigin};
use crate::onnx;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::run_files::{CellId, EstimateSource, ModelInfo, RunDir, RunInfo};
use seraug_core::store::write_sealed;
use seraug_report::analysis::loaded_run::LoadedRun;
use std::path::Path;

/// The loader for PyTorch, which stands in each folder.
const LOADER: &str = include_str!("loader/seraug_model.py");

/// A file of the folder and its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
}

/// Writes the model in `dir`, which is that of `cell` of `run`, into the new folder `to`: model.safetensors, model.toml, config.json,
/// labels.json, seraug_model.py, model.onnx, README.md, seal.toml (digests of all of them).
///
/// # Errors
/// `to` exists; a card that cannot be made (see [`card::card`]); files that cannot be read or written.
pub fn export(dir: &Path, run: &RunDir, cell: &CellId, to: &Path) -> Result<Vec<ExportedFile>> {
    if to.exists() {
        return Err(Error::usage(format!("{}: is there already; name a new folder", to.display())));
    }
    let info = ModelInfo::load(dir)?;
    let made_in = RunInfo::load(&run.info())?;
    let elsewhere = EstimateSource::load(run)?;
    let tested_in = match &elsewhere {
        Some(source) => LoadedRun::of(&source.open(&run.results(&made_in.experiment))?)?,
        None => LoadedRun::of(run)?,
    };
    let origin = ModelOrigin {
        cell,
        made_in: &made_in,
        made_in_name: &run.name(&made_in.experiment),
        tested_in: &tested_in,
        on_everything: elsewhere.is_some(),
    };
    let card = card::card(&origin, &info)?;
    let onnx = onnx::model(dir, &info)?;
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).cannot("be made", parent)?;
    let json = |value: &serde_json::Value| {
        let text =
            serde_json::to_string_pretty(value).map_err(|e| Error::failed(format!("model.toml: {e}")))?;
        Ok::<_, Error>(text + "\n")
    };
    let config = serde_json::to_value(&info).map_err(|e| Error::failed(format!("model.toml: {e}")))?;
    let labels: serde_json::Map<String, serde_json::Value> =
        info.class_names().iter().enumerate().map(|(i, c)| (i.to_string(), (*c).into())).collect();
    write_sealed(to, |folder| {
        for name in [ModelInfo::WEIGHTS, ModelInfo::INFO] {
            let from = dir.join(name);
            std::fs::copy(&from, folder.join(name)).cannot("be copied", &from)?;
        }
        write_atomic(&folder.join("config.json"), json(&config)?.as_bytes())?;
        write_atomic(&folder.join("labels.json"), json(&labels.into())?.as_bytes())?;
        write_atomic(&folder.join("seraug_model.py"), LOADER.as_bytes())?;
        write_atomic(&folder.join("model.onnx"), &onnx)?;
        write_atomic(&folder.join("README.md"), (card + &usage(to)).as_bytes())
    })?;
    let mut files: Vec<ExportedFile> = std::fs::read_dir(to)
        .cannot("be read", to)?
        .flatten()
        .map(|f| ExportedFile {
            name: f.file_name().to_string_lossy().into_owned(),
            bytes: f.metadata().map_or(0, |m| m.len()),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The last part of the card: how to use the folder.
fn usage(to: &Path) -> String {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    format!(
        "## To use it\n\n    seraug predict {name} recording.wav\n\nIn PyTorch by seraug_model.py, which says how. model.onnx (opset {}): `waveform` float32 [samples], mono at 16 kHz, to `probabilities` [classes], `predicted` and \
         `segment_probabilities` [segments, classes]; the classes are those of labels.json.\n",
        onnx::OPSET
    )
}
