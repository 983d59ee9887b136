//! The two-dimensional transforms of F(4x4, 3x3): between maps [image, row, column, channel] and points
//! [36, tile, channel], tile by tile and [`LANES`] channels at a time.

use super::transform_1d::{
    from_points, from_points_gradient, taps_to_points, taps_to_points_gradient, to_points, to_points_gradient,
};
use crate::kernels::simd::{LANES, Lane, SharedMemory, for_the_processor};
use std::ops::Range;

/// Points of a tile of 6 x 6.
pub(super) const POINTS: usize = 36;
/// Rows and columns of the output that a tile gives.
const SIDE: usize = 4;

/// Maps of `height` x `width` of several images, cut into tiles that give 4 x 4 of the output each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// Rows of a map.
    pub height: usize,
    /// Columns of a map.
    pub width: usize,
}

impl Grid {
    /// Tiles of a map.
    pub(super) fn tiles(self) -> usize {
        self.height.div_ceil(SIDE) * self.width.div_ceil(SIDE)
    }

    /// Image and first output row and column of a tile.
    #[inline(always)]
    fn place(self, tile: usize) -> (usize, usize, usize) {
        let across = self.width.div_ceil(SIDE);
        let (image, tile) = (tile / self.tiles(), tile % self.tiles());
        (image, tile / across * SIDE, tile % across * SIDE)
    }

    /// Where the `N` x `N` pixels from row `y` - `margin` and column `x` - `margin` of `image` are, counted in pixels;
    /// none outside the map.
    #[inline(always)]
    fn pixels<const N: usize>(
        self,
        (image, y, x): (usize, usize, usize),
        margin: usize,
    ) -> [[Option<usize>; N]; N] {
        std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                let (row, column) = ((y + i).wrapping_sub(margin), (x + j).wrapping_sub(margin));
                (row < self.height && column < self.width)
                    .then(|| (image * self.height + row) * self.width + column)
            })
        })
    }
}

/// A block of tiles of the maps; the points' memory holds these tiles alone.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The maps.
    pub grid: Grid,
    /// Counted over all images.
    pub tiles: Range<usize>,
    /// Of maps and points.
    pub channels: usize,
}

impl Block {
    #[inline(always)]
    fn point(&self, point: usize, tile: usize, channel: usize) -> usize {
        (point * self.tiles.len() + tile - self.tiles.start) * self.channels + channel
    }
}

/// Rows first, then columns: `N` x `N` values to `M` x `M`.
#[inline(always)]
fn both_ways<const N: usize, const M: usize>(
    values: &[[Lane; N]; N],
    one: impl Fn([Lane; N]) -> [Lane; M],
) -> [[Lane; M]; M] {
    let mut half = [[Lane::ZERO; N]; M];
    for j in 0..N {
        let column = one(std::array::from_fn(|i| values[i][j]));
        for i in 0..M {
            half[i][j] = column[i];
        }
    }
    let mut out = [[Lane::ZERO; M]; M];
    for i in 0..M {
        out[i] = one(std::array::from_fn(|j| half[i][j]));
    }
    out
}

#[inline(always)]
unsafe fn input(maps: SharedMemory, points: SharedMemory, b: &Block) {
    for tile in b.tiles.clone() {
        let pixels = b.grid.pixels::<6>(b.grid.place(tile), 1);
        for c in (0..b.channels).step_by(LANES) {
            let mut d = [[Lane::ZERO; 6]; 6];
            for (i, row) in pixels.iter().enumerate() {
                for (j, pixel) in row.iter().enumerate() {
                    if let Some(at) = pixel {
                        // SAFETY: a pixel of the maps, which the caller gives whole.
                        d[i][j] = unsafe { maps.get(at * b.channels + c) };
                    }
                }
            }
            let v = both_ways(&d, to_points);
            for p in 0..POINTS {
                // SAFETY: a place of this block's points.
                unsafe { points.put(b.point(p, tile, c), v[p / 6][p % 6]) };
            }
        }
    }
}

#[inline(always)]
unsafe fn read_points(points: SharedMemory, b: &Block, tile: usize, c: usize) -> [[Lane; 6]; 6] {
    let mut m = [[Lane::ZERO; 6]; 6];
    for p in 0..POINTS {
        // SAFETY: a place of this block's points.
        m[p / 6][p % 6] = unsafe { points.get(b.point(p, tile, c)) };
    }
    m
}

/// Negative values made zero. NaN stays NaN, as in the library: a training that diverges must be seen to.
#[inline(always)]
fn relu(x: Lane) -> Lane {
    x.with(Lane::ZERO, |x, zero| if x < zero { zero } else { x })
}

/// With the bias added, negative values made zero.
#[inline(always)]
unsafe fn output(points: SharedMemory, bias: SharedMemory, maps: SharedMemory, b: &Block) {
    for tile in b.tiles.clone() {
        let pixels = b.grid.pixels::<4>(b.grid.place(tile), 0);
        for c in (0..b.channels).step_by(LANES) {
            // SAFETY: see the callees; the bias has a value a channel.
            let (m, bias) = unsafe { (read_points(points, b, tile, c), bias.get(c)) };
            let y = both_ways(&m, from_points);
            for (i, row) in pixels.iter().enumerate() {
                for (j, pixel) in row.iter().enumerate() {
                    if let Some(at) = pixel {
                        let value = relu(y[i][j] + bias);
                        // SAFETY: a pixel of the maps.
                        unsafe { maps.put(at * b.channels + c, value) };
                    }
                }
            }
        }
    }
}

