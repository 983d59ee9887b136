use clap::{Parser, Subcommand};
use seraug_face::cmd::{self, Global};
use seraug_face::error::Result;
use seraug_face::panic::caught;
use seraug_face::{signals, terminal};
use std::process::ExitCode;

/// Reproduces triplet-guided GAN data augmentation for speech emotion recognition.
#[derive(Parser)]
#[command(name = "seraug", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Doctor(cmd::doctor::Args),
    Corpus(cmd::corpus::Args),
    Features(cmd::features::Args),
    Plan(cmd::plan::Args),
    Run(cmd::run::Args),
    Report(cmd::report::Args),
    Compare(cmd::compare::Args),
    Status(cmd::status::Args),
    Store(cmd::store::Args),
    Schema(cmd::schema::Args),
}

fn main() -> ExitCode {
    signals::outlive_file_limits();
    let done = caught(|| match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(told) => cmd::told(&told),
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            terminal::error(&e);
            ExitCode::from(e.exit_code())
        }
    }
}

fn run(Cli { global, command }: Cli) -> Result<u8> {
    match command {
        Command::Doctor(args) => cmd::doctor::run(args, &global),
        Command::Corpus(args) => cmd::corpus::run(args, &global),
        Command::Features(args) => cmd::features::run(args, &global),
        Command::Plan(args) => cmd::plan::run(args, &global),
        Command::Run(args) => cmd::run::run(args, &global),
        Command::Report(args) => cmd::report::run(args, &global),
        Command::Compare(args) => cmd::compare::run(args, &global),
        Command::Status(args) => cmd::status::run(args, &global),
        Command::Store(args) => cmd::store::run(args, &global),
        Command::Schema(args) => cmd::schema::run(args, &global),
    }
}
