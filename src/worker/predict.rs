//! Trained classifiers on recordings of anybody's: the worker's part of `seraug predict`.

use crate::opened_run::set_up;
use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::panic::caught;
use seraug_core::rng::Seed;
use seraug_core::run_files::ModelInfo;
use seraug_data::audio::{LogMel, MelExtractor, SAMPLE_RATE, load};
use seraug_data::features::Standardiser;
use seraug_run::prediction::{
    PredictedSegment, PredictedStretch, PredictionAnswer, PredictionRequest, RecordingToPredict,
};
use seraug_run::worker_client::answers::{Answering, WorkerAnswer};
use seraug_train::classifier::predict::{embeddings, segment_logits};
use seraug_train::classifier::segments::{Segment, segments};
use seraug_train::classifier::vote::{log_softmax, vote};
use seraug_train::feature_bank::Bank;
use seraug_train::nets::vgg::VggNet;
use seraug_train::torch::device;
use std::path::Path;
use tch::Device;

/// Recordings whose log-mels are held at once.
const AT_ONCE: usize = 32;
/// Windows that go through the network at once.
const WINDOWS_AT_ONCE: usize = 512;

/// Least difference of samples in a window that is classified: a step of 24 bits, as of a whole recording (docs/corpora.md).
const SILENT: f32 = 1.0 / 8_388_608.0;

/// A model on the device.
struct LoadedModel {
    info: ModelInfo,
    net: VggNet,
}

impl LoadedModel {
    fn open(dir: &Path, device: Device) -> Result<LoadedModel> {
        let info = ModelInfo::load(dir)?;
        let seraug_core::spec::Network::Vgg(vgg) = &info.classifier.network;
        let (frames, mels) = (info.classifier.segment_frames, info.features.mels);
        let net = VggNet::new(vgg, frames, mels, info.classes.len(), Seed::new(0), device);
        let mut net = net.in_precision(info.precision);
        net.load(&ModelInfo::weights(dir))?;
        Ok(LoadedModel { info, net })
    }

    fn bank(&self, mels: &[&LogMel], device: Device) -> Bank {
        let standardiser = Standardiser { mean: self.info.mean, deviation: self.info.deviation };
        Bank::new(mels, standardiser, device)
    }
}

/// Log-mels of a recording's stretches, each with its start and end in seconds.
type Stretches = Vec<(LogMel, [f64; 2])>;

/// Answers `request` line by line through `send`.
///
/// # Errors
/// A device that does not answer, a model that cannot be read. A recording that cannot is an answer.
pub fn predict(request: &PredictionRequest, send: &mut Answering<PredictionAnswer>) -> Result<()> {
    let device = set_up(request.device, request.threads)?;
    let models =
        request.models.iter().map(|dir| LoadedModel::open(dir, device)).collect::<Result<Vec<_>>>()?;
    let first = models.first().ok_or_else(|| Error::usage("no model is named"))?;
    send(WorkerAnswer::ready(device::describe(device)))?;
    let extractor = MelExtractor::new(&first.info.features);
    let hop = f64::from(first.info.features.hop_ms) / 1000.0;
    for (part, recordings) in request.recordings.chunks(AT_ONCE).enumerate() {
        // Rows of a list that are of one file follow each other, and share its decoding.
        let files: Vec<&[RecordingToPredict]> = recordings.chunk_by(|a, b| a.path == b.path).collect();
        let of_file = |rows: &[RecordingToPredict]| -> Vec<Result<Stretches>> {
            let samples = load(&rows[0].path, request.channels);
            let of = |row| stretches(row, samples.as_ref().map_err(Clone::clone)?, request, &extractor);
            rows.iter().map(of).collect()
        };
        let read: Vec<Result<Stretches>> = files.into_par_iter().flat_map_iter(of_file).collect();
        for (i, stretches) in read.into_iter().enumerate() {
            let recording = part * AT_ONCE + i;
            let answer = stretches.and_then(|stretches| {
                caught(|| {
                    let parts = stretches.chunks(WINDOWS_AT_ONCE);
                    Ok(parts.flat_map(|part| of(&models, part, hop, request.embeddings, device)).collect())
                })
            });
            send(WorkerAnswer::Said(match answer {
                Ok(predicted) => PredictionAnswer::Done { recording, predicted },
                Err(e) => PredictionAnswer::Refused { recording, error: e.to_string() },
            }))?;
        }
    }
    Ok(())
}

