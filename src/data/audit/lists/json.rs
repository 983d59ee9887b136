//! Lists in JSON: of names, of objects, of objects by id, and these by part and by fold.

use super::words::{PartWord, fold_of};
use crate::corpora::add::grid::Grid;
use crate::corpora::path_key;
use seraug_core::error::{AtPath, Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// What the keys around a row say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowMark {
    pub(super) fold: Option<String>,
    pub(super) word: Option<PartWord>,
}

/// The column that a key or a bare name gets.
pub(super) const NAME: &str = "utterance";
/// The column that a bare label gets.
const LABEL: &str = "emotion";

/// Levels of keys above the rows.
const DEEPEST: usize = 4;

/// Reads the file; a row's number is its place among the rows, from 1.
///
/// # Errors
/// A file that cannot be read; no JSON; nothing in it that could be a list.
pub(super) fn read(path: &Path, shown: &str) -> Result<(Grid, Vec<RowMark>)> {
    let text = seraug_core::files::text(path).cannot("be read", path)?;
    let value: Value =
        serde_json::from_str(&text).map_err(|e| Error::failed(format!("{shown}: not JSON: {e}")))?;
    let mut found = FoundRows::default();
    found.collect(value, &RowMark::default(), 0);
    if found.objects.is_empty() {
        return Err(Error::failed(format!(
            "{shown}: no utterance in it; expected a list of names or objects, or objects by id, also below `train` and `test`"
        )));
    }
    let numbered = found.objects.into_iter().enumerate().map(|(i, object)| Ok((i as u64 + 1, object)));
    Ok((Grid::of_objects(shown, numbered)?, found.marks))
}

#[derive(Default)]
struct FoundRows {
    objects: Vec<Map<String, Value>>,
    marks: Vec<RowMark>,
}

