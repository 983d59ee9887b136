//! IEMOCAP: labels in `iemocap/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt`, recordings in
//! `iemocap/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav`.

use super::folder::{self, NamedUtterance, Parse, Parsed, ReadName, RecordingPath};
use crate::audio::probe::unreadable;
use crate::corpora::walk::files_below;
use crate::corpora::{Corpus, ImportSource};
use seraug_core::emotion::Emotion;
use seraug_core::error::Result;
use seraug_core::files;
use seraug_core::manifest::Manifest;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const AROUND: &[&str] = &["iemocap", "iemocap_full_release", "iemocap_full_release_withoutvideos"];

/// The content of the label files.
#[derive(Default)]
struct Labels {
    /// Utterance to the line it is on (`file:line`) and its emotion; no emotion for a code that is dropped or unknown.
    lines: BTreeMap<String, (String, Option<Emotion>)>,
    /// Lines of each dropped code.
    dropped: BTreeMap<String, usize>,
    problems: Vec<String>,
}

/// Reads `corpora/iemocap`, scripted and improvised dialogs. A label without a recording and a recording without a
/// label are problems; a label that is dropped anyway needs no recording.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    let root = source.corpora.join(&source.manifest.name);
    let Labels { lines, dropped, problems } = match root.is_dir() {
        true => read(&root, &source.manifest),
        false => Labels::default(),
    };
    let heard = RefCell::new(BTreeSet::new());
    let mut corpus = folder::import(source, AROUND, |place| {
        heard.borrow_mut().insert(place.stem.clone());
        parse(place, &lines)
    })?;
    corpus.dropped = dropped;
    corpus.problems.extend(problems);
    let heard = heard.into_inner();
    let silent = lines.iter().filter(|(id, (_, emotion))| emotion.is_some() && !heard.contains(*id));
    corpus
        .problems
        .extend(silent.map(|(id, (line, _))| format!("{line}: {id}: no recording of it in sentences/wav")));
    corpus.problems.sort();
    Ok(corpus)
}

fn parse(place: &RecordingPath, labels: &BTreeMap<String, (String, Option<Emotion>)>) -> Parse {
    let id = &place.stem;
    let dialog = match place.folders().as_slice() {
        // Whole dialogs, both microphones.
        [_, "dialog", ..] => return Ok(None),
        [session, "sentences", "wav", dialog] if session.starts_with("session") => (*dialog).to_owned(),
        _ => {
            return Err(
                "stray audio: expected Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000".into()
            );
        }
    };
    if !id.to_lowercase().starts_with(&dialog) {
        return Err(format!("not a recording of the dialog {dialog}"));
    }
    let Some((_, emotion)) = labels.get(id) else {
        return Err("no label line of it in dialog/EmoEvaluation".into());
    };
    let Some(emotion) = emotion else { return Ok(None) };
    let (session, talker) = talker(id).ok_or("not a name like Ses01F_impro01_F000")?;
    let speaker = place.speaker(&talker)?;
    let text = scene(&dialog);
    Ok(Some(Parsed { session: Some(session), text, ..Parsed::new(id.clone(), speaker, *emotion) }))
}

/// The speaker and the scene, which the name tells; the label is in another file.
pub(crate) fn named(place: &RecordingPath) -> ReadName {
    let id = place.stem.clone();
    let (_, speaker) = talker(&id).ok_or("not a name like Ses01F_impro01_F000")?;
    let text = id.rsplit_once('_').and_then(|(dialog, _)| scene(&dialog.to_lowercase()));
    Ok(Some(NamedUtterance { speaker: Some(place.speaker(&speaker)?), text, id, emotion: None }))
}

/// What is said, of the dialog `ses01f_script01_1b`: the scene is what sessions share, lines have no number of their own. What is
/// improvised is said once.
fn scene(dialog: &str) -> Option<String> {
    let scene = dialog.split_once('_').map(|(_, scene)| scene).filter(|scene| scene.starts_with("script"))?;
    Some(scene.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_owned())
}

/// Session and speaker of an utterance: `Ses01F_impro01_M003` is spoken by the man of session 1. The letter after
/// `Ses01` only names who wore the motion-capture markers in this dialog.
fn talker(id: &str) -> Option<(String, String)> {
    let number = id.strip_prefix("Ses0")?.get(..1).filter(|n| matches!(*n, "1" | "2" | "3" | "4" | "5"))?;
    let talker = id.rsplit_once('_')?.1.get(..1).filter(|t| matches!(*t, "F" | "M"))?;
    Some((number.to_owned(), format!("Ses0{number}{talker}")))
}

/// Label lines: `[6.2901 - 8.2357]<TAB>Ses01F_impro01_F000<TAB>neu<TAB>[2.5000, 2.5000, 2.5000]`. The header and
/// the lines of the evaluators below a label line begin differently.
fn read(root: &Path, manifest: &Manifest) -> Labels {
    let mut labels = Labels::default();
    let walk = files_below(root, |e| e == "txt");
    // Folders that cannot be read are reported by the import of the recordings.
    labels.problems.extend(walk.broken.iter().map(ToString::to_string));
    for file in walk.files {
        let folders = folder::folders(&file, AROUND);
        if !matches!(folders.as_slice(), [_, d, e] if d == "dialog" && e == "emoevaluation") {
            continue;
        }
        let bytes = match files::read(&root.join(&file), files::TEXT) {
            Ok(bytes) => bytes,
            Err(e) => {
                labels.problems.push(format!("{}: {}", file.display(), unreadable(&e)));
                continue;
            }
        };
        for (n, text) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if text.starts_with('[') {
                labels.line(&format!("{}:{}", file.display(), n + 1), text.trim_end(), manifest);
            }
        }
    }
    labels
}

impl Labels {
    fn line(&mut self, line: &str, text: &str, manifest: &Manifest) {
        let &[_, id, code, _] = text.split('\t').collect::<Vec<_>>().as_slice() else {
            self.problems.push(format!(
                "{line}: not four columns with tabs between: time, utterance, emotion, ratings"
            ));
            return;
        };
        if let Some((first, _)) = self.lines.get(id) {
            self.problems.push(format!("{line}: a second label of {id}, after {first}"));
            return;
        }
        let emotion = manifest.labels.get(code).copied();
        if emotion.is_none() && manifest.dropped.contains_key(code) {
            *self.dropped.entry(code.to_owned()).or_default() += 1;
        } else if emotion.is_none() {
            let known: Vec<_> =
                manifest.labels.keys().chain(manifest.dropped.keys()).map(String::as_str).collect();
            self.problems
                .push(format!("{line}: unknown emotion code `{code}`, expected one of {}", known.join(", ")));
        }
        self.lines.insert(id.to_owned(), (line.to_owned(), emotion));
    }
}
