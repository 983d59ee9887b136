//! What an input may cost, and what became of it: panics, memory, time of the processor.

use rustix::time::{ClockId, clock_gettime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Most bytes of the heap at once for one input.
const MOST: usize = 512 << 20;
/// Where an allocation is refused, which ends the process.
const REFUSED: usize = 3 << 30;
/// Time of the processor for one input, over all threads.
const LONGEST: Duration = Duration::from_secs(2);

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// What the last panic said and where it was.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// The system's allocator, counting.
pub struct Counting;

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

/// Panics are kept for [`tried`] and not printed.
pub fn quiet() {
    panic::set_hook(Box::new(|info| {
        let text = info.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        *PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = text;
    }));
}

/// Time of the processor that this process has used.
fn used() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Runs `work`; what is wrong with it, where something is: a panic, its own answer, memory, time.
pub fn tried(work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
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
