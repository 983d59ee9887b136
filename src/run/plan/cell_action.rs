//! What is to be done for a cell, in words.

use seraug_core::store::Stage;

/// What `run` does about a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionKind {
    /// Nothing: it is done in the run that would be gone on with.
    Done,
    /// Its result is in the store.
    Cached,
    /// An earlier cell of the same plan makes its result.
    Shared,
    /// It is trained.
    ToRun,
}

/// What is to be done for a cell, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellAction {
    /// What.
    pub state: ActionKind,
    /// Why, on one line: who made it, or the stages to train, each with its reason.
    pub reason: String,
    /// The reason without what differs from cell to cell of a condition.
    pub alike: String,
    /// Stages that are trained, in order.
    pub to_run: Vec<Stage>,
}

/// A reason, and what it has in common with those of the condition's other cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// All of it.
    pub(super) text: String,
    /// Without what differs from cell to cell of a condition.
    pub(super) alike: String,
}

impl ActionKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            ActionKind::Done => "done",
            ActionKind::Cached => "cached",
            ActionKind::Shared => "shared",
            ActionKind::ToRun => "to run",
        }
    }

    /// The state with its reason.
    fn with(self, reason: &str) -> String {
        match (self, reason) {
            (_, "") => self.name().to_owned(),
            (ActionKind::ToRun | ActionKind::Shared, _) => format!("{}: {reason}", self.name()),
            (ActionKind::Done | ActionKind::Cached, _) => format!("{} ({reason})", self.name()),
        }
    }
}

impl CellAction {
    pub(super) fn new(state: ActionKind, reason: Reason, to_run: Vec<Stage>) -> CellAction {
        CellAction { state, reason: reason.text, alike: reason.alike, to_run }
    }

    /// `to run: augmentor (augmentor.iterations 30000 → 40000), classifier`.
    pub fn line(&self) -> String {
        self.state.with(&self.reason)
    }

    /// As [`CellAction::line`], without what differs from cell to cell.
    pub fn line_alike(&self) -> String {
        self.state.with(&self.alike)
    }
}

impl Reason {
    /// One that says the same of every cell.
    pub(super) fn of_all(text: impl Into<String>) -> Reason {
        let text = text.into();
        Reason { alike: text.clone(), text }
    }

    /// `about` and the cell that `name` names.
    pub(super) fn of_cell(about: impl Fn(&str) -> String, name: &str) -> Reason {
        let condition = name.rfind("/fold-").map_or(name, |at| &name[..at]);
        Reason { text: about(name), alike: about(condition) }
    }

    /// `before (a; b)`; `before` alone where nothing is to be said.
    pub(super) fn after(before: &str, reasons: &[Reason]) -> Reason {
        let join = |of: fn(&Reason) -> &str| match reasons {
            [] => before.to_owned(),
            _ => format!("{before} ({})", reasons.iter().map(of).collect::<Vec<_>>().join("; ")),
        };
        Reason { text: join(|r| &r.text), alike: join(|r| &r.alike) }
    }
}
