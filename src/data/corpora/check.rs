//! Compares a corpus as found with what its manifest expects.

use super::{Corpus, CorpusFault, counts, told};
use indexmap::IndexSet;
use seraug_core::emotion::Emotion;
use seraug_core::error::Result;
use seraug_core::text::{plural, s};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

/// Problems that [`Corpus::differences`] lists; a check lists all.
const TOLD: usize = 20;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// Every count is as expected and nothing is unknown.
    Complete,
    /// Something is missing and nothing is wrong.
    Partial,
    /// There is more than a complete copy has, or something that is not understood.
    Wrong,
}

/// Utterances of one emotion, or of one speaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The emotion, or the speaker's id.
    pub name: String,
    /// Utterances found.
    pub found: usize,
    /// Utterances of a complete copy, where the manifest says.
    pub expected: Option<usize>,
}

/// Utterances of one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionCount {
    /// Its id.
    pub session: String,
    /// By emotion, those that the manifest counts by session.
    pub emotions: Vec<ClassCount>,
}

/// Labelled utterances that the manifest drops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The corpus's own code.
    pub code: String,
    /// Why they are dropped.
    pub reason: String,
    /// Labels found.
    pub found: usize,
    /// Labels of a complete copy, where the manifest says.
    pub expected: Option<usize>,
}

/// Found against expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorpusCheck {
    /// Complete, partial or wrong.
    pub verdict: CheckVerdict,
    /// The verdict in one line, with what is missing or wrong.
    pub summary: String,
    /// Utterances found.
    pub found: usize,
    /// Utterances of a complete copy.
    pub expected: usize,
    /// In the manifest's order, then emotions that it does not expect.
    pub emotions: Vec<ClassCount>,
    /// In the manifest's order, then others by id; those of the manifest that are missing have 0.
    pub speakers: Vec<ClassCount>,
    /// Sessions that the manifest counts, in its order.
    pub sessions: Vec<SessionCount>,
    /// In the manifest's order.
    pub dropped: Vec<Dropped>,
    /// Recordings that the manifest lists as unusable, in its order: `code` is the name it gives, `found` 1 where it is there.
    pub unusable: Vec<Dropped>,
    /// Ids of recordings that are the same byte for byte. They do not make a corpus wrong.
    pub duplicates: Vec<Vec<String>>,
    /// Unknown codes, stray audio, bad rows; then files that are no recording.
    pub problems: Vec<String>,
    /// What somebody should look at and what does not make a corpus wrong: names that look alike; folders that could not
    /// be read, where nothing is missing.
    pub notes: Vec<String>,
}

impl CorpusCheck {
    /// Whether every count is as expected, no speaker is missing and nothing is unknown.
    pub fn complete(&self) -> bool {
        self.verdict == CheckVerdict::Complete
    }

    /// What differs, one sentence each, without the problems: `37 of 127 angry utterances`.
    fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        let note = |of: &str, c: &ClassCount| {
            let expected = c.expected.filter(|e| *e != c.found)?;
            Some(format!("{} of {expected} {} utterances{of}", c.found, c.name))
        };
        found.extend(self.emotions.iter().filter_map(|c| note("", c)));
        for s in &self.sessions {
            found.extend(s.emotions.iter().filter_map(|c| note(&format!(" in session {}", s.session), c)));
        }
        let lost: Vec<&str> = self.missing_speakers();
        found.extend((!lost.is_empty()).then(|| format!("nothing of {}", self.ranges(&lost))));
        for c in self.speakers.iter().filter(|c| c.found > 0 && c.expected.is_some_and(|e| e != c.found)) {
            found.push(format!(
                "{} of {} utterances of speaker {}",
                c.found,
                c.expected.unwrap_or(0),
                c.name
            ));
        }
        let dropped = self.dropped.iter().filter(|d| d.expected.is_some_and(|e| e != d.found));
        found
            .extend(dropped.map(|d| format!("{} of {} labels {}", d.found, d.expected.unwrap_or(0), d.code)));
        found
    }

    fn missing_speakers(&self) -> Vec<&str> {
        self.speakers.iter().filter(|c| c.found == 0).map(|c| c.name.as_str()).collect()
    }

    /// `speakers 13 to 24`: abbreviates three or more consecutive names.
    fn ranges(&self, names: &[&str]) -> String {
        let at = |name: &str| self.speakers.iter().position(|c| c.name == name).unwrap_or(0);
        let runs: Vec<&[&str]> = names.chunk_by(|a, b| at(a) + 1 == at(b)).collect();
        let parts: Vec<String> = runs
            .iter()
            .flat_map(|run| match run {
                [first, _, .., last] => vec![format!("{first} to {last}")],
                run => run.iter().map(|s| (*s).to_owned()).collect(),
            })
            .collect();
        format!("speaker{} {}", s(names.len()), parts.join(", "))
    }

    /// Sets the verdict and its line. Folders that could not be read are a problem only if something is missing.
    fn judge(&mut self, unseen: &[CorpusFault]) {
        let of = |c: &ClassCount| c.expected.map_or(Ordering::Equal, |e| c.found.cmp(&e));
        let mut orders: Vec<Ordering> = vec![self.found.cmp(&self.expected)];
        orders.extend(self.emotions.iter().chain(&self.speakers).map(of));
        orders.extend(self.sessions.iter().flat_map(|s| &s.emotions).map(of));
        orders.extend(self.dropped.iter().map(|d| d.expected.map_or(Ordering::Equal, |e| d.found.cmp(&e))));
        let less = orders.contains(&Ordering::Less) || !self.missing_speakers().is_empty();
        let more = orders.contains(&Ordering::Greater);
        let unseen = unseen.iter().map(ToString::to_string);
        if less {
            self.problems.extend(unseen);
        } else {
            self.notes.extend(unseen);
        }
        let lost = self.missing_speakers();

        let mut parts = Vec::new();
        if !self.problems.is_empty() {
            parts.push(plural(self.problems.len(), "problem"));
        }
        if more {
            parts.push("more than a complete copy has".to_owned());
        }
        let share = (100 * self.found).checked_div(self.expected).unwrap_or(0);
        parts.push(match self.found == self.expected {
            true => plural(self.found, "utterance"),
            false => format!("{} of {} utterances ({share} %)", self.found, self.expected),
        });
        if !lost.is_empty() {
            parts.push(format!("nothing of {}", self.ranges(&lost)));
        } else if (less || more) && self.found == self.expected {
            parts.extend(self.differences().into_iter().next());
        }
        let (verdict, word) = match (less, more || !self.problems.is_empty()) {
            (_, true) => (CheckVerdict::Wrong, "wrong"),
            (true, _) => (CheckVerdict::Partial, "partial"),
            _ => (CheckVerdict::Complete, "complete"),
        };
        self.verdict = verdict;
        self.summary = format!("{word}: {}", parts.join("; "));
    }
}

