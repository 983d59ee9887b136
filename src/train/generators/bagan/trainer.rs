//! The adversarial training of BAGAN.

use super::BaganNets;
use crate::control::Control;
use crate::generators::TrainingTask;
use crate::generators::autoencoder::Codes;
use crate::generators::latent::gaussians::ClassGaussians;
use crate::generators::training::{Course, Learner, Training};
use crate::generators::windows::Crops;
use crate::kernels::adam::Adam;
use crate::nets::autoencoder::AutoencoderNet;
use crate::nets::bagan::{BaganDiscriminator, discriminator_loss, generator_loss};
use crate::torch::upload::upload;
use seraug_core::error::Result;
use seraug_core::spec::{Bagan, BaganTraining, RealBatch};
use tch::{Kind, Tensor};

struct BaganTrainer<'a> {
    nets: BaganNets,
    discriminator: BaganDiscriminator,
    /// Of generator and discriminator.
    adams: [Adam; 2],
    crops: Crops,
    task: &'a TrainingTask<'a>,
    settings: BaganTraining,
    real_batch: RealBatch,
    classes: usize,
}

/// Trains generator and discriminator, which begin with the weights of `net`. A row has `d_loss`, `gan` (of the generator),
/// `d_real` and `d_made`: the shares of real windows taken for their class and of generated ones taken for generated.
///
/// # Errors
/// A value that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
pub(super) fn train(
    generator: &Bagan,
    task: &TrainingTask,
    net: &AutoencoderNet,
    control: &mut dyn Control,
) -> Result<BaganNets> {
    let (spec, bank, classes) = (task.spec, task.bank, task.spec.classes.len());
    let settings = spec.bagan();
    let codes = Codes::of(net, bank);
    let labels: Vec<usize> = codes.items.iter().map(|&i| task.labels[i]).collect();
    let gaussians = ClassGaussians::fit(&codes.codes, &labels, classes, generator.covariance);
    let nets = BaganNets::beginning(spec, net, &gaussians, bank.device());
    let discriminator = BaganDiscriminator::new(spec, task.seed.child("init"), bank.device());
    discriminator.begin_with(net);
    let adams = [&nets.generator.params, &discriminator.params].map(|p| Adam::new(p, settings.betas));
    let crops = Crops::new(bank, task.labels, classes, net.frames());
    let course = Course {
        of: "bagan",
        iterations: settings.iterations,
        log_every: settings.log_every,
        rate_field: "bagan.learning-rate",
    };
    let real_batch = generator.real_batch;
    let mut trainer = BaganTrainer { nets, discriminator, adams, crops, task, settings, real_batch, classes };
    course.run(&mut trainer, control)?;
    Ok(trainer.nets)
}

impl BaganTrainer<'_> {
    /// Codes of `count` draws of the iteration, classes equally likely, and these classes (int64 [count]).
    fn draw(&self, name: &str, done: usize, count: usize) -> (Tensor, Tensor) {
        let seed = self.task.seed.child(name).at(done as u64);
        let latent = self.nets.latent();
        let mut host = vec![0f32; count * latent];
        seed.child("noise").draws().fill_normal(&mut host);
        let mut draws = seed.child("classes").draws();
        let wanted: Vec<i64> = (0..count).map(|_| draws.below(self.classes) as i64).collect();
        let device = self.task.bank.device();
        let (noise, wanted) = (upload(&host, device).view([count as i64, -1]), upload(&wanted, device));
        (self.nets.codes(&wanted, &noise).detach(), wanted)
    }
}

/// The share of rows whose largest logit is that of `classes`.
fn share(logits: &Tensor, classes: &Tensor) -> Tensor {
    logits.detach().argmax(1, false).eq_tensor(classes).to_kind(Kind::Float).mean(Kind::Float)
}

impl Training for BaganTrainer<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        let params = [&self.nets.generator.params, &self.discriminator.params];
        let of = ["generator", "discriminator"].into_iter().zip(params).zip(&self.adams);
        of.map(|((name, params), adam)| Learner { name, params, adam }).collect()
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        self.adams.iter_mut().collect()
    }

    fn losses(&self) -> &'static [&'static str] {
        &["d_loss", "gan", "d_real", "d_made"]
    }

    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let BaganTraining { batch, learning_rate, .. } = self.settings;
        let seed = |name: &str| self.task.seed.child(name).at(done as u64);
        // As many generated ones as each class has of the batch, were they balanced.
        let fakes = batch.div_ceil(self.classes);
        let real = match self.real_batch {
            RealBatch::Natural => self.crops.natural(self.task.bank, seed("windows"), batch),
            RealBatch::Balanced => self.crops.balanced(self.task.bank, seed("windows"), batch),
        };
        let x = real.x / self.nets.scale().detach();
        let (codes, _) = self.draw("discriminator", done, fakes);
        let made = tch::no_grad(|| self.nets.generator.forward(&codes));
        let dropout = seed("dropout");
        let of_real = self.discriminator.forward(&x, Some(dropout.child("real")));
        let of_made = self.discriminator.forward(&made, Some(dropout.child("made")));
        let d_loss = discriminator_loss(&of_real, &real.classes, &of_made);
        let gradient = self.discriminator.params.gradient(&d_loss);
        self.adams[1].step(&self.discriminator.params, &gradient, learning_rate, 0.0);

        let (codes, wanted) = self.draw("generator", done, batch + fakes);
        let made = self.nets.generator.forward(&codes);
        let logits = self.discriminator.forward(&made, Some(dropout.child("generator")));
        let gan = generator_loss(&logits, &wanted);
        let gradient = self.nets.generator.params.gradient(&gan);
        self.adams[0].step(&self.nets.generator.params, &gradient, learning_rate, 0.0);
        let generated = Tensor::full([fakes as i64], self.classes as i64, (Kind::Int64, x.device()));
        let shares = [share(&of_real, &real.classes), share(&of_made, &generated)];
        [d_loss.detach(), gan.detach()].into_iter().chain(shares).collect()
    }
}
