//! The training of the three networks: the phases of an iteration (`phases.rs`), the iterations with their rows, and the
//! checkpoint.

mod phases;

use super::adams::Adams;
use super::batch::Batch;
use super::diagnostics::Diagnostics;
use super::graphed_step::{GraphedLosses, GraphedStep, Player, REHEARSALS};
use super::metrics::AugmentorMetrics;
use super::networks::Networks;
use super::noise::{Noise, Purpose};
use super::prefetch::{Prefetch, Recipe};
use super::task::AugmentorTask;
use super::triplets::Triplets;
use crate::control::{Control, pause};
use crate::feature_bank::Windows;
use crate::history::LoggedRow;
use crate::kernels::adam::all_finite;
use crate::torch::checkpoint::{Reader, Writer};
use crate::torch::cuda_graph::{self, Graph, GraphApi};
use crate::torch::params::Params;
use crate::torch::upload::upload;
use seraug_core::error::{Error, Result};
use seraug_core::spec::{self, GanLoss};
use std::path::Path;
use tch::{Device, Tensor, no_grad};

/// The networks, their optimisers and the number of iterations done.
#[derive(Debug)]
pub struct Trainer<'a> {
    /// What is trained.
    pub networks: Networks,
    /// Iterations done.
    pub step: usize,
    task: AugmentorTask<'a>,
    adams: Adams,
    metrics: AugmentorMetrics,
    diagnostics: Diagnostics,
    /// Where iterations work on fixed buffers.
    fixed: Option<GraphedStep>,
    prefetch: Prefetch,
    labels: Tensor,
}

/// The first is trained under the guidance of emotion alone.
const NETWORKS: [&str; 3] = ["representation", "discriminator", "augmentor"];

/// Trains for `spec.augmentor.iterations` iterations, or what is left of them after `control`'s checkpoint;
/// `control` gets a row every `log_every` of them and after the last.
///
/// A row holds the means of `rep`, `d_loss`, `var`, `gan`, `emo`, `bal` since the row before (each where it
/// is trained with) and, of its own step: `d_ap` and `d_an`, mean dist(A, P) and dist(A, N), unless L_GAN is
/// alone; `d_accuracy` of the discriminator before its update; `p_mean` and `p_deviation` of the
/// decoder's output (the deviation is taken inside each window); `two_noise_cosine`, of the outputs for
/// one input and two noises. And of fixed utterances with fixed noise: `p_moved`, cosine of the decoder's output and that
/// before the first step; unless L_GAN is alone, `knn_originals` and `knn_augmentations`, the share of the five nearest
/// originals in r that have an utterance's class, for the utterances and for an augmentation of each.
///
/// # Errors
/// Fewer than two classes, a class without an utterance, a value that is not finite, a checkpoint that does not
/// fit, a stop, or what `control` returns.
pub fn train(task: AugmentorTask, control: &mut dyn Control) -> Result<Networks> {
    let mut trainer = match control.resume() {
        Some(dir) => Trainer::resume(task, &dir)?,
        None => Trainer::new(task)?,
    };
    if control.records()
        && let Some(note) = trainer.record()
    {
        control.note(note);
    }
    trainer.run(control)?;
    Ok(trainer.networks)
}

impl<'a> Trainer<'a> {
    /// With fresh networks, before the first iteration.
    ///
    /// # Errors
    /// Fewer than two classes, or a class without an utterance.
    pub fn new(task: AugmentorTask<'a>) -> Result<Trainer<'a>> {
        let triplets = Triplets::new(task.labels, task.bank.lens(), &task.class_names(), task.seed)?;
        let networks = Networks::new(task.spec, task.seed, task.bank.device());
        let adams = Adams::new(&networks, &task.spec.augmentor);
        let labels: Vec<i64> = task.labels.iter().map(|&l| l as i64).collect();
        let labels = upload(&labels, task.bank.device());
        let a = &task.spec.augmentor;
        let recipe = Recipe {
            triplets,
            seed: task.seed,
            batch: a.batch,
            frames: a.frames,
            noise_len: networks.augmentor.noise_len(),
            epsilon: a.epsilon,
            purposes: task.purposes(),
        };
        let (prefetch, metrics) = (Prefetch::new(recipe), AugmentorMetrics::default());
        let diagnostics = Diagnostics::new(&task, &networks);
        Ok(Trainer { networks, step: 0, task, adams, metrics, diagnostics, fixed: None, prefetch, labels })
    }

    fn settings(&self) -> &'a spec::Augmentor {
        &self.task.spec.augmentor
    }
}

