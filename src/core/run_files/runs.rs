//! Finds the run directories below a results folder.

use super::RunDir;
use crate::names::folders::LATEST;
use std::path::Path;
use walkdir::WalkDir;

/// Depth down to which links are followed; people who keep experiments elsewhere link them near the top.
const DEEPEST: usize = 3;

/// Every run directory below `results`, sorted by path. Folders of experiments may be links, for example to another disk; the
/// link `latest` is not followed. Run directories are not searched.
pub fn runs_below(results: &Path) -> Vec<RunDir> {
    let mut entries = WalkDir::new(results).follow_links(true).sort_by_file_name().into_iter();
    let mut runs = Vec::new();
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        if !entry.file_type().is_dir() {
            continue;
        }
        let hidden = entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
        let hidden =
            hidden || entry.path_is_symlink() && (entry.file_name() == LATEST || entry.depth() > DEEPEST);
        let run = if hidden { None } else { RunDir::exactly(entry.path()).ok() };
        if hidden || run.is_some() {
            entries.skip_current_dir();
        }
        runs.extend(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_atomic;

    #[test]
    fn runs_are_found_at_any_depth_once() {
        let dir = tempfile::tempdir().unwrap();
        for experiment in ["open/x", "quick"] {
            for stamp in ["a", "b"] {
                let fill = |run: &RunDir| write_atomic(&run.info(), b"");
                RunDir::create(dir.path(), experiment, stamp, "1", fill).unwrap();
            }
        }
        std::fs::create_dir_all(dir.path().join(".store/x")).unwrap();
        std::fs::write(dir.path().join(".store/x/run.toml"), "").unwrap();
        std::fs::create_dir_all(dir.path().join("empty/z")).unwrap();
        let ids: Vec<String> = runs_below(dir.path()).iter().map(RunDir::id).collect();
        assert_eq!(ids, ["a-1", "b-1", "a-1", "b-1"]);
        assert!(runs_below(&dir.path().join("nowhere")).is_empty());
    }
}
