//! Convolutions of few channels on a CPU by minimal filtering (Winograd 1980; Lavin & Gray 2016): of 4 x 4 outputs at once,
//! forward and in both gradients. A kernel of 3 takes a quarter of the multiplications; one of 4 with stride 2, which is four
//! kernels of 2 on every second row and column, 25 of 64. The library has no such path for float32, and its own are slow where
//! channels are few.
//!
//! Maps are [images, rows, columns, channels]; channels are multiples of 8. Every value is computed by the same operations in
//! the same order, whatever the vectors of the processor.

mod block;
mod filter;
mod map;
mod tile;
mod weight;

pub use map::{Layer, Map};

use super::transpose::transpose;
use block::{Backward, Forward, Memory, layer_backward, layer_forward};
use filter::{ThreeTaps, TwoTaps};
use map::SIDE;
use tch::{Device, Kind, Tensor};
use weight::{WeightSize, weight_from_points, weight_to_points};

/// A kind of convolution, with a border of one zero on each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convolution {
    /// Kernel 4, stride 2: halves both sides of the map.
    Halving,
    /// Kernel 3, stride 1: keeps them.
    Keeping,
}

use Convolution::{Halving, Keeping};

impl Convolution {
    /// Of its input to its output.
    pub fn stride(self) -> usize {
        match self {
            Halving => 2,
            Keeping => 1,
        }
    }

    fn points(self) -> usize {
        match self {
            Halving => 25,
            Keeping => 36,
        }
    }

    /// Rows and columns of the kernel.
    fn side(self) -> usize {
        match self {
            Halving => 4,
            Keeping => 3,
        }
    }
}

impl Convolution {
    fn to_points(self, weight: &[f32], points: &Tensor, size: WeightSize) {
        let (read, write) = (weight.as_ptr(), values(points));
        // SAFETY: both have the values that the sizes say.
        unsafe {
            match self {
                Halving => weight_to_points::<TwoTaps, 2, 5, 2>(read, write, size),
                Keeping => weight_to_points::<ThreeTaps, 3, 6, 1>(read, write, size),
            }
        }
    }
}

/// The values of a contiguous float32 tensor of the host.
pub(in crate::kernels) fn host(tensor: &Tensor) -> &[f32] {
    // SAFETY: the tensor's own values, which live as long.
    unsafe { std::slice::from_raw_parts(values(tensor), tensor.numel()) }
}

/// As [`host`], to be written.
///
/// # Safety
/// Nothing else reads or writes them meanwhile, through another view or in another thread.
#[allow(clippy::mut_from_ref)]
pub(in crate::kernels) unsafe fn host_mut(tensor: &Tensor) -> &mut [f32] {
    // SAFETY: the tensor's own values, which live as long; the rest is the caller's.
    unsafe { std::slice::from_raw_parts_mut(values(tensor), tensor.numel()) }
}

/// A layer's weight as points.
#[derive(Debug)]
pub struct PointWeight {
    kind: Convolution,
    from: usize,
    to: usize,
    /// [points, phases * from, to].
    points: Tensor,
    /// [points, to, phases * from], where a gradient by the input is wanted.
    transposed: Option<Tensor>,
    /// [to].
    bias: Tensor,
}

/// Memory for float32, not set.
fn memory(shape: &[i64]) -> Tensor {
    Tensor::empty(shape, (Kind::Float, Device::Cpu))
}

/// The first value of a contiguous float32 tensor of the host.
pub(in crate::kernels) fn values(tensor: &Tensor) -> *mut f32 {
    assert!(tensor.is_contiguous() && tensor.kind() == Kind::Float && tensor.device() == Device::Cpu);
    tensor.data_ptr().cast()
}

impl PointWeight {
    /// Of a weight [to, from, side, side] and a bias [to].
    pub fn new(kind: Convolution, weight: &Tensor, bias: &Tensor, goes_back: bool) -> PointWeight {
        let _no_grad = tch::no_grad_guard();
        let [to, from, ..] = weight.size()[..] else { unreachable!("a weight has four dimensions") };
        let (weight, phases) = (weight.detach().contiguous(), (kind.stride() * kind.stride()) as i64);
        let (from, to) = (from as usize, to as usize);
        let given = host(&weight);
        let taps = kind.side() * kind.side();
        let mut turned = vec![0f32; given.len()];
        transpose(given, &mut turned, to, from * taps);
        let points = memory(&[kind.points() as i64, phases * from as i64, to as i64]);
        kind.to_points(&turned, &points, WeightSize { channels: from, vectors: to, channels_first: false });
        let transposed = goes_back.then(|| {
            for (given, turned) in given.chunks(from * taps).zip(turned.chunks_mut(from * taps)) {
                transpose(given, turned, from, taps);
            }
            let points = memory(&[kind.points() as i64, to as i64, phases * from as i64]);
            kind.to_points(
                &turned,
                &points,
                WeightSize { channels: to, vectors: from, channels_first: true },
            );
            points
        });
        PointWeight { kind, from, to, points, transposed, bias: bias.detach().contiguous() }
    }

