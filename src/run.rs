//! From a checked spec to a run directory: every cell, whatever becomes of the others.

use crate::cell::{self, CellResult, Context, FoldData};
use crate::embedding;
use crate::error::Result;
use crate::features;
use crate::inputs::{self, Inputs};
use crate::panic::caught;
use crate::plan::{Cell, Plan};
use crate::progress::Display;
use crate::results::{
    Outcome, RunDir, RunInfo, Status, Store, Warning, write_atomic, write_history, write_outcomes,
    write_predictions,
};
use crate::spec::Spec;
use crate::split::write_splits;
use crate::train::device::{self, DeviceChoice};
use crate::train::libtorch;
use crate::{sizes, warnings};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// Version, and the revision that was compiled.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Short git revision, `+dirty` when the tree had changes, `unknown` without git.
pub const REVISION: &str = env!("SERAUG_REVISION");

/// What the command line says beside the spec.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the corpora.
    pub corpora: PathBuf,
    /// Folder of the results.
    pub results: PathBuf,
    /// Where to train.
    pub device: DeviceChoice,
    /// Go on with an incomplete corpus.
    pub partial: bool,
    /// The command line, for provenance.
    pub command: Vec<String>,
    /// The fields of the spec that it sets, for provenance.
    pub set: Vec<String>,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Where it is.
    pub run: RunDir,
    /// Cells in all.
    pub cells: usize,
    /// Cells that failed.
    pub failed: usize,
}

/// Runs every cell of `spec` and writes the run directory as it goes.
///
/// # Errors
/// What stops a run before its first cell: corpus, device, audit, audio, an unwritable folder. A cell
/// that fails is a row, not an error.
pub fn run(spec: Spec, experiment: &str, options: &Options, display: &Display) -> Result<Finished> {
    let started = Instant::now();
    let store = Store::of(&options.results);
    let device = device::open(options.device)?;
    let machine = device::describe(device);
    let Inputs { corpora, infos, notes } = inputs::read(&spec, options, &store, display)?;
    let plan = Plan::new(spec, experiment.to_owned(), corpora, &machine.class)?;
    let (spec, selection) = (&plan.spec, &plan.selection);
    let checks = plan.audit()?;
    let bar = display.bar("features", selection.utterances.len() as u64);
    let mels = features::extract_all(&selection.utterances, &spec.features, store.root(), &bar)?;
    bar.finish_and_clear();

    let now = jiff::Timestamp::now();
    let run =
        RunDir::create(&options.results, experiment, &now.strftime("%Y%m%dT%H%M%SZ").to_string(), REVISION)?;
    write_atomic(&run.spec(), spec.to_toml().as_bytes())?;
    let mut info = RunInfo {
        experiment: experiment.to_owned(),
        command: options.command.clone(),
        version: VERSION.to_owned(),
        revision: REVISION.to_owned(),
        libtorch: libtorch::version(),
        started: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        device: machine,
        set: options.set.clone(),
        corpus: inputs::used(infos, &plan.selection),
        fold: inputs::folds(&plan),
        audit: checks,
        network: sizes::of(spec),
        ..RunInfo::default()
    };
    let notes = notes.into_iter().chain(inputs::overlaps(&plan));
    for message in warnings::of_spec(spec).into_iter().chain(notes) {
        warn(&mut info, display, "", message);
    }
    info.save(&run.info())?;
    let folds = plan.folds.iter().map(|(seed, fold)| (*seed, &**fold));
    write_splits(&run.splits(), selection, &spec.class_names(), folds)?;
    write_outcomes(&run.outcomes(), &spec.class_names(), &[])?;

    let context = Context { spec, selection, mels: &mels, store: &store, device };
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut data: Option<(Rc<_>, FoldData)> = None;
    display.begin(plan.cells.len());
    for cell in &plan.cells {
        // Conditions of a fold follow each other, and share its data.
        if data.as_ref().is_none_or(|(fold, _)| !Rc::ptr_eq(fold, &cell.fold)) {
            data = Some((Rc::clone(&cell.fold), FoldData::new(&context, &cell.fold)));
        }
        let (_, fold_data) = data.as_ref().expect("just made");
        let result = caught(|| {
            let result =
                cell::run(&context, cell, fold_data, &mut |stage, row| display.step(&cell.id, stage, row))?;
            let guided = spec.condition[cell.condition].augment.guided();
            if let (Some(key), Some(e), true) = (&cell.augmentor, &spec.embedding, guided) {
                let path = run.cell_file(&cell.id, "embedding.csv");
                embedding::write(&context, cell, key, fold_data, e, &path)?;
            }
            Ok(result)
        });
        match &result {
            Ok(r) if r.trained => info.cells_trained += 1,
            Ok(_) => info.cells_cached += 1,
            Err(_) => {}
        }
        let outcome = record(&run, &plan, cell, &result, &mut info, display)?;
        display.cell_done(&outcome_line(&outcome, result.as_ref().is_ok_and(|r| !r.trained)));
        outcomes.push(outcome);
        write_outcomes(&run.outcomes(), &spec.class_names(), &outcomes)?;
    }
    display.end();
    info.finished = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    info.seconds = started.elapsed().as_secs_f64();
    info.save(&run.info())?;
    let failed = outcomes.iter().filter(|o| o.status == Status::Failed).count();
    Ok(Finished { run, cells: outcomes.len(), failed })
}

