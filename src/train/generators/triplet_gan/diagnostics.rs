//! What a row of the history says beside the losses: how far the augmentor is from its random start, and whether neighbours in
//! r have one class. Of fixed utterances and noise, so that the rows of a training, and of trainings under one seed, compare.

use super::networks::Networks;
use super::noise::Noise;
use super::task::AugmentorTask;
use crate::feature_bank::{Windows, indices};
use crate::nets::augmentor::project;
use crate::nets::losses::distance;
use crate::torch::upload::upload;
use seraug_core::rng::Seed;
use seraug_core::spec::Distance;
use tch::{Kind, Tensor, no_grad};

/// Neighbours that are asked for their class.
pub const NEIGHBOURS: usize = 5;
/// Utterances at most.
const MOST: usize = 128;
/// Windows a pass. Those of the first say how far the augmentor has moved.
const BATCH: usize = 32;
/// Rows whose distances are in memory at once.
const ROWS: i64 = 128;

/// The fixed utterances, each by its first window, and the noise of an augmentation of each.
#[derive(Debug)]
pub(super) struct Diagnostics {
    /// Entries of the bank, int64 [n].
    items: Tensor,
    /// Their classes, int64 [n].
    classes: Tensor,
    noise: Noise,
    /// P of the first pass, one row a window, before the first step.
    start: Tensor,
}

impl Diagnostics {
    /// For a training that starts from `networks`, which must be as they are before its first step: those of its seed.
    pub(super) fn new(task: &AugmentorTask, networks: &Networks) -> Diagnostics {
        let (seed, device) = (task.seed.child("diagnostics"), task.bank.device());
        let most = if task.guided() { MOST } else { BATCH };
        let items = choose(task.labels, task.classes, most, seed.child("utterances"));
        let classes: Vec<usize> = items.iter().map(|&i| task.labels[i]).collect();
        let (count, len) = (items.len(), networks.augmentor.noise_len());
        let drawn = Noise::draw(&[seed.child("noise")], count, len, task.spec.augmentor.epsilon);
        let mut noise = Noise::parts(&upload(&drawn, device), 1, count, len);
        let mut fixed = Diagnostics {
            items: indices(&items, device),
            classes: indices(&classes, device),
            noise: noise.remove(0),
            start: Tensor::new(),
        };
        let (windows, noise) = fixed.passes(task).next().expect("a bank has utterances");
        fixed.start = no_grad(|| networks.augmentor.perturbation(&windows.x, &windows.own, &noise.n));
        fixed.start = fixed.start.flatten(1, -1);
        fixed
    }

    /// `p_moved`, and with a trained representation learner `knn_originals` and `knn_augmentations`: a value for each
    /// utterance, left on the device.
    pub(super) fn values(&self, task: &AugmentorTask, networks: &Networks) -> Vec<(&'static str, Tensor)> {
        let (a, kind) = (&task.spec.augmentor, task.spec.augmentor.distance);
        let (mut moved, mut originals, mut augmentations) = (None, Vec::new(), Vec::new());
        for (w, noise) in self.passes(task) {
            let p = networks.augmentor.perturbation(&w.x, &w.own, &noise.n);
            moved.get_or_insert_with(|| Tensor::cosine_similarity(&p.flatten(1, -1), &self.start, 1, 1e-8));
            if task.guided() {
                let augmented = project(&w.x, &p, &noise.epsilon, &w.own, a.projection_mean);
                originals.push(networks.representation.forward(&w.x, &w.own));
                augmentations.push(networks.representation.forward(&augmented, &w.own));
            }
        }
        let mut values: Vec<_> = moved.into_iter().map(|moved| ("p_moved", moved)).collect();
        if task.guided() {
            let pool = Tensor::cat(&originals, 0);
            let own = Tensor::arange(pool.size()[0], (Kind::Int64, pool.device()));
            let agreement =
                |r: &Tensor| class_agreement(r, &self.classes, Some(&own), &pool, &self.classes, kind);
            values.push(("knn_originals", agreement(&pool)));
            values.push(("knn_augmentations", agreement(&Tensor::cat(&augmentations, 0))));
        }
        values
    }

    /// The windows and their noise, a pass at a time.
    fn passes(&self, task: &AugmentorTask) -> impl Iterator<Item = (Windows, Noise)> {
        let (a, bank) = (&task.spec.augmentor, task.bank);
        let noise =
            self.noise.n.split(BATCH as i64, 0).into_iter().zip(self.noise.epsilon.split(BATCH as i64, 0));
        self.items.split(BATCH as i64, 0).into_iter().zip(noise).map(|(items, (n, epsilon))| {
            (bank.windows(&items, &items.zeros_like(), a.frames, a.padding), Noise { n, epsilon })
        })
    }
}

