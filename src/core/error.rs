//! Errors as a person reads them: one line that names the file, the value and the next step.

use crate::exit;
use std::collections::HashSet;
use std::fmt;
use std::path::Path;

/// Every fallible function of the crate returns this.
pub type Result<T> = std::result::Result<T, Error>;

/// One line for the user, and the exit code that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The command line or the spec is wrong (exit code 2).
    Usage(String),
    /// Something failed while doing what was asked (exit code 1).
    Failed(String),
    /// A corpus is not there (exit code 2): one screen that says how to get it, the one error of several lines.
    Missing(String),
    /// Somebody asked to stop (Ctrl-C, SIGTERM); what was done is kept (exit code 130).
    Interrupted(String),
    /// Numbers of a run contradict each other: a file was changed, or is of another run (exit code 4).
    Contradiction(String),
}

impl Error {
    /// A usage or spec error; `message` is folded onto one line.
    pub fn usage(message: impl fmt::Display) -> Error {
        Error::Usage(one_line(&message.to_string()))
    }

    /// A failure; `message` is folded onto one line.
    pub fn failed(message: impl fmt::Display) -> Error {
        Error::Failed(one_line(&message.to_string()))
    }

    /// A failure that concerns a file or a folder: `PATH: WHY`.
    pub fn at(path: impl AsRef<Path>, why: impl fmt::Display) -> Error {
        Error::failed(format!("{}: {why}", path.as_ref().display()))
    }

    /// The work was stopped from outside; `message` is folded onto one line.
    pub fn interrupted(message: impl fmt::Display) -> Error {
        Error::Interrupted(one_line(&message.to_string()))
    }

    /// Numbers of a run that contradict each other; `message` is folded onto one line.
    pub fn contradiction(message: impl fmt::Display) -> Error {
        Error::Contradiction(one_line(&message.to_string()))
    }

    /// The same error with `what` it is about in front of it.
    pub fn within(self, what: &str) -> Error {
        let of = |message: String| format!("{what}: {message}");
        match self {
            Error::Usage(m) => Error::Usage(of(m)),
            Error::Failed(m) => Error::Failed(of(m)),
            Error::Missing(m) => Error::Missing(of(m)),
            Error::Interrupted(m) => Error::Interrupted(of(m)),
            Error::Contradiction(m) => Error::Contradiction(of(m)),
        }
    }

    /// The exit code of a command that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Missing(_) => exit::USAGE,
            Error::Failed(_) => exit::FAILED,
            Error::Interrupted(_) => exit::INTERRUPTED,
            Error::Contradiction(_) => exit::CONTRADICTION,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(m)
            | Error::Failed(m)
            | Error::Missing(m)
            | Error::Interrupted(m)
            | Error::Contradiction(m) => f.write_str(m),
        }
    }
}

impl std::error::Error for Error {}

/// Turns the error of a library into an [`Error`] that names the file.
pub trait AtPath<T> {
    /// `PATH: ERROR`.
    ///
    /// # Errors
    /// Whatever the error was.
    fn at(self, path: impl AsRef<Path>) -> Result<T>;

    /// `PATH: cannot WHAT: ERROR`, for example `a.csv: cannot be written: disk full` of `"be written"`.
    ///
    /// # Errors
    /// Whatever the error was.
    fn cannot(self, what: &str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T, E: fmt::Display> AtPath<T> for std::result::Result<T, E> {
    fn at(self, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|e| Error::at(path, e))
    }

    fn cannot(self, what: &str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|e| Error::at(path, format!("cannot {what}: {e}")))
    }
}

/// How many errors [`join_messages`] quotes; it only counts the others.
const QUOTED: usize = 20;

/// All values, or all errors as a single one, joined by [`join_messages`].
///
/// # Errors
/// Any of `results` is an error.
pub fn all_or_errors<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut values, mut errors) = (Vec::with_capacity(results.len()), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(e) => errors.push(e),
        }
    }
    match errors.len() {
        0 => Ok(values),
        1 => Err(errors.swap_remove(0)),
        _ => Err(Error::failed(join_messages(&errors.iter().map(ToString::to_string).collect::<Vec<_>>()))),
    }
}

