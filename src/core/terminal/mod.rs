//! All that is written for a person goes through here: notes and errors to standard error, answers to standard output.
//!
//! Nobody may be reading, and that ends no work: what cannot be written to standard error is lost, and a note waits for a
//! reader that has stopped reading no longer than [`PATIENCE`]. On standard output a reader that has gone away (`| head`)
//! is no error either; a disk that is full is one. Control characters of titles, file names and cells are shown, not sent.

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

/// How long a note waits for a reader of standard error that does not read, once; then notes are lost until it does.
const PATIENCE: Duration = Duration::from_secs(1);
/// A pipe that takes anything takes so many bytes without making the writer wait (PIPE_BUF).
const ATOMIC: usize = 4096;

/// One line at a time, so that lines of several threads do not mix.
static WRITING: Mutex<()> = Mutex::new(());
/// Nobody has read standard error for [`PATIENCE`].
static STUCK: AtomicBool = AtomicBool::new(false);

/// Says one line on standard error while work goes on.
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

/// `error: …` on standard error. One of several lines ([`Error::Missing`]) keeps them.
pub fn error(error: &Error) {
    let said = match error {
        Error::Missing(message) => text(message),
        other => Cow::Owned(line(&other.to_string()).into_owned()),
    };
    last_words(&format!("error: {said}\n"));
}

/// Lines on standard error at the end of a command, such as how it is used. Waits for a reader that is slow.
pub fn last_words(said: &str) {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = write_all(stderr().as_fd(), text(said).as_bytes());
}

/// Prints an answer in lines to standard output. A reader that has gone away is no error.
///
/// # Errors
/// Standard output cannot be written, a full disk for example.
pub fn print(answer: &str) -> Result<()> {
    answered(text(answer).as_bytes())
}

/// Prints a table that a program reads, such as CSV: byte for byte, unless it goes to a terminal.
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

/// Prints an answer in the place of the last one on a terminal.
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

/// Waits for `time`, or until the reader of standard output has gone away; whether it has.
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

/// Past the buffer of the standard library, which would try again what failed when the process ends.
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

/// Waits, at most for `patience`, until `what` can be done or the other end has gone away. `false` where neither was so in time.
fn is_ready(file: BorrowedFd, what: PollFlags, patience: Option<Duration>) -> bool {
    let until = patience.map(|p| Instant::now() + p);
    loop {
        let left = until.map(|u| u.saturating_duration_since(Instant::now()));
        let left =
            left.map(|l| Timespec { tv_sec: l.as_secs() as i64, tv_nsec: i64::from(l.subsec_nanos()) });
        match poll(&mut [PollFd::from_borrowed_fd(file, what)], left.as_ref()) {
            // A signal that something handles ends a wait early.
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|n| n > 0),
        }
    }
}
