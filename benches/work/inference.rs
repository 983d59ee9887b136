//! Generating four augmentations of each utterance and classifying the test segments (paper 3.1.2).

use crate::fixture;
use seraug_core::rng::Seed;
use seraug_core::spec::{Network, Spec};
use seraug_train::classifier::predict::predict;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::triplet_gan::augment::augment;
use seraug_train::nets::augmentor::AugmentorNet;
use seraug_train::nets::vgg::VggNet;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

struct Made {
    spec: Spec,
    augmentor: AugmentorNet,
    net: VggNet,
    bank: Bank,
}

thread_local! {
    static MADE: RefCell<HashMap<String, Made>> = RefCell::default();
}

/// `utterances` of 512 frames, each augmented four times and classified as four segments; a unit is an utterance.
pub(crate) fn run(request: &Value) -> Value {
    let count = fixture::parameter(request, "utterances", 16);
    let device = fixture::device(request);
    MADE.with_borrow_mut(|made| {
        let m = made.entry(format!("{count} {device:?} {}", request["precision"])).or_insert_with(|| {
            let spec = fixture::spec(request);
            let Network::Vgg(sizes) = &spec.classifier.network;
            let made = Made {
                augmentor: AugmentorNet::new(&spec, Seed::new(1), device),
                net: VggNet::new(sizes, 128, 128, 4, Seed::new(1), device).in_precision(spec.precision),
                bank: fixture::bank(count, |_| 512, device),
                spec,
            };
            made.once(count);
            made
        });
        let mut answer = fixture::timed(device, count, || m.once(count));
        answer["parameters"] = json!([m.augmentor.param_count(), m.net.param_count()]);
        answer
    })
}

impl Made {
    fn once(&self, count: usize) {
        let items: Vec<usize> = (0..count).collect();
        let names: Vec<String> = items.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        augment(&self.augmentor, &self.spec, &self.bank, &items, &names, 4, Seed::new(1));
        predict(&self.net, &self.spec.classifier, &self.bank, &items);
    }
}
