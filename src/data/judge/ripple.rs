//! Patterns that repeat every few frames or bands, as transposed convolutions can leave them ("checkerboards", Odena et al. 2016). They stand
//! still where speech moves, so that they outlive a mean over utterances.

use super::measured::need;
use super::{MeasuredDiagnostic, Measurement, Point};

/// Steps after which a pattern repeats, at most: one of a period of 2 or 4 repeats after 8 as well.
const PERIOD: usize = 8;

/// What repeats every 8 steps in `values`, which is [steps, each], row by row: log-mels [frames, mels], or the mean of each band [mels, 1]. Each
/// value less the mean of the eight around it (nine, the outer ones by half), so that slopes and offsets are none, averaged over the steps
/// t = p (mod 8), counted from the first one: [8 * each], p by p. The first and last four steps have no eight around them and are left
/// out; a phase without a step is 0.
pub fn pattern<V: Copy + Into<f64>>(values: &[V], each: usize) -> Point {
    let half = PERIOD / 2;
    let (mut sums, mut counts) = (vec![0.0; PERIOD * each], [0usize; PERIOD]);
    let at = |t: usize, i: usize| -> f64 { values[t * each + i].into() };
    for t in half..(values.len() / each.max(1)).saturating_sub(half) {
        counts[t % PERIOD] += 1;
        for i in 0..each {
            let around: f64 = (t - half..=t + half).map(|t| at(t, i)).sum();
            let ends = 0.5 * (at(t - half, i) + at(t + half, i));
            sums[t % PERIOD * each + i] += at(t, i) - (around - ends) / PERIOD as f64;
        }
    }
    sums.iter().enumerate().map(|(i, sum)| sum / counts[i / each].max(1) as f64).collect()
}

/// How deep the pattern is that the patterns of a set have in common: the root mean square of the mean pattern about the mean of its eight
/// phases, over phases (and bands), in the unit of the values. What they have not in common adds to it, as one over the root of their
/// number: compare at equal numbers. So does an edge that all have at the same step, as where utterances begin at once.
pub fn ripple(patterns: &[Point]) -> Measurement {
    need("generated", patterns.len(), 5)?;
    let each = patterns[0].len() / PERIOD;
    let mean = |i: usize| patterns.iter().map(|p| p[i]).sum::<f64>() / patterns.len() as f64;
    let of = |i: usize| {
        let phases: Vec<f64> = (0..PERIOD).map(|p| mean(p * each + i)).collect();
        let middle = phases.iter().sum::<f64>() / PERIOD as f64;
        phases.iter().map(|v| (v - middle).powi(2)).sum::<f64>()
    };
    let sum: f64 = (0..each).map(of).sum();
    MeasuredDiagnostic::of((sum / (PERIOD * each.max(1)) as f64).sqrt(), patterns.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;

    /// Ripples over time and over bands of 60 utterances of noise of 10 dB, 40 to 60 frames of 32 bands, with `of` a frame and band added.
    fn ripples(of: impl Fn(usize, usize) -> f32) -> [f64; 2] {
        let utterance = |i: usize| -> Vec<f32> {
            let mut values = vec![0f32; (40 + i % 21) * 32];
            Seed::new(7).at(i as u64).draws().fill_normal(&mut values);
            values.iter().enumerate().map(|(at, v)| 10.0 * v + of(at / 32, at % 32)).collect()
        };
        let made: Vec<Vec<f32>> = (0..60).map(utterance).collect();
        let profile = |frames: &Vec<f32>| -> Vec<f32> {
            let band = |b: usize| frames.iter().skip(b).step_by(32);
            (0..32).map(|b| band(b).sum::<f32>() / (frames.len() / 32) as f32).collect()
        };
        let time: Vec<Point> = made.iter().map(|frames| pattern(frames, 32)).collect();
        let bands: Vec<Point> = made.iter().map(|frames| pattern(&profile(frames), 1)).collect();
        [time, bands].map(|patterns| ripple(&patterns).unwrap().value)
    }

    #[test]
    fn what_repeats_is_found_in_its_direction_alone() {
        let alternating = |on: usize| if on.is_multiple_of(2) { 3.0 } else { -3.0 };
        let [floor, across] = ripples(|_, _| 0.0);
        assert!(floor < 0.8 && across < 0.2, "noise alone: {floor}, {across}");
        let [time, bands] = ripples(|t, _| alternating(t));
        assert!((time - 3.0).abs() < 0.2 && (bands - across).abs() < 0.01, "{time}, {bands}");
        let [time, bands] = ripples(|_, b| alternating(b));
        assert!((time - floor).abs() < 0.01 && (bands - 3.0).abs() < 0.2, "{time}, {bands}");
        // Slopes and a slow wave are no ripple.
        let slopes = ripples(|t, b| b as f32 - 2.0 * t as f32);
        let waves = ripples(|t, _| 9.0 * (t as f32 / 20.0).sin());
        for [time, bands] in [slopes, waves] {
            assert!(
                (time - floor).abs() < 0.1 && (bands - across).abs() < 0.05,
                "{time}, {bands}; {floor}, {across}"
            );
        }
    }

    #[test]
    fn few_steps_have_no_pattern_and_few_samples_no_ripple() {
        assert_eq!(pattern(&[1.0f32; 16], 2), [0.0; 16], "no step has eight around it");
        // Nine steps: the fifth alone, 8 above the mean of those around, which is 1 with itself.
        let nine = pattern(&[0.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 0.0], 1);
        assert_eq!(nine, [0.0, 0.0, 0.0, 0.0, 7.0, 0.0, 0.0, 0.0]);
        assert!(ripple(&vec![nine; 4]).unwrap_err().contains("at least 5"));
    }
}
