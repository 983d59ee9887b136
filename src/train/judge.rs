//! The judge of generated samples: a classifier of its own, whose penultimate layer is the space that samples are measured in
//! (docs/judge.md).

use crate::classifier::loss::SegmentLoss;
use crate::control::Control;
use crate::feature_bank::{Bank, indices};
use crate::generators::TrainingTask;
use crate::generators::training::{Course, Learner, Training};
use crate::generators::windows::{Crops, consecutive};
use crate::kernels::adam::Adam;
use crate::nets::headed_sequence::{HeadedSequence, SequenceSizes};
use crate::nets::pass::Wanted;
use crate::torch::params::Params;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{ClassifierLoss, Judge, Padding, Spec};
use seraug_data::judge::{Point, pattern};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Windows that are looked at together.
const BATCH: usize = 64;
/// Adam's betas.
const BETAS: [f64; 2] = [0.9, 0.999];
/// Name of its file in an entry of the store.
const FILE: &str = "judge.safetensors";

/// The representation learner's layers, trained anew to tell the classes, and a linear layer.
#[derive(Debug)]
pub struct JudgeNet {
    net: HeadedSequence,
    frames: usize,
}

/// What the judge makes of utterances.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JudgedUtterances {
    /// The penultimate layer of each, the mean over its windows.
    pub embedding: Vec<Vec<f64>>,
    /// The class that each is taken for.
    pub classes: Vec<usize>,
}

impl JudgeNet {
    /// With fresh parameters, of the representation learner's sizes.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> JudgeNet {
        let (r, frames) = (&spec.representation, spec.augmentor.frames);
        let classes = Some(spec.classes.len());
        let sizes = SequenceSizes { widths: &r.widths, units: r.lstm, classes, frames };
        JudgeNet { net: HeadedSequence::new(sizes, spec.precision, seed.child("judge"), device), frames }
    }

    /// Its parameters.
    pub fn params(&self) -> &Params {
        &self.net.params
    }

    /// Trains one on the utterances of `task` with cross-entropy, weighted by the inverse of each class's share of them, from the
    /// start or from `control`'s checkpoint: random windows of the augmentor's length, shorter utterances repeated.
    ///
    /// # Errors
    /// A loss or a weight that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
    pub fn train(settings: &Judge, task: &TrainingTask, control: &mut dyn Control) -> Result<JudgeNet> {
        let TrainingTask { spec, bank, labels, seed, .. } = *task;
        let net = JudgeNet::new(spec, seed.child("init"), bank.device());
        let classes = spec.classes.len();
        let mut counts = vec![0usize; classes];
        labels.iter().for_each(|&l| counts[l] += 1);
        let mut training = JudgeTraining {
            adam: Adam::new(net.params(), BETAS),
            crops: Crops::new(bank, labels, classes, net.frames),
            class_loss: SegmentLoss::new(ClassifierLoss::Weighted, &counts, bank.device()),
            net,
            bank,
            settings,
            seed: seed.child("windows"),
        };
        let course = Course {
            of: "judge",
            iterations: settings.iterations,
            log_every: settings.log_every,
            rate_field: "judge.learning-rate",
        };
        course.run(&mut training, control)?;
        Ok(training.net)
    }

    /// Writes judge.safetensors into `dir`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, dir: &Path) -> Result<()> {
        self.params().save(&dir.join(FILE))
    }

    /// Reads what [`JudgeNet::save`] wrote.
    ///
    /// # Errors
    /// A file that is absent or not of the network that `spec` describes.
    pub fn load(spec: &Spec, dir: &Path, device: Device) -> Result<JudgeNet> {
        let mut net = JudgeNet::new(spec, Seed::new(0), device);
        net.net.params.load(&dir.join(FILE))?;
        Ok(net)
    }

    /// Looks at every utterance of a bank by windows one after the other, the last one ending with it; a shorter utterance is
    /// repeated. What one is taken for is the class with the highest mean logit, of equal ones the first.
    pub fn judge(&self, bank: &Bank) -> JudgedUtterances {
        let windows = consecutive(bank, self.frames);
        let (mut found, mut logits): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for batch in windows.chunks(BATCH) {
            let (items, offsets): (Vec<usize>, Vec<usize>) = batch.iter().copied().unzip();
            let [items, offsets] = [items, offsets].map(|v| indices(&v, bank.device()));
            let rows = |t: Tensor| -> Vec<Vec<f64>> {
                let host = t.to_kind(Kind::Double).to_device(Device::Cpu);
                Vec::<Vec<f64>>::try_from(host).expect("a matrix of numbers")
            };
            let (r, of) = tch::no_grad(|| {
                let w = bank.windows(&items, &offsets, self.frames, Padding::Repeat);
                let r = self.net.represent(&w.x, &w.own).to_kind(Kind::Float);
                let of = self.net.headed(&r);
                (r, of)
            });
            found.extend(rows(r));
            logits.extend(rows(of));
        }
        let mut judged = JudgedUtterances::default();
        let mut at = 0;
        while at < windows.len() {
            let n = windows[at..].iter().take_while(|w| w.0 == windows[at].0).count();
            judged.embedding.push(mean(&found[at..at + n]));
            let scores = mean(&logits[at..at + n]);
            let best = (1..scores.len()).fold(0, |best, c| if scores[c] > scores[best] { c } else { best });
            judged.classes.push(best);
            at += n;
        }
        judged
    }

    /// Multiply-accumulates of a forward pass of one window.
    pub fn macs_per_sample(&self) -> u64 {
        self.net.macs_per_sample()
    }
}

