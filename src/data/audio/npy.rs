//! Log-mel spectrograms as NumPy files: float32 [frames, mels], C order.

use super::LogMel;
use npyz::WriterBuilder;
use seraug_core::error::{AtPath, Result};
use seraug_core::files::{self, open_array, values, write_cached, write_given};
use std::path::Path;

/// Reads what [`write_npy`] or `numpy.save` wrote.
///
/// # Errors
/// Names the file: missing, torn, not little-endian float32, not two-dimensional, empty, Fortran order.
pub fn read_npy(path: &Path) -> Result<LogMel> {
    parse(&files::read(path, files::DATA).at(path)?).at(path)
}

fn parse(bytes: &[u8]) -> std::result::Result<LogMel, String> {
    let npy = open_array(bytes, 4)?;
    let shape = npy.shape().to_vec();
    let &[frames, mels] = shape.as_slice() else {
        return Err(format!("shape {shape:?}, expected [frames, mels]"));
    };
    if frames == 0 || mels == 0 {
        return Err(format!("shape {shape:?}: it is empty"));
    }
    let db = values::<f32>(npy).map_err(|e| format!("not float32 [frames, mels]: {e}"))?;
    Ok(LogMel { frames: frames as usize, mels: mels as usize, db })
}

/// Writes float32 [frames, mels] to a path that a person named: see [`write_given`].
///
/// # Errors
/// Names the path that cannot be written.
pub fn write_npy(path: &Path, mel: &LogMel) -> Result<()> {
    write_given(path, &bytes(path, mel)?)
}

/// As [`write_npy`] into a cache, without waiting for the disk: see [`write_cached`].
///
/// # Errors
/// As [`write_npy`].
pub fn write_npy_cached(path: &Path, mel: &LogMel) -> Result<()> {
    write_cached(path, &bytes(path, mel)?)
}

fn bytes(path: &Path, mel: &LogMel) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(128 + 4 * mel.db.len());
    let written = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[mel.frames as u64, mel.mels as u64])
        .writer(&mut bytes)
        .begin_nd()
        .and_then(|mut writer| {
            writer.extend(mel.db.iter().copied())?;
            writer.finish()
        });
    written.cannot("be written", path)?;
    Ok(bytes)
}
