//! Training: data on the device, no host synchronisation inside a loop but where a row is logged.

pub mod adam;
pub mod bank;
pub mod cuda;
pub mod device;
pub mod history;
pub mod libtorch;
pub mod params;
