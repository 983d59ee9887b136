//! The augmentor's decoder and projection on a CPU, forward and back: from a point to a map (a product of matrices), ReLU, a 4x4
//! block of each of its pixels, and X + epsilon P / (mean |P| + 1e-4) (paper 2.1, 2.4; FIDELITY.md rows "latent 128D vector z" and
//! "projection formula"). The library goes over windows as large as P a dozen times.

use super::filtering::values;
use super::product::{Left, ProductPlace, Right, Size, multiply};
use super::threads::{each_alone, parts};
use super::vector::{Vector, in_vectors};
use super::wide::{WideSize, wide_outer, wide_product, wide_turned};
use std::ops::Range;
use tch::{Device, Kind, Tensor};

/// Values of the block that a pixel of the map becomes, row by row.
const BLOCK: usize = 16;
/// Rows and columns of it.
const SIDE: usize = 4;
/// Added to the mean of |P|.
const LEAST: f32 = 1e-4;

/// The decoder's parameters.
#[derive(Debug)]
pub struct DecoderWeights {
    /// [latent, width * height * bands]: to the map.
    first: Tensor,
    /// [width].
    bias: Tensor,
    /// [width, 16]: to the blocks.
    second: Tensor,
    sides: [usize; 2],
}

/// What the backward pass needs of the forward one.
#[derive(Debug)]
pub struct DecoderTape {
    z: Tensor,
    /// [rows, width * height * bands], after ReLU.
    map: Tensor,
    /// [rows, 4 height, 4 bands].
    p: Tensor,
    rows: Vec<Row>,
}

impl DecoderTape {
    /// Of some of the rows, in the same memory.
    pub fn part(&self, rows: Range<usize>) -> DecoderTape {
        let of = |t: &Tensor| t.narrow(0, rows.start as i64, rows.len() as i64);
        DecoderTape {
            z: of(&self.z),
            map: of(&self.map),
            p: of(&self.p),
            rows: self.rows[rows.clone()].to_vec(),
        }
    }
}

/// The numbers of a row, which is one augmentation.
#[derive(Debug, Clone, Copy)]
struct Row {
    own: usize,
    epsilon: f32,
    /// Of |P|.
    mean: f32,
}

impl Row {
    /// What P is multiplied with.
    fn scale(self) -> f32 {
        self.epsilon / (self.mean + LEAST)
    }
}

/// Where the gradients by the decoder's parameters go.
#[derive(Debug)]
pub struct ByDecoder<'a> {
    /// [latent, width, height, bands].
    pub first: &'a Tensor,
    /// [width].
    pub bias: &'a Tensor,
    /// [width, 1, 4, 4].
    pub second: &'a Tensor,
}

/// A pass's memory: the rows' maps, P and windows one after the other.
#[derive(Debug, Clone, Copy)]
struct RowPlaces {
    width: usize,
    height: usize,
    bands: usize,
    bias: *const f32,
    second: *const f32,
    map: *mut f32,
    p: *mut f32,
    /// Going in, or the gradient by what came out.
    x: *const f32,
    /// Coming out, or the gradient by the map before ReLU.
    out: *mut f32,
}

// SAFETY: each thread writes the rows of its own part.
unsafe impl Send for RowPlaces {}
// SAFETY: as above.
unsafe impl Sync for RowPlaces {}

impl RowPlaces {
    fn pixels(&self) -> usize {
        self.height * self.bands
    }
}

impl DecoderWeights {
    /// Of the weight [latent, width, height, bands] and bias [width] of the first layer and the weight [width, 1, 4, 4] of the
    /// second.
    pub fn new(first: &Tensor, bias: &Tensor, second: &Tensor) -> DecoderWeights {
        let _no_grad = tch::no_grad_guard();
        let [latent, width, height, bands] = first.size()[..] else { panic!("a weight has four dimensions") };
        DecoderWeights {
            first: first.detach().contiguous().view([latent, -1]),
            bias: bias.detach().contiguous(),
            second: second.detach().contiguous().view([width, BLOCK as i64]),
            sides: [height as usize, bands as usize],
        }
    }

    /// Whether a decoder of these sizes can be computed so: from a latent by fours to bands by eights, and pixels by sixteens.
    pub fn fits(latent: usize, [height, bands]: [usize; 2]) -> bool {
        latent.is_multiple_of(4) && bands.is_multiple_of(8) && (height * bands).is_multiple_of(16)
    }

