//! Values of the command line, checked as they are read: a wrong one ends with exit code 2 and names its limits.

use clap::builder::{PathBufValueParser, RangedU64ValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, Command, Error};
use seraug_core::terminal;
use std::ffi::OsStr;
use std::ops::RangeBounds;
use std::path::PathBuf;
use std::time::Duration;

/// Between two checkpoints, seconds.
pub const CHECKPOINT_SECONDS: f64 = 120.0;

/// Most seconds that an option takes: thirty years, beyond which clocks of the system overflow.
const MOST_SECONDS: f64 = 1e9;

/// Most cells at once, and failed cells: more than a run has.
pub const MOST_JOBS: u64 = 1_000_000;
/// Most threads of an operation: more than any machine has.
pub const MOST_THREADS: u64 = 4096;
/// Most days: a century.
pub const MOST_DAYS: u64 = 36_500;
/// Largest seed. TOML, which a run's spec is written in, has integers of 64 bits with a sign.
pub const LARGEST_SEED: u64 = i64::MAX as u64;

/// Seconds between two acts, 0 for always.
///
/// # Errors
/// No number, or one that is not in 0 to 1e9.
pub fn interval(text: &str) -> Result<f64, String> {
    number(text, |v| (0.0..=MOST_SECONDS).contains(&v), "expected seconds, 0 to 1000000000")
}

/// Seconds that something may take.
///
/// # Errors
/// No number, or one that is not above 0 and at most 1e9.
pub fn patience(text: &str) -> Result<f64, String> {
    number(text, |v| v > 0.0 && v <= MOST_SECONDS, "expected seconds, above 0 and at most 1000000000")
}

/// Percentage points.
///
/// # Errors
/// No number, or one that is not in 0 to 100.
pub fn points(text: &str) -> Result<f64, String> {
    number(text, |v| (0.0..=100.0).contains(&v), "expected percentage points, 0 to 100")
}

fn number(text: &str, fits: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    // A comparison with NaN is false.
    text.trim().parse().ok().filter(|v| fits(*v)).ok_or_else(|| expected.to_owned())
}

/// Whole numbers of a range.
pub fn whole<T>(range: impl RangeBounds<u64>) -> RangedU64ValueParser<T>
where
    T: TryFrom<u64>,
{
    RangedU64ValueParser::new().range(range)
}

/// Of the seconds that [`interval`] and [`patience`] give.
pub fn seconds(given: f64) -> Duration {
    Duration::try_from_secs_f64(given.max(0.0)).unwrap_or(Duration::MAX)
}

/// The folder of the corpora. An empty variable of the environment is as one that is not set; an empty flag is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Corpora;

/// Where the corpora are looked for when nobody says.
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

/// Prints what clap has to say of the command line: how a command is used, or what is wrong with this one; the exit code.
///
/// # Errors
/// As [`print`].
pub fn told(told: &Error) -> seraug_core::error::Result<u8> {
    let text = told.render().to_string();
    match told.use_stderr() {
        true => terminal::last_words(&text),
        false => terminal::print(&text)?,
    }
    Ok(u8::try_from(told.exit_code()).unwrap_or(2))
}

/// The command line as provenance has it. TOML is text: of an argument that is not UTF-8, what is not is replaced.
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
