//! Windows of a fixed number of frames: drawn from the training bank for a training, and joined to samples as long as their
//! sources.

use crate::feature_bank::{Bank, indices};
use crate::torch::upload::upload;
use seraug_core::rng::Seed;
use seraug_core::spec::Padding;
use tch::Tensor;

/// Windows that are made at once.
const BATCH: usize = 64;

/// Draws windows of a bank: a random crop of a longer utterance, a shorter one repeated, so that nothing learns to draw padding.
#[derive(Debug)]
pub(crate) struct Crops {
    by_class: Vec<Vec<usize>>,
    all: Vec<usize>,
    labels: Vec<usize>,
    lens: Vec<usize>,
    frames: usize,
}

/// Windows that were drawn, on the device.
#[derive(Debug)]
pub(crate) struct Cropped {
    /// [batch, 1, frames, mels].
    pub(crate) x: Tensor,
    /// Their classes, int64 [batch].
    pub(crate) classes: Tensor,
}

impl Crops {
    /// Of the utterances of a bank, with their classes.
    pub(crate) fn new(bank: &Bank, labels: &[usize], classes: usize, frames: usize) -> Crops {
        let of = |class| (0..labels.len()).filter(|&i| labels[i] == class).collect();
        Crops {
            by_class: (0..classes).map(of).collect(),
            all: (0..labels.len()).collect(),
            labels: labels.to_vec(),
            lens: bank.lens().to_vec(),
            frames,
        }
    }

    /// `count` windows, every utterance equally likely: the classes in their own shares.
    pub(crate) fn natural(&self, bank: &Bank, seed: Seed, count: usize) -> Cropped {
        self.draw(bank, seed, count, |draws| self.all[draws.below(self.all.len())])
    }

    /// `count` windows, every class that has an utterance equally likely, then every utterance of it.
    pub(crate) fn balanced(&self, bank: &Bank, seed: Seed, count: usize) -> Cropped {
        let classes: Vec<&Vec<usize>> = self.by_class.iter().filter(|of| !of.is_empty()).collect();
        self.draw(bank, seed, count, |draws| {
            let of = classes[draws.below(classes.len())];
            of[draws.below(of.len())]
        })
    }

    fn draw(
        &self,
        bank: &Bank,
        seed: Seed,
        count: usize,
        mut choose: impl FnMut(&mut seraug_core::rng::Draws) -> usize,
    ) -> Cropped {
        let mut draws = seed.draws();
        let mut places = [const { Vec::new() }; 3];
        for _ in 0..count {
            let item = choose(&mut draws);
            let offset = draws.below((self.lens[item] + 1).saturating_sub(self.frames).max(1));
            for (to, value) in places.iter_mut().zip([item, offset, self.labels[item]]) {
                to.push(value);
            }
        }
        let places = indices(&places.concat(), bank.device()).view([3, count as i64]);
        let x = bank.windows(&places.get(0), &places.get(1), self.frames, Padding::Repeat).x;
        Cropped { x, classes: places.get(2) }
    }
}

/// Consecutive windows of `frames` frames of every utterance of `bank`, as utterance and first frame: the last one of a longer
/// utterance ends with it, a shorter one is a single window, to be repeated.
pub(crate) fn consecutive(bank: &Bank, frames: usize) -> Vec<(usize, usize)> {
    let of = |(item, &len): (usize, &usize)| {
        let last = len.saturating_sub(frames);
        (0..len.div_ceil(frames).max(1)).map(move |window| (item, (window * frames).min(last)))
    };
    bank.lens().iter().enumerate().flat_map(of).collect()
}

/// A window that is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowToMake<'a> {
    /// The source: an entry of the bank.
    pub(crate) item: usize,
    /// What draws are named by: the digest of the source.
    pub(crate) name: &'a str,
    /// Number of the copy.
    pub(crate) copy: usize,
    /// Number of the window in the sample.
    pub(crate) window: usize,
    /// Frames of it that the sample has.
    own: usize,
}

impl WindowToMake<'_> {
    /// The stream of its draws for `purpose`: of the recording, the copy and the window, whatever else is made.
    pub(crate) fn stream(&self, seed: Seed, purpose: &str) -> Seed {
        seed.child(purpose).child(self.name).at(self.copy as u64).at(self.window as u64)
    }

    /// Standard normal numbers [windows, `len`] on the bank's device, each row from its own stream.
    pub(crate) fn normals(
        windows: &[WindowToMake],
        seed: Seed,
        purpose: &str,
        len: usize,
        bank: &Bank,
    ) -> Tensor {
        let mut host = vec![0f32; windows.len() * len];
        for (out, window) in host.chunks_mut(len).zip(windows) {
            window.stream(seed, purpose).draws().fill_normal(out);
        }
        upload(&host, bank.device()).view([windows.len() as i64, len as i64])
    }
}

