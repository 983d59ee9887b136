//! Training: data on the device, no host synchronisation inside a loop but where a row is logged.

pub mod adam;
pub mod augmentor;
pub mod bank;
pub mod checkpoint;
pub mod draws;
pub mod history;
pub mod networks;
pub mod phases;
pub mod triplets;
pub mod batches;
pub mod classifier;
pub mod final_weights;
pub mod held_out;
pub mod loss;
pub mod meter;
pub mod order;
pub mod predict;
pub mod schedule;
pub mod segments;
pub mod vote;
pub mod cuda;
pub mod device;
pub mod libtorch;
