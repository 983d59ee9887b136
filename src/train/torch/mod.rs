//! libtorch: its devices, precision, parameters and checkpoint files.

pub mod checkpoint;
pub mod cuda;
pub mod cuda_graph;
pub mod device;
pub mod libtorch;
pub mod params;
pub mod precision;
pub mod process_setup;
pub mod tensor_file;
pub mod upload;
