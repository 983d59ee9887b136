//! Test sets of whole texts.

use super::{Selection, Sides};
use seraug_core::error::{Error, Result};
use seraug_core::spec::LeaveTextsOut;
use std::collections::{BTreeMap, HashSet};

/// Both sides of each group of texts: these are dealt to the folds in the order of their names. Speakers overlap.
pub(super) fn groups(protocol: &LeaveTextsOut, selection: &Selection) -> Result<Vec<Sides>> {
    let mut texts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, u) in selection.utterances.iter().enumerate() {
        let text = u.text.as_deref().ok_or_else(|| {
            Error::usage(format!(
                "protocol.leave-texts-out: nobody says which text the utterance {} of {} is; give its table.csv a column `text`, \
                 or use leave-speakers-out",
                u.id, u.corpus
            ))
        })?;
        texts.entry(text).or_default().push(i);
    }
    let count = if protocol.folds == 0 { texts.len() } else { protocol.folds };
    if texts.len() < count || count < 2 {
        return Err(Error::usage(format!(
            "protocol.leave-texts-out.folds = {}: the corpus has {} texts of these classes",
            protocol.folds,
            texts.len()
        )));
    }
    let mut tests = vec![Vec::new(); count];
    for (i, of_text) in texts.into_values().enumerate() {
        tests[i % count].extend(of_text);
    }
    let sides = tests.into_iter().map(|mut test| {
        test.sort_unstable();
        let pool: Vec<usize> =
            (0..selection.utterances.len()).filter(|i| test.binary_search(i).is_err()).collect();
        let speaker = |i: &usize| selection.utterances[*i].speaker.as_str();
        let training: HashSet<&str> = pool.iter().map(speaker).collect();
        let speakers_overlap = test.iter().any(|i| training.contains(speaker(i)));
        Sides { pool, test, speakers_overlap }
    });
    Ok(sides.collect())
}
