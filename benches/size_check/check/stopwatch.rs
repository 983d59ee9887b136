//! Seconds of the clock and on processors.

use std::time::Instant;

/// Started when it is made.
pub(crate) struct Stopwatch {
    begun: Instant,
    on_processors: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        Stopwatch { begun: Instant::now(), on_processors: on_processors() }
    }

    /// Seconds since the start: of the clock, and of all threads on processors (0 where the system does not say).
    pub(crate) fn seconds(&self) -> (f64, f64) {
        (self.begun.elapsed().as_secs_f64(), on_processors() - self.on_processors)
    }
}

fn on_processors() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().into_iter().flat_map(|s| s.split_whitespace().skip(11).take(2));
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}
