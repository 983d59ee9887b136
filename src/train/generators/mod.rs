//! Generators of training samples: how each makes items of given sources, and how it is trained first, where it is. What a spec
//! says of each, and what keys hold of it, is in `seraug_core::spec`; [`seraug_core::with_generator`] leads from one to the
//! other.

pub mod added_noise;
pub mod autoencoder;
pub mod bagan;
mod copies;
mod copy_paste;
pub mod latent;
mod mixup;
pub mod smote;
pub mod spec_augment;
mod splice;
pub mod stargan;
pub(crate) mod training;
pub mod triplet_gan;
pub(crate) mod utterances;
pub mod viewmaker;
pub(crate) mod windows;

pub use triplet_gan::augment::augment;

use crate::control::Control;
use crate::feature_bank::Bank;
use crate::nets::autoencoder::AutoencoderNet;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Generator, Spec};
use seraug_data::corpora::Utterance;
use seraug_data::features::Standardiser;
use std::path::Path;
use tch::{Device, Tensor};

/// Makes training samples. A draw depends on the seed, the digest of the source, the number of the copy and what is drawn,
/// never on the order or on other sources.
pub trait Generate: Generator {
    /// What its training gives; [`Untrained`] where nothing is trained.
    type Trained: Trained<Self>;

    /// Makes [`Generator::copies`] items of each of `from.items`: all of the first, then all of the second, and so on, each as
    /// long as its source; where other utterances are converted, as many segments.
    ///
    /// # Errors
    /// A recording that cannot be read.
    fn make(&self, from: &Sources, trained: &Self::Trained) -> Result<Made>;

    /// Samples of recordings that are given with what their samples are to be: as [`Generate::make`], but that an utterance that is
    /// converted becomes what its label says.
    ///
    /// # Errors
    /// As [`Generate::make`]; a number of copies that it does not make.
    fn make_given(&self, from: &Sources, trained: &Self::Trained) -> Result<Made> {
        self.make(from, trained)
    }

    /// What it draws for copy `copy` of the recording `name` that says how far the copy may be from it: epsilon of a network, the
    /// signal-to-noise ratio of noise in decibels. `seed` is that of [`Sources`].
    fn strength(&self, spec: &Spec, name: &str, copy: usize, seed: Seed) -> Option<f64> {
        let _ = (spec, name, copy, seed);
        None
    }

    /// Sizes of its networks, in the order of [`network_names`](seraug_core::spec::Generator::network_names); it may take as long as
    /// making them.
    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let _ = spec;
        Vec::new()
    }
}

/// A trained generator.
pub trait Trained<G: ?Sized>: Sized {
    /// Trains it, from the start or from `control`'s checkpoint.
    ///
    /// # Errors
    /// Data that it cannot be trained on, a value that is not finite, a stop, or what `control` returns.
    fn train(generator: &G, task: &TrainingTask, control: &mut dyn Control) -> Result<Self>;

    /// As it is before its training: what timing needs.
    fn fresh(generator: &G, spec: &Spec, device: Device) -> Self;

    /// Reads what [`Trained::save`] wrote.
    ///
    /// # Errors
    /// A file that is absent or not of the networks that `spec` describes.
    fn load(generator: &G, spec: &Spec, dir: &Path, device: Device) -> Result<Self>;

    /// Writes its networks into `dir`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn save(&self, generator: &G, dir: &Path) -> Result<()>;

    /// The weights that make samples, flat: their digest says whether two trainings are equal.
    fn weights(&self) -> &Tensor;
}

/// Of a generator that is not trained.
#[derive(Debug)]
pub struct Untrained(Tensor);

impl<G: ?Sized> Trained<G> for Untrained {
    fn train(generator: &G, task: &TrainingTask, _: &mut dyn Control) -> Result<Untrained> {
        Ok(Untrained::fresh(generator, task.spec, task.bank.device()))
    }

    fn fresh(_: &G, _: &Spec, device: Device) -> Untrained {
        Untrained(Tensor::zeros([0], (tch::Kind::Float, device)))
    }

    fn load(generator: &G, spec: &Spec, _: &Path, device: Device) -> Result<Untrained> {
        Ok(Untrained::fresh(generator, spec, device))
    }

    fn save(&self, _: &G, _: &Path) -> Result<()> {
        Ok(())
    }

    fn weights(&self) -> &Tensor {
        &self.0
    }
}

/// What a generator is trained on.
#[derive(Debug, Clone, Copy)]
pub struct TrainingTask<'a> {
    /// Sizes and settings.
    pub spec: &'a Spec,
    /// Utterances of the fold's training part, standardised.
    pub bank: &'a Bank,
    /// Class of each utterance of the bank.
    pub labels: &'a [usize],
    /// The autoencoder of the fold and seed, where the generator needs it.
    pub autoencoder: Option<&'a AutoencoderNet>,
    /// Of the initial values and of every draw.
    pub seed: Seed,
}

/// What samples are made of: the fold's training part, and which of it are sources.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The experiment.
    pub spec: &'a Spec,
    /// Log-mels of the training utterances, standardised.
    pub bank: &'a Bank,
    /// What they were standardised with.
    pub standardiser: Standardiser,
    /// The utterances of the bank.
    pub utterances: &'a [&'a Utterance],
    /// Class of each utterance of the bank.
    pub labels: &'a [usize],
    /// The autoencoder of the fold and seed, where the generator needs it.
    pub autoencoder: Option<&'a AutoencoderNet>,
    /// The sources: entries of the bank, ascending.
    pub items: &'a [usize],
    /// Of every draw.
    pub seed: Seed,
}

impl<'a> Sources<'a> {
    /// What draws of each source are named by: the digests of the recordings.
    pub fn names(&self) -> Vec<&'a str> {
        self.items.iter().map(|&i| self.utterances[i].sha256.as_str()).collect()
    }
}

/// What a generator made.
#[derive(Debug)]
pub struct Made {
    /// The samples.
    pub samples: Samples,
    /// What it says of them, a line each, for the log of the cell.
    pub notes: Vec<String>,
}

/// Samples for a training set.
#[derive(Debug)]
pub enum Samples {
    /// Entries of the bank once more.
    Again(Vec<usize>),
    /// A bank of the originals and, after them, the copies of each source.
    Added(Bank),
    /// Utterances of one class, converted into another.
    Converted {
        /// The originals and, after them, the conversions.
        bank: Bank,
        /// What each conversion was made from: an entry of the bank.
        origin: Vec<usize>,
        /// The class of each conversion.
        labels: Vec<usize>,
    },
    /// None: batches are mixed while training, with this alpha.
    Mixed(f64),
}

impl From<Samples> for Made {
    fn from(samples: Samples) -> Made {
        Made { samples, notes: Vec::new() }
    }
}
