//! Finds names of a corpus that look alike: a speaker with two spellings could be in training and test at once.

use super::{Corpus, Utterance};
use seraug_core::emotion::Emotion;
use seraug_core::names::unicode::{collisions, confusable_key, fold_case};
use seraug_core::suggest::nearest;
use std::collections::BTreeSet;

/// Groups that are listed; the rest is counted.
const TOLD: usize = 20;
/// Names of a group that are listed.
const NAMES: usize = 5;

impl Corpus {
    /// A sentence for each group of speakers, sessions, parts, languages or ids that may be the same thing in several
    /// spellings. Names that differ in nothing visible are equal already ([`seraug_core::names::unicode::normalise`]).
    pub(super) fn look_alikes(&self) -> Vec<String> {
        let speakers = self.utterances.iter().map(|u| &u.speaker).chain(self.manifest.speakers.keys());
        let each = |of: fn(&Utterance) -> Option<&str>| self.utterances.iter().filter_map(of);
        let mut groups = Vec::new();
        let mut add = |what, found: Vec<Vec<&str>>| {
            groups.extend(found.into_iter().map(|names| sentence(what, &names)));
        };
        add("speakers", collisions(speakers.map(String::as_str), confusable_key));
        add("sessions", collisions(each(|u| u.session.as_deref()), confusable_key));
        add("parts of its split", collisions(each(|u| u.split.as_deref()), confusable_key));
        add("languages", collisions(each(|u| Some(&u.language)), fold_case));
        // `a1` and `a01` may be two recordings.
        add("ids", collisions(each(|u| Some(&u.id)), fold_case));
        groups.extend(self.misspelt_labels());
        let more = groups.len().saturating_sub(TOLD);
        groups.truncate(TOLD);
        groups.extend((more > 0).then(|| format!("and {more} more groups of names that look alike")));
        groups
    }
}

impl Corpus {
    /// A sentence for each label of a word of its own that looks like another one.
    fn misspelt_labels(&self) -> Vec<String> {
        let labels: BTreeSet<Emotion> = self.utterances.iter().map(|u| u.emotion).collect();
        let others = |own: Emotion| {
            let all = labels.iter().chain(Emotion::KNOWN);
            all.filter(move |e| **e != own && (e.is_known() || **e < own)).map(|e| e.name())
        };
        let free = labels.iter().filter(|e| !e.is_known());
        free.filter_map(|&e| Some(sentence("labels", &[e.name(), nearest(e.name(), others(e))?]))).collect()
    }
}

fn sentence(what: &str, names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{what} {}{more} look alike: where they are one, give it one name", shown.join(", "))
}
