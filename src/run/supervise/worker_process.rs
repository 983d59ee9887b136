//! A worker process as its supervisor holds it.

use super::Options;
use crate::worker_client;
use crate::worker_client::protocol::{Event, WorkerOrder};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::RunDir;
use seraug_core::store::Stage;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Lines of a worker's standard error that are remembered.
const REMEMBERED: usize = 20;

/// Something that a worker said or did.
#[derive(Debug)]
pub struct WorkerMessage {
    /// Number of the worker, never used again for another.
    pub worker: usize,
    /// What.
    pub what: MessageKind,
}

/// See [`WorkerMessage`].
#[derive(Debug)]
pub enum MessageKind {
    /// Over its standard output.
    Event(Event),
    /// A line of its standard error.
    Line(String),
    /// Its standard output has ended: it is gone, or about to be.
    Gone,
}

/// A worker process.
#[derive(Debug)]
pub struct WorkerProcess {
    /// Number of the worker.
    pub number: usize,
    /// Its line on the display, and its place among those of its device.
    pub slot: usize,
    /// The row it works on, and for the how-many-th time.
    pub cell: Option<(usize, usize)>,
    /// When it was last heard of.
    pub heard: Instant,
    /// Whether it has trained a step, or ended a cell: its memory is what it will be.
    pub settled: bool,
    /// The stage it was last heard to train; before the first, the one that most cells begin with.
    pub stage: Stage,
    /// Last lines of its standard error.
    pub lines: VecDeque<String>,
    /// Whether this supervisor has killed it.
    killed: bool,
    /// Why, where it has a reason that the cell's record is to have.
    why: Option<String>,
    child: Child,
    orders: Option<ChildStdin>,
}

/// How long a worker may take to end after it has nothing more to say; then it is killed.
const PARTING: Duration = Duration::from_secs(10);

impl WorkerProcess {
    /// Starts a worker of `run` on `device`; its words arrive at `words`.
    ///
    /// # Errors
    /// The program does not start.
    pub fn start(
        number: usize,
        slot: usize,
        run: &RunDir,
        options: &Options,
        device: &str,
        words: &Sender<WorkerMessage>,
    ) -> Result<WorkerProcess> {
        let failed = |e: std::io::Error| Error::failed(format!("a worker process does not start: {e}"));
        let mut child = command(run, options, device)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C of a terminal goes to its whole group; the workers are told by their supervisor.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (orders, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let listen =
            |stream: Option<Box<dyn Read + Send>>, say: fn(String) -> Option<MessageKind>, last: bool| {
                let words = words.clone();
                std::thread::spawn(move || {
                    // Whatever the bytes are: a line that is no text must not close the pipe.
                    let lines = stream.into_iter().flat_map(|s| BufReader::new(s).split(b'\n'));
                    for line in lines.map_while(std::io::Result::ok) {
                        let line = String::from_utf8_lossy(&line).into_owned();
                        let word = say(line).map(|what| WorkerMessage { worker: number, what });
                        if word.is_some_and(|w| words.send(w).is_err()) {
                            break;
                        }
                    }
                    if last {
                        let _ = words.send(WorkerMessage { worker: number, what: MessageKind::Gone });
                    }
                });
            };
        listen(err.map(|e| Box::new(e) as _), |line| Some(MessageKind::Line(line)), false);
        listen(
            out.map(|o| Box::new(o) as _),
            |line| Some(serde_json::from_str(&line).map_or(MessageKind::Line(line), MessageKind::Event)),
            true,
        );
        Ok(WorkerProcess {
            number,
            slot,
            cell: None,
            heard: Instant::now(),
            settled: false,
            stage: Stage::Augmentor,
            lines: VecDeque::new(),
            killed: false,
            why: None,
            child,
            orders,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it something; that it is gone shows elsewhere.
    pub fn order(&mut self, order: &WorkerOrder) {
        let line = serde_json::to_string(order).expect("plain data") + "\n";
        if let Some(orders) = &mut self.orders {
            let _ = orders.write_all(line.as_bytes()).and_then(|()| orders.flush());
        }
    }

    /// Whether it waits for a cell.
    pub fn is_idle(&self) -> bool {
        self.cell.is_none() && self.orders.is_some()
    }

    /// It ends after what it is doing; at work, it saves and stops.
    pub fn dismiss(&mut self) {
        self.orders = None;
    }

    /// Ends it now.
    pub fn kill(&mut self) {
        self.killed = true;
        let _ = self.child.kill();
    }

    /// Ends it now, for a reason that [`WorkerProcess::end`] tells in place of how a process looks that was killed.
    pub fn kill_for(&mut self, why: String) {
        self.why.get_or_insert(why);
        self.kill();
    }

    /// Why this supervisor has ended it; none where it ended by itself.
    pub fn ended_for(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Remembers a line of its standard error, but for warnings: the last words are to be why it ended.
    pub fn remember(&mut self, line: String) {
        if is_warning(&line) {
            return;
        }
        if self.lines.len() == REMEMBERED {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// How it ended, in words. Waits for it a little, and kills it then: one that hangs in its last moments must not
    /// hold up the others.
    pub fn end(&mut self) -> String {
        self.dismiss();
        for patience in [PARTING, PARTING] {
            let begun = Instant::now();
            while begun.elapsed() < patience {
                match self.child.try_wait() {
                    Ok(Some(status)) => return self.why.clone().unwrap_or_else(|| in_words(status)),
                    Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                    Err(e) => return format!("the worker is lost: {e}"),
                }
            }
            self.kill();
        }
        "the worker does not end".to_owned()
    }

    /// Whether it was killed from outside, as the kernel does when memory runs out.
    pub fn was_killed(&mut self) -> bool {
        !self.killed && matches!(self.child.try_wait(), Ok(Some(s)) if s.signal() == Some(9))
    }
}

/// Whether libtorch has written it and nothing hangs on it: `[W1128 17:14:43.123456789 RNN.cpp:1479] Warning: …`.
fn is_warning(line: &str) -> bool {
    line.strip_prefix("[W")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.split_once("] ").is_some())
}

fn in_words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => {
            "the worker was killed (signal 9; the system does that when memory runs out)".to_owned()
        }
        (Some(n), _) => format!("the worker ended by signal {n}"),
        (None, code) => format!("the worker ended with exit code {}", code.unwrap_or(-1)),
    }
}

/// The command of a worker, with as many threads as the run says and no more.
///
/// # Errors
/// As of [`worker_client::program`].
pub fn command(run: &RunDir, options: &Options, device: &str) -> Result<Command> {
    let threads = options.threads.to_string();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut command = Command::new(worker_client::program()?);
    command
        .args(["work".as_ref(), run.path().as_os_str()])
        .args(["--results".as_ref(), options.results.as_os_str()])
        .args(["--corpora".as_ref(), options.corpora.as_os_str()])
        .args(["--device", device, "--threads", &threads])
        .args(["--checkpoint-seconds", &options.checkpoint_every.as_secs_f64().to_string()])
        .args(options.partial.then_some("--partial"))
        .args(options.tensorboard.then_some("--tensorboard"))
        .args(options.cuda_graphs.then_some("--cuda-graphs"))
        .envs(["OMP_NUM_THREADS", "MKL_NUM_THREADS"].map(|name| (name, &threads)))
        // Spinning threads take the cores from other workers.
        .env("OMP_WAIT_POLICY", "passive")
        .env("RAYON_NUM_THREADS", (cores / options.jobs.max(1)).max(1).to_string());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_of_libtorch_is_no_last_word() {
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
