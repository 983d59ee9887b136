//! A permutation test of paired results: what if the names of the two conditions were exchanged for some of the units?

use seraug_core::rng::Seed;

/// Most units for whom all exchanges are tried: 2 to the power of one less are different in size.
pub const MOST_EXACT: usize = 14;

/// Exchanges that are drawn where there are more units.
pub const DRAWS: usize = 9999;

/// Fewest units whose p value can fall below 0.05: with five the two exchanges that are most extreme are one sixteenth of all.
pub const FEWEST: usize = 6;

/// Share of the sizes of all units below which two results only differ by the order of summation.
const EQUAL: f64 = 1e-12;

/// What a unit, such as a fold or a speaker, adds to a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitShare {
    /// Its part of the difference: the gains of all units sum to it.
    pub gain: f64,
    /// Its part of the whole: those of all units sum to 1.
    pub weight: f64,
}

/// A two-sided permutation test over units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permutation {
    /// Number of units.
    pub units: usize,
    /// Two-sided p value.
    pub p: f64,
    /// Whether all exchanges were tried.
    pub exact: bool,
    /// The differences that the same test would not reject at 0.05, were each unit's shifted by them; `None` below [`FEWEST`]
    /// units.
    pub interval: Option<[f64; 2]>,
}

/// The exchanges of a test, each as what it makes of the difference and of a shift.
#[derive(Debug, Clone)]
pub struct Exchanges {
    difference: f64,
    /// Largest distance of a unit's own difference from that of all.
    span: f64,
    /// Differences closer than this are equal.
    equal: f64,
    /// Difference and sum of the weights after each exchange, but for exchanging nothing.
    signed: Vec<(f64, f64)>,
    units: usize,
    exact: bool,
}

impl Exchanges {
    /// All exchanges of up to [`MOST_EXACT`] units, else [`DRAWS`] of them drawn by `seed`. Of an exchange and its opposite, one is
    /// enough. `None` for fewer than two units, and where none has a difference.
    pub fn of(shares: &[UnitShare], seed: Seed) -> Option<Exchanges> {
        let n = shares.len();
        if n < 2 || shares.iter().all(|s| s.gain == 0.0) {
            return None;
        }
        let exact = n <= MOST_EXACT;
        let exchanged = |flip: &mut dyn FnMut(usize) -> bool| {
            shares.iter().enumerate().fold((0.0, 0.0), |(gain, weight), (i, share)| {
                let sign = if flip(i) { -1.0 } else { 1.0 };
                (gain + sign * share.gain, weight + sign * share.weight)
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
        let difference: f64 = shares.iter().map(|s| s.gain).sum();
        let own = shares.iter().filter(|s| s.weight > 0.0).map(|s| (s.gain / s.weight - difference).abs());
        let equal = EQUAL * shares.iter().map(|s| s.gain.abs()).sum::<f64>();
        Some(Exchanges { difference, span: own.fold(0.0, f64::max), equal, signed, units: n, exact })
    }

    /// Two-sided p value of the hypothesis that the difference of each unit is symmetric about `shift`: the share of exchanges, the
    /// one observed among them, whose difference is at least as far from it.
    pub fn p(&self, shift: f64) -> f64 {
        let observed = (self.difference - shift).abs() - self.equal;
        let far =
            self.signed.iter().filter(|(gain, weight)| (gain - shift * weight).abs() >= observed).count();
        (far + 1) as f64 / (self.signed.len() + 1) as f64
    }

    /// The test against no difference, with the interval of the shifts that it would not reject.
    pub fn test(&self) -> Permutation {
        let end = |sign: f64| {
            // The difference itself is never rejected; from a shift beyond every unit, all lie on one side.
            let (mut kept, mut rejected) = (0.0, 2.0 * self.span);
            for _ in 0..50 {
                let middle = (kept + rejected) / 2.0;
                if self.p(self.difference + sign * middle) < 0.05 { rejected = middle } else { kept = middle }
            }
            self.difference + sign * kept
        };
        let interval = (self.units >= FEWEST).then(|| [end(-1.0), end(1.0)]);
        Permutation { units: self.units, p: self.p(0.0), exact: self.exact, interval }
    }
}
