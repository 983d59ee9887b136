//! Log-mels of a few utterances and of their augmentations, for the report.

use super::embedding::choose;
use super::{CellContext, FoldData};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{About, Shown, write_gallery};
use seraug_core::spec::Augment;
use seraug_core::store::Stage;
use seraug_run::plan::{Cell, augmentor_sees};
use seraug_train::feature_bank::Bank;
use seraug_train::generators::Trained;
use seraug_train::generators::triplet_gan::{Networks, augment};
use std::path::Path;

/// Utterances that are shown of each class.
const PER_CLASS: usize = 2;

/// Writes gallery.csv and gallery.npy of a cell whose augmentor is in the store into `dir`: the first windows of utterances
/// that the augmentor was trained on, the same for every condition of a fold.
///
/// # Errors
/// An unreadable entry of the store, a file that cannot be written.
pub fn write(context: &CellContext, cell: &Cell, data: &FoldData, dir: &Path) -> Result<()> {
    let CellContext { spec, selection, store, device, .. } = *context;
    let (Some(key), Augment::TripletGan(gan)) = (&cell.augmentor, &spec.condition[cell.condition].augment)
    else {
        return Err(Error::failed(format!("{}: a gallery without an augmentor", cell.id)));
    };
    let networks: Networks = Trained::load(gan, spec, &store.dir(Stage::Augmentor, key), device)?;
    let seed = cell.seed.child("gallery");
    let chosen = choose(context, seed.child("choice"), augmentor_sees(spec, &cell.fold), PER_CLASS);
    let position = |i: &usize| cell.fold.train.binary_search(i).expect("it sees training utterances");
    let items: Vec<usize> = chosen.iter().map(position).collect();
    let names: Vec<&str> = chosen.iter().map(|&i| selection.utterances[i].sha256.as_str()).collect();
    let originals = data.train.pick(&items);
    let made = augment::augment(&networks.augmentor, spec, &data.train, &items, &names, 1, seed);

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
