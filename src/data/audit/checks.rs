//! Every check of a split, code by code.

use super::codes::AuditCode;
use super::folds::{FoldSides, SharedValues, SideStretches, matched, shared, sided};
use super::lists::ListPart;
use super::numbers::{KnownNumbers, SharedNumbers};
use super::result::{FindingExample, FoldCount};
use super::sound::HeardSounds;
use super::utterances::AuditedUtterances;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Examples of a code.
const EXAMPLES: usize = 5;

/// What a code counts, or why it was not checked.
#[derive(Debug, Default)]
pub(super) struct CodeOutcome {
    pub(super) skipped: Option<String>,
    pub(super) partly: Option<String>,
    pub(super) folds: Vec<FoldCount>,
    /// Count and of how many, for what does not belong to folds.
    pub(super) whole: Option<(usize, usize)>,
    pub(super) examples: Vec<FindingExample>,
}

impl CodeOutcome {
    fn skipped(why: &str) -> CodeOutcome {
        CodeOutcome { skipped: Some(why.to_owned()), ..CodeOutcome::default() }
    }
}

/// The checks of a split as they are made.
pub(super) struct SplitChecks<'a> {
    utterances: &'a AuditedUtterances,
    folds: &'a [FoldSides],
    numbers: &'a SharedNumbers,
    pub(super) outcomes: BTreeMap<AuditCode, CodeOutcome>,
}

const NO_VALIDATION: &str = "the split has no validation";
const NO_SPEAKERS: &str = "no speaker is known; --corpus NAME reads them from names, --speaker COLUMN and --speaker-from REGEX find them";
const NO_TEXTS: &str =
    "no text is known; --corpus NAME reads them from names, --text COLUMN and --text-from REGEX find them";
const NO_LABELS: &str = "no label is known; --emotion COLUMN names them";
const NO_AUDIO: &str = "no recordings were given; --audio DIR compares them";
const NO_STRETCHES: &str = "no list has stretches of recordings (start and end)";

type Part = ListPart;

