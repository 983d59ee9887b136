//! Times steps of the trainings of a spec on random data, with the same code that trains.

mod clock;

use clock::Clock;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::{
    self, Autoencoder, Classifier, ClassifierLoss, FinalWeights, Judge, Network, Sampling, Spec,
};
use seraug_core::store::Stage;
use seraug_core::with_generator;
use seraug_data::audio::LogMel;
use seraug_data::features::Standardiser;
use seraug_run::out_of_memory;
use seraug_run::worker_client::protocol::{BenchmarkRequest, Timed, Timing};
use seraug_train::classifier::predict::predict;
use seraug_train::classifier::{self, ClassifierTask};
use seraug_train::feature_bank::Bank;
use seraug_train::generators::augment;
use seraug_train::generators::autoencoder;
use seraug_train::generators::triplet_gan::Networks;
use seraug_train::generators::{Generate, Trained, TrainingTask};
use seraug_train::judge::JudgeNet;
use seraug_train::nets::autoencoder::AutoencoderNet;
use seraug_train::nets::vgg::VggNet;
use seraug_train::torch::device::{self, Device};
use seraug_train::torch::process_setup;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// More steps than a benchmark ever takes.
const STEPS: usize = 1 << 20;

/// Times what the request asks for, each kind of work after a warm-up.
///
/// # Errors
/// A spec that does not parse, a device that does not answer, a training that fails; too little memory, as [`out_of_memory::advice`].
pub fn run(request: &BenchmarkRequest) -> Result<Vec<Timed>> {
    let spec = spec::parse(&request.spec, "the spec of a benchmark", &[])?;
    let device = device::open(request.device)?;
    if device == Device::Cpu {
        process_setup::prepare();
    }
    let bank = random_bank(&spec, device);
    let labels: Vec<usize> = (0..bank.lens().len()).map(|i| i % spec.classes.len()).collect();
    let mut timed = Vec::new();
    if request.autoencoder {
        let clock = explained(Stage::Autoencoder, &spec, || autoencoder_iterations(&spec, &bank, &labels))?;
        timed.push(clock.timed(Timing::Iteration(Autoencoder::work(&spec).of), 1));
    }
    for augment in &request.generators {
        let Some(work) = augment.generator().and_then(|g| g.work(&spec)) else { continue };
        let clock = explained(
            Stage::Augmentor,
            &spec,
            || with_generator!(augment, g => iterations(&spec, g, &bank, &labels), none => Ok(Clock::new(device))),
        )?;
        timed.push(clock.timed(Timing::Iteration(work.of), 1));
    }
    for &batch in &request.batches {
        let clock = explained(Stage::Classifier, &spec, || steps(&spec, batch, &bank, &labels))?;
        timed.push(clock.timed(Timing::Step(batch), 1));
    }
    let many = if device.is_cuda() { 1024 } else { 32 };
    let all: Vec<usize> = (0..many).map(|i| i % bank.lens().len()).collect();
    if request.windows {
        let clock = explained(Stage::Classifier, &spec, || {
            let networks = Networks::new(&spec, Seed::new(1), device);
            let names = vec!["made up"; many];
            Ok(Clock::repeated(device, || {
                drop(augment(&networks.augmentor, &spec, &bank, &all, &names, 1, Seed::new(1)));
            }))
        })?;
        timed.push(clock.timed(Timing::Window, many));
    }
    if !request.batches.is_empty() {
        let clock = explained(Stage::Classifier, &spec, || {
            let (Network::Vgg(sizes), c) = (&spec.classifier.network, &spec.classifier);
            let (mels, classes) = (spec.features.mels, spec.classes.len());
            let net = VggNet::new(sizes, c.segment_frames, mels, classes, Seed::new(1), device)
                .in_precision(spec.precision);
            Ok(Clock::repeated(device, || drop(predict(&net, c, &bank, &all))))
        })?;
        timed.push(clock.timed(Timing::Segment, many));
    }
    if let Some(judge) = spec.judge.as_ref().filter(|_| request.judge) {
        let clock = explained(Stage::Judge, &spec, || {
            let task = TrainingTask {
                spec: &spec,
                bank: &bank,
                labels: &labels,
                autoencoder: None,
                seed: Seed::new(1),
            };
            let mut clock = Clock::new(device);
            let endless = Judge { iterations: STEPS, ..judge.clone() };
            let ended = JudgeNet::train(&endless, &task, &mut clock).map(drop);
            clock.ended(ended)
        })?;
        timed.push(clock.timed(Timing::JudgeIteration, 1));
    }
    Ok(timed)
}

/// Utterances of noise, each as long as the shorter of a segment and a window.
fn random_bank(spec: &Spec, device: Device) -> Bank {
    let (frames, mels) = (spec.classifier.segment_frames.min(spec.augmentor.frames), spec.features.mels);
    let item = |i: usize| {
        let mut db = vec![0f32; frames * mels];
        Seed::new(1).child("trial").at(i as u64).draws().fill_normal(&mut db);
        LogMel { frames, mels, db }
    };
    let items: Vec<LogMel> = (0..64.max(2 * spec.classes.len())).map(item).collect();
    Bank::new(&items.iter().collect::<Vec<_>>(), Standardiser { mean: 0.0, deviation: 1.0 }, device)
}