    /// The augmented windows [rows, 1, frames, mels] of `x` of that shape, of which the first `own` frames (int64 [rows], at least one; all
    /// where none) are the utterance's, from `z` [rows, latent] and `epsilon` [rows].
    pub fn forward(
        &self,
        x: &Tensor,
        z: &Tensor,
        epsilon: &Tensor,
        own: Option<&Tensor>,
    ) -> (Tensor, DecoderTape) {
        let _no_grad = tch::no_grad_guard();
        let [height, bands] = self.sides;
        let (frames, mels) = (SIDE * height, SIDE * bands);
        let (x, z) = (x.detach().contiguous(), z.detach().contiguous());
        let count = z.size()[0];
        assert_eq!(x.size(), [count, 1, frames as i64, mels as i64]);
        let map = Tensor::empty([count, self.first.size()[1]], (Kind::Float, Device::Cpu));
        // SAFETY: the sizes are those of the tensors.
        unsafe { wide_product(values(&z), values(&self.first), values(&map), self.wide(count)) };
        let p = Tensor::empty([count, frames as i64, mels as i64], (Kind::Float, Device::Cpu));
        let out = x.empty_like();
        let epsilon = Vec::<f32>::try_from(epsilon.detach()).expect("a vector");
        let own = own.map(|own| Vec::<i64>::try_from(own).expect("a vector"));
        let own = |r: usize| own.as_ref().map_or(frames, |own| (own[r].max(1) as usize).min(frames));
        let rows = epsilon.iter().enumerate().map(|(r, &epsilon)| Row { own: own(r), epsilon, mean: 0.0 });
        let rows: Vec<Row> = rows.collect();
        let places = self.places(&map, &p, values(&x), values(&out));
        let done = each_alone(parts(rows.len()), |part| {
            let mut blocks = vec![0f32; bands * BLOCK];
            let mut rows = rows[part.clone()].to_vec();
            for (r, row) in part.zip(&mut rows) {
                // SAFETY: a row of the tensors, which no other part has; `blocks` is a row of the map's.
                unsafe { row_forward(&places, r, row, blocks.as_mut_ptr()) };
            }
            rows
        });
        (out, DecoderTape { z, map, p, rows: done.concat() })
    }

    /// The gradient by z [rows, latent] from that by the augmented windows; those by the parameters into `by`.
    pub fn backward(&self, tape: &DecoderTape, by_out: &Tensor, by: &ByDecoder) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        let by_out = by_out.contiguous();
        let by_map = tape.map.empty_like();
        let places = self.places(&tape.map, &tape.p, values(&by_out), values(&by_map));
        let [_, bands] = self.sides;
        let rows = &tape.rows;
        let sums = each_alone(parts(rows.len()), |part: Range<usize>| {
            let mut blocks = vec![0f32; 2 * bands * BLOCK];
            let (mut second, mut bias) = (vec![0f32; places.width * BLOCK], vec![0f32; places.width]);
            for r in part {
                // SAFETY: as of `forward`; `blocks` is twice a row of the map's.
                unsafe {
                    let sums = [second.as_mut_ptr(), bias.as_mut_ptr()];
                    row_backward(&places, r, rows[r], blocks.as_mut_ptr(), sums);
                }
            }
            [second, bias]
        });
        // In the order of the rows, whichever thread was first.
        let sum = |which: usize, to: &Tensor| {
            let parts: Vec<Tensor> = sums.iter().map(|s| Tensor::from_slice(&s[which])).collect();
            let sum = parts.into_iter().reduce(|a, b| a + b).expect("at least one row");
            to.shallow_clone().copy_(&sum.view_as(to));
        };
        sum(0, by.second);
        sum(1, by.bias);
        let (by_z, s) = (tape.z.empty_like(), self.wide(tape.z.size()[0]));
        assert_eq!(by.first.numel(), self.first.numel());
        // SAFETY: the sizes are those of the tensors.
        unsafe {
            wide_outer(values(&tape.z), values(&by_map), values(by.first), s);
            wide_turned(values(&by_map), values(&self.first), values(&by_z), s);
        }
        by_z
    }

    /// Sizes of the first layer's product.
    fn wide(&self, rows: i64) -> WideSize {
        let [depth, columns] = self.first.size()[..] else { unreachable!("it has two dimensions") };
        WideSize { rows: rows as usize, depth: depth as usize, columns: columns as usize }
    }

    fn places(&self, map: &Tensor, p: &Tensor, x: *const f32, out: *mut f32) -> RowPlaces {
        let [height, bands] = self.sides;
        RowPlaces {
            width: self.second.size()[0] as usize,
            height,
            bands,
            bias: values(&self.bias),
            second: values(&self.second),
            map: values(map),
            p: values(p),
            x,
            out,
        }
    }
}

/// The sum of 16 sums, in their order.
fn total(sums: [f32; BLOCK]) -> f32 {
    sums.into_iter().sum()
}

