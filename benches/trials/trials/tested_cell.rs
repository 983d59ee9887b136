//! What a trained cell got right, speaker by speaker, and the files that keep it.

use seraug_core::error::{Error, Result};
use seraug_core::files;
use std::path::Path;

/// Right predictions and all predictions for one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RightOf {
    pub right: u32,
    pub total: u32,
}

/// A test speaker of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpeakerCounts {
    pub speaker: String,
    /// One for each class whose recall counts.
    pub classes: Vec<RightOf>,
}

/// The result of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestedCell {
    pub corpus: String,
    pub condition: String,
    pub fold: usize,
    pub seed: u64,
    /// Training utterances, after the reduction and without augmented ones.
    pub n_train: u32,
    /// Test utterances of all classes.
    pub n_test: u32,
    pub speakers: Vec<SpeakerCounts>,
}

/// Columns before those of the classes.
const COLUMNS: [&str; 7] = ["corpus", "condition", "fold", "seed", "n_train", "n_test", "speaker"];

/// Writes the file of some cells with the same classes: a row for each cell and speaker, `3/7` for three right of seven.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn write(path: &Path, classes: &[&str], cells: &[TestedCell]) -> Result<()> {
    let mut text = COLUMNS.iter().chain(classes).copied().collect::<Vec<_>>().join(",") + "\n";
    for c in cells {
        for s in &c.speakers {
            let counts: Vec<String> = s.classes.iter().map(|n| format!("{}/{}", n.right, n.total)).collect();
            text += &format!(
                "{},{},{},{},{},{},{},{}\n",
                c.corpus,
                c.condition,
                c.fold,
                c.seed,
                c.n_train,
                c.n_test,
                s.speaker,
                counts.join(",")
            );
        }
    }
    files::write_atomic(path, text.as_bytes())
}

/// Reads such a file.
///
/// # Errors
/// A file that cannot be read, and a row that is not as [`write`] writes it, with its line.
pub(crate) fn read(path: &Path) -> Result<Vec<TestedCell>> {
    let text = files::text(path).map_err(|e| Error::at(path, e))?;
    let mut cells: Vec<TestedCell> = Vec::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let row = row(line).ok_or_else(|| {
            let at = path.display();
            Error::failed(format!(
                "{at}:{}: `{line}` is no row of a cell; collect the file again",
                number + 1
            ))
        })?;
        match cells.last_mut().filter(|c| (&c.corpus, &c.condition) == (&row.corpus, &row.condition)) {
            Some(c) if (c.fold, c.seed) == (row.fold, row.seed) => c.speakers.extend(row.speakers),
            _ => cells.push(row),
        }
    }
    Ok(cells)
}

fn row(line: &str) -> Option<TestedCell> {
    let fields: Vec<&str> = line.split(',').collect();
    let (&[corpus, condition, fold, seed, n_train, n_test, speaker], counts) = fields.split_first_chunk()?;
    let count = |text: &&str| {
        let (right, total) = text.split_once('/')?;
        Some(RightOf { right: right.parse().ok()?, total: total.parse().ok()? })
    };
    let classes = counts.iter().map(count).collect::<Option<Vec<RightOf>>>()?;
    Some(TestedCell {
        corpus: corpus.to_owned(),
        condition: condition.to_owned(),
        fold: fold.parse().ok()?,
        seed: seed.parse().ok()?,
        n_train: n_train.parse().ok()?,
        n_test: n_test.parse().ok()?,
        speakers: vec![SpeakerCounts { speaker: speaker.to_owned(), classes }],
    })
}
