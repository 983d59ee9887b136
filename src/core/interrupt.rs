//! Signals that ask the process to stop: Ctrl-C, SIGTERM, a closed terminal.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static STOPS: AtomicUsize = AtomicUsize::new(0);
static HEEDED: AtomicBool = AtomicBool::new(false);
static LIMIT: AtomicBool = AtomicBool::new(false);

/// From now on, writing a file beyond its size limit (`ulimit -f`) is an error of that write instead of ending the process.
pub fn outlive_file_limits() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

/// While `heeded`, signals are counted for code that polls [`stops`]; otherwise they end the process as usual.
pub fn heed(heeded: bool) {
    HEEDED.store(heeded, Ordering::Relaxed);
}

/// Installs the signal handlers, which do what [`heed`] says. A signal that the parent process ignores stays ignored: under
/// `nohup`, a closed terminal is no reason to stop.
pub fn listen() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let heard = [SIGINT, SIGTERM, SIGHUP, SIGUSR1].into_iter().filter(|s| !is_ignored(&status, *s));
    let Ok(mut signals) = Signals::new(heard) else { return };
    std::thread::spawn(move || {
        for signal in &mut signals {
            if !HEEDED.load(Ordering::Relaxed) {
                #[expect(
                    clippy::exit,
                    reason = "nobody asked for a clean stop: the signal ends the process, as by default"
                )]
                std::process::exit(128 + signal);
            }
            LIMIT.fetch_or(signal == SIGUSR1, Ordering::Relaxed);
            request_stop();
        }
    });
}

/// Counts a stop request, as a signal does.
pub fn request_stop() {
    STOPS.fetch_add(1, Ordering::Relaxed);
}

/// Number of stop requests so far.
pub fn stops() -> usize {
    STOPS.load(Ordering::Relaxed)
}

/// Whether a stop was requested because a time limit is near (SIGUSR1), so that the work should be requeued.
pub fn limit_is_near() -> bool {
    LIMIT.load(Ordering::Relaxed)
}

/// Whether a process ignores `signal`, given its /proc/PID/status.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_ignores_is_known() {
        let status = "Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert!(is_ignored(status, SIGHUP) && !is_ignored(status, SIGTERM));
        assert!(!is_ignored("", SIGHUP));
    }
}
