//! What is measured of trained networks.

use super::training_part::TrainingPart;
use seraug_core::error::Result;
use seraug_core::metrics::Confusion;
use seraug_core::rng::Seed;
use seraug_core::spec::{ClassifierLoss, Sampling, Spec};
use seraug_train::classifier::predict::predict;
use seraug_train::classifier::{self, ClassifierTask};
use seraug_train::feature_bank::{Bank, indices};
use seraug_train::generators::triplet_gan::Networks;
use seraug_train::nets::vgg::VggNet;
use tch::{Tensor, no_grad};

/// Windows a pass of the representation learner.
const BATCH: usize = 64;

/// r of the first window of every utterance of a bank, [n, units].
pub(crate) fn represent(networks: &Networks, spec: &Spec, bank: &Bank) -> Tensor {
    let all: Vec<usize> = (0..bank.lens().len()).collect();
    let pass = |items: &[usize]| {
        let items = indices(items, bank.device());
        let windows =
            bank.windows(&items, &items.zeros_like(), spec.augmentor.frames, spec.augmentor.padding);
        no_grad(|| networks.representation.forward(&windows.x, &windows.own))
    };
    Tensor::cat(&all.chunks(BATCH).map(pass).collect::<Vec<_>>(), 0)
}

/// The mean of `values` (float, [n]) in each of the classes `of`, and the mean of those; `classes` has the class of each
/// value. NaN where no class of `of` has one.
pub(crate) fn mean_by_class(values: &Tensor, classes: &[usize], of: &[usize]) -> f64 {
    let values = Vec::<f32>::try_from(values).unwrap_or_default();
    let mean = |class: &usize| {
        let own: Vec<f64> =
            values.iter().zip(classes).filter(|(_, c)| *c == class).map(|(v, _)| f64::from(*v)).collect();
        (!own.is_empty()).then(|| own.iter().sum::<f64>() / own.len() as f64)
    };
    let means: Vec<f64> = of.iter().filter_map(mean).collect();
    means.iter().sum::<f64>() / means.len() as f64
}

/// A classifier of the spec trained on all of `bank`, which has `items` of the part in that order.
///
/// # Errors
/// Those of the training.
pub(crate) fn train_classifier(
    part: &TrainingPart,
    bank: &Bank,
    items: &[usize],
    seed: Seed,
) -> Result<VggNet> {
    let all: Vec<usize> = (0..items.len()).collect();
    let task = ClassifierTask {
        spec: &part.spec.classifier,
        precision: part.spec.precision,
        class_names: &part.spec.class_names(),
        bank,
        items: &all,
        labels: &part.classes(items),
        speakers: &part.speaker_numbers(items),
        originals: &all,
        loss: ClassifierLoss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed,
    };
    classifier::train(&task, &mut |_| Ok(()))
}

/// What `net` says of all of `bank`, whose classes are `truths`.
pub(crate) fn ask(net: &VggNet, spec: &Spec, bank: &Bank, truths: &[usize]) -> Confusion {
    let all: Vec<usize> = (0..truths.len()).collect();
    let predicted = predict(net, &spec.classifier, bank, &all);
    Confusion::from_pairs(spec.classes.len(), truths.iter().copied().zip(predicted.iter().map(|p| p.class)))
}
