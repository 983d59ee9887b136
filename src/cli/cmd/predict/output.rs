//! The table of `seraug predict`, as CSV, JSON and .npy.

use seraug_core::device::DeviceInfo;
use seraug_core::error::{Error, Result};
use seraug_core::metrics::first_largest;
use seraug_core::run_files::ModelInfo;
use seraug_data::audio::LogMel;
use seraug_data::audio::npy::write_npy;
use seraug_run::models::FoundModel;
use seraug_run::prediction::{PredictedStretch, RecordingToPredict};
use serde_json::{Value, json};
use std::path::Path;

/// What the models said, recording by recording.
pub(super) struct Predictions {
    classes: Vec<String>,
    by_segment: bool,
    /// Path and what was said of it.
    rows: Vec<(String, PredictedStretch)>,
}

impl Predictions {
    /// None yet. `by_segment`: the table has a row for each segment.
    pub(super) fn new(model: &ModelInfo, by_segment: bool) -> Predictions {
        let classes = model.class_names().into_iter().map(str::to_owned).collect();
        Predictions { classes, by_segment, rows: Vec::new() }
    }

    /// Adds what was said of a recording.
    pub(super) fn add(&mut self, recording: &RecordingToPredict, predicted: Vec<PredictedStretch>) {
        let path = recording.path.display().to_string();
        self.rows.extend(predicted.into_iter().map(|stretch| (path.clone(), stretch)));
    }

    /// Columns file, start, end (seconds), segments, predicted, and `p_` and a class's name for each class.
    pub(super) fn csv(&self) -> Result<String> {
        let failed = |e: &dyn std::fmt::Display| Error::failed(format!("the table: {e}"));
        let mut csv = csv::Writer::from_writer(Vec::new());
        let fixed = ["file", "start", "end", "segments", "predicted"].map(str::to_owned);
        let header = fixed.into_iter().chain(self.classes.iter().map(|c| format!("p_{c}")));
        csv.write_record(header).map_err(|e| failed(&e))?;
        let mut row = |file: &str, bounds: [f64; 2], segments: usize, class: usize, p: &[f64]| {
            let fixed = [
                file.to_owned(),
                format!("{:.3}", bounds[0]),
                format!("{:.3}", bounds[1]),
                segments.to_string(),
                self.classes[class].clone(),
            ];
            csv.write_record(fixed.into_iter().chain(p.iter().map(|p| format!("{p:.6}"))))
                .map_err(|e| failed(&e))
        };
        for (file, said) in &self.rows {
            match self.by_segment {
                false => {
                    row(file, [said.start, said.end], said.segments.len(), said.class, &said.probabilities)?
                }
                true => {
                    for s in &said.segments {
                        row(file, [s.start, s.end], 1, first_largest(&s.probabilities), &s.probabilities)?;
                    }
                }
            }
        }
        let bytes = csv.into_inner().map_err(|e| failed(&e))?;
        String::from_utf8(bytes).map_err(|e| failed(&e))
    }

    /// The same with the segments of each row, the models and the device.
    pub(super) fn json(&self, models: &[FoundModel], device: &DeviceInfo) -> Result<String> {
        let named =
            |p: &[f64]| -> Value { self.classes.iter().zip(p).map(|(c, p)| (c.clone(), json!(p))).collect() };
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(file, said)| {
                let segment = |s: &seraug_run::prediction::PredictedSegment| {
                    json!({ "start": s.start, "end": s.end, "probabilities": named(&s.probabilities) })
                };
                json!({
                    "file": file, "start": said.start, "end": said.end, "predicted": self.classes[said.class],
                    "probabilities": named(&said.probabilities),
                    "segments": said.segments.iter().map(segment).collect::<Vec<_>>(),
                })
            })
            .collect();
        let model = |m: &FoundModel| {
            json!({
                "cell": m.info.cell, "run": m.info.run, "title": m.info.title, "weights_sha256": m.info.weights_sha256,
                "revision": m.info.revision,
            })
        };
        let answer = json!({
            "models": models.iter().map(model).collect::<Vec<_>>(),
            "device": format!("{} ({})", device.name, device.class), "classes": self.classes, "rows": rows,
        });
        let text = serde_json::to_string_pretty(&answer);
        text.map(|text| text + "\n").map_err(|e| Error::failed(format!("the answer: {e}")))
    }

    /// Writes the embeddings as float32 [rows, units].
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn write_embeddings(&self, path: &Path) -> Result<()> {
        let units = self.rows.first().map_or(0, |(_, said)| said.embedding.len());
        let values = self.rows.iter().flat_map(|(_, said)| said.embedding.iter().copied()).collect();
        write_npy(path, &LogMel { frames: self.rows.len(), mels: units, db: values })
    }
}
