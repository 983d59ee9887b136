//! split.csv: the folds of a run, for verification and reuse. One row an utterance, one column a fold.

use super::{Fold, Selection};
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::names::unicode::normalise;
use seraug_core::spec::MOST_CELLS;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

const KEYS: [&str; 4] = ["corpus", "utterance", "speaker", "class"];
/// The fifth column, which files of earlier versions lack.
const CONTENT: &str = "sha256";

/// The role of an utterance in a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitPart {
    /// In the training set.
    Train,
    /// In the test set.
    Test,
    /// Removed from the training set by the reduction.
    Removed,
    /// Of the target corpus, in the training set of LT and FT.
    Low,
    /// Of the target corpus, in the training set of FT only.
    Full,
    /// In no part of the fold.
    None,
}

const PARTS: [(SplitPart, &str); 6] = [
    (SplitPart::Train, "train"),
    (SplitPart::Test, "test"),
    (SplitPart::Removed, "removed"),
    (SplitPart::Low, "low"),
    (SplitPart::Full, "full"),
    (SplitPart::None, "-"),
];

impl SplitPart {
    /// That of a word in the file.
    pub fn named(word: &str) -> Option<SplitPart> {
        PARTS.iter().find(|(_, name)| *name == word).map(|(part, _)| *part)
    }

    /// Its word in the file.
    pub fn name(self) -> &'static str {
        PARTS.iter().find(|(part, _)| *part == self).map_or("-", |(_, word)| word)
    }
}

/// The role of each utterance of a selection in `fold`, in the order of the selection.
pub fn parts(fold: &Fold, utterances: usize) -> Vec<SplitPart> {
    let mut parts = vec![SplitPart::None; utterances];
    let mut mark = |items: &[usize], part| items.iter().for_each(|&i| parts[i] = part);
    mark(&fold.train, SplitPart::Train);
    mark(&fold.target, SplitPart::Full);
    mark(&fold.low, SplitPart::Low);
    mark(&fold.test, SplitPart::Test);
    mark(&fold.removed, SplitPart::Removed);
    parts
}

/// Writes `folds`, each with its run seed, atomically. Columns: corpus, utterance, speaker, class, sha256, then
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
    let mut header: Vec<String> = KEYS.into_iter().chain([CONTENT]).map(str::to_owned).collect();
    let mut columns: Vec<Vec<SplitPart>> = Vec::new();
    for (seed, fold) in folds {
        header.push(format!("seed-{seed}/fold-{}/{}", fold.number, fold.corpus));
        columns.push(parts(fold, selection.utterances.len()));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).at(path)?;
    for (i, u) in selection.utterances.iter().enumerate() {
        let keys = [&*u.corpus, &u.id, &u.speaker, classes[selection.labels[i]], &u.sha256];
        writer.write_record(keys.into_iter().chain(columns.iter().map(|c| c[i].name()))).at(path)?;
    }
    write_atomic(path, &writer.into_inner().at(path)?)
}

/// A split.csv as read.
#[derive(Debug)]
pub struct SplitTable {
    name: String,
    /// (run seed, fold number, corpus) of each column.
    columns: Vec<(u64, usize, String)>,
    rows: Vec<ListedUtterance>,
    /// Corpus to utterance to row.
    places: HashMap<String, HashMap<String, usize>>,
    /// Row after row, a part for each column.
    parts: Vec<SplitPart>,
}

/// An utterance of a split.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUtterance {
    /// Name of its corpus.
    pub corpus: String,
    /// Its id there.
    pub utterance: String,
    /// Its class.
    pub class: String,
    /// SHA-256 of the recording; absent in files of earlier versions.
    pub sha256: Option<String>,
}

