//! What a person sees while a run goes on: bars on a terminal, plain lines elsewhere, nothing if asked.

use crate::results::{CellId, Stage};
use crate::train::history::Row;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// The display of a run, on standard error.
#[derive(Debug)]
pub struct Display {
    bars: MultiProgress,
    cells: ProgressBar,
    stage: ProgressBar,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bars,
    Lines,
    Quiet,
}

impl Display {
    /// For the terminal if there is one.
    pub fn new(quiet: bool) -> Display {
        let kind = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Kind::Quiet,
            (false, true) => Kind::Bars,
            (false, false) => Kind::Lines,
        };
        let target =
            if kind == Kind::Bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let (cells, stage) = (bars.add(ProgressBar::new(0)), bars.add(ProgressBar::new(0)));
        Display { bars, cells, stage, kind }
    }

    /// A bar of its own for `what`, such as the extraction of features.
    pub fn bar(&self, what: &str, len: u64) -> ProgressBar {
        let bar = self.bars.insert(0, ProgressBar::new(len));
        bar.set_style(style("{msg} [{bar:30}] {pos}/{len}"));
        bar.set_message(what.to_owned());
        bar
    }

    /// The grid begins.
    pub fn begin(&self, cells: usize) {
        self.cells.set_style(style("{msg} [{bar:30}] {pos}/{len}, {eta} left"));
        self.cells.set_length(cells as u64);
        self.cells.set_message("cells");
        self.stage.set_style(style("{wide_msg}"));
        if self.kind == Kind::Bars {
            self.cells.enable_steady_tick(Duration::from_millis(500));
        }
    }

    /// A log interval of a stage.
    pub fn step(&self, cell: &CellId, stage: Stage, row: &Row) {
        let shown: Vec<String> = row.values.iter().take(6).map(|(n, v)| format!("{n} {v:.3}")).collect();
        let message = format!("{cell} {} {}/{}: {}", stage.name(), row.step, row.steps, shown.join(", "));
        self.stage.set_message(message);
    }

    /// What the worker of a slot does; `None` for nothing.
    pub fn worker(&self, _slot: usize, line: Option<String>) {
        self.stage.set_message(line.unwrap_or_default());
    }

    /// A cell has ended; `line` says how.
    pub fn cell_done(&self, line: &str) {
        self.cells.inc(1);
        if self.kind == Kind::Lines {
            let (done, all) = (self.cells.position(), self.cells.length().unwrap_or(0));
            let left = self.cells.eta().as_secs();
            eprintln!("{done}/{all} {line}, about {left} s left");
        }
    }

    /// A line that stays.
    pub fn note(&self, line: &str) {
        match self.kind {
            Kind::Quiet => {}
            Kind::Lines => eprintln!("{line}"),
            // Drawn above the bars; a terminal that went away is no reason to stop.
            Kind::Bars => drop(self.bars.println(line)),
        }
    }

    /// Takes the bars away.
    pub fn end(&self) {
        self.stage.finish_and_clear();
        self.cells.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("templates are constants").progress_chars("=> ")
}
