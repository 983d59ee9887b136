//! The supervisor of a run: hands cells to worker processes and records what becomes of them.

use super::queue::Queue;
use super::worker_process::{WorkerMessage, WorkerProcess};
use super::{Computer, OpenRun, PlannedRun, RunContext, memory};
use crate::progress::Display;
use crate::status;
use crate::worker_client::WorkerArgs;
use crate::worker_client::protocol::WorkerOrder;
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::interrupt;
use seraug_core::run_files::{CellRecord, OutcomeStatus, PlannedCell, RunDir};
use seraug_core::store::{Key, Lease, Stage, Store};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Longest wait for a message before signals, silent workers and the lease are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Shortest time between two versions of outcomes.csv.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);

/// Why a run stopped before its last cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Somebody requested it (Ctrl-C, SIGTERM).
    Asked,
    /// As many cells failed as may.
    Failures,
}

/// The result of working on a run.
pub(super) struct RunEnding {
    /// The records of all cells, in the order of the plan.
    pub records: Vec<Option<CellRecord>>,
    /// Why it stopped before its last cell.
    pub stopped: Option<Stopped>,
    /// Cells that a cluster has yet to work on.
    pub queued: usize,
}

/// What the command line limits.
pub(super) struct Limits {
    /// Workers at once.
    pub jobs: usize,
    /// Stop after this many failed cells.
    pub max_failures: Option<usize>,
    /// Kill a worker that reports nothing for this long.
    pub stall: Duration,
}

/// The state of a run while this process works on it.
pub(super) struct Supervisor<'a> {
    pub(super) run: &'a RunDir,
    store: &'a Store,
    pub(super) display: &'a Display,
    pub(super) planned: &'a PlannedRun,
    /// The device of each worker, in turn.
    pub(super) devices: &'a [DeviceChoice],
    program: &'a Path,
    /// How a worker is started, but for its device.
    worker_args: WorkerArgs,
    pub(super) limits: Limits,
    pub(super) records: Vec<Option<CellRecord>>,
    pub(super) queue: Queue<'a>,
    pub(super) workers: Vec<WorkerProcess>,
    messages: (Sender<WorkerMessage>, Receiver<WorkerMessage>),
    /// Workers that were ever started: the number of the last one.
    started: usize,
    /// Workers at once: fewer than `limits.jobs` after memory ran out.
    pub(super) most_workers: usize,
    pub(super) failures: usize,
    pub(super) stopped: Option<Stopped>,
    /// Requests to stop that were handled.
    stops_seen: usize,
    write_at: Instant,
    lease: &'a Lease,
    /// Whether a warning has said that memory is short.
    memory_warned: bool,
}

