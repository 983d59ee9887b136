//! The two-dimensional transforms of a tile: between a map and points, a matrix [tiles, channels] each, a vector of channels
//! at a time.

use super::filter::MinimalFilter;
use super::map::{After, MapView, SIDE, Tile};
use super::panels::Points;
use crate::kernels::max_pool::{pool, unpool};
use crate::kernels::vector::Vector;

/// B^T d B of the patch that begins at `x`, by phases: of every `P`-th row and column, from each of the first `P`.
///
/// # Safety
/// The patch has `P` x `N` rows and columns, and `to` points of the tile number `tile`.
#[expect(
    clippy::needless_range_loop,
    reason = "a column of an array of rows; an iterator over it is not kept in registers"
)]
#[inline(always)]
pub(super) unsafe fn input<
    V: Vector,
    F: MinimalFilter<T, N>,
    const T: usize,
    const N: usize,
    const P: usize,
>(
    x: *const f32,
    map: &MapView,
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
#[expect(
    clippy::needless_range_loop,
    reason = "a column of an array of rows; an iterator over it is not kept in registers"
)]
#[inline(always)]
pub(super) unsafe fn input_gradient<
    V: Vector,
    F: MinimalFilter<T, N>,
    const T: usize,
    const N: usize,
    const P: usize,
>(
    x: *mut f32,
    map: &MapView,
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

/// A row of a tile: what `half` of the transform gives, and `bias`, negative values times `slope`.
#[inline(always)]
fn activated<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize>(
    half: [V; N],
    bias: V,
    slope: f32,
) -> [V; SIDE] {
    let mut row = F::outputs(half);
    for value in &mut row {
        let sum = value.plus(bias);
        *value = sum.if_above_zero(sum, sum.times(V::splat(slope)));
    }
    row
}

/// A^T m A, `bias` and what is `after` them, into `y`.
///
/// # Safety
/// `m` has points of the tile number `number`, `bias` a value a channel.
#[expect(
    clippy::needless_range_loop,
    reason = "a column of an array of rows; an iterator over it is not kept in registers"
)]
#[inline(always)]
pub(super) unsafe fn output<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize>(
    (m, number): (&Points, usize),
    bias: *const f32,
    after: After<MapView>,
    map: &MapView,
    tile: Tile,
) {
    let side = after.side();
    // SAFETY: the caller's.
    let y = unsafe { map.pixel(tile.image, tile.row / side, tile.column / side) };
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
            let bias = V::load(bias.add(c));
            match after {
                After::Leaky(slope) => {
                    for i in 0..SIDE {
                        if i < tile.rows {
                            let y = y.add(i.wrapping_mul(map.row)).add(c);
                            for (j, value) in
                                activated::<V, F, T, N>(half[i], bias, slope).into_iter().enumerate()
                            {
                                if j < tile.columns {
                                    value.store(y.add(j.wrapping_mul(map.channels)));
                                }
                            }
                        }
                    }
                }
                After::Pool(places) => {
                    let places =
                        places.map(|p| (p.pixel(tile.image, tile.row / 2, tile.column / 2).add(c), p.row));
                    for i in 0..SIDE / 2 {
                        if 2 * i + 1 < tile.rows {
                            let top = activated::<V, F, T, N>(half[2 * i], bias, 0.0);
                            let bottom = activated::<V, F, T, N>(half[2 * i + 1], bias, 0.0);
                            for j in 0..SIDE / 2 {
                                if 2 * j + 1 < tile.columns {
                                    let (value, place) =
                                        pool([top[2 * j], top[2 * j + 1], bottom[2 * j], bottom[2 * j + 1]]);
                                    let column = j.wrapping_mul(map.channels);
                                    value.store(y.add(i.wrapping_mul(map.row)).add(column).add(c));
                                    if let Some((places, row)) = places {
                                        place.store(places.add(i.wrapping_mul(row)).add(column));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Two rows of a tile's gradient before LeakyReLU, from that after it at `g` and what came out at `y`.
#[inline(always)]
unsafe fn leaky_rows<V: Vector>(
    (g, g_map): (*const f32, &MapView),
    (y, y_map): (*const f32, &MapView),
    slope: f32,
    [rows, columns]: [usize; 2],
) -> [[V; SIDE]; 2] {
    let mut d = [[V::splat(0.0); SIDE]; 2];
    for (i, d) in d.iter_mut().enumerate() {
        for (j, d) in d.iter_mut().enumerate() {
            if i < rows && j < columns {
                // SAFETY: the caller's.
                unsafe {
                    let at =
                        |map: &MapView| i.wrapping_mul(map.row).wrapping_add(j.wrapping_mul(map.channels));
                    let (g, y) = (V::load(g.add(at(g_map))), V::load(y.add(at(y_map))));
                    *d = y.if_above_zero(g, g.times(V::splat(slope)));
                }
            }
        }
    }
    d
}

/// Two rows of a tile's gradient before ReLU and pool, from that after them at `g` and the places at `places`.
#[inline(always)]
unsafe fn pooled_rows<V: Vector>(
    (g, places): (*const f32, *const f32),
    channels: usize,
    [rows, columns]: [usize; 2],
) -> [[V; SIDE]; 2] {
    let mut d = [[V::splat(0.0); SIDE]; 2];
    for j in 0..SIDE / 2 {
        if 1 < rows && 2 * j + 1 < columns {
            // SAFETY: the caller's.
            let four = unsafe {
                let column = j.wrapping_mul(channels);
                unpool(V::load(places.add(column)), V::load(g.add(column)))
            };
            (d[0][2 * j], d[0][2 * j + 1]) = (four[0], four[1]);
            (d[1][2 * j], d[1][2 * j + 1]) = (four[2], four[3]);
        }
    }
    d
}

/// The gradient of [`output`], from that by what came out, `g`; that by the bias is added to `by_bias`. `y` is what came out, or
/// the places of the pool.
///
/// # Safety
/// As of [`output`].
#[expect(
    clippy::needless_range_loop,
    reason = "a column of an array of rows; an iterator over it is not kept in registers"
)]
#[inline(always)]
pub(super) unsafe fn output_gradient<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize>(
    (g_map, y_map): (&MapView, &MapView),
    after: After<MapView>,
    by_bias: *mut f32,
    (to, number): (&Points, usize),
    tile: Tile,
) {
    let channels = g_map.channels;
    let side = after.side();
    // SAFETY: the caller's.
    let [g, y] = [g_map, y_map]
        .map(|map| unsafe { map.pixel(tile.image, tile.row / side, tile.column / side).cast_const() });
    for c in (0..channels).step_by(V::LANES) {
        // SAFETY: the caller's.
        unsafe {
            let mut sum = V::load(by_bias.add(c));
            let mut half = [[V::splat(0.0); N]; SIDE];
            for i in 0..SIDE / 2 {
                let sides = [tile.rows.saturating_sub(2 * i), tile.columns];
                let at = |map: &MapView| (2 * i / side).wrapping_mul(map.row).wrapping_add(c);
                let (g, y) = (g.add(at(g_map)), y.add(at(y_map)));
                let two = match after {
                    After::Leaky(slope) => leaky_rows::<V>((g, g_map), (y, y_map), slope, sides),
                    After::Pool(_) => pooled_rows::<V>((g, y), channels, sides),
                };
                for (half, d) in half[2 * i..].iter_mut().zip(two) {
                    sum = sum.plus(d[0].plus(d[1]).plus(d[2].plus(d[3])));
                    *half = F::outputs_gradient(d);
                }
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
