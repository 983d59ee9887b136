//! What a run needs before its first cell: features, provenance, its directory and the lease on it.

use super::{Computer, PlannedRun, RunContext};
use crate::plan::{Plan, has_gallery};
use crate::progress::Display;
use crate::{inputs, warnings};
use seraug_core::error::{Error, Result, join_messages};
use seraug_core::files::write_atomic;
use seraug_core::run_files::{
    AttributeRow, AuditCheck, NetworkInfo, PlannedCell, RunDir, RunInfo, RunState, Warning, write_attributes,
    write_plan,
};
use seraug_core::store::{Claim, Lease, LeaseObserver, Stage, StageTask, Store};
use seraug_core::text::utc;
use seraug_core::version::{self, VERSION};
use seraug_data::corpora::Utterance;
use seraug_data::features;
use seraug_data::split::write_splits;
use std::path::Path;
use std::time::{Duration, Instant};

/// Writes the log-mels of all utterances into the cache, where a cell of the plan needs any.
pub(super) fn extract(planned: &PlannedRun, store: &Store, partial: bool, display: &Display) -> Result<()> {
    let PlannedRun { plan, cells, .. } = planned;
    let made = |cell: &PlannedCell| store.has(Stage::Classifier, &cell.key_classifier);
    if plan.spec.embedding.is_none()
        && cells.iter().all(|c| made(c) && c.key_judge.is_none() && !has_gallery(&plan.spec, c, cells))
    {
        return Ok(());
    }
    let bar = display.bar("features", plan.selection.utterances.len() as u64);
    let extracted = features::cache_all(&plan.selection.utterances, &plan.spec.features, store.root(), &bar);
    bar.finish_and_clear();
    extracted.map_err(|e| {
        // With --partial unusable recordings are not in the plan.
        let refused =
            || features::unusable(&plan.selection.utterances, &plan.spec.features, store.root(), &bar);
        if partial || refused().is_empty() { e } else { next(&e) }
    })
}

/// The error of a run whose audit found `leak`: unusable recordings where there are any, because silent recordings are
/// equal and "silent" says more than "leak", else the leak.
pub(super) fn leak(plan: &Plan, store: &Store, leak: Error, display: &Display) -> Error {
    let utterances = &plan.selection.utterances;
    let bar = display.bar("features", utterances.len() as u64);
    let refused = features::unusable(utterances, &plan.spec.features, store.root(), &bar);
    bar.finish_and_clear();
    let refused: Vec<String> = refused.into_iter().map(|(_, why)| why).collect();
    if refused.is_empty() { leak } else { next(&Error::failed(join_messages(&refused))) }
}

fn next(refused: &Error) -> Error {
    Error::failed(format!("{refused}; use --partial to leave them out"))
}

/// The run.toml of a run that is about to start.
pub(super) fn provenance(
    context: &RunContext,
    computer: &Computer,
    planned: &PlannedRun,
    audit: Vec<AuditCheck>,
    network: Vec<NetworkInfo>,
) -> RunInfo {
    let PlannedRun { plan, corpora, notes, .. } = planned;
    let notes = notes.iter().cloned().chain(inputs::overlaps(plan));
    let messages = warnings::of_spec(&plan.spec).into_iter().chain(notes);
    RunInfo {
        experiment: context.experiment.to_owned(),
        command: context.options.provenance.command.clone(),
        version: VERSION.to_owned(),
        revision: version::revision().to_owned(),
        libtorch: computer.libtorch.clone(),
        started: utc(context.started),
        precision: plan.spec.precision,
        device: computer.machine.clone(),
        set: context.options.provenance.set.clone(),
        corpus: inputs::used(corpora.clone(), &plan.selection),
        fold: inputs::folds(plan),
        audit,
        network,
        warning: messages.map(|message| Warning { cell: String::new(), message }).collect(),
        ..RunInfo::default()
    }
}

/// What the corpus says of an utterance.
fn attributes(u: &Utterance) -> AttributeRow {
    AttributeRow {
        corpus: u.corpus.to_string(),
        utterance: u.id.clone(),
        gender: u.gender.map_or(String::new(), |g| g.name().to_owned()),
        language: u.language.clone(),
        text: u.text.clone().unwrap_or_default(),
    }
}

/// Creates the run directory with everything that is known before the first cell; it appears complete or not at all.
pub(super) fn create(
    results: &Path,
    PlannedRun { plan, cells, spec, .. }: &PlannedRun,
    info: &RunInfo,
    started: jiff::Timestamp,
) -> Result<RunDir> {
    let stamp = started.strftime("%Y%m%dT%H%M%SZ").to_string();
    let classes = plan.spec.class_names();
    RunDir::create(results, &plan.experiment, &stamp, version::revision(), |run| {
        write_atomic(&run.spec(), spec.as_bytes())?;
        info.save(&run.info())?;
        let folds = plan.folds.iter().map(|(seed, fold)| (*seed, &**fold));
        write_splits(&run.splits(), &plan.selection, &classes, folds)?;
        write_attributes(&run.attributes(), plan.selection.utterances.iter().map(attributes))?;
        RunState { cells: Vec::new() }.write(run, &classes)?;
        write_plan(&run.plan(), cells)
    })
}

/// Makes this process the one supervisor of the run.
pub(super) fn lock(run: &RunDir, experiment: &str, display: &Display) -> Result<Lease> {
    let task = StageTask { run: run.name(experiment), cell: String::new() };
    let mut observer = LeaseObserver::default();
    let begun = Instant::now();
    let mut noted = false;
    loop {
        match run.claim(&task, &mut observer)? {
            Claim::Held(lease) => return Ok(lease),
            Claim::Taken(holder) => {
                let here = holder.owner.is_dead().is_some();
                let by = format!("process {} on {}", holder.owner.pid, holder.owner.host);
                // A supervisor that was just stopped may still be saving. Whether one on another machine, or from before a
                // reboot, is alive shows only in its heartbeat.
                let patience = if here { Duration::from_secs(2) } else { observer.patience() };
                if begun.elapsed() > patience {
                    return Err(Error::failed(format!(
                        "{}: is being run by {by}; see `seraug status {}`, or start a new run beside it with --new",
                        run.path().display(),
                        run.path().display()
                    )));
                }
                if !here && !noted {
                    noted = true;
                    let seconds = patience.as_secs();
                    display
                        .note(&format!("was run by {by}; waiting up to {seconds} s for a heartbeat of it"));
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    }
}
