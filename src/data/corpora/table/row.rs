//! Parses a row of a table, or says what is wrong with it.

use super::Words;
use super::files::TableFiles;
use crate::corpora::Excerpt;
use seraug_core::emotion::Emotion;
use seraug_core::manifest::{Gender, Manifest};
use seraug_core::names::unicode::normalise;
use seraug_core::suggest::hint;
use std::borrow::Cow;
use std::path::Path;

const REQUIRED: [&str; 3] = ["path", "emotion", "speaker"];
const OPTIONAL: [&str; 8] = ["id", "gender", "session", "language", "split", "start", "end", "text"];

/// A valid row; repeated words are indices into [`Words`], its file is an index into [`TableFiles`].
pub(super) struct TableRow {
    pub(super) line: u64,
    pub(super) id: Box<str>,
    pub(super) file: u32,
    pub(super) speaker: u32,
    pub(super) language: u32,
    pub(super) session: Option<u32>,
    pub(super) split: Option<u32>,
    pub(super) text: Option<u32>,
    pub(super) gender: Option<Gender>,
    pub(super) emotion: Emotion,
    pub(super) excerpt: Option<Excerpt>,
}

/// What a row is.
pub(super) enum RowKind {
    Row(TableRow),
    /// By a code that the manifest drops.
    Dropped(String),
    /// By the name under which the manifest lists it as unusable.
    Unusable(String),
}

/// Where each column is.
pub(super) struct Columns {
    required: [usize; 3],
    optional: [Option<usize>; 8],
    width: usize,
    /// Seconds may be written `1,25`.
    decimal_comma: bool,
}

/// Whether a cell has nothing in it.
pub(super) fn is_blank(cell: &[u8]) -> bool {
    cell.is_empty() || std::str::from_utf8(cell).is_ok_and(|text| normalise(text).is_empty())
}

impl Columns {
    /// Finds the columns by the header, in any case. `delimiter` is what stands between cells.
    pub(super) fn find(header: &csv::ByteRecord, delimiter: u8) -> Result<Columns, String> {
        let names: Vec<String> =
            header.iter().map(|h| normalise(&String::from_utf8_lossy(h)).to_lowercase()).collect();
        let at = |name: &str| names.iter().position(|n| n == name);
        let known = REQUIRED.iter().chain(&OPTIONAL);
        if let Some(twice) = known.copied().find(|k| names.iter().filter(|n| n == k).count() > 1) {
            return Err(format!("two columns `{twice}`; remove one"));
        }
        let mut required = [0; 3];
        for (place, name) in required.iter_mut().zip(REQUIRED) {
            *place = at(name).ok_or_else(|| {
                let found = if names.iter().all(String::is_empty) { "nothing".into() } else { names.join(", ") };
                let comma = match &names[..] {
                    [one] if one.contains(';') => "; columns are separated by commas, or a first line says `sep=;`",
                    [_] => "; columns are separated by commas",
                    _ => "",
                };
                format!("no column `{name}` in its first line, which has {found}; path, emotion and speaker are required{comma}")
            })?;
        }
        let decimal_comma = delimiter != b',';
        Ok(Columns { required, optional: OPTIONAL.map(at), width: names.len(), decimal_comma })
    }

