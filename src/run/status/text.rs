//! The state of a run as text.

use super::cells::{CellState, CellStatus, StageWork};
use super::{RunPhase, RunStatus};
use seraug_core::run_files::CellId;
use seraug_core::store::Stage;
use seraug_core::terminal::line;
use seraug_core::text::about;
use std::fmt::Write;
use std::time::Duration;

/// Most lines of each kind.
const SHOWN: usize = 20;
/// Most quantities that are shown of a running stage.
const VALUES: usize = 5;
/// Age of a heartbeat that is reported; a worker sends one every other second.
const STALE: Duration = Duration::from_secs(15);

pub(super) fn text(status: &RunStatus) -> String {
    let mut text = line(&format!("{}: {}", status.name, state(status))).into_owned() + "\n";
    if status.cells.is_empty() {
        return text;
    }
    let counts = status.counts();
    let _ = write!(text, "{} of {} cells done", counts.done, status.cells.len());
    let rest = [
        (counts.failed, "failed"),
        (counts.running, "running"),
        (counts.interrupted, "interrupted"),
        (counts.waiting, "waiting"),
    ];
    for (n, what) in rest.into_iter().filter(|(n, _)| *n > 0) {
        let _ = write!(text, ", {n} {what}");
    }
    if let Some(left) = status.eta {
        let _ = write!(text, "; {} left", about(left));
    }
    text.push('\n');
    let running: Vec<_> = status.cells.iter().filter_map(|c| Some((c, c.work()?))).collect();
    let failed: Vec<_> = status.cells.iter().filter(|c| matches!(c.state, CellState::Failed)).collect();
    let names = running.iter().take(SHOWN).map(|r| r.0).chain(failed.iter().take(SHOWN).copied());
    let width = names.map(|c| short(&c.planned.cell).len()).max().unwrap_or(0);
    for (cell, work) in running.iter().take(SHOWN) {
        let at = line(&progress(cell, work)).into_owned();
        let _ = writeln!(text, "  running  {:width$}  {at}", short(&cell.planned.cell));
    }
    more(&mut text, running.len(), "running");
    for cell in failed.iter().take(SHOWN) {
        let record = cell.record.as_ref();
        let tries = match record.map_or(0, |r| r.attempts) {
            0 | 1 => String::new(),
            n => format!("{n} attempts: "),
        };
        let error = line(record.map_or("", |r| r.error.as_str()));
        let _ = writeln!(text, "  failed   {:width$}  {tries}{error}", short(&cell.planned.cell));
    }
    more(&mut text, failed.len(), "failed");
    text
}

fn more(text: &mut String, n: usize, what: &str) {
    if n > SHOWN {
        let _ = writeln!(text, "  and {} more {what}; all with --json", n - SHOWN);
    }
}

/// The phase with its time and details, such as `running since 2026-01-02 03:04 UTC`.
fn state(status: &RunStatus) -> String {
    let since = status.since.map(|t| t.strftime(" %Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
    let who = status.supervisor.as_ref().map(|s| format!("{} pid {}", s.owner.host, s.owner.pid));
    match status.state {
        RunPhase::Running => match who.filter(|_| status.supervisor.as_ref().is_some_and(|s| s.is_there())) {
            Some(who) => format!("running since{since} ({who})"),
            None => format!("running since{since}"),
        },
        RunPhase::Submitted => {
            let jobs: Vec<String> = status.jobs.iter().map(ToString::to_string).collect();
            let jobs = jobs.join(", ");
            match &status.queue {
                Some(tasks) => format!("submitted{since}, jobs {jobs}: {} queued", tasks.len()),
                None => format!("submitted{since}, jobs {jobs}; squeue does not answer here"),
            }
        }
        RunPhase::Finished => format!("finished{since}"),
        RunPhase::Stopped if !status.jobs.is_empty() => {
            format!("stopped{since}, its jobs are gone; run it again to resume")
        }
        RunPhase::Stopped => format!("stopped{since}; run it again to resume"),
        RunPhase::Dead => {
            let who = who.unwrap_or_default();
            format!("dead: {who} was killed, last seen{since}; run it again to resume")
        }
    }
}

/// The cell without its experiment, which the header names.
fn short(cell: &CellId) -> String {
    format!("{}/fold-{}/seed-{}", cell.condition, cell.fold, cell.seed)
}

/// A value with three decimals, or with two digits where it is small, such as a learning rate.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 { format!("{value:.1e}") } else { format!("{value:.3}") }
}

/// `augmentor 1200/30000, rep 0.51, d_loss 0.62; host pid 1234`.
fn progress(cell: &CellStatus, work: &StageWork) -> String {
    let holder = &work.holder;
    let p = &holder.progress;
    let mut text = work.stage.name().to_owned();
    let awaits = work.stage == Stage::Classifier && cell.planned.key(Stage::Augmentor).is_some();
    match p.steps {
        0 if awaits && !cell.stored.contains(&Stage::Augmentor) => text += " waiting for its augmentor",
        0 => text += " starting",
        steps => {
            let _ = write!(text, " {}/{steps}", p.step);
        }
    }
    for (name, value) in p.values.iter().take(VALUES) {
        let _ = write!(text, ", {name} {}", number(*value));
    }
    let _ = write!(text, "; {} pid {}", holder.owner.host, holder.owner.pid);
    if !work.own {
        let _ = write!(text, " for {}", holder.task.run);
    }
    if holder.silent > STALE {
        let _ = write!(text, ", no heartbeat for {} s", holder.silent.as_secs());
    }
    text
}
