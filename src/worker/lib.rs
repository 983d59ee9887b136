//! The program that computes: one cell at a time, told by `seraug run` or by a task of a cluster.

pub mod benchmark;
pub mod cell;
pub mod network_sizes;
pub mod probe;
pub mod reporter;
pub mod serve;
