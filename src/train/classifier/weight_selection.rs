//! Which weights a training ends with (FIDELITY.md row "classifier training").

use crate::nets::vgg::VggNet;
use crate::torch::checkpoint::{Reader, Writer};
use seraug_core::error::Result;
use seraug_core::spec::FinalWeights;
use tch::Tensor;

/// Names of a [`WeightState`]'s two vectors in a checkpoint.
const KEPT: [&str; 2] = ["kept.weights", "kept.statistics"];

/// Follows a training and sets the network's weights at its end. Batch norm's running statistics are
/// treated as the weights are: averaged with them, or taken from the same check.
#[derive(Debug)]
pub enum WeightKeeper {
    /// Leaves the last step's.
    Last,
    /// Mean over the steps from `from` on.
    Average {
        /// First step that counts, from 0.
        from: usize,
        /// Steps that have counted.
        count: usize,
        /// Their mean; none before the first.
        mean: Option<WeightState>,
    },
    /// Those of the check with the highest score, the earliest of equals.
    Best {
        /// The highest score and its weights; none before the first check.
        best: Option<(f64, WeightState)>,
    },
}

/// Weights and running statistics, flat.
#[derive(Debug)]
pub struct WeightState([Tensor; 2]);

impl WeightState {
    fn of(net: &VggNet) -> WeightState {
        WeightState(views(net).map(|t| t.copy()))
    }

    fn restore(&self, net: &VggNet) {
        let _no_grad = tch::no_grad_guard();
        views(net).iter_mut().zip(&self.0).for_each(|(to, from)| to.copy_(from));
        net.params().refresh();
    }
}

fn views(net: &VggNet) -> [Tensor; 2] {
    [net.params().flat().shallow_clone(), net.buffers().flat().shallow_clone()]
}

impl WeightKeeper {
    /// For a training of `steps` steps.
    pub fn new(weights: FinalWeights, steps: usize) -> WeightKeeper {
        match weights {
            FinalWeights::Last => WeightKeeper::Last,
            FinalWeights::Average => {
                WeightKeeper::Average { from: steps - steps.div_ceil(4), count: 0, mean: None }
            }
            FinalWeights::HeldOut => WeightKeeper::Best { best: None },
        }
    }

    /// After the update of step `step`, from 0.
    pub fn stepped(&mut self, step: usize, net: &VggNet) {
        let WeightKeeper::Average { from, count, mean } = self else { return };
        if step < *from {
            return;
        }
        *count += 1;
        match mean {
            None => *mean = Some(WeightState::of(net)),
            Some(WeightState(means)) => {
                let share = 1.0 / *count as f64;
                for (mean, now) in means.iter_mut().zip(views(net)) {
                    let _ = mean.lerp_(&now, share);
                }
            }
        }
    }

    /// After a check that gave `score`.
    pub fn checked(&mut self, score: f64, net: &VggNet) {
        if let WeightKeeper::Best { best } = self
            && best.as_ref().is_none_or(|(highest, _)| score > *highest)
        {
            *best = Some((score, WeightState::of(net)));
        }
    }

    /// Puts the weights kept so far beside the network's own.
    pub fn save(&self, to: &mut Writer) {
        let state = match self {
            WeightKeeper::Last
            | WeightKeeper::Average { mean: None, .. }
            | WeightKeeper::Best { best: None } => return,
            WeightKeeper::Average { count, mean: Some(state), .. } => {
                to.count("averaged", *count);
                state
            }
            WeightKeeper::Best { best: Some((score, state)) } => {
                to.score("best", *score);
                state
            }
        };
        KEPT.iter().zip(&state.0).for_each(|(name, values)| to.tensor(*name, values));
    }

    /// Takes up what [`WeightKeeper::save`] put there; `net` is the network that it follows.
    ///
    /// # Errors
    /// It is not of this network.
    pub fn load(&mut self, from: &mut Reader, net: &VggNet) -> Result<()> {
        if matches!(self, WeightKeeper::Last) || !from.has(KEPT[0]) {
            return Ok(());
        }
        let state = WeightState::of(net);
        KEPT.iter().zip(&state.0).try_for_each(|(name, values)| from.fill(name, values))?;
        match self {
            WeightKeeper::Last => {}
            WeightKeeper::Average { count, mean, .. } => {
                (*count, *mean) = (from.count("averaged")?, Some(state))
            }
            WeightKeeper::Best { best } => *best = Some((from.score("best")?, state)),
        }
        Ok(())
    }

