//! Random numbers of a step, made on the host.

use rayon::prelude::*;
use seraug_core::rng::Seed;
use tch::Tensor;

/// What an augmentation is made for; each has draws of its own, so that an ablation which drops one
/// leaves the others as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Phase 2.
    Discriminator,
    /// Phase 3, first.
    FirstVariant,
    /// Phase 3, second.
    SecondVariant,
    /// Phase 4.
    Positive,
    /// Phase 4 with L_BAL.
    Negative,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Discriminator => "discriminator",
            Purpose::FirstVariant => "first-variant",
            Purpose::SecondVariant => "second-variant",
            Purpose::Positive => "positive",
            Purpose::Negative => "negative",
        }
    }
}

/// Noise n [batch, len] and intensities epsilon [batch].
#[derive(Debug)]
pub struct Noise {
    /// N(0, 1).
    pub n: Tensor,
    /// Uniform in the spec's range.
    pub epsilon: Tensor,
}

impl Noise {
    /// One for each stream of `seeds`: noise of all, then the epsilons of all. A row of `batch` rows has its own stream.
    pub fn draw(seeds: &[Seed], batch: usize, len: usize, range: [f64; 2]) -> Vec<f32> {
        let mut host = vec![0f32; seeds.len() * batch * (len + 1)];
        let (noise, epsilon) = host.split_at_mut(seeds.len() * batch * len);
        noise.par_chunks_mut(len).enumerate().with_min_len(16).for_each(|(row, out)| {
            seeds[row / batch].child("n").at((row % batch) as u64).draws().fill_normal(out);
        });
        for (row, out) in epsilon.iter_mut().enumerate() {
            let mut draws = seeds[row / batch].child("epsilon").at((row % batch) as u64).draws();
            *out = draws.between(range[0], range[1]) as f32;
        }
        host
    }

    /// What [`Noise::draw`] drew for `count` streams and is at the front of the vector `all`, in its parts.
    pub fn parts(all: &Tensor, count: usize, batch: usize, len: usize) -> Vec<Noise> {
        let (count, b, l) = (count as i64, batch as i64, len as i64);
        let epsilons = count * b * l;
        (0..count)
            .map(|i| Noise {
                n: all.narrow(0, i * b * l, b * l).view([b, l]),
                epsilon: all.narrow(0, epsilons + i * b, b),
            })
            .collect()
    }

    /// Several as one batch.
    pub fn join(all: &[&Noise]) -> Noise {
        let of =
            |part: fn(&Noise) -> &Tensor| Tensor::cat(&all.iter().map(|n| part(n)).collect::<Vec<_>>(), 0);
        Noise { n: of(|noise| &noise.n), epsilon: of(|noise| &noise.epsilon) }
    }
}

/// The stream of step `step` for `purpose`.
pub fn stream(seed: Seed, purpose: Purpose, step: usize) -> Seed {
    seed.child("noise").child(purpose.name()).at(step as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torch::upload::upload;
    use tch::Device;

    #[test]
    fn streams_stand_alone() {
        let s = |p| stream(Seed::new(3), p, 5);
        let draw = |streams: &[Seed]| {
            let all = upload(&Noise::draw(streams, 3, 4, [0.05, 0.3]), Device::Cpu);
            Noise::parts(&all, streams.len(), 3, 4)
        };
        let both = draw(&[s(Purpose::Positive), s(Purpose::Negative)]);
        let alone = draw(&[s(Purpose::Negative)]);
        assert_eq!(both[1].n, alone[0].n);
        assert_eq!(both[1].epsilon, alone[0].epsilon);
        assert_ne!(both[0].n, both[1].n);
        let [low, high] = [both[0].epsilon.min(), both[0].epsilon.max()].map(|t| t.double_value(&[]));
        assert!(low >= 0.05 && high < 0.3 && low < high);
    }
}
