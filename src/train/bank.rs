//! Standardised log-mels of many utterances, resident on the device, and batches gathered from them.

use crate::audio::LogMel;
use crate::features::Standardiser;
use crate::spec::Padding;
use tch::{Device, Kind, Tensor};

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

impl Bank {
    /// Puts `items` on `device`, standardised. Items of no frames are not allowed.
    pub fn new(items: &[&LogMel], standardiser: Standardiser, device: Device) -> Bank {
        let mels = items.first().map_or(0, |m| m.mels);
        let rows: usize = items.iter().map(|m| m.frames + 1).sum();
        let frames = Tensor::empty([rows as i64, mels as i64], (Kind::Float, device));
        // Utterance by utterance: a whole second copy is half a gigabyte for seven hours of speech.
        let (mut host, mut start) = (Vec::new(), 0);
        for item in items {
            assert!(item.frames > 0 && item.mels == mels, "{} frames of {} bands", item.frames, item.mels);
            let floor = item.db.iter().copied().fold(f32::INFINITY, f32::min);
            let values = item.db.iter().copied().chain(std::iter::repeat_n(floor, mels));
            host.clear();
            host.extend(values.map(|v| (v - standardiser.mean) / standardiser.deviation));
            let own = Tensor::from_slice(&host).view([-1, mels as i64]);
            frames.narrow(0, start, own.size()[0]).copy_(&own);
            start += own.size()[0];
        }
        Bank::from_frames(frames, items.iter().map(|m| m.frames).collect())
    }

    /// From standardised frames laid out as this type's are: each utterance's, then its floor row.
    pub fn from_frames(frames: Tensor, lens: Vec<usize>) -> Bank {
        let device = frames.device();
        let starts: Vec<i64> = lens
            .iter()
            .scan(0i64, |at, &len| {
                let start = *at;
                *at += len as i64 + 1;
                Some(start)
            })
            .collect();
        let long: Vec<i64> = lens.iter().map(|&l| l as i64).collect();
        let mels = frames.size()[1];
        assert_eq!(frames.size()[0], long.iter().sum::<i64>() + long.len() as i64, "rows of the bank");
        Bank {
            frames,
            starts: Tensor::from_slice(&starts).to_device(device),
            lens: Tensor::from_slice(&long).to_device(device),
            host_lens: lens,
            mels,
        }
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

    /// These utterances and after them others, of `lens` frames. `pieces` are their rows on this bank's device, laid out
    /// as this type's, and as many at a time as there happen to be: no second copy of them all is ever in memory.
    pub fn append(&self, lens: &[usize], pieces: impl IntoIterator<Item = Tensor>) -> Bank {
        let lens = [&self.host_lens, lens].concat();
        let frames = self.frames.new_empty(
            [(lens.iter().sum::<usize>() + lens.len()) as i64, self.mels],
            (Kind::Float, self.device()),
        );
        let mut start = 0;
        for rows in std::iter::once(self.frames.shallow_clone()).chain(pieces) {
            frames.narrow(0, start, rows.size()[0]).copy_(&rows);
            start += rows.size()[0];
        }
        assert_eq!(start, frames.size()[0], "rows of what is appended");
        Bank::from_frames(frames, lens)
    }

    /// These utterances and after them those of `other`.
    pub fn join(&self, other: &Bank) -> Bank {
        self.append(&other.host_lens, [other.frames.shallow_clone()])
    }

    /// Some of the utterances, in the order of `items`.
    pub fn pick(&self, items: &[usize]) -> Bank {
        let starts: Vec<usize> = self
            .host_lens
            .iter()
            .scan(0, |at, &len| {
                let start = *at;
                *at += len + 1;
                Some(start)
            })
            .collect();
        let rows: Vec<usize> =
            items.iter().flat_map(|&i| starts[i]..=starts[i] + self.host_lens[i]).collect();
        let frames = self.frames.index_select(0, &indices(&rows, self.device()));
        Bank::from_frames(frames, items.iter().map(|&i| self.host_lens[i]).collect())
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

/// Host indices as a tensor on `device`.
pub fn indices(values: &[usize], device: Device) -> Tensor {
    let long: Vec<i64> = values.iter().map(|&v| v as i64).collect();
    Tensor::from_slice(&long).to_device(device)
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
