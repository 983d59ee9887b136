//! Parsers of values on the command line. A wrong value ends the program with exit code 2 and a message that names its limits.

use clap::builder::{PathBufValueParser, RangedU64ValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, Command, Error};
use seraug_core::{exit, terminal};
use std::ffi::OsStr;
use std::ops::RangeBounds;
use std::path::PathBuf;
use std::time::Duration;

/// Default time between two checkpoints, in seconds.
pub const CHECKPOINT_SECONDS: f64 = 120.0;

/// Largest number of seconds: thirty years, beyond which clocks of the system overflow.
const MOST_SECONDS: f64 = 1e9;

/// Largest number of cells at once and of failed cells: more than a run has.
pub const MOST_JOBS: u64 = 1_000_000;
/// Largest number of threads of an operation: more than any machine has.
pub const MOST_THREADS: u64 = 4096;
/// Largest number of days: a century.
pub const MOST_DAYS: u64 = 36_500;
/// Largest seed. TOML, which a run's spec is written in, has integers of 64 bits with a sign.
pub const LARGEST_SEED: u64 = i64::MAX as u64;

/// Parses the seconds between two events; 0 means every time.
///
/// # Errors
/// Not a number in 0 to 1e9.
pub fn interval(text: &str) -> Result<f64, String> {
    number(text, |v| (0.0..=MOST_SECONDS).contains(&v), "expected seconds, 0 to 1000000000")
}

/// Parses the seconds that something may take.
///
/// # Errors
/// Not a number above 0 and at most 1e9.
pub fn patience(text: &str) -> Result<f64, String> {
    number(text, |v| v > 0.0 && v <= MOST_SECONDS, "expected seconds, above 0 and at most 1000000000")
}

/// Parses percentage points.
///
/// # Errors
/// Not a number in 0 to 100.
pub fn points(text: &str) -> Result<f64, String> {
    number(text, |v| (0.0..=100.0).contains(&v), "expected percentage points, 0 to 100")
}

/// A parser of a difference that is looked for, in percentage points.
///
/// # Errors
/// Not a number above 0 and up to 100.
pub fn effect(text: &str) -> Result<f64, String> {
    number(text, |v| v > 0.0 && v <= 100.0, "expected percentage points above 0, up to 100")
}

fn number(text: &str, fits: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    // A comparison with NaN is false.
    text.trim().parse().ok().filter(|v| fits(*v)).ok_or_else(|| expected.to_owned())
}

/// A parser of whole numbers in a range.
pub fn whole<T>(range: impl RangeBounds<u64>) -> RangedU64ValueParser<T>
where
    T: TryFrom<u64>,
{
    RangedU64ValueParser::new().range(range)
}

/// The duration of the seconds that [`interval`] and [`patience`] parse.
pub fn seconds(given: f64) -> Duration {
    Duration::try_from_secs_f64(given.max(0.0)).unwrap_or(Duration::MAX)
}

/// Parses the folder of the corpora. An empty environment variable counts as unset; an empty flag is an error.
#[derive(Debug, Clone, Copy)]
pub struct Corpora;

/// Default folder of the corpora.
pub const CORPORA: &str = "corpora";

impl TypedValueParser for Corpora {
    type Value = PathBuf;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<PathBuf, Error> {
        self.parse_ref_(command, arg, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<PathBuf, Error> {
        if value.is_empty() && source == ValueSource::EnvVariable {
            return Ok(PathBuf::from(CORPORA));
        }
        PathBufValueParser::new().parse_ref(command, arg, value)
    }
}

/// Prints a message of clap, which is the help or what is wrong with the command line, and returns the exit code.
///
/// # Errors
/// As [`terminal::print`].
pub fn print_message(message: &Error) -> seraug_core::error::Result<u8> {
    let text = message.render().to_string();
    match message.use_stderr() {
        true => terminal::last_words(&text),
        false => terminal::print(&text)?,
    }
    Ok(u8::try_from(message.exit_code()).unwrap_or(exit::USAGE))
}

/// The command line as run.toml records it. In an argument that is not UTF-8 the invalid bytes are replaced, because TOML is
/// text.
pub fn arguments() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_their_limits_and_no_numbers_are_refused() {
        let bad = ["nan", "NaN", "inf", "-inf", "-1", "-0.001", "1e300", "1e10", "", "x", "1,5"];
        for text in bad {
            assert!(interval(text).is_err() && patience(text).is_err() && points(text).is_err(), "{text}");
        }
        assert_eq!((interval("0"), interval("1e9"), interval("-0")), (Ok(0.0), Ok(1e9), Ok(-0.0)));
        assert!(patience("0").is_err() && patience("-0").is_err());
        assert_eq!(patience("0.001"), Ok(0.001));
        assert!(points("100.1").is_err());
        assert_eq!(seconds(-0.0), Duration::ZERO);
    }
}
