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

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(Error::failed("a\n  b").to_string(), "a b");
        assert_eq!(Error::usage("x").exit_code(), 2);
    }
}
