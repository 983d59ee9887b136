//! Which column of a table is what, by its name; and the rows that follow.

use super::choices::AddChoices;
use super::grid::Grid;
use super::row::{SourceRow, Span, Taken};
use seraug_core::error::{Error, Result};
use seraug_core::names::unicode::normalise;
use seraug_core::suggest::hint;

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Path,
    Id,
    Emotion,
    Speaker,
    Gender,
    Session,
    Language,
    Split,
    Text,
    Start,
    End,
}

/// Names of columns, in lower case with `_` for what is between words; of several in a table the first counts.
const NAMES: [(Role, &str, &[&str]); 11] = [
    (
        Role::Path,
        "path",
        &[
            "file",
            "path",
            "file_name",
            "filename",
            "file_path",
            "filepath",
            "wav",
            "audio",
            "audio_path",
            "wav_path",
        ],
    ),
    (Role::Id, "id", &["utterance_id", "utt_id", "utt", "id", "key", "segment_id"]),
    (
        Role::Emotion,
        "emotion",
        &[
            "emotion",
            "emo",
            "emotion_label",
            "emotions",
            "emotion_category",
            "emoclass",
            "class_label",
            "label",
            "class",
        ],
    ),
    (
        Role::Speaker,
        "speaker",
        &[
            "speaker",
            "speaker_id",
            "spk",
            "spk_id",
            "spkr",
            "spkrid",
            "speakerid",
            "actor",
            "actor_id",
            "talker",
        ],
    ),
    (Role::Gender, "gender", &["gender", "sex"]),
    (Role::Session, "session", &["session", "session_id", "dialog", "dialogue", "dialogue_id"]),
    (Role::Language, "language", &["language", "lang", "locale"]),
    (Role::Split, "split", &["split", "partition", "subset", "split_set", "split_id"]),
    (Role::Text, "text", &["text", "transcription", "transcript", "sentence", "sentence_id"]),
    (Role::Start, "start", &["start", "start_time", "begin", "onset"]),
    (Role::End, "end", &["end", "end_time", "stop", "offset_end"]),
];

/// The columns of `names` that are called as `role` is, by the order of the aliases.
pub(crate) fn named(role: Role, names: &[String]) -> Vec<usize> {
    let plain = |name: &String| normalise(name).to_lowercase().replace(['-', ' ', '.'], "_");
    let aliases = NAMES.iter().find(|n| n.0 == role).map_or(&[][..], |n| n.2);
    aliases
        .iter()
        .flat_map(|a| names.iter().enumerate().filter(|(_, n)| plain(n) == **a))
        .map(|(i, _)| i)
        .collect()
}

/// Whether a column called `name` would be taken for `role`.
pub(super) fn is_named(role: Role, name: &str) -> bool {
    !named(role, &[name.to_owned()]).is_empty()
}

/// Where each role is among the columns of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Roles([Option<usize>; NAMES.len()]);

impl Roles {
    /// Finds the roles among `columns` of the table `file`, with those that `choices` names, and says in `taken` what they are.
    ///
    /// # Errors
    /// A column that `choices` names and that is not there (usage).
    pub(super) fn find(
        columns: &[String],
        choices: &AddChoices,
        file: &str,
        taken: &mut Taken,
    ) -> Result<Roles> {
        let mut roles = Roles::default();
        let chosen = |role| match role {
            Role::Emotion => choices.emotion.as_ref().map(|c| ("--emotion", c)),
            Role::Speaker => choices.speaker.as_ref().map(|c| ("--speaker", c)),
            _ => None,
        };
        let all = || columns.iter().map(String::as_str);
        let first = taken.told.is_empty();
        for (place, (role, name, _)) in roles.0.iter_mut().zip(NAMES) {
            let guessed = named(role, columns);
            *place = match chosen(role) {
                Some((option, column)) => {
                    Some(columns.iter().position(|c| c == column).ok_or_else(|| {
                        Error::usage(format!(
                            "{option}: {file} has no column `{column}`{}",
                            hint(column, all())
                        ))
                    })?)
                }
                None => guessed.first().copied(),
            };
            if !first {
                continue;
            }
            match *place {
                Some(at) => taken.told.push((name, format!("column `{}`", columns[at]))),
                None if matches!(role, Role::Speaker | Role::Text) => {
                    taken.told.push((name, "none".to_owned()))
                }
                None => {}
            }
            if let (None, Role::Emotion | Role::Speaker, [one, others @ ..]) =
                (chosen(role), role, guessed.as_slice())
                && !others.is_empty()
            {
                let others: Vec<&str> = others.iter().map(|i| columns[*i].as_str()).collect();
                taken.notes.push(format!(
                    "{name}: column `{}`, although `{}` is there too; --{name} chooses",
                    columns[*one],
                    others.join("`, `")
                ));
            }
        }
        if taken.columns.is_empty() {
            taken.columns = columns.to_vec();
        }
        Ok(roles)
    }

