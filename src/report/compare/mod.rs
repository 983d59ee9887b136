//! Results against results: the conditions of one run, and runs against each other. Reads run directories alone.

mod aligned_cells;
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
mod test_sets;
mod text;

pub use aligned_cells::{CellPair, CellPresence};
pub use contrast::{Contrast, within};
pub use files::write;
pub use json::json;
pub use metadata_diff::Difference;
pub use runs::{Against, Comparison, Side, compare, compare_public};
pub use sentences::{sentences, table};
pub use text::terminal;
