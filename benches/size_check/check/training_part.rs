//! What the check may see: the training part of a fold. Its test part is dropped before a log-mel is loaded.

use super::arguments::Arguments;
use indicatif::ProgressBar;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::{self, Augment, Condition, Spec};
use seraug_data::audio::LogMel;
use seraug_data::corpora::Utterance;
use seraug_data::features::{Standardiser, extract_all};
use seraug_data::split::{self, Selection, Splits};
use seraug_run::inputs;
use seraug_run::options::Places;
use seraug_run::plan::augmentor_sees;
use seraug_run::progress::Display;
use seraug_train::feature_bank::Bank;
use std::path::PathBuf;
use tch::Device;

/// The spec of a command line and its corpora.
pub(crate) struct Experiment {
    spec: Spec,
    selection: Selection,
    cache: PathBuf,
}

/// The training part of a fold: utterances with their log-mels, numbered from 0 in the order of the corpora.
pub(crate) struct TrainingPart<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) fold: usize,
    pub(crate) run_seed: u64,
    /// Of every draw of the check.
    pub(crate) seed: Seed,
    pub(crate) utterances: Vec<Utterance>,
    pub(crate) labels: Vec<usize>,
    /// Those that the reduction removed.
    pub(crate) removed: Vec<usize>,
    /// Those that the fold's augmentor is trained on.
    pub(crate) seen: Vec<usize>,
    /// Classes that the reduction thinned.
    pub(crate) reduced: Vec<usize>,
    mels: Vec<LogMel>,
}

impl Experiment {
    /// Reads the spec with `--set` and `--losses` over it, and its corpora.
    ///
    /// # Errors
    /// A spec or a corpus that is not there or not right; `--losses` without a condition that has an augmentor.
    pub(crate) fn load(args: &Arguments) -> Result<Experiment> {
        let mut spec = spec::load(&args.spec, &args.set)?;
        if !args.losses.is_empty() {
            let names: Vec<String> = args.losses.iter().map(|l| format!("\"{l}\"")).collect();
            let field = format!("condition.{}.augment.triplet-gan.losses", condition(&spec, args)?.name);
            let losses = format!("{field}=[{}]", names.join(","));
            spec = spec::load(&args.spec, &[&args.set[..], &[losses]].concat())?;
        }
        let places = Places { corpora: args.corpora.clone(), results: args.results.clone() };
        let corpora = inputs::read(&spec, &places, false, &Display::new(true))?.corpora;
        for corpus in &corpora {
            spec.fill_valence(&corpus.manifest.name, &corpus.manifest.valence);
        }
        let selection = split::select(&spec, corpora)?;
        Ok(Experiment { spec, selection, cache: places.store().root().to_owned() })
    }

    /// The condition whose augmentor is checked.
    ///
    /// # Errors
    /// There is none, or not of that name.
    pub(crate) fn condition(&self, args: &Arguments) -> Result<&Condition> {
        condition(&self.spec, args)
    }

    /// The training part of fold `number` under a run seed.
    ///
    /// # Errors
    /// A fold that is not there, a recording that cannot be read.
    pub(crate) fn training_part(&self, number: usize, run_seed: u64) -> Result<TrainingPart<'_>> {
        let Experiment { spec, selection, cache } = self;
        let folds = Splits::new(spec, selection)?.folds(run_seed)?;
        let count = folds.len();
        let mut fold = folds.into_iter().find(|f| f.number == number).ok_or_else(|| {
            Error::usage(format!("--fold {number}: the spec has {count} folds; give the number of one"))
        })?;
        fold.test.clear();
        let mut all = [&fold.train[..], &fold.removed].concat();
        all.sort_unstable();
        let places = |items: &[usize]| items.iter().filter_map(|i| all.binary_search(i).ok()).collect();
        let (removed, seen) = (places(&fold.removed), places(augmentor_sees(spec, &fold)));
        let utterances: Vec<Utterance> = all.iter().map(|&i| selection.utterances[i].clone()).collect();
        let mels = extract_all(&utterances, &spec.features, cache, &ProgressBar::hidden())?;
        Ok(TrainingPart {
            spec,
            fold: number,
            run_seed,
            seed: Seed::new(run_seed).child("size-check").at(number as u64),
            utterances,
            labels: all.iter().map(|&i| selection.labels[i]).collect(),
            removed,
            seen,
            reduced: fold.reduced,
            mels,
        })
    }
}

impl TrainingPart<'_> {
    /// Who speaks in utterance `i`; speakers of two corpora are two.
    pub(crate) fn speaker(&self, i: usize) -> (&str, &str) {
        (&self.utterances[i].corpus, &self.utterances[i].speaker)
    }

    /// The speakers of `items`, sorted.
    pub(crate) fn speakers(&self, items: &[usize]) -> Vec<(&str, &str)> {
        let mut speakers: Vec<_> = items.iter().map(|&i| self.speaker(i)).collect();
        speakers.sort_unstable();
        speakers.dedup();
        speakers
    }

    /// A number for the speaker of each of `items`.
    pub(crate) fn speaker_numbers(&self, items: &[usize]) -> Vec<usize> {
        let speakers = self.speakers(items);
        items.iter().filter_map(|&i| speakers.binary_search(&self.speaker(i)).ok()).collect()
    }

    /// The classes of `items`.
    pub(crate) fn classes(&self, items: &[usize]) -> Vec<usize> {
        items.iter().map(|&i| self.labels[i]).collect()
    }

    /// Whether `items` have an utterance of every class of the spec.
    pub(crate) fn has_every_class(&self, items: &[usize]) -> bool {
        (0..self.spec.classes.len()).all(|class| items.iter().any(|&i| self.labels[i] == class))
    }

    /// The statistics of `items`.
    pub(crate) fn standardiser(&self, items: &[usize]) -> Standardiser {
        Standardiser::fit(items.iter().map(|&i| &self.mels[i]))
    }

    /// `items` in their order, standardised.
    pub(crate) fn bank(&self, items: &[usize], standardiser: Standardiser) -> Bank {
        let mels: Vec<&LogMel> = items.iter().map(|&i| &self.mels[i]).collect();
        Bank::new(&mels, standardiser, Device::Cpu)
    }
}

fn condition<'a>(spec: &'a Spec, args: &Arguments) -> Result<&'a Condition> {
    let has_augmentor = |c: &&Condition| matches!(c.augment, Augment::TripletGan(_));
    let named = |c: &&Condition| args.condition.as_ref().is_none_or(|name| *name == c.name);
    spec.condition.iter().find(|c| has_augmentor(c) && named(c)).ok_or_else(|| {
        Error::usage(format!(
            "{}: no condition{} has augment.triplet-gan; give another --condition",
            args.spec.display(),
            args.condition.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default()
        ))
    })
}
