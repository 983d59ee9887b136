//! Times steps of the trainings of a spec on made-up data, with the very code that trains.

use crate::audio::LogMel;
use crate::augment::augment;
use crate::device::DeviceChoice;
use crate::error::{Error, Result};
use crate::features::Standardiser;
use crate::nets::vgg::Vgg;
use crate::seed::Seed;
use crate::spec::{self, Classifier, FinalWeights, GanLoss, Loss, Network, Sampling, Spec};
use crate::train::augmentor::{self, AugmentorTask};
use crate::train::bank::Bank;
use crate::train::classifier::{self, ClassifierTask};
use crate::train::control::{Control, Turn};
use crate::train::device::{self, Device, wait};
use crate::train::history::Row;
use crate::train::host_memory;
use crate::train::networks::Networks;
use crate::train::predict::predict;
use crate::worker::protocol::{Timed, Timing, Trial};
use std::time::Instant;

/// More steps than are ever timed.
const STEPS: usize = 1 << 20;

/// Times what `trial` asks for, each after a warm-up, and waits for the device after each step.
///
/// # Errors
/// A spec that does not read, a device that does not answer, a training that fails.
pub fn run(trial: &Trial) -> Result<Vec<Timed>> {
    let spec = spec::parse(&trial.spec, "the spec of a trial", &[])?;
    let device = device::open(trial.device.parse::<DeviceChoice>()?)?;
    if device == Device::Cpu {
        host_memory::keep_freed();
    }
    let bank = made_up(&spec, device);
    let labels: Vec<usize> = (0..bank.lens().len()).map(|i| i % spec.classes.len()).collect();
    let mut timed = Vec::new();
    for losses in &trial.losses {
        timed.push(Timed {
            work: Timing::Iteration(losses.clone()),
            seconds: iterations(&spec, losses, &bank, &labels)?,
        });
    }
    for &batch in &trial.batches {
        timed.push(Timed { work: Timing::Step(batch), seconds: steps(&spec, batch, &bank, &labels)? });
    }
    let many = if device.is_cuda() { 1024 } else { 32 };
    let all: Vec<usize> = (0..many).map(|i| i % bank.lens().len()).collect();
    if !trial.losses.is_empty() {
        let networks = Networks::new(&spec, Seed::new(1), device);
        let names = vec!["made up"; many];
        timed.push(Timed {
            work: Timing::Window,
            seconds: repeated(many, device, || {
                drop(augment(&networks.augmentor, &spec, &bank, &all, &names, 1, Seed::new(1)));
            }),
        });
    }
    if !trial.batches.is_empty() {
        let (Network::Vgg(sizes), c) = (&spec.classifier.network, &spec.classifier);
        let net =
            Vgg::new(sizes, c.segment_frames, spec.features.mels, spec.classes.len(), Seed::new(1), device)
                .in_precision(spec.precision);
        timed.push(Timed {
            work: Timing::Segment,
            seconds: repeated(many, device, || drop(predict(&net, c, &bank, &all))),
        });
    }
    Ok(timed)
}

/// Utterances of one segment, and of one window, of noise.
fn made_up(spec: &Spec, device: Device) -> Bank {
    let (frames, mels) = (spec.classifier.segment_frames.min(spec.augmentor.frames), spec.features.mels);
    let item = |i: usize| {
        let mut db = vec![0f32; frames * mels];
        Seed::new(1).child("trial").at(i as u64).draws().fill_normal(&mut db);
        LogMel { frames, mels, db }
    };
    let items: Vec<LogMel> = (0..64.max(2 * spec.classes.len())).map(item).collect();
    Bank::new(&items.iter().collect::<Vec<_>>(), Standardiser { mean: 0.0, deviation: 1.0 }, device)
}

fn iterations(spec: &Spec, losses: &[GanLoss], bank: &Bank, labels: &[usize]) -> Result<Vec<f64>> {
    let mut spec = spec.clone();
    spec.augmentor.iterations = STEPS;
    let task =
        AugmentorTask { spec: &spec, losses, bank, labels, classes: spec.classes.len(), seed: Seed::new(1) };
    let mut clock = Clock::new(bank.device());
    let ended = augmentor::train(task, &mut clock).map(drop);
    clock.ended(ended)
}

