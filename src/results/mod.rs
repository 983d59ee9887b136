//! What a run leaves on disk, and how it is read back. docs/format.md describes every file.

mod atomic;
mod cell;
mod counts;
mod history;
mod key;
mod outcome;
mod predictions;
mod provenance;
mod run_dir;
mod store;

pub use atomic::write_atomic;
pub use cell::CellId;
pub use counts::{CountRow, CountStatus, read_counts, write_counts};
pub use history::{HistoryRow, read_history, write_history};
pub use key::{Hasher, Key, digest_hex};
pub use outcome::{Outcome, Status, read_outcomes, write_outcomes};
pub use predictions::{PredictionRow, read_predictions, write_predictions};
pub use provenance::{AuditCheck, CorpusInfo, DeviceInfo, FoldInfo, NetworkInfo, RunInfo, Warning};
pub use run_dir::{RunDir, point_latest};
pub use store::{Stage, Store};