fn iterations<G: Generate>(spec: &Spec, generator: &G, bank: &Bank, labels: &[usize]) -> Result<Clock> {
    let mut spec = spec.clone();
    generator.set_iterations(&mut spec, STEPS);
    let autoencoder =
        generator.needs_autoencoder().then(|| AutoencoderNet::new(&spec, Seed::new(1), bank.device()));
    let task =
        TrainingTask { spec: &spec, bank, labels, autoencoder: autoencoder.as_ref(), seed: Seed::new(1) };
    let mut clock = Clock::new(bank.device());
    let ended = G::Trained::train(generator, &task, &mut clock).map(drop);
    clock.ended(ended)
}

fn autoencoder_iterations(spec: &Spec, bank: &Bank, labels: &[usize]) -> Result<Clock> {
    let sizes = Autoencoder { iterations: STEPS, ..spec.autoencoder() };
    let spec = Spec { autoencoder: Some(sizes), ..spec.clone() };
    let task = TrainingTask { spec: &spec, bank, labels, autoencoder: None, seed: Seed::new(1) };
    let mut clock = Clock::new(bank.device());
    let ended = autoencoder::train(&task, &mut clock).map(drop);
    clock.ended(ended)
}

fn steps(spec: &Spec, batch: usize, bank: &Bank, labels: &[usize]) -> Result<Clock> {
    let settings = Classifier {
        batch,
        small_batch: batch,
        min_steps: STEPS,
        // The others cost almost nothing compared with a step, and there is no speaker to hold out.
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
        loss: ClassifierLoss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed: Seed::new(1),
    };
    let mut clock = Clock::new(bank.device());
    let ended = classifier::train(&task, &mut clock).map(drop);
    clock.ended(ended)
}

/// The result of `time`. Where memory ran out, the error says what to change.
fn explained(stage: Stage, spec: &Spec, time: impl FnOnce() -> Result<Clock>) -> Result<Clock> {
    let advice = |text: &str| out_of_memory::advice(text, stage, spec).map(Error::failed);
    match catch_unwind(AssertUnwindSafe(time)) {
        Ok(timed) => timed.map_err(|e| advice(&e.to_string()).unwrap_or(e)),
        // tch panics with libtorch's own text.
        Err(payload) => match payload.downcast_ref::<String>().and_then(|text| advice(text)) {
            Some(e) => Err(e),
            None => resume_unwind(payload),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::device::DeviceChoice;
    use seraug_core::spec::{Augment, CopySource, GanLoss, TripletGan};

    fn tiny() -> Spec {
        let text = r#"title = "t"
preset = "tiny"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
reduction = { share = 0.8, keep = ["neutral"] }
condition = [{ name = "no-aug" }]
"#;
        spec::parse(text, "x.toml", &[]).unwrap()
    }

    #[test]
    fn what_is_asked_for_is_timed_and_nothing_else() {
        let spec = tiny();
        let losses = vec![GanLoss::Gan];
        let gan = TripletGan { losses, copies: 1, of: CopySource::All, ..TripletGan::default() };
        let gan = Augment::TripletGan(gan);
        let gan = std::slice::from_ref(&gan);
        let request = |generators: &[Augment], batches: &[usize], windows: bool| BenchmarkRequest {
            spec: spec.to_toml(),
            precision: spec.precision,
            device: DeviceChoice::Cpu,
            generators: generators.to_vec(),
            batches: batches.to_vec(),
            windows,
            autoencoder: false,
            judge: false,
        };
        let of = |request: &BenchmarkRequest| -> Vec<Timing> {
            let timed = run(request).unwrap();
            for t in &timed {
                assert!(t.seconds.len() >= 3 && t.seconds.iter().all(|s| *s > 0.0 && *s < 10.0), "{t:?}");
            }
            timed.into_iter().map(|t| t.work).collect()
        };
        let iteration = Timing::Iteration(vec!["gan".to_owned()]);
        let all = [iteration.clone(), Timing::Step(16), Timing::Window, Timing::Segment];
        assert_eq!(of(&request(gan, &[16], true)), all);
        assert_eq!(of(&request(&[], &[16], true)), all[1..], "the augmentor is in the store");
        assert_eq!(of(&request(gan, &[], false)), [iteration]);
        assert_eq!(of(&request(&[], &[], false)), []);
        let judged = Spec { judge: Some(Judge { batch: 2, ..Judge::default() }), ..spec.clone() };
        let judge = BenchmarkRequest { spec: judged.to_toml(), judge: true, ..request(&[], &[], false) };
        assert_eq!(of(&judge), [Timing::JudgeIteration]);
    }

    #[test]
    fn too_little_memory_is_told_as_what_to_change() {
        let spec = tiny();
        let text = "Torch(\"CUDA out of memory. Tried to allocate 2.00 GiB.\")";
        let told = |stage, time: fn(&str) -> Result<Clock>| {
            explained(stage, &spec, || time(text)).map(drop).unwrap_err().to_string()
        };
        for stage in [Stage::Augmentor, Stage::Classifier] {
            let advice = out_of_memory::advice(text, stage, &spec).unwrap();
            assert_eq!(told(stage, |text| Err(Error::failed(text))), advice);
            assert_eq!(told(stage, |text| std::panic::panic_any(text.to_owned())), advice);
        }
        let diverged = explained(Stage::Augmentor, &spec, || Err(Error::failed("a loss is NaN")));
        assert_eq!(diverged.map(drop).unwrap_err().to_string(), "a loss is NaN");
    }
}
