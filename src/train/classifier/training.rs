//! The emotion classifier's training (paper 3.1.1; FIDELITY.md rows "classifier training" and on).

use super::held_out::HeldOut;
use super::loader::Batches;
use super::loss::SegmentLoss;
use super::mixup::Mixed;
use super::predict::predict;
use super::progress::ClassifierProgress;
use super::sampler::Sampler;
use super::schedule::{Pace, rate};
use super::segments::segments;
use super::task::ClassifierTask;
use crate::control::{Control, pause};
use crate::history::LoggedRow;
use crate::kernels::adam::all_finite;
use crate::nets::vgg::VggNet;
use seraug_core::error::{Error, Result};
use seraug_core::metrics::Confusion;
use seraug_core::spec::FinalWeights;

/// Trains a classifier, from the start or from `control`'s checkpoint, and gives it the weights that
/// `spec.weights` names. `control` gets a row every `spec.log_every` steps and after the last: `loss`,
/// `train_accuracy`, `predicted_entropy`, `largest_predicted_share` (see [`super::metrics::LogInterval`]),
/// `rate` of its last step, and with a held-out speaker `held_out_uar`.
///
/// # Errors
/// A class without training utterance, no speaker to hold out, a loss or weights that are not finite, a
/// checkpoint that does not fit, a stop, or what `control` returns.
pub fn train(task: &ClassifierTask, control: &mut dyn Control) -> Result<VggNet> {
    let spec = task.spec;
    let held_out = match spec.weights {
        FinalWeights::HeldOut => Some(HeldOut::choose(task)?),
        FinalWeights::Last | FinalWeights::Average => None,
    };
    let kept = |i: &usize| held_out.as_ref().is_none_or(|h| h.speaker != task.speakers[*i]);
    let items: Vec<usize> = task.items.iter().copied().filter(kept).collect();
    let segments = segments(spec, task.bank.lens(), &items);
    let labels: Vec<usize> = segments.iter().map(|s| task.labels[s.item]).collect();
    let counts = class_counts(&labels, task.class_names)?;
    let of_segments = SegmentLoss::new(task.loss, &counts, task.bank.device());

    let Pace { batch, steps } = task.pace();
    let mut p = ClassifierProgress::new(task, counts.len(), steps);
    if let Some(dir) = control.resume() {
        p.load(spec, steps, &dir)?;
    }
    let order = Sampler::new(task.sampling, &labels, counts.len(), task.seed.child("order"));
    let mut batches = Batches::new(task.bank, &segments, &labels, order, batch, spec.segment_frames);
    batches.skip(p.step * Mixed::batches(task.mixup));
    let (dropout, mixup) = (task.seed.child("dropout"), task.seed.child("mixup"));
    while p.step < steps {
        let mixed = Mixed::draw(&mut batches, task.mixup, mixup.at(p.step as u64));
        let pass = p.net.pass(&mixed.x, dropout.at(p.step as u64));
        let loss = mixed.loss(&pass.logits, &of_segments);
        p.meter.add(&loss, &pass.logits, mixed.labels());
        let rate = rate(spec.schedule, spec.learning_rate, p.step, steps);
        p.adam.step(p.net.params(), &p.net.gradient(pass, &loss), rate, 0.0);
        p.keeper.stepped(p.step, &p.net);
        p.step += 1;
        if p.step.is_multiple_of(spec.log_every) {
            control.row(row(task, &mut p, steps, held_out.as_ref())?)?;
        }
        pause(control, p.step, steps, &|dir| p.save(steps, dir))?;
    }
    if !p.meter.is_empty() {
        control.row(row(task, &mut p, steps, held_out.as_ref())?)?;
    }
    p.keeper.finish(&p.net);
    if !(all_finite(p.net.params().flat()) && all_finite(p.net.buffers().flat())) {
        return Err(Error::failed(format!(
            "classifier: weights are not finite after {steps} steps; lower classifier.learning-rate"
        )));
    }
    Ok(p.net)
}

/// The interval that ends after the last step done; a held-out speaker is checked.
fn row(
    task: &ClassifierTask,
    p: &mut ClassifierProgress,
    steps: usize,
    held_out: Option<&HeldOut>,
) -> Result<LoggedRow> {
    let rate = rate(task.spec.schedule, task.spec.learning_rate, p.step - 1, steps);
    let interval = p.meter.read(p.step, steps, rate)?;
    let mut values = vec![
        ("loss", interval.loss),
        ("train_accuracy", interval.accuracy),
        ("predicted_entropy", interval.predicted_entropy),
        ("largest_predicted_share", interval.largest_predicted_share),
        ("rate", rate),
    ];
    if let Some(held_out) = held_out {
        let uar = uar(task, &p.net, &held_out.check);
        p.keeper.checked(uar, &p.net);
        values.push(("held_out_uar", uar));
    }
    Ok(LoggedRow { step: p.step, steps, values })
}

/// UAR of `net` on `items`, in [0, 1], over the classes that they have; 0 without any.
fn uar(task: &ClassifierTask, net: &VggNet, items: &[usize]) -> f64 {
    let predictions = predict(net, task.spec, task.bank, items);
    let pairs = items.iter().zip(&predictions).map(|(&i, p)| (task.labels[i], p.class));
    Confusion::from_pairs(task.class_names.len(), pairs).uar().unwrap_or(0.0)
}

fn class_counts(labels: &[usize], names: &[&str]) -> Result<Vec<usize>> {
    let mut counts = vec![0usize; names.len()];
    labels.iter().for_each(|&l| counts[l] += 1);
    match counts.iter().position(|&c| c == 0) {
        None => Ok(counts),
        Some(class) => Err(Error::failed(format!(
            "classifier: class `{}` (number {class}) has no training utterance; take it out of classes, or remove less of it",
            names[class]
        ))),
    }
}
