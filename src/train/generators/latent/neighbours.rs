//! Codes between two of one class (DeepSMOTE, Dablain et al. 2021).

use crate::generators::autoencoder::Codes;
use crate::generators::smote::nearest_of;
use crate::generators::windows::WindowToMake;
use seraug_core::rng::Seed;
use std::collections::HashMap;

/// The codes of every utterance, and the nearest of each code among those of other utterances of its class.
#[derive(Debug)]
pub struct Neighbours<'a> {
    codes: &'a Codes,
    /// Code number of each (utterance, window).
    of: HashMap<(usize, usize), usize>,
    /// Of each code, nearest first.
    near: Vec<Vec<usize>>,
}

impl<'a> Neighbours<'a> {
    /// The `count` nearest by Euclidean distance; `labels` are of the utterances.
    pub fn new(codes: &'a Codes, labels: &[usize], count: usize) -> Neighbours<'a> {
        let mut of = HashMap::new();
        let mut window = 0;
        for (code, &item) in codes.items.iter().enumerate() {
            window = if code > 0 && codes.items[code - 1] == item { window + 1 } else { 0 };
            of.insert((item, window), code);
        }
        let near = |code: usize| {
            let item = codes.items[code];
            let others = (0..codes.items.len())
                .filter(|&other| codes.items[other] != item && labels[codes.items[other]] == labels[item]);
            nearest_of(&codes.codes[code], others, &codes.codes, count)
        };
        Neighbours { near: (0..codes.items.len()).map(near).collect(), codes, of }
    }

    /// The code of a window's source plus u of the way to one of its nearest, u uniform in [0, 1); the code itself where it has
    /// none.
    pub(super) fn between(&self, window: &WindowToMake, seed: Seed) -> Vec<f32> {
        let code = self.of[&(window.item, window.window)];
        let mut draws = window.stream(seed, "latent-smote").draws();
        let (which, share) = (draws.uniform(), draws.uniform());
        let near = &self.near[code];
        let other = near.get((which * near.len() as f64) as usize).copied().unwrap_or(code);
        let pairs = self.codes.codes[code].iter().zip(&self.codes.codes[other]);
        pairs.map(|(from, to)| (from + share * (to - from)) as f32).collect()
    }
}