#[inline(always)]
unsafe fn one_row<V: Vector>(w: &RowPlaces, r: usize, row: &mut Row, blocks: *mut f32) {
    let (pixels, mels) = (w.pixels(), SIDE * w.bands);
    let mut sums = [0f32; BLOCK];
    // SAFETY: the caller's.
    unsafe {
        let map = w.map.add(r * w.width * pixels);
        let [p, x, out] = [w.p.cast_const(), w.x, w.out.cast_const()]
            .map(|start| start.wrapping_add(r * BLOCK * pixels).cast_mut());
        for c in 0..w.width {
            let (map, bias) = (map.add(c * pixels), V::splat(*w.bias.add(c)));
            for at in (0..pixels).step_by(V::LANES) {
                V::load(map.add(at)).plus(bias).max(V::splat(0.0)).store(map.add(at));
            }
        }
        for i in 0..w.height {
            let a = Left { start: map.add(i * w.bands), row: 1, column: pixels };
            let b = Right { start: w.second, row: BLOCK };
            let to = ProductPlace { start: blocks, row: BLOCK, adds: false };
            multiply::<V>(a, b, to, Size { rows: w.bands, depth: w.width, columns: BLOCK });
            for a in 0..SIDE {
                let p = p.add((SIDE * i + a) * mels);
                if SIDE * i + a >= row.own {
                    p.write_bytes(0, mels);
                    continue;
                }
                for j in 0..w.bands {
                    let block = blocks.add(j * BLOCK + SIDE * a).cast::<[f32; SIDE]>().read_unaligned();
                    p.add(SIDE * j).cast::<[f32; SIDE]>().write_unaligned(block);
                }
                for at in (0..mels).step_by(V::LANES) {
                    let (value, lane) = (V::load(p.add(at)), sums.as_mut_ptr().add(at % BLOCK));
                    V::load(lane).plus(value.max(V::splat(0.0).minus(value))).store(lane);
                }
            }
        }
        row.mean = total(sums) / (row.own * mels) as f32;
        let scale = V::splat(row.scale());
        for at in (0..BLOCK * pixels).step_by(V::LANES) {
            V::load(p.add(at)).mul_add(scale, V::load(x.add(at))).store(out.add(at));
        }
    }
}

#[inline(always)]
unsafe fn one_row_back<V: Vector>(w: &RowPlaces, r: usize, row: Row, blocks: *mut f32, sums: [*mut f32; 2]) {
    let (pixels, mels) = (w.pixels(), SIDE * w.bands);
    // SAFETY: the caller's.
    unsafe {
        let (map, by_map) = (w.map.add(r * w.width * pixels), w.out.add(r * w.width * pixels));
        let (p, g) = (w.p.add(r * BLOCK * pixels), w.x.add(r * BLOCK * pixels));
        let mut products = [0f32; BLOCK];
        for at in (0..row.own * mels).step_by(V::LANES) {
            let lane = products.as_mut_ptr().add(at % BLOCK);
            V::load(g.add(at)).mul_add(V::load(p.add(at)), V::load(lane)).store(lane);
        }
        // Of each |P|, through the mean.
        let count = (row.own * mels) as f32;
        let through = -total(products) * row.scale() / (row.mean + LEAST) / count;
        let turned = blocks.add(w.bands * BLOCK);
        for i in 0..w.height {
            gather(w, i, [p.cast_const(), g], row, through, [blocks, turned]);
            let a = Left { start: w.second, row: BLOCK, column: 1 };
            let b = Right { start: turned, row: w.bands };
            let to = ProductPlace { start: by_map.add(i * w.bands), row: pixels, adds: false };
            multiply::<V>(a, b, to, Size { rows: w.width, depth: BLOCK, columns: w.bands });
            let a = Left { start: map.add(i * w.bands), row: pixels, column: 1 };
            let b = Right { start: blocks, row: BLOCK };
            let to = ProductPlace { start: sums[0], row: BLOCK, adds: true };
            multiply::<V>(a, b, to, Size { rows: w.width, depth: w.bands, columns: BLOCK });
        }
        for c in 0..w.width {
            let mut lanes = [0f32; BLOCK];
            for at in (c * pixels..(c + 1) * pixels).step_by(V::LANES) {
                let by = V::load(by_map.add(at));
                let by = V::load(map.add(at)).if_above_zero(by, V::splat(0.0));
                by.store(by_map.add(at));
                let lane = lanes.as_mut_ptr().add((at - c * pixels) % BLOCK);
                V::load(lane).plus(by).store(lane);
            }
            *sums[1].add(c) += total(lanes);
        }
    }
}

