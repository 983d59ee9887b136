//! What tests share: the folder of real corpora, wav files, a run of the binary.

use hound::{SampleFormat, WavSpec, WavWriter};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// A file of the checkout, as an argument.
pub fn in_root(path: &str) -> String {
    root().join(path).display().to_string()
}

/// A program of this build.
pub fn program(name: &str) -> &'static str {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join(name);
    assert!(program.exists(), "{} is not there; `cargo build --release` makes it", program.display());
    program.to_string_lossy().into_owned().leak()
}

/// The folder that holds `corpus`, or `None` after saying so.
pub fn corpora_with(corpus: &str) -> Option<PathBuf> {
    let here = root();
    let named = std::env::var_os("SERAUG_CORPORA").map(PathBuf::from);
    let places = named.into_iter().chain([here.join("../shared/corpora"), here.join("corpora")]);
    let found = places.into_iter().find(|p| p.join(corpus).is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no corpus {corpus}; set SERAUG_CORPORA to the folder that has it");
    }
    found
}

/// `n` samples of a sine of amplitude 0.5.
pub fn sine(hz: f64, rate: u32, n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.5 * (TAU * hz * i as f64 / f64::from(rate)).sin()) as f32).collect()
}

/// Writes `channels` (of one length) as integer PCM of `bits`, or as float where `bits` is `None`.
pub fn write_wav(path: &Path, channels: &[Vec<f32>], rate: u32, bits: Option<u16>) {
    let spec = WavSpec {
        channels: channels.len() as u16,
        sample_rate: rate,
        bits_per_sample: bits.unwrap_or(32),
        sample_format: if bits.is_some() { SampleFormat::Int } else { SampleFormat::Float },
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut wav = WavWriter::create(path, spec).unwrap();
    for i in 0..channels[0].len() {
        for channel in channels {
            match bits {
                None => wav.write_sample(channel[i]).unwrap(),
                Some(bits) => {
                    let full = 2f64.powi(i32::from(bits) - 1);
                    wav.write_sample((f64::from(channel[i]) * full).round().min(full - 1.0) as i32).unwrap();
                }
            }
        }
    }
    wav.finalize().unwrap();
}

/// Runs the binary in `folder` without the environment's corpora.
pub fn seraug(folder: &Path, args: &[&str]) -> Output {
    Command::new(program("seraug"))
        .args(args)
        .current_dir(folder)
        .env_remove("SERAUG_CORPORA")
        .output()
        .unwrap()
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Compares with tests/golden/NAME; `SERAUG_BLESS=1` writes it instead.
pub fn golden(name: &str, found: &str) {
    let path = root().join("tests/golden").join(name);
    if std::env::var_os("SERAUG_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} differs; SERAUG_BLESS=1 accepts it. Found:\n{found}");
}
