//! The four phases of an iteration (paper 2.3), each a method that moves one network. With L_GAN alone
//! only phase 2 and the first loss of phase 4 are left.

use super::graphed_step::GraphedStep;
use super::metrics::AugmentorMetrics;
use super::networks::Networks;
use super::noise::{Noise, Purpose};
use super::phase_batch::Batch;
use super::prefetch::{Prefetch, Recipe};
use super::training::AugmentorTask;
use super::triplets::{Triplets, rows, semi_hard};
use crate::feature_bank::Windows;
use crate::kernels::adam::Adam;
use crate::nets::losses::{adversarial, discriminator, distance, triplet, variance};
use crate::torch::params::Params;
use crate::torch::upload::upload;
use seraug_core::error::Result;
use seraug_core::spec::{self, Attention, GanLoss, Negatives, Optimisers};
use tch::{Kind, Tensor, no_grad};

/// The networks, their optimisers and the number of iterations done.
#[derive(Debug)]
pub struct Trainer<'a> {
    /// What is trained.
    pub networks: Networks,
    /// Iterations done.
    pub step: usize,
    pub(crate) task: AugmentorTask<'a>,
    pub(crate) adams: Adams,
    pub(crate) tally: AugmentorMetrics,
    /// Where iterations work on fixed buffers.
    pub(crate) fixed: Option<GraphedStep>,
    pub(crate) ahead: Prefetch,
    pub(crate) labels: Tensor,
}

#[derive(Debug)]
pub(crate) struct Adams {
    pub representation: Adam,
    pub discriminator: Adam,
    pub augmentor: Adam,
    /// Of phase 4, where it has its own.
    pub preservation: Option<Adam>,
}

/// Of phase 1, all detached: L_REP and the distances [batch] from anchor to positive and to negative.
#[derive(Debug)]
pub struct Represented {
    /// L_REP.
    pub loss: Tensor,
    /// dist(A, P).
    pub positive: Tensor,
    /// dist(A, N).
    pub negative: Tensor,
}

/// Of phase 2, all detached: the loss and the logits [batch].
#[derive(Debug)]
pub struct Discriminated {
    /// softplus(-D(X_2)) + softplus(D(augmented)).
    pub loss: Tensor,
    /// D(X_2).
    pub original: Tensor,
    /// D(augmented).
    pub augmented: Tensor,
}

/// Of phase 4, detached.
#[derive(Debug)]
pub struct Preserved {
    /// The augmentor's L_GAN.
    pub gan: Tensor,
    /// L_EMO, unless L_GAN is alone.
    pub emo: Option<Tensor>,
    /// L_BAL, where it is trained with.
    pub bal: Option<Tensor>,
}

/// What the phases of an iteration gave; the losses are scalars, in the order of a row.
#[derive(Debug)]
pub(crate) struct PhaseResults {
    pub losses: Vec<(&'static str, Tensor)>,
    pub represented: Option<Represented>,
    pub discriminated: Discriminated,
}

impl<'a> Trainer<'a> {
    /// With fresh networks, before the first iteration.
    ///
    /// # Errors
    /// Fewer than two classes, or a class without an utterance.
    pub fn new(task: AugmentorTask<'a>) -> Result<Trainer<'a>> {
        let triplets = Triplets::new(task.labels, task.bank.lens(), &task.class_names(), task.seed)?;
        let networks = Networks::new(task.spec, task.seed, task.bank.device());
        let betas = task.spec.augmentor.betas;
        let adam = |params: &Params| Adam::new(params, betas);
        let adams = Adams {
            representation: adam(&networks.representation.params),
            discriminator: adam(&networks.discriminator.params),
            augmentor: adam(&networks.augmentor.params),
            preservation: (task.spec.augmentor.optimisers == Optimisers::PerPhase)
                .then(|| adam(&networks.augmentor.params)),
        };
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
        let (ahead, tally) = (Prefetch::new(recipe), AugmentorMetrics::default());
        Ok(Trainer { networks, step: 0, task, adams, tally, fixed: None, ahead, labels })
    }

    pub(crate) fn settings(&self) -> &'a spec::Augmentor {
        &self.task.spec.augmentor
    }

