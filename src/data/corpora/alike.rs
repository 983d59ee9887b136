//! Names of a corpus that look alike: one person under two names trains and is tested.

use super::{Corpus, Utterance};
use seraug_core::names::unicode::{alike, folded, likeness};

/// Groups that are told; of the others the number.
const TOLD: usize = 20;
/// Names of a group that are told.
const NAMES: usize = 5;

impl Corpus {
    /// A sentence for each group of speakers, sessions, parts, languages or ids of which nobody can say whether they are
    /// one. Names that differ in nothing that is seen are one already ([`seraug_core::names::unicode::clean`]).
    pub(super) fn look_alikes(&self) -> Vec<String> {
        let speakers = self.utterances.iter().map(|u| &u.speaker).chain(self.manifest.speakers.keys());
        let each = |of: fn(&Utterance) -> Option<&str>| self.utterances.iter().filter_map(of);
        let mut groups = Vec::new();
        let mut add = |what, found: Vec<Vec<&str>>| {
            groups.extend(found.into_iter().map(|names| sentence(what, &names)));
        };
        add("speakers", alike(speakers.map(String::as_str), likeness));
        add("sessions", alike(each(|u| u.session.as_deref()), likeness));
        add("parts of its split", alike(each(|u| u.split.as_deref()), likeness));
        add("languages", alike(each(|u| Some(&u.language)), folded));
        // Numbers of recordings are as they are: `a1` and `a01` may be two.
        add("ids", alike(each(|u| Some(&u.id)), folded));
        let more = groups.len().saturating_sub(TOLD);
        groups.truncate(TOLD);
        groups.extend((more > 0).then(|| format!("and {more} more groups of names that look alike")));
        groups
    }
}

fn sentence(what: &str, names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{what} {}{more} look alike: where they are one, give it one name", shown.join(", "))
}
