//! Requests to stop: Ctrl-C, SIGTERM, a closed terminal.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static STOPS: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicBool = AtomicBool::new(false);

/// From now on signals are counted instead of ending the process.
pub fn listen() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1]) else { return };
    std::thread::spawn(move || {
        for signal in &mut signals {
            LIMIT.fetch_or(signal == SIGUSR1, Ordering::Relaxed);
            request_stop();
        }
    });
}

/// As if a signal had come.
pub fn request_stop() {
    STOPS.fetch_add(1, Ordering::Relaxed);
}

/// How often a stop was asked for.
pub fn stops() -> usize {
    STOPS.load(Ordering::Relaxed)
}

/// Whether it was asked for because a time limit is near (SIGUSR1), so that the work should be queued again.
pub fn limit_is_near() -> bool {
    LIMIT.load(Ordering::Relaxed)
}
