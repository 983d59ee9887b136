//! Whether two runs are tested on the same utterances, which is what makes their cells pairs.

use super::aligned_cells::{CellPosition, place_of};
use super::runs::Side;
use crate::analysis::predictions::CellPrediction;
use seraug_core::digest::digest_hex;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::run_files::{Outcome, RunDir};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a split.csv says of test sets. A run without one has an empty digest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SplitDigest {
    /// SHA-256 of the file.
    pub(super) digest: String,
    text: Vec<u8>,
}

/// (seed, fold, what it is about) to the test utterances: (corpus, utterance) to (class, SHA-256 or nothing).
type TestSets = HashMap<(u64, usize, String), BTreeMap<(String, String), (String, String)>>;

impl SplitDigest {
    /// Reads the file, if it is there.
    pub(super) fn of(run: &RunDir) -> Result<SplitDigest> {
        match files::read(&run.splits(), files::DATA) {
            Ok(text) => Ok(SplitDigest { digest: digest_hex(&text), text }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(SplitDigest::default()),
            Err(e) => Err(Error::failed(format!("{}: {e}", run.splits().display()))),
        }
    }

    fn test_sets(&self, run: &RunDir, wanted: &BTreeSet<(u64, usize, &str)>) -> Result<TestSets> {
        let bad = |e: csv::Error| Error::failed(format!("{}: {e}", run.splits().display()));
        let mut reader = csv::Reader::from_reader(self.text.as_slice());
        let header = reader.headers().map_err(bad)?.clone();
        let at = |name: &str| header.iter().position(|h| h == name);
        let (Some(corpus), Some(utterance), Some(class)) = (at("corpus"), at("utterance"), at("class"))
        else {
            return Err(Error::failed(format!(
                "{}: lacks a column corpus, utterance or class",
                run.splits().display()
            )));
        };
        let content = at("sha256");
        let columns: Vec<(usize, (u64, usize, &str))> =
            header.iter().enumerate().filter_map(|(i, h)| Some((i, column(h)?))).collect();
        let columns: Vec<_> = columns.into_iter().filter(|(_, c)| wanted.contains(c)).collect();
        let mut sets = TestSets::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(bad)? {
            for (i, (seed, fold, about)) in &columns {
                if &record[*i] == "test" {
                    let set = sets.entry((*seed, *fold, (*about).to_owned())).or_default();
                    let sha = content.map_or("", |c| &record[c]);
                    set.insert(
                        (record[corpus].to_owned(), record[utterance].to_owned()),
                        (record[class].to_owned(), sha.to_owned()),
                    );
                }
            }
        }
        Ok(sets)
    }
}

/// `seed-1/fold-2/emodb`.
fn column(header: &str) -> Option<(u64, usize, &str)> {
    let mut parts = header.splitn(3, '/');
    let seed = parts.next()?.strip_prefix("seed-")?.parse().ok()?;
    let fold = parts.next()?.strip_prefix("fold-")?.parse().ok()?;
    Some((seed, fold, parts.next()?))
}

/// Refuses runs whose shared cells are tested on other utterances, other labels or other recordings: by the split.csv of
/// both, else by predictions and counts.
///
/// # Errors
/// Names the fold, an utterance and what is other about it.
pub(super) fn check(first: &Side, second: &Side, shared: &HashSet<CellPosition>) -> Result<()> {
    by_split(first, second, shared)?;
    let theirs: HashMap<CellPosition, &Outcome> =
        second.reading.outcomes.iter().map(|o| (place_of(o), o)).collect();
    let ids = first.ids_of(second);
    for a in first.reading.outcomes.iter().filter(|o| shared.contains(&place_of(o))) {
        let Some(b) = theirs.get(&place_of(a)) else { continue };
        let place = format!("fold {} of {}, seed {}", a.cell.fold, a.corpus, a.cell.seed);
        let (own, other) = (first.answers.cell(&a.cell), second.answers.cell(&b.cell));
        if !own.is_empty() && !other.is_empty() {
            by_predictions(first, second, &ids, own, other)
                .map_err(|what| refused(first, second, &format!("{place}: {what}")))?;
        }
        let support = |o: &Outcome| -> Vec<u64> {
            o.confusion.as_ref().map_or(vec![], |m| m.rows().iter().map(|r| r.iter().sum()).collect())
        };
        if support(a) != support(b) {
            let what = format!("{place} has other numbers of test utterances of the classes");
            return Err(refused(first, second, &what));
        }
    }
    Ok(())
}

fn by_split(first: &Side, second: &Side, shared: &HashSet<CellPosition>) -> Result<()> {
    let (a, b) = (&first.splits, &second.splits);
    if a.digest == b.digest || a.digest.is_empty() || b.digest.is_empty() {
        return Ok(());
    }
    let folds: BTreeSet<(u64, usize, &str)> = shared.iter().map(|p| (p.2, p.1, p.3)).collect();
    let [sets_a, sets_b] =
        [a.test_sets(&first.reading.run, &folds)?, b.test_sets(&second.reading.run, &folds)?];
    for (seed, fold, about) in folds {
        let key = (seed, fold, about.to_owned());
        let (Some(own), Some(other)) = (sets_a.get(&key), sets_b.get(&key)) else { continue };
        let place = format!("fold {fold} of {about}, seed {seed}");
        for ((corpus, utterance), (class, sha)) in own {
            let what = match other.get(&(corpus.clone(), utterance.clone())) {
                None => format!("{utterance} is tested in the first alone"),
                Some((c, _)) if c != class => {
                    format!("{utterance} is {class} in the first, {c} in the second")
                }
                Some((_, s)) if s != sha && !s.is_empty() && !sha.is_empty() => {
                    format!("{utterance} is another recording (its sha256 differs)")
                }
                Some(_) => continue,
            };
            return Err(refused(first, second, &format!("{place}: {what}")));
        }
        if let Some((_, utterance)) = other.keys().find(|k| !own.contains_key(k)) {
            return Err(refused(
                first,
                second,
                &format!("{place}: {utterance} is tested in the second alone"),
            ));
        }
    }
    Ok(())
}

/// What is other about two lists of predictions.
fn by_predictions(
    first: &Side,
    second: &Side,
    ids: &[Option<u32>],
    own: &[CellPrediction],
    other: &[CellPrediction],
) -> std::result::Result<(), String> {
    let truths: HashMap<u32, u8> = own.iter().map(|a| (a.utterance, a.truth)).collect();
    let classes = first.reading.spec.class_names();
    for b in other {
        let name = &second.answers.utterances[b.utterance as usize];
        match ids[b.utterance as usize].and_then(|id| truths.get(&id)) {
            None => return Err(format!("{name} is tested in the second alone")),
            Some(&truth) if truth != b.truth => {
                let [a, b] = [truth, b.truth].map(|t| classes[usize::from(t)]);
                return Err(format!("{name} is {a} in the first, {b} in the second"));
            }
            Some(_) => {}
        }
    }
    if own.len() != other.len() {
        let theirs: HashSet<u32> = other.iter().filter_map(|b| ids[b.utterance as usize]).collect();
        let alone = own.iter().find(|a| !theirs.contains(&a.utterance));
        let name = alone.map_or("an utterance", |a| &first.answers.utterances[a.utterance as usize]);
        return Err(format!("{name} is tested in the first alone"));
    }
    Ok(())
}

/// An error that says why two runs are not compared.
pub(super) fn refused(first: &Side, second: &Side, why: &str) -> Error {
    Error::failed(format!("{} and {} cannot be compared: {why}", first.name(), second.name()))
}
