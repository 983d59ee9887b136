//! Named, counter-based random numbers: a draw depends on its name, never on the draws before it.
//!
//! The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

/// The root of a stream of draws. Children are named, so that adding a draw changes no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The root of a run: the `seeds` entry of the spec.
    pub fn new(root: u64) -> Seed {
        Seed(mix(root ^ 0x5345_5241_5547_0001))
    }

    /// The child called `name`.
    pub fn child(self, name: &str) -> Seed {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
        Seed(mix(self.0 ^ mix(hash)))
    }

    /// The child numbered `index`, such as the step of a training.
    pub fn at(self, index: u64) -> Seed {
        Seed(mix(self.0.wrapping_add(mix(index ^ 0x9e37_79b9_7f4a_7c15))))
    }

    /// 16 hex digits, from which [`Seed::read`] makes the same seed.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }

    /// Parses what [`Seed::hex`] wrote; `None` of any other text.
    pub fn read(text: &str) -> Option<Seed> {
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| digits).map(Seed)
    }

    /// The draws of this seed, from the first.
    pub fn draws(self) -> Draws {
        self.draws_from(0)
    }

    /// The draws of this seed from block `block` on (4 values of 32 bits a block): parts of one
    /// stream can be made in parallel.
    pub fn draws_from(self, block: u64) -> Draws {
        Draws { key: [self.0 as u32, (self.0 >> 32) as u32], block, buffer: [0; 4], used: 4 }
    }
}

/// A stream of uniform 32-bit values and what is made from them.
#[derive(Debug, Clone)]
pub struct Draws {
    key: [u32; 2],
    block: u64,
    buffer: [u32; 4],
    used: usize,
}

impl Draws {
    /// A uniform 32-bit value.
    pub fn bits(&mut self) -> u32 {
        if self.used == 4 {
            self.buffer = philox([self.block as u32, (self.block >> 32) as u32, 0, 0], self.key);
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.buffer[self.used - 1]
    }

    /// Skips the next `count` values of [`Draws::bits`], at the cost of computing at most three.
    pub fn skip(&mut self, count: u64) {
        let ready = count.min(4 - self.used as u64);
        self.used += ready as usize;
        self.block += (count - ready) / 4;
        for _ in 0..(count - ready) % 4 {
            self.bits();
        }
    }

    /// Uniform in [0, 1), 32 bits.
    pub fn uniform(&mut self) -> f64 {
        f64::from(self.bits()) / 4_294_967_296.0
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform over 0..n. `n` must be at least 1 and below 2^32.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n >= 1 && n <= u32::MAX as usize, "below({n})");
        ((u64::from(self.bits()) * n as u64) >> 32) as usize
    }

    /// Two independent values of N(0, 1) (Box-Muller).
    pub fn normals(&mut self) -> (f32, f32) {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        let (radius, angle) = ((-2.0 * u.ln()).sqrt(), std::f64::consts::TAU * v);
        ((radius * angle.cos()) as f32, (radius * angle.sin()) as f32)
    }

    /// One value of N(0, 1); draws two and drops one.
    pub fn normal(&mut self) -> f32 {
        self.normals().0
    }

    /// Fills `out` with N(0, 1).
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        for pair in out.chunks_mut(2) {
            let (a, b) = self.normals();
            pair[0] = a;
            if let Some(second) = pair.get_mut(1) {
                *second = b;
            }
        }
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// SplitMix64's finaliser.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn philox(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            k = [k[0].wrapping_add(0x9e37_79b9), k[1].wrapping_add(0xbb67_ae85)];
        }
        let p0 = u64::from(c[0]) * 0xd251_1f53;
        let p1 = u64::from(c[2]) * 0xcd9e_8d57;
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
    }

    #[test]
    fn streams_are_named_and_seekable() {
        let seed = Seed::new(1).child("noise").at(3);
        let mut from_start = seed.draws();
        let first: Vec<u32> = (0..12).map(|_| from_start.bits()).collect();
        let mut later = seed.draws_from(2);
        assert_eq!(first[8..], (0..4).map(|_| later.bits()).collect::<Vec<_>>()[..]);
        assert_ne!(Seed::new(1).child("a").draws().bits(), Seed::new(1).child("b").draws().bits());
        assert_ne!(Seed::new(1).draws().bits(), Seed::new(2).draws().bits());
    }

    #[test]
    fn a_seed_that_was_written_down_draws_the_same() {
        let seed = Seed::new(3).child("x");
        let again = Seed::read(&seed.hex()).unwrap();
        assert_eq!((seed, seed.draws().bits()), (again, again.draws().bits()));
        for text in ["", "12", "+00000000000000f", "00000000000000000"] {
            assert_eq!(Seed::read(text), None);
        }
    }

    #[test]
    fn skipping_is_drawing() {
        for before in 0..6 {
            for count in (0..14).chain([4_000_000_003]) {
                let (mut drawn, mut skipped) = (Seed::new(5).draws(), Seed::new(5).draws());
                for _ in 0..before {
                    skipped.bits();
                }
                let at: u64 = before + count;
                drawn = if at < 20 { drawn } else { Seed::new(5).draws_from(at / 4) };
                for _ in 0..if at < 20 { at } else { at % 4 } {
                    drawn.bits();
                }
                skipped.skip(count);
                assert_eq!(drawn.bits(), skipped.bits(), "{count} after {before}");
            }
        }
    }

    #[test]
    fn moments() {
        let mut draws = Seed::new(7).draws();
        let mut values = vec![0.0; 100_001];
        draws.fill_normal(&mut values);
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let var = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 0.02 && (var - 1.0).abs() < 0.02, "{mean} {var}");
        let mut seen = [0; 5];
        (0..50_000).for_each(|_| seen[draws.below(5)] += 1);
        assert!(seen.iter().all(|&c: &i32| (c - 10_000).abs() < 400), "{seen:?}");
    }
}
