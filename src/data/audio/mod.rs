//! From an audio file to log-mel frames.

pub mod decode;
mod flac;
mod foreign;
pub mod logmel;
mod mel;
mod mix;
pub mod npy;
pub mod probe;
pub mod resample;
mod simd;
mod source;
mod wav;

pub use decode::{Decoded, decode, load};
pub use logmel::{LogMel, MelExtractor};

/// Everything after decoding is mono at this rate, in hertz (CLOSE_READING row "mel filterbank").
pub const SAMPLE_RATE: u32 = 16_000;
