//! Renders a take to 16 kHz samples, and these to a file.

use super::espeak::{Espeak, Request};
use super::prosody::{self, Delivery};
use super::sentences::Language;
use super::{Take, seed, shaping};
use crate::audio::SAMPLE_RATE;
use crate::audio::resample::resample;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use std::io::Cursor;

/// Makes one utterance: mono, 16 kHz, the same samples whenever it is called with the same take.
pub fn render(espeak: &Espeak, take: Take) -> Result<Vec<i16>> {
    let delivery = prosody::deliver(take);
    let speech = espeak.speak(&request(take, &delivery))?;
    recording(&speech.samples, speech.rate_hz, take, &delivery)
}

/// The samples as a mono 16-bit file at 16 kHz.
///
/// # Errors
/// Samples beyond what such a file can hold.
pub fn wav(samples: &[i16]) -> Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Vec::new();
    let fill = |bytes: &mut Vec<u8>| -> hound::Result<()> {
        let mut writer = hound::WavWriter::new(Cursor::new(bytes), spec)?;
        samples.iter().try_for_each(|&s| writer.write_sample(s))?;
        writer.finalize()
    };
    fill(&mut bytes).map_err(|e| Error::failed(format!("encoding synthetic speech: {e}")))?;
    Ok(bytes)
}

/// The recording of a take whose words the synthesiser has spoken as `speech`, at `rate_hz`.
pub(super) fn recording(speech: &[f32], rate_hz: u32, take: Take, delivery: &Delivery) -> Result<Vec<i16>> {
    // The variant's offset is set at the synthesiser's usual rate; another would shift every voice alike.
    let played_hz = take.speaker.playback_hz * rate_hz / 22_050;
    let voice = resample(shaping::trim(speech), played_hz).map_err(Error::failed)?;
    let voice: Vec<f64> = voice.into_iter().map(f64::from).collect();
    Ok(shaping::shape(&voice, take.speaker, delivery, sound(take)))
}

/// The background noise of a take, `samples` long.
pub(super) fn background(take: Take, samples: usize) -> Vec<i16> {
    let noise = shaping::noise(samples, take.speaker, sound(take));
    noise.iter().map(|s| (s * 32_767.0).round() as i16).collect()
}

/// The seed of the sound of a take.
fn sound(take: Take) -> Seed {
    seed().child("sound").child(&take.id())
}

/// The words and flags of a take.
pub(super) fn request(take: Take, delivery: &Delivery) -> Request {
    let language = take.speaker.language;
    let cues = &delivery.cues;
    // 50 units are an octave of the base pitch; the range below covers every voice without a squeak.
    let units = |semitones: f64| (50.0 + semitones * 50.0 / 12.0).clamp(5.0, 95.0);
    let pitch = units(take.speaker.pitch_st + cues.pitch_st);
    let last = units(take.speaker.pitch_st + cues.pitch_st + cues.contour_st);
    let [first, second] = prosody::sentence(take);
    Request {
        voice: take.speaker.voice.clone(),
        pitch: pitch.round() as u32,
        wpm: (take.speaker.wpm * cues.rate).round().clamp(80.0, 320.0) as u32,
        ssml: format!(
            "<speak><prosody range=\"{:.0}%\">{}{}{}<prosody pitch=\"{:+.0}%\">{}{}</prosody></prosody></speak>",
            100.0 * cues.range,
            escape(first),
            pause(cues.pause_ms),
            language.space(),
            100.0 * (last / pitch - 1.0),
            escape(second),
            terminal(language, delivery),
        ),
    }
}

/// A pause too short to be heard is left out: the synthesiser would still end a clause there.
fn pause(ms: f64) -> String {
    if ms < 40.0 { String::new() } else { format!("<break time=\"{ms:.0}ms\"/>") }
}

fn terminal(language: Language, delivery: &Delivery) -> char {
    language.terminals()[delivery.terminal as usize]
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
