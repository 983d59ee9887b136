//! `seraug reproduce NAME`: runs an experiment of experiments/, from this folder or as the program carries it, and writes its report.

use super::Global;
use super::run::{self, RunArgs, RunFlags};
use crate::embedded::{self, EXPERIMENTS};
use seraug_core::error::{Error, Result};
use seraug_core::suggest::nearest;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Run an experiment by its name and write its report; experiments/NAME.toml of this folder, or else what the program carries
#[derive(Debug, clap::Args)]
#[command(
    about = "Run an experiment by its name and write its report; experiments/NAME.toml of this folder, or else what the program carries"
)]
pub struct ReproduceArgs {
    /// The experiment, such as quickstart or open/study, or the path of a spec
    pub name: String,
    #[command(flatten)]
    flags: RunFlags,
}

/// Runs the experiment as `seraug run SPEC --report` does.
///
/// # Errors
/// No experiment of that name; as [`run::run`].
pub fn run(args: ReproduceArgs, global: &Global) -> Result<u8> {
    let spec = find(&args.name, &args.flags.experiment.results)?;
    run::run(RunArgs { spec, flags: args.flags, report: true }, global)
}

/// The file of the experiment called `name`: of this folder, or as the program carries it.
fn find(name: &str, results: &Path) -> Result<PathBuf> {
    let here = Path::new("experiments").join(format!("{name}.toml"));
    if here.is_file() {
        return Ok(here);
    }
    if name.ends_with(".toml") {
        return Ok(PathBuf::from(name));
    }
    carried(name, results)
}

/// The experiment called `name` as the program carries it, written below `results` with all others, because a collection names its
/// members.
///
/// # Errors
/// No such experiment; the message has the names of all.
pub(super) fn carried(name: &str, results: &Path) -> Result<PathBuf> {
    if embedded::experiments().all(|known| known != name) {
        return Err(unknown(name));
    }
    let folder = results.join(".store/experiments");
    embedded::write(EXPERIMENTS, &folder)?;
    Ok(folder.join(format!("{name}.toml")))
}

fn unknown(name: &str) -> Error {
    let here = WalkDir::new("experiments").into_iter().flatten().filter_map(|entry| {
        let below = entry.path().strip_prefix("experiments").ok()?.with_extension("");
        let is_spec = entry.path().extension().is_some_and(|e| e == "toml");
        is_spec.then(|| below.display().to_string())
    });
    let known: BTreeSet<String> = here.chain(embedded::experiments().map(str::to_owned)).collect();
    let guess = nearest(name, known.iter().map(String::as_str))
        .map_or(String::new(), |near| format!(", did you mean `{near}`?"));
    let all = known.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    Error::usage(format!("no experiment `{name}`{guess}; the experiments are: {all}"))
}
