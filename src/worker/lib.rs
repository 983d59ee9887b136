//! The program that computes: it trains one cell at a time for `seraug run` or in a job of a cluster.

pub mod benchmark;
pub mod cell;
pub mod network_sizes;
pub mod predict;
pub mod probe;
pub mod reporter;
pub mod serve;