/// The gradient by P of the map's row `i`, as blocks [bands, 16] and turned [16, bands].
#[inline(always)]
unsafe fn gather(
    w: &RowPlaces,
    i: usize,
    [p, g]: [*const f32; 2],
    row: Row,
    through: f32,
    [blocks, turned]: [*mut f32; 2],
) {
    let mels = SIDE * w.bands;
    let scale = row.scale();
    for a in 0..SIDE {
        let frame = SIDE * i + a;
        for j in 0..w.bands {
            for b in 0..SIDE {
                // SAFETY: the caller's.
                unsafe {
                    let at = frame * mels + SIDE * j + b;
                    let p = *p.add(at);
                    // The gradient of |P| at zero is zero, as the library's.
                    let by_size = if p > 0.0 { through } else { -through };
                    let by_size = if p == 0.0 { 0.0 } else { by_size };
                    let by = if frame < row.own { (*g.add(at)).mul_add(scale, by_size) } else { 0.0 };
                    *blocks.add(j * BLOCK + SIDE * a + b) = by;
                    *turned.add((SIDE * a + b) * w.bands + j) = by;
                }
            }
        }
    }
}

in_vectors! {
    /// One augmentation: the map (which has no bias yet) to P, and the window; the row's mean is set.
    fn row_forward(w: &RowPlaces, r: usize, row: &mut Row, blocks: *mut f32) = one_row, w.bands
}
in_vectors! {
    /// Its gradients: by the map before ReLU, and added to `sums` those by the second weight and the bias.
    fn row_backward(w: &RowPlaces, r: usize, row: Row, blocks: *mut f32, sums: [*mut f32; 2]) = one_row_back, w.bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::augmentor::project;
    use seraug_core::rng::Seed;
    use seraug_core::spec::ProjectionMean;

    #[test]
    fn values_and_gradients_are_the_librarys() {
        for [latent, width, height, bands] in [[8, 16, 8, 32], [4, 8, 6, 8], [4, 3, 2, 16]] {
            let normal = |name: &str, shape: &[i64]| {
                let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
                Seed::new(5).child(name).draws().fill_normal(&mut host);
                Tensor::from_slice(&host).view(shape)
            };
            let (rows, frames, mels) = (5, 4 * height, 4 * bands);
            let x = normal("x", &[rows, 1, frames, mels]);
            let all = [
                normal("z", &[rows, latent]),
                normal("first", &[latent, width, height, bands]),
                normal("bias", &[width]),
                normal("second", &[width, 1, 4, 4]),
            ];
            let (epsilon, up) = (normal("e", &[rows]).abs(), normal("g", &[rows, 1, frames, mels]));
            let own = Tensor::from_slice(&[frames, 1, frames - 1, 0, frames / 2]);
            for over in [ProjectionMean::Own, ProjectionMean::All] {
                let [z, first, bias, second] =
                    all.each_ref().map(|t| t.to_kind(Kind::Double).set_requires_grad(true));
                let map = z.matmul(&first.view([latent, -1])).view([-1, width, height, bands]);
                let map = (map + bias.view([1, -1, 1, 1])).relu();
                let p = map.conv_transpose2d(&second, None::<&Tensor>, [4, 4], [0, 0], [0, 0], 1, [1, 1]);
                // In single: the mask and the mean of `project`.
                let exact = project(&x.to_kind(Kind::Double), &p, &epsilon, &own, over);
                let loss = (&exact * &up).sum(Kind::Double);
                let exact_by = Tensor::run_backward(&[loss], &[&z, &first, &bias, &second], false, false);

                let decoder = DecoderWeights::new(&all[1], &all[2], &all[3]);
                let of = (over == ProjectionMean::Own).then_some(&own);
                let (out, tape) = decoder.forward(&x, &all[0], &epsilon, of);
                let by: Vec<Tensor> = all[1..].iter().map(Tensor::zeros_like).collect();
                let by = ByDecoder { first: &by[0], bias: &by[1], second: &by[2] };
                let by_z = decoder.backward(&tape, &up, &by);
                let close = |name: &str, ours: &Tensor, exact: &Tensor| {
                    let off = (ours.to_kind(Kind::Double) - exact).abs().max().double_value(&[]);
                    let scale = exact.abs().max().double_value(&[]).max(1.0);
                    assert!(off < 3e-6 * scale, "{over:?} {width} {name}: {off} of {scale}");
                };
                close("out", &out, &exact);
                let ours = [&by_z, by.first, by.bias, by.second];
                for ((name, ours), exact) in
                    ["z", "first", "bias", "second"].into_iter().zip(ours).zip(&exact_by)
                {
                    close(name, ours, exact);
                }
            }
        }
    }
}
