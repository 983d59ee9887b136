//! Reads the corpora of an experiment and checks them against their manifests.

use crate::options::Places;
use crate::plan::Plan;
use crate::progress::Display;
use indicatif::ProgressBar;
use seraug_core::error::{Error, Result, join_messages};
use seraug_core::installation;
use seraug_core::manifest::Manifest;
use seraug_core::run_files::{CorpusInfo, FoldInfo};
use seraug_core::spec::Spec;
use seraug_core::store::Store;
use seraug_data::corpora::{self, Corpus, DigestPolicy, Utterance};
use seraug_data::features;
use seraug_data::split::{Fold, Selection};
use std::collections::HashSet;

/// The data of an experiment.
#[derive(Debug)]
pub struct Inputs {
    /// The corpora in the order of [`Spec::corpora`].
    pub corpora: Vec<Corpus>,
    /// The entry of each corpus in run.toml; [`used`] counts what the experiment takes of it.
    pub infos: Vec<CorpusInfo>,
    /// What is incomplete, one sentence for each corpus.
    pub notes: Vec<String>,
}

/// Reads the corpora of `spec` and refuses an incomplete one, unless `partial`: then its unusable recordings are left out
/// too, before anything is planned with them.
///
/// # Errors
/// Missing corpora, all of them in one message with the next step (usage); corpora that differ from their manifests.
pub fn read(spec: &Spec, places: &Places, partial: bool, display: &Display) -> Result<Inputs> {
    let mut inputs = Inputs { corpora: Vec::new(), infos: Vec::new(), notes: Vec::new() };
    let store = places.store();
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for name in spec.corpora() {
        let bar = display.bar(name, 0);
        let read = corpora::import(
            name,
            spec.languages_of(name),
            &places.corpora,
            store.root(),
            DigestPolicy::Cached,
            &bar,
        );
        bar.finish_and_clear();
        let mut corpus = match read {
            Ok(corpus) => corpus,
            Err(Error::Missing(text)) => {
                missing.push(text);
                continue;
            }
            Err(e) => return Err(e),
        };
        match incomplete(&corpus, partial) {
            Ok(note) => inputs.notes.extend(note),
            Err(e) => wrong.push(e.to_string()),
        }
        inputs.notes.extend(notes(&corpus));
        if partial {
            let bar = display.bar(name, 0);
            inputs.notes.extend(leave_out(&mut corpus, spec, &store, &bar));
            bar.finish_and_clear();
        }
        inputs.infos.push(info(&corpus));
        inputs.corpora.push(corpus);
    }
    if missing.is_empty() && wrong.is_empty() {
        return Ok(inputs);
    }
    if missing.is_empty() {
        return Err(Error::failed(wrong.join("; ")));
    }
    missing.extend(wrong);
    if !spec.counterpart.is_empty() {
        missing
            .push(format!("Meanwhile, on open recordings: {}", installation::reproduce(&spec.counterpart)));
    }
    Err(Error::Missing(missing.join("\n\n")))
}

/// How `corpus` differs from its manifest, in a sentence; none where it is complete.
///
/// # Errors
/// It is incomplete and `partial` does not allow that.
pub fn incomplete(corpus: &Corpus, partial: bool) -> Result<Option<String>> {
    let (name, differences) = (&corpus.manifest.name, corpus.differences());
    match differences.first() {
        None => Ok(None),
        Some(_) if partial => Ok(Some(format!("the corpus {name} is partial: {}", brief(&differences)))),
        Some(_) => Err(Error::failed(format!(
            "{}: {}; see `seraug corpus check {name}`, or use it as it is with --partial",
            corpus.root.display(),
            brief(&differences)
        ))),
    }
}

/// Differences that are listed; the rest is counted.
const LISTED: usize = 40;

fn brief(differences: &[String]) -> String {
    let listed = differences.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match differences.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed}; and {more} more"),
    }
}

/// Remarks on `corpus` that stop nothing: names that look alike, recordings that the manifest leaves out.
fn notes(corpus: &Corpus) -> Vec<String> {
    let Manifest { name, unusable, .. } = &corpus.manifest;
    let listed = corpus.faults.listed.iter().map(|l| match unusable.get(l) {
        Some(reason) => format!("{l} is left out: {reason}"),
        None => format!("{l} is left out"),
    });
    corpus.check().notes.into_iter().chain(listed).map(|note| format!("the corpus {name}: {note}")).collect()
}

/// Removes from `corpus` the recordings that `spec` would use and that cannot be used; one line lists them.
fn leave_out(corpus: &mut Corpus, spec: &Spec, store: &Store, bar: &ProgressBar) -> Option<String> {
    let name = corpus.manifest.name.clone();
    let mut spec = spec.clone();
    spec.fill_valence(&name, &corpus.manifest.valence);
    let languages = spec.languages_of(&name);
    let wanted = |u: &Utterance| {
        (languages.is_empty() || languages.contains(&u.language)) && spec.class_of(&name, u.emotion).is_some()
    };
    let indices: Vec<usize> =
        (0..corpus.utterances.len()).filter(|&i| wanted(&corpus.utterances[i])).collect();
    let of_spec: Vec<Utterance> = indices.iter().map(|&i| corpus.utterances[i].clone()).collect();
    bar.set_length(of_spec.len() as u64);
    let refused = features::unusable(&of_spec, &spec.features, store.root(), bar);
    if refused.is_empty() {
        return None;
    }
    let unusable: HashSet<usize> = refused.iter().map(|(i, _)| indices[*i]).collect();
    let mut index = 0;
    corpus.utterances.retain(|_| (!unusable.contains(&index), index += 1).0);
    let why: Vec<String> = refused.into_iter().map(|(_, why)| why).collect();
    Some(format!("the corpus {name} is partial: unusable recordings left out: {}", join_messages(&why)))
}

/// The entry of a corpus in run.toml, as if the experiment used all of it.
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

/// `infos` with the numbers of utterances and speakers that the experiment uses.
pub fn used(mut infos: Vec<CorpusInfo>, selection: &Selection) -> Vec<CorpusInfo> {
    for info in &mut infos {
        let of = || selection.utterances.iter().filter(|u| *u.corpus == *info.name);
        let speakers: HashSet<&str> = of().map(|u| u.speaker.as_str()).collect();
        (info.used, info.speakers) = (of().count(), speakers.len());
    }
    infos
}

/// The folds of the first seed, for run.toml.
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

/// A sentence for each data set whose test speakers also occur in training.
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
