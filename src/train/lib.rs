//! Training: data on the device, no host synchronisation inside a loop but where a row is logged.

pub mod classifier;
pub mod control;
pub mod feature_bank;
pub mod generators;
pub mod history;
pub mod judge;
pub mod kernels;
pub mod nets;
pub mod torch;
