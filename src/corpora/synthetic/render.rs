//! From a take to 16 kHz samples.

use super::espeak::{Espeak, Request};
use super::prosody::{self, Delivery};
use super::sentences::Language;
use super::{Take, seed, shaping};
use crate::error::{Error, Result};
use audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};

/// Samples a second of the corpus.
pub const RATE_HZ: u32 = 16_000;

/// Makes one utterance: mono, [`RATE_HZ`], the same samples whenever it is called with the same take.
pub fn render(espeak: &Espeak, take: Take) -> Result<Vec<i16>> {
    let delivery = prosody::deliver(take);
    let speech = espeak.speak(&request(take, &delivery))?;
    // The variant's offset is set at the synthesiser's usual rate; another would shift every voice alike.
    let played_hz = take.speaker.playback_hz * speech.rate_hz as usize / 22_050;
    let voice = resample(shaping::trim(&speech.samples), played_hz)?;
    Ok(shaping::shape(voice, take.speaker, &delivery, seed().child("sound").child(&take.id())))
}

/// The words and flags of a take.
fn request(take: Take, delivery: &Delivery) -> Request {
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

/// In double precision, so that processors whose vector units round differently give the same 16-bit samples.
fn resample(samples: &[f64], from_hz: usize) -> Result<Vec<f64>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("resampling from {from_hz} Hz: {e}"));
    let mut fft = Fft::<f64>::new(from_hz, RATE_HZ as usize, 1024, 1, FixedSync::Both).map_err(|e| failed(&e))?;
    let channel = [samples.to_vec()];
    let input = SequentialSliceOfVecs::new(&channel, 1, samples.len()).map_err(|e| failed(&e))?;
    let output = fft.process_all(&input, samples.len(), None).map_err(|e| failed(&e))?;
    Ok(output.take_data())
}
