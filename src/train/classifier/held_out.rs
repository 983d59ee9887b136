//! A speaker kept out of training to choose the weights (FIDELITY.md row "classifier training").

use super::task::ClassifierTask;
use seraug_core::error::{Error, Result};
use std::collections::BTreeSet;

/// The choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOut {
    /// The speaker; none of its utterances, nor augmentations of them, are trained on.
    pub speaker: usize,
    /// Its original utterances: entries into the bank.
    pub check: Vec<usize>,
}

impl HeldOut {
    /// The first speaker, in an order that the seed draws, whose removal leaves every class in training.
    /// It depends on the seed, the original utterances and, where a class would go, on the entries.
    ///
    /// # Errors
    /// There is no such speaker.
    pub fn choose(task: &ClassifierTask) -> Result<HeldOut> {
        let distinct: BTreeSet<usize> = task.originals.iter().map(|&i| task.speakers[i]).collect();
        let mut speakers: Vec<usize> = distinct.into_iter().collect();
        task.seed.child("held-out").draws().shuffle(&mut speakers);
        let classes = |keep: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
            task.items.iter().filter(|&&i| keep(task.speakers[i])).map(|&i| task.labels[i]).collect()
        };
        let all = classes(&|_| true);
        let found = speakers.iter().find(|&&out| classes(&|s| s != out) == all);
        let speaker = *found.ok_or_else(|| {
            Error::failed(format!(
                "classifier.weights = \"held-out\": none of the {} training speakers can be spared without losing \
                 a class; set it to \"last\" or \"average\"",
                speakers.len()
            ))
        })?;
        let check = task.originals.iter().copied().filter(|&i| task.speakers[i] == speaker).collect();
        Ok(HeldOut { speaker, check })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_bank::Bank;
    use seraug_core::rng::Seed;
    use seraug_core::spec::{Classifier, ClassifierLoss, Precision, Sampling};
    use tch::Tensor;

    fn choose(labels: &[usize], speakers: &[usize], originals: &[usize], seed: u64) -> Result<HeldOut> {
        let bank = Bank::from_frames(
            Tensor::from_slice(&vec![0f32; labels.len() * 2]).view([-1, 1]),
            vec![1; labels.len()],
        );
        let items: Vec<usize> = (0..labels.len()).collect();
        HeldOut::choose(&ClassifierTask {
            spec: &Classifier::default(),
            precision: Precision::F32,
            class_names: &["a", "b"],
            bank: &bank,
            items: &items,
            labels,
            speakers,
            originals,
            loss: ClassifierLoss::Plain,
            sampling: Sampling::Uniform,
            mixup: None,
            seed: Seed::new(seed),
        })
    }

    #[test]
    fn a_speaker_who_alone_has_a_class_stays() {
        let (labels, speakers) = ([0, 1, 0, 0, 0], [7, 7, 8, 9, 8]);
        let chosen: BTreeSet<usize> =
            (0..20).map(|seed| choose(&labels, &speakers, &[0, 1, 2, 3], seed).unwrap().speaker).collect();
        assert_eq!(chosen, BTreeSet::from([8, 9]));
        let eight = (0..20)
            .map(|seed| choose(&labels, &speakers, &[0, 1, 2, 3], seed).unwrap())
            .find(|h| h.speaker == 8);
        assert_eq!(eight.unwrap().check, [2], "entry 4 is an augmentation");
    }

    #[test]
    fn nobody_to_spare() {
        let error = choose(&[0, 1], &[3, 3], &[0, 1], 1).unwrap_err().to_string();
        assert!(error.contains("none of the 1 training speakers"), "{error}");
        assert!(choose(&[0, 1], &[3, 4], &[0, 1], 1).is_err(), "each has a class of its own");
    }
}
