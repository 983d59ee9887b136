//! What both sides work on: written once by this side into the folder that a request names, read by both.

use serde_json::Value;
use std::path::PathBuf;

/// `request["folder"]`, made where it is missing.
pub fn folder(request: &Value) -> PathBuf {
    let folder =
        PathBuf::from(request["folder"].as_str().expect("a request names the folder of its fixtures"));
    std::fs::create_dir_all(&folder).expect("the folder of the fixtures can be made");
    folder
}

/// `request[name]`, or `otherwise`.
pub fn number(request: &Value, name: &str, otherwise: u64) -> usize {
    usize::try_from(request[name].as_u64().unwrap_or(otherwise)).expect("a number of this machine's size")
}

/// Steps of a linear congruential generator (the constants of ANSI C): the same numbers on every machine.
pub struct Draws(pub u64);

impl Draws {
    /// Uniform in [-1, 1).
    pub fn uniform(&mut self) -> f32 {
        self.0 = (1_103_515_245 * self.0 + 12_345) % (1 << 31);
        (self.0 as f64 / f64::from(1 << 30) - 1.0) as f32
    }
}

/// `n` samples like speech in what matters here: noise of a moving colour in syllables, four a second, of which none is
/// silent and the loudest is 40 dB above the softest.
pub fn syllables(draws: &mut Draws, n: usize, rate: usize) -> Vec<f32> {
    let (mut low, mut level) = (0.0, 1.0);
    (0..n)
        .map(|i| {
            let place = (i % (rate / 4)) as f32 / (rate / 4) as f32;
            if place == 0.0 {
                level = 0.3 + 0.2 * draws.uniform();
            }
            low += (0.1 + 0.8 * place) * (draws.uniform() - low);
            low * level * (0.01 + 4.0 * place * (1.0 - place) * 0.9)
        })
        .collect()
}
