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
use std::path::Path;

/// Utterances that are shown of each class.
const PER_CLASS: usize = 2;

/// Writes gallery.csv and gallery.npy of a cell into `dir`: the first windows of utterances that an augmentor of the fold sees, the
/// same for every condition, beside the first sample that the generator makes of each. Nothing where it adds none.
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
    let first = |item: usize| samples.iter().copied().find(|&e| set.origin[e] == item);
    let pairs: Option<Vec<(usize, usize)>> =
        chosen.iter().map(|i| Some((position(i), first(position(i))?))).collect();
    let Some(pairs) = pairs else { return Ok(()) };
    let (originals, made): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
    let (originals, made) = (data.train.pick(&originals), set.bank().pick(&made));

    let classes = spec.class_names();
    let firsts = |bank| first_windows(bank, spec.augmentor.frames);
    let pairs = std::iter::zip(firsts(&originals), firsts(&made));
    let mut shown = Vec::new();
    for (item, (&i, (original, augmentation))) in std::iter::zip(&chosen, pairs).enumerate() {
        let u = &selection.utterances[i];
        let about = About {
            item,
            utterance: u.id.clone(),
            speaker: u.speaker.clone(),
            class: classes[selection.labels[i]].to_owned(),
            frames: originals.lens()[item].min(spec.augmentor.frames),
            mean_db: data.standardiser.mean,
            deviation_db: data.standardiser.deviation,
        };
        shown.push(Shown { about, original, augmentation });
    }
    write_gallery(dir, &shown, spec.features.mels)
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
    use tch::Tensor;

    #[test]
    fn windows_end_with_the_window_or_the_utterance_and_skip_the_floor_rows() {
        let rows: Vec<f32> = (0..14).map(|v| v as f32).collect();
        let bank = Bank::from_frames(Tensor::from_slice(&rows).view([7, 2]), vec![4, 1]);
        assert_eq!(first_windows(&bank, 3), [vec![0., 1., 2., 3., 4., 5.], vec![10., 11.]]);
    }
}