    /// The index of `role`'s column.
    pub(super) fn at(&self, role: Role) -> Option<usize> {
        NAMES.iter().zip(&self.0).find(|(n, _)| n.0 == role).and_then(|(_, at)| *at)
    }

    /// The index of the label's column.
    ///
    /// # Errors
    /// There is none (usage); `file` is the table's and `columns` its columns.
    pub(super) fn emotion(&self, file: &str, columns: &[String]) -> Result<usize> {
        self.at(Role::Emotion).ok_or_else(|| {
            Error::usage(format!(
                "{file}: no column that is called like a label; say which is with --emotion: {}",
                columns.join(", ")
            ))
        })
    }

    /// A row of the source from cells; `row` has place and path.
    ///
    /// # Errors
    /// Bounds that are no times.
    pub(super) fn fill(
        &self,
        row: &mut SourceRow,
        cells: &mut [Option<String>],
    ) -> std::result::Result<(), String> {
        let mut take = |role| cells.get_mut(self.at(role)?).and_then(Option::take);
        row.id = take(Role::Id).or(row.id.take());
        row.emotion = take(Role::Emotion);
        row.speaker = take(Role::Speaker);
        row.gender = take(Role::Gender);
        row.session = take(Role::Session);
        row.language = take(Role::Language);
        row.split = take(Role::Split).or(row.split.take());
        row.text = take(Role::Text);
        let [start, end] = [("start", Role::Start), ("end", Role::End)].map(|(name, role)| {
            let cell = take(role).unwrap_or_default();
            seconds(&cell).map_err(|why| format!("{name} `{cell}`: {why}"))
        });
        row.span = span(start?, end?);
        Ok(())
    }
}

/// The stretch between two times, of which either may be open.
pub(crate) fn span(start: Option<f64>, end: Option<f64>) -> Option<Span> {
    (start.is_some() || end.is_some()).then(|| Span { start: start.unwrap_or(0.0), end })
}

/// Adds the rows of `grid`, whose files are below `front` (empty, or a folder with `/` behind), to `taken`.
///
/// # Errors
/// No column of paths or labels (usage).
pub(super) fn add_rows(
    grid: Grid,
    choices: &AddChoices,
    front: &str,
    split: Option<&str>,
    taken: &mut Taken,
) -> Result<()> {
    let roles = Roles::find(&grid.columns, choices, &grid.file, taken)?;
    let path = roles.at(Role::Path).ok_or_else(|| {
        let found = grid.columns.join(", ");
        Error::usage(format!("{}: no column of paths (file, path, file_name); it has {found}", grid.file))
    })?;
    roles.emotion(&grid.file, &grid.columns)?;
    let Grid { file, rows, .. } = grid;
    for mut row in rows {
        let place = super::row::SourcePlace { file: file.clone(), row: row.number };
        let Some(name) = row.cells.get_mut(path).and_then(Option::take) else {
            taken.fault(&place, "path is empty");
            continue;
        };
        let path = if name.starts_with('/') { name } else { format!("{front}{name}") };
        let mut new = SourceRow { place, path, split: split.map(str::to_owned), ..SourceRow::default() };
        match roles.fill(&mut new, &mut row.cells) {
            Ok(()) => taken.rows.push(new),
            Err(why) => {
                let place = new.place.clone();
                taken.fault(&place, why);
            }
        }
    }
    Ok(())
}

