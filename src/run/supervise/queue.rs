//! Which cell is next: in the order of the plan, but none whose stage a running cell is making.

use seraug_core::run_files::PlannedCell;
use std::collections::{BTreeMap, VecDeque};

/// How far the search for a free cell goes.
const AHEAD: usize = 64;

/// The cells that are to be worked on.
#[derive(Debug)]
pub struct Queue<'a> {
    cells: &'a [PlannedCell],
    waiting: VecDeque<usize>,
    /// Rows being worked on.
    running: Vec<usize>,
    /// How often each was begun.
    attempts: BTreeMap<usize, usize>,
}

impl<'a> Queue<'a> {
    /// Of the rows `todo` of `cells`.
    pub fn new(cells: &'a [PlannedCell], todo: impl IntoIterator<Item = usize>) -> Queue<'a> {
        Queue { cells, waiting: todo.into_iter().collect(), running: Vec::new(), attempts: BTreeMap::new() }
    }

    /// Takes the next row, and says for the how-many-th time it is begun. None of whose stages is `busy` elsewhere, if
    /// there is one; a cell that shares an unfinished stage with a running one is left until that has ended.
    pub fn next(
        &mut self,
        made: impl Fn(&str) -> bool,
        busy: impl Fn(&PlannedCell) -> bool,
    ) -> Option<(usize, usize)> {
        let shared = |row: &usize| {
            let cell = &self.cells[*row];
            self.running.iter().any(|&other| {
                let other = &self.cells[other];
                other.key_classifier == cell.key_classifier
                    || (!cell.key_augmentor.is_empty()
                        && other.key_augmentor == cell.key_augmentor
                        && !made(&cell.key_augmentor))
            })
        };
        let free: Vec<usize> =
            (0..self.waiting.len()).filter(|&at| !shared(&self.waiting[at])).take(AHEAD).collect();
        let quiet = free.iter().copied().find(|&at| !busy(&self.cells[self.waiting[at]]));
        // What others make is waited for when there is nothing else to do.
        let at = quiet.or(free.first().copied().filter(|_| self.running.is_empty()))?;
        let row = self.waiting.remove(at)?;
        self.running.push(row);
        let attempt = self.attempts.entry(row).or_default();
        *attempt += 1;
        Some((row, *attempt))
    }

    /// The row is not worked on any more.
    pub fn ended(&mut self, row: usize) {
        self.running.retain(|&r| r != row);
    }

    /// The row is to be tried again, first of all.
    pub fn again(&mut self, row: usize) {
        self.ended(row);
        self.waiting.push_front(row);
    }

    /// The row was left without having failed: it is next, and that was no try.
    pub fn left(&mut self, row: usize) {
        self.again(row);
        if let Some(attempt) = self.attempts.get_mut(&row) {
            *attempt -= 1;
        }
    }

    /// Rows that nobody works on.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing is left and nothing runs.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Whether a cell is being worked on.
    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::run_files::CellId;

    fn cell(augmentor: &str, classifier: &str) -> PlannedCell {
        PlannedCell {
            cell: CellId { experiment: "x".into(), condition: "c".into(), fold: 1, seed: 1 },
            corpus: "emodb".into(),
            n_train: 1,
            n_augmented: 0,
            n_test: 1,
            reduced: Vec::new(),
            key_augmentor: augmentor.into(),
            key_classifier: classifier.into(),
            trajectory_augmentor: String::new(),
            trajectory_classifier: String::new(),
        }
    }

    #[test]
    fn a_shared_stage_is_made_by_one_cell_at_a_time() {
        let cells = [cell("a", "1"), cell("a", "2"), cell("", "1"), cell("", "4"), cell("b", "5")];
        let mut queue = Queue::new(&cells, 0..5);
        let (none, idle) = (|_: &str| false, |_: &PlannedCell| false);
        assert_eq!(queue.next(none, idle), Some((0, 1)));
        assert_eq!(queue.next(none, idle), Some((3, 1)), "1 shares its augmentor, 2 its classifier with 0");
        assert_eq!(queue.next(|k| k == "a", idle), Some((1, 1)), "the augmentor is made by now");
        queue.left(0);
        assert_eq!(queue.next(|k| k == "a", idle), Some((0, 1)), "it did not fail");
        queue.again(0);
        assert_eq!(queue.next(|k| k == "a", idle), Some((0, 2)));
        [0, 1, 3].into_iter().for_each(|row| queue.ended(row));
        assert_eq!(queue.next(none, idle), Some((2, 1)));
        assert_eq!(queue.next(none, |c| c.key_augmentor == "b"), None, "another process makes it");
        queue.ended(2);
        assert_eq!(queue.next(none, |c| c.key_augmentor == "b"), Some((4, 1)), "nothing else is left");
        queue.ended(4);
        assert!(queue.is_done() && queue.next(none, idle).is_none());
    }
}
