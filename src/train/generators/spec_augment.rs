//! Copies of log-mels with masked bands and frames (SpecAugment, Park et al., Interspeech 2019, without
//! time warping: its own ablation finds it the least useful part).

use super::{Generate, Made, Samples, Sources, Untrained};
use crate::feature_bank::{Bank, indices};
use crate::torch::upload::upload;
use seraug_core::error::Result;
use seraug_core::rng::{Draws, Seed};
use seraug_core::spec::SpecAugment;
use std::ops::Range;

impl Generate for SpecAugment {
    type Trained = Untrained;

    fn make(&self, from: &Sources, _: &Untrained) -> Result<Made> {
        let made = spec_augment(from.bank, from.items, &from.names(), self, from.seed);
        Ok(Samples::Added(from.bank.join(&made)).into())
    }
}

/// What is masked in one copy. Stretches may overlap, and may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masks {
    /// Mel bands, in all frames.
    pub bands: Vec<Range<usize>>,
    /// Frames, in all bands.
    pub frames: Vec<Range<usize>>,
}

impl Masks {
    /// The masks of copy `copy` of the utterance called `name`, of `frames` frames and `mels` bands. A width
    /// is uniform over 0 to the largest, which is at most `mels`, and half of `frames`; then a start is
    /// uniform over the places where the stretch fits. They depend on `seed`, `name` and `copy` alone.
    pub fn draw(
        settings: &SpecAugment,
        mels: usize,
        frames: usize,
        name: &str,
        copy: usize,
        seed: Seed,
    ) -> Masks {
        let stream = |purpose: &str| seed.child(purpose).child(name).at(copy as u64).draws();
        let (mut bands, mut times) = (stream("band-masks"), stream("frame-masks"));
        let (wide, long) = (settings.frequency_width.min(mels), settings.time_width.min(frames / 2));
        Masks {
            bands: (0..settings.frequency_masks).map(|_| stretch(&mut bands, wide, mels)).collect(),
            frames: (0..settings.time_masks).map(|_| stretch(&mut times, long, frames)).collect(),
        }
    }
}

fn stretch(draws: &mut Draws, widest: usize, of: usize) -> Range<usize> {
    let width = draws.below(widest + 1);
    let start = draws.below(of - width + 1);
    start..start + width
}

/// `settings.copies` masked copies of each of `items` (utterances of `bank`, called `names`): all of the
/// first item, then all of the second, and so on. What is masked becomes 0, the mean of the training set
/// after standardisation; lengths and floor rows stay the original's.
pub fn spec_augment(
    bank: &Bank,
    items: &[usize],
    names: &[&str],
    settings: &SpecAugment,
    seed: Seed,
) -> Bank {
    assert_eq!(items.len(), names.len(), "a name for each item");
    let (device, mels) = (bank.device(), bank.frames().size()[1] as usize);
    let jobs = || items.iter().zip(names).flat_map(|(&i, &n)| (0..settings.copies).map(move |c| (i, n, c)));
    let copies = bank.pick(&jobs().map(|(item, ..)| item).collect::<Vec<_>>());
    // Row by row of the copies: whether the frame is masked, and its row in `bands`, whose row 0 masks nothing and is
    // that of the floors.
    let (mut masked, mut pattern) = (Vec::new(), Vec::new());
    let mut bands = vec![false; mels];
    for (job, (item, name, copy)) in jobs().enumerate() {
        let len = bank.lens()[item];
        let masks = Masks::draw(settings, mels, len, name, copy, seed);
        let hit = |ranges: &[Range<usize>], at: usize| ranges.iter().any(|r| r.contains(&at));
        bands.extend((0..mels).map(|band| hit(&masks.bands, band)));
        masked.extend((0..len).map(|t| hit(&masks.frames, t)).chain([false]));
        pattern.extend(std::iter::repeat_n(job + 1, len).chain([0]));
    }
    let bands = upload(&bands, device).view([-1, mels as i64]);
    let bands = bands.index_select(0, &indices(&pattern, device));
    let frames = upload(&masked, device).unsqueeze(1);
    let masked = copies.frames().masked_fill(&bands.logical_or(&frames), 0.0);
    Bank::from_frames(masked, copies.lens().to_vec())
}
