//! What somebody should know of a corpus before training on it: who says what and how often, how it was recorded, and whether a
//! classifier could tell the speaker, or the level, in place of the emotion.

mod confounding;
mod sound;

pub use confounding::{Confounding, ShareOfOne};
pub use sound::{Quartiles, RecordingSound, SoundSummary};

use crate::corpora::{Corpus, Utterance, of_each};
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The description of a corpus; [`CorpusDescription::of`] makes it.
#[derive(Debug, Clone, Serialize)]
pub struct CorpusDescription {
    /// Its name.
    pub corpus: String,
    /// Its title.
    pub title: String,
    /// Its licence.
    pub licence: String,
    /// Utterances that can be used.
    pub utterances: usize,
    /// Seconds of all of them.
    pub seconds: f64,
    /// Utterances by label.
    pub labels: Vec<LabelCount>,
    /// Utterances by speaker.
    pub speakers: Vec<SpeakerCount>,
    /// Utterances by gender; `unknown` where nobody says.
    pub genders: BTreeMap<String, usize>,
    /// Utterances by language.
    pub languages: BTreeMap<String, usize>,
    /// Utterances by session; empty where the corpus has none.
    pub sessions: BTreeMap<String, usize>,
    /// Utterances by part of the corpus's own split; empty where it has none.
    pub parts: BTreeMap<String, usize>,
    /// Utterances by text; empty where nobody says what is said.
    pub texts: BTreeMap<String, usize>,
    /// How they sound.
    pub sound: SoundSummary,
    /// Whether labels go along with something else.
    pub confounding: Confounding,
    /// Which protocols the corpus can serve.
    pub protocols: Vec<PossibleProtocol>,
    /// Recordings that cannot be used, and why.
    pub refused: Vec<String>,
}

/// A label and how its utterances are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// Its utterances.
    pub utterances: usize,
    /// Speakers that have any.
    pub speakers: usize,
    /// Mean seconds of one.
    pub seconds: f64,
    /// Mean level, dB below full scale.
    pub level: f64,
}

/// A speaker and what he says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeakerCount {
    /// Its id.
    pub speaker: String,
    /// `female`, `male` or empty.
    pub gender: String,
    /// Its utterances.
    pub utterances: usize,
    /// Those of each label, in the order of [`CorpusDescription::labels`].
    pub by_label: Vec<usize>,
}

/// A way of making folds of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PossibleProtocol {
    /// The table of a spec, such as `protocol.leave-speakers-out`.
    pub protocol: String,
    /// The most folds that it gives; 0 where it gives none.
    pub folds: usize,
    /// What to know of it, or why it gives none.
    pub note: String,
}

impl CorpusDescription {
    /// Of the utterances of `corpus` that can be decoded. Each recording is decoded once, one a thread at a time; `progress` advances by
    /// one an utterance.
    pub fn of(corpus: &Corpus, progress: &ProgressBar) -> CorpusDescription {
        let heard = of_each(&corpus.utterances, progress, |u, decoded| Ok(RecordingSound::of(u, decoded)));
        let mut refused: Vec<String> = corpus.problems.clone();
        let (mut kept, mut sounds) = (Vec::new(), Vec::new());
        for (u, sound) in corpus.utterances.iter().zip(heard) {
            match sound {
                Ok(sound) => {
                    kept.push(u);
                    sounds.push(sound);
                }
                Err(why) => refused.push(why.to_string()),
            }
        }
        refused.dedup();
        let labels = labels(&kept, &sounds);
        let speakers = speakers(&kept, &labels);
        let count = |of: fn(&Utterance) -> Option<&str>| counted(kept.iter().filter_map(|u| of(u)));
        CorpusDescription {
            corpus: corpus.manifest.name.clone(),
            title: corpus.manifest.title.clone(),
            licence: corpus.manifest.licence.clone(),
            utterances: kept.len(),
            seconds: sounds.iter().map(|s| s.seconds).sum(),
            genders: counted(kept.iter().map(|u| u.gender.map_or("unknown", |g| g.name()))),
            languages: counted(
                kept.iter().map(|u| if u.language.is_empty() { "unknown" } else { &u.language }),
            ),
            sessions: count(|u| u.session.as_deref()),
            parts: count(|u| u.split.as_deref()),
            texts: count(|u| u.text.as_deref()),
            sound: SoundSummary::of(&kept, &sounds),
            confounding: Confounding::of(&kept, &speakers),
            protocols: protocols(&kept),
            labels,
            speakers,
            refused,
        }
    }
}

