//! What the types of a spec cannot say.

use super::{CrossLingual, Label, Network, Protocol, Spec, TargetShare};
use std::collections::HashSet;

/// Nothing, or what is wrong.
pub(super) type Check = Result<(), String>;

impl Spec {
    /// The first thing that is wrong, in words that name the key and the value.
    pub(super) fn check(&self) -> Check {
        self.check_classes()?;
        self.check_protocol()?;
        self.check_conditions()?;
        self.check_published()?;
        self.check_features()?;
        self.check_augmentor()?;
        self.check_classifier()
    }

    fn check_classes(&self) -> Check {
        if self.label == Label::Valence {
            let emptied = self
                .classes
                .iter()
                .all(|(n, e)| ["negative", "positive"].contains(&n.as_str()) && e.is_empty());
            need(emptied, || "classes: leave it out with label = \"valence\"".into())?;
            return self.check_seeds();
        }
        need(self.valence.is_empty(), || "valence: is read with label = \"valence\" alone".into())?;
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
        self.check_seeds()
    }

    fn check_seeds(&self) -> Check {
        need(!self.seeds.is_empty(), || "seeds: at least one is needed".into())?;
        let distinct: HashSet<_> = self.seeds.iter().collect();
        need(distinct.len() == self.seeds.len(), || "seeds: one is listed twice".into())
    }

    fn check_protocol(&self) -> Check {
        need(self.protocol.only().iter().all(|&f| f >= 1), || "protocol: only: folds count from 1".into())?;
        if let Protocol::CrossLingual(p) = &self.protocol {
            need(self.corpus.is_empty(), || {
                "corpus: protocol.cross-lingual names its corpora; leave it out".into()
            })?;
            need(self.reduction.is_none(), || "reduction: is not for protocol.cross-lingual".into())?;
            check_cross_lingual(p)?;
        } else {
            need(!self.corpus.is_empty(), || "corpus: is missing; `seraug corpus list` shows them".into())?;
        }
        for corpus in self.valence.keys().chain(self.languages_of.keys()) {
            need(self.corpora().contains(&corpus.as_str()), || {
                format!("valence, languages-of: `{corpus}` is no corpus of this experiment")
            })?;
        }
        if let Protocol::LeaveSpeakersOut(p) = &self.protocol {
            need(p.folds != 1, || {
                "protocol.leave-speakers-out.folds = 1: at least 2, or 0 for one a speaker".into()
            })?;
            need(p.folds == 0 || p.groups.is_empty(), || {
                "protocol.leave-speakers-out: folds or groups, not both".into()
            })?;
            let folds = if p.folds == 0 { p.groups.len() } else { p.folds };
            for &fold in &p.only {
                need(folds == 0 || fold <= folds, || {
                    format!("protocol.leave-speakers-out.only: {fold} is not in 1..={folds}")
                })?;
            }
            let mut seen = HashSet::new();
            for speaker in p.groups.iter().flatten() {
                need(seen.insert(speaker), || {
                    format!("protocol.leave-speakers-out.groups: speaker `{speaker}` is in two groups")
                })?;
            }
            need(p.groups.iter().all(|g| !g.is_empty()), || {
                "protocol.leave-speakers-out.groups: one is empty".into()
            })?;
        }
        if let Protocol::FixedSplit(p) = &self.protocol {
            need(!p.train.is_empty() && !p.test.is_empty(), || {
                "protocol.fixed-split: train and test each name a part".into()
            })?;
            let both = p.train.iter().find(|t| p.test.contains(t));
            need(both.is_none(), || {
                format!("protocol.fixed-split: `{}` is in train and in test", both.unwrap_or(&String::new()))
            })?;
        }
        if let Protocol::SplitFile(p) = &self.protocol {
            let below = std::path::Path::new(&p.path)
                .components()
                .all(|c| matches!(c, std::path::Component::Normal(_)));
            need(below && !p.path.is_empty(), || {
                format!("protocol.split-file.path = {:?}: must lie below the working directory", p.path)
            })?;
            need(self.reduction.is_none(), || {
                "reduction: split.csv says what was removed; leave it out".into()
            })?;
        }
        if let Some(e) = &self.embedding {
            need(e.per_class >= 1 && e.copies >= 1, || {
                "embedding: per-class and copies must be 1 or more".into()
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
            let cross_lingual = matches!(self.protocol, Protocol::CrossLingual(_));
            let split_file = matches!(self.protocol, Protocol::SplitFile(_));
            need(cross_lingual || split_file || c.target == TargetShare::Full, || {
                format!("condition.{}.target = \"low\": is for protocol.cross-lingual", c.name)
            })?;
            need(c.baseline.is_empty() || self.condition.iter().any(|o| o.name == c.baseline), || {
                format!("condition.{}.baseline: no condition is named `{}`", c.name, c.baseline)
            })?;
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

    fn check_published(&self) -> Check {
        for p in &self.published {
            for key in p.values.keys() {
                need(key == "average" || self.classes.contains_key(key), || {
                    format!("published.values: `{key}` is neither a class nor `average`")
                })?;
            }
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

fn check_cross_lingual(p: &CrossLingual) -> Check {
    for (key, names) in [("sources", &p.sources), ("targets", &p.targets)] {
        let distinct: HashSet<_> = names.iter().collect();
        need(!names.is_empty() && distinct.len() == names.len(), || {
            format!("protocol.cross-lingual.{key}: at least one corpus, each once")
        })?;
    }
    need(!p.pairs().is_empty(), || {
        "protocol.cross-lingual: no target is another corpus than its source".into()
    })?;
    for (key, share) in [("test", p.test), ("low", p.low), ("full", p.full)] {
        need(share > 0.0 && share < 1.0, || {
            format!("protocol.cross-lingual.{key} = {share}: must be in (0, 1)")
        })?;
    }
    need(p.low <= p.full, || format!("protocol.cross-lingual.low = {}: is above full = {}", p.low, p.full))?;
    need(p.test + p.full <= 1.0 + 1e-9, || {
        format!("protocol.cross-lingual: test + full = {}: must not be above 1", p.test + p.full)
    })?;
    for (corpus, n) in &p.subset {
        need(p.targets.contains(corpus), || {
            format!("protocol.cross-lingual.subset: `{corpus}` is no target")
        })?;
        need(*n >= 8, || format!("protocol.cross-lingual.subset.{corpus} = {n}: at least 8 of each class"))?;
    }
    let folds = p.pairs().len();
    let beyond = p.only.iter().find(|&&f| f > folds);
    need(beyond.is_none(), || {
        format!("protocol.cross-lingual.only: {} is not in 1..={folds}", beyond.copied().unwrap_or_default())
    })
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
