//! The files of a cell that failed.

use seraug_core::device::DeviceClass;
use seraug_core::error::Result;
use seraug_core::files::write_atomic;
use seraug_core::owner::Owner;
use seraug_core::run_files::{CellRecord, OutcomeStatus, PlannedCell, RunDir};
use seraug_core::version;

/// Writes log.txt and outcome.toml of a cell that failed with `error`; `log` has the last lines of its output.
///
/// # Errors
/// A run directory that cannot be written.
pub fn fail(
    run: &RunDir,
    cell: &PlannedCell,
    device: DeviceClass,
    attempt: usize,
    error: &str,
    log: &[String],
) -> Result<CellRecord> {
    // Another process finished it meanwhile, or its worker was killed between its last file and its last message.
    let path = run.cell_file(&cell.cell, "outcome.toml");
    let done = |r: &CellRecord| r.status == OutcomeStatus::Done && r.is_of(&cell.key_classifier);
    if let Ok(Some(record)) = CellRecord::load(&path)
        && done(&record)
    {
        return Ok(record);
    }
    let lines =
        [cell.cell.to_string()].into_iter().chain(log.iter().cloned()).chain([format!("failed: {error}")]);
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    write_atomic(&run.cell_file(&cell.cell, "log.txt"), text.as_bytes())?;
    let record = CellRecord {
        status: OutcomeStatus::Failed,
        error: error.to_owned(),
        key_classifier: Some(cell.key_classifier.clone()),
        device,
        host: Owner::me().host.clone(),
        revision: version::revision().to_owned(),
        attempts: attempt,
        ..CellRecord::default()
    };
    record.save(&path)?;
    Ok(record)
}
