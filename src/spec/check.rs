//! What the types of a spec cannot say.

use super::fault::{Fault, Key, at};
use super::{Label, Network, Protocol, Spec, TargetShare};
use crate::nearest::hint;
use std::collections::HashSet;

/// Nothing, or what is wrong.
pub(super) type Check = Result<(), Fault>;

impl Spec {
    /// The first thing that is wrong, and at which key.
    pub(super) fn check(&self) -> Check {
        self.check_classes()?;
        self.check_protocol()?;
        self.check_conditions()?;
        self.check_others()?;
        self.check_features()?;
        self.check_augmentor()?;
        self.check_classifier()
    }

    fn check_classes(&self) -> Check {
        if self.label == Label::Valence {
            let valence =
                |(n, e): (&String, &Vec<_>)| ["negative", "positive"].contains(&n.as_str()) && e.is_empty();
            need(self.classes.len() == 2 && self.classes.iter().all(valence), "classes", || {
                "leave it out with label = \"valence\"".into()
            })?;
            for (corpus, map) in &self.valence {
                let both = map.negative.iter().find(|e| map.positive.contains(e));
                need(both.is_none(), at("valence").field(corpus), || {
                    format!("`{}` is negative and positive", both.map_or("", |e| e.name()))
                })?;
            }
            return self.check_seeds();
        }
        need(self.valence.is_empty(), "valence", || "is read with label = \"valence\" alone".into())?;
        need(self.classes.len() >= 2, "classes", || "at least two are needed".into())?;
        let mut seen = HashSet::new();
        for (name, emotions) in &self.classes {
            let key = at("classes").field(name);
            check_name(&key, name)?;
            need(name != "average", &key, || "`average` is the name of a column, choose another".into())?;
            need(!emotions.is_empty(), &key, || "no emotion is listed".into())?;
            for (i, e) in emotions.iter().enumerate() {
                need(seen.insert(*e), key.element(i, ""), || format!("`{e}` is there already"))?;
            }
        }
        self.check_seeds()
    }

    fn check_seeds(&self) -> Check {
        need(!self.seeds.is_empty(), "seeds", || "at least one is needed".into())?;
        let mut seen = HashSet::new();
        for (i, seed) in self.seeds.iter().enumerate() {
            need(seen.insert(seed), at("seeds").element(i, ""), || format!("{seed} is listed twice"))?;
        }
        Ok(())
    }

    fn check_conditions(&self) -> Check {
        need(!self.condition.is_empty(), "condition", || "at least one is needed".into())?;
        let mut seen = HashSet::new();
        for (i, c) in self.condition.iter().enumerate() {
            let here = at("condition").element(i, &c.name);
            let name = at("condition").element(i, "").field("name");
            check_name(&name, &c.name)?;
            need(seen.insert(&c.name), &name, || format!("`{}` is there twice", c.name))?;
            let shares = matches!(self.protocol, Protocol::CrossLingual(_) | Protocol::SplitFile(_));
            need(shares || c.target == TargetShare::Full, here.field("target"), || {
                "= \"low\": is for protocol.cross-lingual".into()
            })?;
            let names = || self.condition.iter().map(|o| o.name.as_str());
            need(c.baseline.is_empty() || names().any(|n| n == c.baseline), here.field("baseline"), || {
                format!("no condition is named `{}`{}", c.baseline, hint(&c.baseline, names()))
            })?;
            for key in c.published.keys() {
                need(
                    key == "average" || self.classes.contains_key(key),
                    here.field("published").field(key),
                    || {
                        let known = self.class_names().into_iter().chain(["average"]);
                        format!("`{key}` is neither a class nor `average`{}", hint(key, known))
                    },
                )?;
            }
            c.augment.check(&here.field("augment"), self)?;
        }
        Ok(())
    }

    fn check_others(&self) -> Check {
        for (i, p) in self.published.iter().enumerate() {
            let here = at("published").element(i, &p.title).field("values");
            for key in p.values.keys() {
                need(key == "average" || self.classes.contains_key(key), here.field(key), || {
                    let known = self.class_names().into_iter().chain(["average"]);
                    format!("`{key}` is neither a class nor `average`{}", hint(key, known))
                })?;
            }
        }
        if let Some(e) = &self.embedding {
            need(e.per_class >= 1, "embedding.per-class", || "= 0: at least 1".into())?;
            need(e.copies >= 1, "embedding.copies", || "= 0: at least 1".into())?;
        }
        self.slurm.as_ref().map_or(Ok(()), super::Slurm::check)
    }

