//! The link `latest` to the newest of the runs, or reports, beside it. Only a convenience: it may be missing on file systems
//! without links, or be a folder in a copy.

use super::RunInfo;
use crate::files::atomic::temporary_prefix;
use std::path::{Path, PathBuf};

pub use crate::names::folders::LATEST;

/// Makes `latest` in `parent` a link to `id`, atomically, so that a reader always finds a run. Does not replace anything but a
/// link. Returns a line that says why if `latest` is not a link to `id` afterwards.
#[must_use]
pub fn point_latest(parent: &Path, id: &str) -> Option<String> {
    let link = parent.join(LATEST);
    if std::fs::read_link(&link).is_ok_and(|to| to == Path::new(id)) {
        return None;
    }
    let said = |why: &str| Some(format!("{}: {why}; the newest is {id}", link.display()));
    match std::fs::symlink_metadata(&link) {
        Ok(about) if about.is_dir() => return said("is a folder and not a link, so it stays as it is"),
        Ok(about) if !about.is_symlink() => return said("is a file and not a link, so it stays as it is"),
        _ => {}
    }
    let temporary = parent.join(format!("{}{LATEST}", temporary_prefix()));
    let made = std::os::unix::fs::symlink(id, &temporary).and_then(|()| std::fs::rename(&temporary, &link));
    made.err().and_then(|e| {
        let _ = std::fs::remove_file(&temporary);
        said(&format!("cannot be made a link: {e}"))
    })
}

/// The run that `latest` in `parent` stands for: the target of the link, or else the newest folder with a run.toml, which may
/// itself be called `latest`. With a line for the user if it is not the target of a link.
pub fn latest_run(parent: &Path) -> Option<(PathBuf, Option<String>)> {
    let link = parent.join(LATEST);
    if link.is_symlink() && is_run(&link) {
        return Some((link, None));
    }
    let newest = newest(parent)?;
    let what = match std::fs::symlink_metadata(&link) {
        _ if newest == link => return Some((newest, None)),
        Ok(about) if about.is_dir() => "is a folder and not a link",
        Ok(about) if about.is_symlink() => "leads to no run",
        Ok(_) => "is a file and not a link",
        Err(_) => "is not there",
    };
    let note = format!("{} {what}; the newest run beside it is taken: {}", link.display(), newest.display());
    Some((newest, Some(note)))
}

fn is_run(dir: &Path) -> bool {
    dir.join("run.toml").is_file()
}

/// The run in `parent` that was started last; of several copies, the one under its own name.
fn newest(parent: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(parent).ok()?.flatten();
    let shown = entries.filter(|e| {
        e.file_type().is_ok_and(|t| t.is_dir()) && !e.file_name().to_string_lossy().starts_with('.')
    });
    let dated = shown.filter(|e| is_run(&e.path())).map(|e| {
        let name = e.file_name();
        let began = RunInfo::load(&e.path().join("run.toml")).map_or(String::new(), |info| info.started);
        // Two of one second have a number after the second's name.
        ((began, name != LATEST, name.len(), name), e.path())
    });
    dated.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_files::RunDir;
    use std::os::unix::fs::symlink;

    struct Runs(tempfile::TempDir);

    impl Runs {
        /// Runs that began on these days of a month.
        fn of(days: &[(&str, u32)]) -> Runs {
            let runs = Runs(tempfile::tempdir().unwrap());
            for (name, day) in days {
                let started = format!("2026-01-{day:02}T00:00:00Z");
                std::fs::create_dir(runs.at(name)).unwrap();
                RunInfo { started, ..RunInfo::default() }.save(&runs.at(name).join("run.toml")).unwrap();
            }
            runs
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// The name of the run that `latest` means.
        fn meant(&self) -> String {
            let (run, note) = RunDir::named(&self.at(LATEST)).unwrap();
            let real = self.at(LATEST).canonicalize().ok();
            assert_eq!(note.is_some(), real.is_none_or(|r| r != run.path()), "{note:?}");
            run.id()
        }
    }

    #[test]
    fn whatever_is_in_the_place_of_the_link_the_newest_run_is_meant() {
        let runs = Runs::of(&[("a", 2), ("b", 3), ("c", 1)]);
        assert_eq!(runs.meant(), "b", "there is none");
        symlink("c", runs.at(LATEST)).unwrap();
        assert_eq!(runs.meant(), "c", "a link to a run is that run");
        std::fs::remove_file(runs.at(LATEST)).unwrap();
        symlink("gone", runs.at(LATEST)).unwrap();
        assert_eq!(runs.meant(), "b", "it leads nowhere");
        assert_eq!(point_latest(runs.0.path(), "b"), None);
        assert_eq!(std::fs::read_link(runs.at(LATEST)).unwrap(), Path::new("b"));
        std::fs::remove_file(runs.at(LATEST)).unwrap();
        std::fs::write(runs.at(LATEST), "b\n").unwrap();
        assert_eq!(runs.meant(), "b", "a text, as on file systems without links");
        let said = point_latest(runs.0.path(), "b").unwrap();
        assert!(
            said.ends_with("latest: is a file and not a link, so it stays as it is; the newest is b"),
            "{said}"
        );
        assert_eq!(std::fs::read(runs.at(LATEST)).unwrap(), b"b\n");
    }

    #[test]
    fn a_copy_in_its_place_is_a_run_like_the_others() {
        let alone = Runs::of(&[(LATEST, 2)]);
        assert_eq!(alone.meant(), LATEST);
        let copied = Runs::of(&[("a", 1), ("b", 2), (LATEST, 2)]);
        assert_eq!(copied.meant(), "b", "the run itself rather than its copy");
        let before = Runs::of(&[("a", 1), (LATEST, 2)]);
        assert_eq!(before.meant(), LATEST, "of all that are there it is the newest");
        let said = point_latest(before.0.path(), "a").unwrap();
        assert!(said.contains("is a folder and not a link, so it stays as it is"), "{said}");
        // Named by itself it is what it is.
        assert_eq!(RunDir::exactly(&copied.at(LATEST)).unwrap().id(), LATEST);
    }

    #[test]
    fn where_there_is_no_run_nothing_is_meant() {
        let none = Runs::of(&[]);
        std::fs::create_dir(none.at(LATEST)).unwrap();
        assert_eq!(latest_run(none.0.path()), None);
        assert!(RunDir::named(&none.at(LATEST)).is_err());
    }
}
