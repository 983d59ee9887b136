//! The order in which training segments are drawn (FIDELITY.md row "class weights, sampling").

use seraug_core::rng::{Draws, Seed};
use seraug_core::spec::Sampling;

/// An endless stream of places in the training set. Batches are cut from it one after the other, so
/// all are full and one may hold the end of a pass and the beginning of the next.
#[derive(Debug)]
pub enum Sampler {
    /// Every segment once a pass, shuffled afresh for each.
    Uniform {
        /// Its child of a pass shuffles that pass.
        seed: Seed,
        /// Passes begun.
        pass: u64,
        /// Segments in the set.
        count: usize,
        /// What is left of the pass, from the end.
        left: Vec<usize>,
    },
    /// A class uniformly, then a segment of it uniformly, with replacement.
    Balanced {
        /// The stream of draws.
        draws: Draws,
        /// Places of each class.
        of_class: Vec<Vec<usize>>,
    },
}

impl Sampler {
    /// Over segments of these `classes`, of which there is at least one in each of `0..class_count`.
    pub fn new(sampling: Sampling, classes: &[usize], class_count: usize, seed: Seed) -> Sampler {
        match sampling {
            Sampling::Uniform => Sampler::Uniform { seed, pass: 0, count: classes.len(), left: Vec::new() },
            Sampling::Balanced => {
                let places = |class| (0..classes.len()).filter(|&i| classes[i] == class).collect();
                Sampler::Balanced { draws: seed.draws(), of_class: (0..class_count).map(places).collect() }
            }
        }
    }
}

impl Sampler {
    /// Passes over the next `count` places, at the cost of one pass at most.
    pub fn skip_places(&mut self, count: usize) {
        match self {
            Sampler::Uniform { count: all, pass, left, .. } => {
                let here = count.min(left.len());
                left.truncate(left.len() - here);
                *pass += ((count - here) / *all) as u64;
                let rest = (count - here) % *all;
                self.take(rest).for_each(drop);
            }
            // Two draws a place.
            Sampler::Balanced { draws, .. } => draws.skip(2 * count as u64),
        }
    }
}

impl Iterator for Sampler {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Sampler::Uniform { seed, pass, count, left } => {
                if left.is_empty() {
                    left.extend(0..*count);
                    seed.at(*pass).draws().shuffle(left);
                    *pass += 1;
                }
                left.pop()
            }
            Sampler::Balanced { draws, of_class } => {
                let class = draws.below(of_class.len());
                let places = &of_class[class];
                Some(places[draws.below(places.len())])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_pass_holds_every_segment_once() {
        let mut order = Sampler::new(Sampling::Uniform, &[0; 50], 1, Seed::new(1));
        let passes: Vec<Vec<usize>> = (0..3).map(|_| order.by_ref().take(50).collect()).collect();
        for pass in &passes {
            let mut sorted = pass.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        }
        assert!(passes[0] != passes[1] && passes[1] != passes[2]);
    }

    #[test]
    fn skipping_is_drawing_but_takes_no_time() {
        let classes: Vec<usize> = (0..50).map(|i| i % 3).collect();
        for sampling in [Sampling::Uniform, Sampling::Balanced] {
            let order = || Sampler::new(sampling, &classes, 3, Seed::new(1));
            for before in [0, 7, 50] {
                for count in [0, 1, 43, 49, 50, 51, 100, 523] {
                    let mut skipped = order();
                    skipped.by_ref().take(before).for_each(drop);
                    skipped.skip_places(count);
                    let drawn: Vec<usize> = order().skip(before + count).take(120).collect();
                    assert_eq!(skipped.take(120).collect::<Vec<_>>(), drawn, "{count} after {before}");
                }
            }
            // More places than could be drawn one by one.
            let mut late = order();
            late.skip_places(1 << 50);
            assert!(late.next().is_some());
        }
    }

    #[test]
    fn balanced_draws_classes_equally_often() {
        let classes: Vec<usize> = [0; 90].into_iter().chain([1; 9]).chain([2]).collect();
        let drawn: Vec<usize> =
            Sampler::new(Sampling::Balanced, &classes, 3, Seed::new(1)).take(9000).collect();
        for class in 0..3 {
            let count = drawn.iter().filter(|&&i| classes[i] == class).count();
            assert!((2800..3200).contains(&count), "class {class}: {count}");
        }
        assert!((0..100).all(|i| drawn.contains(&i)), "a segment was never drawn");
    }
}
