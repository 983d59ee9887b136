//! The mel front end (paper 3.1.1; FIDELITY.md rows "mel", "mel filterbank").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Log-mel settings. Audio is mono at 16 kHz before it gets here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Features {
    /// Hann window, milliseconds.
    #[schemars(range(min = 1, max = 4096))]
    pub window_ms: u32,
    /// Step between frames, milliseconds.
    #[schemars(range(min = 1, max = 10000))]
    pub hop_ms: u32,
    /// FFT length in samples, at least the window's.
    #[schemars(range(min = 2, max = 65536))]
    pub n_fft: usize,
    /// Mel bands. The networks take 128.
    #[schemars(range(min = 128, max = 128))]
    pub mels: usize,
    /// Mel scale; area normalisation ("slaney" norm) either way.
    pub mel_scale: MelScale,
    /// Decibels below the utterance's peak at which power is clipped.
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0))]
    pub floor_db: f32,
}

/// Formula of the mel scale, as librosa's `htk` flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MelScale {
    /// Linear below 1 kHz, logarithmic above (Auditory Toolbox).
    Slaney,
    /// 2595 log10(1 + f / 700).
    Htk,
}

impl Default for Features {
    fn default() -> Features {
        Features {
            window_ms: 50,
            hop_ms: 25,
            n_fft: 1024,
            mels: 128,
            mel_scale: MelScale::Slaney,
            floor_db: 80.0,
        }
    }
}
