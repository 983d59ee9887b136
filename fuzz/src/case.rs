//! An input of the fuzzer: a set of files, most often a seed with some of its files mutated.

use rand::Rng;
use rand::rngs::SmallRng;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use walkdir::WalkDir;

/// Files by their paths below the folder of the case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Case(pub BTreeMap<String, Rc<[u8]>>);

impl Case {
    /// A case of one file.
    pub(crate) fn of(name: &str, bytes: impl AsRef<[u8]>) -> Case {
        Case::default().with(name, bytes)
    }

    /// The case with another file in it, or in the place of the one of this name.
    pub(crate) fn with(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Case {
        self.0.insert(name.to_owned(), bytes.as_ref().into());
        self
    }

    /// The total size in bytes.
    pub(crate) fn size(&self) -> usize {
        self.0.values().map(|bytes| bytes.len()).sum()
    }

    /// Every file below `folder`.
    pub(crate) fn read(folder: &Path) -> io::Result<Case> {
        let mut case = Case::default();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                let name = entry.path().strip_prefix(folder).map_err(io::Error::other)?;
                case = case.with(&name.to_string_lossy(), std::fs::read(entry.path())?);
            }
        }
        Ok(case)
    }

    /// Writes every file below `folder`.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, bytes) in &self.0 {
            let path = folder.join(name);
            if name.contains('/') {
                std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            }
            std::fs::write(path, bytes)?;
        }
        Ok(())
    }

    /// A file that `wanted` names: every file name is as likely as any other, however many folders have it.
    pub(crate) fn any(&self, wanted: impl Fn(&str) -> bool, random: &mut SmallRng) -> Option<String> {
        let mut of_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in self.0.keys().filter(|path| wanted(path)) {
            of_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(path);
        }
        let names: Vec<&Vec<&str>> = of_name.values().collect();
        let paths = pick(&names, random)?;
        pick(paths, random).map(|path| (*path).to_owned())
    }
}

/// A random element; `None` of an empty slice.
pub(crate) fn pick<'a, T>(of: &'a [T], random: &mut SmallRng) -> Option<&'a T> {
    (!of.is_empty()).then(|| &of[random.gen_range(0..of.len())])
}

/// The seeds in `folder`, sorted by name: each is a folder of files, or a single file, which is then called `main`.
pub(crate) fn seeds(folder: &Path, main: &str) -> io::Result<Vec<Case>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let read = |path: &std::path::PathBuf| match path.is_dir() {
        true => Case::read(path),
        false => std::fs::read(path).map(|bytes| Case::of(main, bytes)),
    };
    paths.iter().map(read).collect()
}
