//! Loops over memory of the host that libtorch has no fast kernel for, and Adam.

pub mod adam;
pub mod adaptive_pool;
pub mod decoder;
pub mod filtering;
pub mod lstm;
pub mod max_pool;
pub mod one_channel;
pub mod own_mean;
pub mod product;
pub mod threads;
pub mod transpose;
pub mod vector;
pub mod vgg_winograd;
pub mod wide;
