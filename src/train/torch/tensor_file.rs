//! Named tensors in a safetensors file, written and read in small parts: a state of gigabytes takes no memory
//! beside itself. tch's own functions hold a tensor twice to write it and the file twice to read it.

use super::upload::send;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tch::{Device, Kind, TchError, Tensor};

/// Bytes on their way at a time.
const PART: usize = 1 << 22;
/// As the format has it: no header is longer.
const HEADER: u64 = 100_000_000;

/// Writes float and int64 tensors of any device as safetensors.
///
/// # Errors
/// Names the path: a folder that cannot be written, a full disk, a tensor of another kind.
pub fn write(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    let failed = |e: std::io::Error| Error::failed(format!("{}: cannot be written: {e}", path.display()));
    let mut order: Vec<&(String, Tensor)> = tensors.iter().collect();
    order.sort_by_key(|(_, t)| std::cmp::Reverse(t.kind().elt_size_in_bytes())); // all values aligned
    let mut header = Map::new();
    let mut end = 0;
    for (name, tensor) in &order {
        let kind = kind_name(tensor.kind()).ok_or_else(|| {
            Error::failed(format!("{}: {name} is of {:?}, which is not saved", path.display(), tensor.kind()))
        })?;
        let begin = end;
        end += tensor.numel() * tensor.kind().elt_size_in_bytes();
        let entry = json!({ "dtype": kind, "shape": tensor.size(), "data_offsets": [begin, end] });
        header.insert(name.clone(), entry);
    }
    let mut text = Value::Object(header).to_string();
    text.push_str(&" ".repeat(text.len().next_multiple_of(8) - text.len()));
    let mut file = File::create(path).map_err(failed)?;
    file.write_all(&(text.len() as u64).to_le_bytes()).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let mut buffer = vec![0u8; PART];
    for (name, tensor) in order {
        for part in parts(tensor) {
            let bytes = &mut buffer[..part.numel() * part.kind().elt_size_in_bytes()];
            part.f_copy_data_u8(bytes, part.numel())
                .map_err(|e| Error::failed(format!("{}: {name}: {e}", path.display())))?;
            file.write_all(bytes).map_err(failed)?;
        }
    }
    Ok(())
}

/// An open file of [`write`].
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: File,
    /// Where the values begin.
    data: u64,
    header: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct TensorEntry {
    dtype: String,
    shape: Vec<i64>,
    data_offsets: [u64; 2],
}

impl TensorFile {
    /// Reads the names and shapes.
    ///
    /// # Errors
    /// Names the path: a file that is absent, torn or not of safetensors.
    pub fn open(path: &Path) -> Result<TensorFile> {
        let failed = |e: std::io::Error| damaged(path, &e.to_string());
        let mut file = files::open(path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(failed)?;
        let data = u64::from_le_bytes(size).checked_add(8).filter(|data| *data <= len.min(HEADER));
        let data = data.ok_or_else(|| damaged(path, "is not a file of safetensors"))?;
        let mut text = vec![0; (data - 8) as usize];
        file.read_exact(&mut text).map_err(failed)?;
        let header = serde_json::from_slice(&text).map_err(|e| damaged(path, &e.to_string()))?;
        Ok(TensorFile { path: path.to_owned(), file, data, header })
    }

    /// Whether there is a tensor called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.header.contains_key(name)
    }

    /// Copies the tensor called `name` over the values of `to`, on the device of `to`.
    ///
    /// # Errors
    /// Names the path: no such tensor, or of another shape or kind.
    pub fn fill(&mut self, name: &str, to: &Tensor) -> Result<()> {
        let entry = self.entry(name)?;
        if entry.shape != to.size() || Some(entry.dtype.as_str()) != kind_name(to.kind()) {
            let what = format!("{name} is {} {:?}, not {:?}", entry.dtype, entry.shape, to.size());
            return Err(damaged(&self.path, &what));
        }
        let [begin, end] = entry.data_offsets;
        let size = to.kind().elt_size_in_bytes();
        if end.checked_sub(begin) != Some((to.numel() * size) as u64) {
            return Err(damaged(&self.path, &format!("{name} has {begin} to {end} for its bytes")));
        }
        let path = &self.path;
        let failed = |e: std::io::Error| damaged(path, &format!("{name}: {e}"));
        self.file.seek(SeekFrom::Start(self.data.saturating_add(begin))).map_err(failed)?;
        let mut buffer = vec![0u8; PART.min(to.numel() * size)];
        for mut part in parts(to) {
            let bytes = &mut buffer[..part.numel() * size];
            self.file.read_exact(bytes).map_err(failed)?;
            let copied = Tensor::f_from_data_size(bytes, &part.size(), part.kind())
                .and_then(|values| part.f_copy_(&send(&values, to.device())));
            copied.map_err(|e: TchError| Error::failed(format!("{}: {name}: {e}", path.display())))?;
        }
        Ok(())
    }

