//! Speakers: voice variants of espeak-ng with offsets of pitch, rate, vocal tract and recording.

use super::seed;
use super::sentences::Language;
use seraug_core::manifest::Gender;

/// Female and male variants (`espeak-ng --voices=variant`) that sound like persons, not effects.
const VARIANTS: [(Gender, &[&str]); 2] =
    [(Gender::Female, &["f1", "f2", "f3", "f4", "f5"]), (Gender::Male, &["m1", "m2", "m3", "m4", "m7"])];

/// A synthetic speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticSpeaker {
    /// `en-f01`, unique in the corpus.
    pub id: String,
    /// The language spoken.
    pub language: Language,
    /// Of the voice variant.
    pub gender: Gender,
    /// Language voice and variant (`en-us+f1`).
    pub voice: String,
    /// Shift of the variant's pitch, semitones.
    pub pitch_st: f64,
    /// Rate when neutral, words a minute.
    pub wpm: f64,
    /// Rate in Hz at which the synthesiser's 22 050 Hz are played: above it a shorter vocal tract (formants,
    /// pitch and rate rise alike). A multiple of 500, which keeps the resampling ratio small.
    pub playback_hz: u32,
    /// Treble of voice and microphone, dB above 1 kHz.
    pub tilt_db: f64,
    /// Reverberation against the direct sound, dB.
    pub room_db: f64,
    /// Background noise against speech of neutral level, dB.
    pub noise_db: f64,
}

/// The speakers of `language`, women first.
pub fn of(language: Language) -> Vec<SyntheticSpeaker> {
    let mut speakers = Vec::new();
    for (gender, variants) in VARIANTS {
        for (n, variant) in variants.iter().enumerate() {
            let id = format!("{}-{}{:02}", language.code(), &gender.name()[..1], n + 1);
            let mut draws = seed().child("speaker").child(&id).draws();
            speakers.push(SyntheticSpeaker {
                language,
                gender,
                voice: format!("{}+{variant}", language.voice()),
                pitch_st: draws.between(-2.0, 2.0),
                wpm: draws.between(155.0, 185.0),
                playback_hz: 21_000 + 500 * draws.below(6) as u32,
                tilt_db: draws.between(-3.0, 3.0),
                room_db: draws.between(-26.0, -14.0),
                noise_db: draws.between(-46.0, -30.0),
                id,
            });
        }
    }
    speakers
}
