//! Whole utterances through a network that takes any number of frames which is a multiple of some number.

use crate::feature_bank::{Bank, indices};
use seraug_core::spec::Padding;
use tch::Tensor;

/// Utterance `item` of `bank` as [1, 1, frames, mels], repeated up to the next multiple of `multiple` frames, and to `least` at least.
pub(crate) fn repeated(bank: &Bank, item: usize, multiple: usize, least: usize) -> Tensor {
    let frames = bank.lens()[item].next_multiple_of(multiple).max(least);
    let at = indices(&[item, 0], bank.device());
    bank.windows(&at.narrow(0, 0, 1), &at.narrow(0, 1, 1), frames, Padding::Repeat).x
}

/// Samples `made` [n, 1, frames, mels] of [`repeated`], as rows of a bank: each cut to the length of utterance `item` and followed
/// by its floor.
pub(crate) fn cut(bank: &Bank, item: usize, made: &Tensor) -> Tensor {
    let [n, _, _, mels] = made.size()[..] else { panic!("[n, 1, frames, mels]") };
    let own = made.narrow(2, 0, bank.lens()[item] as i64).squeeze_dim(1);
    let floor = bank.floors(&indices(&[item], bank.device())).unsqueeze(0).expand([n, 1, mels], false);
    Tensor::cat(&[own, floor], 1).view([-1, mels])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn what_is_repeated_is_cut_again_and_keeps_its_floor() {
        let frames = Tensor::arange(20, (Kind::Float, Device::Cpu)).view([10, 2]);
        let bank = Bank::from_frames(frames, vec![5, 3]);
        let column = |t: &Tensor| Vec::<f32>::try_from(t.reshape([-1, 2]).select(1, 0).contiguous()).unwrap();
        assert_eq!(column(&repeated(&bank, 0, 4, 1)), [0., 2., 4., 6., 8., 0., 2., 4.]);
        assert_eq!(column(&repeated(&bank, 1, 2, 8)), [12., 14., 16., 12., 14., 16., 12., 14.]);
        let x = repeated(&bank, 1, 4, 1);
        let rows = cut(&bank, 1, &Tensor::cat(&[&x, &(&x + 100.0)], 0));
        assert_eq!(column(&rows), [12., 14., 16., 18., 112., 114., 116., 18.]);
    }
}
