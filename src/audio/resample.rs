//! Any sample rate to 16 kHz.

use super::SAMPLE_RATE;
use audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

/// Input samples per block, at least. Longer blocks give a steeper anti-aliasing filter; no one waits for the first.
const BLOCK: usize = 4096;

/// The input samples of a block: an even multiple of the shortest span that holds whole samples of both rates.
/// An odd one would shift the signal by half a sample.
fn block(from: usize, to: usize) -> usize {
    let (mut a, mut b) = (from, to);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let twice = 2 * from / a;
    twice * BLOCK.div_ceil(twice)
}

/// Resamples mono `samples` from `rate` hertz; the result has `ceil(len * 16000 / rate)` samples, in step with
/// the input. In `f64`, so that processors whose FFTs round differently agree after rounding to `f32`.
pub fn resample(samples: &[f32], rate: u32) -> Result<Vec<f32>, String> {
    let failed =
        |e: &dyn std::fmt::Display| format!("{rate} Hz cannot be resampled ({e}); convert it to 16 kHz");
    let window = WindowFunction::BlackmanHarris2;
    let (from, to) = (rate as usize, SAMPLE_RATE as usize);
    let mut fft = Fft::<f64>::new_custom(from, to, block(from, to), 1, 1, window, FixedSync::Both)
        .map_err(|e| failed(&e))?;
    let input: Vec<f64> = samples.iter().copied().map(f64::from).collect();
    let frames = input.len();
    let input = InterleavedOwned::new_from(input, 1, frames).map_err(|e| failed(&e))?;
    let output = fft.process_all(&input, frames, None).map_err(|e| failed(&e))?;
    Ok(output.take_data().into_iter().map(|s| s as f32).collect())
}
