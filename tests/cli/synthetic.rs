//! The synthetic corpus, made here by espeak-ng (./bootstrap installs it).

use indicatif::ProgressBar;
use seraug_core::emotion::Emotion;
use seraug_core::manifest::{Channels, Gender, Manifest};
use seraug_data::audio::load;
use seraug_data::corpora::synthetic::espeak::Espeak;
use seraug_data::corpora::synthetic::prosody::EXPRESSIONS;
use seraug_data::corpora::synthetic::render::render;
use seraug_data::corpora::synthetic::sentences::Language;
use seraug_data::corpora::synthetic::speakers::{self, SyntheticSpeaker};
use seraug_data::corpora::synthetic::{TAKES, Take, cache, import, takes};
use std::path::Path;

fn espeak() -> Espeak {
    Espeak::find(Path::new("espeak-ng")).unwrap()
}

fn manifest() -> Manifest {
    Manifest::parse(include_str!("../../data-manifests/synthetic.toml"), "synthetic.toml").unwrap()
}

#[test]
fn the_manifest_is_what_the_tables_hold() {
    let manifest = manifest();
    assert!(manifest.synthetic);
    let speakers: Vec<SyntheticSpeaker> = Language::ALL.into_iter().flat_map(speakers::of).collect();
    let listed: Vec<(&str, Gender)> = manifest.speakers.iter().map(|(id, g)| (id.as_str(), *g)).collect();
    assert_eq!(speakers.iter().map(|s| (s.id.as_str(), s.gender)).collect::<Vec<_>>(), listed);
    assert_eq!(manifest.expected.utterances, speakers.iter().map(|s| takes(s).count()).sum::<usize>());
    for (emotion, _) in EXPRESSIONS {
        assert_eq!(manifest.labels[emotion.name()], emotion);
        assert_eq!(manifest.expected.emotions[&emotion], speakers.len() * TAKES);
    }
    for language in Language::ALL {
        let of = speakers::of(language);
        assert!(of.len() >= 10 && of.iter().filter(|s| s.gender == Gender::Female).count() * 2 == of.len());
    }
}

#[test]
fn a_speaker_is_the_same_on_repeat_and_a_torn_file_is_made_again() {
    let (espeak, bar, root) = (espeak(), ProgressBar::hidden(), tempfile::tempdir().unwrap());
    let speaker = &speakers::of(Language::It)[6];
    let made = cache::speaker(&espeak, root.path(), speaker, &bar).unwrap();
    assert_eq!((made.len(), bar.position()), (EXPRESSIONS.len() * TAKES, 96));
    assert!(made.iter().all(|u| u.language == "it" && u.speaker == speaker.id && u.sha256.len() == 64));
    assert!(made.iter().any(|u| u.id == "it-m02-angry-03" && u.emotion == Emotion::Angry));

    // Alone and in another order, a take is what it was among the others.
    for (take, utterance) in takes(speaker).zip(&made).step_by(17).collect::<Vec<_>>().into_iter().rev() {
        let samples: Vec<i16> = hound::WavReader::open(&utterance.path)
            .unwrap()
            .into_samples()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(render(&espeak, take).unwrap(), samples, "{}", utterance.id);
        assert_eq!(load(&utterance.path, Channels::Mean).unwrap().len(), samples.len());
    }

    let whole = std::fs::read(&made[3].path).unwrap();
    let kept = std::fs::metadata(&made[4].path).unwrap().modified().unwrap();
    std::fs::write(&made[3].path, &whole[..whole.len() / 2]).unwrap();
    std::fs::remove_file(&made[5].path).unwrap();
    assert_eq!(cache::speaker(&espeak, root.path(), speaker, &bar).unwrap(), made);
    assert_eq!(std::fs::read(&made[3].path).unwrap(), whole);
    assert!(made[5].path.is_file());
    assert_eq!(std::fs::metadata(&made[4].path).unwrap().modified().unwrap(), kept, "an intact file is kept");
}

