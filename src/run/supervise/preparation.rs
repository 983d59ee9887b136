//! What a run needs before its first cell: features, its directory, the claim to it.

use super::Options;
use crate::plan::{Plan, has_gallery};
use crate::progress::Display;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::run_files::{PlannedCell, RunDir, RunInfo, RunState, write_plan};
use seraug_core::store::{Claim, Lease, LeaseObserver, Stage, StageTask, Store};
use seraug_core::version;
use seraug_data::features;
use seraug_data::split::write_splits;
use std::time::{Duration, Instant};

/// Log-mels of all utterances into the cache, where a stage of the plan needs any.
pub(super) fn extract(plan: &Plan, store: &Store, partial: bool, display: &Display) -> Result<()> {
    let made = |c: &crate::plan::Cell| store.has(Stage::Classifier, &c.classifier);
    let shown = |c: &crate::plan::Cell| has_gallery(c, &plan.cells, &plan.spec);
    if plan.spec.embedding.is_none() && plan.cells.iter().all(|c| made(c) && !shown(c)) {
        return Ok(());
    }
    let bar = display.bar("features", plan.selection.utterances.len() as u64);
    let extracted = features::cache_all(&plan.selection.utterances, &plan.spec.features, store.root(), &bar);
    bar.finish_and_clear();
    extracted.map_err(|e| {
        // With --partial what cannot be used is no part of the plan.
        let refused =
            || features::unusable(&plan.selection.utterances, &plan.spec.features, store.root(), &bar);
        if partial || refused().is_empty() { e } else { next(&e) }
    })
}

/// What ends a run that leaks: recordings that cannot be used, where there are any (silent copies are alike, and that they
/// are silent says more), else the `leak`.
pub(super) fn leak(plan: &Plan, store: &Store, leak: Error, display: &Display) -> Error {
    let utterances = &plan.selection.utterances;
    let bar = display.bar("features", utterances.len() as u64);
    let refused = features::unusable(utterances, &plan.spec.features, store.root(), &bar);
    bar.finish_and_clear();
    let refused: Vec<String> = refused.into_iter().map(|(_, why)| why).collect();
    if refused.is_empty() { leak } else { next(&Error::failed(features::all_of(&refused))) }
}

fn next(refused: &Error) -> Error {
    Error::failed(format!("{refused}; go on without what cannot be used with --partial"))
}

/// The run directory with everything that is known before the first cell; it appears whole.
pub(super) fn create(
    options: &Options,
    plan: &Plan,
    info: &RunInfo,
    spec: &str,
    cells: &[PlannedCell],
    now: jiff::Timestamp,
) -> Result<RunDir> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let classes = plan.spec.class_names();
    RunDir::create(&options.results, &plan.experiment, &stamp, version::revision(), |run| {
        write_atomic(&run.spec(), spec.as_bytes())?;
        info.save(&run.info())?;
        let folds = plan.folds.iter().map(|(seed, fold)| (*seed, &**fold));
        write_splits(&run.splits(), &plan.selection, &classes, folds)?;
        RunState { cells: Vec::new() }.write(run, &classes)?;
        write_plan(&run.plan(), cells)
    })
}

/// Makes this process the run's one supervisor.
pub(super) fn supervise(run: &RunDir, experiment: &str, display: &Display) -> Result<Lease> {
    let task = StageTask { run: run.name(experiment), cell: String::new() };
    let mut observer = LeaseObserver::default();
    let begun = Instant::now();
    let mut said = false;
    loop {
        match run.claim(&task, &mut observer)? {
            Claim::Held(lease) => return Ok(lease),
            Claim::Taken(holder) => {
                let here = holder.owner.is_dead().is_some();
                let by = format!("process {} on {}", holder.owner.pid, holder.owner.host);
                // A supervisor that was just stopped is still saving. Of one on another machine, or before a reboot, it
                // shows only after a while whether it is alive.
                let patience = if here { Duration::from_secs(2) } else { observer.patience() };
                if begun.elapsed() > patience {
                    return Err(Error::failed(format!(
                        "{}: is being run by {by}; see `seraug status {}`, or start another beside it with --new",
                        run.path().display(),
                        run.path().display()
                    )));
                }
                if !here && !said {
                    said = true;
                    let seconds = patience.as_secs();
                    display.note(&format!("was run by {by}; whether that is alive shows within {seconds} s"));
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    }
}
