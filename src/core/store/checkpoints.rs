//! Checkpoints in results/.store/checkpoints: states of trainings that are running or can be resumed.

use super::seal::{is_sealed, is_whole, write_sealed};
use super::{Key, Stage};
use crate::error::Result;
use crate::files::atomic::remove_aside;
use std::path::{Path, PathBuf};

/// The checkpoints of one trajectory: of all trainings that are equal step by step, however many steps they take.
#[derive(Debug, Clone)]
pub struct Checkpoints(PathBuf);

/// Checkpoints that are kept: the last one, and the one before it in case the last did not reach the disk.
const KEPT: usize = 2;

impl Checkpoints {
    pub(crate) fn of(store: &Path, stage: Stage, trajectory: &Key) -> Checkpoints {
        Checkpoints(store.join("checkpoints").join(format!("{}-{trajectory}", stage.name())))
    }

    /// The folder of the checkpoints.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// The step of each sealed checkpoint, ascending.
    pub fn steps(&self) -> Vec<usize> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut steps: Vec<usize> = entries
            .filter(|e| is_sealed(&e.path()))
            .filter_map(|e| e.file_name().to_string_lossy().parse().ok())
            .collect();
        steps.sort_unstable();
        steps
    }

    /// The last intact checkpoint whose step `usable` accepts.
    pub fn latest(&self, usable: impl Fn(usize) -> bool) -> Option<(usize, PathBuf)> {
        let steps = self.steps().into_iter().rev().filter(|s| usable(*s));
        steps.map(|s| (s, self.place(s))).find(|(_, dir)| is_whole(dir))
    }

    /// Saves the state after `step` steps, which `fill` writes into a new folder, and deletes all earlier ones but the last.
    ///
    /// # Errors
    /// The errors of `fill`; a folder that cannot be written.
    pub fn put(&self, step: usize, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        write_sealed(&self.place(step), fill)?;
        self.keep(step, KEPT);
        Ok(())
    }

    /// Deletes all but `count` of the checkpoints up to `step`; later ones belong to a longer training.
    pub fn keep(&self, step: usize, count: usize) {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let numbers = entries.filter_map(|e| e.file_name().to_string_lossy().parse().ok());
        let mut earlier: Vec<usize> = numbers.filter(|s| *s <= step).collect();
        // One without a seal is deleted first.
        earlier.sort_unstable_by_key(|s| (is_sealed(&self.place(*s)), *s));
        for old in earlier.iter().rev().skip(count) {
            let _ = remove_aside(&self.place(*old));
        }
        // Fails unless the folder is empty.
        let _ = std::fs::remove_dir(&self.0);
    }

    fn place(&self, step: usize) -> PathBuf {
        self.0.join(format!("{step:09}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_atomic;

    #[test]
    fn two_are_kept_and_a_torn_one_gives_way_to_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let points = Checkpoints::of(dir.path(), Stage::Augmentor, &Key::of("augmentor", 1, &1));
        assert_eq!(points.latest(|_| true), None);
        let put = |step| points.put(step, |d| write_atomic(&d.join("state"), b"x")).unwrap();
        [90, 10, 20, 30].into_iter().for_each(put);
        assert_eq!(points.steps(), [20, 30, 90], "90 is of a longer training");
        assert_eq!(points.latest(|s| s < 90).unwrap().0, 30);
        std::fs::write(points.place(30).join("state"), "y").unwrap();
        assert_eq!(points.latest(|s| s < 90).unwrap().0, 20);
        points.keep(30, 1);
        assert_eq!(points.steps(), [30, 90]);
        points.keep(90, 0);
        assert!(!points.dir().exists());
    }
}
