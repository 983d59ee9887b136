//! Names: those that people type ([`unicode`]), and those of experiments, which become folders ([`folders`]).

pub mod file_stem;
pub mod folders;
pub mod unicode;
