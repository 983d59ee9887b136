//! Utterances or samples as the judge sees them.

use seraug_core::rng::Seed;
use seraug_core::run_files::PointSpace;
use seraug_data::judge::{Point, pattern};
use seraug_train::feature_bank::Bank;
use seraug_train::judge::{JudgeNet, bands, changes, patterns};
use std::collections::{BTreeMap, BTreeSet};

/// Utterances or samples: their classes, the utterances that they were made of, and their points.
#[derive(Debug, Clone, Default)]
pub(super) struct JudgedSet {
    pub(super) labels: Vec<usize>,
    /// A number for each source; samples of one source are not independent.
    pub(super) sources: Vec<usize>,
    pub(super) embedding: Vec<Point>,
    pub(super) bands: Vec<Point>,
    /// What repeats over time and over bands, in standardised values.
    pub(super) patterns: [Vec<Point>; 2],
    /// How far each is from its source, in standardised values; empty where that was not asked for.
    pub(super) changes: Vec<f64>,
    /// What the judge takes each for.
    pub(super) taken_for: Vec<usize>,
}

impl JudgedSet {
    pub(super) fn of(net: &JudgeNet, bank: &Bank, labels: Vec<usize>, sources: Vec<usize>) -> JudgedSet {
        let judged = net.judge(bank);
        let (embedding, taken_for) = (judged.embedding, judged.classes);
        let bands = bands(bank);
        let over_bands = bands.iter().map(|band| pattern(&band[..band.len() / 2], 1)).collect();
        let patterns = [patterns(bank), over_bands];
        JudgedSet { labels, sources, embedding, bands, patterns, changes: Vec::new(), taken_for }
    }

    /// Samples, made of the utterances of `originals` that `sources` names.
    pub(super) fn made_of(
        net: &JudgeNet,
        originals: &Bank,
        made: &Bank,
        labels: Vec<usize>,
        sources: Vec<usize>,
    ) -> JudgedSet {
        let changes = changes(made, originals, &sources);
        JudgedSet { changes, ..JudgedSet::of(net, made, labels, sources) }
    }

    pub(super) fn points(&self, space: PointSpace) -> &[Point] {
        match space {
            PointSpace::Embedding => &self.embedding,
            PointSpace::Bands => &self.bands,
        }
    }

    /// The entries `items`, an entry as often as it is listed.
    pub(super) fn pick(&self, items: &[usize]) -> JudgedSet {
        fn each<T: Clone>(all: &[T], items: &[usize]) -> Vec<T> {
            items.iter().map(|&i| all[i].clone()).collect()
        }
        JudgedSet {
            labels: each(&self.labels, items),
            sources: each(&self.sources, items),
            embedding: each(&self.embedding, items),
            bands: each(&self.bands, items),
            patterns: [0, 1].map(|i| each(&self.patterns[i], items)),
            changes: if self.changes.is_empty() { Vec::new() } else { each(&self.changes, items) },
            taken_for: each(&self.taken_for, items),
        }
    }

    /// The entries of some classes.
    pub(super) fn of_classes(&self, classes: &[usize]) -> JudgedSet {
        let items: Vec<usize> =
            (0..self.labels.len()).filter(|&i| classes.contains(&self.labels[i])).collect();
        self.pick(&items)
    }

