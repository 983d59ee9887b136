//! Bounds on products of numbers that are each within bounds, for the networks of any table.

use super::located_error::{CheckResult, FieldPath, need};

/// Most weights of a network: with gradient and Adam's two moments they take 16 GB. VGG19 has 139 million.
const WEIGHTS: u64 = 1_000_000_000;
/// Most frames of a batch: of 128 bands they take 17 GB, before the first layer.
const FRAMES: usize = 1 << 25;
/// Most rows of a history: each is a line of a file that every checkpoint has.
const ROWS: usize = 1_000_000;
/// Bands of a log-mel; a spec has no other.
pub(super) const MELS: u64 = 128;

/// Weights of convolutions, LSTM and attention.
pub(super) fn sequence(widths: &[usize], units: u64, attention: bool) -> u64 {
    let (mut from, mut sum) = (1u64, 0u64);
    for &to in widths {
        sum += from * to as u64 * 16 + to as u64;
        from = to as u64;
    }
    let inputs = from * (MELS >> widths.len());
    sum + 4 * units * (inputs + units + 2) + if attention { units } else { 0 }
}

/// The network whose widths are at `key` must not have too many weights.
pub(super) fn weights(key: &str, found: u64) -> CheckResult {
    need(found <= WEIGHTS, key, || {
        format!("the network has {found} weights, at most {WEIGHTS}; make its layers narrower or fewer")
    })
}

/// A batch of the size at `key` must not have too many frames.
pub(super) fn batch(key: &str, size: usize, frames: usize) -> CheckResult {
    need(size * frames <= FRAMES, key, || {
        format!("= {size}: of {frames} frames each, a batch has more than {FRAMES} frames")
    })
}

/// The interval at `key` must not make too many rows.
pub(super) fn rows(key: &str, every: usize, steps: usize) -> CheckResult {
    need(steps / every <= ROWS, FieldPath::from(key), || {
        format!("= {every}: {steps} steps would have {} rows, at most {ROWS}", steps / every)
    })
}

/// The field at `key` must be a multiple of 32.
pub(super) fn multiple(key: &str, value: usize) -> CheckResult {
    need(value.is_multiple_of(32), key, || format!("= {value}: must be a multiple of 32, at most 8192"))
}
