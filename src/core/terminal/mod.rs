//! All output for people goes through this module: notes and errors to standard error, answers to standard output.
//!
//! A missing reader never stops work: what cannot be written to standard error is dropped, and a note waits at most
//! [`PATIENCE`] for a reader that has stalled. On standard output a closed pipe (`| head`) is no error, but a full disk is.
//! Control characters in titles, file names and cells are escaped.

mod shown;

pub use shown::{line, text};

use crate::error::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::borrow::Cow;
use std::io::{IsTerminal, stderr, stdout};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a note waits for a stalled reader of standard error; after one wait, notes are dropped until it reads again.
const PATIENCE: Duration = Duration::from_secs(1);
/// A pipe that is ready takes this many bytes without blocking the writer (PIPE_BUF).
const ATOMIC: usize = 4096;

/// Serialises lines, so that those of several threads do not mix.
static WRITING: Mutex<()> = Mutex::new(());
/// Set after standard error was not read for [`PATIENCE`].
static STUCK: AtomicBool = AtomicBool::new(false);

/// Writes one line to standard error during work.
pub fn note(said: &str) {
    let said = line(said).into_owned() + "\n";
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    for part in said.as_bytes().chunks(ATOMIC) {
        let patience = if STUCK.load(Ordering::Relaxed) { Duration::ZERO } else { PATIENCE };
        let takes = is_ready(stderr().as_fd(), PollFlags::OUT, Some(patience));
        STUCK.store(!takes, Ordering::Relaxed);
        if !takes || write_all(stderr().as_fd(), part).is_err() {
            return;
        }
    }
}

/// Writes `error: …` to standard error. [`Error::Missing`] keeps its lines; any other error is one line.
pub fn error(error: &Error) {
    let said = match error {
        Error::Missing(message) => text(message),
        other => Cow::Owned(line(&other.to_string()).into_owned()),
    };
    last_words(&format!("error: {said}\n"));
}

/// Writes lines to standard error at the end of a command, such as its usage. Waits for a slow reader.
pub fn last_words(said: &str) {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = write_all(stderr().as_fd(), text(said).as_bytes());
}

/// Prints an answer of several lines to standard output. A closed pipe is no error.
///
/// # Errors
/// Standard output cannot be written, for example because the disk is full.
pub fn print(answer: &str) -> Result<()> {
    answered(text(answer).as_bytes())
}

/// Prints machine-readable data such as CSV: byte for byte, or escaped if standard output is a terminal.
///
/// # Errors
/// As [`print`].
pub fn print_data(data: &[u8]) -> Result<()> {
    if stdout().is_terminal() { print(&String::from_utf8_lossy(data)) } else { answered(data) }
}

/// Prints a value as indented JSON.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).expect("an answer is plain data");
    answered((shown::json(&json).into_owned() + "\n").as_bytes())
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// As [`print`].
pub fn print_json_line(value: &impl serde::Serialize) -> Result<()> {
    let json = serde_json::to_string(value).expect("an answer is plain data");
    answered((shown::json(&json).into_owned() + "\n").as_bytes())
}

/// Clears the terminal and prints an answer, in place of the previous one.
///
/// # Errors
/// As [`print`].
pub fn print_anew(answer: &str) -> Result<()> {
    answered(format!("\x1b[2J\x1b[H{}", text(answer)).as_bytes())
}

/// Whether standard output is a terminal.
pub fn is_screen() -> bool {
    stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn has_bars() -> bool {
    stderr().is_terminal()
}

/// Waits for `time` or until the reader of standard output closes it; returns whether it did.
pub fn reader_leaves_within(time: Duration) -> bool {
    is_ready(stdout().as_fd(), PollFlags::empty(), Some(time))
}

fn answered(bytes: &[u8]) -> Result<()> {
    let out = stdout();
    match write_all(out.as_fd(), bytes) {
        Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => Ok(()),
        // A terminal that was closed.
        Err(Errno::IO) if is_ready(out.as_fd(), PollFlags::empty(), Some(Duration::ZERO)) => Ok(()),
        Err(e) => {
            let e = std::io::Error::from(e);
            Err(Error::failed(format!("standard output: cannot be written: {e}")))
        }
        Ok(()) => Ok(()),
    }
}

/// Bypasses the standard library's buffer, which would retry a failed write when the process exits.
fn write_all(to: BorrowedFd, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            // Another process of this terminal or pipe made it non-blocking.
            Err(Errno::AGAIN) => drop(is_ready(to, PollFlags::OUT, None)),
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Waits, at most for `patience`, until `what` is possible or the other end has been closed; `false` after a timeout.
fn is_ready(file: BorrowedFd, what: PollFlags, patience: Option<Duration>) -> bool {
    let until = patience.map(|p| Instant::now() + p);
    loop {
        let left = until.map(|u| u.saturating_duration_since(Instant::now()));
        let left =
            left.map(|l| Timespec { tv_sec: l.as_secs() as i64, tv_nsec: i64::from(l.subsec_nanos()) });
        match poll(&mut [PollFd::from_borrowed_fd(file, what)], left.as_ref()) {
            // A handled signal ends the wait early.
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|n| n > 0),
        }
    }
}
