//! A permutation test over test speakers: what if the names of the two conditions were exchanged for some of them?

use super::SpeakerShares;
use seraug_core::rng::Seed;

/// Most speakers for whom all exchanges are tried: 2 to the power of one less are different in size.
pub const MOST_EXACT: usize = 14;

/// Exchanges that are drawn where there are more speakers.
pub const DRAWS: usize = 9999;

/// Fewest speakers whose p value can fall below 0.05: with five the two that are most extreme are one sixteenth of all.
pub const FEWEST: usize = 6;

/// Differences that are closer together than this only differ by the order of summation.
const EQUAL: f64 = 1e-12;

/// A two-sided permutation test over speakers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeakerPermutation {
    /// Number of speakers.
    pub speakers: usize,
    /// Two-sided p value.
    pub p: f64,
    /// Whether all exchanges were tried.
    pub exact: bool,
    /// The differences, in [-1, 1], that the same test would not reject at 0.05, were each speaker's shifted by them; `None` below
    /// [`FEWEST`] speakers.
    pub interval: Option<[f64; 2]>,
}

/// The exchanges of a test, each as what it makes of the difference and of a shift.
pub struct Exchanges {
    difference: f64,
    /// Difference and sum of the parts after each exchange, but for exchanging nothing.
    signed: Vec<(f64, f64)>,
    speakers: usize,
    exact: bool,
}

impl Exchanges {
    /// All exchanges of up to [`MOST_EXACT`] speakers, else [`DRAWS`] of them drawn by `seed`. Of an exchange and its opposite, one is
    /// enough.
    pub fn of(shares: &SpeakerShares, seed: Seed) -> Exchanges {
        let shares = shares.shares();
        let n = shares.len();
        let exact = n <= MOST_EXACT;
        let exchanged = |flip: &mut dyn FnMut(usize) -> bool| {
            shares.iter().enumerate().fold((0.0, 0.0), |(gain, weight), (i, share)| {
                let sign = if flip(i) { -1.0 } else { 1.0 };
                (gain + sign * share.0, weight + sign * share.1)
            })
        };
        let signed = if exact {
            (1..1_usize << (n - 1)).map(|k| exchanged(&mut |i| k >> i & 1 == 1)).collect()
        } else {
            let drawn = |i: u64| {
                let mut draws = seed.at(i).draws();
                exchanged(&mut |_| draws.bits() >> 31 == 1)
            };
            (0..DRAWS as u64).map(drawn).collect()
        };
        Exchanges { difference: shares.iter().map(|s| s.0).sum(), signed, speakers: n, exact }
    }

    /// Two-sided p value of the hypothesis that the difference of each speaker is symmetric about `shift`, in [-1, 1]: the share of
    /// exchanges, the one observed among them, whose difference is at least as far from it.
    pub fn p(&self, shift: f64) -> f64 {
        let observed = (self.difference - shift).abs() - EQUAL;
        let far =
            self.signed.iter().filter(|(gain, weight)| (gain - shift * weight).abs() >= observed).count();
        (far + 1) as f64 / (self.signed.len() + 1) as f64
    }

    /// The test against no difference, with the interval of the shifts that it would not reject.
    pub fn test(&self) -> SpeakerPermutation {
        let end = |sign: f64| {
            // The difference itself is never rejected, and no shift beyond 2 can be true.
            let (mut kept, mut rejected) = (0.0, 2.0);
            if self.p(self.difference + sign * rejected) >= 0.05 {
                return self.difference + sign * rejected;
            }
            for _ in 0..50 {
                let middle = (kept + rejected) / 2.0;
                if self.p(self.difference + sign * middle) < 0.05 { rejected = middle } else { kept = middle }
            }
            self.difference + sign * kept
        };
        let enough = self.speakers >= FEWEST;
        SpeakerPermutation {
            speakers: self.speakers,
            p: self.p(0.0),
            exact: self.exact,
            interval: enough.then(|| [end(-1.0), end(1.0)]),
        }
    }
}