    /// The phases that the losses ask for, in order.
    pub(crate) fn phases(&mut self, batch: &mut Batch) -> PhaseResults {
        let represented = self.task.guided().then(|| self.represent(batch));
        let mut losses: Vec<_> = represented.iter().map(|r| ("rep", r.loss.shallow_clone())).collect();
        let discriminated = self.discriminate(batch);
        losses.push(("d_loss", discriminated.loss.shallow_clone()));
        if self.task.trains(GanLoss::Var) {
            losses.push(("var", self.vary(batch)));
        }
        let preserved = self.preserve(batch);
        losses.push(("gan", preserved.gan));
        losses.extend(preserved.emo.map(|emo| ("emo", emo)));
        losses.extend(preserved.bal.map(|bal| ("bal", bal)));
        PhaseResults { losses, represented, discriminated }
    }

    /// Phase 1: the representation learner by L_REP on originals. With semi-hard negatives it also
    /// puts them in the place of the drawn ones, for this phase and the later ones.
    pub fn represent(&mut self, batch: &mut Batch) -> Represented {
        let a = self.settings();
        let size = a.batch as i64;
        let r = self.networks.representation.forward(&batch.triplets.x, &batch.triplets.own);
        let part = |i: i64| r.narrow(0, i * size, size);
        let anchor = part(1);
        let positive = distance(&anchor, &part(0), a.distance);
        let negative = match a.negatives {
            Negatives::Uniform => part(2),
            Negatives::SemiHard => {
                let classes = batch.classes.narrow(0, size, size);
                let at = semi_hard(&anchor, &classes, &positive, &r, &batch.classes, a.distance);
                batch.negatives = Windows {
                    x: batch.triplets.x.index_select(0, &at),
                    own: batch.triplets.own.index_select(0, &at),
                };
                rows(&r, &at)
            }
        };
        let negative = distance(&anchor, &negative, a.distance);
        let loss = triplet(&positive, &negative, a.margin);
        update(
            &self.networks.representation.params,
            &mut self.adams.representation,
            &(&loss * a.weights.rep),
            a,
        );
        Represented { loss: loss.detach(), positive: positive.detach(), negative: negative.detach() }
    }

    /// Phase 2: the discriminator, on originals and augmentations of others.
    pub fn discriminate(&mut self, batch: &Batch) -> Discriminated {
        let n = &self.networks;
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let augmented = no_grad(|| self.augment(&batch.anchors, batch.noise(Purpose::Discriminator)));
        let x = Tensor::cat(&[&batch.originals.x, &augmented.x], 0);
        let own = Tensor::cat(&[&batch.originals.own, &augmented.own], 0);
        let logits = n.discriminator.forward(&x, &own, self.shared_attention().as_ref());
        let (original, augmented) = (logits.narrow(0, 0, size), logits.narrow(0, size, size));
        let loss = discriminator(&original, &augmented);
        update(&n.discriminator.params, &mut self.adams.discriminator, &loss, a);
        Discriminated { loss: loss.detach(), original: original.detach(), augmented: augmented.detach() }
    }

    /// Phase 3: the augmentor by w_v L_VAR. Returns L_VAR, detached.
    pub fn vary(&mut self, batch: &Batch) -> Tensor {
        let n = &self.networks;
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let noise = Noise::join(batch.noise(Purpose::FirstVariant), batch.noise(Purpose::SecondVariant));
        let (anchors, epsilon) = (&batch.anchors, &noise.epsilon);
        let twice = Tensor::arange(size, (Kind::Int64, anchors.x.device())).repeat([2]);
        let augmented = Windows {
            x: n.augmentor.augment_each(&anchors.x, &anchors.own, &twice, &noise.n, epsilon),
            own: anchors.own.repeat([2]),
        };
        let r = n.representation.forward(&augmented.x, &augmented.own);
        let loss = variance(&r.narrow(0, 0, size), &r.narrow(0, size, size), a.dot);
        update(&n.augmentor.params, &mut self.adams.augmentor, &(&loss * a.weights.var), a);
        loss.detach()
    }

