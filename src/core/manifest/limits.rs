//! Bounds of the numbers in a manifest.

use super::{Expected, Manifest};

/// Most utterances of a corpus: four times the largest of emotional speech. An estimate invents as many for a missing corpus.
const UTTERANCES: usize = 1_000_000;
/// Longest mean of an utterance, seconds.
const SECONDS: f64 = 3600.0;
/// Largest download, and what it may unpack to, bytes.
const BYTES: u64 = 1 << 42;
/// Most folders that are dropped from a path.
const FOLDERS: usize = 64;

impl Manifest {
    /// The manifest, if every number is one that a corpus can have, and no emotion is both negative and positive.
    ///
    /// # Errors
    /// Words that name the field, its value and its limit.
    pub(super) fn within_limits(self) -> Result<Manifest, String> {
        if let Some(emotion) = self.valence.both() {
            return Err(format!("valence: `{emotion}` is negative and positive"));
        }
        self.expected.check()?;
        for fetch in &self.fetch {
            let numbers = [("bytes", fetch.bytes), ("unpacked-bytes", fetch.unpacked_bytes)];
            if let Some((name, bytes)) = numbers.iter().find(|n| n.1 > BYTES) {
                return Err(format!("fetch of {}: {name} = {bytes}: at most {BYTES}", fetch.file));
            }
            if fetch.strip > FOLDERS {
                return Err(format!("fetch of {}: strip = {}: at most {FOLDERS}", fetch.file, fetch.strip));
            }
        }
        Ok(self)
    }
}

impl Expected {
    fn check(&self) -> Result<(), String> {
        let sum = |counts: &mut dyn Iterator<Item = usize>| counts.fold(0, usize::saturating_add);
        let sessions = self.sessions.values().flat_map(|s| s.values().copied());
        for (name, count) in [
            ("utterances", self.utterances),
            ("emotions", sum(&mut self.emotions.values().copied())),
            ("speakers", sum(&mut self.speakers.values().copied())),
            ("sessions", sum(&mut sessions.into_iter())),
            ("languages", sum(&mut self.languages.values().copied())),
            ("dropped", sum(&mut self.dropped.values().copied())),
        ] {
            if count > UTTERANCES {
                return Err(format!("expected.{name}: {count} utterances, at most {UTTERANCES}"));
            }
        }
        match self.mean_seconds {
            // NaN is in no range.
            Some(s) if !(s > 0.0 && s <= SECONDS) => {
                Err(format!("expected.mean-seconds = {s}: must be above 0 and at most {SECONDS}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_no_corpus_has_is_refused_by_its_field() {
        let own = |text: &str| Manifest::own("mine", text, "m.toml").map(drop).map_err(|e| e.to_string());
        assert_eq!(own("[expected]\nutterances = 3\nmean-seconds = 2.5"), Ok(()));
        for (text, why) in [
            (
                "[expected]\nutterances = 9223372036854775807",
                "m.toml: expected.utterances: 9223372036854775807",
            ),
            (
                "[expected]\nutterances = 1\nemotions = { sad = 9223372036854775807, angry = 9223372036854775807 }",
                "emotions",
            ),
            ("[expected]\nutterances = 1\nspeakers = { a = 1000001 }", "expected.speakers"),
            ("[expected]\nutterances = 1\nlanguages = { de = 4294967296 }", "expected.languages"),
            ("[expected]\nutterances = 1\nmean-seconds = nan", "expected.mean-seconds = NaN"),
            ("[expected]\nutterances = 1\nmean-seconds = inf", "expected.mean-seconds = inf"),
            ("[expected]\nutterances = 1\nmean-seconds = -1.0", "expected.mean-seconds = -1"),
            (
                "[valence]\nnegative = [\"sad\"]\npositive = [\"happy\", \"sad\"]",
                "valence: `sad` is negative and positive",
            ),
        ] {
            let e = own(text).unwrap_err();
            assert!(e.contains(why), "{text}: {e}");
        }
    }
}