    /// The tensor called `name`, of `kind` and in its own shape, on `device`.
    ///
    /// # Errors
    /// As [`TensorFile::fill`].
    pub fn read(&mut self, name: &str, kind: Kind, device: Device) -> Result<Tensor> {
        let shape = self.entry(name)?.shape;
        let fits = shape.iter().try_fold(1i64, |n, &s| n.checked_mul(s).filter(|_| s >= 0));
        let len = self.file.metadata().map_or(0, |m| m.len());
        if fits.is_none_or(|n| n as u64 > len) {
            return Err(damaged(&self.path, &format!("{name} is {shape:?}")));
        }
        let tensor = Tensor::empty(&shape[..], (kind, device));
        self.fill(name, &tensor)?;
        Ok(tensor)
    }

    fn entry(&self, name: &str) -> Result<TensorEntry> {
        let value = self.header.get(name).ok_or_else(|| damaged(&self.path, &format!("has no {name}")))?;
        TensorEntry::deserialize(value).map_err(|e| damaged(&self.path, &format!("{name}: {e}")))
    }
}

/// The error of a file of a checkpoint that cannot be used.
pub(crate) fn damaged(path: &Path, what: &str) -> Error {
    let folder = path.parent().unwrap_or(path);
    Error::failed(format!("{}: {what}; delete {} and run again", path.display(), folder.display()))
}

/// Flat views of at most [`PART`] bytes, in order.
fn parts(tensor: &Tensor) -> Vec<Tensor> {
    let values = PART / tensor.kind().elt_size_in_bytes();
    tensor.detach().view([-1]).split(values as i64, 0)
}

fn kind_name(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Float => Some("F32"),
        Kind::Int64 => Some("I64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<(String, Tensor)> {
        let long = Tensor::arange(3 * PART as i64 / 8 + 5, (Kind::Float, Device::Cpu)).view([-1, 1]);
        vec![
            ("odd".to_owned(), Tensor::from_slice(&[1f32, f32::MIN_POSITIVE / 4.0, -0.0])),
            ("long \"one\"".to_owned(), long),
            ("whole".to_owned(), Tensor::from_slice(&[i64::MIN, 7])),
            ("none".to_owned(), Tensor::zeros([0], (Kind::Float, Device::Cpu))),
        ]
    }

    #[test]
    fn what_is_written_is_read_here_and_by_libtorch_bit_for_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        write(&path, &three()).unwrap();
        let theirs = Tensor::read_safetensors(&path).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        for (name, tensor) in three() {
            let read = file.read(&name, tensor.kind(), Device::Cpu).unwrap();
            let other = &theirs.iter().find(|(n, _)| *n == name).unwrap().1;
            for got in [&read, other] {
                assert_eq!((got.size(), got.kind()), (tensor.size(), tensor.kind()), "{name}");
                assert_eq!(got, &tensor, "{name}");
            }
        }
        let sign = file.read("odd", Kind::Float, Device::Cpu).unwrap().get(2).double_value(&[]);
        assert!(sign.is_sign_negative());
        assert!(file.has("whole") && !file.has("part"));
    }

    #[test]
    fn a_file_of_other_tensors_or_a_torn_one_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        write(&path, &three()).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        let mut refused = |name: &str, to: &Tensor, what: &str| {
            let error = file.fill(name, to).unwrap_err().to_string();
            assert!(error.contains("a.safetensors: ") && error.contains(what), "{error}");
            assert!(error.ends_with(&format!("delete {} and run again", dir.path().display())), "{error}");
        };
        let float = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        refused("odd", &float(&[4]), "odd is F32 [3], not [4]");
        refused("whole", &float(&[2]), "whole is I64 [2]");
        refused("other", &float(&[2]), "has no other");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let torn = float(&[3 * PART as i64 / 8 + 5, 1]);
        let mut last = TensorFile::open(&path).unwrap();
        assert!(last.fill("odd", &float(&[3])).is_err() || last.fill("long \"one\"", &torn).is_err());
        for short in [0, 7, 20] {
            std::fs::write(&path, &bytes[..short]).unwrap();
            let error = TensorFile::open(&path).unwrap_err().to_string();
            assert!(error.contains("a.safetensors: "), "{error}");
        }
        let text = Tensor::from_slice(&[true]);
        assert!(
            write(&path, &[("flag".to_owned(), text)]).unwrap_err().to_string().contains("flag is of Bool")
        );
    }
}
