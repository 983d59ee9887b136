//! What the rows of the augmentor's history are made from, left on the device until one is read.

use super::phase_results::{Discriminated, Represented};
use crate::torch::checkpoint::{Reader, Writer};
use seraug_core::error::Result;
use tch::{Device, Kind, Tensor};

/// The losses in the order of a row.
const LOSSES: [&str; 6] = ["rep", "d_loss", "var", "gan", "emo", "bal"];
/// What is kept of the last iteration, each [batch].
const LAST: [&str; 4] = ["positive", "negative", "original", "augmented"];

/// Losses since the last row, and what phases 1 and 2 gave in the last iteration.
#[derive(Debug, Default)]
pub(crate) struct AugmentorMetrics {
    losses: Vec<(&'static str, Vec<Tensor>)>,
    last: Vec<(&'static str, Tensor)>,
}

impl AugmentorMetrics {
    /// Adds a loss of an iteration, a scalar.
    pub(crate) fn add(&mut self, name: &'static str, value: &Tensor) {
        match self.losses.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => values.push(value.shallow_clone()),
            None => self.losses.push((name, vec![value.shallow_clone()])),
        }
    }

    /// Keeps the distances and logits of an iteration in place of those of the one before.
    pub(crate) fn keep(&mut self, represented: Option<Represented>, discriminated: Discriminated) {
        self.last.clear();
        if let Some(represented) = represented {
            self.last.push((LAST[0], represented.positive));
            self.last.push((LAST[1], represented.negative));
        }
        self.last.push((LAST[2], discriminated.original));
        self.last.push((LAST[3], discriminated.augmented));
    }

    /// Whether no loss has been added since the last row.
    pub(crate) fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// The mean of each loss since the last read, `d_ap`, `d_an` and `d_accuracy` of the last iteration, and
    /// the mean of each of `also`: one copy to the host.
    pub(crate) fn read(&mut self, also: Vec<(&'static str, Tensor)>) -> Vec<(&'static str, f64)> {
        let losses = std::mem::take(&mut self.losses);
        let losses = losses.into_iter().map(|(name, values)| (name, Tensor::stack(&values, 0)));
        let of = |name| self.last.iter().find(|(n, _)| *n == name).map(|(_, values)| values);
        let distances = [("d_ap", of(LAST[0])), ("d_an", of(LAST[1]))];
        let distances = distances.into_iter().filter_map(|(name, d)| Some((name, d?.shallow_clone())));
        let right = of(LAST[2]).zip(of(LAST[3])).map(|(original, augmented)| {
            let right = Tensor::cat(&[original.gt(0.0), augmented.lt(0.0)], 0);
            ("d_accuracy", right.to_kind(Kind::Float))
        });
        let columns: Vec<_> = losses.chain(distances).chain(right).chain(also).collect();
        let means: Vec<Tensor> = columns.iter().map(|(_, values)| values.mean(Kind::Float)).collect();
        let host = Vec::<f32>::try_from(Tensor::stack(&means, 0)).expect("a vector of floats");
        columns.iter().zip(host).map(|((name, _), value)| (*name, f64::from(value))).collect()
    }

    /// Puts all of it.
    pub(crate) fn save(&self, to: &mut Writer) {
        for (name, values) in &self.losses {
            to.tensor(format!("tally.{name}"), &Tensor::stack(values, 0));
        }
        self.last.iter().for_each(|(name, values)| to.tensor(format!("last.{name}"), values));
    }

    /// Takes up what [`AugmentorMetrics::save`] put.
    ///
    /// # Errors
    /// A file that is torn.
    pub(crate) fn load(from: &mut Reader, device: Device) -> Result<AugmentorMetrics> {
        let mut tally = AugmentorMetrics::default();
        let mut read = |group: &str, name: &'static str| {
            let full = format!("{group}.{name}");
            from.has(&full).then(|| from.tensor(&full, Kind::Float, device)).transpose()
        };
        for name in LOSSES {
            if let Some(values) = read("tally", name)? {
                tally.losses.push((name, values.unbind(0)));
            }
        }
        for name in LAST {
            if let Some(values) = read("last", name)? {
                tally.last.push((name, values));
            }
        }
        Ok(tally)
    }
}
