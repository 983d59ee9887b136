//! Which test of a difference to believe: how often each is wrong where nothing is there, and blind where something is, on results
//! of real trainings: `just trials`; docs/statistics.md.

mod trials;

use clap::Parser;
use seraug_core::panic::caught;
use seraug_core::{exit, terminal};
use seraug_run::arguments::print_message;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo starts a benchmark in the folder of its package; paths of the command line are from the checkout's.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let done = caught(|| match trials::Arguments::try_parse() {
        // `cargo test` asks a benchmark whether it starts.
        Ok(args) if args.test => Ok(exit::DONE),
        Ok(args) => {
            std::env::set_current_dir(root).map_err(|e| seraug_core::error::Error::at(root, e))?;
            args.task.as_ref().map_or(Ok(()), trials::run).map(|()| exit::DONE)
        }
        Err(message) => print_message(&message),
    });
    let code = done.unwrap_or_else(|e| {
        terminal::error(&e);
        e.exit_code()
    });
    ExitCode::from(code)
}
