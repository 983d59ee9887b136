//! Standardised log-mels of many utterances, resident on the device, and batches gathered from them.

use crate::torch::upload::upload;
use seraug_core::spec::Padding;
use seraug_data::audio::LogMel;
use seraug_data::features::Standardiser;
use tch::{Device, Kind, Tensor};

/// Values that go up to a GPU at a time.
const PIECE: usize = 1 << 21;

/// The frames of a list of utterances, one after the other. Each is followed by one row that holds
/// its own floor, which is what windows are padded with.
#[derive(Debug)]
pub struct Bank {
    frames: Tensor,
    starts: Tensor,
    lens: Tensor,
    host_lens: Vec<usize>,
    mels: i64,
}

/// A batch of windows.
#[derive(Debug)]
pub struct Windows {
    /// [batch, 1, frames, mels].
    pub x: Tensor,
    /// [batch], int64: frames of each window that are the utterance's own, the others being padding.
    pub own: Tensor,
}

impl Windows {
    /// These and after them `others`, as one batch.
    pub fn join(&self, others: &Windows) -> Windows {
        Windows { x: Tensor::cat(&[&self.x, &others.x], 0), own: Tensor::cat(&[&self.own, &others.own], 0) }
    }
}

impl Bank {
    /// Puts `items` on `device`, standardised. Items of no frames are not allowed.
    pub fn new(items: &[&LogMel], standardiser: Standardiser, device: Device) -> Bank {
        let mels = items.first().map_or(0, |m| m.mels);
        // A few utterances at a time, on the CPU one: a whole second copy is half a gigabyte for seven hours of speech.
        let at_once = if device.is_cuda() { PIECE } else { 1 };
        let mut host = Vec::new();
        let mut rest = items.iter().peekable();
        let rows = std::iter::from_fn(|| {
            rest.peek()?;
            host.clear();
            while host.len() < at_once
                && let Some(item) = rest.next()
            {
                assert!(
                    item.frames > 0 && item.mels == mels,
                    "{} frames of {} bands",
                    item.frames,
                    item.mels
                );
                let floor = item.db.iter().copied().fold(f32::INFINITY, f32::min);
                let values = item.db.iter().copied().chain(std::iter::repeat_n(floor, mels));
                host.extend(values.map(|v| (v - standardiser.mean) / standardiser.deviation));
            }
            Some(upload(&host, device).view([-1, mels as i64]))
        });
        Bank::from_pieces(mels as i64, device, items.iter().map(|m| m.frames).collect(), rows)
    }

    /// On `device`, from standardised frames laid out as this type's are, as many rows at a time as there happen to be.
    /// They are copied as they come: who makes them piece by piece never holds them all twice.
    pub fn from_pieces(
        mels: i64,
        device: Device,
        lens: Vec<usize>,
        pieces: impl IntoIterator<Item = Tensor>,
    ) -> Bank {
        let rows = (lens.iter().sum::<usize>() + lens.len()) as i64;
        let frames = Tensor::empty([rows, mels], (Kind::Float, device));
        let mut filled = 0;
        for piece in pieces {
            let more = piece.size()[0];
            assert!(piece.size()[1] == mels && filled + more <= rows, "{:?} of {rows}", piece.size());
            frames.narrow(0, filled, more).copy_(&piece);
            filled += more;
        }
        assert_eq!(filled, rows, "rows of the bank");
        Bank::from_frames(frames, lens)
    }

    /// From all of its frames at once, each utterance's and then its floor row.
    pub fn from_frames(frames: Tensor, lens: Vec<usize>) -> Bank {
        let device = frames.device();
        let starts: Vec<i64> = first_rows(&lens).into_iter().map(|row| row as i64).collect();
        let long: Vec<i64> = lens.iter().map(|&l| l as i64).collect();
        let mels = frames.size()[1];
        assert_eq!(frames.size()[0], long.iter().sum::<i64>() + long.len() as i64, "rows of the bank");
        Bank { frames, starts: upload(&starts, device), lens: upload(&long, device), host_lens: lens, mels }
    }

    /// Frames of each utterance.
    pub fn lens(&self) -> &[usize] {
        &self.host_lens
    }

    /// All frames and floor rows, [rows, mels].
    pub fn frames(&self) -> &Tensor {
        &self.frames
    }

    /// The floor rows of `items` (int64 [n] on the bank's device), [n, mels].
    pub fn floors(&self, items: &Tensor) -> Tensor {
        let rows = self.starts.index_select(0, items) + self.lens.index_select(0, items);
        self.frames.index_select(0, &rows)
    }

    /// These utterances and after them others, of `lens` frames; `pieces` as of [`Bank::from_pieces`].
    pub fn followed_by(&self, lens: &[usize], pieces: impl IntoIterator<Item = Tensor>) -> Bank {
        let pieces = std::iter::once(self.frames.shallow_clone()).chain(pieces);
        Bank::from_pieces(self.mels, self.device(), [&self.host_lens, lens].concat(), pieces)
    }

    /// These utterances and after them those of `other`.
    pub fn join(&self, other: &Bank) -> Bank {
        self.followed_by(&other.host_lens, [other.frames.shallow_clone()])
    }

