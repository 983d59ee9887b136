//! Limits of an input, and how it failed: panics, memory, CPU time.

use rustix::time::{ClockId, clock_gettime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Peak heap usage of an input above which it fails, in bytes.
const MOST: usize = 512 << 20;
/// Heap usage above which an allocation fails, which aborts the process, in bytes.
const REFUSED: usize = 3 << 30;
/// CPU time of all threads above which an input fails.
const LONGEST: Duration = Duration::from_secs(2);

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// Message and location of the last panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// The system's allocator, with a count of the bytes in use.
pub(crate) struct Counting;

fn more(bytes: usize) -> bool {
    let live = LIVE.fetch_add(bytes, Relaxed).saturating_add(bytes);
    PEAK.fetch_max(live, Relaxed);
    live < REFUSED
}

// SAFETY: every call is passed on to the system's allocator, or refused with a null pointer as its contract allows.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        if more(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        if more(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !more(size) {
            LIVE.fetch_sub(size, Relaxed);
            return std::ptr::null_mut();
        }
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Keeps panics for [`tried`] instead of printing them.
pub(crate) fn quiet() {
    panic::set_hook(Box::new(|info| {
        let text = info.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        *PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = text;
    }));
}

/// CPU time of this process so far.
fn used() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Runs `work`; an error says how it failed: by a panic, its own answer, memory or time.
pub(crate) fn tried(work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let (before, start) = (LIVE.load(Relaxed), used());
    PEAK.store(before, Relaxed);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let peak = PEAK.load(Relaxed).saturating_sub(before);
    let took = used() - start;
    match result {
        Err(_) => Err(format!("panic: {}", PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner))),
        Ok(Err(what)) => Err(what),
        Ok(Ok(())) if peak > MOST => Err(format!("memory: {} MB", peak >> 20)),
        Ok(Ok(())) if took > LONGEST => Err(format!("time: {:.1} s of the processor", took.as_secs_f64())),
        Ok(Ok(())) => Ok(()),
    }
}
