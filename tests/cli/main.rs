//! The program `seraug`, and the libraries it is made of, where there is no libtorch.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod architecture;
mod arguments;
mod audio;
mod audio_flac;
mod audio_wav;
mod compare;
mod corpora_faults;
mod corpora_iemocap;
mod corpora_layouts;
mod corpora_names;
mod corpora_real;
mod corpora_spreadsheets;
mod corpora_table;
mod difference_tests;
mod digests;
mod docs;
mod emodb;
mod fetch;
mod files;
mod latex;
mod mel;
mod pictures;
mod planning;
mod protocols;
mod public;
mod reasons;
mod reference;
mod report;
mod schema;
mod statistics;
mod status;
mod store;
mod study;
mod synthetic;
mod terminal;
