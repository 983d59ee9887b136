//! What the supervisor does about what its workers say and do.

use super::failure;
use super::supervisor::{Stopped, Supervisor, line};
use super::worker_process::{MessageKind, WorkerMessage};
use crate::out_of_memory;
use crate::worker_client::protocol::Event;
use seraug_core::error::Result;
use seraug_core::files::sweep;
use seraug_core::run_files::{CellRecord, OutcomeStatus};
use seraug_core::store::Stage;
use std::time::Instant;

/// How often a cell is tried when the cause may pass.
const ATTEMPTS: usize = 2;

impl Supervisor<'_> {
    /// A worker has said or done something.
    pub(super) fn hear(&mut self, word: WorkerMessage) -> Result<()> {
        let Some(at) = self.hands.iter().position(|h| h.number == word.worker) else { return Ok(()) };
        let hand = &mut self.hands[at];
        hand.heard = Instant::now();
        let name = |row: usize| self.cells[row].cell.to_string();
        let cell = hand.cell.map(|(row, _)| name(row)).unwrap_or_default();
        let slot = hand.slot;
        match word.what {
            MessageKind::Line(line) => hand.remember(line),
            MessageKind::Gone => return self.gone(at),
            MessageKind::Event(Event::Ready) => {}
            MessageKind::Event(Event::Step { stage, step, steps, values }) => {
                hand.settled = true;
                hand.stage =
                    if stage == Stage::Augmentor.name() { Stage::Augmentor } else { Stage::Classifier };
                let shown: Vec<String> = values.iter().take(6).map(|(n, v)| format!("{n} {v:.3}")).collect();
                let line = format!("{cell} {stage} {step}/{steps} {}", shown.join(", "));
                self.display.worker(slot, Some(line));
            }
            MessageKind::Event(Event::Waiting { by }) => {
                hand.settled = true;
                self.display.worker(slot, Some(format!("{cell} waits for {by}")));
            }
            MessageKind::Event(Event::Note { text }) => self.display.note(&format!("{cell}: {text}")),
            MessageKind::Event(Event::Done) => {
                hand.settled = true;
                if let Some((row, _)) = hand.cell.take() {
                    self.done(row)?;
                }
                self.display.worker(slot, None);
            }
            MessageKind::Event(Event::Failed { error, may_pass }) => {
                if may_pass {
                    // It ends by itself; another process tries again.
                    hand.dismiss();
                }
                if let Some((row, attempt)) = hand.cell.take() {
                    let lines: Vec<String> = hand.lines.drain(..).collect();
                    self.failed(row, attempt, &error, may_pass, &lines)?;
                }
                self.display.worker(slot, None);
            }
            MessageKind::Event(Event::Stopped) => {
                hand.dismiss();
                match (hand.cell.take(), &self.stopped) {
                    (Some((row, _)), Some(_)) => self.queue.ended(row),
                    // Somebody stopped this one worker.
                    (Some((row, _)), None) => self.queue.left(row),
                    (None, _) => {}
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
        sweep(self.run.path());
        self.display.worker(hand.slot, None);
        let Some((row, attempt)) = hand.cell else {
            // Before its first cell: the reason is what it printed, and the next would end the same way.
            return Ok(());
        };
        if self.stopped.is_some() {
            self.queue.ended(row);
            return Ok(());
        }
        if hand.was_killed() && self.limit > 1 {
            self.limit -= 1;
            self.display.note(&format!("warning: {} at once from now on", self.limit));
        }
        let lines: Vec<String> = hand.lines.iter().cloned().collect();
        let advice = || out_of_memory::advice(&lines.join(" "), hand.stage, self.spec);
        let error = match (hand.ended_for(), lines.last()) {
            // Its lines are of what it did before, and memory had no part in it.
            (Some(_), _) => how,
            (None, Some(line)) => {
                advice().unwrap_or_else(|| format!("{how}: {}", line.strip_prefix("error: ").unwrap_or(line)))
            }
            (None, None) => how,
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
        let record = failure::fail(self.run, planned, class, attempt, error, lines)?;
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
        let warnings = record.iter().filter(|r| r.status == OutcomeStatus::Done).flat_map(|r| &r.warnings);
        warnings.for_each(|w| self.display.note(&format!("warning: {}: {w}", planned.cell)));
        self.display.cell_done(&line(planned, record.as_ref()));
        self.records[row] = record;
    }

    /// Kills a worker that has said nothing for too long; its cell is treated as that of one that died.
    pub(super) fn end_the_silent(&mut self) {
        for hand in &mut self.hands {
            if hand.cell.is_some() && hand.heard.elapsed() > self.options.stall {
                let seconds = self.options.stall.as_secs_f64();
                hand.heard = Instant::now();
                hand.kill_for(format!(
                    "the worker was ended, as --stall-seconds says: no sign of life for {seconds} s"
                ));
            }
        }
    }
}
