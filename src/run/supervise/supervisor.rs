//! The supervisor of a run: hands cells to worker processes, and answers for what becomes of them.

use super::queue::Queue;
use super::worker_process::{WorkerMessage, WorkerProcess};
use super::{Options, memory};
use crate::progress::Display;
use crate::status;
use crate::worker_client::protocol::WorkerOrder;
use seraug_core::error::{Error, Result};
use seraug_core::interrupt;
use seraug_core::run_files::{CellRecord, OutcomeStatus, PlannedCell, RunDir};
use seraug_core::spec::Spec;
use seraug_core::store::{Key, Lease, Stage, Store};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Between two looks at everything when nothing happens.
const LOOK: Duration = Duration::from_millis(200);
/// Between two versions of outcomes.csv.
const WRITE: Duration = Duration::from_secs(5);

/// Why a run ended before its last cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody asked for it.
    Asked,
    /// So many cells failed.
    Failures(usize),
}

/// What a run came to.
pub struct RunEnding {
    /// Of all cells, in the order of the plan.
    pub records: Vec<Option<CellRecord>>,
    /// Why it stopped before its last cell.
    pub stopped: Option<Stopped>,
    /// Cells that a cluster has yet to work on.
    pub queued: usize,
}

/// What the supervisor needs to know of a run.
pub struct Supervisor<'a> {
    pub(super) run: &'a RunDir,
    pub(super) store: &'a Store,
    pub(super) options: &'a Options,
    pub(super) display: &'a Display,
    /// Names of the devices, as workers are told them.
    pub(super) devices: &'a [String],
    pub(super) spec: &'a Spec,
    pub(super) cells: &'a [PlannedCell],
    pub(super) records: Vec<Option<CellRecord>>,
    pub(super) queue: Queue<'a>,
    pub(super) hands: Vec<WorkerProcess>,
    words: (Sender<WorkerMessage>, Receiver<WorkerMessage>),
    started: usize,
    /// Fewer than `options.jobs` where memory runs out.
    pub(super) limit: usize,
    pub(super) failures: usize,
    pub(super) stopped: Option<Stopped>,
    /// How many requests to stop have been passed on.
    heeded: usize,
    /// Writes outcomes.csv.
    write: &'a dyn Fn(&[Option<CellRecord>]) -> Result<()>,
    write_at: Instant,
    /// Makes this process the run's supervisor.
    lease: &'a Lease,
    short: bool,
}

