//! The leakage audit: checks whether test utterances leak into training, on the very index lists that the training uses. Any
//! leak aborts the run, except a speaker overlap that the protocol declares, texts on both sides unless the spec forbids them, and
//! names that merely look alike: a person has to decide whether they are the same.

use crate::corpora::Utterance;
use crate::split::Reference;
use seraug_core::error::{Error, Result};
use seraug_core::names::unicode::{confusable_key, normalise};
use seraug_core::run_files::AuditCheck;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

/// The origin of all data of a cell: indices into the utterances of the experiment.
#[derive(Debug, Clone, Copy)]
pub struct Lineage<'a> {
    /// The classifier's test set.
    pub test: &'a [usize],
    /// The classifier's training set, without augmentations.
    pub train: &'a [usize],
    /// Sources of the augmentations.
    pub augmented_from: &'a [usize],
    /// The augmentor's training set.
    pub augmentor_trained_on: &'a [usize],
    /// The utterances that mean and deviation were computed on.
    pub statistics_from: &'a [usize],
    /// Removed utterances that nothing may be trained on; none where nothing is judged.
    pub reference: Option<&'a Reference>,
    /// The judge's training set; empty without one.
    pub judge_trained_on: &'a [usize],
    /// The protocol allows test speakers in training: they are counted, not refused.
    pub speakers_overlap: bool,
    /// The spec allows texts of the test in training: they are counted, not refused.
    pub texts_overlap: bool,
}

/// The auditor of an experiment. Maps everything that utterances may share to numbers once, because the checks run on every
/// cell.
#[derive(Debug)]
pub struct Auditor<'a> {
    utterances: &'a [Utterance],
    speakers: ValueNumbers,
    /// By what their names have in common with those of others.
    likenesses: ValueNumbers,
    ids: ValueNumbers,
    contents: ValueNumbers,
    /// Of what is said, with the utterances whose text somebody says; absent where nobody says any.
    texts: Option<(ValueNumbers, Vec<bool>)>,
    /// Absent where every utterance is a whole file.
    files: Option<ValueNumbers>,
}

/// A number for each utterance: equal numbers for equal values.
#[derive(Debug)]
struct ValueNumbers {
    of: Vec<u32>,
    distinct: usize,
}

impl ValueNumbers {
    fn new<'a, K: Hash + Eq>(utterances: &'a [Utterance], what: impl Fn(&'a Utterance) -> K) -> ValueNumbers {
        let mut known: HashMap<K, u32> = HashMap::new();
        let of = utterances.iter().map(|u| {
            let next = known.len() as u32;
            *known.entry(what(u)).or_insert(next)
        });
        ValueNumbers { of: of.collect(), distinct: known.len() }
    }
}

/// Computes the key of each name only once.
fn likenesses(utterances: &[Utterance]) -> ValueNumbers {
    let mut known: HashMap<&str, String> = HashMap::new();
    for u in utterances {
        known.entry(&u.speaker).or_insert_with(|| confusable_key(&u.speaker));
    }
    let mut numbers: HashMap<(&str, &str), u32> = HashMap::new();
    let of = utterances.iter().map(|u| {
        let next = numbers.len() as u32;
        *numbers.entry((&*u.corpus, known[u.speaker.as_str()].as_str())).or_insert(next)
    });
    ValueNumbers { of: of.collect(), distinct: numbers.len() }
}

/// Identifies a file independently of links to it.
fn recordings(utterances: &[Utterance]) -> ValueNumbers {
    let mut real: HashMap<&Path, PathBuf> = HashMap::new();
    for u in utterances {
        real.entry(&u.path).or_insert_with(|| u.path.canonicalize().unwrap_or_else(|_| u.path.clone()));
    }
    let mut numbers: HashMap<&Path, u32> = HashMap::new();
    let of = utterances.iter().map(|u| {
        let next = numbers.len() as u32;
        *numbers.entry(&real[u.path.as_path()]).or_insert(next)
    });
    ValueNumbers { of: of.collect(), distinct: numbers.len() }
}

/// The result of one check: the number of leaking utterances, and the first pair.
type Hits = (usize, Option<(usize, usize)>);

