//! The weights of a model by name, without libtorch.

use safetensors::tensor::{Dtype, SafeTensors};
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::run_files::ModelInfo;
use std::collections::HashMap;
use std::path::Path;

/// A tensor in float32.
#[derive(Debug, Clone)]
pub(crate) struct NamedWeights {
    /// Its sizes.
    pub(crate) shape: Vec<usize>,
    /// Its values, the last index fastest.
    pub(crate) values: Vec<f32>,
}

/// The tensors of model.safetensors in `dir`.
///
/// # Errors
/// Names the file: none, damaged, of another kind than float32.
pub(crate) fn read(dir: &Path) -> Result<HashMap<String, NamedWeights>> {
    let path = ModelInfo::weights(dir);
    let bytes = std::fs::read(&path).cannot("be read", &path)?;
    let wrong = |why: String| Error::failed(format!("{}: {why}", path.display()));
    let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(format!("not of safetensors ({e})")))?;
    let tensors = file.tensors().into_iter().map(|(name, view)| {
        if view.dtype() != Dtype::F32 {
            return Err(wrong(format!("{name} is of {:?}, expected F32", view.dtype())));
        }
        let values =
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Ok((name, NamedWeights { shape: view.shape().to_vec(), values }))
    });
    tensors.collect()
}
