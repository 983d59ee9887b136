//! Runs espeak-ng: text to samples.

use seraug_core::error::{AtPath, Error, Result};
use std::ffi::OsStr;
use std::io::ErrorKind::BrokenPipe;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The synthesiser as found on this machine.
#[derive(Debug, Clone)]
pub struct Espeak {
    program: PathBuf,
    version: String,
}

/// The input of espeak-ng.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Language voice and variant (`-v`).
    pub voice: String,
    /// Pitch, 0..=99, 50 as the variant has it (`-p`).
    pub pitch: u32,
    /// Words a minute, 80..=450 (`-s`).
    pub wpm: u32,
    /// Text with SSML marks (`-m`), UTF-8.
    pub ssml: String,
}

impl Request {
    /// The arguments of espeak-ng; the text goes through standard input, the samples through standard output.
    pub fn arguments(&self) -> [String; 11] {
        let (voice, pitch, wpm) = (&self.voice, &self.pitch.to_string(), &self.wpm.to_string());
        ["-v", voice, "-p", pitch, "-s", wpm, "-b", "1", "-m", "--stdin", "--stdout"].map(str::to_owned)
    }
}

/// The output of espeak-ng.
#[derive(Debug, Clone)]
pub struct Speech {
    /// Mono, in [-1, 1).
    pub samples: Vec<f32>,
    /// Samples a second.
    pub rate_hz: u32,
}

impl Espeak {
    /// Finds `program`, a name looked up in PATH or a path.
    pub fn find(program: &Path) -> Result<Espeak> {
        let missing =
            || Error::failed("espeak-ng is not installed; run ./bootstrap or apt-get install espeak-ng");
        let out = Command::new(program).arg("--version").output().map_err(|_| missing())?;
        if !out.status.success() {
            return Err(missing());
        }
        // The line goes on with where the data lies, which is no part of the version.
        let line = String::from_utf8_lossy(&out.stdout);
        let version = line.split("Data at").next().unwrap_or_default().trim().to_owned();
        Ok(Espeak { program: program.to_owned(), version })
    }

    /// `eSpeak NG text-to-speech: 1.51`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Speaks `request`. The text goes through standard input.
    pub fn speak(&self, request: &Request) -> Result<Speech> {
        let out = self.exchange(request.arguments(), request.ssml.as_bytes())?;
        let fault = |what: &str| Err(Error::failed(format!("espeak-ng -v {}: {what}", request.voice)));
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            return fault(said.lines().next().unwrap_or("failed without a message"));
        }
        // A RIFF header of 44 bytes whose sizes are unknown to a program that streams, then 16-bit samples.
        let Some((header, data)) = out.stdout.split_at_checked(44) else {
            return fault("no audio came back");
        };
        if !header.starts_with(b"RIFF") || data.len() < 2 {
            return fault("no audio came back");
        }
        let rate_hz = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
        let sample = |b: &[u8]| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0;
        Ok(Speech { samples: data.chunks_exact(2).map(sample).collect(), rate_hz })
    }

    fn exchange(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>, text: &[u8]) -> Result<Output> {
        let run = || {
            let mut child = Command::new(&self.program)
                .args(args)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            // A sentence is far smaller than a pipe holds, so writing it before reading cannot block.
            if let Some(mut stdin) = child.stdin.take() {
                // A program that gave up before reading says why on standard error.
                stdin.write_all(text).or_else(|e| if e.kind() == BrokenPipe { Ok(()) } else { Err(e) })?;
            }
            child.wait_with_output()
        };
        run().at(&self.program)
    }
}
