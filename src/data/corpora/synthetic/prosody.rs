//! Prosody: the acoustic cues of each emotion, and how a take varies them.
//!
//! Directions follow reviews of vocal expression; sizes are ours, well below the full-blown portrayals of
//! the synthesis studies and then varied, so that a classifier lands between chance and ceiling. Sources:
//! - Juslin & Laukka (2003), "Communication of emotions in vocal expression and music performance", their
//!   summary of cues: rate, intensity, high-frequency energy, F0 level, F0 variability, F0 contour. Anger,
//!   happiness: fast, medium to high intensity, much high-frequency energy, high and variable F0, rising
//!   contour. Sadness: slow, low, little high-frequency energy, low F0 of little variability, falling
//!   contour. Fear: fast, low intensity, high F0 of little variability, rising contour.
//! - Scherer (2003), "Vocal communication of emotion", and Banse & Scherer (1996): the same for anger, fear,
//!   sadness and joy; boredom has low F0, a narrow range and a slow rate.
//! - Murray & Arnott (1993): disgust is much slower, much lower and slightly wider with wide downward
//!   terminal inflections; fear irregularly voiced; anger and happiness breathy; sadness inflected downward.
//! - Burkhardt & Sendlmeier (2000): preferred in formant synthesis were, for joy, F0 +50 %, range +100 %,
//!   rate +30 %, and for fear, F0 +150 %, rate +30 %.
//! - Cahn (1990) on surprise: a wide range, a steeply rising contour, somewhat faster, louder.

use super::{Take, seed};
use seraug_core::emotion::Emotion;
use seraug_core::rng::Draws;

/// Acoustic cues, as differences from the speaker's neutral voice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cues {
    /// Pitch level, semitones.
    pub pitch_st: f64,
    /// Pitch range, factor.
    pub range: f64,
    /// Level of the second phrase's pitch against the first's, semitones: above 0 the contour rises.
    pub contour_st: f64,
    /// Words a minute, factor.
    pub rate: f64,
    /// Pause between the phrases, ms.
    pub pause_ms: f64,
    /// Level, dB.
    pub level_db: f64,
    /// Energy above 1 kHz, dB.
    pub tilt_db: f64,
    /// Breath noise against voice, amplitude ratio.
    pub breath: f64,
    /// Depth of the pitch's tremor, fraction of F0.
    pub tremor: f64,
    /// Chance of an exclamation's melody.
    pub exclaim: f64,
    /// Chance of a question's melody.
    pub question: f64,
}

const NEUTRAL: Cues = Cues {
    pitch_st: 0.0,
    range: 1.0,
    contour_st: 0.0,
    rate: 1.0,
    pause_ms: 0.0,
    level_db: 0.0,
    tilt_db: 0.0,
    breath: 0.0,
    tremor: 0.0,
    exclaim: 0.0,
    question: 0.0,
};

/// The emotions of the paper's corpora, fully expressed, in alphabetical order.
pub const EXPRESSIONS: [(Emotion, Cues); 8] = [
    (
        Emotion::ANGRY,
        Cues {
            pitch_st: 2.5,
            range: 1.5,
            contour_st: 0.5,
            rate: 1.15,
            level_db: 5.0,
            tilt_db: 6.0,
            exclaim: 0.6,
            ..NEUTRAL
        },
    ),
    (
        Emotion::BORED,
        Cues {
            pitch_st: -2.0,
            range: 0.45,
            contour_st: -0.5,
            rate: 0.78,
            pause_ms: 120.0,
            level_db: -2.0,
            tilt_db: -2.0,
            ..NEUTRAL
        },
    ),
    (
        Emotion::DISGUSTED,
        Cues {
            pitch_st: -2.5,
            range: 1.2,
            contour_st: -3.0,
            rate: 0.8,
            pause_ms: 60.0,
            level_db: -1.0,
            tilt_db: 1.5,
            breath: 0.08,
            exclaim: 0.2,
            ..NEUTRAL
        },
    ),
    (
        Emotion::FEARFUL,
        Cues {
            pitch_st: 5.0,
            range: 0.75,
            contour_st: 1.0,
            rate: 1.22,
            pause_ms: 60.0,
            level_db: -1.5,
            tilt_db: -1.0,
            breath: 0.15,
            tremor: 0.03,
            ..NEUTRAL
        },
    ),
    (
        Emotion::HAPPY,
        Cues {
            pitch_st: 5.0,
            range: 2.0,
            contour_st: 2.5,
            rate: 1.12,
            level_db: 2.0,
            tilt_db: 1.5,
            breath: 0.04,
            exclaim: 0.4,
            ..NEUTRAL
        },
    ),
    (Emotion::NEUTRAL, NEUTRAL),
    (
        Emotion::SAD,
        Cues {
            pitch_st: -1.5,
            range: 0.65,
            contour_st: -1.5,
            rate: 0.87,
            pause_ms: 150.0,
            level_db: -3.5,
            tilt_db: -3.5,
            breath: 0.08,
            ..NEUTRAL
        },
    ),
    (
        Emotion::SURPRISED,
        Cues {
            pitch_st: 3.5,
            range: 1.9,
            contour_st: 3.5,
            rate: 1.05,
            level_db: 1.5,
            tilt_db: 0.5,
            exclaim: 0.3,
            question: 0.6,
            ..NEUTRAL
        },
    ),
];

