//! Which rows are one utterance, and what is known of each: from the lists, or from the names as a corpus has them.

use super::lists::{ListRow, ListedSplit};
use crate::corpora::{CorpusNaming, known, naming, path_key};
use seraug_core::names::unicode::{fold_case, normalise};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Corpora of a list that are looked up; a list may have any words in a column `dataset`.
const CORPORA: usize = 50;

/// Names that are looked at for a suggestion.
const SAMPLE: usize = 20;

/// An utterance of the split.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditedUtterance {
    /// As the list writes it.
    pub(crate) name: String,
    /// The path below which its recording may be, without leading folders that only a list has; `/` between its parts.
    pub(crate) key: String,
    /// Its id in its corpus.
    pub(crate) id: Option<String>,
    pub(crate) corpus: Option<Arc<str>>,
    /// One more than the lists that name it by a bit each; lists beyond the 64th share bits.
    pub(crate) lists: u64,
    pub(crate) speaker: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) label: Option<String>,
    /// Seconds; the end is infinite where the list has none.
    pub(crate) span: Option<(f64, f64)>,
    pub(crate) sha256: Option<String>,
}

/// Where speakers, texts and labels come from, in words.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownFrom {
    pub(crate) speaker: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) label: Option<String>,
}

/// The utterances of a split.
#[derive(Default)]
pub(crate) struct AuditedUtterances {
    pub(crate) all: Vec<AuditedUtterance>,
    /// The utterance of each row.
    pub(crate) of_row: Vec<u32>,
    pub(crate) from: KnownFrom,
    /// Utterances whose rows contradict each other, in words.
    pub(crate) contradictions: Vec<(u32, String)>,
    pub(crate) notes: Vec<String>,
    /// How names of each corpus that is known are read.
    pub(crate) namings: HashMap<Arc<str>, CorpusNaming>,
}

/// The namings by which rows are read.
struct Namings {
    /// That of `--corpus`, which goes before the lists' own columns.
    chosen: Option<CorpusNaming>,
    by_word: HashMap<String, Option<CorpusNaming>>,
}

impl Namings {
    fn new(chosen: Option<CorpusNaming>, rows: &[ListRow], corpora: &Path) -> Namings {
        let mut by_word: HashMap<String, Option<CorpusNaming>> = HashMap::new();
        if chosen.is_none() {
            for word in rows.iter().filter_map(|row| row.corpus.as_deref()) {
                if by_word.len() < CORPORA && !by_word.contains_key(word) {
                    by_word.insert(word.to_owned(), naming(&word.to_lowercase(), corpora).ok());
                }
            }
        }
        Namings { chosen, by_word }
    }

    fn of(&self, row: &ListRow) -> Option<&CorpusNaming> {
        self.chosen.as_ref().or_else(|| self.by_word.get(row.corpus.as_deref()?)?.as_ref())
    }

    fn all(&self) -> impl Iterator<Item = &CorpusNaming> {
        self.chosen.iter().chain(self.by_word.values().flatten())
    }
}

/// What rows of one utterance have in common: corpus, name, and the bits of start and end.
type UtteranceKey = (Option<Arc<str>>, String, Option<(u64, u64)>);

/// What a name says, of the rows whose names are read.
struct NameReading {
    corpus: Arc<str>,
    id: String,
    speaker: Option<String>,
    text: Option<String>,
    label: Option<String>,
}

impl AuditedUtterances {
    /// Those of `split`; `chosen` is the naming of `--corpus`.
    pub(crate) fn of(split: &ListedSplit, chosen: Option<CorpusNaming>, corpora: &Path) -> AuditedUtterances {
        let namings = Namings::new(chosen, &split.rows, corpora);
        let mut utterances = AuditedUtterances::default();
        let readings = utterances.read_names(split, &namings);
        let sources = utterances.choose(split, &namings, &readings);
        utterances.gather(split, &readings, sources);
        utterances.join_roots();
        if utterances.from.speaker.is_none() {
            utterances.notes.extend(suggestion(&split.rows, corpora));
        }
        let namings = namings.chosen.into_iter().chain(namings.by_word.into_values().flatten());
        utterances.namings = namings.map(|naming| (Arc::from(naming.corpus()), naming)).collect();
        utterances
    }

