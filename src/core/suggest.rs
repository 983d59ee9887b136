//! "did you mean": finds the known word that a misspelt one probably stands for.

use strsim::{jaro_winkler, osa_distance};

/// The candidate closest to `word`, if any is close enough: at most a third of the letters differ, or both share a long
/// prefix (`sadness` for `sad`). Ignores case and the difference between `_` and `-`.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |s: &str| s.to_lowercase().replace('_', "-");
    let word = plain(word);
    let mut best: Option<(&str, f64)> = None;
    for candidate in candidates {
        let known = plain(candidate);
        let score = jaro_winkler(&word, &known);
        let letters = word.chars().count().max(known.chars().count());
        // 0.84 is where unrelated fields of a spec begin to look alike.
        let close = osa_distance(&word, &known) * 3 <= letters || score >= 0.84;
        if close && best.is_none_or(|(_, highest)| score > highest) {
            best = Some((candidate, score));
        }
    }
    best.map(|(candidate, _)| candidate)
}

/// The end of an error about an unknown word: the nearest candidate, or a list of all of them.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = candidates.into_iter().collect();
    match (nearest(word, all.iter().copied()), all.as_slice()) {
        (Some(near), _) => format!(", did you mean `{near}`?"),
        (None, []) => String::new(),
        (None, all) => format!(", expected one of {}", all.join(", ")),
    }
}

/// Replaces the list in serde's "unknown field `x`, expected one of `a`, `b`" by the nearest word; returns any other message
/// unchanged.
pub fn with_hint(message: &str) -> String {
    let shortened = || {
        let (unknown, expected) = message.split_once(", expected ")?;
        let word = unknown.strip_prefix("unknown ")?.split('`').nth(1)?;
        // Every second part is between backticks.
        let near = nearest(word, expected.split('`').skip(1).step_by(2))?;
        Some(format!("{unknown}, did you mean `{near}`?"))
    };
    shortened().unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 6] = ["angry", "batch", "iterations", "learning-rate", "sad", "neutral"];

    #[test]
    fn slips_of_the_keyboard_and_other_forms_of_a_word_are_found() {
        for (word, meant) in [
            ("neutrl", "neutral"),
            ("iteratons", "iterations"),
            ("sda", "sad"),
            ("Sadness", "sad"),
            ("anger", "angry"),
            ("learning_rate", "learning-rate"),
            ("batch-size", "batch"),
        ] {
            assert_eq!(nearest(word, WORDS), Some(meant), "{word}");
        }
    }

    #[test]
    fn a_word_of_its_own_gets_the_list() {
        for word in ["lr", "momentum", "x", "", "widths"] {
            assert_eq!(nearest(word, WORDS), None, "{word}");
        }
        assert_eq!(hint("lr", ["a1", "b2"]), ", expected one of a1, b2");
    }

    #[test]
    fn of_several_the_nearest_is_named() {
        assert_eq!(nearest("small-bach", ["batch", "small-set", "small-batch"]), Some("small-batch"));
    }

    #[test]
    fn the_list_of_a_parser_gives_way_to_the_nearest() {
        let long = "unknown field `epoch`, expected one of `network`, `epochs`, `batch`";
        assert_eq!(with_hint(long), "unknown field `epoch`, did you mean `epochs`?");
        assert_eq!(
            with_hint("unknown variant `lats`, expected `last` or `average`"),
            "unknown variant `lats`, did you mean `last`?"
        );
        for other in ["unknown field `zzz`, expected `a` or `b`", "invalid type: string \"x\", expected u64"]
        {
            assert_eq!(with_hint(other), other);
        }
    }
}
