//! Representations of utterances and of their augmentations, for Fig. 3 of the paper.

use super::{CellContext, FoldData};
use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::rng::Seed;
use seraug_core::spec::{Embedding, EmbeddingSource};
use seraug_core::store::{Key, Stage};
use seraug_run::plan::{Cell, augmentor_sees};
use seraug_train::feature_bank::{Bank, indices};
use seraug_train::generators::triplet_gan::{Networks, augment};
use std::path::Path;
use tch::{Tensor, no_grad};

/// Batch size of the representation learner.
const BATCH: usize = 64;

/// Writes embedding.csv of a cell whose augmentor is in the store: `utterance,class,kind,r0...`, first the originals
/// (`original`), then their augmentations (`augmentation`). An utterance longer than the augmentor's window is represented by
/// its first window.
///
/// # Errors
/// An unreadable entry of the store, a file that cannot be written.
pub fn write(
    context: &CellContext,
    cell: &Cell,
    key: &Key,
    data: &FoldData,
    embedding: &Embedding,
    path: &Path,
) -> Result<()> {
    let spec = context.spec;
    let Some(dir) = context.store.find(Stage::Augmentor, key) else {
        return Err(Error::failed(format!("{}: the augmentor {key} is not in the store", cell.id)));
    };
    let networks = Networks::load(&dir, spec, context.device)?;
    let (all, bank, of) = match embedding.of {
        EmbeddingSource::Train => (&cell.fold.train, &data.train, augmentor_sees(spec, &cell.fold)),
        EmbeddingSource::Test => (&cell.fold.test, &data.test, &cell.fold.test[..]),
    };
    let seed = cell.seed.child("embedding");
    let chosen = choose(context, seed.child("choice"), of, embedding.per_class);
    let items: Vec<usize> =
        chosen.iter().map(|i| all.binary_search(i).expect("chosen from this side")).collect();
    let names: Vec<&str> = chosen.iter().map(|&i| context.selection.utterances[i].sha256.as_str()).collect();
    let made = augment::augment(&networks.augmentor, spec, bank, &items, &names, embedding.copies, seed);
    let originals = represent(&networks, spec, &bank.pick(&items));
    let augmentations = represent(&networks, spec, &made);

    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("{}: {e}", path.display()));
    let classes = spec.class_names();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let size = originals.first().map_or(0, Vec::len);
    let header = ["utterance", "class", "kind"].map(str::to_owned).into_iter();
    writer.write_record(header.chain((0..size).map(|d| format!("r{d}")))).map_err(|e| failed(&e))?;
    let mut put = |i: usize, kind: &str, r: &[f32]| {
        let u = &context.selection.utterances[i];
        let keys = [u.id.clone(), classes[context.selection.labels[i]].to_owned(), kind.to_owned()];
        writer.write_record(keys.into_iter().chain(r.iter().map(|v| format!("{v:.6}"))))
    };
    for (&i, r) in std::iter::zip(&chosen, &originals) {
        put(i, "original", r).map_err(|e| failed(&e))?;
    }
    for (k, r) in augmentations.iter().enumerate() {
        put(chosen[k / embedding.copies], "augmentation", r).map_err(|e| failed(&e))?;
    }
    write_atomic(path, &writer.into_inner().map_err(|e| failed(&e))?)
}

/// Chooses `per_class` utterances of each class from `of` at random by `seed`. With a seed that the conditions of a fold share,
/// the choice is the same for every condition.
pub fn choose(context: &CellContext, seed: Seed, of: &[usize], per_class: usize) -> Vec<usize> {
    let mut chosen = Vec::new();
    for class in 0..context.spec.classes.len() {
        let mut ranked: Vec<(u32, usize)> = of
            .iter()
            .filter(|&&i| context.selection.labels[i] == class)
            .map(|&i| (seed.child(&context.selection.utterances[i].sha256).draws().bits(), i))
            .collect();
        ranked.sort_unstable();
        chosen.extend(ranked.into_iter().take(per_class).map(|r| r.1));
    }
    chosen
}

/// The representation r of every utterance of a bank.
fn represent(networks: &Networks, spec: &seraug_core::spec::Spec, bank: &Bank) -> Vec<Vec<f32>> {
    let all: Vec<usize> = (0..bank.lens().len()).collect();
    let mut rows = Vec::with_capacity(all.len());
    for batch in all.chunks(BATCH) {
        let item = indices(batch, bank.device());
        let offset = item.zeros_like();
        let r: Tensor = no_grad(|| {
            let windows = bank.windows(&item, &offset, spec.augmentor.frames, spec.augmentor.padding);
            networks.representation.forward(&windows.x, &windows.own)
        });
        rows.extend(
            Vec::<Vec<f32>>::try_from(r.to_device(tch::Device::Cpu)).expect("r is a matrix of floats"),
        );
    }
    rows
}
