//! Trained generators on recordings of anybody's: the worker's part of `seraug augment`.

mod given;
mod open_generator;

pub use open_generator::precision;

use crate::cell::training_set::TrainingSet;
use crate::opened_run::set_up;
use given::GivenInputs;
use open_generator::OpenGenerator;
use seraug_core::error::{Error, Result};
use seraug_core::panic::caught;
use seraug_core::with_generator;
use seraug_data::audio::LogMel;
use seraug_data::audio::npy::write_npy_cached;
use seraug_data::features::Standardiser;
use seraug_run::augmentation::{AugmentAnswer, AugmentRequest};
use seraug_run::worker_client::answers::{Answering, WorkerAnswer};
use seraug_train::feature_bank::Bank;
use seraug_train::generators::{Generate, Sources};
use seraug_train::torch::device;
use std::path::Path;
use tch::Device;

/// Answers `request` line by line through `send`. The recordings take the place of the fold's training part: partners and neighbours
/// are looked for among them. A draw depends on the seed, the content of a recording and the number of the copy.
///
/// # Errors
/// A device that does not answer, a generator that cannot be read, a label that is no class. A recording that cannot be read is an
/// answer.
pub fn augment(request: &AugmentRequest, send: &mut Answering<AugmentAnswer>) -> Result<()> {
    let device = set_up(request.device, request.threads)?;
    send(WorkerAnswer::ready(device::describe(device)))?;
    let opened = OpenGenerator::open(request, device)?;
    send(WorkerAnswer::Said(AugmentAnswer::Generator(Box::new(opened.info.clone()))))?;
    let given = GivenInputs::read(request, &opened, send)?;
    if given.inputs.is_empty() {
        return Ok(());
    }
    with_generator!(&opened.augment, g => caught(|| make(g, request, &opened, &given, device, send)), none => {
        Err(Error::failed(format!("{}: the condition has no generator", opened.info.condition)))
    })
}

/// Makes the samples of what is given, and writes them.
fn make<G: Generate>(
    generator: &G,
    request: &AugmentRequest,
    opened: &OpenGenerator,
    given: &GivenInputs,
    device: Device,
    send: &mut Answering<AugmentAnswer>,
) -> Result<()> {
    let (trained, autoencoder) = opened.stages.load(generator, &opened.spec, device)?;
    let bank = Bank::new(&given.mels.iter().collect::<Vec<_>>(), opened.standardiser, device);
    let items: Vec<usize> = (0..given.inputs.len()).collect();
    let from = Sources {
        spec: &opened.spec,
        bank: &bank,
        standardiser: opened.standardiser,
        utterances: &given.utterances.iter().collect::<Vec<_>>(),
        labels: &given.classes,
        autoencoder: autoencoder.as_ref(),
        items: &items,
        seed: opened.seed,
    };
    let made = generator.make_given(&from, &trained)?;
    let copies = generator.copies().map_or(0, |(copies, _)| copies);
    let set = TrainingSet::with(&bank, &given.classes, made, &items, copies);
    for note in &set.notes {
        send(WorkerAnswer::Said(AugmentAnswer::Note(note.clone())))?;
    }
    let mut samples = vec![Vec::new(); set.bank().lens().len()];
    let mut of_item = vec![0; items.len()];
    for &entry in &set.items[items.len()..] {
        let copy = &mut of_item[set.origin[entry]];
        *copy += 1;
        samples[entry].push(*copy);
    }
    let mels = opened.spec.features.mels;
    for (entry, (values, _)) in set.bank().entries().enumerate() {
        let item = set.origin[entry];
        let input = given.inputs[item];
        for &copy in &samples[entry] {
            let path = request.to.join("mels").join(format!("{}-{copy}.npy", request.inputs[input].name));
            write(&path, &values, mels, (!request.standardised).then_some(opened.standardiser))?;
            let name = &given.utterances[item].sha256;
            let label = match opened.reads_classes {
                true => opened.info.classes[set.labels[entry]].clone(),
                false => request.inputs[input].label.clone(),
            };
            send(WorkerAnswer::Said(AugmentAnswer::Sample {
                input,
                copy,
                frames: values.len() / mels,
                label,
                strength: generator.strength(&opened.spec, name, copy - 1, opened.seed),
            }))?;
        }
    }
    Ok(())
}

/// Writes standardised `values` as float32 [frames, mels]; in decibels where `restore` is what they were standardised with.
fn write(path: &Path, values: &[f32], mels: usize, restore: Option<Standardiser>) -> Result<()> {
    let decibels = |s: Standardiser| values.iter().map(|v| v * s.deviation + s.mean).collect();
    let db = restore.map_or_else(|| values.to_vec(), decibels);
    write_npy_cached(path, &LogMel { frames: values.len() / mels, mels, db })
}
