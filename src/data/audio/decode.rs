//! Audio files to mono samples. A file that is not whole, audible audio is refused with one line.

use super::resample::resample;
use super::source::AudioSource;
use super::{SAMPLE_RATE, flac, foreign, wav};
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::manifest::Channels;
use std::fs::File;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Extensions of the containers that are read, in lower case.
pub const EXTENSIONS: &[&str] = &["wav", "wave", "flac"];

/// What went wrong and the next step, without the file.
pub(super) type Refusable<T> = std::result::Result<T, String>;

/// The next step for a file that is damaged; never for one that may be whole.
pub(super) const FRESH: &str = "get a fresh copy of it";
/// The next step for a file that another program may read.
pub(super) const CONVERT: &str = "convert it to 16-bit PCM wav or flac";
/// Sample rates that are taken; outside them a header is damaged rather than unusual.
pub(super) const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;
/// Bytes of the longest flac: the longest recording of 24 bits and two channels is smaller.
const LONGEST_FLAC: u64 = 2 << 30;

/// The samples of a file, one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// At least two that differ, finite, not far above full scale, which is 1.
    pub samples: Vec<f32>,
    /// Hertz, as in the file.
    pub rate: u32,
}

impl Decoded {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }
}

/// Mono samples at [`SAMPLE_RATE`] of a wav or flac file of any rate, channel count and sample format.
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
/// no sound (docs/format.md, "What counts as sound").
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
    match Container::of(reader, length)? {
        Container::Wav(mut source) => wav::read(&mut source, channels),
        Container::Flac(mut source) => flac::read(&source.bytes(0, LONGEST_FLAC as usize)?, channels),
    }
}

/// What a file is, from where it begins behind tags.
pub(super) enum Container<R> {
    Wav(AudioSource<R>),
    Flac(AudioSource<R>),
}

impl<R: Read + Seek> Container<R> {
    /// Of the `length` bytes of `reader`.
    ///
    /// # Errors
    /// Neither of them; a flac that is longer than is read.
    pub(super) fn of(reader: R, length: u64) -> Refusable<Container<R>> {
        let mut source = AudioSource::new(reader, 0, length)?;
        // Some programs put tags in front.
        while let Some(tag) = id3(source.head()) {
            source = source.from(tag)?;
        }
        if let Some(junk) = foreign::before(source.head()) {
            source = source.from(junk)?;
        }
        match source.len() {
            _ if wav::begins(source.head()) => Ok(Container::Wav(source)),
            _ if !source.head().starts_with(flac::MARKER) => Err(foreign::name(source.head())),
            long if long > LONGEST_FLAC => {
                Err(format!("{long} bytes long, {LONGEST_FLAC} are read; cut it into several files"))
            }
            _ => Ok(Container::Flac(source)),
        }
    }
}

/// Length of the ID3v2 tag at the start of `bytes`, if there is one.
pub(super) fn id3(bytes: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, minor, flags, size @ ..] = *bytes.first_chunk::<10>()? else { return None };
    if major == 0xff || minor == 0xff || size.iter().any(|b| *b > 127) {
        return None;
    }
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    Some(10 + footer + size.iter().fold(0, |n, b| n << 7 | u64::from(*b)))
}

/// What `work` on the file gives, its refusal with the file's name. The parsers meet arbitrary bytes: should one
/// panic, it is the file's fault and stays with the file.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Refusable<T>) -> Result<T> {
    let gave_up = || Err(format!("the decoder gave up; {CONVERT}, and please report it"));
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| gave_up())
        .map_err(|why| Error::failed(format!("{}: {why}", path.display())))
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