    /// Channels of the output.
    pub fn to(&self) -> usize {
        self.to
    }

    /// The layer's convolution of `x` and what follows it, LeakyReLU of slope `slope`, into `y`.
    pub fn forward(&self, x: &Maps, y: &Maps, slope: f32) {
        let f = Forward {
            layer: self.layer(y),
            x: x.with_border(),
            y: y.map(),
            weight: values(&self.points),
            bias: values(&self.bias),
            slope,
        };
        x.check(self.kind, self.from, y);
        // SAFETY: the maps were made with these sizes.
        Memory::lent(|memory| unsafe {
            match self.kind {
                Halving => layer_forward::<TwoTaps, 2, 5, 2>(&f, memory),
                Keeping => layer_forward::<ThreeTaps, 3, 6, 1>(&f, memory),
            }
        });
    }

    /// The gradients of [`PointWeight::forward`] from that by `y`: by weight and bias added to `sums`, by `x` into `by_x`.
    pub fn backward(
        &self,
        x: &Maps,
        y: &Maps,
        by_y: &Maps,
        slope: f32,
        sums: Option<&WeightSums>,
        by_x: Option<&Maps>,
    ) {
        let nowhere = Map { start: std::ptr::null_mut(), row: 0, image: 0, channels: 0 };
        let unwanted = memory(&[self.to as i64]);
        let transposed = || values(self.transposed.as_ref().expect("made to go back")).cast_const();
        let f = Backward {
            layer: self.layer(y),
            x: x.with_border(),
            y: y.map(),
            by_y: by_y.map(),
            slope,
            by_weight: sums.map_or(std::ptr::null_mut(), |s| values(&s.points)),
            by_bias: values(sums.map_or(&unwanted, |s| &s.bias)),
            transposed: by_x.map_or(std::ptr::null(), |_| transposed()),
            by_x: by_x.map_or(nowhere, Maps::with_border),
        };
        x.check(self.kind, self.from, y);
        assert!(by_y.same_sides(y) && by_x.is_none_or(|b| b.same_layout(x)));
        // SAFETY: as of `forward`.
        Memory::lent(|memory| unsafe {
            match self.kind {
                Halving => layer_backward::<TwoTaps, 2, 5, 2>(&f, memory),
                Keeping => layer_backward::<ThreeTaps, 3, 6, 1>(&f, memory),
            }
        });
    }

    fn layer(&self, y: &Maps) -> Layer {
        assert_eq!(y.channels, self.to);
        Layer { from: self.from, to: self.to, height: y.height, width: y.width, images: y.images }
    }
}

/// Sums of a layer's gradients by weight and bias.
#[derive(Debug)]
pub struct WeightSums {
    points: Tensor,
    bias: Tensor,
}

impl WeightSums {
    /// Zeros.
    pub fn new(of: &PointWeight) -> WeightSums {
        WeightSums { points: of.points.zeros_like(), bias: of.bias.zeros_like() }
    }

    /// Adds other sums.
    pub fn add(&mut self, other: &WeightSums) {
        self.points += &other.points;
        self.bias += &other.bias;
    }

    /// Writes them as gradients [to, from, side, side] and [to].
    pub fn write(&self, of: &PointWeight, by_weight: &Tensor, by_bias: &Tensor) {
        let taps = of.kind.side() * of.kind.side();
        let mut turned = vec![0f32; of.from * taps * of.to];
        let size = WeightSize { channels: of.from, vectors: of.to, channels_first: false };
        let (read, write) = (values(&self.points).cast_const(), turned.as_mut_ptr());
        // SAFETY: both have the values that the sizes say.
        unsafe {
            match of.kind {
                Halving => weight_from_points::<TwoTaps, 2, 5, 2>(read, write, size),
                Keeping => weight_from_points::<ThreeTaps, 3, 6, 1>(read, write, size),
            }
        }
        let place = values(by_weight);
        // SAFETY: the values of the tensor, which nothing else reads meanwhile.
        let place = unsafe { std::slice::from_raw_parts_mut(place, by_weight.numel()) };
        transpose(&turned, place, of.from * taps, of.to);
        by_bias.shallow_clone().copy_(&self.bias);
    }
}

