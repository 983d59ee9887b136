//! Which windows a step trains on: drawn on the host, a draw depends on the step alone.

use crate::nets::losses::distance;
use seraug_core::error::{Error, Result};
use seraug_core::rng::{Draws, Seed};
use seraug_core::spec::Distance;
use tch::{Kind, Tensor};

/// Draws triplets and windows of a training set.
#[derive(Debug, Clone)]
pub struct Triplets {
    by_class: Vec<Vec<usize>>,
    labels: Vec<usize>,
    lens: Vec<usize>,
    seed: Seed,
}

/// The windows of one step: an utterance and the frame where its window starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrawnWindows {
    /// Positives: another utterance of the anchor's class where there is one.
    pub positives: Vec<(usize, usize)>,
    /// Anchors: class uniform, then utterance uniform.
    pub anchors: Vec<(usize, usize)>,
    /// Negatives: uniform over the other classes, then over their utterances.
    pub negatives: Vec<(usize, usize)>,
    /// X2 of the discriminator: any utterance but the anchor's.
    pub originals: Vec<(usize, usize)>,
}

impl Triplets {
    /// Over utterances of these classes (`labels`, below `names.len()`) and lengths in frames.
    ///
    /// # Errors
    /// Fewer than two classes, or a class without an utterance; the message has its name.
    pub fn new(labels: &[usize], lens: &[usize], names: &[String], seed: Seed) -> Result<Triplets> {
        assert_eq!(labels.len(), lens.len(), "labels and utterances");
        if names.len() < 2 {
            return Err(Error::failed(format!(
                "augmentor training: {} classes, triplets need at least 2",
                names.len()
            )));
        }
        let mut by_class = vec![Vec::new(); names.len()];
        labels.iter().enumerate().for_each(|(item, &class)| by_class[class].push(item));
        if let Some(empty) = by_class.iter().position(Vec::is_empty) {
            return Err(Error::failed(format!(
                "augmentor training: no training utterance of class {}; lower reduction.share or drop the class",
                names[empty]
            )));
        }
        Ok(Triplets { by_class, labels: labels.to_vec(), lens: lens.to_vec(), seed: seed.child("triplets") })
    }

    /// `batch` triplets of step `step`; a window of `frames` frames starts at random in a longer utterance.
    pub fn draw(&self, step: usize, batch: usize, frames: usize) -> DrawnWindows {
        let mut draws = self.seed.at(step as u64).draws();
        let mut drawn = DrawnWindows::default();
        for _ in 0..batch {
            let class = draws.below(self.by_class.len());
            let anchor = pick(&self.by_class[class], &mut draws);
            let others = &self.by_class[class];
            let positive = if others.len() > 1 { other_than(others, anchor, &mut draws) } else { anchor };
            let other_class = (class + 1 + draws.below(self.by_class.len() - 1)) % self.by_class.len();
            let negative = pick(&self.by_class[other_class], &mut draws);
            let step = 1 + draws.below(self.labels.len() - 1);
            let original = (anchor + step) % self.labels.len();
            let mut window = |item: usize| {
                // One draw whatever the length, so that a longer utterance moves no other window.
                let at = draws.uniform();
                (item, (at * (self.lens[item].saturating_sub(frames) + 1) as f64) as usize)
            };
            drawn.anchors.push(window(anchor));
            drawn.positives.push(window(positive));
            drawn.negatives.push(window(negative));
            drawn.originals.push(window(original));
        }
        drawn
    }
}

fn pick(items: &[usize], draws: &mut Draws) -> usize {
    items[draws.below(items.len())]
}

/// One of `items` (ascending, at least two) but not `not`.
fn other_than(items: &[usize], not: usize, draws: &mut Draws) -> usize {
    let at = items.binary_search(&not).expect("listed under its class");
    items[(at + 1 + draws.below(items.len() - 1)) % items.len()]
}