fn steps(spec: &Spec, batch: usize, bank: &Bank, labels: &[usize]) -> Result<Vec<f64>> {
    let settings = Classifier {
        batch,
        small_batch: batch,
        min_steps: STEPS,
        // The others cost next to nothing beside a step, and a speaker to hold out is not here.
        weights: FinalWeights::Last,
        ..spec.classifier.clone()
    };
    let items: Vec<usize> = (0..labels.len()).collect();
    let task = ClassifierTask {
        spec: &settings,
        precision: spec.precision,
        class_names: &spec.class_names(),
        bank,
        items: &items,
        labels,
        speakers: &vec![0; labels.len()],
        originals: &items,
        loss: Loss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed: Seed::new(1),
    };
    let mut clock = Clock::new(bank.device());
    let ended = classifier::train(&task, &mut clock).map(drop);
    clock.ended(ended)
}

/// Seconds of one of the `many` things that `work` does, each time it does them.
fn repeated(many: usize, device: Device, mut work: impl FnMut()) -> Vec<f64> {
    let mut clock = Clock::new(device);
    while !clock.done() {
        work();
        clock.tick();
    }
    clock.seconds().iter().map(|s| s / many as f64).collect()
}

/// Surroundings of a training that time its steps and stop it once that is enough.
struct Clock {
    device: Device,
    last: Instant,
    /// Of every step; the first ones are the warm-up.
    all: Vec<f64>,
}

impl Clock {
    fn new(device: Device) -> Clock {
        Clock { device, last: Instant::now(), all: Vec::new() }
    }

    fn tick(&mut self) {
        wait(self.device);
        let now = Instant::now();
        self.all.push((now - self.last).as_secs_f64());
        self.last = now;
    }

    /// Steps that are not counted: memory is taken, and on CUDA kernels are chosen.
    fn warm_up(&self) -> usize {
        if self.device.is_cuda() { 20 } else { 1 }
    }

    fn seconds(&self) -> &[f64] {
        self.all.get(self.warm_up()..).unwrap_or_default()
    }

    fn done(&self) -> bool {
        let (n, sum) = (self.seconds().len(), self.seconds().iter().sum::<f64>());
        (n >= 3 && sum >= 2.0) || (n >= 2 && sum >= 4.0) || n >= 200
    }

    /// The seconds, where the training ended because it was stopped here.
    fn ended(self, ended: Result<()>) -> Result<Vec<f64>> {
        match ended {
            Ok(()) | Err(Error::Interrupted(_)) => Ok(self.seconds().to_vec()),
            Err(e) => Err(e),
        }
    }
}

impl Control for Clock {
    fn row(&mut self, _: Row) -> Result<()> {
        Ok(())
    }

    fn turn(&mut self, _: usize, _: usize) -> Turn {
        self.tick();
        if self.done() { Turn::Stop } else { Turn::GoOn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_timed_and_nothing_else() {
        let text = r#"title = "t"
preset = "tiny"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
"#;
        let spec = spec::parse(text, "x.toml", &[]).unwrap();
        let trial = |losses: &[&[GanLoss]], batches: &[usize]| Trial {
            spec: spec.to_toml(),
            precision: spec.precision,
            device: "cpu".to_owned(),
            losses: losses.iter().map(|l| l.to_vec()).collect(),
            batches: batches.to_vec(),
        };
        let timed = run(&trial(&[&[GanLoss::Gan]], &[16])).unwrap();
        let works: Vec<&Timing> = timed.iter().map(|t| &t.work).collect();
        let gan = Timing::Iteration(vec![GanLoss::Gan]);
        assert_eq!(works, [&gan, &Timing::Step(16), &Timing::Window, &Timing::Segment]);
        for t in &timed {
            assert!(t.seconds.len() >= 3 && t.seconds.iter().all(|s| *s > 0.0 && *s < 10.0), "{t:?}");
        }
        assert_eq!(run(&trial(&[], &[])).unwrap(), []);
    }
}
