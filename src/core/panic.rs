//! A panic as a user sees it: one line, exit code 1.

use crate::error::{Error, Result};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

/// Where the last panic was. Not a thread's own: a panic of a worker thread surfaces on the main one.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Runs `work`; a panic in it becomes an error that names the place in the source.
/// Nothing is printed where a panic happens, so one that is caught below (a damaged file) leaves no trace.
///
/// # Errors
/// Those of `work`, and a panic.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|l| format!(" at {}:{}", l.file().trim_start_matches("face/../"), l.line()))
            .unwrap_or_default();
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        // An error of libtorch within a panic is quoted: its line ends are two characters, and a C++ trace follows.
        let first = message.lines().next().unwrap_or_default();
        let first = first.split("\\n").next().unwrap_or_default();
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(Error::failed(format!("a fault of seraug{place}: {first}; please report it")))
    })
}
