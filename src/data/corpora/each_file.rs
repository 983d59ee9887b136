//! Something of each utterance's recording, with each file decoded once.

use super::Utterance;
use crate::audio::{Decoded, decode};
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// What `of` says of each of `utterances` and its decoded file, in their order. Each file is decoded once, whatever the number of its
/// excerpts, and one is in memory a thread. `progress` advances by one an utterance.
pub(crate) fn of_each<T: Send>(
    utterances: &[Utterance],
    progress: &ProgressBar,
    of: impl Fn(&Utterance, &Decoded) -> Result<T> + Sync,
) -> Vec<Result<T>> {
    progress.set_length(utterances.len() as u64);
    let mut files: BTreeMap<(&Path, bool), Vec<usize>> = BTreeMap::new();
    for (i, u) in utterances.iter().enumerate() {
        files.entry((&u.path, u.channels == seraug_core::manifest::Channels::First)).or_default().push(i);
    }
    let files: Vec<Vec<usize>> = files.into_values().collect();
    let of_file = |rows: Vec<usize>| -> Vec<(usize, Result<T>)> {
        let first = &utterances[rows[0]];
        let decoded = decode(&first.path, first.channels);
        progress.inc(rows.len() as u64);
        let one = |i: usize| (i, decoded.as_ref().map_err(Clone::clone).and_then(|d| of(&utterances[i], d)));
        rows.into_iter().map(one).collect()
    };
    let mut all: Vec<(usize, Result<T>)> = files.into_par_iter().flat_map_iter(of_file).collect();
    all.sort_unstable_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, found)| found).collect()
}