/// A training in progress.
struct JudgeTraining<'a> {
    net: JudgeNet,
    adam: Adam,
    crops: Crops,
    /// Weighted by the inverse of each class's share.
    class_loss: SegmentLoss,
    bank: &'a Bank,
    settings: &'a Judge,
    seed: Seed,
}

impl Training for JudgeTraining<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        vec![Learner { name: "judge", params: self.net.params(), adam: &self.adam }]
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        vec![&mut self.adam]
    }

    fn losses(&self) -> &'static [&'static str] {
        &["loss", "train_accuracy"]
    }

    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let drawn = self.crops.natural(self.bank, self.seed.at(done as u64), self.settings.batch);
        let own = drawn.classes.full_like(self.net.frames as i64);
        let net = &self.net.net;
        let pass = net.pass(&drawn.x, &own, Wanted::Parameters);
        let loss = self.class_loss.of(&pass.out, &drawn.classes);
        let right = pass.out.detach().argmax(1, false).eq_tensor(&drawn.classes).to_kind(Kind::Float);
        let values = vec![loss.detach(), right.mean(Kind::Float)];
        let gradient = net.gradient(pass, &loss);
        self.adam.step(&net.params, &gradient, self.settings.learning_rate, 0.0);
        values
    }
}

/// Mean and deviation over time of each mel band of every utterance of a bank, in its standardised values: [2 * mels] each, means
/// first.
pub fn bands(bank: &Bank) -> Vec<Vec<f64>> {
    let mels = bank.frames().size()[1] as usize;
    let host = bank.frames().to_device(Device::Cpu).reshape([-1]);
    let host = Vec::<f32>::try_from(host).expect("log-mels are floats");
    let of = |(start, &len): (usize, &usize)| {
        let (host, n) = (&host, len.max(1) as f64);
        let values = |band: usize| (start..start + len).map(move |t| f64::from(host[t * mels + band]));
        let means: Vec<f64> = (0..mels).map(|b| values(b).sum::<f64>() / n).collect();
        let spread = |b: usize| (values(b).map(|v| (v - means[b]).powi(2)).sum::<f64>() / n).sqrt();
        let deviations: Vec<f64> = (0..mels).map(spread).collect();
        [means, deviations].concat()
    };
    bank.starts().into_iter().zip(bank.lens()).map(of).collect()
}

/// What repeats over time in every utterance of a bank ([`pattern`]), in its standardised values.
pub fn patterns(bank: &Bank) -> Vec<Point> {
    let mels = bank.frames().size()[1] as usize;
    bank.entries().map(|(frames, _)| pattern(&frames, mels)).collect()
}

