//! A panic as a user sees it: one error line and exit code 1.

use crate::error::{Error, Result};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

/// Source location of the last panic. Shared by all threads, because a panic of a worker thread surfaces on the main thread.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Runs `work` and turns a panic in it into an error that names the source location. Nothing is printed when a panic
/// happens, so one that is caught further down (in the decoder of a damaged file) leaves no trace.
///
/// # Errors
/// The errors of `work`, and a panic.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        // libtorch errors arrive as debug strings: the first line ends at a literal `\n`, and a C++ trace follows.
        let first = message.lines().next().unwrap_or_default();
        let first = first.split("\\n").next().unwrap_or_default();
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(Error::failed(format!("a fault of seraug{place}: {first}; please report it")))
    })
}
