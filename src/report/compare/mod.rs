//! Comparisons: of the conditions of a run, and of runs with each other. Everything is read from run directories.

mod aligned_cells;
mod conditions;
mod contrast;
mod deltas;
mod figure;
mod files;
mod json;
mod metadata_diff;
mod page;
mod paired_predictions;
mod paired_samples;
mod runs;
mod sentences;
mod side;
mod split_digest;
mod test_sets;
mod text;

pub use aligned_cells::{CellPair, CellPresence};
pub use conditions::within;
pub use contrast::Contrast;
pub(crate) use contrast::{p_value, range};
pub use files::write;
pub use json::json;
pub(crate) use json::pair_as_json;
pub use metadata_diff::Difference;
pub use runs::{Against, Comparison, compare, compare_public};
pub use sentences::{sentences, table};
pub use side::Side;
pub use text::terminal;