impl<'a> SplitChecks<'a> {
    /// All checks.
    pub(super) fn of(
        utterances: &'a AuditedUtterances,
        folds: &'a [FoldSides],
        numbers: &'a SharedNumbers,
        heard: Option<&HeardSounds>,
        listened: bool,
    ) -> SplitChecks<'a> {
        let mut checks = SplitChecks { utterances, folds, numbers, outcomes: BTreeMap::new() };
        checks.utterances_on_sides();
        checks.speakers();
        checks.texts();
        checks.stretches();
        checks.names();
        checks.classes();
        checks.sizes();
        checks.rows();
        checks.sounds(heard, listened);
        checks
    }

    fn skip(&mut self, codes: &[AuditCode], why: &str) {
        for code in codes {
            self.outcomes.insert(*code, CodeOutcome::skipped(why));
        }
    }

    fn has_validation(&self) -> bool {
        self.folds.iter().any(|fold| !fold.validation.is_empty())
    }

    /// Adds what a fold counts, with examples.
    fn add(
        &mut self,
        code: AuditCode,
        fold: &FoldSides,
        found: &SharedValues,
        examples: Vec<FindingExample>,
    ) {
        let outcome = self.outcomes.entry(code).or_default();
        outcome.folds.push(FoldCount {
            fold: fold.name.clone(),
            count: found.count,
            of: found.of,
            utterances: found.utterances,
        });
        // Of many folds, a few of each.
        let each = (EXAMPLES / self.folds.len().max(1)).max(1);
        let room = EXAMPLES.saturating_sub(outcome.examples.len()).min(each);
        let of_fold = |example| FindingExample { fold: fold.name.clone(), ..example };
        outcome.examples.extend(examples.into_iter().take(room).map(of_fold));
    }

    /// An utterance of each side.
    fn pair(&self, (left_part, left): (Part, u32), (right_part, right): (Part, u32)) -> FindingExample {
        FindingExample {
            one: Some(sided(self.utterances, left_part, left)),
            other: Some(sided(self.utterances, right_part, right)),
            ..FindingExample::default()
        }
    }

    fn pairs(
        &self,
        found: &SharedValues,
        example: impl Fn(u32, u32) -> FindingExample,
    ) -> Vec<FindingExample> {
        found.pairs.iter().map(|(left, right)| example(*left, *right)).collect()
    }

    /// One of training and one of the test.
    fn trained_and_tested(&self, left: u32, right: u32) -> FindingExample {
        self.pair((Part::Train, left), (Part::Test, right))
    }

    /// What `left` and `right` share in each fold.
    fn share(
        &mut self,
        code: AuditCode,
        numbers: &KnownNumbers,
        (left, right): (Part, Part),
        what: impl Fn(u32) -> String,
    ) {
        for fold in self.folds {
            let found = shared(numbers, fold.part(left), fold.part(right));
            let examples = self
                .pairs(&found, |a, b| FindingExample { what: what(b), ..self.pair((left, a), (right, b)) });
            self.add(code, fold, &found, examples);
        }
    }

    fn utterances_on_sides(&mut self) {
        let (ids, none) = (&self.numbers.ids, |_| String::new());
        self.share(AuditCode::UtteranceOverlap, ids, (Part::Train, Part::Test), none);
        if self.has_validation() {
            self.share(AuditCode::ValidationInTest, ids, (Part::Validation, Part::Test), none);
            self.share(AuditCode::ValidationInTraining, ids, (Part::Train, Part::Validation), none);
        } else {
            self.skip(&[AuditCode::ValidationInTest, AuditCode::ValidationInTraining], NO_VALIDATION);
        }
    }

    fn speakers(&mut self) {
        use AuditCode::{
            SpeakerLookalike, SpeakerOverlap, SpeakerUnknown, ValidationSpeakersInTest,
            ValidationSpeakersInTraining,
        };
        let (all, numbers) = (&self.utterances.all, &self.numbers.speakers);
        let name = |u: u32| all[u as usize].speaker.clone().unwrap_or_default();
        for fold in self.folds {
            let unknown = matched(&fold.all(), |u| numbers.get(u).is_none().then_some(u));
            let examples = self.pairs(&unknown, |_, u| FindingExample {
                one: Some(sided(self.utterances, fold.part_of(u), u)),
                ..FindingExample::default()
            });
            self.add(SpeakerUnknown, fold, &unknown, examples);
        }
        let validation = [ValidationSpeakersInTest, ValidationSpeakersInTraining];
        if numbers.known() == 0 {
            self.skip(&[SpeakerOverlap, SpeakerLookalike], NO_SPEAKERS);
            self.skip(&validation, if self.has_validation() { NO_SPEAKERS } else { NO_VALIDATION });
            return;
        }
        self.share(SpeakerOverlap, numbers, (Part::Train, Part::Test), name);
        if self.has_validation() {
            self.share(ValidationSpeakersInTest, numbers, (Part::Validation, Part::Test), name);
            self.share(ValidationSpeakersInTraining, numbers, (Part::Train, Part::Validation), name);
        } else {
            self.skip(&validation, NO_VALIDATION);
        }
        for fold in self.folds {
            let mut trained = vec![false; numbers.distinct];
            fold.train.iter().filter_map(|u| numbers.get(*u)).for_each(|s| trained[s as usize] = true);
            let others: Vec<u32> = fold
                .test
                .iter()
                .copied()
                .filter(|u| numbers.get(*u).is_some_and(|s| !trained[s as usize]))
                .collect();
            let mut found = shared(&self.numbers.likenesses, &fold.train, &others);
            found.of = shared(numbers, &[], &fold.test).of;
            let examples = self.pairs(&found, |left, right| FindingExample {
                what: name(right),
                note: format!("`{}` in training", name(left)),
                ..self.trained_and_tested(left, right)
            });
            self.add(SpeakerLookalike, fold, &found, examples);
        }
        let unknown = all.len() - numbers.known();
        if unknown > 0 {
            let partly = format!("{unknown} of {} utterances have no known speaker", all.len());
            for code in [SpeakerOverlap, SpeakerLookalike].into_iter().chain(validation) {
                self.partly(code, &partly);
            }
        }
    }

    fn partly(&mut self, code: AuditCode, why: &str) {
        if let Some(outcome) = self.outcomes.get_mut(&code).filter(|outcome| outcome.skipped.is_none()) {
            outcome.partly = Some(why.to_owned());
        }
    }

    fn texts(&mut self) {
        let (all, numbers) = (&self.utterances.all, &self.numbers.texts);
        if numbers.known() == 0 {
            return self.skip(&[AuditCode::TextOverlap], NO_TEXTS);
        }
        let name = |u: u32| all[u as usize].text.clone().unwrap_or_default();
        self.share(AuditCode::TextOverlap, numbers, (Part::Train, Part::Test), name);
        let unknown = all.len() - numbers.known();
        if unknown > 0 {
            let partly = format!("{unknown} of {} utterances have no known text", all.len());
            self.partly(AuditCode::TextOverlap, &partly);
        }
    }

    fn stretches(&mut self) {
        let (utterances, recordings) = (self.utterances, &self.numbers.recordings);
        if recordings.known() == 0 {
            return self.skip(&[AuditCode::ExcerptOverlap, AuditCode::RecordingShared], NO_STRETCHES);
        }
        for fold in self.folds {
            let trained = SideStretches::of(utterances, recordings, &fold.train);
            let both = |u: u32| fold.train.binary_search(&u).is_ok();
            let overlap = |u: u32| trained.overlapping(u).filter(|_| !both(u));
            let found = matched(&fold.test, overlap);
            let beside = matched(&fold.test, |u| match overlap(u) {
                None => trained.beside(u).filter(|_| !both(u)),
                Some(_) => None,
            });
            for (code, found) in [(AuditCode::ExcerptOverlap, found), (AuditCode::RecordingShared, beside)] {
                let examples = self.pairs(&found, |left, right| self.trained_and_tested(left, right));
                self.add(code, fold, &found, examples);
            }
        }
    }

    /// Names in different lists that may be of one recording.
    fn names(&mut self) {
        let (all, numbers) = (&self.utterances.all, &self.numbers.names);
        for fold in self.folds {
            let mut by_name: HashMap<u32, Vec<u32>> = HashMap::new();
            for &u in fold.train.iter().filter(|u| all[**u as usize].id.is_none()) {
                let of_name = by_name.entry(numbers.get(u).unwrap_or(0)).or_default();
                // A name that a hundred folders have tells nothing apart.
                if of_name.len() < 100 {
                    of_name.push(u);
                }
            }
            let apart = |a: u32, b: u32| {
                let [a, b] = [a, b].map(|u| &all[u as usize]);
                let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
                a.lists & b.lists != 0
                    || a.span != b.span
                    || differ(&a.speaker, &b.speaker)
                    || differ(&a.label, &b.label)
                    || differ(&a.text, &b.text)
            };
            let found = matched(&fold.test, |u| {
                if all[u as usize].id.is_some() {
                    return None;
                }
                by_name.get(&numbers.get(u)?)?.iter().copied().find(|other| *other != u && !apart(*other, u))
            });
            let examples = self.pairs(&found, |left, right| self.trained_and_tested(left, right));
            self.add(AuditCode::NameAmbiguous, fold, &found, examples);
        }
    }

    fn classes(&mut self) {
        let numbers = &self.numbers.labels;
        if numbers.known() == 0 {
            return self.skip(&[AuditCode::ClassMissing], NO_LABELS);
        }
        let mut classes: Vec<&str> = vec![""; numbers.distinct];
        // Folds of another corpus have other classes.
        let mut of_corpus: HashMap<Option<&str>, BTreeSet<u32>> = HashMap::new();
        for (u, number) in self.utterances.all.iter().zip(&numbers.of) {
            if let (Some(label), Some(number)) = (&u.label, number) {
                classes[*number as usize] = label;
                of_corpus.entry(u.corpus.as_deref()).or_default().insert(*number);
            }
        }
        for fold in self.folds {
            let corpora: HashSet<Option<&str>> =
                fold.all().iter().map(|u| self.utterances.all[*u as usize].corpus.as_deref()).collect();
            let expected: BTreeSet<u32> =
                corpora.iter().filter_map(|corpus| of_corpus.get(corpus)).flatten().copied().collect();
            let mut missing: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
            for part in [Part::Train, Part::Test] {
                let side = fold.part(part);
                let there: HashSet<u32> = side.iter().filter_map(|u| numbers.get(*u)).collect();
                // An empty side is told as that.
                for class in expected.iter().filter(|c| !side.is_empty() && !there.contains(c)) {
                    missing.entry(*class).or_default().push(part.name());
                }
            }
            let found = SharedValues { count: missing.len(), of: expected.len(), ..SharedValues::default() };
            let examples = missing.into_iter().map(|(class, parts)| FindingExample {
                what: classes[class as usize].to_owned(),
                note: format!("not in {}", parts.join(", not in ")),
                ..FindingExample::default()
            });
            self.add(AuditCode::ClassMissing, fold, &found, examples.take(EXAMPLES).collect());
        }
    }

    /// Folds with nothing in them, and what is tested in several.
    fn sizes(&mut self) {
        for (code, part) in [(AuditCode::TestEmpty, Part::Test), (AuditCode::TrainingEmpty, Part::Train)] {
            let empty: Vec<&FoldSides> =
                self.folds.iter().filter(|fold| fold.part(part).is_empty()).collect();
            let example =
                |fold: &&FoldSides| FindingExample { fold: fold.name.clone(), ..FindingExample::default() };
            let outcome = CodeOutcome {
                whole: Some((empty.len(), self.folds.len())),
                examples: empty.iter().take(EXAMPLES).map(example).collect(),
                ..CodeOutcome::default()
            };
            self.outcomes.insert(code, outcome);
        }
        if self.folds.len() < 2 {
            return self.skip(&[AuditCode::TestedTwice], "the split has one fold");
        }
        // Each seed of a split.csv of ours tests everything once.
        let round = |fold: &FoldSides| match fold.name.split_once('/') {
            Some((seed, _)) if seed.starts_with("seed-") => seed.to_owned(),
            _ => String::new(),
        };
        let one_test = self.folds.iter().all(|fold| fold.test == self.folds[0].test);
        let mut tested: HashMap<(String, u32), &str> = HashMap::new();
        let mut twice: BTreeMap<u32, [&str; 2]> = BTreeMap::new();
        for fold in self.folds.iter().filter(|_| !one_test) {
            for &u in &fold.test {
                if let Some(first) = tested.insert((round(fold), u), &fold.name) {
                    twice.entry(u).or_insert([first, &fold.name]);
                }
            }
        }
        let of: HashSet<u32> = self.folds.iter().flat_map(|fold| fold.test.iter().copied()).collect();
        let example = |(u, folds): (&u32, &[&str; 2])| FindingExample {
            one: Some(sided(self.utterances, Part::Test, *u)),
            note: format!("folds {} and {}", folds[0], folds[1]),
            ..FindingExample::default()
        };
        let outcome = CodeOutcome {
            whole: Some((twice.len(), of.len())),
            examples: twice.iter().take(EXAMPLES).map(example).collect(),
            ..CodeOutcome::default()
        };
        self.outcomes.insert(AuditCode::TestedTwice, outcome);
    }

    /// Rows that are there twice or contradict each other.
    fn rows(&mut self) {
        for fold in self.folds {
            let count = fold.repeated.len();
            let found =
                SharedValues { count, of: fold.all().len(), utterances: count, ..SharedValues::default() };
            let examples = fold.repeated.iter().take(EXAMPLES).map(|(u, part)| FindingExample {
                one: Some(sided(self.utterances, *part, *u)),
                ..FindingExample::default()
            });
            self.add(AuditCode::UtteranceRepeated, fold, &found, examples.collect());
        }
        let contradictions = &self.utterances.contradictions;
        let concerned: HashSet<u32> = contradictions.iter().map(|c| c.0).collect();
        let example = |(u, said): &(u32, String)| FindingExample {
            what: self.utterances.all[*u as usize].name.clone(),
            note: said.clone(),
            ..FindingExample::default()
        };
        let outcome = CodeOutcome {
            whole: Some((concerned.len(), self.utterances.all.len())),
            examples: contradictions.iter().take(EXAMPLES).map(example).collect(),
            ..CodeOutcome::default()
        };
        self.outcomes.insert(AuditCode::RowsContradict, outcome);
    }

    /// The same sound under two names, and sounds that are alike; `listened` where recordings were given.
    fn sounds(&mut self, heard: Option<&HeardSounds>, listened: bool) {
        let Some(heard) = heard else {
            let codes = [AuditCode::DuplicateAudio, AuditCode::NearDuplicateAudio, AuditCode::AudioMissing];
            return self.skip(&codes, NO_AUDIO);
        };
        let neighbours = heard.neighbours();
        for fold in self.folds {
            let left = SoundSide::of(heard, fold);
            let same = matched(&fold.test, |u| left.other(heard.same[u as usize]?, u));
            let examples = self.pairs(&same, |a, b| self.pair((fold.part_of(a), a), (Part::Test, b)));
            self.add(AuditCode::DuplicateAudio, fold, &same, examples);
            if !listened {
                continue;
            }
            let near_of = |u: u32| {
                let near = neighbours.get(&heard.same[u as usize]?)?;
                near.iter().find_map(|(group, share)| Some((left.other(*group, u)?, *share)))
            };
            let near = matched(&fold.test, |u| near_of(u).map(|found| found.0));
            let examples = self.pairs(&near, |a, b| FindingExample {
                note: near_of(b).map_or_else(String::new, |(_, share)| {
                    format!("{:.0} % of the fingerprints agree", 100.0 * share)
                }),
                ..self.pair((fold.part_of(a), a), (Part::Test, b))
            });
            self.add(AuditCode::NearDuplicateAudio, fold, &near, examples);
        }
        self.unheard(heard, listened);
    }

    /// What could not be compared.
    fn unheard(&mut self, heard: &HeardSounds, listened: bool) {
        let all = self.utterances.all.len();
        let mut partly = |code, compared: usize| {
            if compared < all {
                self.partly(code, &format!("{} of {all} utterances could not be compared", all - compared));
            }
        };
        partly(AuditCode::DuplicateAudio, heard.heard);
        partly(AuditCode::NearDuplicateAudio, heard.printed);
        if !listened {
            return self.skip(&[AuditCode::NearDuplicateAudio, AuditCode::AudioMissing], NO_AUDIO);
        }
        let refused: HashSet<u32> = heard.refused.iter().map(|r| r.0).collect();
        let example = |(u, why): &(u32, String)| FindingExample {
            what: self.utterances.all[*u as usize].name.clone(),
            note: why.clone(),
            ..FindingExample::default()
        };
        let outcome = CodeOutcome {
            whole: Some((refused.len(), all)),
            examples: heard.refused.iter().take(EXAMPLES).map(example).collect(),
            ..CodeOutcome::default()
        };
        self.outcomes.insert(AuditCode::AudioMissing, outcome);
    }
}

/// Sounds of what is trained on or validated with: two utterances of each, so that one is another than that which is tested.
struct SoundSide(HashMap<u32, [Option<u32>; 2]>);

impl SoundSide {
    fn of(heard: &HeardSounds, fold: &FoldSides) -> SoundSide {
        let mut side: HashMap<u32, [Option<u32>; 2]> = HashMap::new();
        for &u in fold.train.iter().chain(&fold.validation) {
            let Some(group) = heard.same[u as usize] else { continue };
            match side.entry(group).or_default() {
                [first @ None, _] => *first = Some(u),
                [Some(first), second @ None] if *first != u => *second = Some(u),
                _ => {}
            }
        }
        SoundSide(side)
    }

    /// An utterance of the sound that is not `u`.
    fn other(&self, sound: u32, u: u32) -> Option<u32> {
        self.0.get(&sound)?.iter().flatten().copied().find(|other| *other != u)
    }
}
