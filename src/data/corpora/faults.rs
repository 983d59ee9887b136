//! Entries of a corpus's folder that cannot be used. A bad entry never stops an import; all are reported.

use std::fmt;
use std::path::Path;

/// Entries that are listed by name; the rest is counted.
const NAMED: usize = 20;

/// An entry of a corpus's folder that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CorpusFault {
    /// What it is and the next step.
    pub why: String,
    /// Its path below the corpus's folder, or its place in the table.
    pub place: String,
}

impl CorpusFault {
    pub(super) fn new(place: &Path, why: impl Into<String>) -> CorpusFault {
        CorpusFault { why: why.into(), place: place.display().to_string() }
    }
}

impl fmt::Display for CorpusFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// What was left out of a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorpusFaults {
    /// Files named like recordings that are none: git-lfs pointers, empty files, dangling links.
    pub unusable: Vec<CorpusFault>,
    /// Folders and links that could not be read. They matter only if something is missing.
    pub unseen: Vec<CorpusFault>,
    /// Recordings found that the manifest lists as unusable, by the manifest's name.
    pub listed: Vec<String>,
}

/// `faults` on one line, grouped by reason: `a.wav, b.wav: empty, 0 bytes; c.wav: a web page`. Names the first 20.
pub fn told(faults: &[CorpusFault]) -> String {
    let mut sorted: Vec<&CorpusFault> = faults.iter().collect();
    sorted.sort();
    let mut left = NAMED;
    let mut parts = Vec::new();
    for same in sorted.chunk_by(|a, b| a.why == b.why) {
        let named = same.len().min(left);
        left -= named;
        if named == 0 {
            continue;
        }
        let places: Vec<&str> = same[..named].iter().map(|f| f.place.as_str()).collect();
        let more = same.len() - named;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(format!("{}{more}: {}", places.join(", "), same[0].why));
    }
    let groups = sorted.chunk_by(|a, b| a.why == b.why).count();
    if groups > parts.len() {
        let told: usize = sorted.chunk_by(|a, b| a.why == b.why).take(parts.len()).map(<[_]>::len).sum();
        parts.push(format!("and {} more files", sorted.len() - told));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(place: &str, why: &str) -> CorpusFault {
        CorpusFault::new(Path::new(place), why)
    }

    #[test]
    fn faults_of_one_reason_are_told_together_and_the_rest_counted() {
        let few = [fault("b.wav", "empty"), fault("c.wav", "a page"), fault("a.wav", "empty")];
        assert_eq!(told(&few), "c.wav: a page; a.wav, b.wav: empty");
        let many: Vec<CorpusFault> = (0..7441).map(|i| fault(&format!("{i:04}.wav"), "a pointer")).collect();
        let line = told(&many);
        assert!(
            line.starts_with("0000.wav, 0001.wav, ") && line.ends_with(" and 7421 more: a pointer"),
            "{line}"
        );
        let each: Vec<CorpusFault> = (0..25).map(|i| fault("x.wav", &format!("reason {i:02}"))).collect();
        assert!(told(&each).ends_with("x.wav: reason 19; and 5 more files"), "{}", told(&each));
    }
}