/// Of a gradient by outputs, zero where the output `y` is.
#[inline(always)]
unsafe fn output_gradient(gradient: SharedMemory, y: SharedMemory, points: SharedMemory, b: &Block) {
    for tile in b.tiles.clone() {
        let pixels = b.grid.pixels::<4>(b.grid.place(tile), 0);
        for c in (0..b.channels).step_by(LANES) {
            let mut g = [[Lane::ZERO; 4]; 4];
            for (i, row) in pixels.iter().enumerate() {
                for (j, pixel) in row.iter().enumerate() {
                    if let Some(at) = pixel {
                        let at = at * b.channels + c;
                        // SAFETY: a pixel of the maps.
                        let (g_, y) = unsafe { (gradient.get(at), y.get(at)) };
                        g[i][j] = g_.with(y, |g, y| if y > 0.0 { g } else { 0.0 });
                    }
                }
            }
            let m = both_ways(&g, from_points_gradient);
            for p in 0..POINTS {
                // SAFETY: a place of this block's points.
                unsafe { points.put(b.point(p, tile, c), m[p / 6][p % 6]) };
            }
        }
    }
}

/// Adds to the gradient by inputs.
#[inline(always)]
unsafe fn input_gradient(points: SharedMemory, maps: SharedMemory, b: &Block) {
    for tile in b.tiles.clone() {
        let pixels = b.grid.pixels::<6>(b.grid.place(tile), 1);
        for c in (0..b.channels).step_by(LANES) {
            // SAFETY: see the callee.
            let v = unsafe { read_points(points, b, tile, c) };
            let d = both_ways(&v, to_points_gradient);
            for (i, row) in pixels.iter().enumerate() {
                for (j, pixel) in row.iter().enumerate() {
                    if let Some(at) = pixel {
                        let at = at * b.channels + c;
                        // SAFETY: a pixel of the maps; this image is this thread's.
                        unsafe {
                            let before = maps.get(at);
                            maps.put(at, before + d[i][j]);
                        }
                    }
                }
            }
        }
    }
}

/// Taps [9, pairs] to points [36, pairs], for the pairs `range` of `pairs`.
#[inline(always)]
unsafe fn taps(taps: SharedMemory, points: SharedMemory, pairs: usize, range: Range<usize>) {
    for at in range.step_by(LANES) {
        // SAFETY: below 9 x pairs.
        let g: [[Lane; 3]; 3] =
            std::array::from_fn(|i| std::array::from_fn(|j| unsafe { taps.get((3 * i + j) * pairs + at) }));
        let u = both_ways(&g, taps_to_points);
        for p in 0..POINTS {
            // SAFETY: below 36 x pairs.
            unsafe { points.put(p * pairs + at, u[p / 6][p % 6]) };
        }
    }
}

/// The gradient by taps [9, pairs] from that by points [36, pairs].
#[inline(always)]
unsafe fn taps_gradient(points: SharedMemory, taps: SharedMemory, pairs: usize, range: Range<usize>) {
    for at in range.step_by(LANES) {
        // SAFETY: below 36 x pairs.
        let u: [[Lane; 6]; 6] =
            std::array::from_fn(|i| std::array::from_fn(|j| unsafe { points.get((6 * i + j) * pairs + at) }));
        let g = both_ways(&u, taps_to_points_gradient);
        for p in 0..9 {
            // SAFETY: below 9 x pairs.
            unsafe { taps.put(p * pairs + at, g[p / 3][p % 3]) };
        }
    }
}

for_the_processor! {
    /// Maps to points.
    pub(super) input_to_points as input(maps: SharedMemory, points: SharedMemory, block: &Block);
    /// Points to maps, `bias` added and negative values made zero.
    pub(super) points_to_output as output(points: SharedMemory, bias: SharedMemory, maps: SharedMemory, block: &Block);
    /// The gradient of [`points_to_output`] by the points, from that by the maps, whose values are `y`.
    pub(super) output_gradient_to_points as output_gradient(gradient: SharedMemory, y: SharedMemory, points: SharedMemory, block: &Block);
    /// Adds the gradient of [`input_to_points`] by the maps, from that by the points.
    pub(super) points_to_input_gradient as input_gradient(points: SharedMemory, maps: SharedMemory, block: &Block);
    /// Taps [9, pairs] to points [36, pairs]; both ends of `range` are multiples of 16.
    pub(super) taps_to_all_points as taps(from: SharedMemory, to: SharedMemory, pairs: usize, range: Range<usize>);
    /// The gradient of [`taps_to_all_points`] by the taps, from that by the points.
    pub(super) all_points_to_taps_gradient as taps_gradient(from: SharedMemory, to: SharedMemory, pairs: usize, range: Range<usize>);
}
