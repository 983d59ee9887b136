//! Where the recordings of a source are. No path leads out of there.

use super::row::SourceRow;
use crate::audio::formats::EXTENSIONS;
use crate::corpora::table::row::stem;
use seraug_core::error::{AtPath, Error, Result};
use std::path::{Component, Path, PathBuf};

/// Rows that are tried, from all over the source, before it is said that no recording is where it should be.
const TRIED: usize = 500;
/// Most folders in front of a path that are left away.
const DEEPEST: usize = 8;

/// The folder below which the recordings are.
pub(super) struct AudioRoot {
    /// As it was named, absolute.
    given: PathBuf,
    /// Without links.
    real: PathBuf,
    /// Leading folders of each path that are not there.
    dropped: usize,
    /// The extension of the recordings, where it is not that of the paths.
    extension: Option<&'static str>,
    /// Whether one of the recordings is there.
    found: bool,
}

impl AudioRoot {
    /// Of `folder`.
    ///
    /// # Errors
    /// It is not there or no folder.
    pub(super) fn new(folder: &Path) -> Result<AudioRoot> {
        let real = folder.canonicalize().cannot("be read", folder)?;
        if !real.is_dir() {
            return Err(Error::at(folder, "not a folder; --audio is the one that has the recordings"));
        }
        let given = std::path::absolute(folder).unwrap_or_else(|_| real.clone());
        Ok(AudioRoot { given, real, dropped: 0, extension: None, found: false })
    }

    /// Without links.
    pub(super) fn real(&self) -> &Path {
        &self.real
    }

    /// Where no recording is as the source has it, finds how many leading folders of the paths to leave away, and
    /// with which extension, so that one is; and says so.
    pub(super) fn settle(&mut self, rows: &[SourceRow]) -> Vec<String> {
        let paths: Vec<Vec<String>> = rows
            .iter()
            .step_by(rows.len().div_ceil(TRIED).max(1))
            .filter_map(|row| self.steps(&row.path).ok())
            .collect();
        let there = |dropped: usize, extension: Option<&str>| {
            let of = |steps: &Vec<String>| Some(with_extension(&steps.get(dropped..)?.join("/"), extension));
            paths.iter().filter_map(of).any(|path| !path.is_empty() && self.real.join(path).is_file())
        };
        let extensions = std::iter::once(None).chain(EXTENSIONS.iter().copied().map(Some));
        let mut ways = extensions.flat_map(|e| (0..=DEEPEST).map(move |dropped| (dropped, e)));
        let found = ways.find(|(dropped, extension)| there(*dropped, *extension));
        self.found = found.is_some();
        (self.dropped, self.extension) = found.unwrap_or((0, None));
        let mut notes = Vec::new();
        if let Some(first) = paths.first().filter(|_| self.dropped > 0) {
            let front = first.iter().take(self.dropped).map(String::as_str).collect::<Vec<_>>().join("/");
            notes.push(format!("paths: without `{front}/` in front, as they are in {}", self.real.display()));
        }
        if let Some(extension) = self.extension {
            notes.push(format!("paths: ending in .{extension}, as they are in {}", self.real.display()));
        }
        notes
    }

    /// Whether one of the recordings is here.
    pub(super) fn found(&self) -> bool {
        self.found
    }

    /// `path` of the source below this folder: relative, with `/`, without `.` and `..`.
    ///
    /// # Errors
    /// It is empty, leads upwards, or is absolute and elsewhere.
    pub(super) fn relative(&self, path: &str) -> std::result::Result<String, String> {
        let steps = self.steps(path)?;
        match steps.get(self.dropped..) {
            Some(steps @ [_, ..]) => Ok(with_extension(&steps.join("/"), self.extension)),
            _ => Err(format!("path `{path}`: not below a folder, as the others are")),
        }
    }

