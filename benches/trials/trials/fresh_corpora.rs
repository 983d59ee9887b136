//! Corpora of synthetic speakers whom no other corpus has: what a test says of other corpora can be counted only where there are
//! others.

use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::manifest::Gender;
use seraug_core::rng::Seed;
use seraug_data::corpora::synthetic::espeak::Espeak;
use seraug_data::corpora::synthetic::sentences::Language;
use seraug_data::corpora::synthetic::speakers::SyntheticSpeaker;
use seraug_data::corpora::synthetic::{render, takes};
use std::path::Path;

/// Emotions of the trials' experiments.
const EMOTIONS: [&str; 4] = ["angry", "happy", "neutral", "sad"];

/// Takes of each speaker and emotion: with ten speakers, about as many utterances as EMO-DB has of these emotions.
const TAKES: usize = 8;

/// Renders corpora numbered 1 to `corpora` into folders of `out`, `fresh-001` and so on: five women and five men each, each folder with
/// a table.csv. A folder that has its table is kept.
///
/// # Errors
/// Without espeak-ng, and where `out` cannot be written.
pub(crate) fn render_corpora(corpora: usize, out: &Path) -> Result<()> {
    let espeak = Espeak::find(Path::new("espeak-ng"))?;
    for number in 1..=corpora {
        let folder = out.join(format!("fresh-{number:03}"));
        if !folder.join("table.csv").is_file() {
            corpus(&espeak, number, &folder)?;
        }
    }
    Ok(())
}

fn corpus(espeak: &Espeak, number: usize, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::at(folder, e))?;
    let mut table = "path,emotion,speaker,gender\n".to_owned();
    for speaker in (0..10).map(|i| speaker(number, i)) {
        let wanted = |t: &seraug_data::corpora::synthetic::Take| {
            t.number < TAKES && EMOTIONS.contains(&t.emotion.name())
        };
        for take in takes(&speaker).filter(wanted) {
            let name = format!("{}.wav", take.id());
            write_atomic(&folder.join(&name), &render::wav(&render::render(espeak, take)?)?)?;
            table += &format!("{name},{},{},{}\n", take.emotion, speaker.id, speaker.gender.name());
        }
    }
    write_atomic(&folder.join("table.csv"), table.as_bytes())
}

/// Speaker `index` of corpus `number`, drawn as those of the corpus `synthetic` are. Delivery, habits and sentences follow from the
/// id, which no other corpus has.
fn speaker(number: usize, index: usize) -> SyntheticSpeaker {
    let (gender, letter) = if index < 5 { (Gender::Female, 'f') } else { (Gender::Male, 'm') };
    // The voices of the corpus `synthetic`.
    let voice = ["f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m7"][index];
    let id = format!("c{number:03}-{letter}{:02}", index % 5 + 1);
    let mut draws = Seed::new(1).child("trials").child("speaker").child(&id).draws();
    SyntheticSpeaker {
        language: Language::En,
        gender,
        voice: format!("{}+{voice}", Language::En.voice()),
        pitch_st: draws.between(-2.0, 2.0),
        wpm: draws.between(155.0, 185.0),
        playback_hz: 21_000 + 500 * draws.below(6) as u32,
        tilt_db: draws.between(-3.0, 3.0),
        room_db: draws.between(-26.0, -14.0),
        noise_db: draws.between(-46.0, -30.0),
        id,
    }
}
