//! Trials of the tests: corpora to train on, the results of trained cells, and how often each test is wrong or blind.

mod arguments;
mod candidate;
mod collect;
mod design;
mod experiment;
mod fresh_corpora;
mod paired_result;
mod panel;
mod rate;
mod table;
mod tested_cell;

pub(crate) use arguments::{Arguments, Task};

use design::Design;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_report::figure::png;
use std::path::{Path, PathBuf};

/// Does what the command line asks for.
///
/// # Errors
/// As the tasks.
pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Render { corpora, out } => fresh_corpora::render_corpora(*corpora, out),
        Task::Collect { runs, out } => collect::collect(runs, out),
        Task::Rates { cells, trials } => rates(cells, *trials),
    }
}

/// Tries every test on the cells of a folder and writes the rates beside them.
fn rates(folder: &Path, trials: usize) -> Result<()> {
    let cells = folder.join("cells");
    let entries = std::fs::read_dir(&cells).map_err(|e| Error::at(&cells, e))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.sort();
    let designs = files.iter().map(|f| Design::load(f)).collect::<Result<Vec<Design>>>()?;
    let rates = experiment::rates(&designs, trials);
    write_atomic(&folder.join("rates.csv"), &rate::csv(&rates)?)?;
    write_atomic(&folder.join("rates.md"), table::markdown(&rates).as_bytes())?;
    let figure = [panel::figure(&rates)?];
    write_atomic(&folder.join("power.svg"), figure[0].svg.as_bytes())?;
    png::of_all(&figure)?.iter().try_for_each(|png| write_atomic(&folder.join("power.png"), png))
}
