//! The four phases of an iteration (paper 2.3), each a method that moves one network. With L_GAN alone only phase 2 and the first
//! loss of phase 4 are left.

use super::Trainer;
use crate::feature_bank::Windows;
use crate::generators::triplet_gan::batch::Batch;
use crate::generators::triplet_gan::noise::{Noise, Purpose};
use crate::generators::triplet_gan::phase_results::{Discriminated, PhaseResults, Preserved, Represented};
use crate::generators::triplet_gan::triplets::{rows, semi_hard};
use crate::kernels::adam::Adam;
use crate::nets::augmentor::AugmentorPass;
use crate::nets::losses::{adversarial, discriminator, distance, triplet, variance};
use crate::nets::pass::Wanted;
use crate::torch::params::Params;
use seraug_core::spec::{self, Attention, GanLoss, Negatives};
use tch::{Kind, Tensor, no_grad};

impl Trainer<'_> {
    /// The phases that the losses ask for, in order.
    pub(super) fn phases(&mut self, batch: &mut Batch) -> PhaseResults {
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
        let n = &self.networks.representation;
        let pass = n.pass(&batch.triplets.x, &batch.triplets.own, Wanted::Parameters);
        let r = pass.out.shallow_clone();
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
        let gradient = n.gradient(pass, &(&loss * a.weights.rep));
        update(&n.params, &mut self.adams.representation, &gradient, a);
        Represented { loss: loss.detach(), positive: positive.detach(), negative: negative.detach() }
    }

    /// Phase 2: the discriminator, on originals and augmentations of others.
    /// Where phase 3 follows, the augmentor has not moved before it: the anchors are encoded once for both.
    pub fn discriminate(&mut self, batch: &mut Batch) -> Discriminated {
        let n = &self.networks;
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let (anchors, noise) = (&batch.anchors, batch.noise(Purpose::Discriminator));
        let augmented = if self.task.trains(GanLoss::Var) {
            let pass = self
                .of_anchors(batch, &[Purpose::Discriminator, Purpose::FirstVariant, Purpose::SecondVariant]);
            let augmented = pass.out.narrow(0, 0, size).detach();
            batch.variants = Some(pass.part(a.batch..3 * a.batch));
            augmented
        } else {
            no_grad(|| n.augmentor.augment(&anchors.x, &anchors.own, &noise.n, &noise.epsilon))
        };
        let x = Tensor::cat(&[&batch.originals.x, &augmented], 0);
        let own = Tensor::cat(&[&batch.originals.own, &batch.anchors.own], 0);
        let pass = n.discriminator.pass(&x, &own, self.shared_attention().as_ref(), Wanted::Parameters);
        let (original, augmented) = (pass.out.narrow(0, 0, size), pass.out.narrow(0, size, size));
        let loss = discriminator(&original, &augmented);
        let gradient = n.discriminator.gradient(pass, &loss);
        update(&n.discriminator.params, &mut self.adams.discriminator, &gradient, a);
        Discriminated { loss: loss.detach(), original: original.detach(), augmented: augmented.detach() }
    }

    /// Phase 3: the augmentor by w_v L_VAR. Returns L_VAR, detached.
    pub fn vary(&mut self, batch: &mut Batch) -> Tensor {
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let augmented = batch.variants.take();
        let augmented = augmented
            .unwrap_or_else(|| self.of_anchors(batch, &[Purpose::FirstVariant, Purpose::SecondVariant]));
        let n = &self.networks;
        let own = batch.anchors.own.repeat([2]);
        let represented = n.representation.pass(&augmented.out, &own, Wanted::Input);
        let r = &represented.out;
        let loss = variance(&r.narrow(0, 0, size), &r.narrow(0, size, size), a.dot);
        let by_augmented = n.representation.input_gradient(represented, &(&loss * a.weights.var));
        let gradient = n.augmentor.gradient(augmented, &by_augmented);
        update(&n.augmentor.params, &mut self.adams.augmentor, &gradient, a);
        loss.detach()
    }

    /// An augmentation of each anchor for each of `purposes`, one after the other.
    fn of_anchors(&self, batch: &Batch, purposes: &[Purpose]) -> AugmentorPass {
        let noise: Vec<&Noise> = purposes.iter().map(|&purpose| batch.noise(purpose)).collect();
        let (noise, anchors) = (Noise::join(&noise), &batch.anchors);
        let each = Tensor::arange(self.settings().batch as i64, (Kind::Int64, anchors.x.device()));
        let each = each.repeat([purposes.len() as i64]);
        self.networks.augmentor.pass(&anchors.x, &anchors.own, Some(&each), &noise.n, &noise.epsilon)
    }

    /// Phase 4: the augmentor by w_g L_GAN + w_e L_EMO + w_b L_BAL, the last where the losses have it.
    /// With L_GAN alone the representation learner is not asked.
    pub fn preserve(&mut self, batch: &Batch) -> Preserved {
        if self.task.guided() { self.preserve_emotion(batch) } else { self.deceive(batch) }
    }

    fn deceive(&mut self, batch: &Batch) -> Preserved {
        let (n, a) = (&self.networks, self.settings());
        let (windows, noise) = (&batch.positives, batch.noise(Purpose::Positive));
        let augmented = n.augmentor.pass(&windows.x, &windows.own, None, &noise.n, &noise.epsilon);
        let (gan, by_augmented) = self.deceived(&augmented.out, &windows.own);
        let gradient = n.augmentor.gradient(augmented, &by_augmented);
        update(&n.augmentor.params, &mut self.adams.augmentor, &gradient, a);
        Preserved { gan: gan.detach(), emo: None, bal: None }
    }

    /// L_GAN of these augmentations, and the gradient of w_g L_GAN by them.
    fn deceived(&self, augmented: &Tensor, own: &Tensor) -> (Tensor, Tensor) {
        let d = &self.networks.discriminator;
        let pass = d.pass(augmented, own, self.shared_attention().as_ref(), Wanted::Input);
        let gan = adversarial(&pass.out);
        let by_augmented = d.input_gradient(pass, &(&gan * self.settings().weights.gan));
        (gan, by_augmented)
    }

    fn preserve_emotion(&mut self, batch: &Batch) -> Preserved {
        let n = &self.networks;
        let (a, size) = (self.settings(), self.settings().batch as i64);
        let balance = self.task.trains(GanLoss::Bal);
        let frozen = no_grad(|| {
            let both = batch.anchors.join(&batch.negatives);
            n.representation.forward(&both.x, &both.own)
        });
        let (anchor, negative) = (frozen.narrow(0, 0, size), frozen.narrow(0, size, size));
        let both = balance.then(|| {
            let noise = Noise::join(&[batch.noise(Purpose::Positive), batch.noise(Purpose::Negative)]);
            (batch.positives.join(&batch.negatives), noise)
        });
        let positives = (&batch.positives, batch.noise(Purpose::Positive));
        let (windows, noise) = both.as_ref().map_or(positives, |(windows, noise)| (windows, noise));
        let augmented = n.augmentor.pass(&windows.x, &windows.own, None, &noise.n, &noise.epsilon);
        let (gan, by_positives) = self.deceived(&augmented.out.narrow(0, 0, size), &batch.positives.own);
        let represented = n.representation.pass(&augmented.out, &windows.own, Wanted::Input);
        let r = &represented.out;
        let positive = distance(&anchor, &r.narrow(0, 0, size), a.distance);
        let emo = triplet(&positive, &distance(&anchor, &negative, a.distance), a.margin);
        let bal = balance
            .then(|| triplet(&positive, &distance(&anchor, &r.narrow(0, size, size), a.distance), a.margin));
        let mut loss = &emo * a.weights.emo;
        if let Some(bal) = &bal {
            loss = &loss + bal * a.weights.bal;
        }
        let by_augmented = n.representation.input_gradient(represented, &loss);
        let _ = by_augmented.narrow(0, 0, size).g_add_(&by_positives);
        let gradient = n.augmentor.gradient(augmented, &by_augmented);
        let adam = self.adams.preservation.as_mut().unwrap_or(&mut self.adams.augmentor);
        update(&n.augmentor.params, adam, &gradient, a);
        Preserved { gan: gan.detach(), emo: Some(emo.detach()), bal: bal.map(|b| b.detach()) }
    }

    /// P of the anchors with two noises, [batch, 1, frames, 128] each; the batch must have been
    /// prepared with the noise of the variants.
    pub(super) fn perturbations(&self, batch: &Batch) -> [Tensor; 2] {
        let w = &batch.anchors;
        [Purpose::FirstVariant, Purpose::SecondVariant]
            .map(|p| self.networks.augmentor.perturbation(&w.x, &w.own, &batch.noise(p).n))
    }

    fn shared_attention(&self) -> Option<Tensor> {
        match self.settings().attention {
            Attention::Own => None,
            Attention::Shared => Some(self.networks.representation.attention().detach()),
        }
    }
}

/// One step of one network.
fn update(params: &Params, adam: &mut Adam, gradient: &Tensor, settings: &spec::Augmentor) {
    adam.step(params, gradient, settings.learning_rate, settings.clip_norm);
}
