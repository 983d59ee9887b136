//! Bounds on products of numbers that are each within bounds: cells, weights, a batch, rows of a history.

use super::bounds::{MELS, batch, rows, sequence, weights};
use super::limits::MOST_CELLS;
use super::located_error::{CheckResult, need};
use super::{Attention, Augment, Latent, Network, Noise, Protocol, ReductionMode, Spec};

/// Most points of a map: t-SNE holds all of them, and a picture shows them.
const POINTS: usize = 100_000;

impl Spec {
    /// What no machine can serve although each field can be had.
    pub(super) fn check_size(&self) -> CheckResult {
        self.check_cells()?;
        let (a, c) = (&self.augmentor, &self.classifier);
        if self.condition.iter().any(|c| matches!(c.augment, Augment::TripletGan(_))) {
            weights("augmentor.widths", self.weights_of_augmentor())?;
            weights("discriminator.widths", self.weights_of_discriminator())?;
            weights("representation.widths", self.weights_of_representation())?;
            batch("augmentor.batch", a.batch, a.frames)?;
            rows("augmentor.log-every", a.log_every, a.iterations)?;
        }
        self.check_tables()?;
        if let Some(judge) = &self.judge {
            weights("representation.widths", self.weights_of_representation())?;
            batch("judge.batch", judge.batch, a.frames)?;
            rows("judge.log-every", judge.log_every, judge.iterations)?;
        }
        weights("classifier.network.vgg.widths", self.weights_of_classifier())?;
        batch("classifier.batch", c.batch, c.segment_frames)?;
        batch("classifier.small-batch", c.small_batch, c.segment_frames)?;
        rows("classifier.log-every", c.log_every, c.min_steps)?;
        let Some(e) = &self.embedding else { return Ok(()) };
        let points = self.classes.len() * e.per_class * (1 + e.copies);
        need(points <= POINTS, "embedding.per-class", || {
            format!(
                "= {}: with copies = {} these are {points} points of a map, at most {POINTS}",
                e.per_class, e.copies
            )
        })
    }

    /// The tables of generators that are there.
    fn check_tables(&self) -> CheckResult {
        if let Some(a) = &self.autoencoder {
            let [rows_of_map, bands] = a.map(self.features.mels).map(|n| n as u64);
            let [w0, w1, w2, w3] = a.widths.map(|w| w as u64);
            let convolutions = 16 * (w0 + w0 * w1 + w1 * w2 + w2 * w3);
            let flat = w3 * rows_of_map * bands * a.latent as u64;
            weights("autoencoder.widths", 2 * (convolutions + flat))?;
            batch("autoencoder.batch", a.batch, a.frames)?;
            rows("autoencoder.log-every", a.log_every, a.iterations)?;
        }
        if let Some(b) = &self.bagan {
            batch("bagan.batch", b.batch, self.autoencoder().frames)?;
            rows("bagan.log-every", b.log_every, b.iterations)?;
        }
        if let Some(g) = &self.latent_gan {
            rows("latent-gan.log-every", g.log_every, g.iterations)?;
        }
        if let Some(d) = &self.latent_diffusion {
            rows("latent-diffusion.log-every", d.log_every, d.iterations)?;
        }
        Ok(())
    }

    /// Cells that are known before a corpus is read.
    fn check_cells(&self) -> CheckResult {
        let (key, folds) = match &self.protocol {
            Protocol::LeaveSpeakersOut(p) => ("protocol.leave-speakers-out", p.folds.max(p.groups.len())),
            Protocol::LeaveTextsOut(p) => ("protocol.leave-texts-out", p.folds),
            Protocol::CrossLingual(p) => ("protocol.cross-lingual", p.pairs().len()),
            _ => ("seeds", 1),
        };
        let only = self.protocol.only().len();
        let folds = if only > 0 { only.min(folds) } else { folds }.max(1);
        let per_class = self.reduction.as_ref().is_some_and(|r| r.mode == ReductionMode::PerClass);
        let sets = if per_class { self.reduced_classes().len() } else { 1 };
        self.cells_of(folds * sets).map_or(Ok(()), |message| need(false, key, || message))
    }

    /// What is to be said where so many folds make too many cells; nothing where they do not.
    pub fn cells_of(&self, folds: usize) -> Option<String> {
        let (conditions, seeds) = (self.condition.len(), self.seeds.len());
        let cells = folds.saturating_mul(conditions).saturating_mul(seeds);
        (cells > MOST_CELLS).then(|| {
            format!(
                "{folds} folds x {conditions} conditions x {seeds} seeds are {cells} cells, at most {MOST_CELLS}; \
                 split the experiment"
            )
        })
    }

    /// Weights of the augmentor; [`Spec::check_limits`] has seen to it that this sum and those below do not overflow.
    pub fn weights_of_augmentor(&self) -> u64 {
        let a = &self.augmentor;
        let [w0, w1, z] = a.widths.map(|w| w as u64);
        let (width, frames) = (a.decoder_width as u64, a.frames as u64);
        let (inputs, latent) = match a.noise {
            Noise::Latent => (1, 2 * z),
            Noise::Input => (2, z),
        };
        let conv = |from: u64, to: u64, taps: u64| from * to * taps + to;
        let rest = conv(w0, w1, 16) + conv(w1, z, 16);
        match a.latent {
            Latent::Vector => {
                let point = latent * width * (frames / 4) * (MELS / 4) + width;
                conv(inputs, w0, 16) + rest + point + width * 16
            }
            Latent::Map => conv(inputs, w0, 9) + rest + conv(latent, width, 16) + width * 16,
        }
    }

    /// Weights of the discriminator.
    pub fn weights_of_discriminator(&self) -> u64 {
        let d = &self.discriminator;
        let own = self.augmentor.attention == Attention::Own;
        sequence(&d.widths, d.lstm as u64, own) + d.lstm as u64 + 1
    }

    /// Weights of the representation learner.
    pub fn weights_of_representation(&self) -> u64 {
        sequence(&self.representation.widths, self.representation.lstm as u64, true)
    }

    /// Weights of the classifier.
    pub fn weights_of_classifier(&self) -> u64 {
        let Network::Vgg(v) = &self.classifier.network;
        let (mut from, mut sum) = (1u64, 0u64);
        for (to, depth) in std::iter::zip(v.widths, v.depths) {
            let (to, depth) = (to as u64, depth as u64);
            let norms = if v.batch_norm { 2 * to * depth } else { 0 };
            sum += from * to * 9 + to + (depth - 1) * (to * to * 9 + to) + norms;
            from = to;
        }
        let (pooled, head) = (from * (v.pooled * v.pooled) as u64, v.head as u64);
        let linear = |from: u64, to: u64| from * to + to;
        sum + linear(pooled, head) + linear(head, head) + linear(head, self.classes.len() as u64)
    }
}
