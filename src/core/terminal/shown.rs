//! Makes characters visible that would control a terminal.

use crate::names::unicode::is_unprintable;
use std::borrow::Cow;

/// `said` on one line: every control character as `\u{1b}` and the like, line ends and tabs too.
pub fn line(said: &str) -> Cow<'_, str> {
    escaped(said, is_unprintable, |c| c.escape_unicode().to_string())
}

/// `said` in its own lines: control characters but line ends and tabs as `\u{1b}` and the like.
pub fn text(said: &str) -> Cow<'_, str> {
    let steers = |c: char| is_unprintable(c) && c != '\n' && c != '\t';
    escaped(said, steers, |c| c.escape_unicode().to_string())
}

/// The same JSON: what it may hold unescaped within its texts, as `\u009b`.
pub(super) fn json(said: &str) -> Cow<'_, str> {
    let steers = |c: char| is_unprintable(c) && c != '\n';
    escaped(said, steers, |c| format!("\\u{:04x}", c as u32))
}

fn escaped(said: &str, which: impl Fn(char) -> bool, to: impl Fn(char) -> String) -> Cow<'_, str> {
    if !said.contains(&which) {
        return Cow::Borrowed(said);
    }
    Cow::Owned(said.chars().map(|c| if which(c) { to(c) } else { c.to_string() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_everything_else_stays() {
        // An OSC that names the window, a CSI of the C1 set, a bell, a carriage return that hides what was before it.
        let said = "a\u{1b}]0;owned\u{7}\u{9b}2J\rb\tc\nd\u{7f}";
        assert_eq!(text(said), "a\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{d}b\tc\nd\\u{7f}");
        assert_eq!(line("a\nerror: b"), "a\\u{a}error: b");
        assert_eq!(line("x\u{202e}vsc.exe\u{2066}"), "x\\u{202e}vsc.exe\\u{2066}");
        // Persian needs the zero-width non-joiner.
        for plain in ["Jürgen − ± → 中文", "می\u{200c}خواهم", ""] {
            assert!(matches!(line(plain), Cow::Borrowed(same) if same == plain));
        }
    }

    #[test]
    fn json_says_the_same_without_them() {
        let value = serde_json::json!({ "a\u{9b}": "\u{1b}\u{7f}\u{202e}\n\"" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = json(&text);
        assert!(shown.chars().all(|c| c == '\n' || !is_unprintable(c)), "{shown:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
