//! What the classifier's training says of itself between two rows of its history.

use crate::torch::checkpoint::{Reader, Writer};
use seraug_core::error::{Error, Result};
use tch::{Device, Kind, Tensor};

const LOSSES: &str = "meter.losses";
const PREDICTED: &str = "meter.predicted";
const LABELS: &str = "meter.labels";

/// Loss, predictions and labels of the steps of an interval, left on the device until it is read.
#[derive(Debug, Default)]
pub struct ClassifierMetrics {
    losses: Vec<Tensor>,
    predicted: Vec<Tensor>,
    labels: Vec<Tensor>,
}

/// Means over the steps of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogInterval {
    /// The loss.
    pub loss: f64,
    /// Share of the segments that were recognised while training (dropout on), in [0, 1].
    pub accuracy: f64,
    /// Entropy of the distribution of predicted classes, nats: 0 for a collapse to one class, the
    /// logarithm of the number of classes for equal shares.
    pub predicted_entropy: f64,
    /// Share of the most predicted class, in (0, 1]: 1 for a collapse.
    pub largest_predicted_share: f64,
}

impl ClassifierMetrics {
    /// Adds a step: its scalar `loss`, its `logits` [batch, classes] and `labels` [batch].
    pub fn add(&mut self, loss: &Tensor, logits: &Tensor, labels: &Tensor) {
        self.losses.push(loss.detach());
        self.predicted.push(logits.detach().argmax(-1, false));
        self.labels.push(labels.shallow_clone());
    }

    /// Whether no step has been added since the last read.
    pub fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// Puts what has been added since the last read.
    pub fn save(&self, to: &mut Writer) {
        if !self.is_empty() {
            to.tensor(LOSSES, &Tensor::stack(&self.losses, 0));
            to.tensor(PREDICTED, &Tensor::cat(&self.predicted, 0));
            to.tensor(LABELS, &Tensor::cat(&self.labels, 0));
        }
    }

    /// Takes up what [`ClassifierMetrics::save`] put there.
    ///
    /// # Errors
    /// A file that is torn.
    pub fn load(&mut self, from: &mut Reader, device: Device) -> Result<()> {
        *self = ClassifierMetrics::default();
        if from.has(LOSSES) {
            self.losses = from.tensor(LOSSES, Kind::Float, device)?.unbind(0);
            self.predicted = vec![from.tensor(PREDICTED, Kind::Int64, device)?];
            self.labels = vec![from.tensor(LABELS, Kind::Int64, device)?];
        }
        Ok(())
    }

    /// Reads the interval that ends after step `done` of `steps` and begins the next.
    ///
    /// # Errors
    /// A loss that is not finite.
    pub fn read(&mut self, done: usize, steps: usize, rate: f64) -> Result<LogInterval> {
        let interval = std::mem::take(self);
        let unreadable = |e: tch::TchError| Error::failed(format!("classifier: step {done}: {e}"));
        let losses = Vec::<f32>::try_from(Tensor::stack(&interval.losses, 0)).map_err(unreadable)?;
        if let Some(at) = losses.iter().position(|l| !l.is_finite()) {
            let (step, loss) = (done - losses.len() + at + 1, losses[at]);
            return Err(Error::failed(format!(
                "classifier: the loss is {loss} at step {step} of {steps} (rate {rate:e}); lower classifier.learning-rate"
            )));
        }
        let predicted = Vec::<i64>::try_from(Tensor::cat(&interval.predicted, 0)).map_err(unreadable)?;
        let labels = Vec::<i64>::try_from(Tensor::cat(&interval.labels, 0)).map_err(unreadable)?;
        let n = predicted.len() as f64;
        let mut counts = vec![0usize; predicted.iter().max().map_or(0, |&m| m as usize + 1)];
        predicted.iter().for_each(|&p| counts[p as usize] += 1);
        let shares = || counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / n);
        Ok(LogInterval {
            loss: losses.iter().map(|&l| f64::from(l)).sum::<f64>() / losses.len() as f64,
            accuracy: predicted.iter().zip(&labels).filter(|(p, l)| p == l).count() as f64 / n,
            predicted_entropy: shares().map(|s| s * (1.0 / s).ln()).sum(),
            largest_predicted_share: shares().fold(0.0, f64::max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logits(classes: &[i64]) -> Tensor {
        Tensor::from_slice(classes).one_hot(3)
    }

    #[test]
    fn an_interval() {
        let mut meter = ClassifierMetrics::default();
        meter.add(&Tensor::from(1.0f32), &logits(&[0, 0]), &Tensor::from_slice(&[0i64, 1]));
        meter.add(&Tensor::from(3.0f32), &logits(&[0, 2]), &Tensor::from_slice(&[2i64, 2]));
        let read = meter.read(2, 9, 1e-3).unwrap();
        assert_eq!((read.loss, read.accuracy, read.largest_predicted_share), (2.0, 0.5, 0.75));
        assert!((read.predicted_entropy - 0.562_335).abs() < 1e-6);
        meter.add(&Tensor::from(5.0f32), &logits(&[1]), &Tensor::from_slice(&[1i64]));
        let next = meter.read(3, 9, 1e-3).unwrap();
        assert_eq!((next.loss, next.predicted_entropy), (5.0, 0.0));
    }

    #[test]
    fn a_loss_that_is_not_finite_names_its_step() {
        let mut meter = ClassifierMetrics::default();
        for loss in [1.0, f32::NAN, 2.0] {
            meter.add(&Tensor::from(loss), &logits(&[0]), &Tensor::from_slice(&[0i64]));
        }
        let error = meter.read(10, 20, 0.5).unwrap_err().to_string();
        assert_eq!(
            error,
            "classifier: the loss is NaN at step 9 of 20 (rate 5e-1); lower classifier.learning-rate"
        );
    }
}
