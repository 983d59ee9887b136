//! What an iteration works on: drawn on the host (`prefetch.rs`), taken apart on the device.

use super::noise::{Noise, Purpose};
use crate::feature_bank::Windows;
use crate::nets::augmentor::AugmentorPass;
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
    /// Augmentations of the anchors for phase 3, where phase 2 made them with its own.
    pub(crate) variants: Option<AugmentorPass>,
}

impl Batch {
    /// That which was drawn for `purpose`.
    pub(crate) fn noise(&self, purpose: Purpose) -> &Noise {
        let found = self.noise.iter().find(|(p, _)| *p == purpose);
        &found.expect("the batch was prepared with this noise").1
    }
}