/// The mean absolute difference of each utterance of `made` from the one of `originals` that `sources` names, over the frames that both have, in
/// standardised values.
pub fn changes(made: &Bank, originals: &Bank, sources: &[usize]) -> Vec<f64> {
    let (ours, theirs) = (made.starts(), originals.starts());
    let of = |(i, &source): (usize, &usize)| {
        let frames = made.lens()[i].min(originals.lens()[source]) as i64;
        let rows = |bank: &Bank, start: usize| bank.frames().narrow(0, start as i64, frames);
        (rows(made, ours[i]) - rows(originals, theirs[source])).abs().mean(Kind::Double)
    };
    let each: Vec<Tensor> = sources.iter().enumerate().map(of).collect();
    if each.is_empty() {
        return Vec::new();
    }
    Vec::<f64>::try_from(Tensor::stack(&each, 0).to_device(Device::Cpu)).expect("a vector of numbers")
}

/// The mean of rows, at least one.
fn mean(rows: &[Vec<f64>]) -> Vec<f64> {
    let of = |d: usize| rows.iter().map(|row| row[d]).sum::<f64>() / rows.len() as f64;
    (0..rows[0].len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec::parse;

    const SPEC: &str = r#"title = "t"
corpus = "emodb"
preset = "tiny"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
reduction = { share = 0.8, keep = ["neutral"] }
condition = [{ name = "no-aug" }]
[judge]
iterations = 60
batch = 8
learning-rate = 3e-3
"#;

    /// Utterances of noise, those of class 1 loud in the low bands.
    fn bank(n: usize) -> (Bank, Vec<usize>) {
        let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
        let lens: Vec<usize> = (0..n).map(|i| 40 + 17 * (i % 7)).collect();
        let mut host = Vec::new();
        for (i, (&len, &label)) in lens.iter().zip(&labels).enumerate() {
            let mut values = vec![0f32; (len + 1) * 128];
            Seed::new(2).at(i as u64).draws().fill_normal(&mut values);
            let is_loud = |at: usize| label == 1 && at % 128 < 40;
            host.extend(values.iter().enumerate().map(|(at, v)| v + if is_loud(at) { 1.5 } else { 0.0 }));
        }
        (Bank::from_frames(Tensor::from_slice(&host).view([-1, 128]), lens), labels)
    }

    #[test]
    fn classes_are_learnt_and_every_utterance_has_a_point() {
        let spec = parse(SPEC, "x.toml", &[]).unwrap();
        let (bank, labels) = bank(24);
        let task =
            TrainingTask { spec: &spec, bank: &bank, labels: &labels, autoencoder: None, seed: Seed::new(1) };
        let settings = spec.judge.as_ref().unwrap();
        let train = || JudgeNet::train(settings, &task, &mut |_| Ok(())).unwrap();
        let net = train();
        let judged = net.judge(&bank);
        assert_eq!(judged.embedding.len(), 24);
        assert_eq!(judged.embedding[0].len(), spec.representation.lstm);
        let right = judged.classes.iter().zip(&labels).filter(|(a, b)| a == b).count();
        assert!(right >= 22, "{right} of 24");
        let again = train();
        assert!(again.params().flat().equal(net.params().flat()), "two trainings give the same bits");
        let folder = tempfile::tempdir().unwrap();
        net.save(folder.path()).unwrap();
        let read = JudgeNet::load(&spec, folder.path(), Device::Cpu).unwrap();
        assert_eq!(read.judge(&bank), judged);
    }

    #[test]
    fn bands_are_means_and_deviations_without_the_floor() {
        // Two frames of two bands and a floor row, then one frame and its floor.
        let frames = Tensor::from_slice(&[1f32, 10., 3., 10., -9., -9., 5., 6., -9., -9.]).view([5, 2]);
        let bank = Bank::from_frames(frames, vec![2, 1]);
        assert_eq!(bands(&bank), [vec![2., 10., 1., 0.], vec![5., 6., 0., 0.]]);
    }

    #[test]
    fn changes_are_of_the_frames_that_both_have() {
        let bank = |frames: &[f32], lens| Bank::from_frames(Tensor::from_slice(frames).view([-1, 2]), lens);
        // Two frames and the floor; one frame and its floor.
        let originals = bank(&[1., 10., 3., 10., -9., -9., 5., 6., -9., -9.], vec![2, 1]);
        let made = bank(&[2., 10., 3., 7., 0., 0., 1., 9., 0., 0.], vec![2, 1]);
        assert_eq!(changes(&made, &originals, &[0, 0]), [1.0, 0.5]);
        assert_eq!(changes(&made, &originals, &[1, 1]), [3.5, 3.5]);
        assert_eq!(changes(&made, &originals, &[]), [0.0; 0]);
    }
}
