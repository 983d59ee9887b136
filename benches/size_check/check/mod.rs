//! The check: trains on a part of a fold's training utterances and measures on the rest of them.

mod arguments;
mod augmentor;
mod classifier;
mod csv_file;
mod measures;
mod stopwatch;
mod training_part;

pub(crate) use arguments::Arguments;

use seraug_core::error::Result;
use seraug_core::terminal;
use training_part::Experiment;

/// Checks every fold and seed that `args` name: prints what was found and appends it to a CSV file.
///
/// # Errors
/// A spec, corpus, fold, condition or speaker that is not there; a training that fails; a file with other columns.
pub(crate) fn run(args: &Arguments) -> Result<()> {
    let experiment = Experiment::load(args)?;
    for &fold in &args.fold {
        for &seed in &args.seed {
            let part = experiment.training_part(fold, seed)?;
            let said = if args.classifier {
                classifier::check(args, &part)?
            } else {
                augmentor::check(args, &part, experiment.condition(args)?)?
            };
            terminal::print(&said)?;
        }
    }
    Ok(())
}
