#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests end by panics, and say what they measure"
)]

mod augmentations;
mod binary;
mod bootstrap;
mod checkpoint_speed;
mod classifier;
mod classifier_golden;
mod cuda_graph;
mod environment;
mod estimate;
mod experiment;
mod faults;
mod gan;
mod gan_golden;
mod gan_speed;
mod generators;
mod gpu_check;
mod limits;
mod no_libtorch;
mod precision;
mod resume;
mod reuse;
mod slurm;