/// What an iteration works on.
impl Trainer<'_> {
    /// The windows and the noise of the next iteration, with those of `also` beside what the phases need.
    pub fn prepare(&mut self, also: &[Purpose]) -> Batch {
        self.prepare_step(self.step, also)
    }

    /// As [`Trainer::prepare`], of the iteration after `step` others.
    fn prepare_step(&mut self, step: usize, also: &[Purpose]) -> Batch {
        let (places, numbers) = self.prefetch.of(step, self.task.bank.device());
        let mut noise = self.noise(&numbers, &self.recipe().purposes);
        if !also.is_empty() {
            let numbers = upload(&self.recipe().noise(step, also), self.task.bank.device());
            noise.extend(self.noise(&numbers, also));
        }
        self.batch(&places, noise)
    }

    /// The noise that was drawn for `purposes` and is at the front of `numbers`.
    fn noise(&self, numbers: &Tensor, purposes: &[Purpose]) -> Vec<(Purpose, Noise)> {
        let Recipe { batch, noise_len, .. } = *self.recipe();
        purposes.iter().copied().zip(Noise::parts(numbers, purposes.len(), batch, noise_len)).collect()
    }

    /// The windows at `places` (int64 [2, 4 batch], of [`Recipe::places`]), with this noise; all on the device.
    fn batch(&self, places: &Tensor, noise: Vec<(Purpose, Noise)>) -> Batch {
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let (items, offsets) = (places.get(0), places.get(1));
        let all = self.task.bank.windows(&items, &offsets, a.frames, a.padding);
        let part = |from: i64, parts: i64| Windows {
            x: all.x.narrow(0, from * size, parts * size),
            own: all.own.narrow(0, from * size, parts * size),
        };
        Batch {
            triplets: part(0, 3),
            classes: self.labels.index_select(0, &items.narrow(0, 0, 3 * size)),
            positives: part(0, 1),
            anchors: part(1, 1),
            negatives: part(2, 1),
            originals: part(3, 1),
            noise,
            variants: None,
        }
    }

    /// As of [`Recipe`], of this training.
    fn recipe(&self) -> &Recipe {
        &self.prefetch.recipe
    }
}

