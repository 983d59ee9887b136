//! The program `seraug`.

use clap::Parser;
use seraug::Cli;
use seraug_core::{interrupt, panic, terminal, version};
use seraug_run::arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    version::set(env!("SERAUG_REVISION"));
    interrupt::outlive_file_limits();
    let done = panic::caught(|| match Cli::try_parse() {
        Ok(cli) => seraug::run(cli),
        Err(message) => arguments::print_message(&message),
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            terminal::error(&e);
            ExitCode::from(e.exit_code())
        }
    }
}
