//! A folder for each class: `SOURCE/happy/a.wav`, or `SOURCE/train/happy/a.wav`.

use super::listing::is_part;
use super::row::{Reading, SourcePlace, SourceRow, Taken};
use crate::audio::formats::EXTENSIONS;
use crate::corpora::table::row::stem;
use crate::corpora::walk::files_below;
use seraug_core::error::{Error, Result};
use std::collections::HashSet;
use std::path::Path;

/// Whether a recording lies in a folder of `source`.
pub(super) fn is(source: &Path) -> bool {
    files_below(source, |e| EXTENSIONS.contains(&e)).files.iter().any(|path| path.components().count() > 1)
}

/// Reads the recordings below the source. `--emotion` and `--speaker` are levels of folders, from 1 for those in the source.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let source = reading.source;
    let walk = files_below(source, |e| EXTENSIONS.contains(&e));
    let mut taken = Taken::below(source);
    taken.faults = walk.broken.iter().chain(&walk.unseen).map(ToString::to_string).collect();
    let mut found = Vec::with_capacity(walk.files.len());
    for path in &walk.files {
        let steps: Option<Vec<&str>> = path.iter().map(|step| step.to_str()).collect();
        match steps {
            Some(steps) => found.push(steps),
            None => taken.faults.push(format!("{}: its name is not UTF-8; rename it", path.display())),
        }
    }
    let deepest = found.iter().map(|steps| steps.len() - 1).max().unwrap_or(0);
    if deepest == 0 {
        return Err(Error::at(source, "no recording in a folder of it; expected one folder for each class"));
    }
    let parts = found.iter().all(|steps| steps.len() > 2 && is_part(steps[0]));
    let chosen = |option: &str, level: &Option<String>| {
        let level = level.as_ref().map(|text| {
            text.parse::<usize>().ok().filter(|n| (1..=deepest).contains(n)).ok_or_else(|| {
                Error::usage(format!("{option} `{text}`: of folders it is a level, from 1 to {deepest}"))
            })
        });
        level.transpose()
    };
    let speaker = chosen("--speaker", &reading.choices.speaker)?;
    let own = if parts { 2 } else { 1 };
    let class = match chosen("--emotion", &reading.choices.emotion)? {
        Some(level) => level,
        None if found.iter().all(|steps| steps.len() - 1 == own) => own,
        None => {
            let example =
                found.iter().max_by_key(|steps| steps.len()).map(|steps| steps.join("/")).unwrap_or_default();
            return Err(Error::usage(format!(
                "{}: folders within folders, as in `{example}`; say with --emotion at which level the classes are, from 1 to {deepest} (--speaker does the same)",
                source.display()
            )));
        }
    };
    taken.told.push(("emotion", format!("folders of level {class}")));
    taken
        .told
        .push(("speaker", speaker.map_or("none".to_owned(), |level| format!("folders of level {level}"))));
    taken.columns = (1..=deepest).filter(|n| *n != class).map(|n| n.to_string()).collect();
    if parts {
        taken.told.push(("split", "folders of level 1".to_owned()));
    }
    // The class is no part of a recording's name, unless names would then be the same.
    let within = |steps: &[&str]| {
        let rest = steps.iter().enumerate().filter(|(i, _)| i + 1 != class && !(parts && *i == 0));
        stem(&rest.map(|(_, step)| *step).collect::<Vec<_>>().join("/")).to_owned()
    };
    let mut names = HashSet::new();
    let unique = found.iter().all(|steps| names.insert(within(steps)));
    for steps in found {
        let path = steps.join("/");
        let level = |n: usize| steps.get(n - 1).filter(|_| n < steps.len()).map(|step| (*step).to_owned());
        taken.rows.push(SourceRow {
            place: SourcePlace { file: path.as_str().into(), row: 0 },
            id: unique.then(|| within(&steps)),
            emotion: level(class),
            speaker: speaker.and_then(level),
            split: level(1).filter(|_| parts),
            path,
            ..SourceRow::default()
        });
    }
    Ok(taken)
}