impl<'a> Supervisor<'a> {
    /// A supervisor of the cells without a record and of those that failed.
    pub(super) fn new(
        context: &'a RunContext,
        computer: &'a Computer,
        planned: &'a PlannedRun,
        run: &'a OpenRun,
        worker_args: WorkerArgs,
        limits: Limits,
        records: Vec<Option<CellRecord>>,
    ) -> Supervisor<'a> {
        let open = |row: &usize| records[*row].as_ref().is_none_or(|r| r.status == OutcomeStatus::Failed);
        let queue = Queue::new(&planned.cells, (0..planned.cells.len()).filter(open));
        Supervisor {
            run: &run.dir,
            store: &context.store,
            display: context.display,
            planned,
            devices: &computer.devices,
            program: &computer.program,
            worker_args,
            most_workers: limits.jobs.min(queue.waiting()).max(1),
            limits,
            records,
            queue,
            workers: Vec::new(),
            messages: mpsc::channel(),
            started: 0,
            failures: 0,
            stopped: None,
            stops_seen: 0,
            write_at: Instant::now() + WRITE_INTERVAL,
            lease: &run.lease,
            memory_warned: false,
        }
    }

    /// Works until every cell has ended, or until a stop.
    ///
    /// # Errors
    /// A run directory that cannot be written, a worker that does not start. The workers are stopped first.
    pub(super) fn run(mut self) -> Result<RunEnding> {
        let ended = self.until_done();
        self.workers.iter_mut().for_each(WorkerProcess::dismiss);
        for worker in &mut self.workers {
            // After an error they save first, as far as they can.
            if ended.is_ok() && worker.cell.is_some() {
                worker.kill();
            }
            worker.wait();
        }
        seraug_core::files::sweep(self.run.path());
        ended?;
        Ok(RunEnding { records: self.records, stopped: self.stopped, queued: 0 })
    }

    fn until_done(&mut self) -> Result<()> {
        loop {
            self.handle_stop_requests();
            if self.stops_seen > 1 {
                return Ok(());
            }
            if self.stopped.is_none() {
                self.assign_cells()?;
            }
            let over = if self.stopped.is_some() { !self.queue.is_running() } else { self.queue.is_done() };
            if over {
                return Ok(());
            }
            match self.messages.1.recv_timeout(CHECK_INTERVAL) {
                Ok(message) => self.handle(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is kept here"),
            }
            self.kill_stalled();
            if self.lease.is_lost() {
                return Err(Error::failed(format!(
                    "{}: another process took this run over, because this one was suspended for a minute",
                    self.run.path().display()
                )));
            }
            if Instant::now() > self.write_at {
                let begun = Instant::now();
                // It is written again at the end, where a failure is reported.
                let _ =
                    self.planned.state(&self.records).write(self.run, &self.planned.plan.spec.class_names());
                // The same estimate as of `seraug status`.
                self.display.eta(status::RunStatus::read(self.run).ok().and_then(|s| s.eta));
                self.write_at = Instant::now() + WRITE_INTERVAL.max(begun.elapsed() * 20);
            }
        }
    }

    fn handle_stop_requests(&mut self) {
        let requests = interrupt::stops();
        if requests > 0 && self.stops_seen == 0 {
            self.display.note("stopping: cells save their state; press Ctrl-C again to stop at once");
            self.stop(Stopped::Asked);
        }
        self.stops_seen = requests;
    }

    /// Starts no more cells, and asks those that run to save and stop.
    pub(super) fn stop(&mut self, why: Stopped) {
        self.stopped.get_or_insert(why);
        self.workers.iter_mut().for_each(WorkerProcess::dismiss);
    }

    /// Gives idle workers cells, and starts workers while there are cells and memory.
    fn assign_cells(&mut self) -> Result<()> {
        loop {
            let idle = self.workers.iter().position(WorkerProcess::is_idle);
            if idle.is_none() && !self.may_start() {
                return Ok(());
            }
            let store = self.store;
            let held = |stage, key: &Key| store.holder(stage, key).is_some_and(|holder| holder.is_there());
            let busy = |cell: &PlannedCell| {
                Stage::ALL.iter().any(|&stage| cell.key(stage).is_some_and(|key| held(stage, key)))
            };
            let made = |stage, key: &Key| store.has(stage, key);
            let Some((row, attempt)) = self.queue.next(made, busy) else { return Ok(()) };
            let at = match idle {
                Some(at) => at,
                None => {
                    let worker = self.start()?;
                    self.workers.push(worker);
                    self.workers.len() - 1
                }
            };
            let cell = &self.planned.cells[row];
            let worker = &mut self.workers[at];
            worker.cell = Some((row, attempt));
            let lacks = |stage: &Stage| cell.key(*stage).is_some_and(|key| !store.has(*stage, key));
            worker.stage = Stage::ALL.into_iter().find(lacks).unwrap_or(Stage::Classifier);
            worker.last_message = Instant::now();
            worker.order(&WorkerOrder::Cell { row, attempt });
            self.display.worker(worker.slot, Some(format!("{}: starting", cell.cell)));
        }
    }

    /// Whether one more worker may start: all others have reached the memory that they need, and as much is free again.
    fn may_start(&mut self) -> bool {
        if self.workers.is_empty() {
            return true;
        }
        if self.workers.len() >= self.most_workers
            || self.queue.waiting() == 0
            || self.workers.iter().any(|worker| !worker.settled)
        {
            return false;
        }
        let each = self.workers.iter().filter_map(|worker| memory::peak_of(worker.pid())).max().unwrap_or(0);
        let fits = memory::fits(each);
        if !fits && !self.memory_warned {
            self.memory_warned = true;
            let mib = |bytes: u64| bytes >> 20;
            self.display.note(&format!(
                "warning: running {} of {} workers: each needs {} MiB of memory, {} MiB are free",
                self.workers.len(),
                self.most_workers,
                mib(each),
                mib(memory::available().unwrap_or(0))
            ));
        }
        fits
    }

    fn start(&mut self) -> Result<WorkerProcess> {
        let taken: Vec<usize> = self.workers.iter().map(|worker| worker.slot).collect();
        let slot = (0..).find(|s| !taken.contains(s)).expect("some number is free");
        self.started += 1;
        let device = self.devices[slot % self.devices.len()];
        let mut command = WorkerArgs { device, ..self.worker_args.clone() }.command(self.program);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        command.env("RAYON_NUM_THREADS", (cores / self.limits.jobs).max(1).to_string());
        WorkerProcess::start(self.started, slot, command, &self.messages.0)
    }
}

/// How a cell ended, on one line.
pub(super) fn line(planned: &PlannedCell, record: Option<&CellRecord>) -> String {
    match record {
        Some(r) if r.status == OutcomeStatus::Done => {
            let uar = r.outcome(planned).confusion.and_then(|c| c.uar());
            let note = if r.trained.is_empty() { " (from the store)" } else { "" };
            let uar = uar.map_or("trained".to_owned(), |uar| format!("UAR {:.1} %", uar * 100.0));
            format!("{}: {uar}{note}", planned.cell)
        }
        Some(r) => format!("{}: failed: {}", planned.cell, r.error),
        None => format!("{}: its outcome.toml is missing", planned.cell),
    }
}