/// Writes the files of a cell and makes its row.
fn record(
    run: &RunDir,
    plan: &Plan,
    cell: &Cell,
    result: &Result<CellResult>,
    info: &mut RunInfo,
    display: &Display,
) -> Result<Outcome> {
    let classes = plan.spec.class_names();
    let mut outcome = Outcome {
        cell: cell.id.clone(),
        corpus: cell.fold.corpus.clone(),
        status: Status::Failed,
        error: String::new(),
        n_train: cell.fold.train.len(),
        n_augmented: cell.added,
        n_test: cell.fold.test.len(),
        reduced: cell.fold.reduced.iter().map(|&c| classes[c].to_owned()).collect(),
        confusion: None,
        seconds_augmentor: 0.0,
        seconds_classifier: 0.0,
        device: info.device.class.clone(),
        key_augmentor: cell.augmentor.as_ref().map(ToString::to_string).unwrap_or_default(),
        key_classifier: cell.classifier.to_string(),
    };
    let mut log: Vec<String> = vec![cell.id.to_string()];
    match result {
        Err(e) => {
            outcome.error = e.to_string();
            log.push(format!("failed: {e}"));
            warn(info, display, &cell.id.to_string(), format!("failed: {e}"));
        }
        Ok(r) => {
            write_predictions(&run.cell_file(&cell.id, "predictions.csv"), &classes, &r.predictions)?;
            write_history(&run.cell_file(&cell.id, "history.csv"), &r.history)?;
            log.extend(r.log.iter().cloned());
            let truths: Vec<f64> = (0..classes.len())
                .map(|t| (0..classes.len()).map(|p| r.confusion.count(t, p)).sum::<u64>() as f64)
                .map(|n| n / r.confusion.total().max(1) as f64)
                .collect();
            for message in warnings::of_cell(&r.history, &classes, &r.confusion.predicted_shares(), &truths) {
                log.push(format!("warning: {message}"));
                warn(info, display, &cell.id.to_string(), message);
            }
            outcome.status = Status::Done;
            outcome.confusion = Some(r.confusion.clone());
            outcome.seconds_augmentor = r.seconds_augmentor;
            outcome.seconds_classifier = r.seconds_classifier;
        }
    }
    write_atomic(&run.cell_file(&cell.id, "log.txt"), (log.join("\n") + "\n").as_bytes())?;
    Ok(outcome)
}

fn warn(info: &mut RunInfo, display: &Display, cell: &str, message: String) {
    let place = if cell.is_empty() { String::new() } else { format!("{cell}: ") };
    display.note(&format!("warning: {place}{message}"));
    info.warning.push(Warning { cell: cell.to_owned(), message });
}

fn outcome_line(outcome: &Outcome, cached: bool) -> String {
    let note = if cached { " (from the store)" } else { "" };
    match outcome.confusion.as_ref().and_then(crate::metrics::Confusion::uar) {
        Some(uar) => format!("{}: UAR {:.1} %{note}", outcome.cell, uar * 100.0),
        None => format!("{}: failed: {}", outcome.cell, outcome.error),
    }
}
