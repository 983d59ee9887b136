//! PyTorch's AdaptiveAvgPool2d as one product with a fixed matrix: the same values, and a gradient
//! whose sums do not change their order between runs, which the library's is not on a GPU.

use crate::torch::upload::upload;
use tch::{Device, Tensor};

/// Average pool of maps of a known size to `side` x `side`; a smaller map is repeated.
#[derive(Debug)]
pub struct AdaptivePool {
    /// [height * width, side * side]; none where the map has that size already.
    matrix: Option<Tensor>,
    side: i64,
}

impl AdaptivePool {
    /// For maps of `map` = [height, width].
    pub fn new(map: [usize; 2], side: usize, device: Device) -> AdaptivePool {
        let matrix = (map != [side, side]).then(|| {
            let [rows, columns] = map.map(|n| shares(n, side));
            let places = (0..map[0]).flat_map(|y| (0..map[1]).map(move |x| (y, x)));
            let weights = |(y, x): (usize, usize)| (0..side * side).map(move |o| (o / side, o % side, y, x));
            let host: Vec<f32> =
                places.flat_map(weights).map(|(r, c, y, x)| rows[r][y] * columns[c][x]).collect();
            upload(&host, device).view([-1, (side * side) as i64])
        });
        AdaptivePool { matrix, side: side as i64 }
    }

    /// [batch, channels, height, width] to [batch, channels, side, side].
    pub fn apply(&self, x: &Tensor) -> Tensor {
        match &self.matrix {
            None => x.shallow_clone(),
            Some(matrix) => {
                let size = x.size();
                x.flatten(2, 3)
                    .matmul(&matrix.to_kind(x.kind()))
                    .view([size[0], size[1], self.side, self.side])
            }
        }
    }
}

impl AdaptivePool {
    /// The gradient by maps of `map` = [height, width], [batch, channels, height * width], from that by what
    /// [`AdaptivePool::apply`] gave, in any shape that begins with the batch.
    pub fn gradient(&self, by_pooled: &Tensor, map: [i64; 2]) -> Tensor {
        let by_pooled = by_pooled.view([by_pooled.size()[0], -1, self.side * self.side]);
        match &self.matrix {
            None => by_pooled,
            Some(matrix) => {
                debug_assert_eq!(matrix.size()[0], map[0] * map[1]);
                by_pooled.matmul(&matrix.tr())
            }
        }
    }
}

/// Weight of each of `n` inputs in each of `side` outputs: the mean over floor(i n / side) up to
/// ceil((i + 1) n / side).
fn shares(n: usize, side: usize) -> Vec<Vec<f32>> {
    let output = |i: usize| {
        let (start, end) = (i * n / side, ((i + 1) * n).div_ceil(side));
        (0..n).map(|at| if (start..end).contains(&at) { 1.0 / (end - start) as f32 } else { 0.0 }).collect()
    };
    (0..side).map(output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn equals_the_librarys_pool() {
        for (map, side) in [([4, 4], 7), ([4, 4], 2), ([5, 3], 2), ([8, 4], 3), ([3, 3], 3)] {
            let (h, w) = (map[0] as i64, map[1] as i64);
            let x = Tensor::arange(2 * 3 * h * w, (Kind::Float, Device::Cpu)).view([2, 3, h, w]).sin();
            let ours = AdaptivePool::new(map, side, Device::Cpu).apply(&x);
            let theirs = x.adaptive_avg_pool2d([side as i64, side as i64]);
            assert!(ours.allclose(&theirs, 1e-5, 1e-6, false), "{map:?} to {side}");
        }
    }
}