    fn check_features(&self) -> Check {
        let f = &self.features;
        positive("features.hop-ms", f64::from(f.hop_ms))?;
        positive("features.floor-db", f64::from(f.floor_db))?;
        need(f.mels == 128, "features.mels", || format!("= {}: the networks take 128", f.mels))?;
        let window = f.window_ms as usize * 16;
        need(
            (2..=f.n_fft).contains(&window) && f.n_fft <= 65_536 && f.n_fft.is_multiple_of(2),
            "features.n-fft",
            || format!("= {}: must hold the window of {window} samples, be even and at most 65536", f.n_fft),
        )
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
            positive(at("augmentor").field(key), value as f64)?;
        }
        positive("augmentor.learning-rate", a.learning_rate)?;
        positive("augmentor.margin", a.margin)?;
        check_betas("augmentor.betas", a.betas)?;
        need(a.clip_norm >= 0.0 && a.clip_norm.is_finite(), "augmentor.clip-norm", || {
            format!("= {}: 0 or more", a.clip_norm)
        })?;
        let [low, high] = a.epsilon;
        need(low >= 0.0 && low < high && high.is_finite(), "augmentor.epsilon", || {
            format!("= [{low}, {high}]: must rise from 0 or more")
        })?;
        let w = &a.weights;
        for (key, value) in [("gan", w.gan), ("rep", w.rep), ("emo", w.emo), ("var", w.var), ("bal", w.bal)] {
            need(value >= 0.0 && value.is_finite(), at("augmentor.weights").field(key), || {
                format!("= {value}: 0 or more")
            })?;
        }
        check_widths("augmentor.widths", &a.widths)?;
        check_widths("discriminator.widths", &self.discriminator.widths)?;
        check_widths("representation.widths", &self.representation.widths)?;
        positive("discriminator.lstm", self.discriminator.lstm as f64)?;
        positive("representation.lstm", self.representation.lstm as f64)?;
        need(
            a.attention == super::Attention::Own || self.discriminator.lstm == self.representation.lstm,
            "augmentor.attention",
            || "= \"shared\": discriminator.lstm and representation.lstm must be equal".into(),
        )
    }

    fn check_classifier(&self) -> Check {
        let c = &self.classifier;
        multiple("classifier.segment-frames", c.segment_frames)?;
        need((1..=c.segment_frames).contains(&c.segment_hop), "classifier.segment-hop", || {
            format!("= {}: must be 1 to segment-frames", c.segment_hop)
        })?;
        need((1..=c.segment_frames).contains(&c.min_own_frames), "classifier.min-own-frames", || {
            format!("= {}: must be 1 to segment-frames", c.min_own_frames)
        })?;
        for (key, value) in [
            ("batch", c.batch),
            ("small-batch", c.small_batch),
            ("epochs", c.epochs),
            ("min-steps", c.min_steps),
            ("log-every", c.log_every),
        ] {
            positive(at("classifier").field(key), value as f64)?;
        }
        positive("classifier.learning-rate", c.learning_rate)?;
        check_betas("classifier.betas", c.betas)?;
        let Network::Vgg(v) = &c.network;
        check_widths("classifier.network.vgg.widths", &v.widths)?;
        check_widths("classifier.network.vgg.depths", &v.depths)?;
        positive("classifier.network.vgg.head", v.head as f64)?;
        need((1..=16).contains(&v.pooled), "classifier.network.vgg.pooled", || {
            format!("= {}: must be 1 to 16", v.pooled)
        })?;
        need((0.0..1.0).contains(&v.dropout), "classifier.network.vgg.dropout", || {
            format!("= {}: must be in [0, 1)", v.dropout)
        })?;
        need(matches!(v.shrink, 1 | 2 | 4), "classifier.network.vgg.shrink", || {
            format!("= {}: 1, 2 or 4", v.shrink)
        })?;
        need(c.segment_frames / v.shrink >= 32, "classifier.network.vgg.shrink", || {
            "leaves fewer than 32 frames".into()
        })
    }
}

pub(super) fn need(holds: bool, key: impl Into<Key>, message: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Fault { key: key.into(), message: message() }) }
}

fn positive(key: impl Into<Key>, value: f64) -> Check {
    need(value > 0.0 && value.is_finite(), key, || format!("= {value}: must be above 0"))
}

fn multiple(key: &str, value: usize) -> Check {
    need(value >= 32 && value.is_multiple_of(32) && value <= 8192, key, || {
        format!("= {value}: must be a multiple of 32, at most 8192")
    })
}

fn check_widths(key: &str, widths: &[usize]) -> Check {
    need(widths.iter().all(|w| (1..=8192).contains(w)), key, || "each must be 1 to 8192".into())
}

fn check_betas(key: &str, betas: [f64; 2]) -> Check {
    need(betas.iter().all(|b| (0.0..1.0).contains(b)), key, || "each must be in [0, 1)".into())
}

fn check_name(key: &Key, name: &str) -> Check {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    need(!name.is_empty() && name.len() <= 64 && name.chars().all(fine), key, || {
        format!("`{name}` must be lower-case letters, digits and hyphens")
    })
}