/// Iterations and their rows.
impl Trainer<'_> {
    /// Iterates up to the spec's number of iterations; rows and errors as of [`train`].
    pub fn run(&mut self, control: &mut dyn Control) -> Result<()> {
        let (steps, every) = (self.task.spec.augmentor.iterations, self.task.spec.augmentor.log_every);
        while self.step < steps {
            let log = (self.step + 1).is_multiple_of(every);
            match self.fixed.take() {
                None => {
                    let batch = self.iterate(if log { self.diagnosed() } else { &[] });
                    if log {
                        self.report(&batch, control)?;
                    }
                }
                Some(fixed) => {
                    self.iterate_fixed(fixed)?;
                    if let Some(note) = self.fixed.as_mut().and_then(|fixed| fixed.note.take()) {
                        control.note(note);
                    }
                    if log {
                        self.report_last(control)?;
                    }
                }
            }
            pause(control, self.step, steps, &|dir| self.save(dir))?;
        }
        if !self.metrics.is_empty() {
            // The last step is off the interval, and may have been before a resume.
            self.report_last(control)?;
        }
        let n = &self.networks;
        for (name, params) in [
            ("augmentor", &n.augmentor.params),
            ("discriminator", &n.discriminator.params),
            ("representation learner", &n.representation.params),
        ] {
            if !all_finite(params.flat()) {
                return Err(diverged(&format!("a weight of the {name} is not finite"), self.step));
            }
        }
        Ok(())
    }

    /// One iteration, without a row.
    ///
    /// # Errors
    /// It was to be recorded as a CUDA graph and cannot be.
    pub fn iteration(&mut self) -> Result<()> {
        match self.fixed.take() {
            None => {
                self.iterate(&[]);
                Ok(())
            }
            Some(fixed) => self.iterate_fixed(fixed),
        }
    }

    /// The row of the last iteration, whose batch is drawn again.
    fn report_last(&mut self, control: &mut dyn Control) -> Result<()> {
        let batch = self.prepare_step(self.step - 1, self.diagnosed());
        self.report(&batch, control)
    }

    /// One iteration, its batch prepared with the noise of `also` too.
    fn iterate(&mut self, also: &[Purpose]) -> Batch {
        let mut batch = self.prepare(also);
        let moved = self.phases(&mut batch);
        moved.losses.iter().for_each(|(name, loss)| self.metrics.add(name, loss));
        self.metrics.keep(moved.represented, moved.discriminated);
        self.step += 1;
        batch
    }

    /// The noise that a row asks for, where the phases do not.
    fn diagnosed(&self) -> &'static [Purpose] {
        if self.task.trains(GanLoss::Var) { &[] } else { &[Purpose::FirstVariant, Purpose::SecondVariant] }
    }

    /// Gives `control` the row of the last iteration and the losses since the row before; `batch` is the
    /// iteration's, with the noise of [`Trainer::diagnosed`].
    fn report(&mut self, batch: &Batch, control: &mut dyn Control) -> Result<()> {
        let values = no_grad(|| {
            let [first, second] = self.perturbations(batch).map(|p| p.flatten(1, -1));
            let deviation = first.std_dim(1, false, false);
            let cosine = Tensor::cosine_similarity(&first, &second, 1, 1e-8);
            let mut also = vec![("p_mean", first), ("p_deviation", deviation), ("two_noise_cosine", cosine)];
            also.extend(self.diagnostics.values(&self.task, &self.networks));
            self.metrics.read(also)
        });
        let row = LoggedRow { step: self.step, steps: self.task.spec.augmentor.iterations, values };
        finite(&row)?;
        control.row(row)
    }
}

