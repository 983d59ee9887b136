//! The supervisor of a run: hands cells to worker processes, and answers for what becomes of them.

use super::hand::{Hand, What, Word};
use super::queue::Queue;
use super::{Options, memory};
use crate::cell;
use crate::error::Result;
use crate::progress::Display;
use crate::results::{CellRecord, Key, PlannedCell, RunDir, Stage, Status, Store};
use crate::signals;
use crate::spec::Spec;
use crate::status;
use crate::train::oom;
use crate::worker::protocol::{Event, Order};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Between two looks at everything when nothing happens.
const LOOK: Duration = Duration::from_millis(200);
/// Between two versions of outcomes.csv.
const WRITE: Duration = Duration::from_secs(5);
/// How often a cell is tried when the cause may pass.
const ATTEMPTS: usize = 2;

/// Why a run ended before its last cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody asked for it.
    Asked,
    /// So many cells failed.
    Failures(usize),
}

/// What a run came to.
pub struct Ended {
    /// Of all cells, in the order of the plan.
    pub records: Vec<Option<CellRecord>>,
    /// Why it stopped before its last cell.
    pub stopped: Option<Stopped>,
    /// Cells that a cluster has yet to work on.
    pub queued: usize,
}

/// What the supervisor needs to know of a run.
pub struct Supervisor<'a> {
    run: &'a RunDir,
    store: &'a Store,
    options: &'a Options,
    display: &'a Display,
    /// Names of the devices, as workers are told them.
    devices: &'a [String],
    spec: &'a Spec,
    cells: &'a [PlannedCell],
    records: Vec<Option<CellRecord>>,
    queue: Queue<'a>,
    hands: Vec<Hand>,
    words: (Sender<Word>, Receiver<Word>),
    started: usize,
    /// Fewer than `options.jobs` where memory runs out.
    limit: usize,
    failures: usize,
    stopped: Option<Stopped>,
    /// How many requests to stop have been passed on.
    heeded: usize,
    /// Writes outcomes.csv.
    write: &'a dyn Fn(&[Option<CellRecord>]) -> Result<()>,
    written: Instant,
    short: bool,
}

