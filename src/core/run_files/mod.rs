//! The files of a run: one module a file, which writes and reads it. docs/results.md describes every file.

mod attributes_csv;
mod augmentor_toml;
mod cell_id;
mod counts_csv;
mod csv_rows;
mod diagnostics_csv;
mod estimate_toml;
mod gallery;
mod history_csv;
mod latest;
mod model_toml;
mod outcome_toml;
mod outcomes_csv;
mod plan_csv;
mod predictions_csv;
mod run_dir;
mod run_toml;
mod runs;
mod tensorboard;

pub use attributes_csv::{AttributeRow, read_attributes, write_attributes};
pub use augmentor_toml::AugmentorInfo;
pub use cell_id::CellId;
pub use counts_csv::{CountRow, CountStatus, read_counts, write_counts};
pub use diagnostics_csv::{
    ALL_CLASSES, Diagnostic, DiagnosticRow, PointSpace, SampleKind, read_diagnostics, write_diagnostics,
};
pub use estimate_toml::EstimateSource;
pub use gallery::{About, Shown, read_gallery, write_gallery};
pub use history_csv::{HistoryRow, read_history, write_history};
pub use latest::{LATEST, latest_run, point_latest};
pub use model_toml::ModelInfo;
pub use outcome_toml::{CellRecord, RunState, TrainingSetSize};
pub use outcomes_csv::{Outcome, OutcomeStatus, read_outcomes, write_outcomes};
pub use plan_csv::{PlannedCell, read_plan, write_plan};
pub use predictions_csv::{PredictionRow, read_predictions, write_predictions};
pub use run_dir::RunDir;
pub use run_toml::{
    AuditCheck, CorpusInfo, FoldInfo, FoldSpeakers, NetworkInfo, RunInfo, ScoredFile, Session, Warning,
};
pub use runs::runs_below;
pub use tensorboard::EventFile;
