//! An error in a spec together with its place in the file.

use std::fmt;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// One error, at one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedError {
    /// Path of the field that is wrong.
    pub(super) key: FieldPath,
    /// Message that follows the key; begins with `= VALUE` if the value is wrong.
    pub(super) message: String,
}

/// Nothing, or the first thing that is wrong.
pub(super) type CheckResult = Result<(), LocatedError>;

/// An error at `key` unless the condition `holds`.
pub(super) fn need(holds: bool, key: impl Into<FieldPath>, message: impl FnOnce() -> String) -> CheckResult {
    if holds { Ok(()) } else { Err(LocatedError { key: key.into(), message: message() }) }
}

/// The path from the top of a spec to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// An element of a list by its index, and what a person calls it; empty where it has no name.
    Element(usize, String),
}

/// A key of fields alone: `reduction.keep`.
pub(super) fn at(dotted: &str) -> FieldPath {
    FieldPath(dotted.split('.').map(|field| Step::Field(field.to_owned())).collect())
}

impl FieldPath {
    /// The empty path: the spec itself.
    pub(super) fn top() -> FieldPath {
        FieldPath(Vec::new())
    }

    /// Whether the path is empty.
    pub(super) fn is_top(&self) -> bool {
        self.0.is_empty()
    }

    /// `field`, dots and all, below this key.
    pub(super) fn field(&self, field: &str) -> FieldPath {
        self.then(Step::Field(field.to_owned()))
    }

    /// Element `index`, from 0, of the list at this key.
    pub(super) fn element(&self, index: usize, name: &str) -> FieldPath {
        self.then(Step::Element(index, name.to_owned()))
    }

    fn then(&self, step: Step) -> FieldPath {
        FieldPath(self.0.iter().cloned().chain([step]).collect())
    }

    /// Byte offset in `text`, a TOML document, of this key or of as much of it as the text has; `None` where it has
    /// nothing of it. An element of a list is pointed at itself, everything else at its key.
    pub(super) fn offset(&self, text: &str) -> Option<usize> {
        let document = DeTable::parse(text).ok()?;
        let mut place = None;
        let mut inside = Inside::Table(document.get_ref());
        for step in &self.0 {
            let Some((span, value)) = inside.step(step) else { break };
            place = Some(span.start);
            inside = match value {
                DeValue::Table(table) => Inside::Table(table),
                DeValue::Array(array) => Inside::Array(array),
                _ => Inside::Nothing,
            };
        }
        place
    }
}

/// What the next step is looked up in.
enum Inside<'a, 'i> {
    Table(&'a DeTable<'i>),
    Array(&'a DeArray<'i>),
    Nothing,
}

impl<'a, 'i> Inside<'a, 'i> {
    fn step(&self, step: &Step) -> Option<(std::ops::Range<usize>, &'a DeValue<'i>)> {
        match (self, step) {
            (Inside::Table(table), Step::Field(field)) => {
                let (key, value) = table.iter().find(|(key, _)| key.get_ref() == field)?;
                Some((key.span(), value.get_ref()))
            }
            (Inside::Array(array), Step::Element(index, _)) => {
                array.get(*index).map(|value: &Spanned<_>| (value.span(), value.get_ref()))
            }
            _ => None,
        }
    }
}

impl From<&str> for FieldPath {
    fn from(dotted: &str) -> FieldPath {
        at(dotted)
    }
}

impl From<&FieldPath> for FieldPath {
    fn from(key: &FieldPath) -> FieldPath {
        key.clone()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|step| match step {
            Step::Field(name) | Step::Element(_, name) => name.as_str(),
        });
        f.write_str(&shown.filter(|name| !name.is_empty()).collect::<Vec<_>>().join("."))
    }
}

impl fmt::Display for LocatedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_top() {
            return f.write_str(&self.message);
        }
        let between = if self.message.starts_with('=') { "" } else { ":" };
        write!(f, "{}{between} {}", self.key, self.message)
    }
}

/// `NAME:LINE:COLUMN`, both from 1, of a byte offset in `text`; `NAME` alone without one.
pub(super) fn place(name: &str, text: &str, offset: Option<usize>) -> String {
    // An offset inside a character cannot be sliced at; none is expected.
    let Some(before) = offset.and_then(|o| text.get(..o.min(text.len()))) else {
        return name.to_owned();
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    format!("{name}:{line}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title = \"é\"\nreduction = { keep = [\"a\",\n  \"b\"] }\n[[condition]]\nname = \"x\"\n\
                        [[condition]]\nname = \"y\"\naugment.copies.of = \"all\"\n[classifier.network]\n";

    fn found(key: &FieldPath) -> String {
        place("f", TEXT, key.offset(TEXT))
    }

    #[test]
    fn a_key_is_found_however_it_is_written() {
        assert_eq!(found(&at("title")), "f:1:1");
        assert_eq!(found(&at("reduction.keep")), "f:2:15");
        assert_eq!(found(&at("reduction.keep").element(1, "")), "f:3:3");
        let second = at("condition").element(1, "y");
        assert_eq!(found(&second.field("name")), "f:7:1");
        assert_eq!(found(&second.field("augment").field("copies").field("of")), "f:8:16");
    }

    #[test]
    fn what_the_text_does_not_say_is_pointed_at_by_what_it_does() {
        assert_eq!(found(&at("classifier.network.vgg.shrink")), "f:9:13");
        assert_eq!(found(&at("reduction.keep").element(7, "")), "f:2:15");
        assert_eq!(found(&at("title.of.nothing")), "f:1:1");
        assert_eq!(found(&at("augmentor.frames")), "f");
        assert_eq!(at("a").offset("not TOML"), None);
    }

    #[test]
    fn elements_are_called_by_their_names() {
        let key = at("condition").element(1, "y").field("published").field("a.b");
        assert_eq!(key.to_string(), "condition.y.published.a.b");
        assert_eq!(at("reduction.keep").element(0, "").to_string(), "reduction.keep");
        let fault = |message: &str| LocatedError { key: at("k"), message: message.into() }.to_string();
        assert_eq!((fault("= 3: no"), fault("is bad")), ("k = 3: no".into(), "k: is bad".into()));
    }
}
