//! Samples put together from rows of the training bank: which rows, on the host; the gather, on the device.

use crate::feature_bank::{Bank, indices};
use crate::torch::upload::upload;
use tch::Tensor;

/// Rows that are gathered at once, at least.
const ROWS: usize = 1 << 16;

/// Rows of samples, in order, each the sum of one row and a share of the way to another.
#[derive(Debug, Default)]
pub(super) struct Splices {
    /// Frames of each sample.
    lens: Vec<usize>,
    from: Vec<usize>,
    to: Vec<usize>,
    share: Vec<f32>,
}

impl Splices {
    /// Adds a row: `share` of the way from row `from` of the bank to row `to`.
    pub(super) fn row(&mut self, from: usize, to: usize, share: f32) {
        self.from.push(from);
        self.to.push(to);
        self.share.push(share);
    }

    /// Ends a sample of `len` frames, whose rows and floor have been added.
    pub(super) fn end(&mut self, len: usize) {
        self.lens.push(len);
    }

    /// The utterances of `bank`, and after them the samples.
    pub(super) fn after(self, bank: &Bank) -> Bank {
        let device = bank.device();
        let pieces = (0..self.from.len()).step_by(ROWS).map(|at| {
            let part = at..self.from.len().min(at + ROWS);
            let gather = |rows: &[usize]| bank.frames().index_select(0, &indices(rows, device));
            let from: Tensor = gather(&self.from[part.clone()]);
            let way = gather(&self.to[part.clone()]) - &from;
            from + way * upload(&self.share[part], device).unsqueeze(1)
        });
        bank.followed_by(&self.lens, pieces)
    }
}
