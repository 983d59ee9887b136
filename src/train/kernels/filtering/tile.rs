//! The two-dimensional transforms of a tile: between a map and points, a matrix [tiles, channels] each, a vector of channels
//! at a time.

use super::filter::Filter;
use super::map::{Map, SIDE, Tile};
use super::panels::Points;
use crate::kernels::vector::Vector;

/// B^T d B of the patch that begins at `x`, by phases: of every `P`-th row and column, from each of the first `P`.
///
/// # Safety
/// The patch has `P` x `N` rows and columns, and `to` points of the tile number `tile`.
#[inline(always)]
pub(super) unsafe fn input<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    x: *const f32,
    map: &Map,
    to: &Points,
    tile: usize,
) {
    let channels = map.channels;
    for c in (0..channels).step_by(V::LANES) {
        for phase in 0..P * P {
            let (q, s) = (phase / P, phase % P);
            // SAFETY: the caller's.
            unsafe {
                let x = x.add(q.wrapping_mul(map.row)).add(s.wrapping_mul(channels)).add(c);
                let mut half = [[V::splat(0.0); N]; N];
                for (m, half) in half.iter_mut().enumerate() {
                    let row = x.add((P * m).wrapping_mul(map.row));
                    let mut d = [V::splat(0.0); N];
                    for (n, d) in d.iter_mut().enumerate() {
                        *d = V::load(row.add((P * n).wrapping_mul(channels)));
                    }
                    *half = F::points(d);
                }
                let (to, point) = (to.first(tile, phase.wrapping_mul(channels) + c), to.stride);
                for b in 0..N {
                    let v = F::points(std::array::from_fn(|m| half[m][b]));
                    for (a, v) in v.into_iter().enumerate() {
                        v.store(to.add((a * N + b).wrapping_mul(point)));
                    }
                }
            }
        }
    }
}

/// The gradient of [`input`], at `x`: added to what the tiles above and to the left gave the rows and columns that it shares with
/// them, written elsewhere, so that all tiles of a map in their order give the whole.
///
/// # Safety
/// As of [`input`].
#[inline(always)]
pub(super) unsafe fn input_gradient<
    V: Vector,
    F: Filter<T, N>,
    const T: usize,
    const N: usize,
    const P: usize,
>(
    x: *mut f32,
    map: &Map,
    (from, number): (&Points, usize),
    tile: Tile,
) {
    let channels = map.channels;
    // Of a patch of P x N rows the last belong to the tile below, too, which begins 4 P rows further.
    let shared = P * N - SIDE * P;
    let (top, left) = (tile.row == 0, tile.column == 0);
    for c in (0..channels).step_by(V::LANES) {
        for phase in 0..P * P {
            let (q, s) = (phase / P, phase % P);
            // SAFETY: the caller's.
            unsafe {
                let (from, point) = (from.first(number, phase.wrapping_mul(channels) + c), from.stride);
                let mut half = [[V::splat(0.0); N]; N];
                for (b, half) in half.iter_mut().enumerate() {
                    let mut v = [V::splat(0.0); N];
                    for (a, v) in v.iter_mut().enumerate() {
                        *v = V::load(from.add((a * N + b).wrapping_mul(point)));
                    }
                    *half = F::points_gradient(v);
                }
                let x = x.add(q.wrapping_mul(map.row)).add(s.wrapping_mul(channels)).add(c);
                for m in 0..N {
                    let d = F::points_gradient(std::array::from_fn(|b| half[b][m]));
                    let row = x.add((P * m).wrapping_mul(map.row));
                    for (n, d) in d.into_iter().enumerate() {
                        let at = row.add((P * n).wrapping_mul(channels));
                        let alone = (P * m + q >= shared || top) && (P * n + s >= shared || left);
                        if alone { d.store(at) } else { V::load(at).plus(d).store(at) }
                    }
                }
            }
        }
    }
}

/// A^T m A and `bias`, negative values times `slope`, into the tile that begins at `y`.
///
/// # Safety
/// `m` has points of the tile number `number`, `bias` a value a channel.
#[inline(always)]
pub(super) unsafe fn output<V: Vector, F: Filter<T, N>, const T: usize, const N: usize>(
    (m, number): (&Points, usize),
    bias: *const f32,
    slope: f32,
    (y, map): (*mut f32, &Map),
    tile: Tile,
) {
    for c in (0..map.channels).step_by(V::LANES) {
        // SAFETY: the caller's.
        unsafe {
            let (m, point) = (m.first(number, c), m.stride);
            let mut half = [[V::splat(0.0); N]; SIDE];
            for b in 0..N {
                let mut v = [V::splat(0.0); N];
                for (a, v) in v.iter_mut().enumerate() {
                    *v = V::load(m.add((a * N + b).wrapping_mul(point)));
                }
                let column = F::outputs(v);
                for (half, value) in half.iter_mut().zip(column) {
                    half[b] = value;
                }
            }
            let (bias, slope) = (V::load(bias.add(c)), V::splat(slope));
            for (i, half) in half.into_iter().enumerate().take(tile.rows) {
                let row = y.add(i.wrapping_mul(map.row)).add(c);
                for (j, value) in F::outputs(half).into_iter().enumerate() {
                    if j < tile.columns {
                        let value = value.plus(bias);
                        let value = value.if_above_zero(value, value.times(slope));
                        value.store(row.add(j.wrapping_mul(map.channels)));
                    }
                }
            }
        }
    }
}

/// The gradient of [`output`], from that by the tile, which begins at `g` and in its output at `y`; that by the bias is added
/// to `by_bias`.
///
/// # Safety
/// As of [`output`].
#[inline(always)]
pub(super) unsafe fn output_gradient<V: Vector, F: Filter<T, N>, const T: usize, const N: usize>(
    (g, g_map): (*const f32, &Map),
    (y, y_map): (*const f32, &Map),
    slope: f32,
    by_bias: *mut f32,
    (to, number): (&Points, usize),
    tile: Tile,
) {
    let channels = g_map.channels;
    for c in (0..channels).step_by(V::LANES) {
        // SAFETY: the caller's.
        unsafe {
            let slope = V::splat(slope);
            let mut sum = V::load(by_bias.add(c));
            let mut half = [[V::splat(0.0); N]; SIDE];
            for (i, half) in half.iter_mut().enumerate() {
                let mut d = [V::splat(0.0); SIDE];
                if i < tile.rows {
                    let (g, y) =
                        (g.add(i.wrapping_mul(g_map.row)).add(c), y.add(i.wrapping_mul(y_map.row)).add(c));
                    for (j, d) in d.iter_mut().enumerate() {
                        if j < tile.columns {
                            let g = V::load(g.add(j.wrapping_mul(channels)));
                            let y = V::load(y.add(j.wrapping_mul(channels)));
                            *d = y.if_above_zero(g, g.times(slope));
                        }
                    }
                }
                sum = sum.plus(d[0].plus(d[1]).plus(d[2].plus(d[3])));
                *half = F::outputs_gradient(d);
            }
            sum.store(by_bias.add(c));
            let (to, point) = (to.first(number, c), to.stride);
            for b in 0..N {
                let v = F::outputs_gradient(std::array::from_fn(|i| half[i][b]));
                for (a, v) in v.into_iter().enumerate() {
                    v.store(to.add((a * N + b).wrapping_mul(point)));
                }
            }
        }
    }
}
