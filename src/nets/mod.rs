//! The networks: tensors in, tensors out. Nothing here reads audio or knows of a corpus.

pub mod dropout;
pub mod params;
pub mod pool;
pub mod vgg;
