//! From the rows of a source to those of a table: labels in the words of `--map`, speakers, genders, bounds, ids.

use super::choices::{AddChoices, NamePattern};
use super::place::AudioRoot;
use super::row::{NO_LABEL, SourcePlace, SourceRow, Span, Taken};
use crate::audio::probe::probe;
use crate::corpora::Excerpt;
use crate::corpora::table::row::default_id;
use crate::split::SplitPart;
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Gender;
use seraug_core::names::unicode::normalise;
use seraug_core::suggest::hint;
use seraug_core::text::plural;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A row of table.csv.
pub(super) struct NewRow {
    /// Where it is in the source.
    pub(super) place: SourcePlace,
    /// Below the folder of the recordings.
    pub(super) path: String,
    /// As it is, or as a table without it would have it.
    pub(super) id: String,
    pub(super) emotion: Emotion,
    pub(super) speaker: String,
    pub(super) gender: Option<Gender>,
    pub(super) session: String,
    pub(super) language: String,
    pub(super) split: String,
    pub(super) text: String,
    pub(super) excerpt: Option<Excerpt>,
    pub(super) parts: Vec<SplitPart>,
}

/// What the rows of a source became.
pub(super) struct FinishedRows {
    pub(super) rows: Vec<NewRow>,
    pub(super) faults: Vec<String>,
    pub(super) told: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
    pub(super) left_out: BTreeMap<String, usize>,
}

/// The rows of `taken` as `choices` wants them; `root` is where the recordings are.
///
/// # Errors
/// No row has a speaker; a label of `--map` that no row has (both usage).
pub(super) fn finish(
    mut taken: Taken,
    choices: &AddChoices,
    root: Option<&AudioRoot>,
) -> Result<FinishedRows> {
    from_names(&mut taken, choices)?;
    let map: HashMap<&str, Emotion> = choices.map.iter().map(|m| (m.from.as_str(), m.to)).collect();
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut genders: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = Vec::with_capacity(taken.rows.len());
    for row in std::mem::take(&mut taken.rows) {
        let place = row.place.clone();
        let label = row.emotion.as_deref().map(normalise).unwrap_or_default().into_owned();
        if label.is_empty() {
            taken.leave_out(NO_LABEL);
            continue;
        }
        let emotion = map.get(label.as_str()).map_or_else(|| label.parse(), |to| Ok(*to));
        if !found.contains(&label) {
            found.insert(label);
        }
        match emotion.and_then(|emotion| entry(row, emotion, root, &mut genders)) {
            Ok(entry) => rows.push(entry),
            Err(why) => taken.fault(&place, why),
        }
    }
    if let Some(unused) = choices.map.iter().find(|m| !found.contains(&m.from)) {
        let near = hint(&unused.from, found.iter().map(String::as_str));
        return Err(Error::usage(format!("--map: no row has the label `{}`{near}", unused.from)));
    }
    if !genders.is_empty() {
        let words: Vec<&str> = genders.keys().map(String::as_str).take(5).collect();
        let n = genders.values().sum();
        let note = format!("gender: left empty in {}: {}", plural(n, "row"), words.join(", "));
        taken.notes.push(note);
    }
    let told = taken.told.iter().map(|(column, from)| ((*column).to_owned(), from.clone())).collect();
    Ok(FinishedRows { rows, faults: taken.faults, told, notes: taken.notes, left_out: taken.left_out })
}

/// Speakers and texts by `--speaker-from` and `--text-from`.
fn from_names(taken: &mut Taken, choices: &AddChoices) -> Result<()> {
    let said = |option: &str, pattern: &NamePattern| format!("{option} '{}'", pattern.text());
    if let Some(pattern) = &choices.speaker_from {
        tell(taken, "speaker", said("--speaker-from", pattern));
        for row in &mut taken.rows {
            row.speaker = pattern.find(names(row)).map(str::to_owned);
        }
    }
    if let Some(pattern) = &choices.text_from {
        tell(taken, "text", said("--text-from", pattern));
        for row in &mut taken.rows {
            row.text = pattern.find(names(row)).map(str::to_owned);
        }
    }
    let has = |row: &SourceRow| row.speaker.as_deref().is_some_and(|s| !normalise(s).is_empty());
    let Some(first) = taken.rows.first().filter(|_| !taken.rows.iter().any(has)) else { return Ok(()) };
    let columns = match taken.columns.as_slice() {
        [] => String::new(),
        columns => format!("--speaker with one of {}, or ", columns.join(", ")),
    };
    let tried = choices.speaker_from.as_ref().map(|p| format!(" by '{}'", p.text())).unwrap_or_default();
    Err(Error::usage(format!(
        "no row has a speaker{tried}: say who speaks with {columns}--speaker-from REGEX, whose one group finds the speaker in a path or id such as `{}`",
        first.path
    )))
}

/// What a pattern is held against, in this order.
fn names(row: &SourceRow) -> impl Iterator<Item = &str> {
    [Some(row.path.as_str()), row.id.as_deref()].into_iter().flatten()
}

fn tell(taken: &mut Taken, column: &'static str, from: String) {
    taken.told.retain(|(told, _)| *told != column);
    taken.told.push((column, from));
}

fn entry(
    row: SourceRow,
    emotion: Emotion,
    root: Option<&AudioRoot>,
    genders: &mut BTreeMap<String, usize>,
) -> std::result::Result<NewRow, String> {
    let path = match root {
        Some(root) => root.relative(&row.path)?,
        None => row.path,
    };
    if let Some(root) = root.filter(|root| !root.holds(&path)) {
        return Err(format!("path `{path}`: a link that leads out of {}", root.real().display()));
    }
    let word = |cell: Option<String>| cell.map(|c| normalise(&c).into_owned()).unwrap_or_default();
    let speaker = word(row.speaker);
    if speaker.is_empty() {
        return Err(format!("no speaker of `{path}`; name the speaker, or see --speaker-from"));
    }
    let gender = word(row.gender);
    let known = Gender::parse(&gender);
    if known.is_none() && !gender.is_empty() {
        *genders.entry(gender).or_default() += 1;
    }
    let excerpt = row.span.map_or(Ok(None), |span| excerpt(span, &path, root))?;
    let id = match word(row.id) {
        id if id.is_empty() => default_id(&path, excerpt),
        id => id,
    };
    Ok(NewRow {
        place: row.place,
        path,
        id,
        emotion,
        speaker,
        gender: known,
        session: word(row.session),
        language: word(row.language),
        split: word(row.split),
        text: word(row.text),
        excerpt,
        parts: row.parts,
    })
}

/// The bounds of `span`; `None` for all of the file at `path`. An end that is open is that of the file.
fn excerpt(span: Span, path: &str, root: Option<&AudioRoot>) -> std::result::Result<Option<Excerpt>, String> {
    // -0 would be another id than 0.
    let start = span.start + 0.0;
    let end = match (span.end, root) {
        (Some(end), _) => end,
        (None, _) if start == 0.0 => return Ok(None),
        (None, None) => return Err(format!("path `{path}`: an excerpt of what is no file")),
        (None, Some(root)) => {
            let length = probe(&root.real().join(path)).map_err(|why| format!("path `{path}`: {why}"))?;
            let length = length.ok_or_else(|| {
                format!("path `{path}`: its header does not say how long it is, and the row has no end")
            })?;
            length.seconds()
        }
    };
    match start.is_finite() && end.is_finite() && 0.0 <= start && start < end {
        true => Ok(Some(Excerpt { start, end })),
        false => Err(format!("path `{path}`: from {start} to {end} s: expected 0 <= start < end")),
    }
}
