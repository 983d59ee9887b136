//! `seraug train-final`: the model for use, trained on everything, with the estimate that belongs to it.

use super::run::Experiment;
use super::{Global, print, print_json};
use crate::experiments::Named;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{EstimateSource, PlannedCell, RunDir, read_plan};
use seraug_core::spec::difference::differences;
use seraug_core::spec::{self, File, Spec};
use seraug_core::text::plural;
use seraug_core::{exit, interrupt};
use seraug_report::analysis::estimate::ModelEstimate;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::stats::interval::Interval;
use seraug_run::arguments::{MOST_JOBS, whole};
use seraug_run::keep_models::KeepModels;
use seraug_run::options::Resume;
use seraug_run::progress::Display;
use seraug_run::{inputs, models, supervise};
use std::path::{Path, PathBuf};

/// Train one condition of an experiment on every utterance, after a run has said how good such models are
#[derive(Debug, clap::Args)]
#[command(
    about = "Train one condition of an experiment on every utterance, after a run has said how good such models are"
)]
pub struct TrainFinalArgs {
    #[command(flatten)]
    experiment: Experiment,
    /// The condition; may be left out where the experiment has one
    #[arg(long, value_name = "NAME")]
    condition: Option<String>,
    /// Cells to work on at once [default: one on each core, or one on each CUDA device]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(..=MOST_JOBS))]
    jobs: Option<usize>,
}

/// The run whose tests belong to the models.
struct FoundEstimate {
    run: LoadedRun,
    source: EstimateSource,
    /// Index of the condition there.
    condition: usize,
}

/// Runs the command: a run of its own, NAME-final, whose one seed is the spec's last.
///
/// # Errors
/// A condition that the spec lacks, no run of it with all results, recordings that have changed since; see [`supervise::run`].
pub fn run(args: TrainFinalArgs, global: &Global) -> Result<u8> {
    interrupt::listen();
    let mut experiments = args.experiment.load(&global.corpora)?.experiments;
    let (Some(Named { name, file: File::Experiment(spec) }), true) =
        (experiments.pop(), experiments.is_empty())
    else {
        return Err(Error::usage(format!(
            "{}: not one experiment; name the file of one",
            args.experiment.spec.display()
        )));
    };
    let everything = spec.on_everything(args.condition.as_deref())?;
    let results = &args.experiment.flags.results;
    let found = estimate(&args.experiment.spec, &name, &everything, results)?;
    let display = Display::new(global.quiet);
    let inputs = inputs::read(
        &everything,
        &args.experiment.flags.places(global),
        args.experiment.flags.partial,
        &display,
    )?;
    for now in &inputs.infos {
        let then = found.run.info.corpus.iter().find(|c| c.name == now.name);
        if then.is_none_or(|then| then.digest != now.digest) {
            return Err(Error::failed(format!(
                "the corpus {} has changed since {}: run the experiment again, so that the estimate belongs to the model",
                now.name, found.source.run
            )));
        }
    }
    let train = |resume| {
        let mut options = args.experiment.flags.options(args.jobs, global);
        (options.resume, options.training.keep_models) = (resume, KeepModels::All);
        supervise::run(everything.clone(), &format!("{name}-final"), &options, &display)
    };
    let mut finished = train(Resume::Newest)?;
    if finished.before && models_of(&finished.run, results)?.is_none() {
        // The store has lost them since.
        finished = train(Resume::New)?;
    }
    let path = finished.run.path().display().to_string();
    match models_of(&finished.run, results)? {
        Some(models) if finished.failed + finished.open == 0 => {
            found.source.save(&finished.run)?;
            answer(&models, &found, global)
        }
        _ => Err(Error::failed(format!(
            "{path}: the model is not trained; `seraug status {path}` says why, and the same command goes on"
        ))),
    }
}

/// A model and the data set of its cell.
struct FinalModel {
    cell: PathBuf,
    data_set: String,
}

/// The models of a finished run; none where the store lacks one.
fn models_of(run: &RunDir, results: &Path) -> Result<Option<Vec<FinalModel>>> {
    let of = |row: PlannedCell| FinalModel { cell: run.path().join(row.cell.dir()), data_set: row.corpus };
    let models: Vec<FinalModel> = read_plan(&run.plan())?.into_iter().map(of).collect();
    let there = models.iter().all(|model| models::find(&model.cell, None, results).is_ok());
    Ok(there.then_some(models))
}

/// The newest run of the experiment that trains as `everything` does and has every result of its condition.
fn estimate(file: &Path, name: &str, everything: &Spec, results: &Path) -> Result<FoundEstimate> {
    let condition = &everything.condition[0].name;
    let mut why = None;
    for dir in supervise::runs(&results.join(name)) {
        let path = dir.path().display();
        let mut of = match spec::load(&dir.spec(), &[]).and_then(|s| s.on_everything(Some(condition))) {
            Ok(of) => of,
            Err(_) => continue,
        };
        (of.title, of.seeds) = (everything.title.clone(), everything.seeds.clone());
        of.slurm.clone_from(&everything.slurm);
        if let Some(change) = differences(&of, everything).first() {
            why.get_or_insert(format!("{path} differs: {change}"));
            continue;
        }
        let run = match LoadedRun::of(&dir) {
            Ok(run) => run,
            Err(e) => {
                why.get_or_insert(e.to_string());
                continue;
            }
        };
        let place = run.spec.condition.iter().position(|c| c.name == *condition).unwrap_or_default();
        if run.done(place).count() < run.planned().len() {
            why.get_or_insert(format!("{path} has not all results of it"));
            continue;
        }
        let source = EstimateSource { run: run.dir.name(name), condition: condition.clone() };
        return Ok(FoundEstimate { run, source, condition: place });
    }
    let why = why.map_or(String::new(), |why| format!(" ({why})"));
    Err(Error::usage(format!(
        "no run of {name} says how good {condition} is{why}: `seraug run {}` first",
        file.display()
    )))
}

fn answer(models: &[FinalModel], found: &FoundEstimate, global: &Global) -> Result<u8> {
    let FoundEstimate { source, run, condition } = found;
    let (mut text, mut list) = (String::new(), Vec::new());
    for FinalModel { cell, data_set } in models {
        let Some(estimate) = ModelEstimate::of(run, *condition, data_set)? else { continue };
        let number = |i: &Interval| serde_json::json!({ "mean": i.mean, "half": i.half });
        list.push(serde_json::json!({
            "model": cell.display().to_string(), "corpus": data_set, "cells": estimate.cells, "tests": estimate.tested,
            "uar": estimate.uar().as_ref().map(number),
        }));
        let shown = match (estimate.uar(), estimate.values.last()) {
            (Some(uar), _) => format!("UAR {uar} %"),
            (None, Some((_, mean))) => format!("mean UAR of the reduced sets {mean} %"),
            (None, None) => String::new(),
        };
        text += &format!(
            "model: {}\nestimate: {shown} over {}: {} of {}, tested on what they had not heard\n",
            cell.display(),
            estimate.over,
            plural(estimate.cells, "cell"),
            source.run
        );
    }
    if let Some(r) = run.spec.reduction.as_ref().filter(|r| r.share > 0.0) {
        text += &format!(
            "note: those models had {:.0} % less of each reduced class; this one has all of it and other shares of the classes, so the number is not its own\n",
            100.0 * r.share
        );
    }
    match global.json {
        true => print_json(
            &serde_json::json!({ "models": list, "estimate": source.run, "condition": source.condition }),
        )?,
        false => print(&text)?,
    }
    Ok(exit::DONE)
}
