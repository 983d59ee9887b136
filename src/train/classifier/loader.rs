//! The classifier's batches, gathered on the device.

use super::sampler::Sampler;
use super::segments::Segment;
use crate::feature_bank::{Bank, indices};
use seraug_core::spec::Padding;
use tch::Tensor;

/// Batches in the order that an [`Sampler`] gives. The segments' places go to the device once, the order
/// in blocks of many steps.
#[derive(Debug)]
pub struct Batches<'a> {
    bank: &'a Bank,
    items: Tensor,
    offsets: Tensor,
    labels: Tensor,
    order: Sampler,
    block: Tensor,
    left: i64,
    batch: i64,
    frames: usize,
}

impl<'a> Batches<'a> {
    /// Steps whose order is uploaded at once.
    const BLOCK: i64 = 1024;

    /// Batches of `batch` segments of `frames` frames; `labels` has one class for each segment.
    pub fn new(
        bank: &'a Bank,
        segments: &[Segment],
        labels: &[usize],
        order: Sampler,
        batch: usize,
        frames: usize,
    ) -> Batches<'a> {
        let upload = |values: Vec<usize>| indices(&values, bank.device());
        Batches {
            bank,
            items: upload(segments.iter().map(|s| s.item).collect()),
            offsets: upload(segments.iter().map(|s| s.offset).collect()),
            labels: upload(labels.to_vec()),
            order,
            block: upload(Vec::new()),
            left: 0,
            batch: batch as i64,
            frames,
        }
    }

    /// Passes over the next `count` batches; the first [`Batches::draw`] comes later.
    pub fn skip(&mut self, count: usize) {
        assert_eq!(self.left, 0, "a block is under way");
        self.order.skip_places(count * self.batch as usize);
    }

    /// The next batch: segments [batch, 1, frames, mels], and their classes [batch], int64.
    pub fn draw(&mut self) -> (Tensor, Tensor) {
        if self.left == 0 {
            let places: Vec<usize> = self.order.by_ref().take((Self::BLOCK * self.batch) as usize).collect();
            self.block = indices(&places, self.bank.device());
            self.left = Self::BLOCK;
        }
        let at = self.block.narrow(0, (Self::BLOCK - self.left) * self.batch, self.batch);
        self.left -= 1;
        let (items, offsets) = (self.items.index_select(0, &at), self.offsets.index_select(0, &at));
        (self.bank.windows(&items, &offsets, self.frames, Padding::Floor).x, self.labels.index_select(0, &at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::segments::segments;
    use seraug_core::rng::Seed;
    use seraug_core::spec::{Classifier, Sampling};
    use tch::{Device, Kind};

    /// Frame f of utterance u holds 100 u + f, its floor -1.
    #[test]
    fn a_batch_is_what_the_order_says_also_past_the_first_block() {
        let lens = vec![3, 5];
        let rows = [0f32, 1., 2., -1., 100., 101., 102., 103., 104., -1.];
        let bank = Bank::from_frames(Tensor::from_slice(&rows).view([-1, 1]), lens.clone());
        let spec = Classifier { segment_frames: 4, segment_hop: 4, ..Classifier::default() };
        let cut = segments(&spec, &lens, &[0, 1]);
        let labels: Vec<usize> = cut.iter().map(|s| s.item).collect();
        let order = || Sampler::new(Sampling::Uniform, &labels, 2, Seed::new(1));
        let mut batches = Batches::new(&bank, &cut, &labels, order(), 2, 4);
        let mut expected = order();
        let mut late = Batches::new(&bank, &cut, &labels, order(), 2, 4);
        late.skip(Batches::BLOCK as usize - 2);
        for i in 0..Batches::BLOCK + 3 {
            let (x, y) = batches.draw();
            if i >= Batches::BLOCK - 2 {
                assert_eq!((&x, &y), (&late.draw().0, &y), "batch {i}");
            }
            assert_eq!((x.size(), y.kind()), (vec![2, 1, 4, 1], Kind::Int64));
            for b in 0..2 {
                let s = cut[expected.next().unwrap()];
                assert_eq!(y.int64_value(&[b]), s.item as i64);
                assert_eq!(x.double_value(&[b, 0, 0, 0]), (100 * s.item + s.offset) as f64);
                let padding = if s.item == 1 && s.offset == 0 { 103.0 } else { -1.0 };
                assert_eq!(x.double_value(&[b, 0, 3, 0]), padding);
            }
        }
        assert_eq!(bank.device(), Device::Cpu);
    }
}
