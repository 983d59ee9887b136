//! Convolutions on a CPU by minimal filtering (Winograd 1980; Lavin & Gray 2016): of 4 x 4 outputs at once,
//! forward and in both gradients. A kernel of 3 takes a quarter of the multiplications; one of 4 with stride 2, which is four
//! kernels of 2 on every second row and column, 25 of 64. The library has no such path for float32, and its own are slow where
//! channels are few.
//!
//! Maps are [images, rows, columns, channels]; channels are multiples of 8. Every value is computed by the same operations in
//! the same order, whatever the vectors of the processor.

mod block;
mod filter;
mod map;
mod panels;
mod tile;
mod weight;

pub use map::{After, Layer, MapView};

use super::transpose::{Transposed, transpose};
use block::{Backward, Forward, Memory, layer_backward, layer_forward};
use filter::{ThreeTaps, TwoTaps};
use map::SIDE;
use panels::Points;
use std::cell::Cell;
use std::ops::Range;
use tch::{Device, Kind, Tensor};
use weight::{Taps, weight_from_points, weight_to_points};

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

/// Channels of a layer's input and output.
#[derive(Debug, Clone, Copy)]
struct WeightSize {
    from: usize,
    to: usize,
}

/// What a layer's weight is made ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// [`PointWeight::forward`].
    Forward,
    /// [`PointWeight::backward`].
    Back,
    /// Both of them.
    Both,
}

/// A layer's weight as points.
#[derive(Debug)]
pub struct PointWeight {
    kind: Convolution,
    size: WeightSize,
    /// [phases * from, to] a point, to go forward.
    points: Option<PointsMemory>,
    /// [to, phases * from] a point, to go back.
    transposed: Option<PointsMemory>,
    /// [to].
    bias: Tensor,
}

// SAFETY: the kernels read its tensors by their addresses.
unsafe impl Sync for PointWeight {}

/// Memory of the points of a weight or of its gradient.
#[derive(Debug)]
struct PointsMemory {
    values: Tensor,
    rows: usize,
    columns: usize,
}

impl PointsMemory {
    fn new(points: usize, rows: usize, columns: usize) -> PointsMemory {
        let values = memory(&[Points::values(points, rows, columns) as i64]);
        PointsMemory { values, rows, columns }
    }

    fn points(&self) -> Points {
        Points::new(values(&self.values), self.rows, self.columns)
    }
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

/// The values of a contiguous float32 tensor of the host.
pub(in crate::kernels) fn host(tensor: &Tensor) -> &[f32] {
    // SAFETY: the tensor's own values, which live as long.
    unsafe { std::slice::from_raw_parts(values(tensor), tensor.numel()) }
}

/// As [`host`], to be written.
///
/// # Safety
/// Nothing else reads or writes them meanwhile, through another view or in another thread.
#[expect(clippy::mut_from_ref, reason = "a tensor does not know who writes to it: its caller does")]
pub(in crate::kernels) unsafe fn host_mut(tensor: &Tensor) -> &mut [f32] {
    // SAFETY: the tensor's own values, which live as long; the rest is the caller's.
    unsafe { std::slice::from_raw_parts_mut(values(tensor), tensor.numel()) }
}

impl PointWeight {
    /// Of a weight [to, from, side, side] and a bias [to].
    pub fn new(kind: Convolution, weight: &Tensor, bias: &Tensor, ways: Ways) -> PointWeight {
        let _no_grad = tch::no_grad_guard();
        let [to, from, ..] = weight.size()[..] else { unreachable!("a weight has four dimensions") };
        let size = WeightSize { from: from as usize, to: to as usize };
        let weight = weight.detach().contiguous();
        PointWeight {
            kind,
            size,
            points: (ways != Ways::Back).then(|| points_forward(kind, size, &weight)),
            transposed: (ways != Ways::Forward).then(|| points_back(kind, size, &weight)),
            bias: bias.detach().contiguous(),
        }
    }

    /// Channels of the output.
    pub fn to(&self) -> usize {
        self.size.to
    }

