//! How many different test sets the seeds of a run have: where each seed splits a corpus anew, two may draw the same speakers.

use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::run_files::RunDir;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Different test sets of each data set, from the split.csv of `run`; empty where a run of an earlier version has no such file.
///
/// # Errors
/// A file that cannot be read or is no table.
pub(super) fn distinct_tests(run: &RunDir) -> Result<HashMap<String, usize>> {
    let bad = |e: &dyn std::fmt::Display| Error::failed(format!("{}: {e}", run.splits().display()));
    let text = match files::read(&run.splits(), files::DATA) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(e) => return Err(bad(&e)),
    };
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().map_err(|e| bad(&e))?.clone();
    let columns: Vec<(usize, String)> =
        header.iter().enumerate().filter_map(|(i, h)| Some((i, split_column(h)?.2.to_owned()))).collect();
    let mut tested: Vec<Vec<usize>> = vec![Vec::new(); columns.len()];
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|e| bad(&e))?;
        for ((i, _), rows) in std::iter::zip(&columns, &mut tested) {
            if &record[*i] == "test" {
                rows.push(row);
            }
        }
    }
    let mut sets: BTreeMap<String, BTreeSet<Vec<usize>>> = BTreeMap::new();
    for ((_, data_set), rows) in std::iter::zip(columns, tested) {
        sets.entry(data_set).or_default().insert(rows);
    }
    Ok(sets.into_iter().map(|(data_set, sets)| (data_set, sets.len())).collect())
}

/// Seed, fold and data set of a column of split.csv, such as `seed-1/fold-2/ravdess>emodb`; `None` for another column.
pub(crate) fn split_column(header: &str) -> Option<(u64, usize, &str)> {
    let mut parts = header.splitn(3, '/');
    let seed = parts.next()?.strip_prefix("seed-")?.parse().ok()?;
    let fold = parts.next()?.strip_prefix("fold-")?.parse().ok()?;
    Some((seed, fold, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_test_sets_of_two_seeds_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().to_owned());
        assert_eq!(distinct_tests(&run).unwrap(), HashMap::new());
        let header = "corpus,utterance,speaker,class,sha256,seed-1/fold-1/a>b,seed-2/fold-1/a>b,seed-3/fold-1/a>b,seed-1/fold-2/a>c";
        let rows = "b,x,s,sad,,test,test,full,-\nb,y,s,sad,,low,full,test,-\nc,z,s,sad,,-,-,-,test\n";
        std::fs::write(run.splits(), format!("{header}\n{rows}")).unwrap();
        let expected = [("a>b".to_owned(), 2), ("a>c".to_owned(), 1)];
        assert_eq!(distinct_tests(&run).unwrap(), HashMap::from(expected));
    }
}
