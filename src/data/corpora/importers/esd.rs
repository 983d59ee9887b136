//! ESD: `esd/0001/Angry/0001_000351.wav`, also with `train`, `evaluation` and `test` below the emotion, or flat;
//! speaker and number of the recording. The transcripts, whose encodings differ, are not read.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;
use seraug_core::manifest::Manifest;

const AROUND: &[&str] =
    &["emotion speech dataset", "emotional speech dataset (esd)", "emotional-speech-data", "esd"];

/// Recordings of a speaker in one emotion.
const EACH: usize = 350;

/// The emotions in the order of the recordings' numbers: 1 to 350, 351 to 700 and so on.
const ORDER: [&str; 5] = ["neutral", "angry", "happy", "sad", "surprise"];

/// Reads `corpora/esd`. With languages named, only their speakers are read, and only they are expected.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    let wanted = source.languages;
    let mut corpus = folder::import(source, AROUND, parse)?;
    if !wanted.is_empty() {
        only(&mut corpus.manifest, |speaker| wanted.iter().any(|l| l == language(speaker)));
    }
    Ok(corpus)
}

/// 0001 to 0010 speak Mandarin, 0011 to 0020 English.
fn language(speaker: &str) -> &'static str {
    if speaker <= "0010" { "zh" } else { "en" }
}

/// Expects only the speakers that are `wanted`; all have the same number of recordings of each emotion.
fn only(manifest: &mut Manifest, wanted: impl Fn(&str) -> bool) {
    manifest.speakers.retain(|s, _| wanted(s));
    let expected = &mut manifest.expected;
    expected.speakers.retain(|s, _| wanted(s));
    expected.emotions.values_mut().for_each(|n| *n = EACH * expected.speakers.len());
    expected.utterances = expected.emotions.values().sum();
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let Some((speaker, number)) = place.stem.split_once('_') else {
        return Err("not a name like 0001_000351".into());
    };
    let index = number.parse::<usize>().ok().filter(|n| number.len() == 6 && (1..=EACH * 5).contains(n));
    let Some(index) = index else {
        return Err(format!("not a name like 0001_000351: number `{number}`, expected 000001 to 001750"));
    };
    let by_number = ORDER[(index - 1) / EACH];
    let folders = place.folders();
    let (own, emotion, split) = match folders.as_slice() {
        [] => (speaker, by_number, None),
        [own] => (*own, by_number, None),
        [own, emotion] => (*own, *emotion, None),
        [own, emotion, split @ ("train" | "evaluation" | "test")] => {
            (*own, *emotion, Some((*split).to_owned()))
        }
        _ => {
            return Err(
                "stray audio: expected esd/0001/Angry/0001_000351 or its train, evaluation, test".into()
            );
        }
    };
    let (emotion, speaker) = (place.emotion(emotion)?, place.speaker(speaker)?);
    if own != speaker {
        return Err(format!("a recording of speaker {speaker} in the folder of {own}"));
    }
    let language = language(&speaker);
    // The same 350 sentences of a language in each emotion.
    let text = format!("{language}{:03}", (index - 1) % EACH + 1);
    let language = Some(language.to_owned());
    Ok(Some(Parsed { split, language, ..Parsed::new(place.stem.clone(), speaker, emotion).saying(text) }))
}
