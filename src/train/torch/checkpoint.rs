//! The folder of a checkpoint: state.safetensors (tensors by name) and state.toml (numbers).

use super::params::Params;
use super::tensor_file::{self, TensorFile, damaged};
use indexmap::IndexMap;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

/// Of what the two files mean; another version is refused.
const FORMAT: u32 = 1;
const TENSORS: &str = "state.safetensors";
const NUMBERS: &str = "state.toml";

/// state.toml.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CheckpointNumbers {
    format: u32,
    step: usize,
    steps: usize,
    counts: IndexMap<String, usize>,
    scores: IndexMap<String, f64>,
}

/// Collects a state. Tensors are not copied before [`Writer::write`].
#[derive(Debug)]
pub struct Writer {
    tensors: Vec<(String, Tensor)>,
    numbers: CheckpointNumbers,
}

impl Writer {
    /// Of a training of `steps` steps, after `step` of them.
    pub fn new(step: usize, steps: usize) -> Writer {
        let (counts, scores) = (IndexMap::new(), IndexMap::new());
        Writer {
            tensors: Vec::new(),
            numbers: CheckpointNumbers { format: FORMAT, step, steps, counts, scores },
        }
    }

    /// A tensor, float or int64; a name may be given once.
    pub fn tensor(&mut self, name: impl Into<String>, tensor: &Tensor) {
        self.tensors.push((name.into(), tensor.detach()));
    }

    /// The parameters, each as `name` and its own name with a dot between.
    pub fn params(&mut self, name: &str, params: &Params) {
        for (own, value) in params.named() {
            self.tensor(format!("{name}.{own}"), value);
        }
    }

    /// A number.
    pub fn count(&mut self, name: &str, count: usize) {
        self.numbers.counts.insert(name.to_owned(), count);
    }

    /// A number that is read back exactly.
    pub fn score(&mut self, name: &str, score: f64) {
        self.numbers.scores.insert(name.to_owned(), score);
    }

    /// Writes both files into `dir`, which exists.
    ///
    /// # Errors
    /// Names the file: a folder that cannot be written, a full disk.
    pub fn write(self, dir: &Path) -> Result<()> {
        tensor_file::write(&dir.join(TENSORS), &self.tensors)?;
        let path = dir.join(NUMBERS);
        let text = toml::to_string(&self.numbers).expect("names and numbers");
        std::fs::write(&path, text)
            .map_err(|e| Error::failed(format!("{}: cannot be written: {e}", path.display())))
    }
}

/// Gives a state back.
#[derive(Debug)]
pub struct Reader {
    numbers: CheckpointNumbers,
    numbers_path: PathBuf,
    tensors: TensorFile,
}

impl Reader {
    /// Opens what [`Writer::write`] put into `dir`.
    ///
    /// # Errors
    /// Names the file: absent, torn, of another format.
    pub fn open(dir: &Path) -> Result<Reader> {
        let path = dir.join(NUMBERS);
        let text = files::text(&path).map_err(|e| damaged(&path, &e.to_string()))?;
        let numbers: CheckpointNumbers = toml::from_str(&text).map_err(|e| damaged(&path, e.message()))?;
        if numbers.format != FORMAT {
            return Err(damaged(&path, &format!("is of format {}, not {FORMAT}", numbers.format)));
        }
        Ok(Reader { numbers, numbers_path: path, tensors: TensorFile::open(&dir.join(TENSORS))? })
    }

    /// Steps done, for a training of `steps` steps. Where its course hangs on their number (`fixed`), that must
    /// be the one it was saved from.
    ///
    /// # Errors
    /// Names the file: more steps done than there are, or a training of another number.
    pub fn step(&self, steps: usize, fixed: bool) -> Result<usize> {
        let CheckpointNumbers { step, steps: saved, .. } = self.numbers;
        if fixed && saved != steps {
            let what = format!("is of a training of {saved} steps, which one of {steps} cannot go on from");
            return Err(damaged(&self.numbers_path, &what));
        }
        if step > steps {
            return Err(damaged(&self.numbers_path, &format!("is at step {step} of a training of {steps}")));
        }
        Ok(step)
    }

    /// Reads over `params` what [`Writer::params`] took.
    ///
    /// # Errors
    /// Names the file: a parameter is not there in its shape.
    pub fn params(&mut self, name: &str, params: &Params) -> Result<()> {
        params.named().try_for_each(|(own, value)| self.tensors.fill(&format!("{name}.{own}"), value))?;
        params.refresh();
        Ok(())
    }

    /// Whether there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.has(name)
    }

    /// Reads the tensor over `to`, which has its shape.
    ///
    /// # Errors
    /// Names the file: no tensor of that name and shape.
    pub fn fill(&mut self, name: &str, to: &Tensor) -> Result<()> {
        self.tensors.fill(name, to)
    }

    /// Reads the tensor in its own shape.
    ///
    /// # Errors
    /// Names the file: no tensor of that name and kind.
    pub fn tensor(&mut self, name: &str, kind: Kind, device: Device) -> Result<Tensor> {
        self.tensors.read(name, kind, device)
    }

    /// What [`Writer::count`] took.
    ///
    /// # Errors
    /// Names the file: no such number.
    pub fn count(&self, name: &str) -> Result<usize> {
        self.numbers.counts.get(name).copied().ok_or_else(|| self.lacks(name))
    }

    /// What [`Writer::score`] took.
    ///
    /// # Errors
    /// Names the file: no such number.
    pub fn score(&self, name: &str) -> Result<f64> {
        self.numbers.scores.get(name).copied().ok_or_else(|| self.lacks(name))
    }

    fn lacks(&self, name: &str) -> Error {
        damaged(&self.numbers_path, &format!("has no {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_exactly_and_only_to_a_training_that_can_use_them() {
        let dir = tempfile::tempdir().unwrap();
        let scores = [0.1 + 0.2, 1.0 / 3.0, 5e-324, 1.0, 0.0, -2.2250738585072014e-308, 1e300];
        let mut writer = Writer::new(7, 12);
        writer.count("adam", 8);
        for (i, score) in scores.into_iter().enumerate() {
            writer.score(&format!("s{i}"), score);
        }
        writer.write(dir.path()).unwrap();
        let reader = Reader::open(dir.path()).unwrap();
        for (i, score) in scores.into_iter().enumerate() {
            assert_eq!(reader.score(&format!("s{i}")).unwrap().to_bits(), score.to_bits());
        }
        assert_eq!(reader.count("adam").unwrap(), 8);
        assert_eq!((reader.step(12, true).unwrap(), reader.step(7, false).unwrap()), (7, 7));
        for (error, what) in [
            (reader.step(13, true).unwrap_err(), "of a training of 12 steps"),
            (reader.step(6, false).unwrap_err(), "at step 7 of a training of 6"),
            (reader.count("other").unwrap_err(), "has no other"),
        ] {
            assert!(
                error.to_string().contains("state.toml: ") && error.to_string().contains(what),
                "{error}"
            );
        }
        let text = std::fs::read_to_string(dir.path().join(NUMBERS)).unwrap();
        for (text, what) in
            [(text.replace("format = 1", "format = 2"), "format 2"), ("step".into(), "state.toml")]
        {
            std::fs::write(dir.path().join(NUMBERS), text).unwrap();
            let error = Reader::open(dir.path()).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("delete"), "{error}");
        }
    }
}
