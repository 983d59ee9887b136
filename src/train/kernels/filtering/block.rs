//! A layer's passes, block of tiles by block: transforms and the products between them, while the points are in the cache.

use super::filter::MinimalFilter;
use super::map::{After, Layer, MapView};
use super::panels::{Points, multiply, multiply_transposed};
use super::tile;
use crate::kernels::vector::{Vector, in_vectors};
use std::cell::Cell;

/// Values of the points of a block's inputs, about: a quarter of a second cache.
const BLOCK: usize = 1 << 16;
/// Values of the points of a weight that no second cache holds.
const STREAMED: usize = 1 << 20;
/// Values that a line of the cache has.
const LINE: usize = 16;

thread_local! {
    static SCRATCH: Cell<Memory> = Cell::default();
}

/// Memory for the points of a block's inputs and outputs.
#[derive(Debug, Default)]
pub(super) struct Memory([Vec<f32>; 2]);

impl Memory {
    /// This thread's, for `work`: not within a function that is compiled for some vectors, because closures are not.
    pub(super) fn lent<T>(work: impl FnOnce(&mut Memory) -> T) -> T {
        let mut memory = SCRATCH.take();
        let done = work(&mut memory);
        SCRATCH.set(memory);
        done
    }
}

/// Tiles of a block, and memory for the points of their inputs and outputs.
struct Blocks {
    tiles: usize,
    inputs: Points,
    outputs: Points,
}

impl Blocks {
    /// In `memory`, which grows where it must.
    fn new(layer: &Layer, points: usize, phases: usize, Memory([inputs, outputs]): &mut Memory) -> Blocks {
        let width = phases * layer.from;
        let tiles = tiles(points, width, layer.to).min(layer.tiles().next_multiple_of(8));
        let place = |memory: &mut Vec<f32>, channels: usize| {
            let values = Points::values(points, tiles, channels) + LINE;
            if memory.len() < values {
                memory.resize(values, 0.0);
            }
            let start = memory.as_mut_ptr();
            // At the beginning of a line.
            Points::new(start.wrapping_add(start.align_offset(4 * LINE)), tiles, channels)
        };
        Blocks { tiles, inputs: place(inputs, width), outputs: place(outputs, layer.to) }
    }
}

/// Tiles of a block: few, so that their points stay in the second cache, but many where the weight's do not, which are read
/// once a block.
fn tiles(points: usize, width: usize, to: usize) -> usize {
    if points * width * to > STREAMED { 128 } else { (BLOCK / (points * width) / 8 * 8).clamp(8, 32) }
}

/// What a forward pass reads and writes.
#[derive(Debug)]
pub(super) struct Forward {
    pub layer: Layer,
    /// From row and column -1 on, with zeros around the image as far as the tiles reach.
    pub x: MapView,
    pub y: MapView,
    /// [phases * from, to] a point.
    pub weight: Points,
    /// [to].
    pub bias: *const f32,
    pub after: After<MapView>,
}

#[inline(always)]
unsafe fn forward<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize, const P: usize>(
    f: &Forward,
    memory: &mut Memory,
) {
    let layer = &f.layer;
    let Blocks { tiles, inputs, outputs } = Blocks::new(layer, N * N, P * P, memory);
    for first in (0..layer.tiles()).step_by(tiles) {
        let count = tiles.min(layer.tiles() - first);
        // SAFETY: the maps and points are as large as the layer says.
        unsafe {
            for t in 0..count {
                let tile = layer.tile(first + t);
                let x = f.x.pixel(tile.image, P * tile.row, P * tile.column);
                tile::input::<V, F, T, N, P>(x, &f.x, &inputs, t);
            }
            for p in 0..N * N {
                multiply::<V>(inputs.all(p), f.weight.all(p), outputs.all(p), count);
            }
            for t in 0..count {
                let tile = layer.tile(first + t);
                tile::output::<V, F, T, N>((&outputs, t), f.bias, f.after, &f.y, tile);
            }
        }
    }
}

/// What a backward pass reads and writes.
#[derive(Debug)]
pub(super) struct Backward {
    pub layer: Layer,
    /// As of [`Forward`].
    pub x: MapView,
    /// What came out, or the places of the pool.
    pub y: MapView,
    pub by_y: MapView,
    pub after: After<MapView>,
    /// [phases * from, to] a point, overwritten or added to where it is wanted.
    pub by_weight: Option<Points>,
    pub adds: bool,
    /// [to], added to.
    pub by_bias: *mut f32,
    /// [to, phases * from] a point, where the gradient by x is wanted.
    pub transposed: Option<Points>,
    /// Of the layout of x, overwritten where it is wanted.
    pub by_x: MapView,
}

#[inline(always)]
unsafe fn backward<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize, const P: usize>(
    f: &Backward,
    memory: &mut Memory,
) {
    let layer = &f.layer;
    let Blocks { tiles, inputs, outputs } = Blocks::new(layer, N * N, P * P, memory);
    for first in (0..layer.tiles()).step_by(tiles) {
        let count = tiles.min(layer.tiles() - first);
        // SAFETY: the maps and points are as large as the layer says.
        unsafe {
            for t in 0..count {
                let tile = layer.tile(first + t);
                let (maps, to) = ((&f.by_y, &f.y), (&outputs, t));
                tile::output_gradient::<V, F, T, N>(maps, f.after, f.by_bias, to, tile);
            }
            if let Some(by_weight) = f.by_weight {
                for t in 0..count {
                    let tile = layer.tile(first + t);
                    let x = f.x.pixel(tile.image, P * tile.row, P * tile.column);
                    tile::input::<V, F, T, N, P>(x, &f.x, &inputs, t);
                }
                for p in 0..N * N {
                    let by_weight = by_weight.all(p);
                    multiply_transposed::<V>(
                        inputs.all(p),
                        outputs.all(p),
                        by_weight,
                        count,
                        f.adds || first > 0,
                    );
                }
            }
            if let Some(transposed) = f.transposed {
                for p in 0..N * N {
                    multiply::<V>(outputs.all(p), transposed.all(p), inputs.all(p), count);
                }
                for t in 0..count {
                    let tile = layer.tile(first + t);
                    let x = f.by_x.pixel(tile.image, P * tile.row, P * tile.column);
                    tile::input_gradient::<V, F, T, N, P>(x, &f.by_x, (&inputs, t), tile);
                }
            }
        }
    }
}

in_vectors! {
    /// The layer's output.
    pub(super) fn layer_forward<F: MinimalFilter<T, N>, const T, const N, const P>(f: &Forward, memory: &mut Memory)
        = forward, f.layer.from | f.layer.to
}
in_vectors! {
    /// The layer's gradients.
    pub(super) fn layer_backward<F: MinimalFilter<T, N>, const T, const N, const P>(f: &Backward, memory: &mut Memory)
        = backward, f.layer.from | f.layer.to
}