    /// The layer's convolution of `x` and what is `after` it, into `y`.
    pub fn forward(&self, x: &Maps, y: &Maps, after: After<&Maps>) {
        let f = Forward {
            layer: self.layer(x, y, after),
            x: x.with_border(),
            y: y.map(),
            weight: self.points.as_ref().expect("made to go forward").points(),
            bias: values(&self.bias),
            after: after.maps(y),
        };
        // SAFETY: the maps were made with these sizes.
        Memory::lent(|memory| unsafe {
            match self.kind {
                Halving => layer_forward::<TwoTaps, 2, 5, 2>(&f, memory),
                Keeping => layer_forward::<ThreeTaps, 3, 6, 1>(&f, memory),
            }
        });
    }

    /// The gradients of [`PointWeight::forward`] from that by what it gave, `by_y`: by weight and bias summed in `sums`, by `x` into
    /// `by_x`. `kept` is what it gave, of a pool the places.
    pub fn backward(
        &self,
        x: &Maps,
        kept: &Maps,
        by_y: &Maps,
        after: After<&Maps>,
        sums: Option<&WeightSums>,
        by_x: Option<&Maps>,
    ) {
        let nowhere = MapView { start: std::ptr::null_mut(), row: 0, image: 0, channels: 0 };
        let unwanted = memory(&[self.size.to as i64]);
        let by_bias = values(sums.map_or(&unwanted, |s| &s.bias));
        let adds = sums.is_some_and(|s| s.begun.replace(true));
        if !adds {
            // SAFETY: the bias has so many values.
            unsafe { by_bias.write_bytes(0, self.size.to) };
        }
        let transposed = || self.transposed.as_ref().expect("made to go back").points();
        let f = Backward {
            layer: self.layer(x, kept, after),
            x: x.with_border(),
            y: kept.map(),
            by_y: by_y.map(),
            after: after.maps(kept),
            by_weight: sums.map(|s| s.points.points()),
            adds,
            by_bias,
            transposed: by_x.map(|_| transposed()),
            by_x: by_x.map_or(nowhere, Maps::with_border),
        };
        assert!(by_y.same_sides(kept) && by_x.is_none_or(|b| b.same_layout(x)));
        // SAFETY: as of `forward`.
        Memory::lent(|memory| unsafe {
            match self.kind {
                Halving => layer_backward::<TwoTaps, 2, 5, 2>(&f, memory),
                Keeping => layer_backward::<ThreeTaps, 3, 6, 1>(&f, memory),
            }
        });
    }

    fn layer(&self, x: &Maps, y: &Maps, after: After<&Maps>) -> Layer {
        let WeightSize { from, to } = self.size;
        let (stride, tile) = (self.kind.stride(), SIDE * self.kind.stride());
        let [height, width] = x.sides().map(|n| n / stride);
        assert_eq!((x.images, x.channels, y.channels), (y.images, from, to));
        assert_eq!([height, width].map(|n| n / after.side()), y.sides());
        assert!(x.rows >= x.height.next_multiple_of(tile) + 2);
        assert!(x.columns >= x.width.next_multiple_of(tile) + 2);
        Layer { from, to, height, width, images: y.images }
    }
}

/// The taps of a kernel [to, from, taps] as [from, taps, to]; not set.
fn taps_forward(kind: Convolution, WeightSize { from, to }: WeightSize) -> (Tensor, Taps) {
    let count = kind.side() * kind.side();
    let taps = memory(&[(from * count * to) as i64]);
    let made =
        Taps { start: values(&taps), rows: from, columns: to, row: count * to, tap: to, beside: false };
    (taps, made)
}

/// `weight` as points [phases * from, to].
fn points_forward(kind: Convolution, size: WeightSize, weight: &Tensor) -> PointsMemory {
    let (memory, taps) = taps_forward(kind, size);
    let columns = size.from * kind.side() * kind.side();
    let (from, to) = (values(weight).cast_const(), values(&memory));
    // SAFETY: both have the values that the sizes say.
    unsafe { transpose(Transposed { from, row: columns, to, to_row: size.to, rows: size.to, columns }) };
    let points = PointsMemory::new(kind.points(), kind.stride() * kind.stride() * size.from, size.to);
    to_points(kind, taps, &points);
    points
}

/// `weight` as points [to, phases * from].
fn points_back(kind: Convolution, WeightSize { from, to }: WeightSize, weight: &Tensor) -> PointsMemory {
    let count = kind.side() * kind.side();
    let memory = memory(&[(to * count * from) as i64]);
    let (read, write) = (values(weight).cast_const(), values(&memory));
    let taps = Taps { start: write, rows: to, columns: from, row: count * from, tap: from, beside: true };
    for row in 0..to {
        // SAFETY: both have the values that the sizes say.
        unsafe {
            let at = row * count * from;
            let (read, write) = (read.add(at), write.add(at));
            transpose(Transposed {
                from: read,
                row: count,
                to: write,
                to_row: from,
                rows: from,
                columns: count,
            });
        }
    }
    let points = PointsMemory::new(kind.points(), to, kind.stride() * kind.stride() * from);
    to_points(kind, taps, &points);
    points
}

fn to_points(kind: Convolution, taps: Taps, to: &PointsMemory) {
    let (to, rows) = (to.points(), 0..taps.rows);
    // SAFETY: the taps and points are those of a weight.
    unsafe {
        match kind {
            Halving => weight_to_points::<TwoTaps, 2, 5, 2>(taps, to, rows),
            Keeping => weight_to_points::<ThreeTaps, 3, 6, 1>(taps, to, rows),
        }
    }
}

/// Sums of a layer's gradients by weight and bias.
#[derive(Debug)]
pub struct WeightSums {
    kind: Convolution,
    size: WeightSize,
    points: PointsMemory,
    bias: Tensor,
    /// Whether they are set.
    begun: Cell<bool>,
}

impl WeightSums {
    /// None yet.
    pub fn new(of: &PointWeight) -> WeightSums {
        let PointWeight { kind, size, .. } = *of;
        let points = PointsMemory::new(kind.points(), kind.stride() * kind.stride() * size.from, size.to);
        WeightSums { kind, size, points, bias: of.bias.empty_like(), begun: Cell::new(false) }
    }