    fn steps(&self, path: &str) -> std::result::Result<Vec<String>, String> {
        if path.chars().any(char::is_control) {
            return Err(format!("path {path:?}: a control character in it"));
        }
        let windows = path.contains('\\') && !path.contains('/');
        let path = if windows { path.replace('\\', "/") } else { path.to_owned() };
        let outside = || {
            let folder = self.real.display();
            format!("path `{path}`: not below {folder}; name the folder of the recordings with --audio DIR")
        };
        let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes().get(2) == Some(&b'/');
        let literal = Path::new(&path);
        let below = match literal.is_absolute() {
            true => literal.strip_prefix(&self.given).or_else(|_| literal.strip_prefix(&self.real)),
            false => Ok(literal),
        };
        let below = below.ok().filter(|_| !drive).ok_or_else(outside)?;
        let mut steps = Vec::new();
        for step in below.components() {
            match step {
                Component::Normal(step) => steps.push(step.to_string_lossy().into_owned()),
                Component::CurDir => {}
                _ => return Err(outside()),
            }
        }
        if steps.is_empty() { Err(format!("path `{path}`: names no file")) } else { Ok(steps) }
    }

    /// The folder as manifest.toml names it for a corpus in `corpora`: relative where it is there too, so that both can be
    /// moved together.
    pub(super) fn seen_from(&self, corpora: &Path) -> PathBuf {
        let below =
            corpora.canonicalize().ok().and_then(|c| Some(self.real.strip_prefix(c).ok()?.to_owned()));
        below.map_or_else(|| self.real.clone(), |below| Path::new("..").join(below))
    }

    /// Whether the file at `relative`, its links followed, is below this folder; one that is not there is.
    pub(super) fn holds(&self, relative: &str) -> bool {
        self.real.join(relative).canonicalize().map_or(true, |path| path.starts_with(&self.real))
    }
}

/// `path` with another extension, if there is one.
fn with_extension(path: &str, extension: Option<&str>) -> String {
    extension.map_or_else(|| path.to_owned(), |extension| format!("{}.{extension}", stem(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> (tempfile::TempDir, AudioRoot) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("audio/wav")).unwrap();
        std::fs::write(dir.path().join("audio/wav/a.wav"), "x").unwrap();
        let root = AudioRoot::new(&dir.path().join("audio")).unwrap();
        (dir, root)
    }

    #[test]
    fn paths_stay_below_the_folder() {
        let (dir, root) = root();
        let own = dir.path().join("audio/wav/a.wav").display().to_string();
        for (path, expected) in [
            ("wav/a.wav", "wav/a.wav"),
            ("./wav//a.wav", "wav/a.wav"),
            ("wav\\a.wav", "wav/a.wav"),
            (&own, "wav/a.wav"),
        ] {
            assert_eq!(root.relative(path).as_deref(), Ok(expected), "{path}");
        }
        for path in [
            "../a.wav",
            "wav/../../a.wav",
            "wav/../wav/a.wav",
            "/etc/passwd",
            "C:\\a.wav",
            "",
            ".",
            "a\nb.wav",
        ] {
            assert!(root.relative(path).is_err(), "{path}");
        }
        assert!(root.relative("/x/a.wav").unwrap_err().contains("--audio DIR"));
    }

    #[test]
    fn folders_in_front_that_are_not_there_are_left_away_for_all() {
        let (_dir, mut root) = root();
        let row = |path: &str| SourceRow { path: path.to_owned(), ..SourceRow::default() };
        let rows = [row("downloads/x/wav/b.wav"), row("downloads/x/wav/a.wav")];
        assert!(root.settle(&rows)[0].contains("without `downloads/x/`"));
        assert_eq!(root.relative("downloads/x/wav/b.wav").as_deref(), Ok("wav/b.wav"));
        assert!(root.relative("b.wav").is_err());
        assert_eq!(root.settle(&[row("wav/a.wav"), row("no/b.wav")]), [""; 0]);
        assert_eq!(root.relative("wav/a.wav").as_deref(), Ok("wav/a.wav"));
        assert_eq!(root.settle(&[row("x/a.flac")]).len(), 0);
        assert!(!root.found());
        let told = root.settle(&[row("x/wav/a.flac")]);
        assert!(told.len() == 2 && told[1].contains("ending in .wav"), "{told:?}");
        assert_eq!(root.relative("x/wav/c.flac").as_deref(), Ok("wav/c.wav"));
    }
}
