//! Audio files to log-mel spectrograms.

mod container;
pub mod decode;
mod flac;
mod foreign;
mod id3;
pub mod logmel;
mod mel;
mod mix;
pub mod npy;
pub mod probe;
mod recording;
mod refusal;
pub mod resample;
mod simd;
mod source;
mod wav;

pub use decode::{decode, load};
pub use logmel::{LogMel, MelExtractor, padded_window};
pub use mel::mel_matrix;
pub use recording::{Decoded, Length};

/// Sample rate of all audio after decoding, in hertz (FIDELITY.md row "mel filterbank").
pub const SAMPLE_RATE: u32 = 16_000;
