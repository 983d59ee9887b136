//! split.csv: the folds of a run, to be checked by anybody and used again. One row an utterance, one column a fold.

use super::{Fold, Selection};
use crate::error::{Error, Result};
use crate::results::write_atomic;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

const KEYS: [&str; 4] = ["corpus", "utterance", "speaker", "class"];

/// What an utterance is in a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It trains.
    Train,
    /// It tests.
    Test,
    /// The reduction removed it from training.
    Removed,
    /// Of the target corpus: it trains in LT and FT.
    Low,
    /// Of the target corpus: it trains in FT alone.
    Full,
    /// It takes no part.
    None,
}

const PARTS: [(Part, &str); 6] = [
    (Part::Train, "train"),
    (Part::Test, "test"),
    (Part::Removed, "removed"),
    (Part::Low, "low"),
    (Part::Full, "full"),
    (Part::None, "-"),
];

/// Writes `folds`, each with its run seed, atomically. Columns: corpus, utterance, speaker, class, then
/// `seed-S/fold-K/CORPUS` with `train`, `test`, `removed`, `low` and `full` (target corpus, cross-lingual) or `-`.
///
/// # Errors
/// A file that cannot be written.
pub fn write_splits<'a>(
    path: &Path,
    selection: &Selection,
    classes: &[&str],
    folds: impl IntoIterator<Item = (u64, &'a Fold)>,
) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("{}: {e}", path.display()));
    let mut header: Vec<String> = KEYS.map(str::to_owned).to_vec();
    let mut columns: Vec<Vec<Part>> = Vec::new();
    for (seed, fold) in folds {
        header.push(format!("seed-{seed}/fold-{}/{}", fold.number, fold.corpus));
        let mut parts = vec![Part::None; selection.utterances.len()];
        let mut mark = |items: &[usize], part| items.iter().for_each(|&i| parts[i] = part);
        mark(&fold.train, Part::Train);
        mark(&fold.target, Part::Full);
        mark(&fold.low, Part::Low);
        mark(&fold.test, Part::Test);
        mark(&fold.removed, Part::Removed);
        columns.push(parts);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).map_err(|e| failed(&e))?;
    let word = |part: Part| PARTS.iter().find(|(p, _)| *p == part).map_or("-", |p| p.1);
    for (i, u) in selection.utterances.iter().enumerate() {
        let keys = [&*u.corpus, &u.id, &u.speaker, classes[selection.labels[i]]];
        writer
            .write_record(keys.into_iter().chain(columns.iter().map(|c| word(c[i]))))
            .map_err(|e| failed(&e))?;
    }
    write_atomic(path, &writer.into_inner().map_err(|e| failed(&e))?)
}

/// A split.csv as read.
#[derive(Debug)]
pub struct SplitTable {
    name: String,
    /// (run seed, fold number, corpus) of each column.
    columns: Vec<(u64, usize, String)>,
    /// (corpus, utterance) to its part in each column.
    rows: HashMap<(String, String), Vec<Part>>,
}