impl<'a> Supervisor<'a> {
    /// For the cells without record and those that failed.
    pub fn new(
        (run, lease, store): (&'a RunDir, &'a Lease, &'a Store),
        options: &'a Options,
        devices: &'a [String],
        display: &'a Display,
        spec: &'a Spec,
        (cells, records): (&'a [PlannedCell], Vec<Option<CellRecord>>),
        write: &'a dyn Fn(&[Option<CellRecord>]) -> Result<()>,
    ) -> Supervisor<'a> {
        let open = |row: &usize| records[*row].as_ref().is_none_or(|r| r.status == OutcomeStatus::Failed);
        let queue = Queue::new(cells, (0..cells.len()).filter(open));
        let limit = options.jobs.min(queue.waiting()).max(1);
        Supervisor {
            run,
            store,
            options,
            display,
            devices,
            spec,
            cells,
            records,
            queue,
            hands: Vec::new(),
            words: mpsc::channel(),
            started: 0,
            limit,
            failures: 0,
            stopped: None,
            heeded: 0,
            write,
            write_at: Instant::now() + WRITE,
            lease,
            short: false,
        }
    }

    /// Until every cell has ended, or a stop.
    ///
    /// # Errors
    /// A run directory that cannot be written, a worker that does not start. The workers are stopped first.
    pub fn run(mut self) -> Result<RunEnding> {
        let ended = self.until_done();
        self.hands.iter_mut().for_each(WorkerProcess::dismiss);
        for hand in &mut self.hands {
            // After an error they save first, as far as they can.
            if ended.is_ok() && hand.cell.is_some() {
                hand.kill();
            }
            hand.end();
        }
        seraug_core::files::sweep(self.run.path());
        ended?;
        Ok(RunEnding { records: self.records, stopped: self.stopped, queued: 0 })
    }

    fn until_done(&mut self) -> Result<()> {
        loop {
            self.heed_signals();
            if self.heeded > 1 {
                return Ok(());
            }
            if self.stopped.is_none() {
                self.hand_out()?;
            }
            let over = if self.stopped.is_some() { !self.queue.is_running() } else { self.queue.is_done() };
            if over {
                return Ok(());
            }
            match self.words.1.recv_timeout(LOOK) {
                Ok(word) => self.hear(word)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is kept here"),
            }
            self.end_the_silent();
            if self.lease.is_lost() {
                return Err(Error::failed(format!(
                    "{}: another process has taken this run over, because this one did not move for a minute",
                    self.run.path().display()
                )));
            }
            if Instant::now() > self.write_at {
                let begun = Instant::now();
                // It is written again; what cannot be is said when it matters.
                let _ = (self.write)(&self.records);
                // What `seraug status` says too.
                self.display.left(status::RunStatus::read(self.run).ok().and_then(|s| s.left));
                self.write_at = Instant::now() + WRITE.max(begun.elapsed() * 20);
            }
        }
    }

    fn heed_signals(&mut self) {
        let asked = interrupt::stops();
        if asked > 0 && self.heeded == 0 {
            self.display.note("stopping: cells save their state and end; once more to stop at once");
            self.stop(Stopped::Asked);
        }
        self.heeded = asked;
    }

    /// No more cells; those that run are saved.
    pub(super) fn stop(&mut self, why: Stopped) {
        self.stopped.get_or_insert(why);
        self.hands.iter_mut().for_each(WorkerProcess::dismiss);
    }

    /// Gives idle workers cells, and starts workers as long as there are cells and memory.
    fn hand_out(&mut self) -> Result<()> {
        loop {
            let idle = self.hands.iter().position(WorkerProcess::is_idle);
            if idle.is_none() && !self.may_start() {
                return Ok(());
            }
            let store = self.store;
            let key_of = |text: &str| Key::read(text);
            let made = |text: &str| key_of(text).is_some_and(|k| store.has(Stage::Augmentor, &k));
            let held = |stage, text: &str| {
                key_of(text).and_then(|k| store.holder(stage, &k)).is_some_and(|holder| holder.is_there())
            };
            let busy = |c: &PlannedCell| {
                held(Stage::Classifier, &c.key_classifier) || held(Stage::Augmentor, &c.key_augmentor)
            };
            let Some((row, attempt)) = self.queue.next(made, busy) else { return Ok(()) };
            let at = match idle {
                Some(at) => at,
                None => {
                    let hand = self.start()?;
                    self.hands.push(hand);
                    self.hands.len() - 1
                }
            };
            let hand = &mut self.hands[at];
            hand.cell = Some((row, attempt));
            let trains = |stage: Stage, key: &str| key_of(key).is_some_and(|k| !store.has(stage, &k));
            let first = trains(Stage::Augmentor, &self.cells[row].key_augmentor);
            hand.stage = if first { Stage::Augmentor } else { Stage::Classifier };
            hand.heard = Instant::now();
            hand.order(&WorkerOrder::Cell { row, attempt });
            self.display.worker(hand.slot, Some(format!("{}: begins", self.cells[row].cell)));
        }
    }

    /// Whether there is room for one more worker: the others have reached the memory that they need, and it is left
    /// once more.
    fn may_start(&mut self) -> bool {
        if self.hands.is_empty() {
            return true;
        }
        if self.hands.len() >= self.limit
            || self.queue.waiting() == 0
            || self.hands.iter().any(|h| !h.settled)
        {
            return false;
        }
        let each = self.hands.iter().filter_map(|h| memory::peak_of(h.pid())).max().unwrap_or(0);
        let fits = memory::fits(each);
        if !fits && !self.short {
            self.short = true;
            let mib = |bytes: u64| bytes >> 20;
            self.display.note(&format!(
                "warning: {} of {} workers run: each needs {} MiB of memory, {} MiB are free",
                self.hands.len(),
                self.limit,
                mib(each),
                mib(memory::available().unwrap_or(0))
            ));
        }
        fits
    }

    fn start(&mut self) -> Result<WorkerProcess> {
        let taken: Vec<usize> = self.hands.iter().map(|h| h.slot).collect();
        let slot = (0..).find(|s| !taken.contains(s)).expect("some number is free");
        self.started += 1;
        let device = &self.devices[slot % self.devices.len()];
        WorkerProcess::start(self.started, slot, self.run, self.options, device, &self.words.0)
    }
}

/// How a cell ended, for a person.
pub fn line(planned: &PlannedCell, record: Option<&CellRecord>) -> String {
    match record {
        Some(r) if r.status == OutcomeStatus::Done => {
            let uar = r.outcome(planned).confusion.and_then(|c| c.uar()).unwrap_or(f64::NAN);
            let note = if r.trained.is_empty() { " (from the store)" } else { "" };
            format!("{}: UAR {:.1} %{note}", planned.cell, uar * 100.0)
        }
        Some(r) => format!("{}: failed: {}", planned.cell, r.error),
        None => format!("{}: its outcome.toml is gone", planned.cell),
    }
}