impl<'a> Supervisor<'a> {
    /// For the cells without record and those that failed.
    pub fn new(
        (run, store): (&'a RunDir, &'a Store),
        options: &'a Options,
        devices: &'a [String],
        display: &'a Display,
        spec: &'a Spec,
        (cells, records): (&'a [PlannedCell], Vec<Option<CellRecord>>),
        write: &'a dyn Fn(&[Option<CellRecord>]) -> Result<()>,
    ) -> Supervisor<'a> {
        let open = |row: &usize| records[*row].as_ref().is_none_or(|r| r.status == Status::Failed);
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
            written: Instant::now(),
            short: false,
        }
    }

    /// Until every cell has ended, or a stop.
    ///
    /// # Errors
    /// A run directory that cannot be written, a worker that does not start. The workers are stopped first.
    pub fn run(mut self) -> Result<Ended> {
        let ended = self.until_done();
        for hand in &mut self.hands {
            if ended.is_err() || hand.cell.is_some() {
                hand.kill();
            }
            hand.end();
        }
        crate::results::sweep(self.run.path());
        ended?;
        Ok(Ended { records: self.records, stopped: self.stopped, queued: 0 })
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
            if self.written.elapsed() > WRITE {
                (self.write)(&self.records)?;
                // What `seraug status` says too.
                self.display.left(status::Status::read(self.run).ok().and_then(|s| s.left));
                self.written = Instant::now();
            }
        }
    }

    fn heed_signals(&mut self) {
        let asked = signals::stops();
        if asked > 0 && self.heeded == 0 {
            self.display.note("stopping: cells save their state and end; once more to stop at once");
            self.stop(Stopped::Asked);
        }
        self.heeded = asked;
    }

    fn stop(&mut self, why: Stopped) {
        self.stopped.get_or_insert(why);
        self.hands.iter_mut().for_each(Hand::dismiss);
    }

    /// Gives idle workers cells, and starts workers as long as there are cells and memory.
    fn hand_out(&mut self) -> Result<()> {
        loop {
            let idle = self.hands.iter().position(|h| h.cell.is_none());
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
            hand.order(&Order::Cell { row, attempt });
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

    fn start(&mut self) -> Result<Hand> {
        let taken: Vec<usize> = self.hands.iter().map(|h| h.slot).collect();
        let slot = (0..).find(|s| !taken.contains(s)).expect("some number is free");
        self.started += 1;
        let device = &self.devices[slot % self.devices.len()];
        Hand::start(self.started, slot, self.run, self.options, device, &self.words.0)
    }

    fn hear(&mut self, word: Word) -> Result<()> {
        let Some(at) = self.hands.iter().position(|h| h.number == word.worker) else { return Ok(()) };
        let hand = &mut self.hands[at];
        hand.heard = Instant::now();
        let name = |row: usize| self.cells[row].cell.to_string();
        let cell = hand.cell.map(|(row, _)| name(row)).unwrap_or_default();
        let slot = hand.slot;
        match word.what {
            What::Line(line) => hand.remember(line),
            What::Gone => return self.gone(at),
            What::Event(Event::Ready) => {}
            What::Event(Event::Step { stage, step, steps, values }) => {
                hand.settled = true;
                hand.stage =
                    if stage == Stage::Augmentor.name() { Stage::Augmentor } else { Stage::Classifier };
                let shown: Vec<String> = values.iter().take(6).map(|(n, v)| format!("{n} {v:.3}")).collect();
                let line = format!("{cell} {stage} {step}/{steps} {}", shown.join(", "));
                self.display.worker(slot, Some(line));
            }
            What::Event(Event::Waiting { by }) => {
                hand.settled = true;
                self.display.worker(slot, Some(format!("{cell} waits for {by}")));
            }
            What::Event(Event::Note { text }) => self.display.note(&format!("{cell}: {text}")),
            What::Event(Event::Done) => {
                hand.settled = true;
                if let Some((row, _)) = hand.cell.take() {
                    self.done(row)?;
                }
                self.display.worker(slot, None);
            }
            What::Event(Event::Failed { error, may_pass }) => {
                if let Some((row, attempt)) = hand.cell.take() {
                    let lines: Vec<String> = hand.lines.drain(..).collect();
                    self.failed(row, attempt, &error, may_pass, &lines)?;
                }
                self.display.worker(slot, None);
            }
            What::Event(Event::Stopped) => {
                if let Some((row, _)) = hand.cell.take() {
                    self.queue.ended(row);
                }
                self.display.worker(slot, None);
            }
        }
        Ok(())
    }

    /// A worker has ended. At work, that is a failure of its cell.
    fn gone(&mut self, at: usize) -> Result<()> {
        let mut hand = self.hands.remove(at);
        let how = hand.end();
        crate::results::sweep(self.run.path());
        self.display.worker(hand.slot, None);
        let Some((row, attempt)) = hand.cell else {
            // Before its first cell: the reason is what it printed, and the next would end the same way.
            return Ok(());
        };
        if self.stopped.is_some() {
            self.queue.ended(row);
            return Ok(());
        }
        if hand.was_killed() && !self.hands.is_empty() {
            self.limit = self.hands.len();
            self.display.note(&format!("warning: {} workers from now on", self.limit));
        }
        let lines: Vec<String> = hand.lines.iter().cloned().collect();
        let error = match oom::advice(&lines.join(" "), hand.stage, self.spec) {
            Some(advice) => advice,
            None => match lines.last() {
                Some(line) => format!("{how}: {}", line.strip_prefix("error: ").unwrap_or(line)),
                None => how,
            },
        };
        self.failed(row, attempt, &error, true, &lines)
    }

    fn done(&mut self, row: usize) -> Result<()> {
        self.queue.ended(row);
        let planned = &self.cells[row];
        let record = CellRecord::load(&self.run.cell_file(&planned.cell, "outcome.toml"))?;
        self.ended(row, record);
        Ok(())
    }

    fn failed(
        &mut self,
        row: usize,
        attempt: usize,
        error: &str,
        may_pass: bool,
        lines: &[String],
    ) -> Result<()> {
        let planned = &self.cells[row];
        if may_pass && attempt < ATTEMPTS && self.stopped.is_none() {
            self.display.note(&format!("{}: {error}; it is tried once more", planned.cell));
            self.queue.again(row);
            return Ok(());
        }
        self.queue.ended(row);
        let class = if self.devices[0].starts_with("cuda") { "cuda" } else { "cpu" };
        let record = cell::fail(self.run, planned, class, attempt, error, lines)?;
        self.ended(row, Some(record));
        self.failures += 1;
        if self.options.max_failures.is_some_and(|most| self.failures >= most) {
            self.display.note(&format!("stopping: {} cells failed", self.failures));
            self.stop(Stopped::Failures(self.failures));
        }
        Ok(())
    }

    fn ended(&mut self, row: usize, record: Option<CellRecord>) {
        let planned = &self.cells[row];
        let warnings = record.iter().filter(|r| r.status == Status::Done).flat_map(|r| &r.warnings);
        warnings.for_each(|w| self.display.note(&format!("warning: {}: {w}", planned.cell)));
        self.display.cell_done(&line(planned, record.as_ref()));
        self.records[row] = record;
    }

    /// Kills a worker that has said nothing for too long; its cell is treated as that of one that died.
    fn end_the_silent(&mut self) {
        for hand in &mut self.hands {
            if hand.cell.is_some() && hand.heard.elapsed() > self.options.stall {
                hand.remember(format!("no sign of life for {} s", self.options.stall.as_secs()));
                hand.heard = Instant::now();
                hand.kill();
            }
        }
    }
}

/// How a cell ended, for a person.
pub fn line(planned: &PlannedCell, record: Option<&CellRecord>) -> String {
    match record {
        Some(r) if r.status == Status::Done => {
            let uar = r.outcome(planned).confusion.and_then(|c| c.uar()).unwrap_or(f64::NAN);
            let note = if r.trained.is_empty() { " (from the store)" } else { "" };
            format!("{}: UAR {:.1} %{note}", planned.cell, uar * 100.0)
        }
        Some(r) => format!("{}: failed: {}", planned.cell, r.error),
        None => format!("{}: its outcome.toml is gone", planned.cell),
    }
}
