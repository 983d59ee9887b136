//! Computes the sums and logarithms of several frames at once. The order of summation does not depend on the vector width and
//! nothing is fused, so that every instruction set gives the same bits. AVX-512 is not used: on an Ice Lake it was slower than
//! AVX2 (docs/dev/performance.md).

use super::mel::Filter;
use rustfft::num_complex::Complex;

/// Frames that are computed at once: two AVX2 registers.
pub(super) const LANES: usize = 8;

/// Bins at once where frames are laid beside each other.
const TILE: usize = 8;

/// One number for each frame.
pub(super) type Lanes = [f64; LANES];

/// Lowest power of a band, like librosa's `amin`.
const LEAST_POWER: f64 = 1e-10;

/// An instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    /// The instructions that every processor of this architecture has.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Instructions {
    /// The instruction sets of this processor, the widest last.
    pub(super) fn available() -> Vec<Instructions> {
        let mut all = vec![Instructions::Baseline];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            all.push(Instructions::Avx2);
        }
        all
    }

    /// Multiplies samples by the window; even indices become real parts, odd ones imaginary parts.
    pub(super) fn windowed(self, samples: &[f32], window: &[f64], frame: &mut [Complex<f64>]) {
        match self {
            Instructions::Baseline => windowed(samples, window, frame),
            // SAFETY: `available` returns it only if the processor supports it.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { windowed_avx2(samples, window, frame) },
        }
    }

    /// Power of each bin of [`LANES`] real frames, of which `half` has the complex transforms of half the length, one after
    /// the other.
    pub(super) fn powers(self, twiddles: &[Twiddle], half: &[Complex<f64>], power: &mut [Lanes]) {
        match self {
            Instructions::Baseline => powers(twiddles, half, power),
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { powers_avx2(twiddles, half, power) },
        }
    }

    /// Decibels of each filter, of which `power` has the bins.
    pub(super) fn decibels(self, filters: &[Filter], power: &[Lanes], db: &mut [Lanes]) {
        match self {
            Instructions::Baseline => decibels(filters, power, db),
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { decibels_avx2(filters, power, db) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn windowed_avx2(samples: &[f32], window: &[f64], frame: &mut [Complex<f64>]) {
    windowed(samples, window, frame);
}

// This, `decibels` and `powers` are compiled once for each instruction set.
#[inline(always)]
fn windowed(samples: &[f32], window: &[f64], frame: &mut [Complex<f64>]) {
    // SAFETY: a Complex is two consecutive f64. A flat slice, because the compiler would split and rejoin pairs.
    let flat = unsafe { std::slice::from_raw_parts_mut(frame.as_mut_ptr().cast::<f64>(), 2 * frame.len()) };
    for ((x, s), w) in flat.iter_mut().zip(samples).zip(window) {
        *x = f64::from(*s) * w;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn decibels_avx2(filters: &[Filter], power: &[Lanes], db: &mut [Lanes]) {
    decibels(filters, power, db);
}

#[inline(always)]
fn decibels(filters: &[Filter], power: &[Lanes], db: &mut [Lanes]) {
    for (filter, db) in filters.iter().zip(db) {
        let mut sum = [0.0; LANES];
        for (weight, power) in filter.weights.iter().zip(&power[filter.first..]) {
            for (sum, power) in sum.iter_mut().zip(power) {
                *sum += weight * power;
            }
        }
        for (db, sum) in db.iter_mut().zip(sum) {
            *db = 10.0 * log10(sum.max(LEAST_POWER));
        }
    }
}

/// Half of exp(-2 pi i k / n).
#[derive(Debug, Clone, Copy)]
pub(super) struct Twiddle {
    re: f64,
    im: f64,
}

impl Twiddle {
    /// Of the first quarter of the bins of `n` samples, without the first bin.
    pub(super) fn all(n: usize) -> Vec<Twiddle> {
        let angle = |k: usize| -2.0 * std::f64::consts::PI / n as f64 * k as f64;
        (1..n.div_ceil(4)).map(|k| Twiddle { re: angle(k).cos() * 0.5, im: angle(k).sin() * 0.5 }).collect()
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn powers_avx2(twiddles: &[Twiddle], half: &[Complex<f64>], power: &mut [Lanes]) {
    powers(twiddles, half, power);
}

/// The final step of a real FFT after the complex FFT of half its length; operations and order are those of realfft 3.5.
#[inline(always)]
fn powers(twiddles: &[Twiddle], half: &[Complex<f64>], power: &mut [Lanes]) {
    let n = half.len() / LANES;
    assert_eq!((half.len(), power.len()), (n * LANES, n + 1));
    let square = |re: f64, im: f64| re * re + im * im;
    for (lane, z) in half.chunks_exact(n).enumerate() {
        power[0][lane] = square(z[0].re + z[0].im, 0.0);
        power[n][lane] = square(z[0].re - z[0].im, 0.0);
        if n.is_multiple_of(2) {
            power[n / 2][lane] = square(z[n / 2].re, z[n / 2].im);
        }
    }
    // Bins k and n - k with frames interleaved, a few at a time so that they stay in the L1 cache.
    let (mut from_start, mut from_end) = ([[[0.0; LANES]; 2]; TILE], [[[0.0; LANES]; 2]; TILE]);
    for (tile, twiddles) in twiddles.chunks(TILE).enumerate() {
        let first = 1 + tile * TILE;
        for (lane, z) in half.chunks_exact(n).enumerate() {
            for (a, z) in from_start.iter_mut().zip(&z[first..]) {
                (a[0][lane], a[1][lane]) = (z.re, z.im);
            }
            for (b, z) in from_end.iter_mut().zip(z[..=n - first].iter().rev()) {
                (b[0][lane], b[1][lane]) = (z.re, z.im);
            }
        }
        for (i, t) in twiddles.iter().enumerate() {
            let ([a_re, a_im], [b_re, b_im]) = (&from_start[i], &from_end[i]);
            let (mut low, mut high) = ([0.0; LANES], [0.0; LANES]);
            for lane in 0..LANES {
                let (sum_re, sum_im) = (a_re[lane] + b_re[lane], a_im[lane] + b_im[lane]);
                let (diff_re, diff_im) = (a_re[lane] - b_re[lane], a_im[lane] - b_im[lane]);
                let turned_re = sum_im * t.re + diff_re * t.im;
                let turned_im = sum_im * t.im - diff_re * t.re;
                low[lane] = square(0.5 * sum_re + turned_re, 0.5 * diff_im + turned_im);
                high[lane] = square(0.5 * sum_re - turned_re, turned_im - 0.5 * diff_im);
            }
            (power[first + i], power[n - first - i]) = (low, high);
        }
    }
}

/// log10 of a normal number above 0, within two units in the last place: the logarithm of fdlibm (Sun, 1993) without its
/// branches.
#[inline(always)]
fn log10(x: f64) -> f64 {
    // Coefficients in s^2 of what (ln(1 + f) - 2 s) / s is, s = f / (2 + f), |f| below sqrt(2) - 1.
    const L: [f64; 7] = [
        0.666_666_666_666_673_5,
        0.399_999_999_994_094_2,
        0.285_714_287_436_623_9,
        0.222_221_984_321_497_84,
        0.181_835_721_616_180_5,
        0.153_138_376_992_093_73,
        0.147_981_986_051_165_86,
    ];
    const BIAS: u64 = 1023;
    // x = 2^k m, m from sqrt(1/2) to sqrt(2).
    let bits = x.to_bits();
    let biased = bits.wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits()).wrapping_add(BIAS << 52) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(BIAS) << 52));
    // An integer below 2^52 under the exponent of 2^52: converted by one subtraction.
    let k = f64::from_bits(0x4330_0000_0000_0000 | biased) - ((1u64 << 52) + BIAS) as f64;
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (L[1] + w * (L[3] + w * L[5]));
    let odd = z * (L[0] + w * (L[2] + w * (L[4] + w * L[6])));
    let half = 0.5 * f * f;
    let ln = f - (half - s * (half + (even + odd)));
    k * std::f64::consts::LOG10_2 + ln * std::f64::consts::LOG10_E
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::mel::filters;
    use seraug_core::rng::Seed;
    use seraug_core::spec::MelScale;

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        for i in 0..200_000 {
            // 1e-10 to 1e30, and close to 1.
            for x in [10f64.powf(-10.0 + f64::from(i) * 2e-4), 1.0 + (f64::from(i) - 1e5) * 1e-7] {
                let (ours, theirs) = (log10(x), x.log10());
                assert!((ours - theirs).abs() <= 5e-16 * theirs.abs().max(0.1), "{x}: {ours} {theirs}");
            }
        }
        assert_eq!((log10(1.0), 10.0 * log10(LEAST_POWER)), (0.0, -100.0));
    }

    /// By the sum that defines it; lengths whose middle bin is there and is not.
    #[test]
    fn powers_are_those_of_the_whole_transform() {
        use rustfft::FftPlanner;
        for n in [2usize, 4, 6, 20, 22, 38, 64] {
            let mut frames = vec![vec![0f32; n]; LANES];
            frames.iter_mut().enumerate().for_each(|(i, f)| Seed::new(2).at(i as u64).draws().fill_normal(f));
            let fft = FftPlanner::new().plan_fft_forward(n / 2);
            let pair = |p: &[f32]| Complex::new(f64::from(p[0]), f64::from(p[1]));
            let mut half: Vec<_> = frames.iter().flat_map(|f| f.chunks(2)).map(pair).collect();
            fft.process(&mut half);
            for instructions in Instructions::available() {
                let mut power = vec![[0.0; LANES]; n / 2 + 1];
                instructions.powers(&Twiddle::all(n), &half, &mut power);
                for (bin, lane) in (0..=n / 2).flat_map(|bin| (0..LANES).map(move |lane| (bin, lane))) {
                    let (frame, power) = (&frames[lane], power[bin][lane]);
                    let angle = |i: usize| std::f64::consts::TAU * (bin * i % n) as f64 / n as f64;
                    let part = |f: fn(f64) -> f64| -> f64 {
                        frame.iter().enumerate().map(|(i, x)| f64::from(*x) * f(angle(i))).sum()
                    };
                    let expected = part(f64::cos).powi(2) + part(f64::sin).powi(2);
                    assert!((power - expected).abs() < 1e-10 * n as f64, "{n} {bin}: {power} {expected}");
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let filters = filters(128, 1024, MelScale::Slaney);
        let mut draws = Seed::new(1).draws();
        let mut number = || 10f64.powf(-14.0 + 18.0 * f64::from(draws.bits()) / f64::from(u32::MAX));
        let power: Vec<Lanes> = (0..513).map(|_| std::array::from_fn(|_| number())).collect();
        let half: Vec<_> = (0..512 * LANES).map(|_| Complex::new(number(), number())).collect();
        let samples: Vec<f32> = (0..800).map(|_| number() as f32).collect();
        let window: Vec<f64> = (0..800).map(|_| number()).collect();
        let of = |instructions: Instructions| {
            let mut db = vec![[0.0; LANES]; filters.len()];
            instructions.decibels(&filters, &power, &mut db);
            let mut frame = vec![Complex::new(0.0, 0.0); 400];
            instructions.windowed(&samples, &window, &mut frame);
            let mut bins = vec![[0.0; LANES]; 513];
            instructions.powers(&Twiddle::all(1024), &half, &mut bins);
            let frame = frame.into_iter().flat_map(|z| [z.re, z.im]);
            db.into_iter().chain(bins).flatten().chain(frame).map(f64::to_bits).collect::<Vec<_>>()
        };
        let first = of(Instructions::Baseline);
        for instructions in Instructions::available() {
            assert_eq!(of(instructions), first, "{instructions:?}");
        }
    }
}
