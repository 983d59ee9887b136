//! A layer's passes, block of tiles by block: transforms and the products between them, while the points are in the cache.

use super::filter::Filter;
use super::map::{Layer, Map};
use super::tile::{self, Points};
use crate::kernels::product::{Left, Out, Right, Size, multiply};
use crate::kernels::vector::{Vector, in_vectors};
use std::cell::Cell;
use std::ptr::null_mut;

/// Tiles of a block: their points stay in the second cache.
const TILES: usize = 16;
/// Values of a weight that do not.
const LARGE: usize = 1 << 18;
/// Values between the points of one number and those of the next.
const GAP: usize = 16;

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
        // A weight that is larger than a cache comes from afar for every block: then fewer of them.
        let tiles = if points * width * layer.to > LARGE { 4 * TILES } else { TILES };
        let tiles = tiles.min(layer.tiles().next_multiple_of(8));
        let place = |memory: &mut Vec<f32>, channels: usize| {
            let point = tiles * channels + GAP;
            if memory.len() < points * point {
                memory.resize(points * point, 0.0);
            }
            Points { start: memory.as_mut_ptr(), point, channels }
        };
        Blocks { tiles, inputs: place(inputs, width), outputs: place(outputs, layer.to) }
    }
}

/// What a forward pass reads and writes.
#[derive(Debug)]
pub(super) struct Forward {
    pub layer: Layer,
    /// From row and column -1 on, with zeros around the image as far as the tiles reach.
    pub x: Map,
    pub y: Map,
    /// [points, phases, from, to].
    pub weight: *const f32,
    /// [to].
    pub bias: *const f32,
    /// Of negative outputs.
    pub slope: f32,
}

#[inline(always)]
unsafe fn forward<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    f: &Forward,
    memory: &mut Memory,
) {
    let layer = &f.layer;
    let width = P * P * layer.from;
    let Blocks { tiles, inputs, outputs } = Blocks::new(layer, N * N, P * P, memory);
    for first in (0..layer.tiles()).step_by(tiles) {
        let count = tiles.min(layer.tiles() - first);
        // SAFETY: the maps and points are as large as the layer says.
        unsafe {
            for t in 0..count {
                let tile = layer.tile(first + t);
                let x = f.x.pixel(tile.image, P * tile.row, P * tile.column);
                tile::input::<V, F, T, N, P>(x, &f.x, inputs.of(t), inputs.point);
            }
            for p in 0..N * N {
                let a = Left { start: inputs.all(p), row: width, column: 1 };
                let b = Right {
                    start: f.weight.add(p * width * layer.to),
                    row: layer.to,
                    ahead: width * layer.to,
                };
                let out = Out { start: outputs.all(p), row: layer.to, adds: false };
                multiply::<V>(a, b, out, Size { rows: count, depth: width, columns: layer.to });
            }
            for t in 0..count {
                let tile = layer.tile(first + t);
                let y = f.y.pixel(tile.image, tile.row, tile.column);
                tile::output::<V, F, T, N>((outputs.of(t), outputs.point), f.bias, f.slope, (y, &f.y), tile);
            }
        }
    }
}

/// What a backward pass reads and writes.
#[derive(Debug)]
pub(super) struct Backward {
    pub layer: Layer,
    /// As of [`Forward`].
    pub x: Map,
    pub y: Map,
    pub by_y: Map,
    pub slope: f32,
    /// [points, phases, from, to] and [to], added to; null where they are not wanted.
    pub by_weight: *mut f32,
    pub by_bias: *mut f32,
    /// [points, to, phases, from].
    pub transposed: *const f32,
    /// Of the layout of x, overwritten; its start null where it is not wanted.
    pub by_x: Map,
}

#[inline(always)]
unsafe fn backward<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    f: &Backward,
    memory: &mut Memory,
) {
    let layer = &f.layer;
    let width = P * P * layer.from;
    let Blocks { tiles, inputs, outputs } = Blocks::new(layer, N * N, P * P, memory);
    for first in (0..layer.tiles()).step_by(tiles) {
        let count = tiles.min(layer.tiles() - first);
        // SAFETY: the maps and points are as large as the layer says.
        unsafe {
            for t in 0..count {
                let tile = layer.tile(first + t);
                let g = f.by_y.pixel(tile.image, tile.row, tile.column);
                let y = f.y.pixel(tile.image, tile.row, tile.column);
                let to = (outputs.of(t), outputs.point);
                tile::output_gradient::<V, F, T, N>((g, &f.by_y), (y, &f.y), f.slope, f.by_bias, to, tile);
            }
            if !f.by_weight.is_null() {
                for t in 0..count {
                    let tile = layer.tile(first + t);
                    let x = f.x.pixel(tile.image, P * tile.row, P * tile.column);
                    tile::input::<V, F, T, N, P>(x, &f.x, inputs.of(t), inputs.point);
                }
                for p in 0..N * N {
                    let a = Left { start: inputs.all(p), row: 1, column: width };
                    let b = Right { start: outputs.all(p), row: layer.to, ahead: 0 };
                    let start = f.by_weight.add(p * width * layer.to);
                    let out = Out { start, row: layer.to, adds: true };
                    multiply::<V>(a, b, out, Size { rows: width, depth: count, columns: layer.to });
                }
            }
            if f.by_x.start != null_mut() {
                for p in 0..N * N {
                    let a = Left { start: outputs.all(p), row: layer.to, column: 1 };
                    let b = Right {
                        start: f.transposed.add(p * width * layer.to),
                        row: width,
                        ahead: width * layer.to,
                    };
                    let out = Out { start: inputs.all(p), row: width, adds: false };
                    multiply::<V>(a, b, out, Size { rows: count, depth: layer.to, columns: width });
                }
                for t in 0..count {
                    let tile = layer.tile(first + t);
                    let x = f.by_x.pixel(tile.image, P * tile.row, P * tile.column);
                    tile::input_gradient::<V, F, T, N, P>(x, &f.by_x, inputs.of(t), inputs.point, tile);
                }
            }
        }
    }
}

in_vectors! {
    /// The layer's output.
    pub(super) fn layer_forward<F: Filter<T, N>, const T, const N, const P>(f: &Forward, memory: &mut Memory)
        = forward, f.layer.from | f.layer.to
}
in_vectors! {
    /// The layer's gradients.
    pub(super) fn layer_backward<F: Filter<T, N>, const T, const N, const P>(f: &Backward, memory: &mut Memory)
        = backward, f.layer.from | f.layer.to
}
