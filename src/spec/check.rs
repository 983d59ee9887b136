//! What the types of a spec cannot say.

use super::{Network, Protocol, Spec};
use std::collections::HashSet;

/// Nothing, or what is wrong.
pub(super) type Check = Result<(), String>;

impl Spec {
    /// The first thing that is wrong, in words that name the key and the value.
    pub(super) fn check(&self) -> Check {
        self.check_classes()?;
        self.check_protocol()?;
        self.check_conditions()?;
        self.check_features()?;
        self.check_augmentor()?;
        self.check_classifier()
    }

    fn check_classes(&self) -> Check {
        need(self.classes.len() >= 2, || "classes: at least two are needed".into())?;
        let mut seen = HashSet::new();
        for (name, emotions) in &self.classes {
            check_name("classes", name)?;
            need(name != "average", || "classes: `average` is the name of a column, choose another".into())?;
            need(!emotions.is_empty(), || format!("classes.{name}: no emotion is listed"))?;
            for e in emotions {
                need(seen.insert(*e), || format!("classes.{name}: `{e}` is in another class too"))?;
            }
        }
        need(!self.seeds.is_empty(), || "seeds: at least one is needed".into())?;
        let distinct: HashSet<_> = self.seeds.iter().collect();
        need(distinct.len() == self.seeds.len(), || "seeds: one is listed twice".into())
    }

    fn check_protocol(&self) -> Check {
        let Protocol::LeaveSpeakersOut(p) = &self.protocol;
        need(p.folds >= 2, || format!("protocol.leave-speakers-out.folds = {}: at least 2", p.folds))?;
        for &fold in &p.only {
            need((1..=p.folds).contains(&fold), || {
                format!("protocol.leave-speakers-out.only: {fold} is not in 1..={}", p.folds)
            })?;
        }
        if let Some(r) = &self.reduction {
            need((0.0..1.0).contains(&r.share), || {
                format!("reduction.share = {}: must be in [0, 1)", r.share)
            })?;
            for k in &r.keep {
                need(self.classes.contains_key(k), || format!("reduction.keep: `{k}` is not in classes"))?;
            }
            need(!self.reduced_classes().is_empty(), || "reduction.keep: nothing is left to reduce".into())?;
        }
        Ok(())
    }

    fn check_conditions(&self) -> Check {
        need(!self.condition.is_empty(), || "condition: at least one is needed".into())?;
        let mut seen = HashSet::new();
        for c in &self.condition {
            check_name("condition.name", &c.name)?;
            need(seen.insert(&c.name), || format!("condition.name: `{}` is there twice", c.name))?;
            for key in c.published.keys() {
                need(key == "average" || self.classes.contains_key(key), || {
                    format!("condition.{}.published: `{key}` is neither a class nor `average`", c.name)
                })?;
            }
            c.augment.check(&c.name, self)?;
        }
        Ok(())
    }

    fn check_features(&self) -> Check {
        let f = &self.features;
        positive("features.hop-ms", f64::from(f.hop_ms))?;
        positive("features.floor-db", f64::from(f.floor_db))?;
        need(f.mels == 128, || format!("features.mels = {}: the networks take 128", f.mels))?;
        let window = f.window_ms as usize * 16;
        need((2..=f.n_fft).contains(&window) && f.n_fft <= 65_536, || {
            format!(
                "features.n-fft = {}: must hold the window of {window} samples, and at most 65536",
                f.n_fft
            )
        })
    }