    /// Sets the network's weights.
    pub fn finish(self, net: &VggNet) {
        match self {
            WeightKeeper::Last
            | WeightKeeper::Average { mean: None, .. }
            | WeightKeeper::Best { best: None } => {}
            WeightKeeper::Average { mean: Some(state), .. }
            | WeightKeeper::Best { best: Some((_, state)) } => state.restore(net),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;
    use seraug_core::spec;
    use tch::Device;

    fn net() -> VggNet {
        let spec = spec::Vgg {
            widths: [1; 5],
            depths: [1; 5],
            pooled: 1,
            head: 2,
            batch_norm: true,
            ..spec::Vgg::default()
        };
        VggNet::new(&spec, 32, 32, 2, Seed::new(1), Device::Cpu)
    }

    fn set(net: &VggNet, value: f64) {
        views(net).iter_mut().for_each(|t| drop(t.fill_(value)));
    }

    /// The first weight and the first running mean, after making sure that all are equal.
    fn value(net: &VggNet) -> f64 {
        let [weights, statistics] =
            views(net).map(|t| (t.min().double_value(&[]), t.max().double_value(&[])));
        assert!(weights == statistics && weights.0 == weights.1, "{weights:?} {statistics:?}");
        weights.0
    }

    #[test]
    fn average_is_over_the_last_quarter() {
        for (steps, mean) in [(8, 6.5), (9, 7.0), (1, 0.0)] {
            let net = net();
            let mut keeper = WeightKeeper::new(FinalWeights::Average, steps);
            for step in 0..steps {
                set(&net, step as f64);
                keeper.stepped(step, &net);
                keeper.checked(9.0, &net);
            }
            keeper.finish(&net);
            assert_eq!(value(&net), mean, "{steps} steps");
        }
    }

    #[test]
    fn what_is_kept_comes_back_exactly() {
        let (net, dir) = (net(), tempfile::tempdir().unwrap());
        let back = |keeper: &WeightKeeper, weights| {
            let mut to = Writer::new(1, 4);
            keeper.save(&mut to);
            to.write(dir.path()).unwrap();
            let mut back = WeightKeeper::new(weights, 4);
            back.load(&mut Reader::open(dir.path()).unwrap(), &net).unwrap();
            back
        };
        let mut best = WeightKeeper::new(FinalWeights::HeldOut, 4);
        assert!(matches!(back(&best, FinalWeights::HeldOut), WeightKeeper::Best { best: None }));
        set(&net, 1.0);
        best.checked(1.0 / 3.0, &net);
        let mut best = back(&best, FinalWeights::HeldOut);
        set(&net, 2.0);
        best.checked(1.0 / 3.0, &net);
        assert!(matches!(&best, WeightKeeper::Best { best: Some((score, _)) } if *score == 1.0 / 3.0));
        best.finish(&net);
        assert_eq!(value(&net), 1.0, "an equal score does not replace it");

        let mut average = WeightKeeper::Average { from: 0, count: 0, mean: None };
        average.stepped(0, &net);
        let WeightKeeper::Average { from, count, mean } = back(&average, FinalWeights::Average) else {
            panic!()
        };
        assert_eq!((from, count), (3, 1), "where it begins is the training's, not the checkpoint's");
        assert!(mean.is_some());
    }

    #[test]
    fn the_best_check_is_kept_and_the_earliest_of_equals() {
        let run = |weights| {
            let net = net();
            let mut keeper = WeightKeeper::new(weights, 4);
            for (step, score) in [0.2, 0.7, 0.7, 0.5].into_iter().enumerate() {
                set(&net, step as f64);
                keeper.stepped(step, &net);
                keeper.checked(score, &net);
            }
            keeper.finish(&net);
            value(&net)
        };
        assert_eq!(run(FinalWeights::HeldOut), 1.0);
        assert_eq!(run(FinalWeights::Last), 3.0);
    }
}