impl SplitTable {
    /// Reads what [`write_splits`] wrote.
    ///
    /// # Errors
    /// A file that cannot be read, a header or a value of another form, an utterance that is there twice, seeds with
    /// different folds.
    pub fn read(path: &Path) -> Result<SplitTable> {
        let name = path.display().to_string();
        let bad = |what: String| Error::usage(format!("{name}: {what}"));
        let mut reader = csv::Reader::from_path(path).map_err(|e| {
            bad(format!("{e}; give the split.csv of a run, such as results/NAME/latest/split.csv"))
        })?;
        let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
        if !header.iter().take(KEYS.len()).eq(KEYS) {
            return Err(bad(format!("its columns must begin with {}", KEYS.join(", "))));
        }
        let column = |text: &str| {
            let mut parts = text.splitn(3, '/');
            let seed = parts.next()?.strip_prefix("seed-")?.parse().ok()?;
            let fold = parts.next()?.strip_prefix("fold-")?.parse().ok()?;
            Some((seed, fold, parts.next()?.to_owned()))
        };
        let columns = header.iter().skip(KEYS.len()).map(|text| {
            column(text)
                .ok_or_else(|| bad(format!("column `{text}` is not of the form seed-S/fold-K/CORPUS")))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut rows = HashMap::new();
        for (i, record) in reader.records().enumerate() {
            let record = record.map_err(|e| bad(e.to_string()))?;
            let parts = record.iter().skip(KEYS.len()).map(|word| {
                let part = PARTS.iter().find(|p| p.1 == word).map(|p| p.0);
                part.ok_or_else(|| {
                    Error::usage(format!(
                        "{name}:{}: `{word}` is none of train, test, removed, low, full, -",
                        i + 2
                    ))
                })
            });
            let key = (record[0].to_owned(), record[1].to_owned());
            if rows.insert(key, parts.collect::<Result<Vec<_>>>()?).is_some() {
                return Err(Error::usage(format!(
                    "{name}:{}: utterance {} is there twice",
                    i + 2,
                    &record[1]
                )));
            }
        }
        let table = SplitTable { name, columns, rows };
        let of = |seed: u64| -> BTreeSet<(usize, &str)> {
            table.columns.iter().filter(|c| c.0 == seed).map(|c| (c.1, c.2.as_str())).collect()
        };
        let first = table.columns.first().map(|c| c.0);
        if let Some(other) = table.columns.iter().find(|c| first.is_some_and(|f| of(f) != of(c.0))) {
            return Err(Error::usage(format!(
                "{}: seed {} has other folds than the first",
                table.name, other.0
            )));
        }
        Ok(table)
    }

    /// The folds of run seed `seed`, by number. Utterances that the file does not list take no part.
    ///
    /// # Errors
    /// A seed that the file has not; an utterance of a fold that the selection has not.
    pub fn folds(&self, selection: &Selection, seed: u64) -> Result<Vec<Fold>> {
        let bad = |what: String| Err(Error::usage(format!("{}: {what}", self.name)));
        let mut folds = Vec::new();
        let mut columns: Vec<(usize, &(u64, usize, String))> =
            self.columns.iter().enumerate().filter(|(_, c)| c.0 == seed).collect();
        columns.sort_by_key(|(_, c)| c.1);
        if columns.is_empty() {
            let seeds: BTreeSet<String> = self.columns.iter().map(|c| c.0.to_string()).collect();
            let seeds: Vec<String> = seeds.into_iter().collect();
            return bad(format!("has no folds of seed {seed}; set seeds to some of {}", seeds.join(", ")));
        }
        let known: HashSet<(&str, &str)> =
            selection.utterances.iter().map(|u| (&*u.corpus, u.id.as_str())).collect();
        for ((corpus, id), parts) in &self.rows {
            let used = columns.iter().any(|(c, _)| parts[*c] != Part::None);
            if used && !known.contains(&(corpus.as_str(), id.as_str())) {
                return bad(format!("utterance {id} of {corpus} is not among those of this experiment"));
            }
        }
        for (c, (_, number, corpus)) in columns {
            if folds.iter().any(|f: &Fold| f.number == *number) {
                return bad(format!("fold {number} of seed {seed} is there twice"));
            }
            let mut fold = Fold { number: *number, corpus: corpus.clone(), ..Fold::default() };
            for (i, u) in selection.utterances.iter().enumerate() {
                let key = (u.corpus.to_string(), u.id.clone());
                match self.rows.get(&key).map_or(Part::None, |parts| parts[c]) {
                    Part::None => {}
                    Part::Train => fold.train.push(i),
                    Part::Test => fold.test.push(i),
                    Part::Removed => fold.removed.push(i),
                    part @ (Part::Low | Part::Full) => {
                        fold.train.push(i);
                        fold.target.push(i);
                        if part == Part::Low {
                            fold.low.push(i);
                        }
                    }
                }
            }
            fold.reduced = fold.removed.iter().map(|&i| selection.labels[i]).collect();
            fold.reduced.sort_unstable();
            fold.reduced.dedup();
            let speaker =
                |&i: &usize| (&*selection.utterances[i].corpus, selection.utterances[i].speaker.as_str());
            let training: HashSet<_> = fold.train.iter().map(speaker).collect();
            fold.speakers_overlap = fold.test.iter().any(|i| training.contains(&speaker(i)));
            folds.push(fold);
        }
        Ok(folds)
    }
}
