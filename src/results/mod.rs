//! What a run leaves on disk, and how it is read back. docs/format.md describes every file.

mod atomic;
mod cell;
mod checkpoints;
mod counts;
mod history;
mod key;
mod lease;
mod outcome;
mod owner;
mod planned;
mod predictions;
mod provenance;
mod record;
mod run_dir;
mod runs;
mod seal;
mod store;
mod tensorboard;

pub use atomic::{left_over, remove_aside, sweep, sweep_folder, write_atomic};
pub use cell::CellId;
pub use checkpoints::Checkpoints;
pub use counts::{CountRow, CountStatus, read_counts, write_counts};
pub use history::{HistoryRow, read_history, write_history};
pub use key::{Hasher, Key, digest_hex};
pub use lease::{Claim, Holder, Lease, Observer, Progress, Task};
pub use outcome::{Outcome, Status, read_outcomes, write_outcomes};
pub use owner::Owner;
pub use planned::{PlannedCell, read_plan, write_plan};
pub use predictions::{PredictionRow, read_predictions, write_predictions};
pub use provenance::{AuditCheck, CorpusInfo, DeviceInfo, FoldInfo, NetworkInfo, RunInfo, Session, Warning};
pub use record::{CellRecord, RunState};
pub use run_dir::{RunDir, point_latest};
pub use runs::runs_below;
pub use seal::{broken, write_sealed};
pub use store::{Stage, Store};
pub use tensorboard::EventFile;
