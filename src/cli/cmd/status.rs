//! `seraug status RUN`: the state of a run, while it is running and afterwards.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::run_files::RunDir;
use seraug_core::{exit, terminal};
use seraug_run::status::{self, RunStatus};
use std::path::PathBuf;
use std::time::Duration;

/// Show the state of a run: cells done, running, failed; remaining time
#[derive(Debug, Clone, clap::Args)]
#[command(about = "Show the state of a run: cells done, running, failed; remaining time")]
pub struct StatusArgs {
    /// Run directory, such as results/quickstart/latest, or an experiment, such as quickstart
    pub run: PathBuf,
    /// Folder of the runs, in which an experiment's newest run is looked up
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Refresh every two seconds until the run ends
    #[arg(long)]
    pub watch: bool,
}

/// Time between two refreshes.
const EVERY: Duration = Duration::from_secs(2);

/// Prints the state; the exit code says whether cells failed and nothing runs any more.
///
/// # Errors
/// As [`status::find`] and [`RunStatus::read`].
pub fn run(args: StatusArgs, global: &Global) -> Result<u8> {
    // Looked up once, because `latest` may soon point at another run.
    let run = status::find(&args.run, &args.results)?;
    if args.watch {
        return watch(&run, global);
    }
    let status = RunStatus::read(&run)?;
    if global.json {
        print_json(&status.json())?
    } else {
        print(&status.text())?
    }
    Ok(status.exit_code())
}

/// Prints the state again and again until the run ends or the reader has gone away. On a terminal each answer replaces the
/// last; elsewhere an answer is printed only if it differs.
fn watch(run: &RunDir, global: &Global) -> Result<u8> {
    let clears = terminal::is_screen() && !global.json;
    let mut last = String::new();
    loop {
        let status = RunStatus::read(run)?;
        let answer = if global.json { status.json().to_string() } else { status.text() };
        if clears {
            terminal::print_anew(&answer)?;
        } else if answer != last && global.json {
            terminal::print_json_line(&status.json())?;
        } else if answer != last {
            print(&answer)?;
        }
        if status.is_over() {
            return Ok(status.exit_code());
        }
        last = answer;
        if terminal::reader_leaves_within(EVERY) {
            return Ok(exit::DONE);
        }
    }
}
