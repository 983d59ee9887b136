//! What the tests share: corpora, runs and servers that they make, and how they start the programs.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests end by panics")]

pub mod audio_writers;
pub mod common;
pub mod corpora;
pub mod fake_grid;
pub mod fake_run;
pub mod http;
