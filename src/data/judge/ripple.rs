//! Patterns that repeat every few frames or bands, as transposed convolutions leave them ("checkerboards", Odena et al. 2016). They stand still
//! where speech moves, so that they outlive a mean over utterances.

use super::measured::need;
use super::{MeasuredDiagnostic, Measurement, Point};

/// Frames or bands after which a pattern repeats, at most: of a period of 2 and of 4 as well. Three doublings have it.
const PERIOD: usize = 8;

/// The mean of each mel band over the frames t = p (mod 8) of an utterance, counted from its first one: [8 * mels], p by p. `frames` is
/// [frames, mels], row by row.
pub fn pattern_over_time(frames: &[f32], mels: usize) -> Point {
    let (mut sums, mut counts) = (vec![0.0; PERIOD * mels], [0usize; PERIOD]);
    for (t, row) in frames.chunks_exact(mels).enumerate() {
        let p = t % PERIOD;
        counts[p] += 1;
        sums[p * mels..][..mels].iter_mut().zip(row).for_each(|(sum, v)| *sum += f64::from(*v));
    }
    // An utterance of less than eight frames has its own mean in the others.
    let all = |band: usize| (0..PERIOD).map(|p| sums[p * mels + band]).sum::<f64>();
    let n = counts.iter().sum::<usize>().max(1);
    let of = |i: usize| match counts[i / mels] {
        0 => all(i % mels) / n as f64,
        own => sums[i] / own as f64,
    };
    (0..sums.len()).map(of).collect()
}

/// The mean over the bands b = p (mod 8) of what a band is above the mean of the eight around it (nine, the outer ones by half): [8]. `profile`
/// is the mean of each band; those without eight around them are left out.
pub fn pattern_over_bands(profile: &[f64]) -> Point {
    let half = PERIOD / 2;
    let (mut sums, mut counts) = ([0.0; PERIOD], [0usize; PERIOD]);
    for b in half..profile.len().saturating_sub(half) {
        let around = &profile[b - half..=b + half];
        let ends = 0.5 * (around[0] + around[PERIOD]);
        let mean = (around.iter().sum::<f64>() - ends) / PERIOD as f64;
        sums[b % PERIOD] += profile[b] - mean;
        counts[b % PERIOD] += 1;
    }
    std::iter::zip(sums, counts).map(|(sum, n)| sum / n.max(1) as f64).collect()
}

/// How deep the pattern is that the patterns of a set have in common: the root mean square, over its eight phases (and bands), of the mean
/// pattern about the mean of its phases, in the unit of the values. Its noise falls with the number of utterances: compare at equal numbers.
pub fn ripple(patterns: &[Point]) -> Measurement {
    need("generated", patterns.len(), 5)?;
    let each = patterns[0].len() / PERIOD;
    let mean = |i: usize| patterns.iter().map(|p| p[i]).sum::<f64>() / patterns.len() as f64;
    let of_band = |band: usize| {
        let phases: Vec<f64> = (0..PERIOD).map(|p| mean(p * each + band)).collect();
        let middle = phases.iter().sum::<f64>() / PERIOD as f64;
        phases.iter().map(|v| (v - middle).powi(2)).sum::<f64>()
    };
    let sum: f64 = (0..each).map(of_band).sum();
    MeasuredDiagnostic::of((sum / (PERIOD * each.max(1)) as f64).sqrt(), patterns.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;

    /// `n` utterances of noise of 10 dB, 40 to 60 frames of 32 bands, with `of` a frame and band added.
    fn noise(n: usize, of: impl Fn(usize, usize) -> f32) -> Vec<Vec<f32>> {
        let utterance = |i: usize| {
            let mut values = vec![0f32; (40 + i % 21) * 32];
            Seed::new(7).at(i as u64).draws().fill_normal(&mut values);
            values.iter().enumerate().map(|(at, v)| 10.0 * v + of(at / 32, at % 32)).collect()
        };
        (0..n).map(utterance).collect()
    }

    fn ripples(of: impl Fn(usize, usize) -> f32) -> [f64; 2] {
        let made = noise(60, of);
        let time: Vec<Point> = made.iter().map(|frames| pattern_over_time(frames, 32)).collect();
        let profile = |p: &Point| (0..32).map(|b| (0..8).map(|t| p[t * 32 + b]).sum::<f64>() / 8.0).collect();
        let profiles: Vec<Vec<f64>> = time.iter().map(profile).collect();
        let bands: Vec<Point> = profiles.iter().map(|p| pattern_over_bands(p)).collect();
        [time, bands].map(|patterns| ripple(&patterns).unwrap().value)
    }

    #[test]
    fn what_repeats_is_found_in_its_direction_alone() {
        let alternating = |on: usize| if on % 2 == 0 { 3.0 } else { -3.0 };
        let [time, bands] = ripples(|_, _| 0.0);
        assert!(time < 0.7 && bands < 0.2, "noise alone: {time}, {bands}");
        let [time, bands] = ripples(|t, _| alternating(t));
        assert!((time - 3.0).abs() < 0.2 && bands < 0.2, "{time}, {bands}");
        let [time, bands] = ripples(|_, b| alternating(b));
        assert!(time < 0.7 && (bands - 3.0).abs() < 0.2, "{time}, {bands}");
        // A slope and a slow wave are no ripple.
        let [time, bands] = ripples(|t, b| b as f32 + 9.0 * (t as f32 / 20.0).sin());
        assert!(time < 1.2 && bands < 0.2, "{time}, {bands}");
    }

    #[test]
    fn a_short_utterance_has_its_mean_where_it_has_no_frame() {
        let pattern = pattern_over_time(&[1.0, 2.0, 3.0, 6.0], 2);
        assert_eq!((&pattern[..4], &pattern[4..6]), (&[1.0, 2.0, 3.0, 6.0][..], &[2.0, 4.0][..]));
        assert!(ripple(&vec![pattern; 4]).unwrap_err().contains("at least 5"));
        assert_eq!(pattern_over_bands(&[1.0; 5]), [0.0; 8], "no band has eight around it");
    }
}
