//! What views are drawn from: noise and epsilon, on the host.

use crate::torch::upload::upload;
use rayon::prelude::*;
use seraug_core::rng::Seed;
use seraug_core::spec::ViewBudget;
use tch::{Device, Tensor};

/// Noise and epsilon of some views, on the device.
#[derive(Debug)]
pub(super) struct ViewDraws {
    /// Uniform in [0, 1), [views, values of one].
    pub(super) noise: Tensor,
    /// [views].
    pub(super) epsilon: Tensor,
}

impl ViewDraws {
    /// For a view of each of `streams`, `noise` values each; one upload.
    pub(super) fn new(streams: &[Seed], noise: usize, epsilon: ViewBudget, device: Device) -> ViewDraws {
        let views = streams.len();
        let mut host = vec![0f32; views * (noise + 1)];
        let (all_noise, all_epsilon) = host.split_at_mut(views * noise);
        all_noise.par_chunks_mut(noise).zip(streams).for_each(|(out, stream)| {
            let mut draws = stream.child("noise").draws();
            out.iter_mut().for_each(|v| *v = draws.uniform() as f32);
        });
        for (out, stream) in all_epsilon.iter_mut().zip(streams) {
            *out = drawn_epsilon(epsilon, *stream);
        }
        let all = upload(&host, device);
        let (views, noise) = (views as i64, noise as i64);
        ViewDraws {
            noise: all.narrow(0, 0, views * noise).view([views, noise]),
            epsilon: all.narrow(0, views * noise, views),
        }
    }
}

/// The epsilon of the view of `stream`.
pub(super) fn drawn_epsilon(budget: ViewBudget, stream: Seed) -> f32 {
    let [low, high] = budget.range();
    stream.child("epsilon").draws().between(low, high) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn each_view_has_its_own_stream_and_epsilon_lies_in_its_range() {
        let streams: Vec<Seed> = (0..40).map(|i| Seed::new(3).at(i)).collect();
        let draw = |streams: &[Seed], epsilon| ViewDraws::new(streams, 50, epsilon, Device::Cpu);
        let all = draw(&streams, ViewBudget::Range([0.1, 0.3]));
        let one = draw(&streams[7..8], ViewBudget::Range([0.1, 0.3]));
        assert_eq!((all.noise.get(7), all.epsilon.get(7)), (one.noise.get(0), one.epsilon.get(0)));
        let [least, most, mean] = [all.noise.min(), all.noise.max(), all.noise.mean(Kind::Float)];
        let [least, most, mean] = [least, most, mean].map(|t| t.double_value(&[]));
        assert!(least >= 0.0 && most <= 1.0 && most > 0.95 && (mean - 0.5).abs() < 0.03);
        let [least, most] = [all.epsilon.min(), all.epsilon.max()].map(|t| t.double_value(&[]));
        assert!(least >= 0.1 && most < 0.3 && most - least > 0.15);
        let fixed = draw(&streams, ViewBudget::Fixed(0.05)).epsilon;
        assert_eq!(fixed, fixed.full_like(0.05));
    }
}