    /// Adds other sums.
    pub fn add(&mut self, other: &WeightSums) {
        self.points.values += &other.points.values;
        self.bias += &other.bias;
    }

    /// Writes them as gradients [to, from, side, side] and [to].
    pub fn write(&self, by_weight: &Tensor, by_bias: &Tensor) {
        let (memory, taps) = taps_forward(self.kind, self.size);
        let (read, all) = (self.points.points(), 0..taps.rows);
        // SAFETY: the taps and points are those of the weight.
        unsafe {
            match self.kind {
                Halving => weight_from_points::<TwoTaps, 2, 5, 2>(read, taps, all),
                Keeping => weight_from_points::<ThreeTaps, 3, 6, 1>(read, taps, all),
            }
        }
        let rows = self.size.from * self.kind.side() * self.kind.side();
        assert_eq!(by_weight.numel(), rows * self.size.to);
        let (from, to) = (values(&memory).cast_const(), values(by_weight));
        let columns = self.size.to;
        // SAFETY: as above.
        unsafe { transpose(Transposed { from, row: columns, to, to_row: rows, rows, columns }) };
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
    pub fn part(&self, images: Range<usize>) -> Maps {
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

    /// Values of a pixel.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// From the first own value on.
    pub fn map(&self) -> MapView {
        let map = self.whole();
        // SAFETY: the border is part of the memory.
        MapView { start: unsafe { map.start.add(self.border * (map.row + self.channels)) }, ..map }
    }

    /// From row and column -1 on.
    fn with_border(&self) -> MapView {
        assert_eq!(self.border, 1, "the input of a layer has a border");
        self.whole()
    }

    fn whole(&self) -> MapView {
        let row = self.columns * self.channels;
        MapView { start: values(&self.memory), row, image: self.rows * row, channels: self.channels }
    }

    fn clear_border(&self) {
        let map = self.whole();
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

    /// Whether these are as many images of the same sides and channels.
    pub fn same_sides(&self, other: &Maps) -> bool {
        (self.images, self.height, self.width, self.channels)
            == (other.images, other.height, other.width, other.channels)
    }

    fn same_layout(&self, other: &Maps) -> bool {
        self.same_sides(other)
            && (self.rows, self.columns, self.border) == (other.rows, other.columns, other.border)
    }
}

#[cfg(test)]
mod tests;
