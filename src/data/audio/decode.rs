//! Decodes audio files to mono samples. A file that is incomplete, damaged or silent is refused with one line.

use super::container::Container;
use super::refusal::{CONVERT, FRESH, Refusable, named};
use super::resample::resample;
use super::{Decoded, SAMPLE_RATE};
use seraug_core::error::{AtPath, Result};
use seraug_core::files;
use seraug_core::manifest::Channels;
use std::fs::File;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Mono samples at [`SAMPLE_RATE`] of a recording of any rate, channel count and format that is read.
///
/// # Errors
/// As [`decode`].
pub fn load(path: &Path, channels: Channels) -> Result<Vec<f32>> {
    let Decoded { samples, rate } = decode(path, channels)?;
    if rate == SAMPLE_RATE {
        return Ok(samples);
    }
    guarded(path, || resample(&samples, rate))
}

/// Mono samples at the file's own rate.
///
/// # Errors
/// One line that names the file and what to do: missing, empty, cut short, damaged, not audio, longer than is read,
/// no sound (docs/corpora.md, "What counts as sound").
pub fn decode(path: &Path, channels: Channels) -> Result<Decoded> {
    guarded(path, || {
        let (file, length) = open(path)?;
        read(file, length, channels)
    })
}

/// As [`decode`], of the `length` bytes of `reader`; the error does not name them.
///
/// # Errors
/// As [`decode`].
pub fn read<R: Read + Seek>(
    reader: R,
    length: u64,
    channels: Channels,
) -> std::result::Result<Decoded, String> {
    Container::of(reader, length)?.read(channels)
}

/// The result of `work` on the file at `path`; a refusal gets the file's name. Parsers meet arbitrary bytes, so a panic in
/// one is turned into a refusal of the file.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Refusable<T>) -> Result<T> {
    let gave_up = || Err(format!("the decoder gave up; {CONVERT}, and please report it"));
    let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| gave_up());
    result.map_err(|why| named(why, path)).at(path)
}

/// The file and its length in bytes.
fn open(path: &Path) -> Refusable<(File, u64)> {
    let about = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "no such file; check the path".to_owned(),
        _ => format!("cannot be read: {e}"),
    })?;
    if !about.is_file() {
        return Err("is not a file; name an audio file".into());
    }
    if about.len() == 0 {
        return Err(format!("empty, 0 bytes; {FRESH}"));
    }
    let file = files::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    Ok((file, about.len()))
}
