//! Compares the recordings of an earlier run, by its split.csv, with those of a plan.

use super::Cell;
use seraug_core::spec::{Condition, TargetShare};
use seraug_data::split::{ListedUtterance, Selection, SplitPart, SplitTable, parts};
use std::collections::{BTreeMap, HashMap};

/// The recordings of an earlier run, compared with those of a plan.
#[derive(Debug)]
pub(super) struct Recordings {
    table: SplitTable,
    /// The row of each utterance of the plan in the table.
    rows: Vec<Option<usize>>,
    /// Whether the content and the class of each utterance of the plan are unchanged.
    same: Vec<bool>,
    /// Rows of utterances that are not in the plan.
    gone: Vec<usize>,
    /// The differences, corpus by corpus; empty where there are none.
    summary: String,
    /// Known results of [`Recordings::differ`], by seed, fold and which part of the fold trains.
    known: HashMap<(u64, usize, TargetShare, bool), bool>,
}

/// Numbers of recordings of one corpus by what has changed.
#[derive(Debug, Default)]
struct RecordingChanges {
    changed: usize,
    added: usize,
    gone: usize,
    relabelled: usize,
}

impl Recordings {
    /// Compares the utterances of `table`, whose run had `classes`, with those of `selection`.
    pub(super) fn new(table: SplitTable, classes: &[&str], selection: &Selection) -> Recordings {
        let mut counts: BTreeMap<&str, RecordingChanges> = BTreeMap::new();
        let mut listed = vec![false; table.rows().len()];
        let (mut rows, mut same) = (Vec::new(), Vec::new());
        for (u, label) in selection.utterances.iter().zip(&selection.labels) {
            let row = table.row(&u.corpus, &u.id);
            let of_corpus = counts.entry(&u.corpus).or_default();
            let Some(ListedUtterance { class, sha256, .. }) = row.map(|r| &table.rows()[r]) else {
                of_corpus.added += 1;
                rows.push(None);
                same.push(false);
                continue;
            };
            listed[row.unwrap_or_default()] = true;
            let changed = sha256.as_ref().is_some_and(|s| *s != u.sha256);
            let relabelled = classes.get(*label).is_none_or(|c| c != class);
            of_corpus.changed += usize::from(changed);
            of_corpus.relabelled += usize::from(relabelled);
            rows.push(row);
            same.push(!changed && !relabelled);
        }
        let gone: Vec<usize> = (0..listed.len()).filter(|&row| !listed[row]).collect();
        for &row in &gone {
            counts.entry(&table.rows()[row].corpus).or_default().gone += 1;
        }
        let texts: Vec<String> =
            counts.iter().filter_map(|(corpus, c)| Some(format!("{corpus}: {}", c.describe()?))).collect();
        let summary = texts.join("; ");
        Recordings { rows, same, gone, summary, known: HashMap::new(), table }
    }

    /// The differences, such as `emodb: 3 recordings changed, 1 added, 2 gone, 1 relabelled`; empty where there are none.
    pub(super) fn summary(&self) -> &str {
        &self.summary
    }

    /// Whether the training or test set of a cell differs from that of the earlier run: by its members, their contents or
    /// their classes.
    pub(super) fn differ(&mut self, cell: &Cell, condition: &Condition) -> bool {
        let place = (cell.id.seed, cell.id.fold, condition.target, condition.unreduced);
        if let Some(answer) = self.known.get(&place) {
            return *answer;
        }
        let answer = match self.table.column(cell.id.seed, cell.id.fold) {
            None => true,
            Some(column) => self.differ_in(column, cell, condition),
        };
        self.known.insert(place, answer);
        answer
    }

    fn differ_in(&self, column: usize, cell: &Cell, condition: &Condition) -> bool {
        // A cell does not depend on removed utterances unless it trains on them, nor one of LT on those that train only in
        // FT. FT trains on both.
        let of = |part: SplitPart| match (part, condition.target) {
            (SplitPart::Removed, _) if condition.unreduced => SplitPart::Train,
            (SplitPart::Removed, _) | (SplitPart::Full, TargetShare::Low) => SplitPart::None,
            (SplitPart::Low, TargetShare::Full) => SplitPart::Full,
            (part, _) => part,
        };
        let before = |row: usize| of(self.table.part(row, column));
        let now = parts(&cell.fold, self.rows.len());
        let moved = |i: usize| {
            let (before, now) = (self.rows[i].map_or(SplitPart::None, before), of(now[i]));
            before != now || (now != SplitPart::None && !self.same[i])
        };
        (0..self.rows.len()).any(moved) || self.gone.iter().any(|&row| before(row) != SplitPart::None)
    }
}

impl RecordingChanges {
    fn describe(&self) -> Option<String> {
        let counts = [
            (self.changed, "changed"),
            (self.added, "added"),
            (self.gone, "gone"),
            (self.relabelled, "relabelled"),
        ];
        let mut parts: Vec<String> = Vec::new();
        for (n, what) in counts.into_iter().filter(|(n, _)| *n > 0) {
            let plural = if n == 1 { "" } else { "s" };
            let subject = if parts.is_empty() { format!(" recording{plural}") } else { String::new() };
            parts.push(format!("{n}{subject} {what}"));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_with_their_subject_once() {
        assert_eq!(RecordingChanges::default().describe(), None);
        let all = RecordingChanges { changed: 3, added: 1, gone: 2, relabelled: 1 };
        assert_eq!(all.describe().unwrap(), "3 recordings changed, 1 added, 2 gone, 1 relabelled");
        assert_eq!(
            RecordingChanges { gone: 1, ..RecordingChanges::default() }.describe().unwrap(),
            "1 recording gone"
        );
    }
}