    fn check_augmentor(&self) -> Check {
        let a = &self.augmentor;
        multiple("augmentor.frames", a.frames)?;
        for (key, value) in [
            ("iterations", a.iterations),
            ("batch", a.batch),
            ("log-every", a.log_every),
            ("decoder-width", a.decoder_width),
        ] {
            positive(&format!("augmentor.{key}"), value as f64)?;
        }
        positive("augmentor.learning-rate", a.learning_rate)?;
        positive("augmentor.margin", a.margin)?;
        check_betas("augmentor.betas", a.betas)?;
        need(a.clip_norm >= 0.0 && a.clip_norm.is_finite(), || {
            format!("augmentor.clip-norm = {}: 0 or more", a.clip_norm)
        })?;
        let [low, high] = a.epsilon;
        need(low >= 0.0 && low < high && high.is_finite(), || {
            format!("augmentor.epsilon = [{low}, {high}]: must rise from 0 or more")
        })?;
        let w = &a.weights;
        for (key, value) in [("gan", w.gan), ("rep", w.rep), ("emo", w.emo), ("var", w.var), ("bal", w.bal)] {
            need(value >= 0.0 && value.is_finite(), || {
                format!("augmentor.weights.{key} = {value}: 0 or more")
            })?;
        }
        check_widths("augmentor.widths", &a.widths)?;
        check_widths("discriminator.widths", &self.discriminator.widths)?;
        check_widths("representation.widths", &self.representation.widths)?;
        positive("discriminator.lstm", self.discriminator.lstm as f64)?;
        positive("representation.lstm", self.representation.lstm as f64)?;
        need(
            a.attention == super::Attention::Own || self.discriminator.lstm == self.representation.lstm,
            || {
                "augmentor.attention = \"shared\": discriminator.lstm and representation.lstm must be equal"
                    .into()
            },
        )
    }

    fn check_classifier(&self) -> Check {
        let c = &self.classifier;
        multiple("classifier.segment-frames", c.segment_frames)?;
        need((1..=c.segment_frames).contains(&c.segment_hop), || {
            format!("classifier.segment-hop = {}: must be 1 to segment-frames", c.segment_hop)
        })?;
        for (key, value) in [
            ("batch", c.batch),
            ("small-batch", c.small_batch),
            ("epochs", c.epochs),
            ("min-steps", c.min_steps),
            ("log-every", c.log_every),
        ] {
            positive(&format!("classifier.{key}"), value as f64)?;
        }
        positive("classifier.learning-rate", c.learning_rate)?;
        check_betas("classifier.betas", c.betas)?;
        let Network::Vgg(v) = &c.network;
        check_widths("classifier.network.vgg.widths", &v.widths)?;
        check_widths("classifier.network.vgg.depths", &v.depths)?;
        positive("classifier.network.vgg.head", v.head as f64)?;
        need((1..=16).contains(&v.pooled), || {
            format!("classifier.network.vgg.pooled = {}: must be 1 to 16", v.pooled)
        })?;
        need((0.0..1.0).contains(&v.dropout), || {
            format!("classifier.network.vgg.dropout = {}: must be in [0, 1)", v.dropout)
        })?;
        need(matches!(v.shrink, 1 | 2 | 4), || {
            format!("classifier.network.vgg.shrink = {}: 1, 2 or 4", v.shrink)
        })?;
        need(c.segment_frames / v.shrink >= 32, || {
            "classifier.network.vgg.shrink: leaves fewer than 32 frames".into()
        })
    }
}

pub(super) fn need(holds: bool, message: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(message()) }
}

fn positive(key: &str, value: f64) -> Check {
    need(value > 0.0 && value.is_finite(), || format!("{key} = {value}: must be above 0"))
}

fn multiple(key: &str, value: usize) -> Check {
    need(value >= 32 && value.is_multiple_of(32) && value <= 8192, || {
        format!("{key} = {value}: must be a multiple of 32, at most 8192")
    })
}

fn check_widths(key: &str, widths: &[usize]) -> Check {
    need(widths.iter().all(|w| (1..=8192).contains(w)), || format!("{key}: each must be 1 to 8192"))
}

fn check_betas(key: &str, betas: [f64; 2]) -> Check {
    need(betas.iter().all(|b| (0.0..1.0).contains(b)), || format!("{key}: each must be in [0, 1)"))
}

fn check_name(key: &str, name: &str) -> Check {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    need(!name.is_empty() && name.len() <= 64 && name.chars().all(fine), || {
        format!("{key}: `{name}` must be lower-case letters, digits and hyphens")
    })
}