/// Takes in `emotion`: mean seconds, mean level in dB, and median F0 in Hz.
fn measured(espeak: &Espeak, speaker: &SyntheticSpeaker, emotion: Emotion) -> [f64; 3] {
    let (mut seconds, mut level, mut pitch) = (0.0, 0.0, Vec::new());
    for number in 0..TAKES {
        let samples = render(espeak, Take { speaker, emotion, number }).unwrap();
        let x: Vec<f64> = samples.into_iter().map(|s| f64::from(s) / 32_768.0).collect();
        seconds += x.len() as f64 / 16_000.0 / TAKES as f64;
        level += 10.0 * (x.iter().map(|s| s * s).sum::<f64>() / x.len() as f64).log10() / TAKES as f64;
        pitch.extend(x.chunks_exact(640).step_by(2).filter_map(f0));
    }
    pitch.sort_by(f64::total_cmp);
    assert!(pitch.len() >= 50, "{} {emotion}: {} voiced frames", speaker.id, pitch.len());
    [seconds, level, pitch[pitch.len() / 2]]
}

/// F0 in Hz of a frame of 40 ms: the lag at which its normalised autocorrelation peaks, 70 to 400 Hz.
/// None when it is not clearly voiced.
fn f0(frame: &[f64]) -> Option<f64> {
    let correlation = |lag: usize| {
        let (a, b) = (&frame[..640 - lag], &frame[lag..]);
        let dot = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(u, v)| u * v).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
    };
    let (lag, peak) = (40..228).map(|lag| (lag, correlation(lag))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (peak > 0.8).then(|| 16_000.0 / lag as f64)
}

#[test]
fn emotions_are_heard_in_the_direction_the_literature_gives() {
    let espeak = espeak();
    for speaker in [&speakers::of(Language::En)[1], &speakers::of(Language::De)[7]] {
        let of = |emotion| measured(&espeak, speaker, emotion);
        let (angry, sad, happy, neutral) =
            (of(Emotion::Angry), of(Emotion::Sad), of(Emotion::Happy), of(Emotion::Neutral));
        let id = &speaker.id;
        assert!(angry[0] < 0.9 * sad[0], "{id}: anger is faster: {angry:?} {sad:?}");
        assert!(angry[1] > sad[1] + 3.0, "{id}: anger is louder: {angry:?} {sad:?}");
        assert!(angry[2] > 1.08 * sad[2], "{id}: anger is higher: {angry:?} {sad:?}");
        assert!(happy[2] > 1.08 * neutral[2], "{id}: joy is higher than neutral: {happy:?} {neutral:?}");
        assert!(sad[1] < neutral[1] - 1.0, "{id}: sadness is softer than neutral: {sad:?} {neutral:?}");
    }
}

#[test]
fn every_language_is_spoken() {
    let espeak = espeak();
    for language in Language::ALL {
        let speaker = &speakers::of(language)[0];
        let samples = render(&espeak, Take { speaker, emotion: Emotion::Neutral, number: 0 }).unwrap();
        let seconds = samples.len() as f64 / 16_000.0;
        assert!((1.5..6.0).contains(&seconds), "{}: {seconds} s", language.code());
        assert!(samples.iter().any(|s| s.abs() > 2_000), "{}: silence", language.code());
    }
}

#[test]
fn what_is_missing_is_said_in_one_line() {
    let missing = Espeak::find(Path::new("no-such-espeak-ng")).unwrap_err();
    let line = "espeak-ng is not installed; run ./bootstrap or apt-get install espeak-ng";
    assert_eq!(missing.to_string(), line);
    let cache = tempfile::tempdir().unwrap();
    let unknown = import(manifest(), &["fr".into()], cache.path(), &ProgressBar::hidden()).unwrap_err();
    assert_eq!(unknown.to_string(), "corpus synthetic has no language `fr`, choose from de, en, it, zh");
    assert_eq!(unknown.exit_code(), 2);
}
