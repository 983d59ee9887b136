//! The program `seraug`: its commands, which share files and nothing else.

pub mod cmd;
pub mod documents;
pub mod embedded;
pub mod experiments;

use clap::{Parser, Subcommand};
use cmd::Global;
use seraug_core::error::Result;

/// Reproduces triplet-guided GAN data augmentation for speech emotion recognition.
#[derive(Debug, Parser)]
#[command(name = "seraug", version)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// A command and its arguments.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each is documented at its `Args`, where the help takes it from")]
pub enum Command {
    Doctor(cmd::doctor::DoctorArgs),
    Corpus(cmd::corpus::CorpusArgs),
    Audit(Box<cmd::audit::AuditArgs>),
    Explain(cmd::explain::ExplainArgs),
    Features(cmd::features::FeaturesArgs),
    Plan(cmd::plan::PlanArgs),
    Run(cmd::run::RunArgs),
    Reproduce(cmd::reproduce::ReproduceArgs),
    Init(cmd::init::InitArgs),
    SelfTest(cmd::self_test::SelfTestArgs),
    Report(cmd::report::ReportArgs),
    Compare(cmd::compare::CompareArgs),
    Study(cmd::study::StudyArgs),
    Score(cmd::score::ScoreArgs),
    Archive(cmd::archive::ArchiveArgs),
    Verify(cmd::verify::VerifyArgs),
    TrainFinal(cmd::train_final::TrainFinalArgs),
    Predict(cmd::predict::PredictArgs),
    Augment(cmd::augment::AugmentArgs),
    Export(cmd::export::ExportArgs),
    Status(cmd::status::StatusArgs),
    Store(cmd::store::StoreArgs),
    Schema(cmd::schema::SchemaArgs),
    Completions(cmd::completions::CompletionsArgs),
    Man(cmd::man::ManArgs),
    Docs(cmd::docs::DocsArgs),
    PackSpeech(cmd::pack_speech::PackSpeechArgs),
}

/// Runs a command and returns its exit code.
///
/// # Errors
/// The error that the command ends with, on one line.
pub fn run(Cli { global, command }: Cli) -> Result<u8> {
    match command {
        Command::Doctor(args) => cmd::doctor::run(args, &global),
        Command::Corpus(args) => cmd::corpus::run(args, &global),
        Command::Audit(args) => cmd::audit::run(*args, &global),
        Command::Explain(args) => cmd::explain::run(args, &global),
        Command::Features(args) => cmd::features::run(args, &global),
        Command::Predict(args) => cmd::predict::run(args, &global),
        Command::Augment(args) => cmd::augment::run(args, &global),
        Command::Export(args) => cmd::export::run(args, &global),
        Command::Plan(args) => cmd::plan::run(args, &global),
        Command::Run(args) => cmd::run::run(args, &global),
        Command::Reproduce(args) => cmd::reproduce::run(args, &global),
        Command::Init(args) => cmd::init::run(args, &global),
        Command::SelfTest(args) => cmd::self_test::run(args, &global),
        Command::Report(args) => cmd::report::run(args, &global),
        Command::Compare(args) => cmd::compare::run(args, &global),
        Command::Study(args) => cmd::study::run(args, &global),
        Command::Score(args) => cmd::score::run(args, &global),
        Command::Archive(args) => cmd::archive::run(args, &global),
        Command::Verify(args) => cmd::verify::run(args, &global),
        Command::TrainFinal(args) => cmd::train_final::run(args, &global),
        Command::Status(args) => cmd::status::run(args, &global),
        Command::Store(args) => cmd::store::run(args, &global),
        Command::Schema(args) => cmd::schema::run(args, &global),
        Command::Completions(args) => cmd::completions::run(args, &global),
        Command::Man(args) => cmd::man::run(args, &global),
        Command::Docs(args) => cmd::docs::run(args, &global),
        Command::PackSpeech(args) => cmd::pack_speech::run(args, &global),
    }
}
