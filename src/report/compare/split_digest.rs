//! split.csv of a run: its digest, and the test sets that it lists.

use crate::analysis::distinct_tests::split_column;
use seraug_core::digest::digest_hex;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::run_files::RunDir;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A split.csv with its digest. A run without the file has an empty digest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SplitDigest {
    /// SHA-256 of the file, as hexadecimal digits.
    pub(super) digest: String,
    text: Vec<u8>,
}

/// The test set of each (seed, fold, data set): (corpus, utterance) to (class, SHA-256 of the recording or nothing).
pub(super) type TestSets = HashMap<(u64, usize, String), BTreeMap<(String, String), (String, String)>>;

impl SplitDigest {
    /// Reads the file of a run, if it exists.
    pub(super) fn of(run: &RunDir) -> Result<SplitDigest> {
        match files::read(&run.splits(), files::DATA) {
            Ok(text) => Ok(SplitDigest { digest: digest_hex(&text), text }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(SplitDigest::default()),
            Err(e) => Err(Error::failed(format!("{}: {e}", run.splits().display()))),
        }
    }

    /// The test sets of the `wanted` splits: seed, fold and data set.
    pub(super) fn test_sets(&self, run: &RunDir, wanted: &BTreeSet<(u64, usize, &str)>) -> Result<TestSets> {
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
            header.iter().enumerate().filter_map(|(i, h)| Some((i, split_column(h)?))).collect();
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