/// The log-mels of a recording of these samples: of its stretch, or of each window in it.
fn stretches(
    of: &RecordingToPredict,
    samples: &[f32],
    request: &PredictionRequest,
    extractor: &MelExtractor,
) -> Result<Stretches> {
    let rate = f64::from(SAMPLE_RATE);
    let whole = samples.len() as f64 / rate;
    let [from, to] = of.stretch.map_or([0.0, whole], |[from, to]| [from, to.min(whole)]);
    let at = |seconds: f64| ((seconds * rate).round() as usize).min(samples.len());
    if at(from) >= at(to) {
        return Err(Error::usage(format!(
            "{}: {from} to {to} s: the recording has {whole:.3} s",
            of.path.display()
        )));
    }
    let bounds: Vec<[f64; 2]> = match request.windows {
        None => vec![[from, to]],
        Some([window, hop]) => {
            // The last window that begins inside is shorter; one of less than half its length is left to the one before.
            let starts = (0..).map(|i| from + f64::from(i) * hop).take_while(|start| *start < to);
            let cut = starts.map(|start| [start, (start + window).min(to)]).collect::<Vec<_>>();
            let long = |[start, end]: &[f64; 2]| end - start >= window / 2.0;
            let kept: Vec<[f64; 2]> = cut.iter().copied().filter(long).collect();
            if kept.is_empty() { vec![[from, to]] } else { kept }
        }
    };
    let heard = |[start, end]: &[f64; 2]| {
        let (least, most) = samples[at(*start)..at(*end)]
            .iter()
            .fold((f32::MAX, f32::MIN), |(a, b), s| (a.min(*s), b.max(*s)));
        most - least >= SILENT
    };
    let mel = |[start, end]: [f64; 2]| (extractor.extract(&samples[at(start)..at(end)]), [start, end]);
    Ok(bounds.into_iter().filter(heard).map(mel).collect())
}

/// What the models say of some stretches.
fn of(
    models: &[LoadedModel],
    stretches: &[(LogMel, [f64; 2])],
    hop: f64,
    wants_embeddings: bool,
    device: Device,
) -> Vec<PredictedStretch> {
    let mels: Vec<&LogMel> = stretches.iter().map(|(mel, _)| mel).collect();
    let items: Vec<usize> = (0..mels.len()).collect();
    let spec = &models[0].info.classifier;
    let classes = models[0].net.classes();
    let mut logits: Vec<Vec<Vec<f32>>> = Vec::new();
    let mut embedded: Vec<Vec<Vec<f32>>> = Vec::new();
    for model in models {
        let bank = model.bank(&mels, device);
        logits.push(segment_logits(&model.net, spec, &bank, &items));
        if wants_embeddings {
            embedded.push(embeddings(&model.net, spec, &bank, &items));
        }
    }
    let one = |(i, (mel, [start, end])): (usize, &(LogMel, [f64; 2]))| {
        let all: Vec<f32> = logits.iter().flat_map(|of_model| of_model[i].iter().copied()).collect();
        let voted = vote(&all, classes);
        let segment = |(n, place): (usize, Segment)| {
            let mut probabilities = vec![0.0; classes];
            for of_model in &logits {
                let row = log_softmax(&of_model[i][n * classes..(n + 1) * classes]);
                probabilities.iter_mut().zip(row).for_each(|(p, l)| *p += l.exp() / logits.len() as f64);
            }
            let from = start + place.offset as f64 * hop;
            let to = (from + spec.segment_frames as f64 * hop).min(*end);
            PredictedSegment { start: from, end: to, probabilities }
        };
        PredictedStretch {
            start: *start,
            end: *end,
            class: voted.class,
            probabilities: voted.probabilities,
            segments: segments(spec, &[mel.frames], &[0]).into_iter().enumerate().map(segment).collect(),
            embedding: embedded.iter().flat_map(|of_model| of_model[i].iter().copied()).collect(),
        }
    };
    stretches.iter().enumerate().map(one).collect()
}