fn is_container(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// Whether keys of `object` are parts with lists below them.
fn has_parts(object: &Map<String, Value>) -> bool {
    let part = |(key, value): (&String, &Value)| {
        is_container(value) && matches!(PartWord::of_cell(key), Some(word) if word != PartWord::Out)
    };
    object.iter().any(part)
}

impl FoundRows {
    fn push(&mut self, object: Map<String, Value>, mark: &RowMark) {
        self.objects.push(object);
        self.marks.push(mark.clone());
    }

    fn named(&mut self, name: String, label: Option<String>, mark: &RowMark) {
        let mut object = Map::new();
        object.insert(NAME.to_owned(), Value::String(name));
        if let Some(label) = label {
            object.insert(LABEL.to_owned(), Value::String(label));
        }
        self.push(object, mark);
    }

    fn collect(&mut self, value: Value, mark: &RowMark, depth: usize) {
        match value {
            Value::Array(items) => self.array(items, mark, depth),
            Value::Object(object) => self.object(object, mark, depth),
            _ => {}
        }
    }

    fn array(&mut self, items: Vec<Value>, mark: &RowMark, depth: usize) {
        let folds = depth < DEEPEST
            && items.iter().all(|item| item.as_object().is_some_and(has_parts))
            && mark.fold.is_none();
        for (i, item) in items.into_iter().enumerate() {
            match item {
                Value::String(name) => self.named(name, None, mark),
                Value::Object(object) if folds => {
                    let fold = Some((i + 1).to_string());
                    self.object(object, &RowMark { fold, ..mark.clone() }, depth + 1);
                }
                Value::Object(object) => self.push(object, mark),
                Value::Array(cells) => {
                    let mut texts = cells.into_iter().filter_map(|cell| match cell {
                        Value::String(text) => Some(text),
                        _ => None,
                    });
                    if let Some(name) = texts.next() {
                        self.named(name, texts.next(), mark);
                    }
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, object: Map<String, Value>, mark: &RowMark, depth: usize) {
        let deeper = depth < DEEPEST;
        if deeper && has_parts(&object) {
            for (key, value) in object {
                let word = PartWord::of_cell(&key).filter(|word| *word != PartWord::Out);
                if let Some(word) = word.filter(|_| is_container(&value)) {
                    self.collect(value, &RowMark { word: Some(word), ..mark.clone() }, depth + 1);
                }
            }
            return;
        }
        let of_folds = |(key, value): (&String, &Value)| {
            fold_of(key).is_some() && value.as_object().is_some_and(has_parts)
                || value.as_object().is_some_and(has_parts)
        };
        if deeper && mark.fold.is_none() && !object.is_empty() && object.iter().all(of_folds) {
            for (key, value) in object {
                let fold = Some(fold_of(&key).unwrap_or(key));
                self.collect(value, &RowMark { fold, ..mark.clone() }, depth + 1);
            }
            return;
        }
        // One list beside what is said of it: `{"name": "…", "data": […]}`.
        let lists = object.values().filter(|value| value.is_array()).count();
        let objects = object.values().filter(|value| value.is_object()).count();
        if deeper && lists == 1 && objects == 0 {
            let list = object.into_iter().find_map(|(_, value)| Some(value).filter(Value::is_array));
            list.into_iter().for_each(|list| self.collect(list, mark, depth + 1));
            return;
        }
        for (key, value) in object {
            match value {
                Value::Object(mut members) => {
                    members.entry(NAME).or_insert(Value::String(key));
                    self.push(members, mark);
                }
                // `{"03a01Fa": "wav/03a01Fa.wav"}`.
                Value::String(path) if path_key(&path) != path => self.named(path, None, mark),
                Value::String(label) => self.named(key, Some(label), mark),
                Value::Number(_) | Value::Bool(_) | Value::Null => self.named(key, None, mark),
                Value::Array(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::ListPart;
    use super::*;

    /// `fold part name label` of each row; `-` for what is not said.
    fn rows(text: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let (grid, marks) = read(file.path(), "x.json").unwrap();
        let cell = |row: usize, names: &[&str]| {
            let mut found = names.iter().filter_map(|n| grid.rows[row].cells[grid.column(n)?].clone());
            found.next().unwrap_or_else(|| "-".to_owned())
        };
        let word = |mark: &RowMark| match mark.word {
            Some(PartWord::Part(part)) => part.name(),
            Some(_) => "?",
            None => "-",
        };
        let row = |(i, mark): (usize, &RowMark)| {
            let fold = mark.fold.as_deref().unwrap_or("-");
            format!("{fold} {} {} {}", word(mark), cell(i, &["wav", NAME]), cell(i, &["emo", LABEL]))
        };
        let mut rows: Vec<String> = marks.iter().enumerate().map(row).collect();
        // The keys of an object have no order.
        rows.sort_unstable();
        rows
    }

    #[test]
    fn every_shape_of_a_list_gives_its_utterances() {
        for (text, expected) in [
            (r#"["a.wav", "b.wav"]"#, &["- - a.wav -", "- - b.wav -"][..]),
            (r#"[["a.wav", "sad"], ["b.wav", 3]]"#, &["- - a.wav sad", "- - b.wav -"]),
            (r#"[{"wav": "a.wav", "emo": "sad", "more": {"x": 1}}]"#, &["- - a.wav sad"]),
            (
                r#"{"u1": {"wav": "a.wav", "emo": "sad"}, "u2": {"emo": "angry"}}"#,
                &["- - a.wav sad", "- - u2 angry"],
            ),
            (r#"{"a": "wav/a.wav"}"#, &["- - wav/a.wav -"]),
            (r#"{"a.wav": "sad", "b.wav": 2}"#, &["- - a.wav sad", "- - b.wav -"]),
            (
                r#"{"train": ["a"], "test": {"b": {"emo": "sad"}}, "classes": ["sad"]}"#,
                &["- test b sad", "- training a -"],
            ),
            (
                r#"{"fold_1": {"train": ["a"], "dev": ["b"]}, "fold_2": {"train": ["b"], "test": ["a"]}}"#,
                &["1 training a -", "1 validation b -", "2 test a -", "2 training b -"],
            ),
            (
                r#"[{"train": ["a"], "test": ["b"]}, {"train": ["b"], "test": ["a"]}]"#,
                &["1 test b -", "1 training a -", "2 test a -", "2 training b -"],
            ),
            (r#"{"version": 2, "utterances": ["a", "b"]}"#, &["- - a -", "- - b -"]),
        ] {
            assert_eq!(rows(text), expected, "{text}");
        }
        assert_eq!(ListPart::Train.name(), "training");
    }

    #[test]
    fn what_has_no_utterance_is_an_error_that_names_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, why) in
            [("{", "x.json: not JSON"), ("[]", "no utterance in it"), ("3", "no utterance in it")]
        {
            std::fs::write(file.path(), text).unwrap();
            let e = read(file.path(), "x.json").err().unwrap().to_string();
            assert!(e.contains(why), "{e}");
        }
    }
}
