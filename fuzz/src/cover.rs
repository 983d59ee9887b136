//! Which edges of the program an input reached, where `fuzz/rustc.sh` compiled it with LLVM's counters
//! (SanitizerCoverage); without them nothing is new, and the seeds stay the only parents.

use std::ptr;
use std::sync::Mutex;

/// The counters of each crate: first and end.
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

/// What all inputs so far have reached.
#[derive(Debug, Default)]
pub struct Seen(Vec<u8>);

impl Seen {
    /// Whether the last input reached an edge, or its order of times, for the first time. The counters begin anew.
    pub fn is_new(&mut self) -> bool {
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

    /// Edges that were reached.
    pub fn edges(&self) -> usize {
        self.0.iter().filter(|seen| **seen != 0).count()
    }
}
