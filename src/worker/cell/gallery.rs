//! Log-mels of a few utterances and of samples made of them, for the report.

use super::embedding::choose;
use super::stored::StoredStages;
use super::training_set::TrainingSet;
use super::{CellContext, FoldData};
use seraug_core::error::Result;
use seraug_core::run_files::{About, Shown, write_gallery};
use seraug_core::with_generator;
use seraug_run::plan::{Cell, augmentor_sees};
use seraug_train::feature_bank::Bank;
use seraug_train::generators::{Generate, Sources};
use std::collections::BTreeSet;
use std::path::Path;

/// Utterances that are shown of each class.
const PER_CLASS: usize = 2;

/// Writes gallery.csv and gallery.npy of a cell into `dir`: the first windows of utterances that an augmentor of the fold sees, the
/// same for every condition, beside the first sample that the generator makes of each; of a generator that converts other utterances,
/// the first of its conversions into each class. Nothing where it adds none.
///
/// # Errors
/// An unreadable entry of the store, a recording that cannot be read, a file that cannot be written.
pub fn write(context: &CellContext, cell: &Cell, data: &FoldData, dir: &Path) -> Result<()> {
    with_generator!(&context.spec.condition[cell.condition].augment, g => of(g, context, cell, data, dir), none => Ok(()))
}

fn of<G: Generate>(
    generator: &G,
    context: &CellContext,
    cell: &Cell,
    data: &FoldData,
    dir: &Path,
) -> Result<()> {
    let CellContext { spec, selection, store, device, .. } = *context;
    let (trained, autoencoder) = StoredStages::of_cell(store, cell)?.load(generator, spec, device)?;
    let labels: Vec<usize> = cell.fold.train.iter().map(|&i| selection.labels[i]).collect();
    let seed = cell.seed.child("gallery");
    let chosen = choose(context, seed.child("choice"), augmentor_sees(spec, &cell.fold), PER_CLASS);
    let train = &cell.fold.train;
    let position = |i: &usize| train.binary_search(i).expect("it sees training utterances");
    // Ascending, as sources are; shown class by class.
    let mut items: Vec<usize> = chosen.iter().map(position).collect();
    items.sort_unstable();
    let from = Sources {
        spec,
        bank: &data.train,
        standardiser: data.standardiser,
        utterances: &train.iter().map(|&i| &selection.utterances[i]).collect::<Vec<_>>(),
        labels: &labels,
        autoencoder: autoencoder.as_ref(),
        items: &items,
        seed,
    };
    let copies = generator.copies().map_or(0, |(copies, _)| copies);
    let made = generator.make(&from, &trained)?;
    let set = TrainingSet::with(&data.train, &labels, made, &items, copies);
    let samples = &set.items[train.len().min(set.items.len())..];
    let positions: Vec<usize> = chosen.iter().map(position).collect();
    let Some(pairs) = of_each(&set, samples, &positions).or_else(|| converted(&set, samples, &labels)) else {
        return Ok(());
    };
    let (shown_items, made): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
    let made_classes: Vec<usize> = made.iter().map(|&e| set.labels[e]).collect();
    let (originals, made) = (data.train.pick(&shown_items), set.bank().pick(&made));

    let classes = spec.class_names();
    let firsts = |bank| first_windows(bank, spec.augmentor.frames);
    let pairs = std::iter::zip(firsts(&originals), firsts(&made));
    let mut shown = Vec::new();
    for (item, (&at, (original, augmentation))) in std::iter::zip(&shown_items, pairs).enumerate() {
        let u = &selection.utterances[train[at]];
        let (class, from) = (classes[made_classes[item]], classes[labels[at]]);
        let about = About {
            item,
            utterance: u.id.clone(),
            speaker: u.speaker.clone(),
            class: if class == from { class.to_owned() } else { format!("{class} from {from}") },
            frames: originals.lens()[item].min(spec.augmentor.frames),
            mean_db: data.standardiser.mean,
            deviation_db: data.standardiser.deviation,
        };
        shown.push(Shown { about, original, augmentation });
    }
    write_gallery(dir, &shown, spec.features.mels)
}

