//! A trained classifier on utterances that it has not seen.

use super::segments::segments;
use super::vote::{Prediction, vote};
use crate::feature_bank::{Bank, indices};
use crate::nets::vgg::VggNet;
use seraug_core::spec::{Classifier, Padding};
use tch::Tensor;

/// Segments a forward pass. A constant, so that a prediction does not depend on the batch of training.
const BATCH: usize = 32;

/// Predictions for `items` (entries into `bank`), in their order. The segments of an utterance are those
/// of training. One read from the device in all.
pub fn predict(net: &VggNet, spec: &Classifier, bank: &Bank, items: &[usize]) -> Vec<Prediction> {
    if items.is_empty() {
        return Vec::new();
    }
    let _no_grad = tch::no_grad_guard();
    let frames = spec.segment_frames;
    let all = segments(spec, bank.lens(), items);
    // All at once: an upload a batch would have the device wait.
    let places: Vec<usize> = all.iter().map(|s| s.item).chain(all.iter().map(|s| s.offset)).collect();
    let places = indices(&places, bank.device()).view([2, -1]);
    let ready = net.prepare();
    let logits: Vec<Tensor> = places
        .split(BATCH as i64, 1)
        .iter()
        .map(|part| {
            let (at, offsets) = (part.get(0), part.get(1));
            ready.forward(&bank.windows(&at, &offsets, frames, Padding::Floor).x)
        })
        .collect();
    let logits = Vec::<f32>::try_from(Tensor::cat(&logits, 0).reshape([-1])).expect("float logits");
    let classes = net.classes();
    let mut rest = &logits[..];
    items
        .iter()
        .map(|&item| {
            let (mine, after) = rest.split_at(spec.segment_count(bank.lens()[item]) * classes);
            rest = after;
            vote(mine, classes)
        })
        .collect()
}
