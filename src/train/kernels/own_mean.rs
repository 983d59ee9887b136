//! The mean of a map over its bands and the steps that are an utterance's own (FIDELITY.md row "latent 128D vector z"), and its
//! gradient, of maps [batch, steps, bands, channels] on a CPU.

use super::filtering::{host, host_mut};
use tch::{Device, Kind, Tensor};

/// Of the first `own[b]` steps (at least one) of each map: [batch, channels].
pub fn own_mean(map: &Tensor, own: &[usize]) -> Tensor {
    let [batch, steps, bands, channels] = sizes(map);
    let mean = Tensor::zeros([batch as i64, channels as i64], (Kind::Float, Device::Cpu));
    // SAFETY: made just now.
    let means = unsafe { host_mut(&mean) }.chunks_exact_mut(channels);
    for ((mean, map), &own) in means.zip(host(map).chunks_exact(steps * bands * channels)).zip(own) {
        for pixel in map[..own * bands * channels].chunks_exact(channels) {
            mean.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
        }
        let share = 1.0 / (own * bands) as f32;
        mean.iter_mut().for_each(|sum| *sum *= share);
    }
    mean
}

/// The gradient of [`own_mean`] of a map of [steps, bands], from that by the mean [batch, channels].
pub fn own_mean_gradient(by_mean: &Tensor, own: &[usize], [steps, bands]: [usize; 2]) -> Tensor {
    let by_mean = by_mean.contiguous();
    let [batch, channels] = by_mean.size()[..] else { panic!("[batch, channels]") };
    let by_map = Tensor::empty([batch, steps as i64, bands as i64, channels], (Kind::Float, Device::Cpu));
    let channels = channels as usize;
    // SAFETY: made just now.
    let maps = unsafe { host_mut(&by_map) }.chunks_exact_mut(steps * bands * channels);
    for ((map, by_mean), &own) in maps.zip(host(&by_mean).chunks_exact(channels)).zip(own) {
        let share = 1.0 / (own * bands) as f32;
        let (inside, outside) = map.split_at_mut(own * bands * channels);
        for pixel in inside.chunks_exact_mut(channels) {
            pixel.iter_mut().zip(by_mean).for_each(|(to, by)| *to = by * share);
        }
        outside.fill(0.0);
    }
    by_map
}

fn sizes(map: &Tensor) -> [usize; 4] {
    let [batch, steps, bands, channels] = map.size()[..] else { panic!("maps have four dimensions") };
    [batch, steps, bands, channels].map(|n| n as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_steps_neither_count_nor_get_a_gradient() {
        let map = Tensor::arange(2 * 3 * 2 * 2, (Kind::Float, Device::Cpu)).view([2, 3, 2, 2]);
        let mean = own_mean(&map, &[1, 3]);
        assert_eq!(Vec::<f32>::try_from(mean.view([-1])).unwrap(), [1.0, 2.0, 17.0, 18.0]);
        let by_mean = Tensor::from_slice(&[2.0f32, 4.0, 6.0, 12.0]).view([2, 2]);
        let by_map = own_mean_gradient(&by_mean, &[1, 3], [3, 2]);
        let first = [1.0, 2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let expected = first.into_iter().chain([1.0, 2.0].repeat(6));
        assert_eq!(Vec::<f32>::try_from(by_map.view([-1])).unwrap(), expected.collect::<Vec<f32>>());
    }
}
