//! Decides which cell is next: in the order of the plan, but none that shares an unfinished stage with a running cell.

use seraug_core::run_files::PlannedCell;
use seraug_core::store::{Key, Stage};
use std::collections::{BTreeMap, VecDeque};

/// How many waiting cells are looked at for one that can start.
const LOOKAHEAD: usize = 64;

/// The cells that are not done yet.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    cells: &'a [PlannedCell],
    waiting: VecDeque<usize>,
    /// Rows being worked on.
    running: Vec<usize>,
    /// How often each row was started.
    attempts: BTreeMap<usize, usize>,
}

impl<'a> Queue<'a> {
    /// A queue of the rows `todo` of `cells`.
    pub(super) fn new(cells: &'a [PlannedCell], todo: impl IntoIterator<Item = usize>) -> Queue<'a> {
        Queue { cells, waiting: todo.into_iter().collect(), running: Vec::new(), attempts: BTreeMap::new() }
    }

    /// Takes the next row and returns it with its attempt number. A cell of which another process makes a stage (`busy`)
    /// comes after all others; one that shares an unfinished stage with a running cell waits until that has ended.
    pub(super) fn next(
        &mut self,
        made: impl Fn(Stage, &Key) -> bool,
        busy: impl Fn(&PlannedCell) -> bool,
    ) -> Option<(usize, usize)> {
        let shared = |row: &usize| {
            let cell = &self.cells[*row];
            self.running.iter().any(|&other| {
                let other = &self.cells[other];
                let unfinished = |stage: &Stage| {
                    let key = cell.key(*stage).filter(|key| other.key(*stage) == Some(key));
                    key.is_some_and(|key| *stage == Stage::Classifier || !made(*stage, key))
                };
                Stage::ALL.iter().any(unfinished)
            })
        };
        let free: Vec<usize> =
            (0..self.waiting.len()).filter(|&at| !shared(&self.waiting[at])).take(LOOKAHEAD).collect();
        let quiet = free.iter().copied().find(|&at| !busy(&self.cells[self.waiting[at]]));
        // A worker waits for another process only when there is nothing else to do.
        let at = quiet.or(free.first().copied().filter(|_| self.running.is_empty()))?;
        let row = self.waiting.remove(at)?;
        self.running.push(row);
        let attempt = self.attempts.entry(row).or_default();
        *attempt += 1;
        Some((row, *attempt))
    }

    /// No worker is on the row any more.
    pub(super) fn ended(&mut self, row: usize) {
        self.running.retain(|&r| r != row);
    }

    /// The row is tried again, before all others.
    pub(super) fn retry(&mut self, row: usize) {
        self.ended(row);
        self.waiting.push_front(row);
    }

    /// The row was given back without having failed: it is next, and the try does not count.
    pub(super) fn put_back(&mut self, row: usize) {
        self.retry(row);
        if let Some(attempt) = self.attempts.get_mut(&row) {
            *attempt -= 1;
        }
    }

    /// Number of rows that no worker is on.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no row waits and none runs.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Whether a worker is on any row.
    pub(super) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::run_files::CellId;

    /// A key for each name, none for an empty one.
    fn key(name: &str) -> Option<Key> {
        (!name.is_empty()).then(|| Key::of("any", 1, &name))
    }

    fn cell(augmentor: &str, classifier: &str) -> PlannedCell {
        PlannedCell {
            cell: CellId { experiment: "x".into(), condition: "c".into(), fold: 1, seed: 1 },
            corpus: "emodb".into(),
            n_train: 1,
            n_augmented: 0,
            n_test: 1,
            reduced: Vec::new(),
            key_autoencoder: None,
            key_augmentor: key(augmentor),
            key_classifier: Key::of("any", 1, &classifier),
            trajectory_autoencoder: None,
            trajectory_augmentor: None,
            trajectory_classifier: None,
            key_judge: None,
            trajectory_judge: None,
        }
    }

    #[test]
    fn a_shared_stage_is_made_by_one_cell_at_a_time() {
        let cells = [cell("a", "1"), cell("a", "2"), cell("", "1"), cell("", "4"), cell("b", "5")];
        let mut queue = Queue::new(&cells, 0..5);
        let (none, idle) = (|_: Stage, _: &Key| false, |_: &PlannedCell| false);
        assert_eq!(queue.next(none, idle), Some((0, 1)));
        assert_eq!(queue.next(none, idle), Some((3, 1)), "1 shares its augmentor, 2 its classifier with 0");
        assert_eq!(
            queue.next(|_, k| Some(k) == key("a").as_ref(), idle),
            Some((1, 1)),
            "the augmentor is made by now"
        );
        queue.put_back(0);
        assert_eq!(queue.next(|_, k| Some(k) == key("a").as_ref(), idle), Some((0, 1)), "it did not fail");
        queue.retry(0);
        assert_eq!(queue.next(|_, k| Some(k) == key("a").as_ref(), idle), Some((0, 2)));
        [0, 1, 3].into_iter().for_each(|row| queue.ended(row));
        assert_eq!(queue.next(none, idle), Some((2, 1)));
        assert_eq!(queue.next(none, |c| c.key_augmentor == key("b")), None, "another process makes it");
        queue.ended(2);
        assert_eq!(queue.next(none, |c| c.key_augmentor == key("b")), Some((4, 1)), "nothing else is left");
        queue.ended(4);
        assert!(queue.is_done() && queue.next(none, idle).is_none());
    }
}
