//! Images of one channel as the first layer of a network reads them.

use crate::kernels::filtering::{MapView, host, host_mut, values};
use tch::{Device, Kind, Tensor};

/// The images with a border of one zero, [images, height + 2, width + 2].
#[derive(Debug)]
pub struct Bordered {
    memory: Tensor,
    sides: [usize; 2],
}

impl Bordered {
    /// Of images [images, 1, height, width].
    pub fn new(x: &Tensor) -> Bordered {
        Bordered::shrunk(x, 1)
    }

    /// Of the means of `side` x `side` pixels; rows and columns that are left over are not read.
    pub fn shrunk(x: &Tensor, side: usize) -> Bordered {
        let [images, 1, height, width] = x.size()[..] else {
            panic!("images of one channel: {:?}", x.size())
        };
        let [images, height, width] = [images, height, width].map(|n| n as usize);
        let (x, sides) = (x.detach().contiguous(), [height / side, width / side]);
        let [tall, wide] = sides.map(|n| n + 2);
        let memory = Tensor::empty([images, tall, wide].map(|n| n as i64), (Kind::Float, Device::Cpu));
        let share = 1.0 / (side * side) as f32;
        // SAFETY: made just now.
        let made = unsafe { host_mut(&memory) }.chunks_exact_mut(tall * wide);
        for (image, made) in host(&x).chunks_exact((height * width).max(1)).zip(made) {
            made[..wide].fill(0.0);
            made[(tall - 1) * wide..].fill(0.0);
            let rows = image.chunks_exact(side * width).zip(made.chunks_exact_mut(wide).skip(1));
            for (rows, made) in rows {
                (made[0], made[wide - 1]) = (0.0, 0.0);
                let made = &mut made[1..=sides[1]];
                if side == 1 {
                    made.copy_from_slice(rows);
                    continue;
                }
                made.fill(0.0);
                for row in rows.chunks_exact(width) {
                    for (sum, few) in made.iter_mut().zip(row.chunks_exact(side)) {
                        *sum += few.iter().sum::<f32>();
                    }
                }
                made.iter_mut().for_each(|sum| *sum *= share);
            }
        }
        Bordered { memory, sides }
    }

    /// Some of the images, in the same memory.
    pub fn part(&self, images: std::ops::Range<usize>) -> Bordered {
        let memory = self.memory.narrow(0, images.start as i64, images.len() as i64);
        Bordered { memory, sides: self.sides }
    }

    /// Images.
    pub fn images(&self) -> usize {
        self.memory.size()[0] as usize
    }

    /// Rows and columns without the border.
    pub fn sides(&self) -> [usize; 2] {
        self.sides
    }

    pub(super) fn map(&self) -> MapView {
        let row = self.sides[1] + 2;
        MapView { start: values(&self.memory), row, image: row * (self.sides[0] + 2), channels: 1 }
    }
}
