//! The fingerprint of a recording: for each hundredth of a second 32 signs, whether the step from one band to the next has grown or
//! shrunk since three frames before. Level, equaliser, codec and sample rate hardly change them; another take does
//! (after Haitsma and Kalker, ISMIR 2002).

use crate::audio::MelExtractor;
use seraug_core::spec::{Features, MelScale};

/// Frames a second.
pub(super) const FRAMES: usize = 100;
/// Frames over which a step is compared.
const APART: usize = 3;
/// A change under so many decibels is left out: noise, silence and codecs decide its sign.
const CLEAR_DB: f32 = 2.0;
/// The lowest of the 33 bands that are compared, from 240 to 3350 Hz: what a telephone passes too.
const FIRST_BAND: usize = 3;
/// Signs of a frame.
const SIGNS: usize = 32;
/// Signs of a frame that a search may turn over.
pub(super) const TURNED: usize = 4;

/// The signs of a frame, and which of them are clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FrameSigns {
    pub(super) signs: u32,
    pub(super) clear: u32,
    /// The signs that are nearest to turning over, the nearest first.
    pub(super) weakest: [u8; TURNED],
}

/// The fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SoundPrint {
    pub(super) frames: Vec<FrameSigns>,
}

/// The front end of fingerprints; shared by threads.
pub(super) fn extractor() -> MelExtractor {
    MelExtractor::new(&Features {
        window_ms: 64,
        hop_ms: 1000 / FRAMES as u32,
        n_fft: 1024,
        mels: 49,
        mel_scale: MelScale::Slaney,
        floor_db: 60.0,
    })
}

impl SoundPrint {
    /// Of mono `samples` at 16 kHz.
    pub(super) fn of(samples: &[f32], extractor: &MelExtractor) -> SoundPrint {
        let mel = extractor.extract(samples);
        let bands = |frame: usize| &mel.db[frame * mel.mels + FIRST_BAND..][..=SIGNS];
        let frame = |t: usize| {
            let (now, then) = (bands(t), bands(t - APART));
            let mut of = FrameSigns::default();
            let mut weak = [(f32::INFINITY, 0u8); TURNED];
            for band in 0..SIGNS {
                let change = (now[band] - now[band + 1]) - (then[band] - then[band + 1]);
                of.signs |= u32::from(change > 0.0) << band;
                if change.abs() > CLEAR_DB {
                    of.clear |= 1 << band;
                }
                if change.abs() < weak[TURNED - 1].0 {
                    weak[TURNED - 1] = (change.abs(), band as u8);
                    weak.sort_by(|a, b| a.0.total_cmp(&b.0));
                }
            }
            of.weakest = weak.map(|w| w.1);
            of
        };
        SoundPrint { frames: (APART..mel.frames).map(frame).collect() }
    }

    /// Clear signs of all frames.
    pub(super) fn clear(&self) -> u32 {
        self.frames.iter().map(|f| f.clear.count_ones()).sum()
    }
}

/// How two fingerprints agree where frame `t + lag` of the one is frame `t` of the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    /// Signs that are clear in both.
    pub(super) compared: u32,
    /// Share of these that are equal.
    pub(super) share: f64,
}

/// Least share of the shorter fingerprint that must overlap.
const OVERLAP: f64 = 0.8;
/// Fewest frames that must.
pub(super) const SHORTEST: usize = FRAMES / 2;
/// Fewest signs that must be clear in both.
const SIGNS_NEEDED: u32 = 300;

/// The agreement at `lag`; `None` where too little overlaps, or too little of it is clear in both.
pub(super) fn agreement(a: &SoundPrint, b: &SoundPrint, lag: i64) -> Option<Agreement> {
    let (n, m) = (a.frames.len() as i64, b.frames.len() as i64);
    let (from, to) = (lag.max(0), n.min(lag + m));
    let overlap = (to - from).max(0) as usize;
    if overlap < SHORTEST || (overlap as f64) < OVERLAP * n.min(m) as f64 {
        return None;
    }
    let left = &a.frames[from as usize..to as usize];
    let right = &b.frames[(from - lag) as usize..][..overlap];
    let (mut compared, mut equal, mut clear) = (0, 0, [0, 0]);
    for (x, y) in left.iter().zip(right) {
        let both = x.clear & y.clear;
        compared += both.count_ones();
        equal += (both & !(x.signs ^ y.signs)).count_ones();
        clear[0] += x.clear.count_ones();
        clear[1] += y.clear.count_ones();
    }
    let enough = compared >= SIGNS_NEEDED && compared * 2 >= clear[0].min(clear[1]);
    enough.then(|| Agreement { compared, share: f64::from(equal) / f64::from(compared) })
}