/// The utterances of `bank`, and after them `copies` samples of each of `items`, as long as these: windows of `frames` frames
/// that `make` makes, [windows, 1, frames, mels], one after the other, the last one cut. A sample has its source's floor.
pub(crate) fn after(
    bank: &Bank,
    items: &[usize],
    names: &[&str],
    copies: usize,
    frames: usize,
    mut make: impl FnMut(&[WindowToMake]) -> Tensor,
) -> Bank {
    let mut windows = Vec::new();
    for (&item, &name) in items.iter().zip(names) {
        let len = bank.lens()[item];
        for copy in 0..copies {
            windows.extend((0..len.div_ceil(frames)).map(|window| {
                let own = frames.min(len - window * frames);
                WindowToMake { item, name, copy, window, own }
            }));
        }
    }
    let lens: Vec<usize> = items.iter().flat_map(|&i| std::iter::repeat_n(bank.lens()[i], copies)).collect();
    let mels = bank.frames().size()[1];
    let pieces = windows.chunks(BATCH).map(|batch| {
        let made = tch::no_grad(|| make(batch)).reshape([-1, mels]);
        let of: Vec<usize> = batch.iter().map(|w| w.item).collect();
        let floors = bank.floors(&indices(&of, bank.device()));
        let mut rows = Vec::new();
        for (b, w) in batch.iter().enumerate() {
            rows.extend(b * frames..b * frames + w.own);
            let last = (w.window + 1) * frames >= bank.lens()[w.item];
            rows.extend(last.then_some(batch.len() * frames + b));
        }
        Tensor::cat(&[made, floors], 0).index_select(0, &indices(&rows, bank.device()))
    });
    bank.followed_by(&lens, pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn consecutive_windows_cover_an_utterance_and_stay_in_it() {
        let bank = Bank::from_frames(Tensor::zeros([14, 2], (Kind::Float, Device::Cpu)), vec![9, 3]);
        assert_eq!(consecutive(&bank, 4), [(0, 0), (0, 4), (0, 5), (1, 0)]);
        assert_eq!(consecutive(&bank, 3), [(0, 0), (0, 3), (0, 6), (1, 0)]);
    }

    #[test]
    fn samples_are_as_long_as_their_sources_and_end_in_their_floor() {
        let frames = Tensor::arange(20, (Kind::Float, Device::Cpu)).view([10, 2]);
        let bank = Bank::from_frames(frames, vec![5, 3]);
        let made = after(&bank, &[1, 0], &["b", "a"], 2, 4, |windows| {
            let of = |w: &WindowToMake| (100 * w.item + 10 * w.copy + w.window) as f32;
            let values: Vec<f32> = windows.iter().map(of).collect();
            Tensor::from_slice(&values).view([-1, 1, 1, 1]).expand([-1, 1, 4, 2], false)
        });
        assert_eq!(made.lens(), [5, 3, 3, 3, 5, 5]);
        let first = Vec::<f32>::try_from(made.frames().select(1, 0)).unwrap();
        assert_eq!(first[..10], [0., 2., 4., 6., 8., 10., 12., 14., 16., 18.]);
        assert_eq!(first[10..18], [100., 100., 100., 18., 110., 110., 110., 18.]);
        assert_eq!(first[18..], [0., 0., 0., 0., 1., 10., 10., 10., 10., 10., 11., 10.]);
    }
    #[test]
    fn crops_lie_in_their_utterance_and_classes_are_balanced_on_request() {
        let frames = Tensor::arange(60, (Kind::Float, Device::Cpu)).view([30, 2]);
        let bank = Bank::from_frames(frames, vec![9, 2, 9, 6]);
        let crops = Crops::new(&bank, &[0, 1, 0, 0], 3, 4);
        let (seed, count) = (Seed::new(4), 3000);
        let share =
            |drawn: &Cropped| drawn.classes.to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
        let (natural, balanced) = (crops.natural(&bank, seed, count), crops.balanced(&bank, seed, count));
        assert_eq!(natural.x.size(), [count as i64, 1, 4, 2]);
        assert!((share(&natural) - 0.25).abs() < 0.03 && (share(&balanced) - 0.5).abs() < 0.03);
        // Rows count up by 2 inside an utterance; the one of 2 frames is repeated.
        let rows = natural.x.select(3, 0).squeeze_dim(1);
        let whole = (rows.select(1, 3) - rows.select(1, 0)).eq(6.0);
        let repeated = rows.select(1, 0).eq(20.0).logical_and(&rows.select(1, 2).eq(20.0));
        assert!(whole.logical_or(&repeated).all().int64_value(&[]) == 1);
    }
}
