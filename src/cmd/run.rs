//! `seraug run SPEC`: every cell of an experiment.

use super::{Global, print, print_json};
use crate::corpora;
use crate::error::Result;
use crate::plan::experiment_name;
use crate::progress::Display;
use crate::report;
use crate::run::{self, Options};
use crate::spec::{self, Spec};
use crate::train::device::DeviceChoice;
use std::path::PathBuf;

/// What `plan` and `run` have in common.
#[derive(Debug, clap::Args)]
pub struct Experiment {
    /// The experiment, such as experiments/quickstart.toml
    pub spec: PathBuf,
    /// Folder that runs and their store are written below
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Seeds in place of the spec's, such as 1,2,3
    #[arg(long, value_delimiter = ',')]
    pub seeds: Vec<u64>,
    /// A field of the spec, such as preset=tiny or augmentor.iterations=100; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Go on with an incomplete corpus
    #[arg(long)]
    pub partial: bool,
}

/// Run every cell of an experiment; finished stages are taken from the store
#[derive(Debug, clap::Args)]
#[command(about = "Run every cell of an experiment; finished stages are taken from the store")]
pub struct Args {
    #[command(flatten)]
    experiment: Experiment,
    /// Write the report too, as `seraug report` does
    #[arg(long)]
    report: bool,
    /// Folder of the report
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
}

impl Experiment {
    /// The checked spec with `--set` and `--seeds` laid over it, and the experiment's name.
    pub fn load(&self) -> Result<(Spec, String)> {
        let mut sets = self.set.clone();
        if !self.seeds.is_empty() {
            sets.push(format!("seeds={:?}", self.seeds));
        }
        let spec = spec::load(&self.spec, &sets)?;
        corpora::manifest(&spec.corpus).map_err(|e| spec::fault(&self.spec, &sets, "corpus", e))?;
        Ok((spec, experiment_name(&self.spec)))
    }

    /// The rest of the command line.
    pub fn options(&self, global: &Global) -> Options {
        Options {
            corpora: global.corpora.clone(),
            results: self.results.clone(),
            device: self.device,
            partial: self.partial,
            command: std::env::args().collect(),
        }
    }
}

/// Exit code 0 when every cell is done, 3 when some failed.
///
/// # Errors
/// See [`run::run`].
pub fn run(args: Args, global: &Global) -> Result<u8> {
    let (spec, experiment) = args.experiment.load()?;
    let options = args.experiment.options(global);
    let finished = run::run(spec, &experiment, &options, &Display::new(global.quiet))?;
    let path = finished.run.path().display().to_string();
    if args.report {
        let written = report::report(&finished.run, &args.reports)?;
        if !global.json {
            print(&format!("{}\npage: {}\n", written.text, written.page.display()))?;
        }
    }
    if global.json {
        print_json(&serde_json::json!({ "run": path, "cells": finished.cells, "failed": finished.failed }))?;
    } else {
        print(&format!("run: {path}\n"))?;
    }
    if finished.failed > 0 {
        let place = finished.run.outcomes();
        eprintln!(
            "error: {} of {} cells failed; see the error column of {}",
            finished.failed,
            finished.cells,
            place.display()
        );
        return Ok(3);
    }
    Ok(0)
}
