//! What is heard of a worker.

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

/// A line to the supervisor. One that is gone shows at the standard input too, and asks for a stop.
pub(crate) fn say(event: &Event) {
    let line = serde_json::to_string(event).expect("plain data") + "\n";
    let mut out = std::io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        interrupt::request_stop();
    }
}

/// What a worker says of its cell: events for a supervisor, or lines for the log of a cluster's task.
#[derive(Default)]
pub(crate) struct Reporter {
    aloud: bool,
    /// The stage it is in.
    pub(crate) stage: Option<Stage>,
    values: Vec<(String, f64)>,
    /// Where rows go beside their file.
    pub(crate) board: Option<Board>,
}

/// Where scalars for TensorBoard go: a file that is made with the first of them.
pub(crate) enum Board {
    /// Its folder, nothing being there yet.
    At(PathBuf),
    /// The file.
    Open(EventFile),
}

impl Board {
    fn row(&mut self, stage: Stage, row: &LoggedRow) -> Result<()> {
        if let Board::At(dir) = self {
            let me = Owner::me();
            *self = Board::Open(EventFile::create(dir, &format!("{}.{}", me.host, me.pid))?);
        }
        let Board::Open(file) = self else { unreachable!("just opened") };
        let tag = |name: &str| format!("{}/{name}", stage.name());
        file.scalars(row.step, &row.values.iter().map(|(n, v)| (tag(n), *v)).collect::<Vec<_>>())
    }
}

impl Reporter {
    /// Into the log, with no supervisor.
    pub(crate) fn aloud() -> Reporter {
        Reporter { aloud: true, ..Reporter::default() }
    }

    fn tell(&self, event: &Event) {
        if !self.aloud {
            return say(event);
        }
        match event {
            Event::Step { stage, step, steps, .. } => terminal::note(&format!("{stage} {step}/{steps}")),
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
        // Pictures are no reason to lose a training.
        if let Some(Err(e)) = self.board.as_mut().map(|board| board.row(stage, row)) {
            self.board = None;
            self.note(format!("no more rows for TensorBoard: {e}"));
        }
    }

    fn step(&mut self, stage: Stage, step: usize, steps: usize) {
        self.tell(&Event::Step { stage: stage.name().to_owned(), step, steps, values: self.values.clone() });
    }

    fn waiting(&mut self, _: Stage, holder: &Holder) {
        self.tell(&Event::Waiting { by: training_session::by(holder) });
    }

    fn note(&mut self, text: String) {
        self.tell(&Event::Note { text });
    }
}
