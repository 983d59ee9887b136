//! The files beside the arrays of `seraug augment`: samples.csv, mels.parquet, augment.toml.

use seraug_core::device::DeviceInfo;
use seraug_core::error::{AtPath, Result};
use seraug_core::files::write_atomic;
use seraug_core::version::{self, VERSION};
use seraug_data::audio::npy::read_npy;
use seraug_data::mel_table::{MelRow, write_parquet};
use seraug_run::augmentation::{GeneratorInfo, InputToAugment};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Columns of samples.csv.
const COLUMNS: [&str; 11] = [
    "sample",
    "file",
    "source",
    "start",
    "end",
    "source_sha256",
    "label",
    "copy",
    "frames",
    "generator",
    "strength",
];

/// A sample that the worker has written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SampleRow {
    /// The input that it was made of.
    pub(super) input: usize,
    /// From 1.
    pub(super) copy: usize,
    pub(super) frames: usize,
    pub(super) label: String,
    pub(super) strength: Option<f64>,
}

/// All samples, and where they come from.
#[derive(Debug)]
pub(super) struct WrittenSamples {
    pub(super) generator: Option<GeneratorInfo>,
    pub(super) device: DeviceInfo,
    inputs: Vec<InputToAugment>,
    /// Of each input; empty where it was refused.
    pub(super) sha256: Vec<String>,
    pub(super) rows: Vec<SampleRow>,
    /// Inputs that could not be used.
    pub(super) refused: usize,
    standardised: bool,
}

impl WrittenSamples {
    /// None yet.
    pub(super) fn of(inputs: &[InputToAugment], standardised: bool) -> WrittenSamples {
        WrittenSamples {
            generator: None,
            device: DeviceInfo::default(),
            inputs: inputs.to_vec(),
            sha256: vec![String::new(); inputs.len()],
            rows: Vec::new(),
            refused: 0,
            standardised,
        }
    }

    /// The name of a sample.
    fn name(&self, row: &SampleRow) -> String {
        format!("{}-{}", self.inputs[row.input].name, row.copy)
    }

    /// Inputs that have samples.
    pub(super) fn sources(&self) -> usize {
        self.rows.iter().map(|row| row.input).collect::<BTreeSet<_>>().len()
    }

    /// The arrays in `folder` and what an inversion of each is called: those of the inputs themselves, then the samples.
    pub(super) fn arrays(&self, folder: &Path) -> Vec<(PathBuf, String)> {
        let used: BTreeSet<usize> = self.rows.iter().map(|row| row.input).collect();
        let originals = used.into_iter().map(|input| {
            let name = &self.inputs[input].name;
            (folder.join("originals").join(format!("{name}.npy")), format!("{name}-original"))
        });
        let samples = self.rows.iter().map(|row| {
            let name = self.name(row);
            (folder.join("mels").join(format!("{name}.npy")), name)
        });
        originals.chain(samples).collect()
    }

    /// Writes samples.csv, mels.parquet and augment.toml into `folder`, which has the arrays.
    ///
    /// # Errors
    /// An array that cannot be read, a file that cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        self.write_csv(&folder.join("samples.csv"))?;
        let info = self.generator.as_ref();
        let seed = info.map_or("", |info| info.draws.as_str());
        let row = |row: &SampleRow| {
            let id = self.name(row);
            let mel = read_npy(&folder.join("mels").join(format!("{id}.npy")))?;
            let source = self.inputs[row.input].path.display().to_string();
            Ok(MelRow { id, source, label: row.label.clone(), copy: row.copy, seed: seed.to_owned(), mel })
        };
        write_parquet(&folder.join("mels.parquet"), self.rows.iter().map(row))?;
        let about = AugmentProvenance {
            format: 1,
            values: if self.standardised { "standardised" } else { "decibels" },
            samples: self.rows.len(),
            recordings: self.sources(),
            refused: self.refused,
            version: VERSION,
            revision: version::revision().to_owned(),
            device: format!("{} ({})", self.device.name, self.device.class),
            generator: info,
        };
        let path = folder.join("augment.toml");
        write_atomic(&path, toml::to_string(&about).at(&path)?.as_bytes())
    }

    fn write_csv(&self, path: &Path) -> Result<()> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(COLUMNS).cannot("be written", path)?;
        let generator = self.generator.as_ref().map_or("", |info| info.generator.as_str());
        for row in &self.rows {
            let (input, name) = (&self.inputs[row.input], self.name(row));
            let [start, end] = match input.stretch {
                None => [String::new(), String::new()],
                Some([start, f64::MAX]) => [start.to_string(), String::new()],
                Some([start, end]) => [start.to_string(), end.to_string()],
            };
            csv.write_record([
                name.clone(),
                format!("mels/{name}.npy"),
                input.path.display().to_string(),
                start,
                end,
                self.sha256[row.input].clone(),
                row.label.clone(),
                row.copy.to_string(),
                row.frames.to_string(),
                generator.to_owned(),
                row.strength.map_or_else(String::new, |s| s.to_string()),
            ])
            .cannot("be written", path)?;
        }
        write_atomic(path, &csv.into_inner().cannot("be written", path)?)
    }

    /// What the command says with `--json`.
    pub(super) fn json(&self, folder: &Path) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "sample": self.name(row), "source": self.inputs[row.input].path.display().to_string(),
                    "label": row.label, "copy": row.copy, "frames": row.frames, "strength": row.strength,
                })
            })
            .collect();
        json!({
            "folder": folder.display().to_string(), "generator": self.generator, "refused": self.refused, "samples": rows,
        })
    }
}

/// augment.toml.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct AugmentProvenance<'a> {
    format: u32,
    /// Of the arrays: `decibels` or `standardised`.
    values: &'static str,
    samples: usize,
    recordings: usize,
    refused: usize,
    version: &'static str,
    revision: String,
    device: String,
    generator: Option<&'a GeneratorInfo>,
}
