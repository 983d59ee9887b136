//! The conditional GAN of codes, after Sahu et al. 2018 and ADAN; with mixup, after Latif et al. 2020 (FIDELITY.md rows "latent").

use super::standardised::StandardisedCodes;
use crate::classifier::loss::SegmentLoss;
use crate::classifier::mixup::beta;
use crate::control::Control;
use crate::generators::training::{Course, Learner, Training};
use crate::kernels::adam::Adam;
use crate::nets::losses::{adversarial, discriminator};
use crate::nets::mlp::{Activation, Mlp};
use crate::torch::params::{Params, ParamsBuilder};
use crate::torch::upload::upload;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{ClassifierLoss, LatentGan, Spec};
use tch::{Device, Kind, Tensor};

/// A network of codes with its parameters.
#[derive(Debug)]
struct CodeNet {
    mlp: Mlp,
    params: Params,
}

impl CodeNet {
    fn new(spec: &Spec, name: &str, units: &[usize], seed: Seed, device: Device) -> CodeNet {
        let mut builder = ParamsBuilder::default();
        let mlp = Mlp::declare(&mut builder, "layers", units, Activation::LeakyRelu);
        CodeNet { mlp, params: builder.build(seed.child(name), device).in_precision(spec.precision) }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        self.mlp.forward(&self.params, x)
    }
}

/// The generator of codes: noise and the class's one-hot to a standardised code.
#[derive(Debug)]
pub struct CodeGenerator {
    net: CodeNet,
    classes: usize,
    noise: usize,
}

impl CodeGenerator {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> CodeGenerator {
        let LatentGan { units, noise, .. } = spec.latent_gan();
        let (classes, latent) = (spec.classes.len(), spec.autoencoder().latent);
        let sizes = [noise + classes, units, units, latent];
        CodeGenerator { net: CodeNet::new(spec, "code-generator", &sizes, seed, device), classes, noise }
    }

    /// Its parameters.
    pub fn params(&self) -> &Params {
        &self.net.params
    }

    /// The same, to be loaded.
    pub fn params_mut(&mut self) -> &mut Params {
        &mut self.net.params
    }

    /// Numbers of noise.
    pub fn noise(&self) -> usize {
        self.noise
    }

    /// Standardised codes [batch, latent] of `classes` (int64 [batch]) from `noise` [batch, noise].
    pub fn forward(&self, classes: &Tensor, noise: &Tensor) -> Tensor {
        let one_hot = classes.one_hot(self.classes as i64).to_kind(Kind::Float);
        self.net.forward(&Tensor::cat(&[noise, &one_hot], 1))
    }
}

struct GanTraining<'a> {
    generator: CodeGenerator,
    discriminator: CodeNet,
    classifier: CodeNet,
    adams: [Adam; 3],
    codes: &'a StandardisedCodes,
    /// The classifier's loss, weighted by the inverse of each class's share of the codes; and the generator's, which is plain.
    class_losses: [SegmentLoss; 2],
    settings: LatentGan,
    mixup: f64,
    seed: Seed,
}

/// Generator, discriminator and classifier with fresh parameters; ADAN's classifier is four times as wide.
fn networks(spec: &Spec, seed: Seed, device: Device) -> (CodeGenerator, CodeNet, CodeNet) {
    let (units, latent, classes) = (spec.latent_gan().units, spec.autoencoder().latent, spec.classes.len());
    let net = |name: &str, sizes: &[usize]| CodeNet::new(spec, name, sizes, seed, device);
    (
        CodeGenerator::new(spec, seed, device),
        net("code-discriminator", &[latent, units, units, 1]),
        net("code-classifier", &[latent, 4 * units, 4 * units, classes]),
    )
}

/// Parameters and multiply-accumulates of the three.
pub(super) fn sizes(spec: &Spec) -> Vec<(i64, u64)> {
    let (generator, discriminator, classifier) = networks(spec, Seed::new(0), Device::Cpu);
    let of = |net: &CodeNet| (net.params.count(), net.mlp.macs());
    vec![of(&generator.net), of(&discriminator), of(&classifier)]
}