impl<'a> Auditor<'a> {
    /// For an experiment on `utterances`.
    pub fn new(utterances: &'a [Utterance]) -> Auditor<'a> {
        let excerpts = utterances.iter().any(|u| u.excerpt.is_some());
        Auditor {
            utterances,
            speakers: ValueNumbers::new(utterances, |u| (&*u.corpus, normalise(&u.speaker))),
            likenesses: likenesses(utterances),
            ids: ValueNumbers::new(utterances, |u| (&*u.corpus, normalise(&u.id))),
            contents: ValueNumbers::new(utterances, |u| u.sha256.as_str()),
            texts: utterances.iter().any(|u| u.text.is_some()).then(|| {
                let numbers = ValueNumbers::new(utterances, |u| (&*u.corpus, u.text.as_deref()));
                (numbers, utterances.iter().map(|u| u.text.is_some()).collect())
            }),
            files: excerpts.then(|| recordings(utterances)),
        }
    }

    /// Runs every check on one cell. The check for names that merely look alike is listed only if it has hits.
    ///
    /// # Errors
    /// The first leak that the protocol does not allow, with both utterances.
    pub fn audit(&self, lineage: &Lineage) -> Result<Vec<AuditCheck>> {
        let l = lineage;
        let speakers = "speakers on both sides";
        let alike = "speakers whose names look like one on the other side";
        let mut questions: Vec<(&str, usize, Hits)> = [
            (speakers, shared(&self.speakers, l.train, l.test)),
            ("utterances on both sides", shared(&self.ids, l.train, l.test)),
            ("byte-identical audio on both sides", shared(&self.contents, l.train, l.test)),
            ("recordings of which both sides hear a part", self.overlapping(l.train, l.test)),
            ("augmentations made from test items", shared(&self.contents, l.augmented_from, l.test)),
            ("augmentor trained on test items", shared(&self.contents, l.augmentor_trained_on, l.test)),
            ("statistics fitted on test items", shared(&self.contents, l.statistics_from, l.test)),
            (alike, self.alike(l.train, l.test)),
        ]
        .map(|(check, hits)| (check, l.test.len(), hits))
        .into();
        if let Some((texts, are_said)) = &self.texts {
            let said =
                |side: &[usize]| -> Vec<usize> { side.iter().copied().filter(|&i| are_said[i]).collect() };
            let (train, test) = (said(l.train), said(l.test));
            questions.push((AuditCheck::TEXTS, test.len(), shared(texts, &train, &test)));
        }
        if let Some(reference) = l.reference {
            let trained = [l.train, l.augmented_from, l.augmentor_trained_on, l.statistics_from].concat();
            let hits = |left| shared(&self.contents, left, reference.items());
            questions.push(("trained on reference utterances", reference.len(), hits(&trained)));
            questions.push((
                "judge trained on reference utterances",
                reference.len(),
                hits(l.judge_trained_on),
            ));
        }
        let mut checks = Vec::new();
        for (check, compared, (hits, first)) in questions {
            if let Some((a, b)) = first
                && !(check == speakers && l.speakers_overlap)
                && !(check == AuditCheck::TEXTS && l.texts_overlap)
                && check != alike
            {
                let [a, b] = [a, b].map(|i| &self.utterances[i]);
                let other = match check {
                    AuditCheck::TEXTS => "leave out `texts = \"disjoint\"`, or use protocol.leave-texts-out",
                    _ => "remove one from the corpus or use another protocol",
                };
                return Err(Error::failed(format!(
                    "leakage: {check}: {} ({}) and {} ({}); {other}",
                    a.id,
                    a.path.display(),
                    b.id,
                    b.path.display()
                )));
            }
            if check == alike && hits == 0 {
                continue;
            }
            checks.push(AuditCheck { check: check.to_owned(), compared, hits });
        }
        Ok(checks)
    }

    /// Utterances of `right` whose speaker is not in `left`, although a speaker with a name that looks the same is.
    fn alike(&self, left: &[usize], right: &[usize]) -> Hits {
        let mut speaks = vec![false; self.speakers.distinct];
        left.iter().for_each(|&i| speaks[self.speakers.of[i] as usize] = true);
        let others: Vec<usize> =
            right.iter().copied().filter(|&i| !speaks[self.speakers.of[i] as usize]).collect();
        shared(&self.likenesses, left, &others)
    }

    /// Utterances of `right` that overlap in time with an utterance of `left` from the same file.
    fn overlapping(&self, left: &[usize], right: &[usize]) -> Hits {
        let Some(files) = &self.files else { return (0, None) };
        let bounds = |i: usize| self.utterances[i].excerpt.map_or((0.0, f64::INFINITY), |e| (e.start, e.end));
        let mut of_file: HashMap<u32, Vec<usize>> = HashMap::new();
        for &i in left {
            of_file.entry(files.of[i]).or_default().push(i);
        }
        for stretches in of_file.values_mut() {
            stretches.sort_by(|a, b| bounds(*a).0.total_cmp(&bounds(*b).0));
        }
        let hit = |&i: &usize| {
            let (start, end) = bounds(i);
            let stretches = of_file.get(&files.of[i])?;
            let before = &stretches[..stretches.partition_point(|s| bounds(*s).0 < end)];
            Some((*before.iter().find(|s| bounds(**s).1 > start)?, i))
        };
        let mut hits = right.iter().filter_map(hit);
        let first = hits.next();
        (usize::from(first.is_some()) + hits.count(), first)
    }
}

/// Utterances of `right` that share a number with an utterance of `left`; the pair has the first of `left`.
fn shared(numbers: &ValueNumbers, left: &[usize], right: &[usize]) -> Hits {
    let mut seen = vec![false; numbers.distinct];
    left.iter().for_each(|&i| seen[numbers.of[i] as usize] = true);
    let mut hits = right.iter().filter(|&&i| seen[numbers.of[i] as usize]);
    let first = hits.next().and_then(|&b| {
        let a = left.iter().find(|&&a| numbers.of[a] == numbers.of[b])?;
        Some((*a, b))
    });
    (usize::from(first.is_some()) + hits.count(), first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::Excerpt;
    use seraug_core::emotion::Emotion;
    use seraug_core::manifest::Channels;

    fn utterance(id: &str, speaker: &str, sha: &str) -> Utterance {
        Utterance {
            corpus: "emodb".into(),
            id: id.into(),
            path: PathBuf::from(format!("{id}.wav")),
            excerpt: None,
            channels: Channels::Mean,
            speaker: speaker.into(),
            gender: None,
            session: None,
            split: None,
            text: None,
            language: "de".into(),
            emotion: Emotion::SAD,
            sha256: sha.into(),
        }
    }

    fn audit(utterances: &[Utterance], lineage: &Lineage) -> Result<Vec<AuditCheck>> {
        Auditor::new(utterances).audit(lineage)
    }

    #[test]
    fn every_kind_of_leak_is_named() {
        let clean = vec![utterance("a", "s1", "1"), utterance("b", "s1", "2"), utterance("c", "s2", "3")];
        let fine = Lineage {
            test: &[2],
            train: &[0, 1],
            augmented_from: &[0],
            augmentor_trained_on: &[0, 1],
            statistics_from: &[0, 1],
            reference: None,
            judge_trained_on: &[],
            speakers_overlap: false,
            texts_overlap: true,
        };
        assert_eq!(audit(&clean, &fine).unwrap().len(), 7);
        let message = |u: &[Utterance], l: Lineage| audit(u, &l).unwrap_err().to_string();
        let mut speaker = clean.clone();
        speaker[2].speaker = "s1".into();
        assert!(message(&speaker, fine).contains("speakers on both sides: a (a.wav) and c (c.wav)"));
        let allowed = audit(&speaker, &Lineage { speakers_overlap: true, ..fine }).unwrap();
        assert_eq!((allowed[0].hits, allowed[1].hits), (1, 0));
        speaker[2].speaker = "s1\u{200b}".into();
        assert!(
            message(&speaker, fine).contains("speakers on both sides"),
            "what is not seen tells nobody apart"
        );
        speaker[2].speaker = "S_01".into();
        let alike = audit(&speaker, &fine).unwrap();
        assert_eq!((alike.len(), alike[0].hits, alike[7].hits), (8, 0, 1), "told, and a person's to decide");
        let mut bytes = clean.clone();
        bytes[2].sha256 = "2".into();
        assert!(message(&bytes, fine).contains("byte-identical audio on both sides: b"));
        let mut parts = clean.clone();
        for (u, (start, end)) in std::iter::zip(&mut parts, [(0.0, 2.0), (2.0, 3.0), (1.9, 2.0)]) {
            (u.path, u.excerpt) = ("long.wav".into(), Some(Excerpt { start, end }));
        }
        assert!(message(&parts, fine).contains("both sides hear a part: a (long.wav) and c (long.wav)"));
        parts[2].excerpt = Some(Excerpt { start: 3.0, end: 4.0 });
        assert_eq!(audit(&parts, &fine).unwrap()[3].hits, 0, "neighbours share nothing");
        let dir = tempfile::tempdir().unwrap();
        let [long, link] = ["long.wav", "link.wav"].map(|name| dir.path().join(name));
        std::fs::write(&long, "").unwrap();
        std::os::unix::fs::symlink(&long, &link).unwrap();
        (parts[0].path, parts[1].path, parts[2].path) = (long.clone(), long, link);
        parts[2].excerpt = Some(Excerpt { start: 1.9, end: 2.0 });
        assert!(message(&parts, fine).contains("both sides hear a part: a"), "a link is no other recording");
        for u in &mut parts {
            u.path = "long.wav".into();
        }
        parts[0].excerpt = None;
        assert!(message(&parts, fine).contains("both sides hear a part: a"), "a whole file has every part");
        assert!(
            message(&clean, Lineage { augmented_from: &[2], ..fine })
                .contains("augmentations made from test items")
        );
        // The same recording under another name, of which the classifier knows nothing.
        let twice = [clean.clone(), vec![utterance("d", "s1", "3")]].concat();
        for lineage in [
            Lineage { augmented_from: &[3], ..fine },
            Lineage { augmentor_trained_on: &[3], ..fine },
            Lineage { statistics_from: &[3], ..fine },
        ] {
            assert!(message(&twice, lineage).contains("test items: d (d.wav) and c (c.wav)"));
        }
        assert!(
            message(&clean, Lineage { augmentor_trained_on: &[2], ..fine }).contains("augmentor trained on")
        );
        assert!(
            message(&clean, Lineage { statistics_from: &[2], ..fine })
                .contains("statistics fitted on test items")
        );
    }

    #[test]
    fn texts_on_both_sides_are_counted_or_refused_and_unknown_ones_are_not_compared() {
        let mut all: Vec<Utterance> = (0..4)
            .map(|i| utterance(&i.to_string(), if i < 2 { "s1" } else { "s2" }, &i.to_string()))
            .collect();
        let fine = Lineage {
            test: &[2, 3],
            train: &[0, 1],
            augmented_from: &[],
            augmentor_trained_on: &[],
            statistics_from: &[0, 1],
            reference: None,
            judge_trained_on: &[],
            speakers_overlap: false,
            texts_overlap: true,
        };
        let of = |all: &[Utterance]| {
            let checks = audit(all, &fine).unwrap();
            checks.into_iter().find(|c| c.check == AuditCheck::TEXTS).map(|c| (c.compared, c.hits))
        };
        assert_eq!(of(&all), None, "nobody says what is said");
        for (u, text) in all.iter_mut().zip(["a01", "", "a01", ""]) {
            u.text = Some(text.to_owned()).filter(|t| !t.is_empty());
        }
        assert_eq!(of(&all), Some((1, 1)), "two whose text nobody says share none");
        let refused = audit(&all, &Lineage { texts_overlap: false, ..fine }).unwrap_err().to_string();
        assert!(
            refused.starts_with("leakage: texts on both sides: 0 (0.wav) and 2 (2.wav); leave out"),
            "{refused}"
        );
        all[2].text = Some("a02".into());
        assert_eq!(of(&all), Some((1, 0)));
        all[2].text = Some("a01".into());
        all[2].corpus = "emovo".into();
        assert_eq!(of(&all), Some((1, 0)), "a code of another corpus is another text");
    }

    #[test]
    fn a_reference_utterance_that_anything_is_trained_on_is_a_leak() {
        let all: Vec<Utterance> = (0..5)
            .map(|i| utterance(&i.to_string(), if i == 2 { "s2" } else { "s1" }, &i.to_string()))
            .collect();
        let reference = Reference::of(&[3]);
        let fine = Lineage {
            test: &[2],
            train: &[0, 1],
            augmented_from: &[0],
            augmentor_trained_on: &[0, 1],
            statistics_from: &[0, 1],
            reference: Some(&reference),
            judge_trained_on: &[0, 1, 4],
            speakers_overlap: false,
            texts_overlap: true,
        };
        let checks = audit(&all, &fine).unwrap();
        assert_eq!(checks.len(), 9);
        assert!(checks[7..].iter().all(|c| (c.compared, c.hits) == (1, 0)), "{checks:?}");
        let message = |u: &[Utterance], l: Lineage| audit(u, &l).unwrap_err().to_string();
        let trained = "leakage: trained on reference utterances: 3 (3.wav) and 3 (3.wav)";
        assert!(message(&all, Lineage { train: &[0, 1, 3], ..fine }).contains(trained));
        assert!(message(&all, Lineage { augmented_from: &[3], ..fine }).contains(trained));
        assert!(message(&all, Lineage { augmentor_trained_on: &[1, 3], ..fine }).contains(trained));
        let judge = "leakage: judge trained on reference utterances: 3";
        assert!(message(&all, Lineage { judge_trained_on: &[0, 3], ..fine }).contains(judge));
        let mut same = all.clone();
        same[3].sha256 = "1".into();
        assert!(
            message(&same, fine).contains("trained on reference utterances: 1 (1.wav) and 3"),
            "by content"
        );
    }
}