impl SplitTable {
    /// Reads what [`write_splits`] wrote, now or before there was a column `sha256`.
    ///
    /// # Errors
    /// A file that cannot be read, a header or a value of another form, an utterance that is there twice, seeds with
    /// different folds.
    pub fn read(path: &Path) -> Result<SplitTable> {
        let name = path.display().to_string();
        let bad = |what: String| Error::usage(format!("{name}: {what}"));
        let file = files::open(path).map_err(|e| {
            bad(format!("{e}; give the split.csv of a run, such as results/NAME/latest/split.csv"))
        })?;
        let mut reader = csv::Reader::from_reader(file);
        let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
        if !header.iter().take(KEYS.len()).eq(KEYS) {
            return Err(bad(format!("its columns must begin with {}", KEYS.join(", "))));
        }
        let content = header.get(KEYS.len()) == Some(CONTENT);
        let first = KEYS.len() + usize::from(content);
        let column = |text: &str| {
            let mut parts = text.splitn(3, '/');
            let seed: u64 = parts.next()?.strip_prefix("seed-")?.parse().ok()?;
            let fold: usize = parts.next()?.strip_prefix("fold-")?.parse().ok()?;
            // No spec has other numbers.
            let known = i64::try_from(seed).is_ok() && (1..=MOST_CELLS).contains(&fold);
            Some((seed, fold, parts.next()?.to_owned())).filter(|_| known)
        };
        let columns = header.iter().skip(first).map(|text| {
            column(text)
                .ok_or_else(|| bad(format!("column `{text}` is not of the form seed-S/fold-K/CORPUS")))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut folds = HashSet::new();
        if let Some((seed, fold, _)) = columns.iter().find(|c| !folds.insert((c.0, c.1))) {
            return Err(bad(format!("fold {fold} of seed {seed} is there twice")));
        }
        let mut table =
            SplitTable { name, columns, rows: Vec::new(), places: HashMap::new(), parts: Vec::new() };
        let mut record = csv::StringRecord::new();
        loop {
            let line = table.rows.len() + 2;
            let read = reader.read_record(&mut record);
            if !read.map_err(|e| Error::usage(format!("{}: {e}", table.name)))? {
                break;
            }
            table.add(line, &record, content)?;
        }
        let mut of_seed: BTreeMap<u64, BTreeSet<(usize, &str)>> = BTreeMap::new();
        for (seed, fold, corpus) in &table.columns {
            of_seed.entry(*seed).or_default().insert((*fold, corpus));
        }
        let first = table.columns.first().map(|c| &of_seed[&c.0]);
        if let Some(other) = table.columns.iter().find(|c| first.is_some_and(|f| *f != of_seed[&c.0])) {
            return Err(Error::usage(format!(
                "{}: seed {} has other folds than the first",
                table.name, other.0
            )));
        }
        Ok(table)
    }

    fn add(&mut self, line: usize, record: &csv::StringRecord, content: bool) -> Result<()> {
        let bad = |what: String| Error::usage(format!("{}:{line}: {what}", self.name));
        let text = |i: usize| record[i].to_owned();
        let row = ListedUtterance {
            corpus: text(0),
            // Earlier versions listed names as the table had them, not normalised.
            utterance: normalise(&record[1]).into_owned(),
            class: text(3),
            sha256: content.then(|| text(KEYS.len())).filter(|s| !s.is_empty()),
        };
        for word in record.iter().skip(KEYS.len() + usize::from(content)) {
            let part = SplitPart::named(word);
            let part =
                part.ok_or_else(|| bad(format!("`{word}` is none of train, test, removed, low, full, -")))?;
            self.parts.push(part);
        }
        let of_corpus = self.places.entry(row.corpus.clone()).or_default();
        if of_corpus.insert(row.utterance.clone(), self.rows.len()).is_some() {
            return Err(bad(format!("utterance {} is there twice", row.utterance)));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Its utterances.
    pub fn rows(&self) -> &[ListedUtterance] {
        &self.rows
    }

    /// Index of an utterance in [`SplitTable::rows`].
    pub fn row(&self, corpus: &str, utterance: &str) -> Option<usize> {
        self.places.get(corpus)?.get(utterance).copied()
    }

    /// Index of the column of a fold under a run seed.
    pub fn column(&self, seed: u64, fold: usize) -> Option<usize> {
        self.columns.iter().position(|c| (c.0, c.1) == (seed, fold))
    }

    /// The role of the utterance of `row` in the fold of `column`.
    pub fn part(&self, row: usize, column: usize) -> SplitPart {
        self.parts[row * self.columns.len() + column]
    }

    /// The folds of run seed `seed`, by number. Utterances that the file does not list are in no part.
    ///
    /// # Errors
    /// A seed that the file lacks; an utterance of a fold that the selection lacks.
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
        let rows: Vec<Option<usize>> =
            selection.utterances.iter().map(|u| self.row(&u.corpus, &u.id)).collect();
        let known: HashSet<usize> = rows.iter().flatten().copied().collect();
        for (row, ListedUtterance { corpus, utterance, .. }) in self.rows.iter().enumerate() {
            let used = columns.iter().any(|(c, _)| self.part(row, *c) != SplitPart::None);
            if used && !known.contains(&row) {
                return bad(format!(
                    "utterance {utterance} of {corpus} is not among those of this experiment"
                ));
            }
        }
        for (c, (_, number, corpus)) in columns {
            let mut fold = Fold { number: *number, corpus: corpus.clone(), ..Fold::default() };
            for (i, row) in rows.iter().enumerate() {
                match row.map_or(SplitPart::None, |row| self.part(row, c)) {
                    SplitPart::None => {}
                    SplitPart::Train => fold.train.push(i),
                    SplitPart::Test => fold.test.push(i),
                    SplitPart::Removed => fold.removed.push(i),
                    part @ (SplitPart::Low | SplitPart::Full) => {
                        fold.train.push(i);
                        fold.target.push(i);
                        if part == SplitPart::Low {
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