    /// Reads a record.
    pub(super) fn row(
        &self,
        line: u64,
        record: &csv::ByteRecord,
        manifest: &Manifest,
        files: &mut TableFiles,
        words: &mut Words,
    ) -> Result<RowKind, String> {
        let more = record.iter().skip(self.width);
        if record.len() < self.width || !more.clone().all(is_blank) {
            return Err(format!("{} cells, the header has {}", record.len(), self.width));
        }
        let text = |at: usize| {
            let cell = std::str::from_utf8(&record[at])
                .map_err(|_| "not UTF-8; save the table as UTF-8".to_owned())?;
            match cell.chars().any(char::is_control) {
                true => Err(format!("a control character in {cell:?}")),
                false => Ok(cell),
            }
        };
        let name = |at: usize| text(at).map(normalise);
        let [emotion, speaker] = [1, 2].map(|i| match name(self.required[i]) {
            Ok(cell) if cell.is_empty() => Err(format!("{} is empty", REQUIRED[i])),
            cell => cell,
        });
        let mut cells: [Cow<str>; 8] = Default::default();
        for (cell, at) in cells.iter_mut().zip(self.optional) {
            *cell = at.map_or(Ok(Cow::default()), name)?;
        }
        let [id, gender, session, language, split, start, end, said] = cells;
        // As it is in the table: a file may be called so.
        let path = match text(self.required[0])? {
            "" => return Err("path is empty".to_owned()),
            path => files.meant(path)?,
        };
        let (emotion, speaker) = (emotion?, speaker?);
        if manifest.dropped.contains_key(&*emotion) {
            return Ok(RowKind::Dropped(emotion.into_owned()));
        }
        let emotion = label(&emotion, manifest)?;
        let gender = match &*gender {
            "" => None,
            word => {
                Some(Gender::parse(word).ok_or_else(|| format!("gender `{word}`: expected female or male"))?)
            }
        };
        let excerpt = match self.decimal_comma {
            true => excerpt(&start.replace(',', "."), &end.replace(',', "."))?,
            false => excerpt(&start, &end)?,
        };
        let id: Box<str> = match &*id {
            "" => default_id(&path, excerpt).into(),
            id => id.into(),
        };
        if id.is_empty() {
            return Err(format!("path {path:?}: nothing of its name is seen; give the row an id"));
        }
        if let Some(known) = manifest.is_unusable(&id, Path::new(&path)) {
            return Ok(RowKind::Unusable(known.to_owned()));
        }
        let file = files.number(&path)?;
        let language = words.number(if language.is_empty() { &manifest.language } else { &language });
        let mut word = |w: &str| (!w.is_empty()).then(|| words.number(w));
        let (session, split, said) = (word(&session), word(&split), word(&said));
        let speaker = words.number(&speaker);
        Ok(RowKind::Row(TableRow {
            line,
            id,
            file,
            speaker,
            language,
            session,
            split,
            text: said,
            gender,
            emotion,
            excerpt,
        }))
    }
}

/// The id of a row that states none: its path without the extension, with the bounds of an excerpt.
pub(in crate::corpora) fn default_id(path: &str, excerpt: Option<Excerpt>) -> String {
    let stem = normalise(stem(path));
    match excerpt {
        None => stem.into_owned(),
        Some(Excerpt { start, end }) => format!("{stem}@{start}-{end}"),
    }
}

/// `path` without its extension.
pub(in crate::corpora) fn stem(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |i| i + 1);
    match path[name..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name + dot],
        _ => path,
    }
}

fn excerpt(start: &str, end: &str) -> Result<Option<Excerpt>, String> {
    let seconds = |name: &str, cell: &str| {
        let value: f64 = cell.parse().map_err(|_| format!("{name} `{cell}`: expected seconds, as 1.25"))?;
        if value.is_finite() { Ok(value) } else { Err(format!("{name} `{cell}`: expected a finite number")) }
    };
    match (start, end) {
        ("", "") => Ok(None),
        ("", _) => Err("end without start".into()),
        (_, "") => Err("start without end".into()),
        _ => {
            // -0 would be another id than 0.
            let (start, end) = (seconds("start", start)? + 0.0, seconds("end", end)?);
            match 0.0 <= start && start < end {
                true => Ok(Some(Excerpt { start, end })),
                false => Err(format!("start {start} and end {end}: expected 0 <= start < end")),
            }
        }
    }
}

/// The emotion by the manifest's codes, then by name: any word, where the manifest has no codes; with codes a known one, or one
/// that a code stands for.
fn label(code: &str, manifest: &Manifest) -> Result<Emotion, String> {
    if let Some(emotion) = manifest.labels.get(code) {
        return Ok(*emotion);
    }
    let emotion: Emotion = code.parse()?;
    if manifest.labels.is_empty() || emotion.is_known() || manifest.labels.values().any(|e| *e == emotion) {
        return Ok(emotion);
    }
    let known = manifest.labels.values().chain(Emotion::KNOWN).map(|e| e.name());
    let names = manifest.labels.keys().map(String::as_str).chain(known);
    Err(format!("emotion `{code}`: neither a code of [labels] nor an emotion{}", hint(code, names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_keeps_folders_and_dots_in_them() {
        for (path, expected) in
            [("a/b.wav", "a/b"), ("a.b/c", "a.b/c"), ("x.y.flac", "x.y"), ("a/.wav", "a/.wav")]
        {
            assert_eq!(stem(path), expected);
        }
    }

    #[test]
    fn bounds_are_finite_and_in_order() {
        assert_eq!(excerpt("", "").unwrap(), None);
        assert_eq!(excerpt("-0", "1.5").unwrap(), Some(Excerpt { start: 0.0, end: 1.5 }));
        for (start, end) in [
            ("1", ""),
            ("", "1"),
            ("1", "1"),
            ("2", "1"),
            ("-1", "1"),
            ("0", "inf"),
            ("NaN", "1"),
            ("a", "1"),
        ] {
            assert!(excerpt(start, end).is_err(), "{start} {end}");
        }
        assert!(!excerpt("-0", "1").unwrap().unwrap().start.is_sign_negative());
    }
}