/// Several messages on one line: `a.wav: empty (and 2 more: b.wav: silent; c.wav: silent)`. Equal messages count once; of
/// more than 20, the rest is only counted.
pub fn join_messages(messages: &[String]) -> String {
    // Excerpts of one file fail with equal messages.
    let mut known = HashSet::new();
    let messages: Vec<&str> = messages.iter().map(String::as_str).filter(|m| known.insert(*m)).collect();
    let Some((&first, others)) = messages.split_first() else { return String::new() };
    if others.is_empty() {
        return first.to_owned();
    }
    let quoted = others[..others.len().min(QUOTED - 1)].join("; ");
    let rest = others.len().saturating_sub(QUOTED - 1);
    let rest = if rest > 0 { format!("; {rest} are not named here") } else { String::new() };
    format!("{first} (and {} more: {quoted}{rest})", others.len())
}

/// Most characters of a message. A damaged file may have a value of megabytes, which nobody would read.
const LONGEST: usize = 4000;
/// Of those, the ones at the end, where the next step is; the file is at the beginning.
const ENDING: usize = 1000;

fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let too_many = line.chars().count().saturating_sub(LONGEST);
    if too_many == 0 {
        return line;
    }
    let head: String = line.chars().take(LONGEST - ENDING - 3).collect();
    let tail: String = line.chars().skip(LONGEST + too_many - ENDING).collect();
    format!("{head} … {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(Error::failed("a\n  b").to_string(), "a b");
        assert_eq!(Error::usage("x").exit_code(), 2);
    }

    #[test]
    fn an_error_of_a_library_gets_the_name_of_its_file() {
        let failed = || std::fs::read("/nowhere/a.csv").map(drop);
        let of_os = failed().unwrap_err();
        assert_eq!(failed().at("a.csv"), Err(Error::Failed(format!("a.csv: {of_os}"))));
        assert_eq!(
            failed().cannot("be read", Path::new("a.csv")),
            Err(Error::Failed(format!("a.csv: cannot be read: {of_os}")))
        );
    }

    #[test]
    fn many_errors_are_one_line() {
        let messages: Vec<String> = (0..30).map(|i| format!("{i}.wav: silent")).collect();
        assert_eq!(join_messages(&[]), "");
        assert_eq!(join_messages(&messages[..1]), "0.wav: silent");
        let repeated = [&messages[..2], &messages[..2]].concat();
        assert_eq!(join_messages(&repeated), "0.wav: silent (and 1 more: 1.wav: silent)");
        let all = join_messages(&messages);
        assert!(all.starts_with("0.wav: silent (and 29 more: 1.wav: silent; 2.wav"), "{all}");
        assert!(all.ends_with("19.wav: silent; 10 are not named here)"), "{all}");
        let results = messages.iter().map(|m| Err(Error::failed(m))).chain([Ok(1)]).collect();
        assert_eq!(all_or_errors(results), Err(Error::failed(all)));
        assert_eq!(all_or_errors(vec![Ok(1), Ok(2)]), Ok(vec![1, 2]));
    }

    #[test]
    fn a_message_about_a_huge_value_keeps_the_file_and_the_next_step() {
        let whole = format!("a.csv: `{}`: get a fresh copy", "é".repeat(LONGEST - 31));
        assert_eq!(Error::failed(&whole).to_string(), whole);
        let cut = Error::failed(format!("a.csv: `{}`: get a fresh copy", "é".repeat(1 << 20))).to_string();
        assert_eq!(cut.chars().count(), LONGEST);
        assert!(cut.starts_with("a.csv: `ééé") && cut.ends_with("ééé`: get a fresh copy"), "{cut}");
        assert!(cut.contains("é … é"), "{cut}");
    }
}
