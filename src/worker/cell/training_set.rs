//! What a condition trains its classifier on.

use seraug_core::digest::{Hasher, digest_hex};
use seraug_core::run_files::TrainingSetSize;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::{Made, Samples};

/// What an entry of a bank holds.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryFingerprint {
    /// SHA-256 of its frames as little-endian float32, row by row.
    pub sha256: String,
    /// What segments that are longer than it end in, the same in every band.
    pub floor: f32,
}

/// The originals of a fold, and what a condition adds to them.
#[derive(Debug)]
pub struct TrainingSet<'a> {
    originals: &'a Bank,
    /// Originals and made samples, where there are any.
    joined: Option<Bank>,
    /// Entry e of the bank came from training utterance `origin[e]`; the originals come first.
    pub origin: Vec<usize>,
    /// Class of each entry of the bank: its origin's, unless it was converted into another.
    pub labels: Vec<usize>,
    /// Entries of the bank to train on; a copy is an entry that is there again.
    pub items: Vec<usize>,
    /// alpha of mixup, where batches are mixed.
    pub mixup: Option<f64>,
    /// What the generator says of its samples.
    pub notes: Vec<String>,
}

impl<'a> TrainingSet<'a> {
    /// The utterances of `originals` alone, which are of these classes.
    pub fn of(originals: &'a Bank, labels: &[usize]) -> TrainingSet<'a> {
        let all: Vec<usize> = (0..originals.lens().len()).collect();
        let (origin, items, labels) = (all.clone(), all, labels.to_vec());
        TrainingSet { originals, joined: None, origin, labels, items, mixup: None, notes: Vec::new() }
    }

    /// With what a generator made: `copies` of the first of `sources`, then of the second, and so on, unless it says itself what
    /// its samples are of.
    pub fn with(
        originals: &'a Bank,
        labels: &[usize],
        made: Made,
        sources: &[usize],
        copies: usize,
    ) -> TrainingSet<'a> {
        let mut set = TrainingSet::of(originals, labels);
        match made.samples {
            Samples::Again(items) => set.items.extend(items),
            Samples::Mixed(alpha) => set.mixup = Some(alpha),
            Samples::Added(joined) => {
                let origin = sources.iter().flat_map(|&s| std::iter::repeat_n(s, copies));
                let origin: Vec<usize> = origin.collect();
                let classes = origin.iter().map(|&o| labels[o]).collect();
                set.add(joined, origin, classes);
            }
            Samples::Converted { bank, origin, labels } => set.add(bank, origin, labels),
        }
        set.notes = made.notes;
        set
    }

    /// Adds the entries of `joined` after the originals.
    fn add(&mut self, joined: Bank, origin: Vec<usize>, labels: Vec<usize>) {
        self.origin.extend(origin);
        self.labels.extend(labels);
        self.items = (0..self.origin.len()).collect();
        self.joined = Some(joined);
    }

    /// What each entry of the bank holds.
    pub fn fingerprints(&self) -> Vec<EntryFingerprint> {
        let of = |(frames, floor): (Vec<f32>, Vec<f32>)| {
            let bytes: Vec<u8> = frames.iter().flat_map(|v| v.to_le_bytes()).collect();
            EntryFingerprint { sha256: digest_hex(&bytes), floor: floor[0] }
        };
        self.bank().entries().map(of).collect()
    }

    /// SHA-256 over a line for each of the items: class, floor and digest, with tabs between them.
    pub fn digest(&self, class_names: &[&str]) -> String {
        let entries = self.fingerprints();
        let mut hasher = Hasher::new();
        for &item in &self.items {
            let EntryFingerprint { sha256, floor } = &entries[item];
            hasher.add(&format!("{}\t{floor}\t{sha256}\n", class_names[self.labels[item]]));
        }
        hasher.hex()
    }

    /// How much there is of each of `classes` classes; `segments` has those of an utterance of so many frames.
    pub fn size(&self, classes: usize, segments: impl Fn(usize) -> usize) -> TrainingSetSize {
        let mut size = TrainingSetSize {
            segments: vec![0; classes],
            added: vec![0; classes],
            added_segments: vec![0; classes],
        };
        let (lens, originals) = (self.bank().lens(), self.originals.lens().len());
        for (at, &item) in self.items.iter().enumerate() {
            let (class, n) = (self.labels[item], segments(lens[item]));
            if at < originals {
                size.segments[class] += n;
            } else {
                size.added[class] += 1;
                size.added_segments[class] += n;
            }
        }
        size
    }

    /// The utterances, made ones after the originals.
    pub fn bank(&self) -> &Bank {
        self.joined.as_ref().unwrap_or(self.originals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, Tensor};

    fn bank(lens: &[usize]) -> Bank {
        let rows = (lens.iter().sum::<usize>() + lens.len()) as i64;
        Bank::from_frames(Tensor::zeros([rows, 2], (Kind::Float, Device::Cpu)), lens.to_vec())
    }

    #[test]
    fn a_copy_has_its_sources_class_and_a_conversion_its_own() {
        let (originals, labels) = (bank(&[3, 4, 5]), [0, 0, 1]);
        let of = |samples: Samples| {
            let made = Made { samples, notes: vec!["n".to_owned()] };
            let set = TrainingSet::with(&originals, &labels, made, &[1, 2], 2);
            (set.origin.clone(), set.labels.clone(), set.items.clone(), set.bank().lens().to_vec())
        };
        let added = of(Samples::Added(bank(&[3, 4, 5, 4, 4, 5, 5])));
        let all: Vec<usize> = (0..7).collect();
        let lens = vec![3, 4, 5, 4, 4, 5, 5];
        assert_eq!(added, (vec![0, 1, 2, 1, 1, 2, 2], vec![0, 0, 1, 0, 0, 1, 1], all, lens));
        let (origin, classes) = (vec![0, 1], vec![1, 1]);
        let converted = Samples::Converted { bank: bank(&[3, 4, 5, 3, 4]), origin, labels: classes };
        let expected = (vec![0, 1, 2, 0, 1], vec![0, 0, 1, 1, 1], (0..5).collect(), vec![3, 4, 5, 3, 4]);
        assert_eq!(of(converted), expected);
        let made = Made { samples: Samples::Again(vec![2, 2, 0]), notes: Vec::new() };
        let size = TrainingSet::with(&originals, &labels, made, &[], 0).size(2, |len| len.div_ceil(2));
        assert_eq!((size.segments, size.added, size.added_segments), (vec![4, 3], vec![1, 2], vec![2, 6]));
        let again = of(Samples::Again(vec![2, 2]));
        assert_eq!(again, (vec![0, 1, 2], vec![0, 0, 1], vec![0, 1, 2, 2, 2], vec![3, 4, 5]));
    }
}
