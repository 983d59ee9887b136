//! `seraug train-final`: the model for use, trained on everything, with the estimate that belongs to it.

use super::run::Experiment;
use super::{Global, print, print_json};
use crate::experiments::Named;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{EstimateSource, RunDir};
use seraug_core::spec::difference::differences;
use seraug_core::spec::{self, File, Spec};
use seraug_core::text::plural;
use seraug_core::{exit, interrupt};
use seraug_report::analysis::estimate::Estimate;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::stats::interval::Interval;
use seraug_run::arguments::{CHECKPOINT_SECONDS, MOST_JOBS, arguments, seconds, whole};
use seraug_run::keep_models::KeepModels;
use seraug_run::launcher::Launcher;
use seraug_run::options::{Provenance, Resume, RunOptions, TrainingOptions};
use seraug_run::progress::Display;
use seraug_run::{inputs, supervise};
use std::path::Path;

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

/// The run whose tests belong to the model, and what they say.
struct FoundEstimate {
    run: LoadedRun,
    source: EstimateSource,
    estimate: Estimate,
}

/// Runs the command: a run of its own, NAME-final, whose one seed is the spec's last.
///
/// # Errors
/// A condition that the spec lacks, no run of it with a result, recordings that have changed since; see [`supervise::run`].
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
    let everything = spec.on_everything(args.condition.as_deref(), None)?;
    let condition = everything.condition[0].name.clone();
    let results = &args.experiment.results;
    let found = estimate(&args.experiment.spec, &name, &everything, results)?;
    let display = Display::new(global.quiet);
    let inputs =
        inputs::read(&everything, &args.experiment.places(global), args.experiment.partial, &display)?;
    for now in &inputs.infos {
        let then = found.run.info.corpus.iter().find(|c| c.name == now.name);
        if then.is_none_or(|then| then.digest != now.digest) {
            return Err(Error::failed(format!(
                "the corpus {} has changed since {}: run the experiment again, so that the estimate belongs to the model",
                now.name, found.source.run
            )));
        }
    }
    let finished = supervise::run(everything, &format!("{name}-final"), &args.options(global), &display)?;
    let path = finished.run.path().display().to_string();
    if finished.failed + finished.open > 0 {
        return Err(Error::failed(format!(
            "{path}: the model is not trained; its log.txt says why, and the same command goes on"
        )));
    }
    found.source.save(&finished.run)?;
    answer(&finished.run, &condition, &found, global)
}

impl TrainFinalArgs {
    fn options(&self, global: &Global) -> RunOptions {
        RunOptions {
            places: self.experiment.places(global),
            partial: self.experiment.partial,
            compute: self.experiment.compute(self.jobs),
            training: TrainingOptions {
                checkpoint_every: seconds(CHECKPOINT_SECONDS),
                tensorboard: false,
                cuda_graphs: false,
                keep_models: KeepModels::All,
            },
            launcher: Launcher::Local,
            wait: true,
            resume: Resume::Newest,
            max_failures: None,
            stall: seconds(1800.0),
            provenance: Provenance { command: arguments(), set: self.experiment.set.clone() },
        }
    }
}

/// The newest run of the experiment that trained as `everything` does and has a result.
fn estimate(file: &Path, name: &str, everything: &Spec, results: &Path) -> Result<FoundEstimate> {
    let condition = &everything.condition[0].name;
    let mut why = None;
    for dir in supervise::runs(&results.join(name)) {
        let mut of = match spec::load(&dir.spec(), &[]).and_then(|s| s.on_everything(Some(condition), None)) {
            Ok(of) => of,
            Err(_) => continue,
        };
        (of.title, of.seeds) = (everything.title.clone(), everything.seeds.clone());
        of.slurm.clone_from(&everything.slurm);
        if let Some(change) = differences(&of, everything).first() {
            why.get_or_insert(format!("{} differs: {change}", dir.path().display()));
            continue;
        }
        let run = LoadedRun::of(&dir)?;
        match Estimate::of(&run, run.spec.condition.iter().position(|c| c.name == *condition).unwrap_or(0))? {
            Some(estimate) => {
                let source = EstimateSource { run: run.dir.name(name), condition: condition.clone() };
                return Ok(FoundEstimate { run, source, estimate });
            }
            None => drop(why.get_or_insert(format!("{} has no result of it", dir.path().display()))),
        }
    }
    let why = why.map_or(String::new(), |why| format!(" ({why})"));
    Err(Error::usage(format!(
        "no run of {name} says how good {condition} is{why}: `seraug run {}` first",
        file.display()
    )))
}

fn answer(run: &RunDir, condition: &str, found: &FoundEstimate, global: &Global) -> Result<u8> {
    let FoundEstimate { source, estimate, run: tested } = found;
    let models: Vec<String> = seraug_core::run_files::read_plan(&run.plan())?
        .iter()
        .map(|row| run.path().join(row.cell.dir()).display().to_string())
        .collect();
    let number = |i: &Interval| serde_json::json!({ "mean": i.mean, "half": i.half });
    if global.json {
        print_json(&serde_json::json!({
            "models": models,
            "estimate": {
                "run": source.run, "condition": condition, "cells": estimate.cells, "tests": estimate.tested,
                "uar": estimate.uar().as_ref().map(number),
            },
        }))?;
        return Ok(exit::DONE);
    }
    let shown = match (estimate.uar(), estimate.values.last()) {
        (Some(uar), _) => format!("UAR {uar} %"),
        (None, Some((_, mean))) => format!("mean UAR of the reduced sets {mean} %"),
        (None, None) => String::new(),
    };
    let reduced = match &tested.spec.reduction {
        Some(r) if r.share > 0.0 => {
            "; those models had less data of the reduced classes than this one, so the number is not quite its own"
        }
        _ => "",
    };
    let models = models.iter().map(|m| format!("model: {m}\n"));
    print(&format!(
        "{}estimate: {shown} over {}: {} of {}, tested on what they had not heard{reduced}\n",
        models.collect::<String>(),
        estimate.over,
        plural(estimate.cells, "cell"),
        source.run
    ))?;
    Ok(exit::DONE)
}
