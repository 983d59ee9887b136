//! A data directory of Kaldi: wav.scp, segments, utt2spk, spk2gender, text, and a file of utterance and label.

use super::columns::span;
use super::listing::{entries, file_name, folder_of};
use super::row::{Reading, SourcePlace, SourceRow, Span, Taken};
use seraug_core::error::{AtPath, Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files that have the labels, where `--emotion` names none; the first that is there.
const LABELS: [&str; 5] = ["utt2emo", "utt2emotion", "utt2label", "emotion", "utt2class"];

/// Reads the directory, or those in it that have a wav.scp, each a part of the corpus's split.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let folder = folder_of(reading.source);
    let mut taken = Taken::below(folder);
    if folder.join("wav.scp").is_file() {
        directory(folder, folder, None, reading, &mut taken)?;
        return Ok(taken);
    }
    let inner: Vec<PathBuf> =
        entries(folder, 1)?.into_iter().filter(|path| path.join("wav.scp").is_file()).collect();
    if inner.is_empty() {
        return Err(Error::at(folder, "no wav.scp in it"));
    }
    for directory_of_part in inner {
        let part = file_name(&directory_of_part);
        directory(&directory_of_part, folder, Some(&part), reading, &mut taken)?;
    }
    Ok(taken)
}

/// A file of names and what belongs to each, a line each.
struct NameList {
    /// What messages call it.
    shown: Arc<str>,
    lines: Vec<(u64, String, String)>,
}

impl NameList {
    /// The file `name` of `folder`, which is in `base`; `None` where it is not there.
    fn read(folder: &Path, base: &Path, name: &str) -> Result<Option<NameList>> {
        let path = folder.join(name);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let text = seraug_core::files::text(&path).cannot("be read", &path)?;
        let shown = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        let mut lines = Vec::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let (name, rest) = line.trim().split_once([' ', '\t']).unwrap_or((line.trim(), ""));
            lines.push((i as u64 + 1, name.to_owned(), rest.trim().to_owned()));
        }
        Ok(Some(NameList { shown: shown.into(), lines }))
    }

    fn place(&self, line: u64) -> SourcePlace {
        SourcePlace { file: Arc::clone(&self.shown), row: line }
    }

    /// By name; a second line of a name is an error.
    fn by_name(self) -> Result<HashMap<String, String>> {
        let mut map = HashMap::with_capacity(self.lines.len());
        let shown = self.shown;
        for (line, name, rest) in self.lines {
            if map.contains_key(&name) {
                return Err(Error::failed(format!("{shown}:{line}: a second line of `{name}`; remove one")));
            }
            map.insert(name, rest);
        }
        Ok(map)
    }
}

/// Adds the utterances of `folder`, which is in `base`.
fn directory(
    folder: &Path,
    base: &Path,
    part: Option<&str>,
    reading: &Reading,
    taken: &mut Taken,
) -> Result<()> {
    let optional = |name: &str| -> Result<Option<HashMap<String, String>>> {
        NameList::read(folder, base, name)?.map(NameList::by_name).transpose()
    };
    let label_file = match &reading.choices.emotion {
        Some(name) if name.contains('/') => {
            return Err(Error::usage(format!("--emotion `{name}`: of Kaldi it is a file beside wav.scp")));
        }
        Some(name) => Some(name.as_str()),
        None => LABELS.into_iter().find(|name| folder.join(name).is_file()),
    };
    let labels = match label_file {
        Some(name) => optional(name)?,
        None => None,
    };
    let Some((labels, label_file)) = labels.zip(label_file) else {
        return Err(Error::usage(format!(
            "{}: no file of utterances and labels ({}); name it with --emotion FILE, which may be `text`",
            folder.display(),
            label_file.map_or_else(|| LABELS.join(", "), str::to_owned)
        )));
    };
    let speaker_file = reading.choices.speaker.as_deref().unwrap_or("utt2spk");
    let (speakers, genders) = (optional(speaker_file)?, optional("spk2gender")?);
    let texts = if label_file == "text" { None } else { optional("text")? };
    let scp = NameList::read(folder, base, "wav.scp")?
        .ok_or_else(|| Error::at(folder.join("wav.scp"), "no such file"))?;
    let (utterances, shown) = match NameList::read(folder, base, "segments")? {
        Some(segments) => {
            let shown = format!("segments of {}", scp.shown);
            (cut(segments, scp, taken)?, shown)
        }
        None => {
            let shown = scp.shown.to_string();
            let of = |(line, name, path): &(u64, String, String)| {
                (scp.place(*line), name.clone(), path.clone(), None)
            };
            (scp.lines.iter().map(of).collect(), shown)
        }
    };
    if taken.told.is_empty() {
        taken.told.push(("path", shown));
        taken.told.push(("emotion", label_file.to_owned()));
        taken.told.push(("speaker", speakers.as_ref().map_or("none", |_| speaker_file).to_owned()));
        taken.told.push(("text", texts.as_ref().map_or("none", |_| "text").to_owned()));
    }
    for (place, id, path, span) in utterances {
        if path.ends_with('|') || path.starts_with('|') {
            taken.fault(
                &place,
                format!("`{path}` is a command, and none is run; write its output to a file and name that"),
            );
            continue;
        }
        let of = |map: &Option<HashMap<String, String>>, name: &str| {
            map.as_ref().and_then(|m| m.get(name)).cloned()
        };
        let speaker = of(&speakers, &id);
        taken.rows.push(SourceRow {
            emotion: labels.get(&id).cloned(),
            gender: speaker.as_ref().and_then(|s| of(&genders, s)),
            speaker,
            text: of(&texts, &id),
            split: part.map(str::to_owned),
            path,
            id: Some(id),
            span,
            place,
            ..SourceRow::default()
        });
    }
    Ok(())
}

/// An utterance before its labels are known: place, id, path and bounds.
type Cut = (SourcePlace, String, String, Option<Span>);

/// The utterances that `segments` cuts from the recordings of wav.scp.
fn cut(segments: NameList, scp: NameList, taken: &mut Taken) -> Result<Vec<Cut>> {
    let listed = Arc::clone(&scp.shown);
    let recordings = scp.by_name()?;
    let mut found = Vec::with_capacity(segments.lines.len());
    for (line, id, rest) in &segments.lines {
        let place = segments.place(*line);
        let cells: Vec<&str> = rest.split_whitespace().collect();
        let time = |cell: &str| cell.parse::<f64>().ok().filter(|t| t.is_finite());
        let bounds = match cells.as_slice() {
            [recording, start, end] | [recording, start, end, _] => {
                time(start).zip(time(end)).map(|(start, end)| (*recording, start, end))
            }
            _ => None,
        };
        let Some((recording, start, end)) = bounds else {
            taken.fault(&place, format!("`{rest}`: expected recording, start and end in seconds"));
            continue;
        };
        let Some(path) = recordings.get(recording) else {
            taken.fault(&place, format!("the recording `{recording}` is not in {listed}"));
            continue;
        };
        // -1 is the end of the recording.
        let end = Some(end).filter(|end| *end != -1.0);
        found.push((place, id.clone(), path.clone(), span(Some(start), end)));
    }
    Ok(found)
}
