//! The training: on each batch the encoder learns to recognise two views of one window, then the viewmaker to make that hard.

use super::networks::ViewmakerNetworks;
use super::views::ViewDraws;
use crate::control::Control;
use crate::generators::TrainingTask;
use crate::generators::training::{Course, Learner, Training};
use crate::generators::windows::Crops;
use crate::kernels::adam::Adam;
use crate::nets::contrastive::ViewSimilarities;
use crate::nets::pass::Wanted;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{Viewmaker, ViewmakerTraining};
use tch::{Kind, Tensor};

/// Columns of a row: the loss before the encoder's step, that before the viewmaker's, the cosine of the outputs for two views,
/// that of the two changes, the share of views whose nearest output is their other view.
const LOSSES: [&str; 5] = ["nce", "view_nce", "view_cosine", "change_cosine", "retrieved"];

/// Trains both networks.
///
/// # Errors
/// A value that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
pub(super) fn train(
    generator: &Viewmaker,
    task: &TrainingTask,
    control: &mut dyn Control,
) -> Result<ViewmakerNetworks> {
    let v = task.spec.viewmaker();
    let networks = ViewmakerNetworks::new(task.spec, task.seed, task.bank.device());
    let adams = [&networks.encoder.params, &networks.viewmaker.params].map(|p| Adam::new(p, v.betas));
    // Its objective knows no classes.
    let crops = Crops::new(task.bank, task.labels, task.spec.classes.len(), v.frames);
    let mut training = ViewTraining { generator, settings: v.clone(), task: *task, networks, adams, crops };
    let course = Course {
        of: "viewmaker",
        iterations: v.iterations,
        log_every: v.log_every,
        rate_field: "viewmaker.learning-rate",
    };
    course.run(&mut training, control)?;
    Ok(training.networks)
}

/// What the views of an iteration are made of.
struct DrawnViews {
    /// Each window twice, [2 batch, 1, frames, mels].
    x: Tensor,
    draws: ViewDraws,
    /// Own frames: all, int64 [2 batch].
    own: Tensor,
}

struct ViewTraining<'a> {
    generator: &'a Viewmaker,
    settings: ViewmakerTraining,
    task: TrainingTask<'a>,
    networks: ViewmakerNetworks,
    /// Of the encoder, of the viewmaker.
    adams: [Adam; 2],
    crops: Crops,
}

impl ViewTraining<'_> {
    /// Of the iteration after `done` others.
    fn drawn(&self, done: usize) -> DrawnViews {
        let (v, bank) = (&self.settings, self.task.bank);
        let seed = self.task.seed.child("views").at(done as u64);
        let x = self.crops.natural(bank, seed.child("windows"), v.batch).x.repeat([2, 1, 1, 1]);
        let streams: Vec<Seed> = (0..2 * v.batch).map(|view| seed.at(view as u64)).collect();
        let noise = self.networks.viewmaker.noise_len(v.frames);
        DrawnViews {
            draws: ViewDraws::new(&streams, noise, self.generator.epsilon, bank.device()),
            own: Tensor::full([x.size()[0]], v.frames as i64, (Kind::Int64, bank.device())),
            x,
        }
    }
}

