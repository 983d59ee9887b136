//! Audio files to log-mel spectrograms.

mod codec;
mod container;
pub mod decode;
mod flac;
mod foreign;
pub mod formats;
mod id3;
pub mod inversion;
pub mod logmel;
mod mel;
mod mix;
pub mod npy;
mod pcm;
pub mod probe;
mod recording;
mod refusal;
pub mod resample;
mod simd;
mod source;
mod trailer;
mod wav;

pub use decode::{decode, load};
pub use logmel::{LogMel, MelExtractor, padded_window};
pub use mel::mel_matrix;
pub use recording::{Decoded, Length};
pub(crate) use refusal::by_ffmpeg_to_wav;

/// Sample rate of all audio after decoding, in hertz (FIDELITY.md row "mel filterbank").
pub const SAMPLE_RATE: u32 = 16_000;
