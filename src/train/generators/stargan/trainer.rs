//! The training: first the classifier on real windows, then, with it frozen, critic and generator in turn.

use super::networks::StarGanNetworks;
use crate::classifier::loss::SegmentLoss;
use crate::control::Control;
use crate::feature_bank::indices;
use crate::generators::TrainingTask;
use crate::generators::training::{Course, Learner, Training};
use crate::generators::windows::{Cropped, Crops};
use crate::kernels::adam::Adam;
use crate::nets::losses::{adversarial, discriminator};
use crate::nets::pass::Wanted;
use crate::nets::stargan::{absolute_difference, gradient_penalty};
use crate::torch::upload::upload;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::{Adversarial, ClassifierLoss, StarGan, StarGanTraining};
use tch::{Kind, Tensor, no_grad};

/// Adam's betas of the classifier.
const CLASSIFIER_BETAS: [f64; 2] = [0.9, 0.999];
/// Columns of a row of the classifier's part: its loss, and the share of its windows that it tells.
const CLASSIFIER: [&str; 2] = ["cls_real", "cls_real_accuracy"];
/// Of the iterations of critic and generator: the critic's loss, what it tells apart, the four losses of the generator but the last, the
/// mean absolute difference of a window and its conversion; once the class term is on, its loss and the share of conversions
/// that the classifier takes for what they are to be.
const LOGISTIC: [&str; 8] =
    ["d_loss", "d_accuracy", "adv", "cycle", "identity", "moved", "cls", "cls_accuracy"];
/// The same; in the place of the accuracy, which a Wasserstein critic has not, the penalty.
const WASSERSTEIN: [&str; 8] =
    ["d_loss", "penalty", "adv", "cycle", "identity", "moved", "cls", "cls_accuracy"];
/// Columns before the class term is on.
const WITHOUT_CLASS: usize = 6;

/// Trains all three networks.
///
/// # Errors
/// A class without an utterance, a value that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
pub(super) fn train(
    generator: &StarGan,
    task: &TrainingTask,
    control: &mut dyn Control,
) -> Result<StarGanNetworks> {
    let mut training = StarGanCourse::new(generator, *task)?;
    let settings = training.settings.clone();
    let course = Course {
        of: "stargan",
        iterations: settings.steps(),
        log_every: settings.log_every,
        rate_field: "stargan.learning-rate or stargan.classifier-learning-rate",
    };
    course.run(&mut training, control)?;
    Ok(training.networks)
}

struct StarGanCourse<'a> {
    of: &'a StarGan,
    settings: StarGanTraining,
    task: TrainingTask<'a>,
    networks: StarGanNetworks,
    /// Of the classifier, of the critic, of the generator.
    adams: [Adam; 3],
    crops: Crops,
    /// Weighted by the inverse of each class's share of the training utterances.
    class_loss: SegmentLoss,
    /// Own frames of the windows of a batch: all.
    own: Tensor,
}

/// Windows with the classes that they are to be converted into.
struct Targeted {
    from: Cropped,
    /// int64 [batch].
    to: Tensor,
}