    /// Phase 4: the augmentor by w_g L_GAN + w_e L_EMO + w_b L_BAL, the last where the losses have it.
    /// With L_GAN alone the representation learner is not asked.
    pub fn preserve(&mut self, batch: &Batch) -> Preserved {
        if self.task.guided() { self.preserve_emotion(batch) } else { self.deceive(batch) }
    }

    fn deceive(&mut self, batch: &Batch) -> Preserved {
        let (n, a) = (&self.networks, self.settings());
        let augmented = self.augment(&batch.positives, batch.noise(Purpose::Positive));
        let logits = n.discriminator.forward(&augmented.x, &augmented.own, self.shared_attention().as_ref());
        let gan = adversarial(&logits);
        update(&n.augmentor.params, &mut self.adams.augmentor, &(&gan * a.weights.gan), a);
        Preserved { gan: gan.detach(), emo: None, bal: None }
    }

    fn preserve_emotion(&mut self, batch: &Batch) -> Preserved {
        let n = &self.networks;
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let balance = self.task.trains(GanLoss::Bal);
        let frozen = no_grad(|| {
            let both = join(&batch.anchors, &batch.negatives);
            n.representation.forward(&both.x, &both.own)
        });
        let (anchor, negative) = (frozen.narrow(0, 0, size), frozen.narrow(0, size, size));
        let augmented = if balance {
            let noise = Noise::join(batch.noise(Purpose::Positive), batch.noise(Purpose::Negative));
            self.augment(&join(&batch.positives, &batch.negatives), &noise)
        } else {
            self.augment(&batch.positives, batch.noise(Purpose::Positive))
        };
        let r = n.representation.forward(&augmented.x, &augmented.own);
        let (x, own) = (augmented.x.narrow(0, 0, size), augmented.own.narrow(0, 0, size));
        let gan = adversarial(&n.discriminator.forward(&x, &own, self.shared_attention().as_ref()));
        let positive = distance(&anchor, &r.narrow(0, 0, size), a.distance);
        let emo = triplet(&positive, &distance(&anchor, &negative, a.distance), a.margin);
        let bal = balance
            .then(|| triplet(&positive, &distance(&anchor, &r.narrow(0, size, size), a.distance), a.margin));
        let mut loss = &gan * a.weights.gan + &emo * a.weights.emo;
        if let Some(bal) = &bal {
            loss = &loss + bal * a.weights.bal;
        }
        let adam = self.adams.preservation.as_mut().unwrap_or(&mut self.adams.augmentor);
        update(&n.augmentor.params, adam, &loss, a);
        Preserved { gan: gan.detach(), emo: Some(emo.detach()), bal: bal.map(|b| b.detach()) }
    }

    /// P of the anchors with two noises, [batch, 1, frames, 128] each; the batch must have been
    /// prepared with the noise of the variants.
    pub(crate) fn perturbations(&self, batch: &Batch) -> [Tensor; 2] {
        let w = &batch.anchors;
        [Purpose::FirstVariant, Purpose::SecondVariant]
            .map(|p| self.networks.augmentor.perturbation(&w.x, &w.own, &batch.noise(p).n))
    }

    fn augment(&self, windows: &Windows, noise: &Noise) -> Windows {
        let x = self.networks.augmentor.augment(&windows.x, &windows.own, &noise.n, &noise.epsilon);
        Windows { x, own: windows.own.shallow_clone() }
    }

    fn shared_attention(&self) -> Option<Tensor> {
        match self.settings().attention {
            Attention::Own => None,
            Attention::Shared => Some(self.networks.representation.attention().detach()),
        }
    }
}

fn join(a: &Windows, b: &Windows) -> Windows {
    Windows { x: Tensor::cat(&[&a.x, &b.x], 0), own: Tensor::cat(&[&a.own, &b.own], 0) }
}

/// One step of one network; every other in the graph of `loss` stays as it is.
fn update(params: &Params, adam: &mut Adam, loss: &Tensor, settings: &spec::Augmentor) {
    let gradient = params.gradient(loss);
    adam.step(params, &gradient, settings.learning_rate, settings.clip_norm);
}
