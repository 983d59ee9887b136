//! What a person says of a source on the command line.

use super::format::SourceFormat;
use regex::Regex;
use seraug_core::emotion::Emotion;
use seraug_core::names::unicode::normalise;
use std::path::PathBuf;
use std::str::FromStr;

/// The options of `seraug corpus add`.
#[derive(Debug, Default)]
pub struct AddChoices {
    /// The format, where it is not to be recognised.
    pub format: Option<SourceFormat>,
    /// The folder below which the recordings are, where it is not the source.
    pub audio: Option<PathBuf>,
    /// Copy the recordings into the corpus's folder.
    pub copy: bool,
    /// Leave out rows that cannot be used.
    pub partial: bool,
    /// The column of the label (Kaldi: the file; folders: the level).
    pub emotion: Option<String>,
    /// The column of the speaker, as `emotion`.
    pub speaker: Option<String>,
    /// Tables of an audformat database.
    pub tables: Vec<String>,
    /// Labels in other words.
    pub map: Vec<LabelMap>,
    /// Finds the speaker in a path or id.
    pub speaker_from: Option<NamePattern>,
    /// Finds the text in a path or id.
    pub text_from: Option<NamePattern>,
    /// The licence, in place of what the source says.
    pub licence: Option<String>,
}

/// `irritated=angry`: a label of the source, and what it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    /// As the source has it, normalised.
    pub from: String,
    /// As the table gets it.
    pub to: Emotion,
}

impl FromStr for LabelMap {
    type Err = String;

    fn from_str(text: &str) -> Result<LabelMap, String> {
        let (from, to) = text.rsplit_once('=').ok_or("expected FROM=TO, as irritated=angry")?;
        match normalise(from) {
            from if from.is_empty() => Err("nothing before `=`; expected FROM=TO".to_owned()),
            from => Ok(LabelMap { from: from.into_owned(), to: to.parse()? }),
        }
    }
}

/// A regular expression whose one group is what is looked for.
#[derive(Debug, Clone)]
pub struct NamePattern(Regex);

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<NamePattern, String> {
        let regex = Regex::new(text).map_err(|e| {
            let why = e.to_string();
            let last = why.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        })?;
        match regex.captures_len() {
            2 => Ok(NamePattern(regex)),
            n => Err(format!("{} groups; expected one, as in `call(\\d+)_`", n - 1)),
        }
    }
}

impl NamePattern {
    /// What its group has of the first of `names` that it matches, without white space around; `None` if it has nothing.
    pub(crate) fn find<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        let of = |name| Some(self.0.captures(name)?.get(1)?.as_str().trim());
        names.into_iter().find_map(|name| of(name).filter(|found| !found.is_empty()))
    }

    /// The expression as it was written.
    pub(crate) fn text(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_two_labels_and_a_pattern_one_group() {
        let map: LabelMap = "in=love=Happy".parse().unwrap();
        assert_eq!((map.from.as_str(), map.to), ("in=love", Emotion::HAPPY));
        for wrong in ["angry", "=angry", "irritated="] {
            assert!(wrong.parse::<LabelMap>().is_err(), "{wrong}");
        }
        let pattern: NamePattern = r"call(\d+)_".parse().unwrap();
        assert_eq!(pattern.find(["x.wav", "a/call17_3.wav"]), Some("17"));
        assert_eq!(pattern.find(["call_3.wav"]), None);
        for (wrong, why) in [(r"call\d+", "0 groups"), ("(a)(b)", "2 groups"), ("(", "unclosed group")] {
            let e = wrong.parse::<NamePattern>().unwrap_err();
            assert!(e.contains(why), "{e}");
        }
    }
}
