//! The convolutions of [`super::filtering`] of a single channel, with LeakyReLU, on a CPU. There is nothing to gain from points
//! here: the taps are a product of matrices whose left factor lies in the image as it is.

mod bordered;

pub use bordered::Bordered;

use super::filtering::{After, Convolution, MapView, Maps, host_mut, values};
use super::max_pool::{pool, unpool};
use super::product::{Left, ProductPlace, Right, Size, multiply};
use super::vector::{Vector, in_vectors};
use tch::Tensor;

/// A square kernel of so many taps.
trait Kernel<const TAPS: usize> {
    /// Rows and columns of it.
    const SIDE: usize;
    const STRIDE: usize;
}

/// Of [`Convolution::Halving`].
struct Halving;

impl Kernel<16> for Halving {
    const SIDE: usize = 4;
    const STRIDE: usize = 2;
}

/// Of [`Convolution::Keeping`].
struct Keeping;

impl Kernel<9> for Keeping {
    const SIDE: usize = 3;
    const STRIDE: usize = 1;
}

/// Taps of the larger kernel: values from what a pixel gives its taps to what the next does.
const MOST: usize = 16;

/// Weight and bias of the layer.
#[derive(Debug)]
pub struct OneChannel {
    kind: Convolution,
    /// [taps, to].
    taps: Tensor,
    /// [to, taps], zeros after the taps up to [`MOST`].
    weight: Tensor,
    /// [to].
    bias: Tensor,
}

// SAFETY: the kernels read its tensors by their addresses.
unsafe impl Sync for OneChannel {}

/// Sums of the gradients by taps and bias.
#[derive(Debug)]
pub struct OneChannelSums {
    taps: Tensor,
    bias: Tensor,
}

impl OneChannelSums {
    /// Adds other sums.
    pub fn add(&mut self, other: &OneChannelSums) {
        self.taps += &other.taps;
        self.bias += &other.bias;
    }

    /// Writes them as gradients [to, 1, side, side] and [to].
    pub fn write(&self, by_weight: &Tensor, by_bias: &Tensor) {
        by_weight.shallow_clone().copy_(&self.taps.tr().view_as(by_weight));
        by_bias.shallow_clone().copy_(&self.bias);
    }
}

impl OneChannel {
    /// Of a weight [to, 1, side, side] and a bias [to].
    pub fn new(kind: Convolution, weight: &Tensor, bias: &Tensor) -> OneChannel {
        let _no_grad = tch::no_grad_guard();
        let weight = weight.detach().flatten(1, -1);
        OneChannel {
            kind,
            taps: weight.tr().contiguous(),
            weight: weight.constant_pad_nd([0, MOST as i64 - weight.size()[1]]),
            bias: bias.detach().contiguous(),
        }
    }

    /// Channels of the output.
    pub fn to(&self) -> usize {
        self.bias.numel()
    }

    /// Zeros.
    pub fn sums(&self) -> OneChannelSums {
        OneChannelSums { taps: self.taps.zeros_like(), bias: self.bias.zeros_like() }
    }

    /// The layer's convolution of `x` and what is `after` it, into `y`.
    pub fn forward(&self, x: &Bordered, y: &Maps, after: After<&Maps>) {
        let work = ImageRows {
            x: x.map(),
            y: y.map(),
            sizes: self.sizes(x, y, after),
            weight: values(&self.taps),
            bias: values(&self.bias),
            after: after.maps(y),
        };
        // SAFETY: the maps have the sizes that they say.
        unsafe {
            match self.kind {
                Convolution::Halving => output::<Halving, 16>(&work),
                Convolution::Keeping => output::<Keeping, 9>(&work),
            }
        }
    }

