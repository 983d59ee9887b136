//! `seraug compare RUN RUN...`: what differs between runs, and which differences are more than chance.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::run_files::RunDir;
use seraug_report::compare::{self, Comparison};
use seraug_run::arguments::points;
use std::path::PathBuf;

/// Compare runs: what differs between them, tables, statistics and single cells
#[derive(Debug, Clone, clap::Args)]
pub struct CompareArgs {
    /// Run directories, such as results/quickstart/latest; each is compared with the first
    #[arg(required = true, num_args = 2..)]
    pub runs: Vec<PathBuf>,
    /// Also write compare.md, compare.csv, statistics.csv and index.html to this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Exit with code 4 if a UAR, recall or accuracy of a cell differs by more than this many percentage points, or if one
    /// run lacks a cell; 0 also refuses a single prediction that differs
    #[arg(long, value_name = "POINTS", value_parser = points)]
    pub tolerance: Option<f64>,
    /// Leave out host names, user names and paths, so that the comparison can be published
    #[arg(long)]
    pub public: bool,
}

/// Exit code where runs differ by more than the tolerance; a contradiction inside a run has the same code.
const DIFFERENT: u8 = 4;

/// Compares the runs and returns the exit code.
///
/// # Errors
/// As [`compare::compare`] and [`compare::write`].
pub fn run(args: CompareArgs, global: &Global) -> Result<u8> {
    let runs = args.runs.iter().map(|path| global.run(path)).collect::<Result<Vec<RunDir>>>()?;
    let comparison = if args.public { compare::compare_public(&runs)? } else { compare::compare(&runs)? };
    let files = match &args.out {
        Some(dir) => compare::write(&comparison, args.tolerance, dir)?,
        None => Vec::new(),
    };
    if global.json {
        print_json(&compare::json(&comparison, args.tolerance, &files))?;
    } else {
        let page = files.last().map_or(String::new(), |page| format!("page: {}\n", page.display()));
        print(&(compare::terminal(&comparison, args.tolerance) + &page))?;
    }
    Ok(if is_beyond(&comparison, args.tolerance) { DIFFERENT } else { 0 })
}

fn is_beyond(comparison: &Comparison, tolerance: Option<f64>) -> bool {
    tolerance.is_some_and(|t| comparison.against.iter().any(|a| !a.beyond(t).is_empty()))
}
