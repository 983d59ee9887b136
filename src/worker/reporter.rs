//! What a worker reports while it trains.

use crate::cell::training_session::{self, StageObserver};
use seraug_core::error::Result;
use seraug_core::owner::Owner;
use seraug_core::run_files::EventFile;
use seraug_core::store::{Holder, Stage};
use seraug_core::{interrupt, terminal};
use seraug_run::worker_client::protocol::Event;
use seraug_train::history::LoggedRow;
use std::io::Write;
use std::path::PathBuf;

/// Sends an event to the supervisor. If the supervisor is gone, that is a request to stop.
pub(crate) fn send(event: &Event) {
    let line = serde_json::to_string(event).expect("plain data") + "\n";
    let mut out = std::io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        interrupt::request_stop();
    }
}

/// Reports the progress of a cell: events to a supervisor, or lines in the log of a cluster's job.
#[derive(Default)]
pub(crate) struct Reporter {
    /// Whether lines are printed in place of events.
    prints: bool,
    /// The stage that is being trained.
    pub(crate) stage: Option<Stage>,
    values: Vec<(String, f64)>,
    /// Where rows go in addition to history.csv.
    pub(crate) tensorboard: Option<TensorBoard>,
}

/// A TensorBoard event file, which is created with the first row.
pub(crate) enum TensorBoard {
    /// The folder of a file that does not exist yet.
    At(PathBuf),
    /// The open file.
    Open(EventFile),
}

impl TensorBoard {
    fn row(&mut self, stage: Stage, row: &LoggedRow) -> Result<()> {
        if let TensorBoard::At(dir) = self {
            let me = Owner::me();
            *self = TensorBoard::Open(EventFile::create(dir, &format!("{}.{}", me.host, me.pid))?);
        }
        let TensorBoard::Open(file) = self else { unreachable!("just opened") };
        let tag = |name: &str| format!("{}/{name}", stage.name());
        file.scalars(row.step, &row.values.iter().map(|(n, v)| (tag(n), *v)).collect::<Vec<_>>())
    }
}

impl Reporter {
    /// A reporter that prints, for a worker without a supervisor.
    pub(crate) fn printing() -> Reporter {
        Reporter { prints: true, ..Reporter::default() }
    }

    fn report(&self, event: &Event) {
        if !self.prints {
            return send(event);
        }
        match event {
            Event::Step { stage, step, steps, .. } => {
                terminal::note(&format!("{} {step}/{steps}", stage.name()))
            }
            Event::Waiting { by } => terminal::note(&format!("waiting for {by}")),
            Event::Note { text } => terminal::note(text),
            _ => {}
        }
    }
}

impl StageObserver for Reporter {
    fn begins(&mut self, stage: Stage) {
        self.values.clear();
        self.stage = Some(stage);
    }

    fn row(&mut self, stage: Stage, row: &LoggedRow) {
        self.values = row.values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect();
        // A failure here is no reason to lose a training.
        if let Some(Err(e)) = self.tensorboard.as_mut().map(|file| file.row(stage, row)) {
            self.tensorboard = None;
            self.note(format!("no more rows for TensorBoard: {e}"));
        }
    }

    fn step(&mut self, stage: Stage, step: usize, steps: usize) {
        self.report(&Event::Step { stage, step, steps, values: self.values.clone() });
    }

    fn waiting(&mut self, _: Stage, holder: &Holder) {
        self.report(&Event::Waiting { by: training_session::describe(holder) });
    }

    fn note(&mut self, text: String) {
        self.report(&Event::Note { text });
    }
}
