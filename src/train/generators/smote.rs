//! SMOTE on log-mels: samples between two utterances of one class (FIDELITY.md row "SMOTE").

use super::splice::Splices;
use super::{Generate, Made, Samples, Sources, Untrained};
use crate::feature_bank::Bank;
use seraug_core::error::Result;
use seraug_core::spec::{Smote, SmotePartner};
use seraug_core::text::plural;
use tch::{Device, Kind, Tensor};

impl Generate for Smote {
    type Trained = Untrained;

    /// A copy has one partner and one u; an utterance longer than a segment of the classifier is interpolated segment by segment
    /// with stretches of the partner that begin at random, a partner that is shorter is repeated. The floor lies between too.
    fn make(&self, from: &Sources, _: &Untrained) -> Result<Made> {
        let Sources { bank, items, labels, .. } = *from;
        let means = if self.partner == SmotePartner::Near { means(bank) } else { Vec::new() };
        let (lens, starts, segment) = (bank.lens(), bank.starts(), from.spec.classifier.segment_frames);
        let mut made = Splices::default();
        let mut alone = 0;
        for (&item, name) in items.iter().zip(from.names()) {
            let partners = match self.partner {
                SmotePartner::Any => others(item, labels),
                SmotePartner::Near => nearest(item, labels, &means, self.neighbours),
            };
            alone += usize::from(partners.is_empty());
            for copy in 0..self.copies {
                let stream = |purpose: &str| from.seed.child(purpose).child(name).at(copy as u64);
                let mut draws = stream("smote").draws();
                let (which, share) = (draws.uniform(), draws.uniform() as f32);
                let partner = partners.get((which * partners.len() as f64) as usize).copied().unwrap_or(item);
                let (len, other) = (lens[item], lens[partner]);
                // Where it fits, a stretch of the partner; else the partner again and again.
                let places = (other + 1).saturating_sub(segment).max(1);
                for begin in (0..len).step_by(segment) {
                    let window = (begin / segment) as u64;
                    let offset = stream("smote-window").at(window).draws().below(places);
                    for t in begin..len.min(begin + segment) {
                        let to = starts[partner] + (offset + t - begin) % other;
                        made.row(starts[item] + t, to, share);
                    }
                }
                made.row(starts[item] + len, starts[partner] + other, share);
                made.end(len);
            }
        }
        let notes = match alone {
            0 => Vec::new(),
            n => vec![format!("{} alone in the class and copied", plural(n, "utterance"))],
        };
        Ok(Made { samples: Samples::Added(made.after(bank)), notes })
    }
}

/// The log-mels of each utterance averaged over time, on the host.
fn means(bank: &Bank) -> Vec<Vec<f32>> {
    let starts = bank.starts();
    let mean = |(&start, &len): (&usize, &usize)| {
        let own: Tensor = bank.frames().narrow(0, start as i64, len as i64);
        own.mean_dim(0, false, Kind::Float)
    };
    let all: Vec<Tensor> = starts.iter().zip(bank.lens()).map(mean).collect();
    if all.is_empty() {
        return Vec::new();
    }
    Vec::<Vec<f32>>::try_from(Tensor::stack(&all, 0).to_device(Device::Cpu)).expect("a matrix of floats")
}

/// The other utterances of the class of `item`.
fn others(item: usize, labels: &[usize]) -> Vec<usize> {
    (0..labels.len()).filter(|&i| i != item && labels[i] == labels[item]).collect()
}

/// The nearest `count` of [`others`] by the Euclidean distance of `means`, nearest first; of equally near ones the earlier.
pub fn nearest(item: usize, labels: &[usize], means: &[Vec<f32>], count: usize) -> Vec<usize> {
    nearest_of(&means[item], others(item, labels).into_iter(), means, count)
}

/// The nearest `count` of `others`, numbers of `points`, to `point`; nearest first, of equally near ones the earlier.
pub(super) fn nearest_of<T: Copy + Into<f64>>(
    point: &[T],
    others: impl Iterator<Item = usize>,
    points: &[Vec<T>],
    count: usize,
) -> Vec<usize> {
    let squared = |other: &[T]| -> f64 {
        other.iter().zip(point).map(|(a, b)| ((*a).into() - (*b).into()).powi(2)).sum()
    };
    let mut found: Vec<(f64, usize)> = others.map(|i| (squared(&points[i]), i)).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.into_iter().take(count).map(|(_, i)| i).collect()
}