/// Each of the utterances `chosen` with the first sample that was made of it; none where one has none.
fn of_each(set: &TrainingSet, samples: &[usize], chosen: &[usize]) -> Option<Vec<(usize, usize)>> {
    let first = |&item: &usize| Some((item, samples.iter().copied().find(|&e| set.origin[e] == item)?));
    chosen.iter().map(first).collect()
}

/// The first samples of each class that were made of utterances of other classes, with these; none where there are none.
fn converted(set: &TrainingSet, samples: &[usize], labels: &[usize]) -> Option<Vec<(usize, usize)>> {
    let classes: BTreeSet<usize> = samples.iter().map(|&e| set.labels[e]).collect();
    let of_class = |class: usize| {
        let others =
            samples.iter().filter(move |&&e| set.labels[e] == class && labels[set.origin[e]] != class);
        others.take(PER_CLASS).map(|&e| (set.origin[e], e))
    };
    let pairs: Vec<(usize, usize)> = classes.into_iter().flat_map(of_class).collect();
    Some(pairs).filter(|pairs| !pairs.is_empty())
}

/// The first `frames` frames of each utterance, or all of a shorter one, as [frames, mels].
fn first_windows(bank: &Bank, frames: usize) -> Vec<Vec<f32>> {
    let mels = bank.frames().size()[1] as usize;
    let all = Vec::<f32>::try_from(bank.frames().to_device(tch::Device::Cpu).reshape([-1]))
        .expect("log-mels are floats");
    let mut at = 0;
    let mut take = |&len: &usize| {
        let window = all[at..at + len.min(frames) * mels].to_vec();
        at += (len + 1) * mels;
        window
    };
    bank.lens().iter().map(&mut take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_train::generators::{Made, Samples};
    use tch::{Device, Kind, Tensor};

    #[test]
    fn conversions_are_shown_beside_what_they_were_made_of() {
        let of_lens = |lens: &[usize]| {
            let rows = (lens.iter().sum::<usize>() + lens.len()) as i64;
            Bank::from_frames(Tensor::zeros([rows, 2], (Kind::Float, Device::Cpu)), lens.to_vec())
        };
        let (originals, labels) = (of_lens(&[3, 4, 5]), [0, 1, 2]);
        let set = |origin: &[usize], classes: &[usize]| {
            let lens: Vec<usize> = [0, 1, 2].iter().chain(origin).map(|&o| [3, 4, 5][o]).collect();
            let samples = Samples::Converted {
                bank: of_lens(&lens),
                origin: origin.to_vec(),
                labels: classes.to_vec(),
            };
            TrainingSet::with(&originals, &labels, Made { samples, notes: Vec::new() }, &[], 0)
        };
        // Of class 1 the third is too many, and the last is no conversion.
        let many = set(&[0, 2, 1, 0, 0, 1], &[1, 1, 2, 1, 2, 1]);
        let samples = &many.items[3..];
        assert_eq!(converted(&many, samples, &labels).unwrap(), [(0, 3), (2, 4), (1, 5), (0, 7)]);
        assert_eq!(of_each(&many, samples, &[2, 0]).unwrap(), [(2, 4), (0, 3)]);
        let none = set(&[1], &[1]);
        assert_eq!(converted(&none, &none.items[3..], &labels), None);
        assert_eq!(of_each(&none, &none.items[3..], &[0]), None);
    }

    #[test]
    fn windows_end_with_the_window_or_the_utterance_and_skip_the_floor_rows() {
        let rows: Vec<f32> = (0..14).map(|v| v as f32).collect();
        let bank = Bank::from_frames(Tensor::from_slice(&rows).view([7, 2]), vec![4, 1]);
        assert_eq!(first_windows(&bank, 3), [vec![0., 1., 2., 3., 4., 5.], vec![10., 11.]]);
    }
}
