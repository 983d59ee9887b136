//! Training: data on the device, no host synchronisation inside a loop but where a row is logged.

pub mod adam;
pub mod augmentor;
pub mod bank;
pub mod batches;
pub mod checkpoint;
pub mod classifier;
pub mod control;
pub mod cuda;
pub mod device;
pub mod draws;
pub mod final_weights;
pub mod held_out;
pub mod history;
pub mod libtorch;
pub mod loss;
pub mod meter;
pub mod mixup;
pub mod networks;
pub mod oom;
pub mod order;
pub mod phases;
pub mod predict;
pub mod schedule;
pub mod segments;
pub mod triplets;
pub mod vote;