fn counted<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    names.for_each(|name| *all.entry(name.to_owned()).or_default() += 1);
    all
}

fn labels(kept: &[&Utterance], sounds: &[RecordingSound]) -> Vec<LabelCount> {
    let names: BTreeSet<&str> = kept.iter().map(|u| u.emotion.name()).collect();
    let of = |label: &&str| {
        let own: Vec<(&&Utterance, &RecordingSound)> =
            kept.iter().zip(sounds).filter(|(u, _)| u.emotion.name() == *label).collect();
        let mean = |value: fn(&RecordingSound) -> f64| {
            own.iter().map(|(_, s)| value(s)).sum::<f64>() / own.len() as f64
        };
        let speakers: BTreeSet<&str> = own.iter().map(|(u, _)| u.speaker.as_str()).collect();
        LabelCount {
            label: (*label).to_owned(),
            utterances: own.len(),
            speakers: speakers.len(),
            seconds: mean(|s| s.seconds),
            level: mean(|s| s.level),
        }
    };
    names.iter().map(of).collect()
}

fn speakers(kept: &[&Utterance], labels: &[LabelCount]) -> Vec<SpeakerCount> {
    let mut all: BTreeMap<&str, Vec<&Utterance>> = BTreeMap::new();
    kept.iter().for_each(|u| all.entry(&u.speaker).or_default().push(u));
    let one = |(speaker, own): (&str, Vec<&Utterance>)| SpeakerCount {
        speaker: speaker.to_owned(),
        gender: own.iter().find_map(|u| u.gender).map_or("", |g| g.name()).to_owned(),
        utterances: own.len(),
        by_label: labels.iter().map(|l| own.iter().filter(|u| u.emotion.name() == l.label).count()).collect(),
    };
    all.into_iter().map(one).collect()
}

/// How many folds each protocol gives, so that every label is tested and trained on.
fn protocols(kept: &[&Utterance]) -> Vec<PossibleProtocol> {
    let groups = |of: fn(&Utterance) -> Option<&str>| -> BTreeMap<String, BTreeSet<&str>> {
        let mut all: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for u in kept {
            if let Some(group) = of(u) {
                all.entry(group.to_owned()).or_default().insert(u.emotion.name());
            }
        }
        all
    };
    let labels: BTreeSet<&str> = kept.iter().map(|u| u.emotion.name()).collect();
    let one = |protocol: &str, what: &str, of: fn(&Utterance) -> Option<&str>| {
        let groups = groups(of);
        let said = kept.iter().filter(|u| of(u).is_some()).count();
        let whole = groups.values().filter(|l| l.len() == labels.len()).count();
        let (folds, note) = match groups.len() {
            0 => (0, format!("nobody says the {what} of an utterance")),
            1 => (0, format!("there is one {what}")),
            _ if said < kept.len() => {
                (0, format!("{} of {} utterances have no {what}", kept.len() - said, kept.len()))
            }
            n if whole == n => (n, format!("each {what} has every label")),
            n => (
                n,
                format!(
                    "{whole} of {n} have every label; put others together in a fold, or leave labels out"
                ),
            ),
        };
        PossibleProtocol { protocol: protocol.to_owned(), folds, note }
    };
    vec![
        one("protocol.leave-speakers-out", "speaker", |u| Some(&u.speaker)),
        one("protocol.leave-one-session-out", "session", |u| u.session.as_deref()),
        one("protocol.leave-texts-out", "text", |u| u.text.as_deref()),
        {
            let parts = counted(kept.iter().filter_map(|u| u.split.as_deref()));
            let named: Vec<&str> = parts.keys().map(String::as_str).collect();
            let (folds, note) = match named.len() {
                0 => (0, "the corpus has no split of its own".to_owned()),
                1 => (0, format!("its only part is {}", named[0])),
                _ => (1, format!("its parts are {}", named.join(", "))),
            };
            PossibleProtocol { protocol: "protocol.fixed-split".to_owned(), folds, note }
        },
    ]
}
