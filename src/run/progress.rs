//! The display of a running experiment: bars on a terminal, lines elsewhere, nothing with `--quiet`.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use seraug_core::terminal;
use seraug_core::text::about;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shortest time between two lines about the running cells where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);

/// The display of a run on standard error: a bar for all cells and a line for each worker.
#[derive(Debug)]
pub struct Display {
    bars: MultiProgress,
    cells: ProgressBar,
    kind: DisplayKind,
    state: Mutex<DisplayState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DisplayKind {
    Bars,
    Lines,
    Quiet,
}

/// What is shown now.
#[derive(Debug, Default)]
struct DisplayState {
    /// What the worker in each slot does, and its bar.
    workers: Vec<Option<(String, ProgressBar)>>,
    eta: Option<Duration>,
    /// When the running cells were last listed; at first, when the run started.
    listed: Option<Instant>,
}

impl Display {
    /// A display on the terminal if there is one; none if `quiet`.
    pub fn new(quiet: bool) -> Display {
        let kind = match (quiet, terminal::has_bars()) {
            (true, _) => DisplayKind::Quiet,
            (false, true) => DisplayKind::Bars,
            (false, false) => DisplayKind::Lines,
        };
        let target = if kind == DisplayKind::Bars {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Display::on(target, kind)
    }

    fn on(target: ProgressDrawTarget, kind: DisplayKind) -> Display {
        let bars = MultiProgress::with_draw_target(target);
        let cells = bars.add(ProgressBar::new(0));
        Display { bars, cells, kind, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, DisplayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An additional bar for `what`, such as the extraction of features.
    pub fn bar(&self, what: &str, len: u64) -> ProgressBar {
        let bar = self.bars.insert(0, bar(what));
        bar.set_length(len);
        bar
    }

    /// Starts the bar of all cells, of which `done` had ended before.
    pub fn begin(&self, cells: usize, done: usize) {
        self.cells.set_style(style("{prefix} [{bar:30}] {pos}/{len}{msg}"));
        self.cells.set_prefix("cells");
        self.cells.set_length(cells as u64);
        self.cells.set_position(done as u64);
        self.state().listed = Some(Instant::now());
        if self.kind == DisplayKind::Bars {
            self.cells.enable_steady_tick(Duration::from_millis(500));
        }
    }

    /// Shows what the worker in `slot` (from 0) does: cell, stage, steps, a few losses; none while it is idle.
    pub fn worker(&self, slot: usize, line: Option<String>) {
        let line = line.map(|l| terminal::line(&l).into_owned());
        let mut state = self.state();
        if state.workers.len() <= slot {
            state.workers.resize_with(slot + 1, || None);
        }
        match (line, state.workers[slot].take()) {
            (None, None) => {}
            (None, Some((_, bar))) => {
                bar.finish_and_clear();
                self.bars.remove(&bar);
            }
            (Some(line), Some((_, bar))) => {
                bar.set_message(line.clone());
                state.workers[slot] = Some((line, bar));
            }
            (Some(line), None) => {
                // Below the lines of the slots before it, so that every worker keeps its place.
                let above = state.workers[..slot].iter().rev().flatten().next().map_or(&self.cells, |w| &w.1);
                let bar = self.bars.insert_after(above, ProgressBar::new(0));
                bar.set_style(style("  {wide_msg}"));
                bar.set_message(line.clone());
                state.workers[slot] = Some((line, bar));
            }
        }
        if self.kind == DisplayKind::Lines
            && let Some(line) = state.periodic(Instant::now())
        {
            terminal::note(&line);
        }
    }

    /// Shows the remaining time of the run, where it is known.
    pub fn eta(&self, eta: Option<Duration>) {
        self.cells.set_message(eta.map(|l| format!(", {} left", about(l))).unwrap_or_default());
        self.state().eta = eta;
    }

    /// Counts a cell that has ended; `line` says how.
    pub fn cell_done(&self, line: &str) {
        self.cells.inc(1);
        if self.kind == DisplayKind::Lines {
            let (done, all) = (self.cells.position(), self.cells.length().unwrap_or(0));
            terminal::note(&format!("{done}/{all} {line}"));
        }
    }

    /// Prints a line that stays.
    pub fn note(&self, line: &str) {
        match self.kind {
            DisplayKind::Quiet => {}
            DisplayKind::Lines => terminal::note(line),
            // It is drawn above the bars. That the terminal has gone away is no reason to stop.
            DisplayKind::Bars => drop(self.bars.println(terminal::line(line))),
        }
    }

    /// Removes the bars.
    pub fn end(&self) {
        for (_, bar) in std::mem::take(&mut self.state().workers).into_iter().flatten() {
            bar.finish_and_clear();
        }
        self.cells.finish_and_clear();
    }
}

impl DisplayState {
    /// The line about the running cells, if the last one is long enough ago.
    fn periodic(&mut self, now: Instant) -> Option<String> {
        let since = *self.listed.get_or_insert(now);
        let working: Vec<&str> = self.workers.iter().flatten().map(|w| w.0.as_str()).collect();
        if working.is_empty() || now.duration_since(since) < EVERY {
            return None;
        }
        let left = self.eta.map(|l| format!("; {} left", about(l))).unwrap_or_default();
        let line = format!("running: {}{left}", working.join(" | "));
        self.listed = Some(now);
        Some(line)
    }
}

/// A progress bar on standard error, hidden where that is no terminal.
pub fn bar(what: &str) -> ProgressBar {
    ProgressBar::new(0)
        .with_style(style("{msg} [{bar:30}] {pos}/{len} {eta}"))
        .with_message(terminal::line(what).into_owned())
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("templates are constants").progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::sync::Arc;

    #[test]
    fn without_a_terminal_the_running_cells_are_listed_every_half_minute() {
        let display = Display::on(ProgressDrawTarget::hidden(), DisplayKind::Quiet);
        display.begin(9, 2);
        let begun = display.state().listed.unwrap();
        let said = |seconds| display.state().periodic(begun + Duration::from_secs(seconds));
        assert_eq!(said(31), None, "nothing runs");
        display.worker(1, Some("b classifier 5/10".into()));
        display.worker(0, Some("a augmentor 1/9".into()));
        assert_eq!(said(29), None);
        assert_eq!(said(31).unwrap(), "running: a augmentor 1/9 | b classifier 5/10");
        assert_eq!(said(60), None);
        display.worker(1, None);
        display.eta(Some(Duration::from_secs(720)));
        assert_eq!(said(62).unwrap(), "running: a augmentor 1/9; about 12 min left");
    }

    /// A terminal of 60 columns that keeps what was written to it.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> std::io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn on_a_terminal_there_is_a_bar_for_the_grid_and_a_line_for_each_worker() {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        let display = Display::on(target, DisplayKind::Bars);
        display.begin(4, 1);
        display.eta(Some(Duration::from_secs(720)));
        display.worker(1, Some("second".into()));
        display.worker(0, Some(format!("first {}", "x".repeat(100))));
        display.cell_done("a: UAR 50.0 %");
        // The bars are drawn twice a second.
        let frame = || {
            let drawn = screen.0.lock().unwrap().clone();
            drawn.rfind("cells [").map(|at| drawn[at..].to_owned()).filter(|f| f.contains("2/4"))
        };
        let begun = Instant::now();
        while frame().is_none() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Each line is padded to the width.
        let frame = frame().expect("drawn");
        let parts: Vec<&str> = frame.split("  ").map(str::trim).filter(|l| !l.is_empty()).collect();
        let [_, grid, first, second] = parts[..] else { panic!("{frame:?}") };
        assert_eq!(grid, "] 2/4, about 12 min left");
        assert!(first.starts_with("first xxx") && first.len() < 60, "{frame:?}");
        assert_eq!(second, "second");
        display.end();
    }
}
