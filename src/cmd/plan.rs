//! `seraug plan SPEC`: what `run` would do, and why, without doing it.

use super::run::Experiment;
use super::{Global, print, print_json};
use crate::error::Result;
use crate::plan::Plan;
use crate::progress::Display;
use crate::results::Store;
use crate::run::read_corpus;
use crate::train::device;
use std::fmt::Write;

/// Show every cell of an experiment, its sizes and what is to be done
#[derive(Debug, clap::Args)]
#[command(about = "Show every cell of an experiment, its sizes and what is to be done")]
pub struct Args {
    #[command(flatten)]
    experiment: Experiment,
}

/// Prints every cell with its sizes and what is to be done for it.
///
/// # Errors
/// What would stop the run before its first cell, audio aside.
pub fn run(args: Args, global: &Global) -> Result<u8> {
    let (spec, experiment) = args.experiment.load()?;
    let options = args.experiment.options(global);
    let store = Store::of(&options.results);
    let corpus = read_corpus(&spec, &options, &store, &Display::new(global.quiet))?;
    let device = device::describe(device::open(options.device)?);
    let plan = Plan::new(spec, experiment, &corpus, &device.class)?;
    if global.json {
        let cells = plan.cells.iter().map(|c| {
            serde_json::json!({
                "cell": c.id.to_string(), "state": Plan::state(c, &store), "n_train": c.fold.train.len(),
                "n_augmented": c.added, "n_test": c.fold.test.len(),
                "key_augmentor": c.augmentor.as_ref().map(ToString::to_string),
                "key_classifier": c.classifier.to_string(),
            })
        });
        print_json(&cells.collect::<Vec<_>>())?;
        return Ok(0);
    }
    let mut text = String::new();
    let kind = if corpus.manifest.synthetic { " (synthetic)" } else { "" };
    let used = plan.selection.utterances.len();
    let _ = writeln!(text, "{}: {}", plan.experiment, plan.spec.title);
    let _ =
        writeln!(text, "corpus {}{kind}: {used} of {} utterances", plan.spec.corpus, corpus.utterances.len());
    for (emotion, n) in &plan.selection.left_out {
        let _ = writeln!(text, "  left out: {n} {emotion}, in no class");
    }
    let width = plan.cells.iter().map(|c| c.id.to_string().len()).max().unwrap_or(0);
    for c in &plan.cells {
        let (train, test) = (c.fold.train.len(), c.fold.test.len());
        let state = Plan::state(c, &store);
        let _ = writeln!(
            text,
            "{:width$}  train {train:4} + {:4}  test {test:4}  {state}",
            c.id.to_string(),
            c.added
        );
    }
    print(&text)?;
    Ok(0)
}