impl Training for ViewTraining<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        let ViewmakerNetworks { viewmaker, encoder } = &self.networks;
        vec![
            Learner { name: "encoder", params: &encoder.params, adam: &self.adams[0] },
            Learner { name: "viewmaker", params: &viewmaker.params, adam: &self.adams[1] },
        ]
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        self.adams.iter_mut().collect()
    }

    fn losses(&self) -> &'static [&'static str] {
        &LOSSES
    }

    /// Two views of each window; the viewmaker moves by the loss of the same views under the encoder that has just moved.
    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let v = &self.settings;
        let DrawnViews { x, draws, own } = self.drawn(done);
        let ViewmakerNetworks { viewmaker, encoder } = &self.networks;
        let views = viewmaker.view(&x, &draws.noise, &draws.epsilon, &own);
        let seen = views.detach();
        let denominator = self.generator.denominator;

        let pass = encoder.pass(&seen, &own, Wanted::Parameters);
        let similarities = ViewSimilarities::new(&pass.out);
        let nce = similarities.loss(v.temperature, denominator);
        let (cosine, retrieved) = (similarities.of_pairs().detach(), similarities.retrieved());
        let gradient = encoder.gradient(pass, &nce);
        self.adams[0].step(&encoder.params, &gradient, v.learning_rate, 0.0);

        let pass = encoder.pass(&seen, &own, Wanted::Input);
        let hard = ViewSimilarities::new(&pass.out).loss(v.temperature, denominator);
        let by_views = encoder.input_gradient(pass, &hard);
        // Upwards.
        let gradient = viewmaker.params.gradient(&(views * by_views).sum(Kind::Float).neg());
        self.adams[1].step(&viewmaker.params, &gradient, v.learning_rate, 0.0);

        let changes = (seen - x).flatten(1, -1);
        let size = v.batch as i64;
        let [first, second] = [0, size].map(|at| changes.narrow(0, at, size));
        let changes = Tensor::cosine_similarity(&first, &second, 1, 1e-8);
        let mean = |values: &Tensor| values.mean(Kind::Float);
        vec![nce.detach(), hard.detach(), mean(&cosine), mean(&changes), mean(&retrieved)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_bank::Bank;
    use seraug_core::spec::{Denominator, ViewBudget, parse};
    use tch::no_grad;

    /// The encoder's step lowers the loss of the views, the viewmaker's raises it.
    #[test]
    fn the_networks_move_against_each_other() {
        let text = r#"title = "t"
corpus = "synthetic"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
viewmaker = { frames = 32, widths = [2, 3, 4], encoder-widths = [4, 4, 4, 4, 4], outputs = 8, batch = 4 }
"#;
        let spec = parse(text, "x.toml", &[]).unwrap();
        let mut host = vec![0f32; 4 * 41 * 128];
        Seed::new(4).draws().fill_normal(&mut host);
        let bank = Bank::from_frames(Tensor::from_slice(&host).view([-1, 128]), vec![40; 4]);
        for denominator in [Denominator::Released, Denominator::NtXent] {
            let generator =
                Viewmaker { denominator, epsilon: ViewBudget::Fixed(0.3), ..Viewmaker::default() };
            let task = TrainingTask {
                spec: &spec,
                bank: &bank,
                labels: &[0, 1, 0, 1],
                autoencoder: None,
                seed: Seed::new(1),
            };
            let networks = || ViewmakerNetworks::new(&spec, task.seed, bank.device());
            let (moved, fresh) = (networks(), networks());
            let adams = [&moved.encoder.params, &moved.viewmaker.params].map(|p| Adam::new(p, [0.9, 0.999]));
            let crops = Crops::new(&bank, task.labels, 2, 32);
            let mut training = ViewTraining {
                generator: &generator,
                settings: spec.viewmaker(),
                task,
                networks: moved,
                adams,
                crops,
            };
            let before = training.iterate(0)[0].double_value(&[]);
            let loss = |of: &ViewmakerNetworks, by: &ViewmakerNetworks| {
                let DrawnViews { x, draws, own } = training.drawn(0);
                let outputs = no_grad(|| {
                    by.encoder.forward(&of.viewmaker.view(&x, &draws.noise, &draws.epsilon, &own), &own)
                });
                let loss = ViewSimilarities::new(&outputs).loss(spec.viewmaker().temperature, denominator);
                loss.double_value(&[])
            };
            assert!((loss(&fresh, &fresh) - before).abs() < 1e-5);
            let (old, new) = (loss(&fresh, &training.networks), loss(&training.networks, &training.networks));
            assert!(old < before && new > old, "{denominator:?}: {before} {old} {new}");
        }
    }
}