/// Trains the GAN on `codes`. A row has `d_loss`, `c_loss` (of the classifier on real codes), `gan` and `g_class` (of the generator).
///
/// # Errors
/// A value that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
pub(super) fn train(
    spec: &Spec,
    mixup: f64,
    codes: &StandardisedCodes,
    seed: Seed,
    control: &mut dyn Control,
) -> Result<CodeGenerator> {
    let (settings, device) = (spec.latent_gan(), codes.device());
    let classes = spec.classes.len();
    let (generator, discriminator, classifier) = networks(spec, seed.child("init"), device);
    let adams = [&generator.net, &discriminator, &classifier].map(|n| Adam::new(&n.params, settings.betas));
    let course = Course {
        of: "latent GAN",
        iterations: settings.iterations,
        log_every: settings.log_every,
        rate_field: "latent-gan.learning-rate",
    };
    let class_losses = [ClassifierLoss::Weighted, ClassifierLoss::Plain]
        .map(|loss| SegmentLoss::new(loss, &codes.counts(classes), device));
    let mut training = GanTraining {
        generator,
        discriminator,
        classifier,
        adams,
        codes,
        class_losses,
        settings,
        mixup,
        seed,
    };
    course.run(&mut training, control)?;
    Ok(training.generator)
}

impl Training for GanTraining<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        let nets = [&self.generator.net, &self.discriminator, &self.classifier];
        let names = ["generator", "discriminator", "classifier"];
        let all = names.into_iter().zip(nets).zip(&self.adams);
        all.map(|((name, net), adam)| Learner { name, params: &net.params, adam }).collect()
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        self.adams.iter_mut().collect()
    }

    fn losses(&self) -> &'static [&'static str] {
        &["d_loss", "c_loss", "gan", "g_class"]
    }

    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let (batch, rate) = (self.settings.batch, self.settings.learning_rate);
        let seed = |name: &str| self.seed.child(name).at(done as u64);
        let (mut real, classes) = self.codes.draw(seed("codes"), batch);
        let (mut other, mut share) = (classes.shallow_clone(), 1.0);
        if self.mixup > 0.0 {
            let (second, of_second) = self.codes.draw(seed("mixup-codes"), batch);
            share = beta(&mut seed("mixup").draws(), self.mixup);
            (real, other) = (real * share + second * (1.0 - share), of_second);
        }
        let mut host = vec![0f32; batch * self.generator.noise];
        seed("noise").draws().fill_normal(&mut host);
        let mut draws = seed("classes").draws();
        let wanted: Vec<i64> = (0..batch).map(|_| draws.below(self.generator.classes) as i64).collect();
        let device = real.device();
        let (noise, wanted) = (upload(&host, device).view([batch as i64, -1]), upload(&wanted, device));

        let made = tch::no_grad(|| self.generator.forward(&wanted, &noise));
        let logits = |x: &Tensor| self.discriminator.forward(x).squeeze_dim(1);
        let d_loss = discriminator(&logits(&real), &logits(&made));
        let gradient = self.discriminator.params.gradient(&d_loss);
        self.adams[1].step(&self.discriminator.params, &gradient, rate, 0.0);

        let of_real = self.classifier.forward(&real);
        let [weighted, plain] = &self.class_losses;
        let c_loss = weighted.of(&of_real, &classes) * share + weighted.of(&of_real, &other) * (1.0 - share);
        let gradient = self.classifier.params.gradient(&c_loss);
        self.adams[2].step(&self.classifier.params, &gradient, rate, 0.0);

        let made = self.generator.forward(&wanted, &noise);
        let gan = adversarial(&self.discriminator.forward(&made).squeeze_dim(1));
        let g_class = plain.of(&self.classifier.forward(&made), &wanted);
        let loss = &gan + &g_class * self.settings.class_weight;
        let gradient = self.generator.net.params.gradient(&loss);
        self.adams[0].step(&self.generator.net.params, &gradient, rate, 0.0);
        [d_loss, c_loss, gan, g_class].iter().map(Tensor::detach).collect()
    }
}