    /// The gradients from that by what [`OneChannel::forward`] gave, `by_y`: by taps and bias added to `sums`, by x into `by_x`
    /// [images, 1, height, width]. `kept` is what it gave, of a pool the places.
    pub fn backward(
        &self,
        x: &Bordered,
        kept: &Maps,
        by_y: &Maps,
        after: After<&Maps>,
        sums: Option<&OneChannelSums>,
        by_x: Option<&Tensor>,
    ) {
        let null = std::ptr::null_mut;
        let (sizes, [height, width]) = (self.sizes(x, kept, after), x.sides());
        assert!(by_y.same_sides(kept));
        let wide = width + 2;
        let mut bordered = vec![0f32; if by_x.is_some() { (height + 2) * wide } else { 0 }];
        let (mut gradient, mut taps) = (vec![0f32; sizes.width * self.to()], vec![0f32; sizes.width * MOST]);
        for image in 0..sizes.images {
            let of = |map: MapView| MapView { start: map.start.wrapping_add(image * map.image), ..map };
            let work = RowsBack {
                x: of(x.map()),
                y: of(kept.map()),
                by_y: of(by_y.map()),
                by_x: MapView {
                    start: if by_x.is_some() { bordered.as_mut_ptr() } else { null() },
                    ..x.map()
                },
                sizes: Sizes { images: 1, ..sizes },
                weight: values(&self.weight),
                by_taps: sums.map_or(null(), |s| values(&s.taps)),
                by_bias: sums.map_or(null(), |s| values(&s.bias)),
                after: after.maps(kept),
                gradient: gradient.as_mut_ptr(),
                taps: taps.as_mut_ptr(),
            };
            // SAFETY: the maps have the sizes that they say.
            unsafe {
                match self.kind {
                    Convolution::Halving => gradients::<Halving, 16>(&work),
                    Convolution::Keeping => gradients::<Keeping, 9>(&work),
                }
            }
            if let Some(by_x) = by_x {
                // SAFETY: nothing else reads it meanwhile.
                let by_x = unsafe { host_mut(by_x) }[image * height * width..].chunks_exact_mut(width);
                for (row, from) in by_x.zip(bordered[wide..].chunks_exact(wide).take(height)) {
                    row.copy_from_slice(&from[1..=width]);
                }
                bordered.fill(0.0);
            }
        }
    }

    fn sizes(&self, x: &Bordered, y: &Maps, after: After<&Maps>) -> Sizes {
        let [height, width] = x.sides().map(|n| n / self.kind.stride());
        assert_eq!([height, width].map(|n| n / after.side()), y.sides());
        assert_eq!((x.images(), self.to()), (y.images(), y.channels()));
        Sizes { images: y.images(), height, width, to: self.to() }
    }
}

/// Of what the convolution gives.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    images: usize,
    height: usize,
    width: usize,
    to: usize,
}

/// What a forward pass reads and writes.
struct ImageRows {
    x: MapView,
    y: MapView,
    sizes: Sizes,
    /// [taps, to].
    weight: *const f32,
    /// [to].
    bias: *const f32,
    after: After<MapView>,
}

/// `R` pixels of a row, whose first window is at `x`, a vector of channels from `c` on.
#[inline(always)]
unsafe fn pixels<V: Vector, K: Kernel<TAPS>, const TAPS: usize, const R: usize>(
    w: &ImageRows,
    x: *const f32,
    c: usize,
    slope: f32,
) -> [V; R] {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [V::load(w.bias.add(c)); R];
        for tap in 0..TAPS {
            let x = x.add((tap / K::SIDE).wrapping_mul(w.x.row)).add(tap % K::SIDE);
            let weight = V::load(w.weight.add(tap.wrapping_mul(w.sizes.to)).add(c));
            for (r, sum) in sums.iter_mut().enumerate() {
                *sum = V::splat(*x.add(K::STRIDE * r)).mul_add(weight, *sum);
            }
        }
        for sum in &mut sums {
            *sum = sum.if_above_zero(*sum, sum.times(V::splat(slope)));
        }
        sums
    }
}

/// `R` pixels of a row from column `j` on, with LeakyReLU.
#[inline(always)]
unsafe fn leaky<V: Vector, K: Kernel<TAPS>, const TAPS: usize, const R: usize>(
    w: &ImageRows,
    [image, row, j]: [usize; 3],
    slope: f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let (x, y) = (w.x.pixel(image, K::STRIDE * row, K::STRIDE * j), w.y.pixel(image, row, j));
        for c in (0..w.sizes.to).step_by(V::LANES) {
            for (r, value) in pixels::<V, K, TAPS, R>(w, x, c, slope).into_iter().enumerate() {
                value.store(y.add(r.wrapping_mul(w.sizes.to)).add(c));
            }
        }
    }
}

