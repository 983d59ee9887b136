use clap::{Parser, Subcommand};
use seraug::cmd::{self, Global};
use seraug::error::Result;
use seraug::panic::caught;
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
    Corpus(cmd::corpus::Args),
    Doctor(cmd::doctor::Args),
    Features(cmd::features::Args),
    Plan(cmd::plan::Args),
    Run(cmd::run::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match caught(|| run(cli)) {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(e.exit_code())
        }
    }
}

fn run(Cli { global, command }: Cli) -> Result<u8> {
    match command {
        Command::Corpus(args) => cmd::corpus::run(args, &global),
        Command::Doctor(args) => cmd::doctor::run(args, &global),
        Command::Features(args) => cmd::features::run(args, &global),
        Command::Plan(args) => cmd::plan::run(args, &global),
        Command::Run(args) => cmd::run::run(args, &global),
    }
}
