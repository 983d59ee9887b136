//! The corpora of an experiment, read and held against their manifests.

use crate::corpora::{self, Corpus, Reading};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::progress::Display;
use crate::results::{CorpusInfo, FoldInfo, Store};
use crate::run::Options;
use crate::spec::Spec;
use crate::split::{Fold, Selection};
use std::collections::HashSet;

/// What an experiment reads.
#[derive(Debug)]
pub struct Inputs {
    /// In the order of [`Spec::corpora`].
    pub corpora: Vec<Corpus>,
    /// One a corpus, for provenance; [`used`] counts what the experiment takes of it.
    pub infos: Vec<CorpusInfo>,
    /// What is incomplete, one sentence a corpus.
    pub notes: Vec<String>,
}

/// Reads the corpora of `spec` and refuses an incomplete one, unless `options.partial`.
///
/// # Errors
/// Corpora that are missing, all of them in one message with what to do (usage); one that differs from its manifest.
pub fn read(spec: &Spec, options: &Options, store: &Store, display: &Display) -> Result<Inputs> {
    let mut inputs = Inputs { corpora: Vec::new(), infos: Vec::new(), notes: Vec::new() };
    let mut missing = Vec::new();
    for name in spec.corpora() {
        let bar = display.bar(name, 0);
        let read = corpora::import(
            name,
            spec.languages_of(name),
            &options.corpora,
            store.root(),
            Reading::Cached,
            &bar,
        );
        bar.finish_and_clear();
        let corpus = match read {
            Ok(corpus) => corpus,
            Err(Error::Missing(text)) => {
                missing.push(text);
                continue;
            }
            Err(e) => return Err(e),
        };
        inputs.notes.extend(incomplete(&corpus, options.partial)?);
        inputs.infos.push(info(&corpus));
        inputs.corpora.push(corpus);
    }
    if missing.is_empty() {
        return Ok(inputs);
    }
    if !spec.counterpart.is_empty() {
        missing.push(format!("Meanwhile, on open recordings: just reproduce {}", spec.counterpart));
    }
    Err(Error::Missing(missing.join("\n\n")))
}

/// How `corpus` differs from its manifest, in a sentence; none where it does not.
///
/// # Errors
/// It does, and `partial` does not allow it.
pub fn incomplete(corpus: &Corpus, partial: bool) -> Result<Option<String>> {
    let (name, differences) = (&corpus.manifest.name, corpus.differences());
    match differences.first() {
        None => Ok(None),
        Some(_) if partial => Ok(Some(format!("the corpus {name} is partial: {}", differences.join("; ")))),
        Some(first) => {
            let more = differences.len() - 1;
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            Err(Error::failed(format!(
                "{}: {first}{more}; see `seraug corpus check {name}`, or go on with --partial",
                corpus.root.display()
            )))
        }
    }
}

/// A corpus for provenance, as if all of it were used.
pub fn info(corpus: &Corpus) -> CorpusInfo {
    let speakers: HashSet<&str> = corpus.utterances.iter().map(|u| u.speaker.as_str()).collect();
    CorpusInfo {
        name: corpus.manifest.name.clone(),
        synthetic: corpus.manifest.synthetic,
        digest: corpus.digest(),
        utterances: corpus.utterances.len(),
        used: corpus.utterances.len(),
        speakers: speakers.len(),
        licence: corpus.manifest.licence.clone(),
        citation: corpus.manifest.citation.clone(),
    }
}

/// `infos` with the utterances and speakers that the experiment uses.
pub fn used(mut infos: Vec<CorpusInfo>, selection: &Selection) -> Vec<CorpusInfo> {
    for info in &mut infos {
        let of = || selection.utterances.iter().filter(|u| *u.corpus == *info.name);
        let speakers: HashSet<&str> = of().map(|u| u.speaker.as_str()).collect();
        (info.used, info.speakers) = (of().count(), speakers.len());
    }
    infos
}

/// The folds of the first seed.
pub fn folds(plan: &Plan) -> Vec<FoldInfo> {
    let first = plan.folds.first().map(|f| f.0);
    let folds: Vec<&Fold> = plan.folds.iter().filter(|f| Some(f.0) == first).map(|f| &*f.1).collect();
    let info = |f: &&Fold| FoldInfo {
        number: f.number,
        corpus: f.corpus.clone(),
        group: folds.iter().find(|o| o.test == f.test).map_or(f.number, |o| o.number),
        train: f.train.len(),
        test: f.test.len(),
        speakers_overlap: f.speakers_overlap,
    };
    folds.iter().map(info).collect()
}

/// A sentence for each kind of fold in which test speakers train.
pub fn overlaps(plan: &Plan) -> Vec<String> {
    let mut about: Vec<&str> =
        plan.folds.iter().filter(|(_, f)| f.speakers_overlap).map(|(_, f)| f.corpus.as_str()).collect();
    about.sort_unstable();
    about.dedup();
    let sentence = |corpus: &str| {
        format!(
            "{corpus}: test speakers are also in training, because no speaker-disjoint split was possible or asked for"
        )
    };
    about.into_iter().map(sentence).collect()
}
