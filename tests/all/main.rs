#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests end by panics, and say what they measure"
)]

mod arguments;
mod audio;
mod audio_flac;
mod audio_wav;
mod audio_writers;
mod augmentations;
mod binary;
mod bootstrap;
mod checkpoint_speed;
mod classifier;
mod classifier_golden;
mod common;
mod compare;
mod corpora_faults;
mod corpora_iemocap;
mod corpora_layouts;
mod corpora_names;
mod corpora_real;
mod corpora_spreadsheets;
mod corpora_table;
mod cuda_graph;
mod digests;
mod doctor;
mod emodb;
mod environment;
mod estimate;
mod experiment;
mod fake_grid;
mod fake_run;
mod faults;
mod fetch;
mod files;
mod floors;
mod gan;
mod gan_golden;
mod gan_speed;
mod gpu_check;
mod http;
mod latex;
mod limits;
mod mel;
mod no_libtorch;
mod pictures;
mod planning;
mod precision;
mod protocols;
mod public;
mod reasons;
mod reference;
mod report;
mod resume;
mod reuse;
mod schema;
mod slurm;
mod statistics;
mod status;
mod store;
mod synthetic;
mod terminal;
