//! Loops over memory of the host that libtorch has no fast kernel for, and Adam.

pub mod adam;
pub mod adaptive_pool;
pub mod max_pool;
pub mod simd;
pub mod vgg_winograd;
pub mod winograd;
