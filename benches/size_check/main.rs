//! Whether a preset is one at which the pieces do what the paper says, from the training part of a fold alone:
//! `just size-check SPEC --set FIELD=VALUE...`; docs/dev/sizes.md.

mod check;

use clap::Parser;
use seraug_core::panic::caught;
use seraug_core::{exit, terminal};
use seraug_run::arguments::print_message;
use seraug_train::torch::{device, process_setup};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo starts a benchmark in the folder of its package; paths of the command line are from the checkout's.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let done = caught(|| match check::Arguments::try_parse() {
        // `cargo test` asks a benchmark whether it starts.
        Ok(args) if args.test => Ok(exit::DONE),
        Ok(args) => {
            std::env::set_current_dir(root).map_err(|e| seraug_core::error::Error::at(root, e))?;
            device::use_threads(args.threads);
            process_setup::prepare();
            check::run(&args).map(|()| exit::DONE)
        }
        Err(message) => print_message(&message),
    });
    let code = done.unwrap_or_else(|e| {
        terminal::error(&e);
        e.exit_code()
    });
    ExitCode::from(code)
}
