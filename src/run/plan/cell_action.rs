//! What is to be done for a cell and why, in words.

use seraug_core::store::Stage;

/// What `run` does about a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionKind {
    /// Nothing: it is done in the run that would be resumed.
    Done,
    /// Nothing is trained: its result is in the store.
    Cached,
    /// Nothing is trained: an earlier cell of the same plan has the same result.
    Shared,
    /// Stages of it are trained.
    ToRun,
}

/// What is to be done for a cell, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellAction {
    /// What is done.
    pub state: ActionKind,
    /// Why, on one line: the cell that made the result, or the stages to train, each with its reason.
    pub reason: String,
    /// The reason without what differs between the cells of a condition.
    pub alike: String,
    /// The stages that are trained, in order.
    pub to_run: Vec<Stage>,
}

/// A reason, and what it has in common with those of the condition's other cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// The whole reason.
    pub(super) text: String,
    /// The reason without what differs between the cells of a condition.
    pub(super) alike: String,
}

impl ActionKind {
    /// The word of the listing and of `--json`.
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

    /// The line without what differs between the cells of a condition; see [`CellAction::line`].
    pub fn line_alike(&self) -> String {
        self.state.with(&self.alike)
    }
}

impl Reason {
    /// A reason that is the same for every cell.
    pub(super) fn of_all(text: impl Into<String>) -> Reason {
        let text = text.into();
        Reason { alike: text.clone(), text }
    }

    /// A reason that mentions the cell `name`; `about` makes its text.
    pub(super) fn of_cell(about: impl Fn(&str) -> String, name: &str) -> Reason {
        let condition = name.rfind("/fold-").map_or(name, |at| &name[..at]);
        Reason { text: about(name), alike: about(condition) }
    }

    /// `before (a; b)`; `before` alone where there are no reasons.
    pub(super) fn after(before: &str, reasons: &[Reason]) -> Reason {
        let join = |of: fn(&Reason) -> &str| match reasons {
            [] => before.to_owned(),
            _ => format!("{before} ({})", reasons.iter().map(of).collect::<Vec<_>>().join("; ")),
        };
        Reason { text: join(|r| &r.text), alike: join(|r| &r.alike) }
    }
}
