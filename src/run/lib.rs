//! From an experiment file to a finished run: plan, worker processes, Slurm, status, estimate, clean-up.

pub mod arguments;
pub mod augmentation;
pub mod counts;
pub mod estimate;
pub mod inputs;
pub mod keep_models;
pub mod launcher;
pub mod models;
pub mod options;
pub mod out_of_memory;
pub mod plan;
pub mod prediction;
pub mod progress;
pub mod prune;
pub mod slurm;
pub mod status;
pub mod supervise;
pub mod training_sets;
pub mod warnings;
pub mod worker_client;