/// At most `most` utterances, from each of the `classes` equally many or all that it has, the classes in turn.
fn choose(labels: &[usize], classes: usize, most: usize, seed: Seed) -> Vec<usize> {
    let quota = (most / classes).max(1);
    let mut by_class = vec![Vec::new(); classes];
    labels.iter().enumerate().for_each(|(item, &class)| by_class[class].push(item));
    for (class, items) in by_class.iter_mut().enumerate() {
        seed.at(class as u64).draws().shuffle(items);
    }
    (0..quota)
        .flat_map(|turn| by_class.iter().filter_map(move |items| items.get(turn)))
        .copied()
        .take(most)
        .collect()
}

/// For each row of `r` [n, units], the share of its [`NEIGHBOURS`] nearest in `pool` [m, units] that have its class, [n];
/// `classes` [n] and `pool_classes` [m] are int64, and the distance is that of the losses. Row `own` (int64 [n]) of the pool does
/// not count: it is the row itself, or what the row was made from. Of a smaller pool all others are asked; m is at least 2. All
/// of it stays on the device.
pub fn class_agreement(
    r: &Tensor,
    classes: &Tensor,
    own: Option<&Tensor>,
    pool: &Tensor,
    pool_classes: &Tensor,
    kind: Distance,
) -> Tensor {
    let asked = (NEIGHBOURS as i64).min(pool.size()[0] - i64::from(own.is_some()));
    let share = |from: i64| {
        let rows = |t: &Tensor| t.narrow(0, from, ROWS.min(t.size()[0] - from));
        let mut d = distance(&rows(r).unsqueeze(1), &pool.unsqueeze(0), kind);
        if let Some(own) = own {
            d = d.scatter_value(1, &rows(own).unsqueeze(1), f64::INFINITY);
        }
        let (_, nearest) = d.topk(asked, 1, false, true);
        let found = pool_classes.index_select(0, &nearest.reshape([-1])).view([-1, asked]);
        found.eq_tensor(&rows(classes).unsqueeze(1)).mean_dim(1, false, Kind::Float)
    };
    let parts: Vec<Tensor> = (0..r.size()[0]).step_by(ROWS as usize).map(share).collect();
    Tensor::cat(&parts, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn classes_take_turns_and_none_has_more_than_its_share() {
        let labels: Vec<usize> = [vec![0; 50], vec![1; 3], vec![2; 20]].concat();
        let chosen = choose(&labels, 3, 30, Seed::new(1));
        let of = |class: usize| chosen.iter().filter(|&&i| labels[i] == class).count();
        assert_eq!((of(0), of(1), of(2)), (10, 3, 10));
        let first: Vec<usize> = chosen[..6].iter().map(|&i| labels[i]).collect();
        assert_eq!(first, [0, 1, 2, 0, 1, 2]);
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 23);
        assert_ne!(chosen, choose(&labels, 3, 30, Seed::new(2)));
        assert_eq!(choose(&[0, 1, 2], 3, 2, Seed::new(1)).len(), 2);
    }

    #[test]
    fn agreement_is_that_of_all_pairs_compared() {
        // More rows than are compared at once.
        let (n, units, m) = (150, 3, 40);
        let values = |count: usize, seed| {
            let mut values = vec![0f32; count * units];
            Seed::new(seed).draws().fill_normal(&mut values);
            values
        };
        let classes = |count: usize, seed| -> Vec<usize> {
            let mut draws = Seed::new(seed).draws();
            (0..count).map(|_| draws.below(3)).collect()
        };
        let (r, pool, r_classes, pool_classes) = (values(n, 1), values(m, 2), classes(n, 3), classes(m, 4));
        let own: Vec<usize> = (0..n).map(|i| i % m).collect();
        let by_hand = |own: Option<&[usize]>| -> Vec<f32> {
            let of = |i: usize| {
                let far = |j: usize| -> f32 {
                    (0..units).map(|k| (r[i * units + k] - pool[j * units + k]).abs()).sum()
                };
                let mut others: Vec<usize> = (0..m).filter(|&j| own.is_none_or(|own| own[i] != j)).collect();
                others.sort_by(|&a, &b| far(a).total_cmp(&far(b)));
                others[..5].iter().filter(|&&j| pool_classes[j] == r_classes[i]).count() as f32 / 5.0
            };
            (0..n).map(of).collect()
        };
        let matrix = |values: &[f32]| Tensor::from_slice(values).view([-1, units as i64]);
        let long = |values: &[usize]| indices(values, Device::Cpu);
        for own in [None, Some(&own[..])] {
            let not = own.map(long);
            for kind in [Distance::Sum, Distance::Mean] {
                let shares = class_agreement(
                    &matrix(&r),
                    &long(&r_classes),
                    not.as_ref(),
                    &matrix(&pool),
                    &long(&pool_classes),
                    kind,
                );
                assert_eq!(Vec::<f32>::try_from(shares).unwrap(), by_hand(own));
            }
        }
        // Three in all: both others are asked, one of them of the class.
        let (few, classes) = (matrix(&values(3, 5)), long(&[0, 0, 1]));
        let all = class_agreement(&few, &classes, Some(&long(&[0, 1, 2])), &few, &classes, Distance::Sum);
        assert_eq!(Vec::<f32>::try_from(all).unwrap(), [0.5, 0.5, 0.0]);
    }
}
