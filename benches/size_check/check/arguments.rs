//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Whether the pieces do what the paper says at the sizes of a spec, from the training part of a fold alone
#[derive(Debug, Parser)]
#[command(name = "size-check", about)]
pub(crate) struct Arguments {
    /// The experiment, such as experiments/open/table2-emodb.toml
    pub spec: PathBuf,
    /// A field of it, as of `seraug run`
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Loss groups of the augmentor in place of the condition's, such as model,var
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub losses: Vec<String>,
    /// The condition whose augmentor is trained; without it, the first that has one
    #[arg(long, value_name = "NAME")]
    pub condition: Option<String>,
    /// Folds whose training parts are used
    #[arg(long, value_name = "K", value_delimiter = ',', default_value = "1")]
    pub fold: Vec<usize>,
    /// Seeds of the reduction and of every draw
    #[arg(long, value_name = "S", value_delimiter = ',', default_value = "1")]
    pub seed: Vec<u64>,
    /// The training speaker that the augmentor does not see; without it, drawn by the seed
    #[arg(long, value_name = "SPEAKER", conflicts_with = "classifier")]
    pub unseen: Option<String>,
    /// Train no judge: faster, and one criterion less
    #[arg(long, conflicts_with = "classifier")]
    pub no_judge: bool,
    /// Check the classifier: train it on the unreduced training part without two speakers, ask it of those two
    #[arg(long)]
    pub classifier: bool,
    /// Pairs of speakers at most
    #[arg(long, value_name = "N", requires = "classifier")]
    pub splits: Option<usize>,
    /// Folder of the corpora
    #[arg(long, value_name = "DIR", default_value = "corpora")]
    pub corpora: PathBuf,
    /// Folder whose store keeps the features
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// File that a row is appended to
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Threads of a tensor operation
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Cargo adds it
    #[arg(long, hide = true)]
    pub bench: bool,
    /// Cargo's too: only start
    #[arg(long, hide = true)]
    pub test: bool,
}

impl Arguments {
    /// The file of the rows.
    pub(crate) fn csv(&self) -> PathBuf {
        let name = if self.classifier { "size-check-classifier.csv" } else { "size-check.csv" };
        self.csv.clone().unwrap_or_else(|| PathBuf::from("target").join(name))
    }
}
