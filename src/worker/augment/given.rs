//! The recordings that samples are made of.

use super::open_generator::OpenGenerator;
use super::write;
use rayon::prelude::*;
use seraug_core::digest::digest_hex;
use seraug_core::emotion::Emotion;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_data::audio::{LogMel, MelExtractor};
use seraug_data::corpora::{Excerpt, Utterance};
use seraug_data::features::samples;
use seraug_run::augmentation::{AugmentAnswer, AugmentRequest, InputToAugment};
use seraug_run::worker_client::answers::{Answering, WorkerAnswer};

/// The inputs of a request that can be read, in their order.
pub(super) struct GivenInputs {
    /// Their places in the request.
    pub(super) inputs: Vec<usize>,
    /// As utterances of a corpus.
    pub(super) utterances: Vec<Utterance>,
    /// Their log-mels.
    pub(super) mels: Vec<LogMel>,
    /// Their classes; 0 where the generator reads none.
    pub(super) classes: Vec<usize>,
}

impl GivenInputs {
    /// Reads the inputs of `request`, writes their own log-mels, and says of each what it is or why it cannot be used.
    ///
    /// # Errors
    /// A label that the generator needs and that is no class: before anything is decoded.
    pub(super) fn read(
        request: &AugmentRequest,
        opened: &OpenGenerator,
        send: &mut Answering<AugmentAnswer>,
    ) -> Result<GivenInputs> {
        let classes =
            request.inputs.iter().map(|input| class(input, opened)).collect::<Result<Vec<usize>>>()?;
        let extractor = MelExtractor::new(&opened.spec.features);
        let one = |input: &InputToAugment| -> Result<(Utterance, LogMel)> {
            let utterance = utterance(input, request)?;
            let mel = extractor.extract(&samples(&utterance)?);
            Ok((utterance, mel))
        };
        let read: Vec<Result<(Utterance, LogMel)>> = request.inputs.par_iter().map(one).collect();
        let mut given =
            GivenInputs { inputs: Vec::new(), utterances: Vec::new(), mels: Vec::new(), classes: Vec::new() };
        for (input, read) in read.into_iter().enumerate() {
            match read {
                Ok((utterance, mel)) => {
                    let path =
                        request.to.join("originals").join(format!("{}.npy", request.inputs[input].name));
                    opened.write_original(request, &path, &mel)?;
                    let sha256 = utterance.sha256.clone();
                    send(WorkerAnswer::Said(AugmentAnswer::Original { input, sha256 }))?;
                    given.inputs.push(input);
                    given.utterances.push(utterance);
                    given.mels.push(mel);
                    given.classes.push(classes[input]);
                }
                Err(e) => send(WorkerAnswer::Said(AugmentAnswer::Refused { input, error: e.to_string() }))?,
            }
        }
        Ok(given)
    }
}

impl OpenGenerator {
    /// Writes the log-mel of an input as the samples are written.
    fn write_original(&self, request: &AugmentRequest, path: &std::path::Path, mel: &LogMel) -> Result<()> {
        let s = self.standardiser;
        match request.standardised {
            false => write(path, &mel.db, mel.mels, None),
            true => {
                let values: Vec<f32> = mel.db.iter().map(|v| (v - s.mean) / s.deviation).collect();
                write(path, &values, mel.mels, None)
            }
        }
    }
}

/// The class of an input: what its label names, or the class that has this label.
fn class(input: &InputToAugment, opened: &OpenGenerator) -> Result<usize> {
    if !opened.reads_classes {
        return Ok(0);
    }
    let (label, names) = (input.label.as_str(), &opened.info.classes);
    let listed = || names.join(", ");
    if label.is_empty() {
        return Err(Error::usage(format!(
            "{}: {} makes samples of a class; name it by --label or in a column `label`: {}",
            input.path.display(),
            opened.info.generator,
            listed()
        )));
    }
    let of_emotion = || {
        let emotion: Emotion = label.parse().ok()?;
        opened.spec.classes.values().position(|emotions| emotions.contains(&emotion))
    };
    names.iter().position(|name| name == label).or_else(of_emotion).ok_or_else(|| {
        Error::usage(format!("{}: label `{label}`: expected one of {}", input.path.display(), listed()))
    })
}

/// An input as an utterance of no corpus.
fn utterance(input: &InputToAugment, request: &AugmentRequest) -> Result<Utterance> {
    let file = digest_hex(&files::read(&input.path, files::DATA).at(&input.path)?);
    let excerpt = input.stretch.map(|[start, end]| Excerpt { start, end });
    Ok(Utterance {
        corpus: "".into(),
        id: input.name.clone(),
        path: input.path.clone(),
        excerpt,
        channels: request.channels,
        speaker: input.speaker.clone(),
        gender: None,
        session: None,
        split: None,
        language: String::new(),
        text: None,
        // What a sample's class is, the classes of `GivenInputs` say; nothing reads this one.
        emotion: input.label.parse().unwrap_or(Emotion::NEUTRAL),
        sha256: excerpt.map_or(file.clone(), |excerpt| excerpt.sha256(&file)),
    })
}
