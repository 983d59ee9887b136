//! The archived report against the one that its predictions give.

use super::super::archive::OpenedArchive;
use super::tables::same_numbers;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::text::plural;
use seraug_core::version::VERSION;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::write;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Files that every report has, whichever version wrote it.
const ALWAYS: [&str; 4] = ["table.csv", "table.md", "table.tex", "index.html"];
/// Kinds of texts. Pictures of dots have their checksums alone.
const TEXTS: [&str; 6] = ["md", "tex", "bib", "html", "svg", "toml"];
/// Most characters of a line that a message shows.
const SHOWN: usize = 60;

/// What of a report was derived again.
pub(super) struct ReportCheck {
    /// Numbers of its CSV tables.
    pub(super) numbers: usize,
    /// Tables as text, methods, pages and drawings, byte for byte.
    pub(super) texts: usize,
    /// Texts that differ, because another program wrote them.
    other: Vec<String>,
    /// The program that wrote the archive.
    writer: Option<String>,
}

impl ReportCheck {
    /// Holds every file of the report and the texts beside it against what the predictions give.
    pub(super) fn of(archive: &OpenedArchive, run: &LoadedRun) -> Result<ReportCheck> {
        let again = tempfile::tempdir().at(Path::new("the temporary folder"))?;
        write::report_public(archive.run(), again.path())?;
        let archived = below(&archive.folder().join("reports"))?;
        let derived = below(again.path())?;
        let same_program = archive.is_of_this_program();
        let mut check = ReportCheck { numbers: 0, texts: 0, other: Vec::new(), writer: archive.writer() };
        for name in derived.keys().filter(|name| !archived.contains_key(*name)) {
            let always = name.file_name().and_then(|n| n.to_str()).is_some_and(|n| ALWAYS.contains(&n));
            if same_program || always {
                return Err(wrong(name, "is missing, but the predictions give it"));
            }
        }
        let same_version = run.info.version == VERSION;
        for (name, path) in &archived {
            let kind = name.extension().and_then(|e| e.to_str()).unwrap_or_default();
            let other = derived.get(name);
            if kind == "csv" {
                let none = again.path().join(name);
                check.numbers += same_numbers(path, other.unwrap_or(&none), name, same_version)?;
            } else if other.is_none() && same_program {
                return Err(wrong(name, "is no file of the report: it was added"));
            } else if TEXTS.contains(&kind) {
                let new = other.map(|path| files::read(path, files::DATA).at(path)).transpose()?;
                check.text(name, path, new.as_deref(), same_program)?;
            }
        }
        for (name, text) in archive.prose(run) {
            check.text(Path::new(name), &archive.folder().join(name), Some(text.as_bytes()), same_program)?;
        }
        if check.numbers == 0 {
            return Err(Error::contradiction("it has no tables"));
        }
        Ok(check)
    }

    /// Holds a text against the one that was made again.
    fn text(&mut self, name: &Path, archived: &Path, again: Option<&[u8]>, same_program: bool) -> Result<()> {
        let old = files::read(archived, files::DATA)
            .map_err(|_| wrong(name, "is missing, but an archive has it"))?;
        match again {
            Some(new) if new == old.as_slice() => self.texts += 1,
            Some(new) if same_program => return Err(changed(name, &old, new)),
            _ => self.other.push(name.display().to_string()),
        }
        Ok(())
    }

    /// A line about the texts that could not be derived; empty where all were.
    pub(super) fn rest(&self) -> String {
        let Some(first) = self.other.first() else { return String::new() };
        let writer = self.writer.as_deref().unwrap_or("another version");
        format!(
            "by their checksums alone: {} that another program wrote ({writer}), such as {first}\n",
            plural(self.other.len(), "text")
        )
    }
}

/// Every file below a folder, by its name there.
fn below(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in WalkDir::new(folder) {
        let entry = entry.map_err(|e| Error::at(folder, e))?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_owned();
            found.insert(name, entry.path().to_owned());
        }
    }
    Ok(found)
}

fn wrong(name: &Path, what: &str) -> Error {
    Error::contradiction(format!("{}: {what}", name.display()))
}

/// The first line that differs.
fn changed(name: &Path, old: &[u8], new: &[u8]) -> Error {
    let [old, new] = [old, new].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let (mut old_lines, mut new_lines) = (old.lines(), new.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (a, b) = (old_lines.next(), new_lines.next());
        if a == b && a.is_some() {
            continue;
        }
        let [a, b] = differing(a.unwrap_or_default(), b.unwrap_or_default());
        let what = format!("line {number} has `{a}`, but the predictions give `{b}`: it was changed");
        return wrong(name, &what);
    }
}

/// Two lines from a little before the first character in which they differ.
fn differing(a: &str, b: &str) -> [String; 2] {
    let same = std::iter::zip(a.chars(), b.chars()).take_while(|(x, y)| x == y).count();
    [a, b].map(|line| line.chars().skip(same.saturating_sub(SHOWN / 3)).take(SHOWN).collect())
}
