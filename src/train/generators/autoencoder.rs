//! The training of the autoencoder of a fold (FIDELITY.md row "autoencoder"), and the codes of its utterances.

use super::TrainingTask;
use super::training::{Course, Learner, Training};
use super::windows::{Crops, WindowToMake, after, consecutive};
use crate::control::Control;
use crate::feature_bank::{Bank, indices};
use crate::kernels::adam::Adam;
use crate::nets::autoencoder::AutoencoderNet;
use seraug_core::error::Result;
use seraug_core::spec::{Autoencoder, Padding};
use tch::{Device, Tensor};

/// Windows that are encoded at once.
const BATCH: usize = 256;

struct AutoencoderTraining<'a> {
    net: AutoencoderNet,
    adam: Adam,
    crops: Crops,
    task: &'a TrainingTask<'a>,
    sizes: Autoencoder,
}

/// Trains the autoencoder on windows of `task.bank`, from the start or from `control`'s checkpoint. A row has the mean squared
/// errors `mse` and, where the spec asks for it, `balanced_mse`, of values in [-1, 1].
///
/// # Errors
/// A value that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
pub fn train(task: &TrainingTask, control: &mut dyn Control) -> Result<AutoencoderNet> {
    let sizes = task.spec.autoencoder();
    let net = AutoencoderNet::new(task.spec, task.seed.child("init"), task.bank.device());
    net.fit_scale(task.bank.frames());
    let adam = Adam::new(&net.params, sizes.betas);
    let crops = Crops::new(task.bank, task.labels, task.spec.classes.len(), sizes.frames);
    let course = Course {
        of: "autoencoder",
        iterations: sizes.iterations,
        log_every: sizes.log_every,
        rate_field: "autoencoder.learning-rate",
    };
    let mut training = AutoencoderTraining { net, adam, crops, task, sizes };
    course.run(&mut training, control)?;
    Ok(training.net)
}

impl Training for AutoencoderTraining<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        vec![Learner { name: "autoencoder", params: &self.net.params, adam: &self.adam }]
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        vec![&mut self.adam]
    }

    fn losses(&self) -> &'static [&'static str] {
        if self.sizes.balanced_reconstruction { &["mse", "balanced_mse"] } else { &["mse"] }
    }

    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let (bank, batch) = (self.task.bank, self.sizes.batch);
        let draw = |name: &str| self.task.seed.child(name).at(done as u64);
        let mut losses = vec![self.net.loss(&self.crops.natural(bank, draw("windows"), batch).x)];
        if self.sizes.balanced_reconstruction {
            losses.push(self.net.loss(&self.crops.balanced(bank, draw("balanced-windows"), batch).x));
        }
        let sum = losses.iter().skip(1).fold(losses[0].shallow_clone(), |sum, loss| sum + loss);
        self.adam.step(&self.net.params, &self.net.params.gradient(&sum), self.sizes.learning_rate, 0.0);
        losses.iter().map(Tensor::detach).collect()
    }
}

/// The codes of the windows of utterances, on the host.
#[derive(Debug, Clone)]
pub struct Codes {
    /// One of `latent` numbers for each window.
    pub codes: Vec<Vec<f64>>,
    /// The utterance of each: an entry of the bank.
    pub items: Vec<usize>,
}

/// The utterances of `bank`, and after them each of `items` encoded and decoded window by window.
pub fn reconstructed(net: &AutoencoderNet, bank: &Bank, items: &[usize]) -> Bank {
    let frames = net.frames();
    let names = vec![""; items.len()];
    after(bank, items, &names, 1, frames, |windows| {
        // The last window of a longer utterance ends with it, as those that codes are of: what belongs here is at its end.
        let starts = |w: &WindowToMake| {
            let at = w.window * frames;
            (at.min(bank.lens()[w.item].saturating_sub(frames)), at)
        };
        let items: Vec<usize> = windows.iter().map(|w| w.item).collect();
        let offsets: Vec<usize> = windows.iter().map(|w| starts(w).0).collect();
        let [items, offsets] = [&items, &offsets].map(|part| indices(part, bank.device()));
        let decoded = net.decode(&net.encode(&bank.windows(&items, &offsets, frames, Padding::Repeat).x));
        let aligned = windows.iter().enumerate().map(|(i, w)| {
            let (first, at) = starts(w);
            decoded.get(i as i64).roll([first as i64 - at as i64], [1i64])
        });
        Tensor::stack(&aligned.collect::<Vec<_>>(), 0)
    })
}

impl Codes {
    /// Of consecutive windows of every utterance of `bank`: a shorter one is repeated, the last one of a longer one ends where
    /// the utterance ends.
    pub fn of(net: &AutoencoderNet, bank: &Bank) -> Codes {
        let frames = net.frames();
        let (items, offsets): (Vec<usize>, Vec<usize>) = consecutive(bank, frames).into_iter().unzip();
        let mut codes = Vec::with_capacity(items.len());
        for (items, offsets) in items.chunks(BATCH).zip(offsets.chunks(BATCH)) {
            let [items, offsets] = [items, offsets].map(|part| indices(part, bank.device()));
            let x = bank.windows(&items, &offsets, frames, Padding::Repeat).x;
            let z = tch::no_grad(|| net.encode(&x)).to_device(Device::Cpu);
            codes.extend(Vec::<Vec<f64>>::try_from(z).expect("a matrix of codes"));
        }
        Codes { codes, items }
    }
}
