//! Replacements for a word: values at some limit, and words and lines of the seeds.

use crate::case::{Case, pick};
use rand::Rng;
use rand::rngs::SmallRng;
use std::collections::BTreeSet;

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "255",
    "256",
    "1000",
    "65535",
    "65536",
    "1000001",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "0.0",
    "-0.0",
    "0.5",
    "1.0",
    "1e308",
    "-1e308",
    "1e309",
    "1e-320",
    "5e-324",
    "1e300",
    "nan",
    "inf",
    "-inf",
    "NaN",
    "1_000",
    "0x10",
    "+5",
    "007",
    "1e3",
    ".5",
    "5.",
    "1,5",
];

const STRINGS: &[&str] = &[
    "",
    " ",
    ".",
    "..",
    "../..",
    "/",
    "/etc/passwd",
    "/dev/zero",
    "-",
    "--",
    "~",
    "a/b",
    "a\\b",
    "CON",
    "latest",
    ".store",
    ".tmp-x",
    "\u{0}",
    "\u{1b}[31mred",
    "\u{202e}txt",
    "\u{feff}",
    "\u{a0}",
    "\u{200b}",
    "J\u{fc}rgen",
    "Ju\u{308}rgen",
    "ne\u{443}tral",
    "\u{1f600}",
    "\u{fffd}",
    "=1+1",
    "<script>alert(1)</script>",
    "&amp;",
    "| a | b |",
    "<!-- /seraug -->",
    "${HOME}",
    "$(id)",
    "%s%n",
    "true",
    "null",
    "a b",
    "a\tb",
    "a\r\nb",
];

const ODD: &[&str] = &[
    "\u{0}", "\u{1}", "\u{7f}", "\u{1b}", "\u{85}", "\u{a0}", "\u{200b}", "\u{202e}", "\u{feff}", "\u{308}",
    "\r", "\n", "\t", "\"", "'", "\\", ",", ";", "=", "[", "]", "{", "}", "#", "|", "<", ">", "&", "`", "$",
    "/", "\"\"\"",
];

/// Words and lines of the seeds of a target.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<String>,
    lines: Vec<String>,
}

impl Words {
    /// Of every text among the files.
    pub(crate) fn of(seeds: &[Case]) -> Words {
        let (mut words, mut lines) = (BTreeSet::new(), BTreeSet::new());
        let texts = seeds.iter().flat_map(|s| s.0.values()).filter_map(|b| std::str::from_utf8(b).ok());
        for text in texts {
            lines.extend(text.lines().filter(|l| l.len() < 400).map(|l| format!("{l}\n")));
            words
                .extend(text.split(|c: char| !(c.is_alphanumeric() || "_-.".contains(c))).map(str::to_owned));
        }
        words.retain(|w| !w.is_empty() && w.len() < 80);
        Words { words: words.into_iter().collect(), lines: lines.into_iter().collect() }
    }

    /// A word of a seed.
    pub(crate) fn word(&self, random: &mut SmallRng) -> String {
        pick(&self.words, random).cloned().unwrap_or_default()
    }

    /// A line of a seed.
    pub(crate) fn line(&self, random: &mut SmallRng) -> &str {
        pick(&self.lines, random).map_or("\n", String::as_str)
    }

    /// A character that means something to some parser or terminal.
    pub(crate) fn odd(&self, random: &mut SmallRng) -> &'static str {
        pick(ODD, random).copied().unwrap_or_default()
    }
}

/// What stands in the place of `old`: mostly of its kind.
pub(crate) fn value(old: &str, words: &Words, random: &mut SmallRng) -> String {
    let quoted = old.len() > 1 && old.starts_with(['"', '\'']);
    let number = old.trim_matches(['"', '\'']).parse::<f64>().ok();
    let new = match (number, random.gen_range(0..10)) {
        (Some(n), 0..=1) => near(n, random),
        (Some(_), 2..=7) => pick(NUMBERS, random).copied().unwrap_or_default().to_owned(),
        (_, 8) => "a\u{308}".repeat(5000),
        (_, 0..=4) => pick(STRINGS, random).copied().unwrap_or_default().to_owned(),
        (_, 5) => pick(NUMBERS, random).copied().unwrap_or_default().to_owned(),
        _ => words.word(random),
    };
    // Within quotes characters of control are mostly escaped, so that the file stays a file of its kind.
    match quoted && random.gen_ratio(9, 10) {
        true => serde_json::to_string(&new).expect("text"),
        false => new,
    }
}

fn near(n: f64, random: &mut SmallRng) -> String {
    let new = match random.gen_range(0..6) {
        0 => n + 1.0,
        1 => n - 1.0,
        2 => -n,
        3 => n * 2.0,
        4 => n / 2.0,
        _ => n * 1000.0,
    };
    if n.fract() == 0.0 && new.abs() < 1e18 { format!("{}", new as i64) } else { format!("{new:?}") }
}
