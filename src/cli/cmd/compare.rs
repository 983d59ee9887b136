//! `seraug compare RUN RUN...`: what differs between runs, and what of it is more than chance.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::run_files::RunDir;
use seraug_report::compare::{self, Comparison};
use seraug_run::arguments::points;
use std::path::PathBuf;

/// Compare runs: what differs, tables, statistics, cells
#[derive(Debug, Clone, clap::Args)]
pub struct CompareArgs {
    /// Run directories, such as results/quickstart/latest; each is compared with the first
    #[arg(required = true, num_args = 2..)]
    pub runs: Vec<PathBuf>,
    /// Also write compare.md, compare.csv, statistics.csv and index.html there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Exit with 4 where a UAR, recall or accuracy of a cell differs by more percentage points, or one run lacks a cell;
    /// with 0 also where an answer differs
    #[arg(long, value_name = "POINTS", value_parser = points)]
    pub tolerance: Option<f64>,
    /// For publication: without hosts, user names and paths
    #[arg(long)]
    pub public: bool,
}

/// Exit code where runs differ by more than the tolerance; that of a contradiction too.
const DIFFERENT: u8 = 4;

/// Runs it; the exit code.
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
