//! What needs libtorch: trainings, and whole runs of both programs.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod arguments;
mod augmentations;
mod augmented;
mod binary;
mod bootstrap;
mod classifier;
mod classifier_golden;
mod corpora_faults;
mod corpora_names;
mod cuda_graph;
mod docs;
mod doctor;
mod environment;
mod estimate;
mod experiment;
mod faults;
mod fixtures;
mod gan;
mod gan_golden;
mod generators;
mod gpu_check;
mod judge;
mod latent_golden;
mod limits;
mod models;
mod no_libtorch;
mod precision;
mod protocols;
mod resume;
mod reuse;
mod rivals;
mod rivals_golden;
mod size_check;
mod slurm;
mod terminal;
