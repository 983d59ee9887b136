//! The networks: tensors in, tensors out. Nothing here reads audio or knows of a corpus.

pub mod params;
pub mod vgg;
