//! Scalars as TensorBoard reads them: events.out.tfevents.* files.
//!
//! A file is a sequence of records (TFRecord: length, its checksum, payload, its checksum), each one protobuf message
//! `Event` of tensorboard/compat/proto. Three fields of it are written here, so no protobuf library is needed; the
//! crates that write such files bring an image library or a protobuf compiler.

use crate::error::{Error, Result};
use crc::{CRC_32_ISCSI, Crc};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The checksum of a record, CRC-32C.
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// An event file that is written while a training runs.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// Makes `DIR/events.out.tfevents.SECONDS.SUFFIX` and its folder. `suffix` tells writers apart, such as
    /// `HOST.PID`: a process that resumes a training writes its own file, which TensorBoard reads after the earlier files
    /// of the folder.
    ///
    /// # Errors
    /// Names the path: a folder that cannot be written, a full disk.
    pub fn create(dir: &Path, suffix: &str) -> Result<EventFile> {
        let now = seconds_since_epoch();
        let path = dir.join(format!("events.out.tfevents.{:010}.{suffix}", now as u64));
        let open = || {
            std::fs::create_dir_all(dir)?;
            File::options().create(true).append(true).open(&path)
        };
        let file = open().map_err(|e| unwritable(&path, &e))?;
        let mut events = EventFile { file, path };
        events.append(&version(now))?;
        Ok(events)
    }

    /// Appends the values of one row, by tag such as `classifier/loss`, after `step` steps. One write and no fsync:
    /// TensorBoard shows the row within seconds, and a power cut may lose the last ones.
    ///
    /// # Errors
    /// A full disk.
    pub fn scalars<T: AsRef<str>>(&mut self, step: usize, values: &[(T, f64)]) -> Result<()> {
        self.append(&scalars(seconds_since_epoch(), step, values))
    }

    fn append(&mut self, event: &[u8]) -> Result<()> {
        self.file.write_all(&record(event)).map_err(|e| unwritable(&self.path, &e))
    }
}

fn unwritable(path: &Path, e: &std::io::Error) -> Error {
    Error::at(path, format!("cannot be written: {e}; run without --tensorboard"))
}

fn seconds_since_epoch() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The first event of a file: `wall_time` and `file_version`.
fn version(wall_time: f64) -> Vec<u8> {
    let mut event = fixed(1, &wall_time.to_le_bytes());
    event.extend(bytes(3, b"brain.Event:2"));
    event
}

/// `wall_time`, `step` and a `summary` with a `simple_value` for each tag.
fn scalars<T: AsRef<str>>(wall_time: f64, step: usize, values: &[(T, f64)]) -> Vec<u8> {
    let mut event = fixed(1, &wall_time.to_le_bytes());
    // protobuf omits a number that is zero.
    if step > 0 {
        event.push(2 << 3);
        varint(&mut event, step as u64);
    }
    let mut summary = Vec::new();
    for (tag, value) in values {
        let mut entry = bytes(1, tag.as_ref().as_bytes());
        entry.extend(fixed(2, &(*value as f32).to_le_bytes()));
        summary.extend(bytes(1, &entry));
    }
    event.extend(bytes(5, &summary));
    event
}

/// A payload as a TFRecord.
fn record(payload: &[u8]) -> Vec<u8> {
    let masked = |bytes: &[u8]| CRC.checksum(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = (payload.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), payload, &masked(payload)].concat()
}

/// A protobuf field of 4 (f32) or 8 (f64) bytes.
fn fixed(field: u8, value: &[u8]) -> Vec<u8> {
    let wire_type = if value.len() == 8 { 1 } else { 5 };
    [&[field << 3 | wire_type], value].concat()
}

/// A protobuf field of text or of a message.
fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    varint(&mut out, value.len() as u64);
    out.extend(value);
    out
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of tests/golden/tensorboard/generate.py, with TensorBoard's own writer.
    const GOLDEN: &[u8] = include_bytes!("../../../tests/golden/tensorboard/events");

    #[test]
    fn bytes_are_those_of_tensorboard() {
        let events = [
            version(1_700_000_000.0),
            scalars(1_700_000_000.5, 0, &[("augmentor/rep", 7.25), ("augmentor/d_loss", 0.1)]),
            scalars(1_700_000_001.5, 300, &[("classifier/loss", f64::INFINITY)]),
            scalars(1_700_000_002.5, 30_000_000_000, &[("classifier/größe", -1e-30)]),
        ];
        assert_eq!(events.iter().flat_map(|e| record(e)).collect::<Vec<u8>>(), GOLDEN);
    }

    #[test]
    fn a_row_is_on_disk_when_the_call_returns() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("aug/fold-1/seed-1");
        let mut events = EventFile::create(&folder, "host.17").unwrap();
        let name = events.path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("events.out.tfevents.") && name.ends_with(".host.17"), "{name}");
        let length = || std::fs::metadata(&events.path).unwrap().len();
        assert_eq!(length(), 40, "the version");
        events.scalars(300, &[("classifier/loss".to_owned(), 0.5)]).unwrap();
        let written = std::fs::read(&events.path).unwrap();
        // As the golden's third record but for time, value and their checksum.
        let (row, golden) = (&written[40..], &GOLDEN[114..]);
        assert_eq!(row.len(), 54);
        assert_eq!(row[..13], golden[..13]);
        assert_eq!(row[21..46], golden[21..46]);
        assert_eq!(row[46..50], 0.5f32.to_le_bytes());

        std::fs::write(dir.path().join("file"), "").unwrap();
        let refused = EventFile::create(&dir.path().join("file"), "x").unwrap_err().to_string();
        assert!(refused.contains("cannot be written") && refused.contains("--tensorboard"), "{refused}");
    }
}
