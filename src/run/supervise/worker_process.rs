//! A worker process as its supervisor sees it.

use crate::worker_client::protocol::{Event, WorkerOrder};
use seraug_core::error::{Error, Result};
use seraug_core::store::Stage;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How many lines of a worker's standard error are kept.
const KEPT_LINES: usize = 20;

/// A message of a worker, or its end.
#[derive(Debug)]
pub(super) struct WorkerMessage {
    /// Number of the worker, never used again for another.
    pub worker: usize,
    /// The message itself.
    pub kind: MessageKind,
}

/// What a [`WorkerMessage`] says.
#[derive(Debug)]
pub(super) enum MessageKind {
    /// An event on its standard output.
    Event(Event),
    /// A line of its standard error.
    Line(String),
    /// The end of its standard output: the worker has exited or is about to.
    Gone,
}

/// A worker process.
#[derive(Debug)]
pub(super) struct WorkerProcess {
    /// Number of the worker.
    pub number: usize,
    /// Its line on the display, from 0; the smallest number that no living worker has.
    pub slot: usize,
    /// The row of plan.csv that it works on, from 0, and the number of the try.
    pub cell: Option<(usize, usize)>,
    /// When its last message came, or its last order was given.
    pub last_message: Instant,
    /// Whether it has trained a step or ended a cell, after which its memory grows no more.
    pub settled: bool,
    /// The stage that it reported last; before the first report, the one that its cell starts with.
    pub stage: Stage,
    /// Last lines of its standard error.
    pub lines: VecDeque<String>,
    /// Whether this supervisor killed it.
    killed: bool,
    /// Why this supervisor killed it, where the cell's record is to say so.
    reason: Option<String>,
    child: Child,
    orders: Option<ChildStdin>,
}

/// How long a worker may take to exit after its last message; then it is killed.
const GRACE: Duration = Duration::from_secs(10);

impl WorkerProcess {
    /// Starts a worker by `command`; its messages arrive at `messages`.
    ///
    /// # Errors
    /// The program does not start.
    pub(super) fn start(
        number: usize,
        slot: usize,
        mut command: Command,
        messages: &Sender<WorkerMessage>,
    ) -> Result<WorkerProcess> {
        let failed = |e: std::io::Error| Error::failed(format!("cannot start a worker process: {e}"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal goes to its whole process group; the supervisor alone tells the workers.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (orders, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let listen = |stream: Option<Box<dyn Read + Send>>, kind: fn(String) -> MessageKind, last: bool| {
            let messages = messages.clone();
            std::thread::spawn(move || {
                // A line that is not UTF-8 must not close the pipe.
                let lines = stream.into_iter().flat_map(|s| BufReader::new(s).split(b'\n'));
                for line in lines.map_while(std::io::Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    if messages.send(WorkerMessage { worker: number, kind: kind(line) }).is_err() {
                        break;
                    }
                }
                if last {
                    let _ = messages.send(WorkerMessage { worker: number, kind: MessageKind::Gone });
                }
            });
        };
        listen(err.map(|e| Box::new(e) as _), MessageKind::Line, false);
        listen(
            out.map(|o| Box::new(o) as _),
            |line| serde_json::from_str(&line).map_or(MessageKind::Line(line), MessageKind::Event),
            true,
        );
        Ok(WorkerProcess {
            number,
            slot,
            cell: None,
            last_message: Instant::now(),
            settled: false,
            stage: Stage::Augmentor,
            lines: VecDeque::new(),
            killed: false,
            reason: None,
            child,
            orders,
        })
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it an order. If it has exited, [`MessageKind::Gone`] says so.
    pub(super) fn order(&mut self, order: &WorkerOrder) {
        let line = serde_json::to_string(order).expect("plain data") + "\n";
        if let Some(orders) = &mut self.orders {
            let _ = orders.write_all(line.as_bytes()).and_then(|()| orders.flush());
        }
    }

    /// Whether it waits for a cell.
    pub(super) fn is_idle(&self) -> bool {
        self.cell.is_none() && self.orders.is_some()
    }

    /// Sends it no more orders: an idle worker exits, a busy one saves a checkpoint and exits.
    pub(super) fn dismiss(&mut self) {
        self.orders = None;
    }

    /// Kills it.
    pub(super) fn kill(&mut self) {
        self.killed = true;
        let _ = self.child.kill();
    }

    /// Kills it for a reason, which [`WorkerProcess::wait`] returns in place of its exit status.
    pub(super) fn kill_for(&mut self, reason: String) {
        self.reason.get_or_insert(reason);
        self.kill();
    }

    /// Why this supervisor killed it; none where it exited by itself.
    pub(super) fn killed_for(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Keeps a line of its standard error unless it is a warning: the last line is to say why the worker exited.
    pub(super) fn remember(&mut self, line: String) {
        if is_warning(&line) {
            return;
        }
        if self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Waits for its exit and describes it. A worker that hangs while it exits is killed, so that it does not hold up the
    /// others.
    pub(super) fn wait(&mut self) -> String {
        self.dismiss();
        for patience in [GRACE, GRACE] {
            let begun = Instant::now();
            while begun.elapsed() < patience {
                match self.child.try_wait() {
                    Ok(Some(status)) => return self.reason.clone().unwrap_or_else(|| describe(status)),
                    Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                    Err(e) => return format!("the worker's exit is unknown: {e}"),
                }
            }
            self.kill();
        }
        "the worker cannot be killed".to_owned()
    }

    /// Whether SIGKILL from outside ended it, which the kernel sends when memory runs out.
    pub(super) fn was_killed(&mut self) -> bool {
        !self.killed && matches!(self.child.try_wait(), Ok(Some(s)) if s.signal() == Some(9))
    }
}

/// Whether a line is a warning of libtorch: `[W1128 17:14:43.123456789 RNN.cpp:1479] Warning: …`.
fn is_warning(line: &str) -> bool {
    line.strip_prefix("[W")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.split_once("] ").is_some())
}

/// An exit status in words.
fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => {
            "the worker was killed (signal 9; the kernel does that when memory runs out)".to_owned()
        }
        (Some(n), _) => format!("the worker was ended by signal {n}"),
        (None, code) => format!("the worker exited with code {}", code.unwrap_or(-1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_of_libtorch_is_not_kept() {
        for warning in [
            "[W1128 17:14:43.123456789 RNN.cpp:1479] Warning: RNN module weights are not part of single contiguous \
             chunk of memory. (function operator())",
            "[W828 01:02:03.4 Memory.cpp:40] Warning: The argument 'device' of Tensor.pin_memory() is deprecated",
        ] {
            assert!(is_warning(warning), "{warning}");
        }
        for word in ["error: no space left", "[E1128 x.cpp:1] CUDA error", "[Warning] mine", "[W] x", ""] {
            assert!(!is_warning(word), "{word}");
        }
    }
}
