//! Augmented copies of utterances by a trained augmentor (paper 3.1.2).

use crate::feature_bank::{Bank, indices};
use crate::nets::augmentor::AugmentorNet;
use crate::torch::upload::upload;
use rayon::prelude::*;
use seraug_core::rng::Seed;
use seraug_core::spec::Spec;
use std::collections::HashMap;
use tch::{Tensor, no_grad};

/// Windows that go through the augmentor at once.
const BATCH: usize = 64;

/// `copies` augmentations of each of `items` (utterances of `bank`): all of the first item, then all of
/// the second, and so on, each as long as its original and with its floor.
///
/// An utterance longer than the augmentor's window is augmented as consecutive windows, each with
/// noise of its own and all with one epsilon (FIDELITY.md row "longer than 512"). A draw depends on
/// `seed`, the item's entry of `names`, the number of the copy and of the window, not on the order.
pub fn augment(
    augmentor: &AugmentorNet,
    spec: &Spec,
    bank: &Bank,
    items: &[usize],
    names: &[&str],
    copies: usize,
    seed: Seed,
) -> Bank {
    let (lens, rows) = pieces(augmentor, spec, bank, items, names, copies, seed);
    Bank::from_pieces(bank.frames().size()[1], bank.device(), lens, rows)
}

/// The lengths of what [`augment`] makes, and its rows a batch at a time, for a bank that is to hold more than them.
pub fn pieces<'a>(
    augmentor: &'a AugmentorNet,
    spec: &'a Spec,
    bank: &'a Bank,
    items: &[usize],
    names: &[&'a str],
    copies: usize,
    seed: Seed,
) -> (Vec<usize>, impl Iterator<Item = Tensor> + 'a) {
    assert_eq!(items.len(), names.len(), "a name for each item");
    let (frames, device) = (spec.augmentor.frames, bank.device());
    let lens = items.iter().flat_map(|&i| std::iter::repeat_n(bank.lens()[i], copies)).collect();
    let jobs = jobs(items, names, copies, bank.lens(), frames);
    let rows = (0..jobs.len()).step_by(BATCH).map(move |at| {
        let batch = &jobs[at..jobs.len().min(at + BATCH)];
        let (first, which) = distinct(batch);
        let windows = |pick: fn(&WindowJob) -> usize| first.iter().map(|&i| pick(&batch[i])).collect();
        let places: [Vec<usize>; 5] = [
            windows(|j| j.item),
            windows(|j| j.window * j.frames),
            which,
            batch.iter().map(|j| j.item).collect(),
            kept_rows(batch, frames),
        ];
        // One upload of each kind of number.
        let sizes = places.each_ref().map(|part| part.len() as i64);
        let places = indices(&places.concat(), device).split_with_sizes(sizes, 0);
        let [item, offset, which, items, kept] = &places[..] else { unreachable!("five parts") };
        let (noise, epsilon) = draws(batch, augmentor.noise_len(), spec.augmentor.epsilon, seed);
        let sizes = [noise.len() as i64, epsilon.len() as i64];
        let numbers = upload(&[noise, epsilon].concat(), device).split_with_sizes(sizes, 0);
        let noise = numbers[0].view([batch.len() as i64, -1]);
        no_grad(|| {
            let w = bank.windows(item, offset, frames, spec.augmentor.padding);
            let augmented = augmentor.augment_each(&w.x, &w.own, which, &noise, &numbers[1]);
            let mels = augmented.size()[3];
            let table = Tensor::cat(&[&augmented.view([-1, mels]), &bank.floors(items)], 0);
            table.index_select(0, kept)
        })
    });
    (lens, rows)
}

/// One window to augment.
struct WindowJob<'a> {
    item: usize,
    name: &'a str,
    copy: usize,
    window: usize,
    /// Frames of a window.
    frames: usize,
    /// Frames of it that are the utterance's.
    own: usize,
    /// Whether the utterance ends in it.
    last: bool,
}

fn jobs<'a>(
    items: &[usize],
    names: &[&'a str],
    copies: usize,
    lens: &[usize],
    frames: usize,
) -> Vec<WindowJob<'a>> {
    let mut jobs = Vec::new();
    for (&item, &name) in items.iter().zip(names) {
        let windows = lens[item].div_ceil(frames);
        for (copy, window) in (0..copies).flat_map(|c| (0..windows).map(move |w| (c, w))) {
            let own = (lens[item] - window * frames).min(frames);
            jobs.push(WindowJob { item, name, copy, window, frames, own, last: window + 1 == windows });
        }
    }
    jobs
}

/// Of the batch's windows, each once: the first job that has it, and of each job the place of its window.
fn distinct(batch: &[WindowJob]) -> (Vec<usize>, Vec<usize>) {
    let mut places = HashMap::new();
    let mut first = Vec::new();
    let which = batch.iter().enumerate().map(|(i, job)| {
        *places.entry((job.item, job.window)).or_insert_with(|| {
            first.push(i);
            first.len() - 1
        })
    });
    let which = which.collect();
    (first, which)
}

fn draws(batch: &[WindowJob], len: usize, range: [f64; 2], seed: Seed) -> (Vec<f32>, Vec<f32>) {
    let mut noise = vec![0f32; batch.len() * len];
    noise.par_chunks_mut(len).zip(batch).for_each(|(out, job)| {
        stream("noise", job.name, job.copy, seed).at(job.window as u64).draws().fill_normal(out);
    });
    (noise, batch.iter().map(|job| epsilon(range, job.name, job.copy, seed)).collect())
}

/// The intensity of copy `copy` of the utterance `name`: uniform in `range`.
pub(super) fn epsilon(range: [f64; 2], name: &str, copy: usize, seed: Seed) -> f32 {
    stream("epsilon", name, copy, seed).draws().between(range[0], range[1]) as f32
}

fn stream(purpose: &str, name: &str, copy: usize, seed: Seed) -> Seed {
    seed.child(purpose).child(name).at(copy as u64)
}

/// Rows to keep of the batch's windows one after the other, followed by one floor row for each.
fn kept_rows(batch: &[WindowJob], frames: usize) -> Vec<usize> {
    let mut rows = Vec::new();
    for (b, job) in batch.iter().enumerate() {
        rows.extend(b * frames..b * frames + job.own);
        rows.extend(job.last.then_some(batch.len() * frames + b));
    }
    rows
}
