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
