//! What an iteration works on: drawn on the host (`ahead.rs`), taken apart on the device.

use super::noise::{Noise, Purpose};
use super::phases::Trainer;
use super::prefetch::Recipe;
use super::training::AugmentorTask;
use crate::feature_bank::Windows;
use crate::torch::upload::upload;
use seraug_core::spec::GanLoss;
use tch::Tensor;

/// What an iteration works on; all on the device.
#[derive(Debug)]
pub struct Batch {
    /// Positives, anchors and negatives.
    pub(crate) triplets: Windows,
    /// Their classes, int64 [3 batch].
    pub(crate) classes: Tensor,
    pub(crate) positives: Windows,
    /// X_A of the triplets, X_1 of phases 2 and 3.
    pub(crate) anchors: Windows,
    pub(crate) negatives: Windows,
    /// X_2 of phase 2.
    pub(crate) originals: Windows,
    pub(crate) noise: Vec<(Purpose, Noise)>,
}

impl Trainer<'_> {
    /// The windows and the noise of the next iteration, with those of `also` beside what the phases need.
    pub fn prepare(&mut self, also: &[Purpose]) -> Batch {
        self.prepare_step(self.step, also)
    }

    /// As [`Trainer::prepare`], of the iteration after `step` others.
    pub(crate) fn prepare_step(&mut self, step: usize, also: &[Purpose]) -> Batch {
        let (places, numbers) = self.ahead.of(step, self.task.bank.device());
        let mut noise = self.noise(&numbers, &self.recipe().purposes);
        if !also.is_empty() {
            let numbers = upload(&self.recipe().noise(step, also), self.task.bank.device());
            noise.extend(self.noise(&numbers, also));
        }
        self.batch(&places, noise)
    }

    /// The noise that was drawn for `purposes` and is at the front of `numbers`.
    pub(crate) fn noise(&self, numbers: &Tensor, purposes: &[Purpose]) -> Vec<(Purpose, Noise)> {
        let Recipe { batch, noise_len, .. } = *self.recipe();
        purposes.iter().copied().zip(Noise::parts(numbers, purposes.len(), batch, noise_len)).collect()
    }

    /// The windows at `places` (int64 [2, 4 batch], of [`Recipe::places`]), with this noise; all on the device.
    pub(crate) fn batch(&self, places: &Tensor, noise: Vec<(Purpose, Noise)>) -> Batch {
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let (items, offsets) = (places.get(0), places.get(1));
        let all = self.task.bank.windows(&items, &offsets, a.frames, a.padding);
        let part = |from: i64, parts: i64| Windows {
            x: all.x.narrow(0, from * size, parts * size),
            own: all.own.narrow(0, from * size, parts * size),
        };
        Batch {
            triplets: part(0, 3),
            classes: self.labels.index_select(0, &items.narrow(0, 0, 3 * size)),
            positives: part(0, 1),
            anchors: part(1, 1),
            negatives: part(2, 1),
            originals: part(3, 1),
            noise,
        }
    }
}

impl AugmentorTask<'_> {
    /// What the phases augment for.
    pub(crate) fn purposes(&self) -> Vec<Purpose> {
        let mut purposes = vec![Purpose::Discriminator, Purpose::Positive];
        if self.trains(GanLoss::Var) {
            purposes.extend([Purpose::FirstVariant, Purpose::SecondVariant]);
        }
        if self.trains(GanLoss::Bal) {
            purposes.push(Purpose::Negative);
        }
        purposes
    }
}

impl Batch {
    /// That which was drawn for `purpose`.
    pub(crate) fn noise(&self, purpose: Purpose) -> &Noise {
        let found = self.noise.iter().find(|(p, _)| *p == purpose);
        &found.expect("the batch was prepared with this noise").1
    }
}