    /// What each row's name says.
    fn read_names(&mut self, split: &ListedSplit, namings: &Namings) -> Vec<Option<NameReading>> {
        let names: HashMap<&str, Arc<str>> =
            namings.all().map(|n| (n.corpus(), Arc::from(n.corpus()))).collect();
        let (mut refused, mut first) = (0, None);
        let read = |row: &ListRow| {
            let naming = namings.of(row)?;
            let found = naming
                .read(&row.name)
                .or_else(|why| row.id.as_deref().and_then(|id| naming.read(id).ok()).ok_or(why));
            match found {
                Ok(named) => Some(NameReading {
                    corpus: Arc::clone(&names[naming.corpus()]),
                    id: named.id,
                    speaker: named.speaker.filter(|s| !s.eq_ignore_ascii_case("unknown")),
                    text: named.text,
                    label: named.emotion.map(|e| e.name().to_owned()),
                }),
                Err(why) => {
                    refused += 1;
                    first.get_or_insert_with(|| format!("{} ({}): {why}", row.name, row.place));
                    None
                }
            }
        };
        let readings = split.rows.iter().map(read).collect();
        if let Some(first) = first {
            self.notes
                .push(format!("{refused} rows whose names are none of their corpus; the first: {first}"));
        }
        readings
    }

    /// Whether speakers, texts and labels are taken from names: one source for all, or words of two kinds would be compared.
    fn choose(
        &mut self,
        split: &ListedSplit,
        namings: &Namings,
        readings: &[Option<NameReading>],
    ) -> [bool; 3] {
        let count = |of: &dyn Fn(&NameReading) -> bool| readings.iter().flatten().filter(|r| of(r)).count();
        let listed = |of: &dyn Fn(&ListRow) -> bool| split.rows.iter().filter(|row| of(row)).count();
        let corpora: BTreeSet<&str> = namings.all().map(CorpusNaming::corpus).collect();
        let has = if corpora.len() > 1 { "have" } else { "has" };
        let corpora = corpora.into_iter().collect::<Vec<_>>().join(" and ");
        let names = format!("names, as {corpora} {has} them");
        let chosen = namings.chosen.is_some();
        let pick = |named: usize, listed: usize, column: &Option<String>| {
            let by_name = if chosen { named > 0 && named >= listed } else { named > listed };
            let from = if by_name { Some(names.clone()) } else { column.clone().filter(|_| listed > 0) };
            (by_name, from)
        };
        let columns = &split.columns;
        let (by_name_speaker, speaker) =
            pick(count(&|r| r.speaker.is_some()), listed(&|r| r.speaker.is_some()), &columns.speaker);
        let (by_name_text, text) =
            pick(count(&|r| r.text.is_some()), listed(&|r| r.text.is_some()), &columns.text);
        // A list's own labels are what it trains on.
        let listed_labels = listed(&|r| r.label.is_some());
        let by_name_label = count(&|r| r.label.is_some()) > listed_labels;
        let label = if by_name_label { Some(names.clone()) } else { columns.label.clone() };
        self.from = KnownFrom { speaker, text, label: label.filter(|_| by_name_label || listed_labels > 0) };
        [by_name_speaker, by_name_text, by_name_label]
    }

    /// One utterance for all rows with one key.
    fn gather(&mut self, split: &ListedSplit, readings: &[Option<NameReading>], by_name: [bool; 3]) {
        let ids = split.ids_of_parts();
        let mut known: HashMap<UtteranceKey, u32> = HashMap::new();
        let mut contradicting: HashSet<(u32, &str)> = HashSet::new();
        for (i, (row, reading)) in split.rows.iter().zip(readings).enumerate() {
            let path = path_key(&row.name);
            let span = row.span.map(|s| (s.start, s.end.unwrap_or(f64::INFINITY)));
            let corpus = match reading {
                Some(reading) => Some(Arc::clone(&reading.corpus)),
                None => row.corpus.as_deref().map(Arc::from),
            };
            let name = match (reading, ids.get(&i)) {
                (Some(reading), _) => reading.id.clone(),
                (None, Some(id)) => format!("{path}#{id}"),
                (None, None) => path.clone(),
            };
            let bits = span.map(|(start, end)| (start.to_bits(), end.to_bits()));
            let next = self.all.len() as u32;
            let index = *known.entry((corpus.clone(), name, bits)).or_insert(next);
            if index == next {
                self.all.push(AuditedUtterance {
                    name: shown(row),
                    key: path,
                    id: reading.as_ref().map(|r| r.id.clone()),
                    corpus,
                    span,
                    ..AuditedUtterance::default()
                });
            }
            let values = |by_name: bool, listed: &Option<String>, of: fn(&NameReading) -> &Option<String>| {
                if by_name { reading.as_ref().and_then(|r| of(r).clone()) } else { listed.clone() }
            };
            let utterance = &mut self.all[index as usize];
            utterance.lists |= 1 << row.list.min(63);
            for (what, value, held) in [
                ("speaker", values(by_name[0], &row.speaker, |r| &r.speaker), &mut utterance.speaker),
                ("text", values(by_name[1], &row.text, |r| &r.text), &mut utterance.text),
                ("label", values(by_name[2], &row.label, |r| &r.label), &mut utterance.label),
                ("sha256", row.sha256.clone(), &mut utterance.sha256),
            ] {
                match (held.as_deref(), value) {
                    (None, value) => *held = value,
                    (Some(one), Some(other)) if one != other => {
                        if contradicting.insert((index, what)) {
                            let said = format!("{what} `{one}` and `{other}` ({})", row.place);
                            self.contradictions.push((index, said));
                        }
                    }
                    (Some(_), _) => {}
                }
            }
            self.of_row.push(index);
        }
    }

