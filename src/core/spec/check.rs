//! Checks of a spec that its types cannot express.

use super::bounds::multiple;
use super::located_error::{CheckResult, FieldPath, at, need};
use super::{Label, Network, Protocol, Spec, TargetShare};
use crate::emotion::Emotion;
use crate::suggest::hint;
use std::collections::HashSet;

/// Columns of table.csv beside the classes.
const COLUMNS: [&str; 3] = ["average", "uar", "difference"];

impl Spec {
    /// The first thing that is wrong, and at which key.
    pub(super) fn check(&self) -> CheckResult {
        // First, so that no later check computes with an unbounded number.
        self.check_limits()?;
        self.check_classes()?;
        self.check_protocol()?;
        self.check_judge()?;
        self.check_conditions()?;
        self.check_others()?;
        self.check_features()?;
        self.check_augmentor()?;
        self.autoencoder.as_ref().map_or(Ok(()), super::Autoencoder::check)?;
        self.check_classifier()?;
        self.check_size()
    }

    fn check_classes(&self) -> CheckResult {
        if self.label == Label::Valence {
            let valence =
                |(n, e): (&String, &Vec<_>)| ["negative", "positive"].contains(&n.as_str()) && e.is_empty();
            need(self.classes.len() == 2 && self.classes.iter().all(valence), "classes", || {
                "leave it out with label = \"valence\"".into()
            })?;
            for (corpus, map) in &self.valence {
                let both = map.both();
                need(both.is_none(), at("valence").field(corpus), || {
                    format!("`{}` is negative and positive", both.map_or("", Emotion::name))
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
            need(!COLUMNS.contains(&name.as_str()), &key, || {
                format!("`{name}` is the name of a column, choose another")
            })?;
            need(!emotions.is_empty(), &key, || "no emotion is listed".into())?;
            for (i, e) in emotions.iter().enumerate() {
                need(seen.insert(*e), key.element(i, ""), || format!("`{e}` is there already"))?;
            }
        }
        self.check_seeds()
    }

    fn check_seeds(&self) -> CheckResult {
        let mut seen = HashSet::new();
        for (i, seed) in self.seeds.iter().enumerate() {
            need(seen.insert(seed), at("seeds").element(i, ""), || format!("{seed} is listed twice"))?;
        }
        Ok(())
    }

    fn check_conditions(&self) -> CheckResult {
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
            let reduces = self.reduction.is_some() || matches!(self.protocol, Protocol::SplitFile(_));
            need(reduces || !c.unreduced, here.field("unreduced"), || {
                "is for an experiment with a [reduction]".into()
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
            c.check_loss(&here)?;
            c.augment.check(&here.field("augment"), self)?;
        }
        Ok(())
    }

    fn check_others(&self) -> CheckResult {
        for (i, p) in self.published.iter().enumerate() {
            let here = at("published").element(i, &p.title).field("values");
            for key in p.values.keys() {
                need(key == "average" || self.classes.contains_key(key), here.field(key), || {
                    let known = self.class_names().into_iter().chain(["average"]);
                    format!("`{key}` is neither a class nor `average`{}", hint(key, known))
                })?;
            }
        }
        self.slurm.as_ref().map_or(Ok(()), super::Slurm::check)
    }

    fn check_features(&self) -> CheckResult {
        let f = &self.features;
        let window = f.window_ms as usize * 16;
        need(window <= f.n_fft && f.n_fft.is_multiple_of(2), "features.n-fft", || {
            format!("= {}: must hold the window of {window} samples, be even and at most 65536", f.n_fft)
        })
    }

    fn check_augmentor(&self) -> CheckResult {
        let a = &self.augmentor;
        multiple("augmentor.frames", a.frames)?;
        let [low, high] = a.epsilon;
        need(low < high, "augmentor.epsilon", || format!("= [{low}, {high}]: must rise from 0 or more"))?;
        need(
            a.attention == super::Attention::Own || self.discriminator.lstm == self.representation.lstm,
            "augmentor.attention",
            || {
                let [d, r] = [self.discriminator.lstm, self.representation.lstm];
                format!(
                    "= \"shared\": one vector for two LSTMs of {d} and {r} units; set discriminator.lstm = {r}"
                )
            },
        )
    }

    fn check_classifier(&self) -> CheckResult {
        let c = &self.classifier;
        multiple("classifier.segment-frames", c.segment_frames)?;
        need(c.segment_hop <= c.segment_frames, "classifier.segment-hop", || {
            format!("= {}: must be 1 to segment-frames", c.segment_hop)
        })?;
        need(c.min_own_frames <= c.segment_frames, "classifier.min-own-frames", || {
            format!("= {}: must be 1 to segment-frames", c.min_own_frames)
        })?;
        let Network::Vgg(v) = &c.network;
        need(matches!(v.shrink, 1 | 2 | 4), "classifier.network.vgg.shrink", || {
            format!("= {}: 1, 2 or 4", v.shrink)
        })?;
        need(c.segment_frames / v.shrink >= 32, "classifier.network.vgg.shrink", || {
            "leaves fewer than 32 frames".into()
        })
    }
}

fn check_name(key: &FieldPath, name: &str) -> CheckResult {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    need(!name.is_empty() && name.len() <= 64 && name.chars().all(fine), key, || {
        format!("`{name}` must be lower-case letters, digits and hyphens")
    })
}