/// For each anchor the index of its semi-hard negative among `candidates` [n, units] of `classes`
/// (int64 [n]): the nearest of another class that is farther than the positive, and where none is,
/// the farthest (FaceNet's choice, as in its usual implementations). No value leaves the device.
///
/// `anchors` are [batch, units] of `anchor_classes` (int64 [batch]), `positive` their distances [batch].
pub fn semi_hard(
    anchors: &Tensor,
    anchor_classes: &Tensor,
    positive: &Tensor,
    candidates: &Tensor,
    classes: &Tensor,
    kind: Distance,
) -> Tensor {
    let d = tch::no_grad(|| distance(&anchors.unsqueeze(1), &candidates.unsqueeze(0), kind));
    let same = anchor_classes.unsqueeze(1).eq_tensor(&classes.unsqueeze(0));
    let unusable = same.logical_or(&d.le_tensor(&positive.detach().unsqueeze(1)));
    let (nearest, at) = d.masked_fill(&unusable, f64::INFINITY).min_dim(1, false);
    let farthest = d.masked_fill(&same, f64::NEG_INFINITY).argmax(1, false);
    farthest.where_self(&nearest.isinf(), &at).to_kind(Kind::Int64)
}

/// Rows `at` (int64 [n], repetitions allowed) of `r` [rows, units]. On a GPU the gradient of `index_select` adds what comes to
/// one row in any order; that of `index` sorts first.
pub fn rows(r: &Tensor, at: &Tensor) -> Tensor {
    if r.device().is_cuda() { r.index(&[Some(at)]) } else { r.index_select(0, at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("c{i}")).collect()
    }

    #[test]
    fn triplets_are_triplets() {
        let labels = [0, 0, 0, 1, 1, 2];
        let lens = [10, 40, 100, 40, 32, 7];
        let t = Triplets::new(&labels, &lens, &names(3), Seed::new(1)).unwrap();
        assert_eq!(t.draw(3, 8, 32), t.draw(3, 8, 32));
        assert_ne!(t.draw(3, 8, 32), t.draw(4, 8, 32));
        let d = t.draw(0, 3000, 32);
        let mut anchors = [0usize; 3];
        for i in 0..3000 {
            let [(a, _), (p, _), (n, _), (o, _)] =
                [d.anchors[i], d.positives[i], d.negatives[i], d.originals[i]];
            anchors[labels[a]] += 1;
            assert_eq!(labels[a], labels[p]);
            assert_ne!(labels[a], labels[n]);
            assert!(a != o && (a != p || a == 5), "{a} {p} {o}");
            for (item, offset) in [d.anchors[i], d.originals[i]] {
                assert!(offset <= lens[item].saturating_sub(32));
            }
        }
        assert!(anchors.iter().all(|&n| (900..1100).contains(&n)), "{anchors:?}");
        assert!(d.anchors.contains(&(2, 68)) && d.anchors.contains(&(2, 0)));
    }

    #[test]
    fn a_class_without_utterances_is_named() {
        let e = Triplets::new(&[0, 0, 2], &[5, 5, 5], &names(3), Seed::new(1)).unwrap_err().to_string();
        assert!(e.contains("class c1") && e.contains("reduction.share"), "{e}");
        assert!(
            Triplets::new(&[0, 0], &[5, 5], &names(1), Seed::new(1))
                .unwrap_err()
                .to_string()
                .contains("at least 2")
        );
    }

    #[test]
    fn semi_hard_is_the_nearest_beyond_the_positive_or_the_farthest() {
        let anchors = Tensor::from_slice(&[0f32, 0.0]).view([2, 1]);
        let candidates = Tensor::from_slice(&[1f32, 3.0, 5.0, 2.5]).view([4, 1]);
        let classes = Tensor::from_slice(&[1i64, 1, 1, 0]);
        let own = Tensor::from_slice(&[0i64, 0]);
        let at = semi_hard(
            &anchors,
            &own,
            &Tensor::from_slice(&[2f32, 6.0]),
            &candidates,
            &classes,
            Distance::Sum,
        );
        assert_eq!(Vec::<i64>::try_from(at).unwrap(), [1, 2]);
    }
}