/// Nanoseconds of a second.
const NANOS: f64 = 1e9;

/// A time in seconds: `1.25`, `0 days 00:00:01.250000`, `00:00:01.25`; nothing for an empty cell and pandas' `NaT`.
///
/// # Errors
/// Words that follow the value.
pub(crate) fn seconds(cell: &str) -> std::result::Result<Option<f64>, String> {
    let cell = cell.trim();
    if matches!(cell, "" | "NaT" | "nan" | "NaN" | "None") {
        return Ok(None);
    }
    let wrong = || "expected seconds, as 1.25 or 0 days 00:00:01.25".to_owned();
    if let Ok(number) = cell.parse::<f64>() {
        return if number.is_finite() { Ok(Some(number)) } else { Err(wrong()) };
    }
    let (days, clock) = match cell.split_once(" day") {
        Some((days, rest)) => (days, rest.strip_prefix('s').unwrap_or(rest).trim().trim_start_matches('+')),
        None => ("0", cell),
    };
    let whole = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    let mut total = u64::from(whole(days)?) * 86_400;
    let mut nanos = 0;
    if !clock.is_empty() {
        let parts: Vec<&str> = clock.split(':').collect();
        let [hours, minutes, rest] = parts.as_slice() else { return Err(wrong()) };
        let (second, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
        let digits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(wrong());
        }
        total +=
            u64::from(whole(hours)?) * 3600 + u64::from(whole(minutes)?) * 60 + u64::from(whole(second)?);
        nanos = format!("{fraction:0<9}").parse::<u64>().map_err(|_| wrong())?;
    }
    // One rounding, so that 0.3 is the number that `0.3` is.
    let all = u128::from(total) * 1_000_000_000 + u128::from(nanos);
    Ok(Some(all as f64 / NANOS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_pandas_and_others_write_them() {
        for (text, expected) in [
            ("1.25", Some(1.25)),
            ("0 days 00:00:00.300000", Some(0.3)),
            ("0 days 00:00:00.250000001", Some(0.250_000_001)),
            ("1 days", Some(86_400.0)),
            ("1 day 01:02:03", Some(90_123.0)),
            ("00:01:01.5", Some(61.5)),
            ("NaT", None),
            (" ", None),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in [
            "inf",
            "1 s",
            "-1 days 23:00:00",
            "00:01",
            "1:2:3.",
            "1:2:3.x",
            "99999999999 days",
            "a days 1:1:1",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn columns_are_found_by_their_names_and_others_when_they_are_named() {
        let columns: Vec<String> =
            ["File Name", "Label", "emotion", "SpkrID", "wer"].map(str::to_owned).into();
        let mut taken = Taken::default();
        let roles = Roles::find(&columns, &AddChoices::default(), "x.csv", &mut taken).unwrap();
        assert_eq!(
            [Role::Path, Role::Emotion, Role::Speaker, Role::Text].map(|r| roles.at(r)),
            [Some(0), Some(2), Some(3), None]
        );
        assert!(taken.told.contains(&("text", "none".to_owned())));
        assert_eq!(
            taken.notes,
            ["emotion: column `emotion`, although `Label` is there too; --emotion chooses"]
        );
        let choices = AddChoices { speaker: Some("wer".into()), ..AddChoices::default() };
        assert_eq!(Roles::find(&columns, &choices, "x.csv", &mut taken).unwrap().at(Role::Speaker), Some(4));
        let choices = AddChoices { emotion: Some("Emotion".into()), ..AddChoices::default() };
        let e = Roles::find(&columns, &choices, "x.csv", &mut taken).unwrap_err().to_string();
        assert_eq!(e, "--emotion: x.csv has no column `Emotion`, did you mean `emotion`?");
    }
}
