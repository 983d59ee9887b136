//! The program that computes: it trains one cell at a time for `seraug run` or in a job of a cluster.

pub mod augment;
pub mod benchmark;
pub mod cell;
pub mod network_sizes;
mod opened_run;
pub mod predict;
pub mod probe;
pub mod reporter;
pub mod serve;
pub mod set_export;
