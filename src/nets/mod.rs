//! The networks and their losses. No input or output but weights.

pub mod attention;
pub mod augmentor;
pub mod discriminator;
pub mod layers;
pub mod losses;
pub mod max_pool;
pub mod params;
pub mod recurrent;
pub mod representation;
pub mod sequence;
pub mod simd;
pub mod upload;
pub mod upsample;

pub mod dropout;
pub mod pool;
pub mod vgg;
mod vgg_by_hand;
pub mod winograd;