    /// Takes names of different lists as one utterance where one of them is the end of the other: `wav/a` of `/data/x/wav/a`. In one
    /// list they are two, because all its paths begin in one folder.
    fn join_roots(&mut self) {
        let mut by_key: HashMap<(&str, Option<&str>, Option<u64>), u32> = HashMap::new();
        let bits = |u: &AuditedUtterance| u.span.map(|(start, _)| start.to_bits());
        for (i, u) in self.all.iter().enumerate().filter(|(_, u)| u.id.is_none()) {
            by_key.insert((&u.key, u.corpus.as_deref(), bits(u)), i as u32);
        }
        let mut longer: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (i, u) in self.all.iter().enumerate().filter(|(_, u)| u.id.is_none()) {
            for (at, _) in u.key.match_indices('/') {
                if let Some(short) = by_key.get(&(&u.key[at + 1..], u.corpus.as_deref(), bits(u))) {
                    longer.entry(*short).or_default().push(i as u32);
                }
            }
        }
        let mut into: BTreeMap<u32, u32> = BTreeMap::new();
        for (short, candidates) in longer {
            let one = &self.all[short as usize];
            let apart = |other: &AuditedUtterance| {
                let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
                other.lists & one.lists != 0
                    || differ(&one.speaker, &other.speaker)
                    || differ(&one.label, &other.label)
                    || differ(&one.text, &other.text)
            };
            if let [other] = candidates.as_slice()
                && !apart(&self.all[*other as usize])
            {
                into.insert(short, *other);
            }
        }
        if into.is_empty() {
            return;
        }
        let (short, long) = into.first_key_value().map_or((0, 0), |(a, b)| (*a, *b));
        let pair = [short, long].map(|i| self.all[i as usize].name.clone());
        self.notes.push(format!(
            "{} names are taken for the end of a longer one in another list: `{}` for `{}`",
            into.len(),
            pair[0],
            pair[1]
        ));
        self.renumber(&into);
    }

    fn renumber(&mut self, into: &BTreeMap<u32, u32>) {
        for (from, to) in into {
            let gone = std::mem::take(&mut self.all[*from as usize]);
            let kept = &mut self.all[*to as usize];
            kept.lists |= gone.lists;
            kept.speaker = kept.speaker.take().or(gone.speaker);
            kept.text = kept.text.take().or(gone.text);
            kept.label = kept.label.take().or(gone.label);
            kept.sha256 = kept.sha256.take().or(gone.sha256);
        }
        let mut new = vec![0u32; self.all.len()];
        let mut next = 0;
        for (i, number) in new.iter_mut().enumerate() {
            if !into.contains_key(&(i as u32)) {
                *number = next;
                next += 1;
            }
        }
        for (from, to) in into {
            new[*from as usize] = new[*to as usize];
        }
        self.of_row.iter_mut().for_each(|row| *row = new[*row as usize]);
        self.contradictions.iter_mut().for_each(|c| c.0 = new[c.0 as usize]);
        let mut index = 0;
        self.all.retain(|_| {
            index += 1;
            !into.contains_key(&(index - 1))
        });
    }
}

/// A sentence where the names are those of one corpus that is known.
fn suggestion(rows: &[ListRow], corpora: &Path) -> Option<String> {
    let reads = |name: &&str| {
        let Ok(naming) = naming(name, corpora) else { return false };
        let speaker = |row: &ListRow| naming.read(&row.name).is_ok_and(|named| named.speaker.is_some());
        rows.iter().take(SAMPLE).all(speaker)
    };
    let mut found = known().filter(reads);
    match (found.next(), found.next()) {
        (Some(one), None) => Some(format!(
            "the names are like those of {one}: --corpus {one} reads speakers and texts from them"
        )),
        _ => None,
    }
}

/// A row's utterance as a person finds it in the list.
fn shown(row: &ListRow) -> String {
    let bounds = row.span.map(|s| format!("@{}-{}", s.start, s.end.map_or("".to_owned(), |e| e.to_string())));
    format!("{}{}", row.name, bounds.unwrap_or_default())
}

/// What is said, as it is compared: without case, and without punctuation at its ends.
pub(crate) fn text_key(text: &str) -> String {
    let folded = fold_case(text);
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() { folded } else { bare.to_owned() }
}

/// A speaker, as they are compared.
pub(crate) fn speaker_key(speaker: &str) -> String {
    normalise(speaker).into_owned()
}
