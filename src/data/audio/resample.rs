//! Resamples from any rate to 16 kHz.

use super::SAMPLE_RATE;
use audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};
use std::cell::Cell;

/// Fewest input samples of a block. Longer blocks give a steeper anti-aliasing filter, and latency does not matter.
const BLOCK: usize = 4096;

/// The number of input samples of a block: an even multiple of the shortest span that holds whole samples of both rates,
/// because an odd one would shift the signal by half a sample. The factor has small primes only: otherwise the FFT of 48 kHz
/// would contain the prime 683 and take four times as long.
fn block(from: usize, to: usize) -> usize {
    let (mut a, mut b) = (from, to);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let twice = 2 * from / a;
    let fewest = BLOCK.div_ceil(twice);
    // The range contains a power of two.
    twice * (fewest..=2 * fewest).find(|n| is_smooth(*n)).unwrap_or(fewest)
}

/// Whether `n`, above 0, has no prime above 7.
fn is_smooth(mut n: usize) -> bool {
    for prime in [2, 3, 5, 7] {
        while n.is_multiple_of(prime) {
            n /= prime;
        }
    }
    n == 1
}

thread_local! {
    /// The resampler of this thread's last rate: a corpus has one rate, and making the filter takes longer than resampling a
    /// short file.
    static LAST: Cell<Option<(u32, Fft<f64>)>> = const { Cell::new(None) };
}

/// Resamples mono `samples` from `rate` hertz; the result has `ceil(len * 16000 / rate)` samples, in step with
/// the input. In `f64`, so that processors whose FFTs round differently agree after rounding to `f32`.
pub fn resample(samples: &[f32], rate: u32) -> Result<Vec<f32>, String> {
    let failed =
        |e: &dyn std::fmt::Display| format!("{rate} Hz cannot be resampled ({e}); convert it to 16 kHz");
    let mut fft = match LAST.take().filter(|last| last.0 == rate) {
        Some((_, fft)) => fft,
        None => {
            let window = WindowFunction::BlackmanHarris2;
            let (from, to) = (rate as usize, SAMPLE_RATE as usize);
            Fft::new_custom(from, to, block(from, to), 1, 1, window, FixedSync::Both)
                .map_err(|e| failed(&e))?
        }
    };
    // Drops the state left by the previous file.
    fft.reset();
    let input: Vec<f64> = samples.iter().copied().map(f64::from).collect();
    let frames = input.len();
    let input = InterleavedOwned::new_from(input, 1, frames).map_err(|e| failed(&e))?;
    let output = fft.process_all(&input, frames, None).map_err(|e| failed(&e))?;
    LAST.set(Some((rate, fft)));
    Ok(output.take_data().into_iter().map(|s| s as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_even_whole_and_of_small_primes_where_the_rates_are() {
        for (from, expected) in
            [(8_000, 4096), (44_100, 4410), (48_000, 4116), (96_000, 4116), (44_101, 88_202)]
        {
            assert_eq!(block(from, 16_000), expected, "{from} Hz");
            assert_eq!(expected * 16_000 % from, 0);
        }
        assert_eq!([1, 686, 683, 22].map(is_smooth), [true, true, false, false]);
    }

    #[test]
    fn a_file_does_not_hear_the_one_before() {
        let saw: Vec<f32> = (0..30_000).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect();
        let fresh =
            |rate| std::thread::spawn(move || resample(&[0.25; 9_000], rate)).join().unwrap().unwrap();
        let first = [44_100, 48_000].map(fresh);
        for (rate, first) in [44_100, 48_000, 44_100].into_iter().zip([&first[0], &first[1], &first[0]]) {
            resample(&saw, rate).unwrap();
            let after = resample(&[0.25; 9_000], rate).unwrap();
            assert!(after.iter().map(|s| s.to_bits()).eq(first.iter().map(|s| s.to_bits())), "{rate}");
        }
    }
}
