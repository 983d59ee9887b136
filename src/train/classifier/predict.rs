//! A trained classifier on utterances that it has not seen.

use super::segments::segments;
use super::vote::{Prediction, vote};
use crate::feature_bank::{Bank, indices};
use crate::nets::vgg::VggNet;
use seraug_core::spec::{Classifier, Padding};
use tch::Tensor;

/// Segments a forward pass. A constant, so that a prediction does not depend on the batch of training.
const BATCH: usize = 32;

/// Predictions for `items` (entries into `bank`), in their order. The segments of an utterance are those of training. One read
/// from the device in all.
pub fn predict(net: &VggNet, spec: &Classifier, bank: &Bank, items: &[usize]) -> Vec<Prediction> {
    segment_logits(net, spec, bank, items).iter().map(|mine| vote(mine, net.classes())).collect()
}

/// The logits of the segments of each of `items`, [`VggNet::classes`] of each one after the other.
pub fn segment_logits(net: &VggNet, spec: &Classifier, bank: &Bank, items: &[usize]) -> Vec<Vec<f32>> {
    let ready = net.prepare();
    of_segments(spec, bank, items, net.classes(), |x| ready.forward(x))
}

/// What the last hidden layer says of each of `items`: the mean over its segments, [`VggNet::embedding_len`] values.
pub fn embeddings(net: &VggNet, spec: &Classifier, bank: &Bank, items: &[usize]) -> Vec<Vec<f32>> {
    let len = net.embedding_len();
    let mean = |all: &Vec<f32>| {
        let segments = all.len() / len;
        let of = |at: usize| all.iter().skip(at).step_by(len).map(|v| f64::from(*v)).sum::<f64>();
        (0..len).map(|at| (of(at) / segments as f64) as f32).collect()
    };
    of_segments(spec, bank, items, len, |x| net.embedding(x)).iter().map(mean).collect()
}

/// What `net` gives for the segments of each of `items`, `values` of each segment.
fn of_segments(
    spec: &Classifier,
    bank: &Bank,
    items: &[usize],
    values: usize,
    net: impl Fn(&Tensor) -> Tensor,
) -> Vec<Vec<f32>> {
    if items.is_empty() {
        return Vec::new();
    }
    let _no_grad = tch::no_grad_guard();
    let frames = spec.segment_frames;
    let all = segments(spec, bank.lens(), items);
    // All at once: an upload a batch would have the device wait.
    let places: Vec<usize> = all.iter().map(|s| s.item).chain(all.iter().map(|s| s.offset)).collect();
    let places = indices(&places, bank.device()).view([2, -1]);
    let outputs: Vec<Tensor> = places
        .split(BATCH as i64, 1)
        .iter()
        .map(|part| {
            let (at, offsets) = (part.get(0), part.get(1));
            net(&bank.windows(&at, &offsets, frames, Padding::Floor).x)
        })
        .collect();
    let outputs = Vec::<f32>::try_from(Tensor::cat(&outputs, 0).reshape([-1])).expect("float outputs");
    let mut rest = &outputs[..];
    items
        .iter()
        .map(|&item| {
            let (mine, after) = rest.split_at(spec.segment_count(bank.lens()[item]) * values);
            rest = after;
            mine.to_vec()
        })
        .collect()
}