/// `R` pixels of two rows from column `j` on, with ReLU and pool.
#[inline(always)]
unsafe fn pooled<V: Vector, K: Kernel<TAPS>, const TAPS: usize, const R: usize>(
    w: &ImageRows,
    [image, row, j]: [usize; 3],
    places: Option<MapView>,
) {
    // SAFETY: the caller's.
    unsafe {
        let at = |row: usize| w.x.pixel(image, K::STRIDE * row, K::STRIDE * j).cast_const();
        let (top, bottom) = (at(2 * row), at(2 * row + 1));
        let y = w.y.pixel(image, row, j / 2);
        let places = places.map(|p| p.pixel(image, row, j / 2));
        for c in (0..w.sizes.to).step_by(V::LANES) {
            let top = pixels::<V, K, TAPS, R>(w, top, c, 0.0);
            let bottom = pixels::<V, K, TAPS, R>(w, bottom, c, 0.0);
            for r in 0..R / 2 {
                let (value, place) = pool([top[2 * r], top[2 * r + 1], bottom[2 * r], bottom[2 * r + 1]]);
                let column = r.wrapping_mul(w.sizes.to);
                value.store(y.add(column).add(c));
                if let Some(places) = places {
                    place.store(places.add(column).add(c));
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows<V: Vector, K: Kernel<TAPS>, const TAPS: usize>(w: &ImageRows) {
    let Sizes { images, height, width, .. } = w.sizes;
    for image in 0..images {
        for row in 0..height / w.after.side() {
            let mut j = 0;
            // SAFETY: the caller's.
            unsafe {
                match w.after {
                    After::Leaky(slope) => {
                        while V::ROWS == 8 && j + 8 <= width {
                            leaky::<V, K, TAPS, 8>(w, [image, row, j], slope);
                            j += 8;
                        }
                        while j + 4 <= width {
                            leaky::<V, K, TAPS, 4>(w, [image, row, j], slope);
                            j += 4;
                        }
                        while j < width {
                            leaky::<V, K, TAPS, 1>(w, [image, row, j], slope);
                            j += 1;
                        }
                    }
                    After::Pool(places) => {
                        while V::ROWS == 8 && j + 8 <= width {
                            pooled::<V, K, TAPS, 8>(w, [image, row, j], places);
                            j += 8;
                        }
                        while j + 2 <= width {
                            pooled::<V, K, TAPS, 2>(w, [image, row, j], places);
                            j += 2;
                        }
                    }
                }
            }
        }
    }
}

in_vectors! {
    /// All pixels of all images.
    fn output<K: Kernel<TAPS>, const TAPS>(w: &ImageRows) = rows, w.sizes.to
}

/// What a backward pass reads and writes.
struct RowsBack {
    x: MapView,
    /// What came out, or the places of the pool.
    y: MapView,
    by_y: MapView,
    /// Added to; its start null where it is not wanted.
    by_x: MapView,
    sizes: Sizes,
    /// [to, [`MOST`]].
    weight: *const f32,
    /// [taps, to] and [to], added to; null where they are not wanted.
    by_taps: *mut f32,
    by_bias: *mut f32,
    after: After<MapView>,
    /// Memory for a row: its gradient before the activation [width, to], and what its pixels give their taps [width, [`MOST`]].
    gradient: *mut f32,
    taps: *mut f32,
}

#[inline(always)]
unsafe fn rows_back<V: Vector, K: Kernel<TAPS>, const TAPS: usize>(w: &RowsBack) {
    let s = w.sizes;
    let side = w.after.side();
    for image in 0..s.images {
        for row in 0..s.height / side * side {
            // SAFETY: the caller's; the scratch memory holds a row.
            unsafe {
                before_activation::<V>(w, image, row, w.gradient);
                if !w.by_taps.is_null() {
                    let x = w.x.pixel(image, K::STRIDE * row, 0);
                    // As many sums as registers hold.
                    if TAPS == 16 {
                        taps_back::<V, K, TAPS, 8>(w, x, 0);
                        taps_back::<V, K, TAPS, 8>(w, x, 8);
                    } else {
                        taps_back::<V, K, TAPS, 9>(w, x, 0);
                    }
                }
                if !w.by_x.start.is_null() {
                    let left = Left { start: w.gradient, row: s.to, column: 1 };
                    let right = Right { start: w.weight, row: MOST };
                    let out = ProductPlace { start: w.taps, row: MOST, adds: false };
                    multiply::<V>(left, right, out, Size { rows: s.width, depth: s.to, columns: MOST });
                    let x = w.by_x.pixel(image, K::STRIDE * row, 0);
                    spread::<K, TAPS>(w.taps, x, w.by_x.row, s.width);
                }
            }
        }
    }
}

/// Adds to the gradient by `SUMS` taps, from number `first` on, what a row gives whose first window is at `x`.
#[inline(always)]
unsafe fn taps_back<V: Vector, K: Kernel<TAPS>, const TAPS: usize, const SUMS: usize>(
    w: &RowsBack,
    x: *const f32,
    first: usize,
) {
    let to = w.sizes.to;
    for c in (0..to).step_by(V::LANES) {
        // SAFETY: the caller's.
        unsafe {
            let mut sums = [V::splat(0.0); SUMS];
            for j in 0..w.sizes.width {
                let gradient = V::load(w.gradient.add(j.wrapping_mul(to)).add(c));
                let x = x.add(K::STRIDE * j);
                for (i, sum) in sums.iter_mut().enumerate() {
                    let tap = first + i;
                    let x = x.add((tap / K::SIDE).wrapping_mul(w.x.row)).add(tap % K::SIDE);
                    *sum = V::splat(*x).mul_add(gradient, *sum);
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                let by = w.by_taps.add((first + i).wrapping_mul(to)).add(c);
                V::load(by).plus(sum).store(by);
            }
        }
    }
}

/// A row's gradient before what is after the convolution into `to`; its sum is added to that by the bias.
#[inline(always)]
unsafe fn before_activation<V: Vector>(w: &RowsBack, image: usize, row: usize, to: *mut f32) {
    let s = w.sizes;
    let side = w.after.side();
    // SAFETY: the caller's.
    unsafe {
        let [g, y] = [&w.by_y, &w.y].map(|map| map.pixel(image, row / side, 0).cast_const());
        for c in (0..s.to).step_by(V::LANES) {
            let mut sum = V::splat(0.0);
            match w.after {
                After::Leaky(slope) => {
                    let slope = V::splat(slope);
                    for at in (c..s.width * s.to).step_by(s.to) {
                        let g = V::load(g.add(at));
                        let g = V::load(y.add(at)).if_above_zero(g, g.times(slope));
                        sum = sum.plus(g);
                        g.store(to.add(at));
                    }
                }
                After::Pool(_) => {
                    let lower = row % 2 * 2;
                    for j in 0..s.width / 2 {
                        let at = j.wrapping_mul(s.to).wrapping_add(c);
                        let four = unpool(V::load(y.add(at)), V::load(g.add(at)));
                        let (left, right) = if lower == 0 { (four[0], four[1]) } else { (four[2], four[3]) };
                        sum = sum.plus(left.plus(right));
                        let to = to.add((2 * j).wrapping_mul(s.to).wrapping_add(c));
                        left.store(to);
                        right.store(to.add(s.to));
                    }
                    if s.width % 2 == 1 {
                        V::splat(0.0).store(to.add((s.width - 1).wrapping_mul(s.to)).add(c));
                    }
                }
            }
            if !w.by_bias.is_null() {
                let by_bias = w.by_bias.add(c);
                V::load(by_bias).plus(sum).store(by_bias);
            }
        }
    }
}

/// Adds what each pixel gives its taps to the rows that they are of.
#[inline(always)]
unsafe fn spread<K: Kernel<TAPS>, const TAPS: usize>(
    taps: *const f32,
    x: *mut f32,
    row: usize,
    width: usize,
) {
    for a in 0..K::SIDE {
        for j in 0..width {
            for b in 0..K::SIDE {
                // SAFETY: the caller's.
                unsafe { *x.add(a * row + K::STRIDE * j + b) += *taps.add(j * MOST + K::SIDE * a + b) };
            }
        }
    }
}

in_vectors! {
    /// All rows of all images.
    fn gradients<K: Kernel<TAPS>, const TAPS>(w: &RowsBack) = rows_back, w.sizes.to
}

#[cfg(test)]
mod tests;