impl<'a> StarGanCourse<'a> {
    fn new(of: &'a StarGan, task: TrainingTask<'a>) -> Result<StarGanCourse<'a>> {
        let (settings, device) = (task.spec.stargan(), task.bank.device());
        let names = task.spec.class_names();
        let mut counts = vec![0; names.len()];
        task.labels.iter().for_each(|&label| counts[label] += 1);
        if let Some(empty) = counts.iter().position(|&n| n == 0) {
            return Err(Error::failed(format!(
                "stargan training: no training utterance of class {}; lower reduction.share or drop the class",
                names[empty]
            )));
        }
        let networks = StarGanNetworks::new(task.spec, task.seed, device);
        let adams = [
            Adam::new(&networks.classifier.params, CLASSIFIER_BETAS),
            Adam::new(&networks.critic.params, settings.betas),
            Adam::new(&networks.generator.params, settings.betas),
        ];
        Ok(StarGanCourse {
            of,
            networks,
            adams,
            crops: Crops::new(task.bank, task.labels, names.len(), settings.frames),
            class_loss: SegmentLoss::new(ClassifierLoss::Weighted, &counts, device),
            own: Tensor::full([settings.batch as i64], settings.frames as i64, (Kind::Int64, device)),
            settings,
            task,
        })
    }

    /// Windows, every utterance equally likely, and classes, each equally likely.
    fn drawn(&self, seed: Seed) -> Targeted {
        let (bank, size) = (self.task.bank, self.settings.batch);
        let from = self.crops.natural(bank, seed.child("windows"), size);
        let mut draws = seed.child("classes").draws();
        let to: Vec<usize> = (0..size).map(|_| draws.below(self.task.spec.classes.len())).collect();
        Targeted { from, to: indices(&to, bank.device()) }
    }

    /// A step of the classifier.
    fn classify(&mut self, done: usize) -> Vec<Tensor> {
        let net = &self.networks.classifier;
        let drawn = self.crops.natural(self.task.bank, self.seed("classifier", done), self.settings.batch);
        let pass = net.pass(&drawn.x, &self.own, Wanted::Parameters);
        let right = accuracy(&pass.out, &drawn.classes);
        let loss = self.class_loss.of(&pass.out, &drawn.classes);
        let gradient = net.gradient(pass, &loss);
        self.adams[0].step(&net.params, &gradient, self.settings.classifier_learning_rate, 0.0);
        vec![loss.detach(), right]
    }

    /// A step of the critic: its loss, and the share of windows that it tells or the penalty.
    fn criticise(&mut self, seed: Seed) -> [Tensor; 2] {
        let (settings, critic) = (&self.settings, &self.networks.critic);
        let size = settings.batch as i64;
        let Targeted { from, to } = self.drawn(seed);
        let made = no_grad(|| self.networks.generator.forward(&from.x, &to));
        let both = Tensor::cat(&[&from.x, &made], 0);
        let logits = critic.forward(&both, &Tensor::cat(&[&from.classes, &to], 0));
        let [real, fake] = [0, size].map(|at| logits.narrow(0, at, size));
        let (loss, other) = match self.of.adversarial {
            Adversarial::Ns => {
                let right = Tensor::cat(&[real.gt(0.0), fake.lt(0.0)], 0);
                (discriminator(&real, &fake), right.to_kind(Kind::Float).mean(Kind::Float))
            }
            Adversarial::WganGp => {
                let mut host = vec![0f32; settings.batch];
                let mut draws = seed.child("shares").draws();
                host.iter_mut().for_each(|v| *v = draws.uniform() as f32);
                let share = upload(&host, self.task.bank.device());
                let penalty = gradient_penalty(critic, &from.x, &made, &share, &to);
                let distance = fake.mean(Kind::Float) - real.mean(Kind::Float);
                (distance + &penalty * self.of.weights.penalty, penalty.detach())
            }
        };
        let gradient = critic.params.gradient(&loss);
        self.adams[1].step(&critic.params, &gradient, settings.learning_rate, 0.0);
        [loss.detach(), other]
    }

    /// A step of the generator, with the class term or without: its losses.
    fn convert(&mut self, seed: Seed, with_class: bool) -> Vec<Tensor> {
        let (settings, weights) = (&self.settings, &self.of.weights);
        let StarGanNetworks { generator, critic, classifier } = &self.networks;
        let size = settings.batch as i64;
        let Targeted { from: Cropped { x, classes }, to } = self.drawn(seed);
        // Into the target and into the own class at once.
        let both = generator.forward(&x.repeat([2, 1, 1, 1]), &Tensor::cat(&[&to, &classes], 0));
        let [made, own] = [0, size].map(|at| both.narrow(0, at, size));
        let logits = critic.forward(&made, &to);
        let adv = match self.of.adversarial {
            Adversarial::Ns => adversarial(&logits),
            Adversarial::WganGp => logits.mean(Kind::Float).neg(),
        };
        let cycle = absolute_difference(&generator.forward(&made, &classes), &x);
        let identity = absolute_difference(&own, &x);
        let mut loss = &adv + &cycle * weights.cycle + &identity * weights.identity;
        let moved = no_grad(|| absolute_difference(&made, &x));
        let mut values = vec![adv.detach(), cycle.detach(), identity.detach(), moved];
        if with_class {
            let pass = classifier.pass(&made.detach(), &self.own, Wanted::Input);
            let right = accuracy(&pass.out, &to);
            let cls = self.class_loss.of(&pass.out, &to);
            let by_made = classifier.input_gradient(pass, &(&cls * weights.cls));
            // Its gradient by the generator is that of the class term.
            loss = loss + (&made * by_made).sum(Kind::Float);
            values.extend([cls.detach(), right]);
        }
        let gradient = generator.params.gradient(&loss);
        self.adams[2].step(&generator.params, &gradient, settings.learning_rate, 0.0);
        values
    }

    fn seed(&self, purpose: &str, iteration: usize) -> Seed {
        self.task.seed.child(purpose).at(iteration as u64)
    }

    /// Whether the class term is on in the iteration after `done` others of critic and generator.
    fn with_class(&self, done: usize) -> bool {
        done >= self.of.warm_up_iterations(self.settings.iterations)
    }
}

impl Training for StarGanCourse<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        let StarGanNetworks { generator, critic, classifier } = &self.networks;
        let of = |name, params, adam| Learner { name, params, adam };
        vec![
            of("classifier", &classifier.params, &self.adams[0]),
            of("critic", &critic.params, &self.adams[1]),
            of("generator", &generator.params, &self.adams[2]),
        ]
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        self.adams.iter_mut().collect()
    }

    fn losses(&self) -> &'static [&'static str] {
        match self.of.adversarial {
            Adversarial::Ns => &LOGISTIC,
            Adversarial::WganGp => &WASSERSTEIN,
        }
    }

    fn losses_of(&self, done: usize) -> &'static [&'static str] {
        match done.checked_sub(self.settings.classifier_iterations) {
            None => &CLASSIFIER,
            Some(done) if self.with_class(done) => self.losses(),
            Some(_) => &self.losses()[..WITHOUT_CLASS],
        }
    }

    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let Some(done) = done.checked_sub(self.settings.classifier_iterations) else {
            return self.classify(done);
        };
        let steps = self.of.steps_of_critic();
        let seed = self.seed("critic", done);
        let criticised: Vec<[Tensor; 2]> = (0..steps).map(|k| self.criticise(seed.at(k as u64))).collect();
        let mean = |which: usize| {
            let values: Vec<&Tensor> = criticised.iter().map(|of| &of[which]).collect();
            Tensor::stack(&values, 0).mean(Kind::Float)
        };
        let mut values = vec![mean(0), mean(1)];
        values.extend(self.convert(self.seed("generator", done), self.with_class(done)));
        values
    }
}

/// Share of `logits` [batch, classes] whose largest is that of the class (int64 [batch]), on the device.
fn accuracy(logits: &Tensor, classes: &Tensor) -> Tensor {
    let right = logits.detach().argmax(1, false).eq_tensor(classes);
    right.to_kind(Kind::Float).mean(Kind::Float)
}
