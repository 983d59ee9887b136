//! How the supervisor reacts to the messages and the exits of its workers.

use super::failure;
use super::supervisor::{Stopped, Supervisor, line};
use super::worker_process::{MessageKind, WorkerMessage};
use crate::out_of_memory;
use crate::worker_client::protocol::Event;
use seraug_core::error::Result;
use seraug_core::files::sweep;
use seraug_core::run_files::{CellRecord, OutcomeStatus};
use std::time::Instant;

/// Most attempts at a cell whose failures are retryable: the first and one retry.
const MAX_ATTEMPTS: usize = 2;

impl Supervisor<'_> {
    /// Handles a message of a worker.
    pub(super) fn handle(&mut self, message: WorkerMessage) -> Result<()> {
        let Some(at) = self.workers.iter().position(|w| w.number == message.worker) else { return Ok(()) };
        let worker = &mut self.workers[at];
        worker.last_message = Instant::now();
        let name = |row: usize| self.planned.cells[row].cell.to_string();
        let cell = worker.cell.map(|(row, _)| name(row)).unwrap_or_default();
        let slot = worker.slot;
        match message.kind {
            MessageKind::Line(line) => worker.remember(line),
            MessageKind::Gone => return self.gone(at),
            MessageKind::Event(Event::Ready) => {}
            MessageKind::Event(Event::Step { stage, step, steps, values }) => {
                worker.settled = true;
                worker.stage = stage;
                let shown: Vec<String> = values.iter().take(6).map(|(n, v)| format!("{n} {v:.3}")).collect();
                let line = format!("{cell} {} {step}/{steps} {}", stage.name(), shown.join(", "));
                self.display.worker(slot, Some(line));
            }
            MessageKind::Event(Event::Waiting { by }) => {
                worker.settled = true;
                self.display.worker(slot, Some(format!("{cell} waiting for {by}")));
            }
            MessageKind::Event(Event::Note { text }) => self.display.note(&format!("{cell}: {text}")),
            MessageKind::Event(Event::Done) => {
                worker.settled = true;
                if let Some((row, _)) = worker.cell.take() {
                    self.done(row)?;
                }
                self.display.worker(slot, None);
            }
            MessageKind::Event(Event::Failed { error, retryable }) => {
                if retryable {
                    // It exits by itself; another process retries the cell.
                    worker.dismiss();
                }
                if let Some((row, attempt)) = worker.cell.take() {
                    let lines: Vec<String> = worker.lines.drain(..).collect();
                    self.failed(row, attempt, &error, retryable, &lines)?;
                }
                self.display.worker(slot, None);
            }
            MessageKind::Event(Event::Stopped) => {
                worker.dismiss();
                match (worker.cell.take(), &self.stopped) {
                    (Some((row, _)), Some(_)) => self.queue.ended(row),
                    // Somebody stopped only this worker.
                    (Some((row, _)), None) => self.queue.put_back(row),
                    (None, _) => {}
                }
                self.display.worker(slot, None);
            }
        }
        Ok(())
    }

    /// A worker has exited. If it was working on a cell, the cell has failed.
    fn gone(&mut self, at: usize) -> Result<()> {
        let mut worker = self.workers.remove(at);
        let exit = worker.wait();
        sweep(self.run.path());
        self.display.worker(worker.slot, None);
        let Some((row, attempt)) = worker.cell else {
            // Before its first cell. The next worker would exit the same way, and its cell says why.
            return Ok(());
        };
        if self.stopped.is_some() {
            self.queue.ended(row);
            return Ok(());
        }
        if worker.was_killed() && self.most_workers > 1 {
            self.most_workers -= 1;
            self.display.note(&format!("warning: at most {} workers at once from now on", self.most_workers));
        }
        let lines: Vec<String> = worker.lines.iter().cloned().collect();
        let advice = || out_of_memory::advice(&lines.join(" "), worker.stage, &self.planned.plan.spec);
        let error = match (worker.killed_for(), lines.last()) {
            // Its output is about something else, and memory is not the reason.
            (Some(_), _) => exit,
            (None, Some(line)) => advice()
                .unwrap_or_else(|| format!("{exit}: {}", line.strip_prefix("error: ").unwrap_or(line))),
            (None, None) => exit,
        };
        self.failed(row, attempt, &error, true, &lines)
    }

    fn done(&mut self, row: usize) -> Result<()> {
        self.queue.ended(row);
        let planned = &self.planned.cells[row];
        let record = CellRecord::load(&self.run.cell_file(&planned.cell, "outcome.toml"))?;
        self.ended(row, record);
        Ok(())
    }

    fn failed(
        &mut self,
        row: usize,
        attempt: usize,
        error: &str,
        retryable: bool,
        lines: &[String],
    ) -> Result<()> {
        let planned = &self.planned.cells[row];
        if retryable && attempt < MAX_ATTEMPTS && self.stopped.is_none() {
            self.display.note(&format!("{}: {error}; retrying once", planned.cell));
            self.queue.retry(row);
            return Ok(());
        }
        self.queue.ended(row);
        let record = failure::fail(self.run, planned, self.devices[0].class(), attempt, error, lines)?;
        self.ended(row, Some(record));
        self.failures += 1;
        if self.limits.max_failures.is_some_and(|most| self.failures >= most) {
            self.display.note(&format!("stopping: {} cells failed", self.failures));
            self.stop(Stopped::Failures);
        }
        Ok(())
    }

    fn ended(&mut self, row: usize, record: Option<CellRecord>) {
        let planned = &self.planned.cells[row];
        let warnings = record.iter().filter(|r| r.status == OutcomeStatus::Done).flat_map(|r| &r.warnings);
        warnings.for_each(|w| self.display.note(&format!("warning: {}: {w}", planned.cell)));
        self.display.cell_done(&line(planned, record.as_ref()));
        self.records[row] = record;
    }

    /// Kills workers that have reported nothing for too long; their cells are treated as those of workers that crashed.
    pub(super) fn kill_stalled(&mut self) {
        let stall = self.limits.stall;
        for worker in &mut self.workers {
            if worker.cell.is_some() && worker.last_message.elapsed() > stall {
                let seconds = stall.as_secs_f64();
                worker.last_message = Instant::now();
                worker.kill_for(format!(
                    "the worker was killed because of --stall-seconds: it reported nothing for {seconds} s"
                ));
            }
        }
    }
}