impl Corpus {
    /// Numbers of utterances by the values of `columns`, as [`counts`].
    ///
    /// # Errors
    /// A column that does not exist.
    pub fn counts(&self, columns: &[&str]) -> Result<Vec<(Vec<String>, usize)>> {
        counts(&self.utterances, &self.manifest.valence, columns)
    }

    /// What differs from the manifest, its problems first; empty for a complete corpus. Files that cannot be used for one
    /// reason are one of them.
    pub fn differences(&self) -> Vec<String> {
        let check = self.check();
        let unusable: HashSet<String> = self.faults.unusable.iter().map(ToString::to_string).collect();
        let problems = check.problems.iter().filter(|p| !unusable.contains(*p));
        let mut found: Vec<String> = problems.clone().take(TOLD).cloned().collect();
        let more = problems.count().saturating_sub(TOLD);
        found.extend((more > 0).then(|| plural(more, "more problem")));
        found.extend((!self.faults.unusable.is_empty()).then(|| told(&self.faults.unusable)));
        found.extend(check.differences());
        found
    }

    /// Compares with the manifest.
    pub fn check(&self) -> CorpusCheck {
        let found = |columns: &[&str]| self.counts(columns).expect("columns of an index");
        let expected = &self.manifest.expected;
        let by_emotion: BTreeMap<String, usize> = one(found(&["emotion"]));
        let mut emotions: Vec<ClassCount> =
            expected.emotions.iter().map(|(e, n)| count(e.name(), &by_emotion, Some(*n))).collect();
        let unexpected = by_emotion.keys().filter(|e| emotions.iter().all(|c| c.name != **e));
        let unexpected: Vec<ClassCount> = unexpected.map(|e| count(e, &by_emotion, Some(0))).collect();
        emotions.extend(unexpected);

        let by_speaker = one(found(&["speaker"]));
        let stated = self.manifest.speakers.keys().chain(expected.speakers.keys());
        let ids: IndexSet<&String> = stated.chain(by_speaker.keys()).collect();
        let speakers =
            ids.iter().map(|s| count(s, &by_speaker, expected.speakers.get(*s).copied())).collect();

        let mut by_session: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (keys, n) in found(&["session", "emotion"]) {
            by_session.entry(keys[0].clone()).or_default().insert(keys[1].clone(), n);
        }
        let sessions = expected.sessions.iter().map(|(session, emotions)| {
            let found = by_session.remove(session).unwrap_or_default();
            let row = |(e, n): (&Emotion, &usize)| count(e.name(), &found, Some(*n));
            SessionCount { session: session.clone(), emotions: emotions.iter().map(row).collect() }
        });
        let dropped = self.manifest.dropped.iter().map(|(code, reason)| Dropped {
            code: code.clone(),
            reason: reason.clone(),
            found: self.dropped.get(code).copied().unwrap_or(0),
            expected: expected.dropped.get(code).copied(),
        });
        let unusable = self.manifest.unusable.iter().map(|(code, reason)| Dropped {
            code: code.clone(),
            reason: reason.clone(),
            found: usize::from(self.faults.listed.contains(code)),
            expected: None,
        });
        let mut problems = self.problems.clone();
        problems.extend(self.faults.unusable.iter().map(ToString::to_string));
        let mut check = CorpusCheck {
            verdict: CheckVerdict::Wrong,
            summary: String::new(),
            found: self.utterances.len(),
            expected: expected.utterances,
            emotions,
            speakers,
            sessions: sessions.collect(),
            dropped: dropped.collect(),
            unusable: unusable.collect(),
            duplicates: self.duplicates(),
            problems,
            notes: self.look_alikes(),
        };
        check.judge(&self.faults.unseen);
        check
    }

    /// Ids of utterances whose audio is the same byte for byte.
    fn duplicates(&self) -> Vec<Vec<String>> {
        let mut by_content: Vec<(&str, &str)> =
            self.utterances.iter().map(|u| (u.sha256.as_str(), u.id.as_str())).collect();
        by_content.sort();
        let same = by_content.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1);
        let mut groups: Vec<Vec<String>> =
            same.map(|g| g.iter().map(|(_, id)| (*id).to_owned()).collect()).collect();
        groups.sort();
        groups
    }
}

fn one(counts: Vec<(Vec<String>, usize)>) -> BTreeMap<String, usize> {
    counts.into_iter().map(|(mut keys, n)| (keys.swap_remove(0), n)).collect()
}

fn count(name: &str, found: &BTreeMap<String, usize>, expected: Option<usize>) -> ClassCount {
    ClassCount { name: name.to_owned(), found: found.get(name).copied().unwrap_or(0), expected }
}
