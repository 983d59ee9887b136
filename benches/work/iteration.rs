//! Training steps of the augmentor (paper 2.3) of a preset.

use crate::fixture;
use seraug_core::rng::Seed;
use seraug_core::spec::GanLoss;
use seraug_train::generators::triplet_gan::{AugmentorTask, Trainer};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static MADE: RefCell<HashMap<String, Trainer<'static>>> = RefCell::default();
}

/// `units` iterations of `batch` triplets of windows of `frames` frames.
pub(crate) fn run(request: &Value) -> Value {
    let (batch, frames) =
        (fixture::parameter(request, "batch", 32), fixture::parameter(request, "frames", 512));
    let units = fixture::parameter(request, "units", 1);
    let device = fixture::device(request);
    MADE.with_borrow_mut(|made| {
        let trainer = made
            .entry(format!("{batch} {frames} {device:?} {} {}", request["precision"], request["preset"]))
            .or_insert_with(|| {
                let mut spec = fixture::spec(request);
                (spec.augmentor.batch, spec.augmentor.frames) = (batch, frames);
                // Kept to the end of the process, as a training keeps them.
                let spec = Box::leak(Box::new(spec));
                let bank = Box::leak(Box::new(fixture::bank(240, |i| 200 + i * 37 % 500, device)));
                let labels: &'static [usize] = Box::leak((0..240).map(|i| i % 4).collect());
                let losses = &[GanLoss::Model, GanLoss::Var, GanLoss::Bal];
                let task = AugmentorTask { spec, losses, bank, labels, classes: 4, seed: Seed::new(1) };
                let mut trainer = Trainer::new(task).expect("four classes");
                trainer.iteration().expect("no graph is asked for");
                trainer
            });
        let mut answer = fixture::timed(device, units, || {
            (0..units).for_each(|_| trainer.iteration().expect("no graph is asked for"))
        });
        let n = &trainer.networks;
        let counts = [&n.representation.params, &n.discriminator.params, &n.augmentor.params];
        answer["parameters"] = json!(counts.map(|p| p.count()));
        answer
    })
}