    /// The first entry of each source and class, in order.
    pub(super) fn firsts(&self) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        (0..self.labels.len()).filter(|&i| seen.insert((self.sources[i], self.labels[i]))).collect()
    }

    /// [`JudgedSet::firsts`], and of a class no more than `kept` has of it: a generator that converts has other sources, and more. Which is
    /// drawn.
    pub(super) fn independent(&self, kept: &JudgedSet, seed: Seed) -> JudgedSet {
        let mut of_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for i in self.firsts() {
            of_class.entry(self.labels[i]).or_default().push(i);
        }
        let mut items = Vec::new();
        for (class, mut own) in of_class {
            let most = kept.labels.iter().filter(|label| **label == class).count();
            if own.len() > most {
                seed.at(class as u64).draws().shuffle(&mut own);
                own.truncate(most);
            }
            items.extend(own);
        }
        items.sort_unstable();
        self.pick(&items)
    }

    /// The share, in [0, 1], of its entries of class `c` that the judge takes for none of `classes`; none without any.
    pub(super) fn taken_for_others(&self, c: usize, classes: &[usize]) -> Option<f64> {
        let own: Vec<usize> = self.of_classes(&[c]).taken_for;
        let others = own.iter().filter(|of| !classes.contains(of)).count();
        (!own.is_empty()).then(|| others as f64 / own.len() as f64)
    }

    /// Of each entry the source of the next one of its class, the first after the last; none where a class has one entry alone.
    pub(super) fn next_of_class(&self) -> Option<Vec<usize>> {
        let n = self.labels.len();
        let next = |i: usize| {
            let same = |j: &usize| self.labels[*j] == self.labels[i];
            (i + 1..n).chain(0..i).find(same).map(|j| self.sources[j])
        };
        (0..n).map(next).collect()
    }

    /// The judge's recall, in [0, 1]: the mean over those of `classes` that it has.
    pub(super) fn recall(&self, classes: &[usize]) -> Option<f64> {
        mean_recall(&self.labels, &self.taken_for, classes)
    }
}

/// The mean over those of `classes` that `truths` has of the share that is `taken_for` them; none without any.
pub(super) fn mean_recall(truths: &[usize], taken_for: &[usize], classes: &[usize]) -> Option<f64> {
    let recall = |&c: &usize| {
        let own: Vec<usize> =
            truths.iter().zip(taken_for).filter(|(t, _)| **t == c).map(|(_, p)| *p).collect();
        (!own.is_empty()).then(|| own.iter().filter(|p| **p == c).count() as f64 / own.len() as f64)
    };
    let found: Vec<f64> = classes.iter().filter_map(recall).collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::cell) fn set(n: usize) -> JudgedSet {
        let points: Vec<Point> = (0..n).map(|i| vec![i as f64, (i * i % 7) as f64]).collect();
        JudgedSet {
            labels: (0..n).map(|i| 1 + i % 2).collect(),
            sources: (0..n).map(|i| i / 2).collect(),
            embedding: points.clone(),
            patterns: [points.iter().map(|p| vec![p[1]; 8]).collect(), vec![vec![0.0; 8]; n]],
            changes: Vec::new(),
            bands: points,
            taken_for: (0..n).map(|i| if i % 4 == 0 { 0 } else { 1 + i % 2 }).collect(),
        }
    }

    #[test]
    fn sets_are_picked_by_class_and_source() {
        let all = set(8);
        // Classes 1, 2, 1, 2 ...; of the four of class 1, two are taken for 0.
        assert_eq!((all.recall(&[1]), all.recall(&[2]), all.recall(&[0])), (Some(0.5), Some(1.0), None));
        assert_eq!(all.recall(&[0, 1, 2]), Some(0.75));
        let others = |c, classes: &[usize]| all.taken_for_others(c, classes);
        assert_eq!((others(1, &[1, 2]), others(2, &[1, 2]), others(0, &[1])), (Some(0.5), Some(0.0), None));
        // Sources 0, 0, 1, 1 of classes 1, 2, 1, 2.
        assert_eq!(set(4).next_of_class(), Some(vec![1, 1, 0, 0]));
        assert_eq!(set(3).next_of_class(), None, "one of class 2");
        let of_one = all.of_classes(&[1]);
        assert_eq!((of_one.sources, of_one.embedding[1][0]), (vec![0, 1, 2, 3], 2.0));
        let twice = all.pick(&[0, 0, 2, 2]);
        assert_eq!(twice.pick(&twice.firsts()).sources, [0, 1]);
        // Four conversions into each class, of which two and one were kept.
        let converted = JudgedSet { sources: (0..8).collect(), ..set(8) };
        let kept = set(8).pick(&[0, 2, 1]);
        let drawn = converted.independent(&kept, Seed::new(4));
        assert_eq!(drawn.labels.iter().filter(|label| **label == 1).count(), 2);
        assert_eq!((drawn.labels.len(), drawn.sources.is_sorted()), (3, true));
    }
}
