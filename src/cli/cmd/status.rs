//! `seraug status RUN`: what has become of a run, while it goes on and afterwards.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::run_files::RunDir;
use seraug_core::terminal;
use seraug_run::status::{self, RunStatus};
use std::path::PathBuf;
use std::time::Duration;

/// Say what has become of a run: cells done, running, failed; time left
#[derive(Debug, Clone, clap::Args)]
#[command(about = "Say what has become of a run: cells done, running, failed; time left")]
pub struct StatusArgs {
    /// Run directory, such as results/quickstart/latest, or an experiment, such as quickstart
    pub run: PathBuf,
    /// Folder in which an experiment's newest run is looked for
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Look again every two seconds until the run ends
    #[arg(long)]
    pub watch: bool,
}

/// Between two looks.
const EVERY: Duration = Duration::from_secs(2);

/// Prints it. Exit code 3 when cells failed and nothing runs any more, else 0.
///
/// # Errors
/// As [`status::find`] and [`RunStatus::read`].
pub fn run(args: StatusArgs, global: &Global) -> Result<u8> {
    // Found once: `latest` may point at another run soon.
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

/// On a terminal the last answer is replaced; elsewhere each one that differs from the last is printed. It ends with the
/// run, or when its reader has gone away.
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
        // Nobody is looking any more.
        if terminal::reader_leaves_within(EVERY) {
            return Ok(0);
        }
    }
}
