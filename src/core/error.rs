//! Errors as a person reads them: one line that names the file, the value and the next step.

use std::fmt;

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

    /// 2 for usage, 4 for a contradiction, 130 for an interruption, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Missing(_) => 2,
            Error::Failed(_) => 1,
            Error::Interrupted(_) => 130,
            Error::Contradiction(_) => 4,
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
    fn a_message_about_a_huge_value_keeps_the_file_and_the_next_step() {
        let whole = format!("a.csv: `{}`: get a fresh copy", "é".repeat(LONGEST - 31));
        assert_eq!(Error::failed(&whole).to_string(), whole);
        let cut = Error::failed(format!("a.csv: `{}`: get a fresh copy", "é".repeat(1 << 20))).to_string();
        assert_eq!(cut.chars().count(), LONGEST);
        assert!(cut.starts_with("a.csv: `ééé") && cut.ends_with("ééé`: get a fresh copy"), "{cut}");
        assert!(cut.contains("é … é"), "{cut}");
    }
}
