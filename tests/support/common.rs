//! Helpers of all tests: the checkout, real corpora, WAV files, and running the programs.

use crate::requirements::{EMOBOX, RECORDINGS};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::f64::consts::TAU;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// A path below the root of the checkout, as an argument.
pub fn in_root(path: &str) -> String {
    root().join(path).display().to_string()
}

/// The path of a program of this build.
pub fn program(name: &str) -> &'static str {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join(name);
    assert!(program.exists(), "{} does not exist; run `cargo build --release`", program.display());
    program.to_string_lossy().into_owned().leak()
}

/// The folder that holds `corpus`, or `None` after the test has been reported as skipped.
pub fn corpora_with(corpus: &str) -> Option<PathBuf> {
    let here = root();
    let named = std::env::var_os("SERAUG_CORPORA").map(PathBuf::from);
    let places = named.into_iter().chain([here.join("../shared/corpora"), here.join("corpora")]);
    let found = places.into_iter().find(|p| p.join(corpus).is_dir());
    if found.is_none() {
        RECORDINGS.skip(&format!("corpus {corpus} is not on this machine"));
    }
    found
}

/// The folder of EmoBox's fold lists, or `None` after the test has been reported as skipped.
pub fn emobox_lists() -> Option<PathBuf> {
    let named = std::env::var_os("SERAUG_EMOBOX").map(PathBuf::from);
    let places = named.into_iter().chain([root().join("../shared/emobox")]);
    let found = places.into_iter().find(|p| p.join("emodb/fold_1").is_dir());
    if found.is_none() {
        EMOBOX.skip("the lists of EmoBox are not on this machine");
    }
    found
}

/// `n` samples of a sine of amplitude 0.5 at `rate` Hz.
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

/// Runs the program in `folder`, without the corpora of the environment. Arguments need not be UTF-8.
pub fn seraug<S: AsRef<OsStr>>(folder: &Path, args: &[S]) -> Output {
    Command::new(program("seraug"))
        .args(args)
        .current_dir(folder)
        .env_remove("SERAUG_CORPORA")
        .output()
        .unwrap()
}

/// The standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The one line of error on standard error.
pub fn one_line(output: &Output) -> String {
    let said = stderr(output);
    assert!(!said.contains("panicked") && !said.contains("a fault of seraug"), "{said}");
    let lines: Vec<&str> = said.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    lines[0].to_owned()
}

/// Runs a line of bash in which `$S` is the program, for five minutes at most.
pub fn shell(folder: &Path, line: &str) -> Output {
    Command::new("timeout")
        .args(["300", "bash", "-c", line])
        .env("S", program("seraug"))
        .env_remove("SERAUG_CORPORA")
        .current_dir(folder)
        .output()
        .unwrap()
}
