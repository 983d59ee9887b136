//! The networks and their losses. No input or output but weights.

pub mod attention;
pub mod augmentor;
pub mod autoencoder;
pub mod bagan;
pub mod blocks;
pub mod contrastive;
pub mod convolutions;
pub mod discriminator;
pub mod dropout;
pub mod headed_sequence;
pub mod layers;
pub mod linear;
pub mod losses;
pub mod mlp;
pub mod pass;
pub mod recurrent;
pub mod representation;
pub mod sequence;
pub mod stargan;
pub mod upsample;
pub mod vgg;
pub mod viewmaker;
