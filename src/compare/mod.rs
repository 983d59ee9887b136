//! Results against results: the conditions of one run, and runs against each other. Reads run directories alone.

mod align;
mod contrast;
mod deltas;
mod differs;
mod figure;
mod files;
mod json;
mod page;
mod pairs;
mod runs;
mod test_sets;
mod text;
mod votes;
mod words;

pub use align::{CellPair, State};
pub use contrast::{Contrast, within};
pub use differs::Difference;
pub use files::write;
pub use json::json;
pub use runs::{Against, Comparison, Side, compare, compare_public};
pub use text::terminal;
pub use words::{sentences, table};