/// The final melody of a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// Falling.
    Statement,
    /// Emphatic.
    Exclamation,
    /// Rising.
    Question,
}

/// How a take is spoken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivery {
    /// Its cues, with strength and random variation applied. `exclaim` and `question` have been decided.
    pub cues: Cues,
    /// Its final melody.
    pub terminal: Terminal,
}

/// Range of how strongly a take expresses its emotion, 1 = fully.
const STRENGTH: [f64; 2] = [0.6, 1.35];
/// Standard deviation of a speaker's habit of weighing one cue of one emotion more or less.
const HABIT: f64 = 0.2;

/// Draws the delivery of `take`: its emotion's cues, more or less strongly, as this speaker has the habit
/// of using them, amid the variation that neutral speech has too.
pub fn deliver(take: Take) -> Delivery {
    let full = EXPRESSIONS.iter().find(|(e, _)| *e == take.emotion).map_or(NEUTRAL, |(_, cues)| *cues);
    let mut habit = seed().child("habit").child(&take.speaker.id).child(take.emotion.name()).draws();
    let mut own = seed().child("delivery").child(&take.id()).draws();
    let strength = own.between(STRENGTH[0], STRENGTH[1]);
    // A cue as a difference: strength and habit scale it, `spread` is what varies without any emotion.
    let mut vary = |size: f64, spread: f64| {
        let weight = (1.0 + HABIT * normal(&mut habit)).clamp(0.2, 1.8);
        size * strength * weight + spread * normal(&mut own)
    };
    let mut cues = Cues {
        pitch_st: vary(full.pitch_st, 1.0),
        range: vary(full.range.log2(), 0.2).exp2(),
        contour_st: vary(full.contour_st, 0.8),
        rate: vary(full.rate.log2(), 0.07).exp2(),
        pause_ms: vary(full.pause_ms, 50.0),
        level_db: vary(full.level_db, 2.5),
        tilt_db: vary(full.tilt_db, 1.5),
        breath: vary(full.breath, 0.02).max(0.0),
        tremor: vary(full.tremor, 0.002).max(0.0),
        ..NEUTRAL
    };
    cues.range = cues.range.clamp(0.2, 3.0);
    let (exclaim, question) = (0.08 + full.exclaim * strength, 0.04 + full.question * strength);
    let chance = own.uniform();
    let terminal = if chance < question {
        Terminal::Question
    } else if chance < question + exclaim {
        Terminal::Exclamation
    } else {
        Terminal::Statement
    };
    Delivery { cues, terminal }
}

/// The two phrases of `take`: the takes of one speaker and emotion say different sentences.
pub fn sentence(take: Take) -> [&'static str; 2] {
    let mut pool = take.speaker.language.sentences();
    seed().child("sentences").child(&take.speaker.id).child(take.emotion.name()).draws().shuffle(&mut pool);
    pool[take.number % pool.len()]
}

fn normal(draws: &mut Draws) -> f64 {
    f64::from(draws.normal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::synthetic::sentences::Language;
    use crate::corpora::synthetic::{TAKES, speakers, takes};
    use std::collections::HashSet;

    #[test]
    fn words_give_no_emotion_away() {
        for language in Language::ALL {
            let speakers = speakers::of(language);
            let pool = language.sentences();
            assert!(
                pool.len() >= TAKES && pool.iter().flatten().all(|phrase| !phrase.is_empty()),
                "{language:?}"
            );
            for (emotion, _) in EXPRESSIONS {
                let mut said = HashSet::new();
                for speaker in &speakers {
                    let own = (0..TAKES).map(|number| sentence(Take { speaker, emotion, number }));
                    let own: HashSet<_> = own.collect();
                    assert_eq!(own.len(), TAKES, "{} repeats itself", speaker.id);
                    said.extend(own);
                }
                assert_eq!(said.len(), pool.len(), "{language:?} {emotion}");
            }
        }
    }

    #[test]
    fn loudness_alone_gives_no_emotion_away() {
        let speakers = speakers::of(Language::En);
        let levels = |emotion| {
            let of = speakers.iter().flat_map(takes).filter(move |t| t.emotion == emotion);
            let mut levels: Vec<f64> = of.map(|t| deliver(t).cues.level_db).collect();
            levels.sort_by(f64::total_cmp);
            levels
        };
        let (angry, neutral, sad) = (levels(Emotion::ANGRY), levels(Emotion::NEUTRAL), levels(Emotion::SAD));
        let tenth = angry.len() / 10;
        assert!(angry[angry.len() / 2] > neutral[neutral.len() / 2] + 3.0);
        assert!(neutral[neutral.len() / 2] > sad[sad.len() / 2] + 2.0);
        assert!(angry[tenth] < neutral[neutral.len() - tenth], "anger and neutral do not overlap");
        assert!(sad[sad.len() - tenth] > neutral[tenth], "sadness and neutral do not overlap");
    }
}
