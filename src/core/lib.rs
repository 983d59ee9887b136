//! The vocabulary of every crate of seraug: errors, files, names, experiment files, and the files that a run writes.

pub mod calibration;
pub mod device;
pub mod digest;
pub mod driver;
pub mod emotion;
pub mod error;
pub mod exit;
pub mod files;
pub mod installation;
pub mod interrupt;
pub mod manifest;
pub mod metrics;
pub mod names;
pub mod owner;
pub mod panic;
pub mod rng;
pub mod run_files;
pub mod spec;
pub mod store;
pub mod suggest;
pub mod terminal;
pub mod text;
pub mod version;
