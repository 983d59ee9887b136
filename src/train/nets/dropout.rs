//! Dropout masks drawn on the host, so that they are the same on every device.

use crate::torch::upload::send;
use rayon::prelude::*;
use seraug_core::rng::Seed;
use tch::{Device, Kind, Tensor};

/// Values that a block of the generator makes: 4 words of two each.
const VALUES_A_BLOCK: usize = 8;
/// Values that one thread makes at a time: whole blocks.
const PART: usize = VALUES_A_BLOCK << 12;

/// A tensor of `shape` that is 0 with probability `p` and 1 / (1 - p) elsewhere, from 16 random bits a
/// value (so p is met within 2^-17); none for p = 0. The copy to the device does not wait for it.
pub fn masks(p: f64, shape: &[i64], seed: Seed, device: Device) -> Option<Tensor> {
    if p == 0.0 {
        return None;
    }
    let kept = (((1.0 - p) * 65_536.0).round() as u32).max(1);
    let count = shape.iter().product::<i64>() as usize;
    let mut host = vec![0u8; count];
    host.par_chunks_mut(PART).enumerate().for_each(|(i, part)| {
        let mut draws = seed.draws_from((i * PART / VALUES_A_BLOCK) as u64);
        for pair in part.chunks_mut(2) {
            let bits = draws.bits();
            pair[0] = u8::from(bits & 0xffff < kept);
            if let Some(second) = pair.get_mut(1) {
                *second = u8::from(bits >> 16 < kept);
            }
        }
    });
    let mask = send(&Tensor::from_slice(&host).view(shape), device);
    Some(mask.to_kind(Kind::Float) * (1.0 / (1.0 - p)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_scale() {
        for p in [0.1, 0.5, 0.9] {
            let mask = masks(p, &[2, 100, 1001], Seed::new(3), Device::Cpu).unwrap();
            let values = Vec::<f32>::try_from(mask.reshape([-1])).unwrap();
            let zeros = values.iter().filter(|v| **v == 0.0).count() as f64 / values.len() as f64;
            // Four standard deviations of 200 200 draws.
            assert!((zeros - p).abs() < 4.0 * (p * (1.0 - p) / 200_200.0).sqrt(), "{p}: {zeros}");
            let scaled = |v: f32| (f64::from(v) - 1.0 / (1.0 - p)).abs() < 1e-5;
            assert!(values.iter().all(|&v| v == 0.0 || scaled(v)));
        }
        assert!(masks(0.0, &[4], Seed::new(3), Device::Cpu).is_none());
    }

    /// By the plain loop over one stream of draws.
    #[test]
    fn parts_made_by_several_threads_are_the_one_stream() {
        let count = 2 * PART + 5;
        let mask = masks(0.3, &[count as i64], Seed::new(9), Device::Cpu).unwrap();
        let mut draws = Seed::new(9).draws();
        let kept = (0.7f64 * 65_536.0).round() as u32;
        let expected: Vec<bool> = (0..count.div_ceil(2))
            .flat_map(|_| {
                let bits = draws.bits();
                [bits & 0xffff < kept, bits >> 16 < kept]
            })
            .take(count)
            .collect();
        assert_eq!(Vec::<bool>::try_from(mask.gt(0.0)).unwrap(), expected);
    }

    #[test]
    fn both_halves_of_a_draw_are_used_and_differ() {
        let mask = masks(0.5, &[10_000], Seed::new(5), Device::Cpu).unwrap();
        let values = Vec::<f32>::try_from(mask).unwrap();
        let equal = values.chunks(2).filter(|pair| pair[0] == pair[1]).count();
        assert!((2300..2700).contains(&equal), "{equal} of 5000 neighbours agree");
        let other = masks(0.5, &[10_000], Seed::new(6), Device::Cpu).unwrap();
        assert_ne!(values, Vec::<f32>::try_from(other).unwrap());
    }
}
