//! Trials of the tests: corpora to train on, the results of trained cells, and how often each test is wrong or blind.

mod arguments;
mod fresh_corpora;

pub(crate) use arguments::{Arguments, Task};

use seraug_core::error::Result;

/// Does what the command line asks for.
///
/// # Errors
/// As the tasks.
pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Render { corpora, out } => fresh_corpora::render_corpora(*corpora, out),
    }
}
