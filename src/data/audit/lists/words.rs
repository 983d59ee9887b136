//! The words by which lists tell training from test, in cells, keys and names of files; and the number of a fold in a name.

/// The part of a split that an utterance is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListPart {
    Train,
    Validation,
    Test,
}

impl ListPart {
    /// As sentences call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ListPart::Train => "training",
            ListPart::Validation => "validation",
            ListPart::Test => "test",
        }
    }
}

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartWord {
    Part(ListPart),
    /// `eval`: the test for some, the validation for those that have a `test` too.
    Evaluation,
    /// In no part.
    Out,
}

const TRAIN: &[&str] = &["train", "training", "trn", "tr"];
const VALIDATION: &[&str] = &["validation", "valid", "val", "dev", "devel", "development"];
const TEST: &[&str] = &["test", "testing", "tst", "heldout", "holdout"];
const EVALUATION: &[&str] = &["eval", "evaluation"];
const OUT: &[&str] = &["removed", "none", "unused", "excluded", "exclude", "ignore", "ignored", "nan", "na"];
/// What may stand beside such a word in a cell.
const FILLERS: &[&str] = &["set", "split", "subset", "data", "list", "part", "partition"];

fn of_token(token: &str) -> Option<PartWord> {
    // MSP-Podcast has Test1 and Test2.
    let word = token.trim_end_matches(|c: char| c.is_ascii_digit());
    let is = |words: &[&str]| words.contains(&word);
    match () {
        () if is(TRAIN) => Some(PartWord::Part(ListPart::Train)),
        () if is(VALIDATION) => Some(PartWord::Part(ListPart::Validation)),
        () if is(TEST) => Some(PartWord::Part(ListPart::Test)),
        () if is(EVALUATION) => Some(PartWord::Evaluation),
        () => None,
    }
}

fn tokens(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

impl PartWord {
    /// What a cell or key says as a whole: `train`, `Test1`, `test_set`, `-`; `None` for anything else.
    pub(super) fn of_cell(cell: &str) -> Option<PartWord> {
        let tokens = tokens(cell);
        match tokens.as_slice() {
            [] => Some(PartWord::Out),
            [one] if OUT.contains(&one.as_str()) => Some(PartWord::Out),
            all if all.len() <= 3 => {
                let mut words = all.iter().filter(|t| !FILLERS.contains(&t.as_str()));
                match (words.next(), words.next()) {
                    (Some(word), None) => of_token(word),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What the name of a file says, where one of its words does and no other says something else.
    pub(super) fn of_name(stem: &str) -> Option<PartWord> {
        let mut said = tokens(stem).iter().filter_map(|t| of_token(t)).collect::<Vec<_>>();
        said.dedup();
        match said.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}

/// Words before the number of a fold.
const FOLD: &[&str] = &["fold", "kfold", "cv", "split", "session"];

/// The number of a fold in the name of a file or folder, or in a key: `fold_1`, `train-fold3`, `cv05`.
pub(super) fn fold_of(name: &str) -> Option<String> {
    let tokens = tokens(name);
    let number = |text: &str| -> Option<String> {
        let number: u32 = Some(text).filter(|t| t.len() < 5)?.parse().ok()?;
        Some(number.to_string())
    };
    tokens.iter().enumerate().find_map(|(i, token)| {
        let word = FOLD.iter().find(|word| token.starts_with(**word))?;
        match &token[word.len()..] {
            "" => number(tokens.get(i + 1)?),
            rest => number(rest),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_names_say_their_part_and_nothing_is_read_into_other_words() {
        let part = |p| Some(PartWord::Part(p));
        for (cell, said) in [
            ("Train", part(ListPart::Train)),
            ("TRAINING", part(ListPart::Train)),
            ("Development", part(ListPart::Validation)),
            ("Test2", part(ListPart::Test)),
            ("test_set", part(ListPart::Test)),
            ("eval", Some(PartWord::Evaluation)),
            ("", Some(PartWord::Out)),
            ("-", Some(PartWord::Out)),
            ("removed", Some(PartWord::Out)),
            ("happy", None),
            ("train or test", None),
            ("a test of mine", None),
            ("1", None),
        ] {
            assert_eq!(PartWord::of_cell(cell), said, "{cell}");
        }
        for (name, said) in [
            ("emodb_train_fold_1", part(ListPart::Train)),
            ("iemocap-test", part(ListPart::Test)),
            ("dev", part(ListPart::Validation)),
            ("train_test_split", None),
            ("latest", None),
            ("labels", None),
        ] {
            assert_eq!(PartWord::of_name(name), said, "{name}");
        }
    }

    #[test]
    fn folds_are_numbered_in_names() {
        for (name, said) in [
            ("fold_1", Some("1")),
            ("emodb_train_fold_12", Some("12")),
            ("cv05-test", Some("5")),
            ("Session3", Some("3")),
            ("split-2", Some("2")),
            ("unfolded", None),
            ("fold", None),
            ("train_1", None),
            ("fold_99999999999", None),
        ] {
            assert_eq!(fold_of(name).as_deref(), said, "{name}");
        }
    }
}