    /// Some of the utterances, in the order of `items`.
    pub fn pick(&self, items: &[usize]) -> Bank {
        let starts = self.starts();
        let rows: Vec<usize> =
            items.iter().flat_map(|&i| starts[i]..=starts[i] + self.host_lens[i]).collect();
        let frames = self.frames.index_select(0, &indices(&rows, self.device()));
        Bank::from_frames(frames, items.iter().map(|&i| self.host_lens[i]).collect())
    }

    /// The first row of each utterance in [`Bank::frames`]; the row after its last is its floor.
    pub fn starts(&self) -> Vec<usize> {
        first_rows(&self.host_lens)
    }

    /// The values of each utterance on the host, one after the other: its frames [frames, mels], row by row, and its floor row.
    pub fn entries(&self) -> impl Iterator<Item = (Vec<f32>, Vec<f32>)> + '_ {
        let (mels, mut row, mut next) = (self.mels as usize, 0usize, 0usize);
        let mut ready = std::collections::VecDeque::new();
        std::iter::from_fn(move || {
            if ready.is_empty() && next < self.host_lens.len() {
                // As many utterances as a piece has, one at least: a copy from a GPU each would be slow.
                let from = row;
                let first = next;
                while next < self.host_lens.len() && (row == from || (row - from) * mels < PIECE) {
                    row += self.host_lens[next] + 1;
                    next += 1;
                }
                let piece = self.frames.narrow(0, from as i64, (row - from) as i64).to_device(Device::Cpu);
                let mut values = Vec::<f32>::try_from(piece.reshape([-1])).expect("log-mels are floats");
                for &len in self.host_lens[first..next].iter().rev() {
                    let floor = values.split_off(values.len() - mels);
                    ready.push_front((values.split_off(values.len() - len * mels), floor));
                }
            }
            ready.pop_front()
        })
    }

    /// Where the bank lives.
    pub fn device(&self) -> Device {
        self.frames.device()
    }

    /// Windows of `frames` frames: window b starts at frame `offsets[b]` of utterance `items[b]`.
    /// Both are int64 [batch] on the bank's device; one gather, no copy to the host.
    pub fn windows(&self, items: &Tensor, offsets: &Tensor, frames: usize, padding: Padding) -> Windows {
        let len = self.lens.index_select(0, items);
        let start = self.starts.index_select(0, items);
        let t =
            Tensor::arange(frames as i64, (Kind::Int64, self.device())).unsqueeze(0) + offsets.unsqueeze(1);
        let (within, own) = match padding {
            Padding::Floor => (t.minimum(&len.unsqueeze(1)), (&len - offsets).clamp(0, frames as i64)),
            Padding::Repeat => (t.remainder_tensor(&len.unsqueeze(1)), len.full_like(frames as i64)),
        };
        let rows = (within + start.unsqueeze(1)).reshape([-1]);
        let x = self.frames.index_select(0, &rows).view([-1, 1, frames as i64, self.mels]);
        Windows { x, own }
    }
}

/// Where utterances of so many frames begin, each followed by its floor.
fn first_rows(lens: &[usize]) -> Vec<usize> {
    let next = |at: &mut usize, &len: &usize| {
        let start = *at;
        *at += len + 1;
        Some(start)
    };
    lens.iter().scan(0, next).collect()
}

/// Host indices as a tensor on `device`.
pub fn indices(values: &[usize], device: Device) -> Tensor {
    let long: Vec<i64> = values.iter().map(|&v| v as i64).collect();
    upload(&long, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(frames: usize, from: f32) -> LogMel {
        LogMel { frames, mels: 2, db: (0..frames * 2).map(|i| from + i as f32).collect() }
    }

    #[test]
    fn short_windows_end_in_the_utterances_own_floor() {
        let (a, b) = (ramp(3, 10.0), ramp(2, -5.0));
        let bank = Bank::new(&[&a, &b], Standardiser { mean: 0.0, deviation: 1.0 }, Device::Cpu);
        let cpu = Device::Cpu;
        let entries: Vec<_> = bank.entries().collect();
        assert_eq!(entries, [(a.db.clone(), vec![10.0; 2]), (b.db.clone(), vec![-5.0; 2])]);
        let picked = bank.pick(&[1]);
        assert_eq!((picked.lens(), picked.frames().size()), (&[2][..], vec![3, 2]));
        assert_eq!(picked.frames(), &bank.frames().narrow(0, 4, 3));
        let w = bank.windows(&indices(&[1, 0], cpu), &indices(&[0, 1], cpu), 4, Padding::Floor);
        assert_eq!(w.x.size(), [2, 1, 4, 2]);
        assert_eq!(Vec::<i64>::try_from(&w.own).unwrap(), [2, 2]);
        let flat = Vec::<f32>::try_from(w.x.reshape([-1])).unwrap();
        assert_eq!(flat, [-5., -4., -3., -2., -5., -5., -5., -5., 12., 13., 14., 15., 10., 10., 10., 10.]);
        let r = bank.windows(&indices(&[1], cpu), &indices(&[0], cpu), 5, Padding::Repeat);
        let flat = Vec::<f32>::try_from(r.x.select(3, 0).reshape([-1])).unwrap();
        assert_eq!(flat, [-5., -3., -5., -3., -5.]);
    }
}
