//! Fixtures that several tests share: generated corpora, runs and servers, and helpers that start the programs.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by a panic, and says that it is skipped"
)]
#![expect(missing_docs, reason = "fields and small helpers of fixtures are named for what they are")]

pub mod ablation_grid;
pub mod audio_writers;
pub mod common;
pub mod corpora;
pub mod documents;
pub mod fake_grid;
pub mod fake_run;
pub mod http;
pub mod releases;
pub mod requirements;
pub mod world;
