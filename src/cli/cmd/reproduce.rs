//! `seraug reproduce NAME`: runs an experiment of experiments/, from this folder or as the program carries it, and writes its report.

use super::agreement::{AgreementVerdict, TOLERANCE, agreement};
use super::archive::OpenedArchive;
use super::run::{self, RunArgs, RunFlags};
use super::{Global, print};
use crate::embedded::{self, EXPERIMENTS};
use crate::experiments::{is_scored_run, nothing_to_train};
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::names::folders::{LATEST, check_experiment};
use seraug_core::run_files::{RunDir, RunInfo};
use seraug_core::suggest::nearest;
use seraug_core::{exit, files};
use seraug_report::compare;
use seraug_run::arguments::points;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Run an experiment by its name and write its report: experiments/NAME.toml of this folder, or what the program carries, or the run of an
/// archive, whose numbers are then compared
#[derive(Debug, clap::Args)]
#[command(
    about = "Run an experiment by its name and write its report: experiments/NAME.toml of this folder, or what the program carries, or the run of an archive, whose numbers are then compared"
)]
pub struct ReproduceArgs {
    /// The experiment, such as quickstart or open/study, the path of a spec, or an archive that `seraug archive` wrote
    pub name: String,
    /// Of an archive: exit with code 4 if the mean UAR of a condition differs by more than this many percentage points; 0 also refuses
    /// a single number that differs [default: 10]
    #[arg(long, value_name = "POINTS", value_parser = points)]
    tolerance: Option<f64>,
    #[command(flatten)]
    flags: RunFlags,
}

/// Runs the experiment as `seraug run SPEC --report` does.
///
/// # Errors
/// No experiment of that name; as [`run::run`].
pub fn run(args: ReproduceArgs, global: &Global) -> Result<u8> {
    if Path::new(&args.name).extension().is_some_and(|e| e == "zip") {
        return archived(args, global);
    }
    if args.tolerance.is_some() {
        return Err(Error::usage(format!("--tolerance is for an archive, and {} is none", args.name)));
    }
    let spec = find(&args.name, &args.flags.experiment.results)?;
    run::run(RunArgs { spec, flags: args.flags, report: true }, global)
}

/// Runs the experiment of an archive and compares the run with that of the archive.
fn archived(args: ReproduceArgs, global: &Global) -> Result<u8> {
    let archive = OpenedArchive::open(Path::new(&args.name))?;
    let info = RunInfo::load(&archive.run().info())?;
    if is_scored_run(archive.run().path()) {
        return Err(nothing_to_train(archive.path()));
    }
    let experiment = info.experiment.as_str();
    check_experiment(experiment).map_err(|why| Error::at(archive.path(), why))?;
    // The experiment is named after its file.
    let spec = archive.folder().join("experiments").join(format!("{experiment}.toml"));
    let text = files::text(&archive.run().spec()).at(archive.run().spec())?;
    files::write_atomic(&spec, text.as_bytes())?;
    let latest = args.flags.experiment.results.join(experiment).join(LATEST);
    let done = run::run(RunArgs { spec, flags: args.flags, report: true }, global)?;
    if done != exit::DONE {
        return Ok(done);
    }
    let tolerance = args.tolerance.unwrap_or(TOLERANCE);
    let comparison = compare::compare(&[archive.run().clone(), RunDir::open(&latest)?])?;
    let against = &comparison.against[0];
    let findings = agreement(against, tolerance);
    if !global.json {
        let (made, cached) = (&against.second.run.info, against.second.run.info.cells_cached);
        let store = if cached > 0 {
            format!("; {cached} cells are from the store, not trained now")
        } else {
            String::new()
        };
        let answer = findings.sentence(tolerance);
        print(&format!(
            "{}: {answer}; {}, then {}{store}\n",
            archive.path().display(),
            info.device.name,
            made.device.name
        ))?;
    }
    Ok(if findings.verdict == AgreementVerdict::Differs { exit::CONTRADICTION } else { exit::DONE })
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
        let scored = [Path::new(name).to_owned(), results.join(name).join(LATEST), results.join(name)];
        let scored = scored.iter().find(|run| is_scored_run(run));
        return Err(scored.map_or_else(|| unknown(name), |run| nothing_to_train(run)));
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