/// Iterations on fixed buffers, by a CUDA graph where there is one.
impl Trainer<'_> {
    /// From here on an iteration works on fixed buffers, as one that is recorded does, though none is. On a CPU the
    /// weights are those of other iterations up to the rounding of Adam.
    pub fn fix(&mut self) {
        self.play(Player::Eager);
    }

    /// From here on an iteration is a replay of a CUDA graph, after the few that its recording takes. Gives the reason in
    /// one line where it is none, and then changes nothing.
    pub fn record(&mut self) -> Option<String> {
        let Device::Cuda(device) = self.task.bank.device() else {
            return Some("no CUDA graph: the device is the CPU".to_owned());
        };
        self.record_by(cuda_graph::api(), device)
    }

    fn record_by(&mut self, api: std::result::Result<GraphApi, String>, device: usize) -> Option<String> {
        match api.and_then(|api| Graph::new(api, device)) {
            Ok(graph) => {
                self.play(Player::Rehearsing(graph, REHEARSALS));
                None
            }
            Err(reason) => Some(format!("no CUDA graph: {reason}")),
        }
    }

    fn play(&mut self, player: Player) {
        let noise = self.recipe().noise_count() as i64;
        let steps = self.adams.steps(&self.task);
        let numbers = noise + 2 * steps.iter().sum::<i64>();
        let fixed = GraphedStep::new(player, self.recipe().batch, numbers, self.task.bank.device());
        let mut at = noise;
        for (adam, steps) in self.adams.all().zip(steps) {
            adam.follow(fixed.steps(at, steps));
            at += 2 * steps;
        }
        self.fixed = Some(fixed);
    }

    /// One iteration by `fixed`, without a row.
    ///
    /// # Errors
    /// As of [`GraphedStep::play`].
    fn iterate_fixed(&mut self, mut fixed: GraphedStep) -> Result<()> {
        self.fill(&mut fixed);
        let results = fixed.play(|places, numbers| self.move_by(places, numbers))?;
        for (name, loss) in results.names.iter().zip(results.losses.unbind(0)) {
            self.metrics.add(name, &loss);
        }
        self.metrics.keep(results.represented, results.discriminated);
        self.step += 1;
        self.fixed = Some(fixed);
        Ok(())
    }

    /// The host's part: what the iteration is drawn from, and the numbers of Adam's steps.
    fn fill(&mut self, fixed: &mut GraphedStep) {
        let (places, noise) = self.prefetch.of(self.step, self.task.bank.device());
        let (mut steps, rate) = (Vec::new(), self.task.spec.augmentor.learning_rate);
        let counts = self.adams.steps(&self.task);
        for (adam, count) in self.adams.all().zip(counts) {
            adam.announce(count, rate, &mut steps);
        }
        fixed.fill(&places, &noise, &steps);
    }

    /// The device's part: no upload, and nothing that the host waits for.
    fn move_by(&mut self, places: &Tensor, numbers: &Tensor) -> GraphedLosses {
        let noise = self.noise(numbers, &self.recipe().purposes);
        let mut batch = self.batch(places, noise);
        self.phases(&mut batch).into()
    }
}

/// Checkpoints.
impl<'a> Trainer<'a> {
    /// Writes networks, optimisers, the number of iterations done and what the next row has so far into `dir`.
    /// Without a representation learner where the losses do not train it: its values are the seed's.
    ///
    /// # Errors
    /// Names the file: a folder that cannot be written, a full disk.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let mut to = Writer::new(self.step, self.task.spec.augmentor.iterations);
        self.trained().for_each(|(name, params)| to.params(name, params));
        self.adams.trained(self.task.guided()).for_each(|(name, adam)| adam.save(&mut to, name));
        self.metrics.save(&mut to);
        to.write(dir)
    }

    /// Takes up what [`Trainer::save`] wrote, after any number of iterations. The task must be the one it was
    /// saved from, but for the number of iterations in all.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a file that is absent, torn or not of these networks; more iterations done than the
    /// spec has.
    pub fn resume(task: AugmentorTask<'a>, dir: &Path) -> Result<Trainer<'a>> {
        let mut trainer = Trainer::new(task)?;
        let mut from = Reader::open(dir)?;
        trainer.step = from.step(task.spec.augmentor.iterations, false)?;
        trainer.trained().try_for_each(|(name, params)| from.params(name, params))?;
        for (name, adam) in trainer.adams.trained_mut(task.guided()) {
            adam.load(&mut from, name)?;
        }
        trainer.metrics = AugmentorMetrics::load(&mut from, task.bank.device())?;
        Ok(trainer)
    }

    fn trained(&self) -> impl Iterator<Item = (&'static str, &Params)> {
        let n = &self.networks;
        let all = [&n.representation.params, &n.discriminator.params, &n.augmentor.params];
        NETWORKS.into_iter().zip(all).skip(usize::from(!self.task.guided()))
    }
}

fn finite(row: &LoggedRow) -> Result<()> {
    match row.values.iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((name, value)) => Err(diverged(&format!("{name} is {value}"), row.step)),
    }
}

fn diverged(what: &str, step: usize) -> Error {
    Error::failed(format!(
        "augmentor training: {what} at step {step}; lower augmentor.learning-rate or set augmentor.clip-norm"
    ))
}

#[cfg(test)]
mod tests;
