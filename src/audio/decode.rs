//! Audio files to mono samples. A file that is not whole, audible audio is refused with one line.

use super::{SAMPLE_RATE, resample::resample};
use crate::error::{Error, Result};
use crate::manifest::Channels;
use std::fs::File;
use std::io::ErrorKind::UnexpectedEof;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::{TrackType, probe::Hint};
use symphonia::core::io::MediaSourceStream;

/// Extensions of the containers that are read, in lower case.
pub const EXTENSIONS: &[&str] = &["wav", "wave", "flac"];

/// What went wrong and the next step, without the file.
type Refusable<T> = std::result::Result<T, String>;

const FRESH: &str = "get a fresh copy of it";
const CONVERT: &str = "convert it to 16-bit PCM wav or flac";
/// Sample rates that are taken; outside them a header is damaged rather than unusual.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// The samples of a file, one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// At least one, finite, not all zero; full scale is 1.
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
    resample(&samples, rate).map_err(|e| refuse(path, &e))
}

/// Mono samples at the file's own rate.
///
/// # Errors
/// One line that names the file and what to do: missing, empty, cut short, damaged, not audio, no samples,
/// nothing but zeros, a NaN or an infinity.
pub fn decode(path: &Path, channels: Channels) -> Result<Decoded> {
    // The parsers meet arbitrary bytes: should one panic, it is the file's fault and stays with the file.
    match catch_unwind(AssertUnwindSafe(|| read(path, channels))) {
        Ok(Ok(decoded)) => check(decoded).map_err(|why| refuse(path, &why)),
        Ok(Err(why)) => Err(refuse(path, &why)),
        Err(_) => Err(refuse(path, &format!("damaged: the decoder gave up; {FRESH}"))),
    }
}

fn refuse(path: &Path, why: &str) -> Error {
    Error::failed(format!("{}: {why}", path.display()))
}

fn read(path: &Path, channels: Channels) -> Refusable<Decoded> {
    let file = open(path)?;
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(&extension.to_lowercase());
    }
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, Default::default(), Default::default())
        .map_err(|e| not_audio(&e))?;
    let track = format.default_track(TrackType::Audio).ok_or(format!("has no audio track; {CONVERT}"))?;
    let (id, stated) = (track.id, track.num_frames);
    let params =
        track.codec_params.as_ref().and_then(|p| p.audio()).ok_or(format!("has no audio; {CONVERT}"))?;
    let rate = params.sample_rate.unwrap_or(0);
    if !RATES.contains(&rate) {
        return Err(format!("states a sample rate of {rate} Hz; {FRESH}"));
    }
    // `verify` compares a flac with the checksum of its samples that it carries.
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default().verify(true))
        .map_err(|e| format!("holds a codec that is not read ({e}); {CONVERT}"))?;

    let (mut samples, mut interleaved) = (Vec::new(), Vec::<f32>::new());
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) if packet.track_id == id => packet,
            Ok(Some(_)) => continue,
            Ok(None) => break,
            // A wav written to a pipe does not state its length and simply ends.
            Err(Symphonia::IoError(e)) if e.kind() == UnexpectedEof => break,
            Err(e) => return Err(damaged(samples.len(), rate, &e)),
        };
        let audio = decoder.decode(&packet).map_err(|e| damaged(samples.len(), rate, &e))?;
        let width = audio.spec().channels().count().max(1);
        audio.copy_to_vec_interleaved(&mut interleaved);
        let frames = interleaved.chunks_exact(width);
        match channels {
            Channels::First => samples.extend(frames.map(|f| f[0])),
            Channels::Mean => samples.extend(frames.map(|f| f.iter().sum::<f32>() / width as f32)),
        }
    }
    if let Some(stated) = stated.filter(|n| *n != samples.len() as u64) {
        let found = samples.len();
        return Err(format!("cut short: {found} of the {stated} samples that its header states; {FRESH}"));
    }
    if decoder.finalize().verify_ok == Some(false) {
        return Err(format!("damaged: its samples do not match its own checksum; {FRESH}"));
    }
    Ok(Decoded { samples, rate })
}

fn open(path: &Path) -> Refusable<File> {
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
    File::open(path).map_err(|e| format!("cannot be read: {e}"))
}

fn check(decoded: Decoded) -> Refusable<Decoded> {
    let samples = &decoded.samples;
    if samples.is_empty() {
        return Err(format!("has no samples; {FRESH}"));
    }
    if let Some(at) = samples.iter().position(|s| !s.is_finite()) {
        return Err(format!("sample {at} is {}; {CONVERT}", samples[at]));
    }
    if samples.iter().all(|s| *s == 0.0) {
        return Err(format!("silent: all {} samples are 0; {FRESH}, or leave it out", samples.len()));
    }
    Ok(decoded)
}

fn not_audio(e: &Symphonia) -> String {
    match e {
        Symphonia::IoError(io) if io.kind() == UnexpectedEof => {
            format!("not audio, or cut short within its header; {FRESH}, or {CONVERT}")
        }
        e => format!("not a wav or flac that can be read ({e}); {CONVERT}"),
    }
}

fn damaged(at: usize, rate: u32, e: &Symphonia) -> String {
    format!("damaged after {:.3} s ({e}); {FRESH}", at as f64 / f64::from(rate))
}