/// Maps of several images, with a border of zeros or without.
#[derive(Debug)]
pub struct Maps {
    memory: Tensor,
    images: usize,
    height: usize,
    width: usize,
    channels: usize,
    /// Rows and columns in memory.
    rows: usize,
    columns: usize,
    /// Where the first own row and column is.
    border: usize,
}

impl Maps {
    /// To be the input of a `next`, with the border that it reads; the own values are not set.
    pub fn before(next: Convolution, images: usize, [height, width]: [usize; 2], channels: usize) -> Maps {
        let tile = SIDE * next.stride();
        let (rows, columns) = (height.next_multiple_of(tile) + 2, width.next_multiple_of(tile) + 2);
        let memory = memory(&[images, rows, columns, channels].map(|n| n as i64));
        let maps = Maps { memory, images, height, width, channels, rows, columns, border: 1 };
        maps.clear_border();
        maps
    }

    /// Of a tensor [images, rows, columns, channels], without a border.
    pub fn of(tensor: Tensor) -> Maps {
        let [images, height, width, channels] = tensor.size()[..] else {
            panic!("maps have four dimensions")
        };
        let [images, height, width, channels] = [images, height, width, channels].map(|n| n as usize);
        values(&tensor);
        Maps { memory: tensor, images, height, width, channels, rows: height, columns: width, border: 0 }
    }

    /// Not set, without a border.
    pub fn bare(images: usize, [height, width]: [usize; 2], channels: usize) -> Maps {
        Maps::of(memory(&[images, height, width, channels].map(|n| n as i64)))
    }

    /// Of the same sizes and border, not set, the border too.
    pub fn like(&self) -> Maps {
        Maps { memory: self.memory.empty_like(), ..*self }
    }

    /// Some of the images, in the same memory.
    pub fn part(&self, images: std::ops::Range<usize>) -> Maps {
        let memory = self.memory.narrow(0, images.start as i64, images.len() as i64);
        Maps { memory, images: images.len(), ..*self }
    }

    /// The own values, [images, rows, columns, channels].
    pub fn tensor(&self) -> Tensor {
        let [border, height, width] = [self.border, self.height, self.width].map(|n| n as i64);
        self.memory.narrow(1, border, height).narrow(2, border, width)
    }

    /// Rows and columns of an image.
    pub fn sides(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// Images.
    pub fn images(&self) -> usize {
        self.images
    }

    /// From the first own value on.
    pub fn map(&self) -> Map {
        let map = self.from_start();
        // SAFETY: the border is part of the memory.
        Map { start: unsafe { map.start.add(self.border * (map.row + self.channels)) }, ..map }
    }

    /// From row and column -1 on.
    fn with_border(&self) -> Map {
        assert_eq!(self.border, 1, "the input of a layer has a border");
        self.from_start()
    }

    fn from_start(&self) -> Map {
        let row = self.columns * self.channels;
        Map { start: values(&self.memory), row, image: self.rows * row, channels: self.channels }
    }

    fn clear_border(&self) {
        let map = self.from_start();
        let own = self.width * self.channels;
        for image in 0..self.images {
            for row in 0..self.rows {
                // SAFETY: a row of the memory.
                let row_start = unsafe { map.pixel(image, row, 0) };
                let inside = (1..=self.height).contains(&row);
                let (before, after) = if inside { (self.channels, self.channels + own) } else { (0, 0) };
                // SAFETY: as above.
                unsafe {
                    row_start.write_bytes(0, before);
                    row_start.add(after).write_bytes(0, map.row - after);
                }
            }
        }
    }

    fn same_sides(&self, other: &Maps) -> bool {
        (self.images, self.height, self.width, self.channels)
            == (other.images, other.height, other.width, other.channels)
    }

    fn same_layout(&self, other: &Maps) -> bool {
        self.same_sides(other)
            && (self.rows, self.columns, self.border) == (other.rows, other.columns, other.border)
    }

    /// That it is what a layer that gives `y` reads.
    fn check(&self, kind: Convolution, from: usize, y: &Maps) {
        let (stride, tile) = (kind.stride(), SIDE * kind.stride());
        assert_eq!((self.images, self.channels), (y.images, from));
        assert_eq!([self.height / stride, self.width / stride], y.sides());
        assert!(self.rows >= self.height.next_multiple_of(tile) + 2);
        assert!(self.columns >= self.width.next_multiple_of(tile) + 2);
    }
}

#[cfg(test)]
mod tests;
