//! What an iteration works on: drawn on the host, uploaded at once, taken apart on the device.

use super::bank::Windows;
use super::draws::{Noise, Purpose, stream, upload};
use super::phases::Trainer;
use crate::spec::GanLoss;
use tch::Tensor;

/// What an iteration works on; all on the device.
#[derive(Debug)]
pub struct Batch {
    /// Positives, anchors and negatives.
    pub(super) triplets: Windows,
    /// Their classes, int64 [3 batch].
    pub(super) classes: Tensor,
    pub(super) positives: Windows,
    /// X_A of the triplets, X_1 of phases 2 and 3.
    pub(super) anchors: Windows,
    pub(super) negatives: Windows,
    /// X_2 of phase 2.
    pub(super) originals: Windows,
    pub(super) noise: Vec<(Purpose, Noise)>,
}

impl Trainer<'_> {
    /// The windows and the noise of the next iteration, with those of `also` beside what the phases need.
    pub fn prepare(&self, also: &[Purpose]) -> Batch {
        self.prepare_step(self.step, also)
    }

    /// As [`Trainer::prepare`], of the iteration after `step` others.
    pub(super) fn prepare_step(&self, step: usize, also: &[Purpose]) -> Batch {
        let (a, device) = (self.settings(), self.task.bank.device());
        let places = upload(&self.places(step), device).view([2, -1]);
        let purposes = self.purposes(also);
        let numbers = upload(&self.noise(step, &purposes), device);
        let noise = Noise::parts(&numbers, purposes.len(), a.batch, self.networks.augmentor.noise_len());
        self.batch(&places, purposes.into_iter().zip(noise).collect())
    }

    /// Utterances of the positives, anchors, negatives and originals of a step, then where their windows start.
    pub(super) fn places(&self, step: usize) -> Vec<i64> {
        let a = self.settings();
        let drawn = self.triplets.draw(step, a.batch, a.frames);
        let order = [&drawn.positives, &drawn.anchors, &drawn.negatives, &drawn.originals];
        let items = order.iter().flat_map(|w| w.iter().map(|&(item, _)| item as i64));
        let offsets = order.iter().flat_map(|w| w.iter().map(|&(_, offset)| offset as i64));
        items.chain(offsets).collect()
    }

    /// What the phases augment for, and `also`.
    pub(super) fn purposes(&self, also: &[Purpose]) -> Vec<Purpose> {
        let mut purposes = vec![Purpose::Discriminator, Purpose::Positive];
        if self.task.trains(GanLoss::Var) {
            purposes.extend([Purpose::FirstVariant, Purpose::SecondVariant]);
        }
        if self.task.trains(GanLoss::Bal) {
            purposes.push(Purpose::Negative);
        }
        purposes.extend(also);
        purposes
    }

    /// Noise and epsilon of a step for `purposes`, as [`Noise::parts`] takes them apart.
    pub(super) fn noise(&self, step: usize, purposes: &[Purpose]) -> Vec<f32> {
        let a = self.settings();
        let streams: Vec<_> = purposes.iter().map(|&p| stream(self.task.seed, p, step)).collect();
        Noise::draw(&streams, a.batch, self.networks.augmentor.noise_len(), a.epsilon)
    }

    /// The windows at `places` (int64 [2, 4 batch], of [`Trainer::places`]), with this noise; all on the device.
    pub(super) fn batch(&self, places: &Tensor, noise: Vec<(Purpose, Noise)>) -> Batch {
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

impl Batch {
    /// That which was drawn for `purpose`.
    pub(super) fn noise(&self, purpose: Purpose) -> &Noise {
        let found = self.noise.iter().find(|(p, _)| *p == purpose);
        &found.expect("the batch was prepared with this noise").1
    }
}
