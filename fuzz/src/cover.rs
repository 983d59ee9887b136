//! Coverage: the edges that an input reached, counted where `fuzz/rustc.sh` compiled the crates with LLVM's
//! SanitizerCoverage. Without counters no input reaches anything new, and only seeds are mutated.

use std::ptr;
use std::sync::Mutex;

/// Start and end of the counters of each crate.
static COUNTERS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// Called by the constructor of each instrumented crate.
///
/// # Safety
/// The compiler passes the bounds of an array of bytes that lives as long as the program.
#[unsafe(no_mangle)]
unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, end: *mut u8) {
    let (start, end) = (start as usize, end as usize);
    let mut counters = COUNTERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if start < end && !counters.contains(&(start, end)) {
        counters.push((start, end));
    }
}

/// The edges that all inputs so far have reached.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<u8>);

impl Seen {
    /// Whether the last input reached an edge for the first time, or more often by an order of magnitude. Resets the counters.
    pub(crate) fn is_new(&mut self) -> bool {
        let counters = COUNTERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (mut new, mut at) = (false, 0);
        for &(start, end) in counters.iter() {
            let len = end - start;
            self.0.resize(self.0.len().max(at + len), 0);
            // SAFETY: the bounds are the compiler's; other threads of an input have ended or only count.
            let counts =
                unsafe { std::slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut::<u8>(start), len) };
            for (count, seen) in counts.iter_mut().zip(&mut self.0[at..]).filter(|(count, _)| **count != 0) {
                // 1, 2, 3 to 4, 5 to 8, 9 to 32, 33 to 255 times.
                let class = [0, 1, 2, 3, 3, 4, 4, 4, 4].get(usize::from(*count)).copied();
                let bit = 1 << class.unwrap_or(if *count <= 32 { 5 } else { 6 });
                new |= *seen & bit == 0;
                *seen |= bit;
                *count = 0;
            }
            at += len;
        }
        new
    }

    /// The number of edges reached.
    pub(crate) fn edges(&self) -> usize {
        self.0.iter().filter(|seen| **seen != 0).count()
    }
}
