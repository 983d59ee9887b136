//! `seraug self-test`: runs the quickstart and compares it with the committed run that the program carries.

use super::agreement::{AgreementFindings, AgreementVerdict, TOLERANCE, agreement};
use super::reproduce::carried;
use super::run::ExperimentFlags;
use super::{Global, print, print_json};
use crate::embedded::{self, REFERENCE, REFERENCE_ID};
use crate::experiments::{Named, load_experiments};
use seraug_core::device::DeviceChoice;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::run_files::RunDir;
use seraug_core::spec::File;
use seraug_core::version::{self, VERSION};
use seraug_core::{exit, interrupt};
use seraug_report::compare::{self, Against};
use seraug_run::arguments::points;
use seraug_run::progress::Display;
use seraug_run::supervise;
use std::path::{Path, PathBuf};

/// The experiment.
const NAME: &str = "quickstart";
/// Run the quickstart and say whether this installation gives the numbers of the committed run
#[derive(Debug, clap::Args)]
#[command(
    about = "Run the quickstart and say whether this installation gives the numbers of the committed run"
)]
pub struct SelfTestArgs {
    /// Folder for the run and for the committed one, which stay; a test that was interrupted there is resumed. Without it a
    /// temporary folder, which is removed unless the numbers differ
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// auto, cpu, cuda or cuda:N; several as cuda:0,cuda:1
    #[arg(long, default_value = "auto", value_delimiter = ',')]
    device: Vec<DeviceChoice>,
    /// Exit with code 4 if the mean UAR of a condition differs by more than this many percentage points; 0 also refuses a
    /// single number that differs
    #[arg(long, value_name = "POINTS", default_value_t = TOLERANCE, value_parser = points)]
    tolerance: f64,
}

/// Exit code where the numbers differ by more than the tolerance; `compare --tolerance` has the same.
const DIFFERENT: u8 = 4;

/// Runs the quickstart, compares and prints one line; the exit code says whether the numbers are those of the committed run.
///
/// # Errors
/// The run cannot be made; cells fail.
pub fn run(args: SelfTestArgs, global: &Global) -> Result<u8> {
    interrupt::listen();
    let (folder, temporary) = match &args.dir {
        Some(folder) => (folder.clone(), None),
        None => {
            let made = tempfile::Builder::new().prefix("seraug-self-test-").tempdir();
            let made = made.cannot("be made, name another with --dir", std::env::temp_dir())?;
            (made.path().to_owned(), Some(made))
        }
    };
    let reference = folder.join("reference").join(NAME).join(REFERENCE_ID);
    embedded::write(REFERENCE, &reference)?;
    let made = trained(&args, &folder, global)?;
    let reference = RunDir::exactly(&reference)?;
    let comparison = compare::compare(&[reference.clone(), made.clone()])?;
    let against = &comparison.against[0];
    let findings = agreement(against, args.tolerance);
    let line = sentence(&findings, against, args.tolerance);
    let differs = findings.verdict == AgreementVerdict::Differs;
    let runs = [&reference, &made].map(|run| run.path().display().to_string());
    if global.json {
        print_json(&serde_json::json!({
            "findings": findings, "tolerance": args.tolerance, "reference": runs[0], "run": runs[1],
            "seconds": against.second.run.info.seconds, "libtorch": against.second.run.info.libtorch,
            "device": against.second.run.info.device.name, "version": VERSION, "revision": version::revision(),
        }))?;
    } else if differs {
        print(&format!("{line}; `seraug compare {} {}` shows where\n", runs[0], runs[1]))?;
    } else {
        print(&format!("{line}\n"))?;
    }
    if differs {
        // What `compare` is to read.
        temporary.map(tempfile::TempDir::keep);
        return Ok(DIFFERENT);
    }
    Ok(exit::DONE)
}

/// Runs the experiment as the program carries it, below `folder`.
fn trained(args: &SelfTestArgs, folder: &Path, global: &Global) -> Result<RunDir> {
    let flags = ExperimentFlags {
        results: folder.join("results"),
        device: args.device.clone(),
        threads: 1,
        seeds: Vec::new(),
        set: Vec::new(),
        partial: false,
    };
    let spec = carried(NAME, &flags.results)?;
    let found = load_experiments(&spec, &[], &[], &global.corpora)?.experiments.pop();
    let Some(Named { name, file: File::Experiment(spec) }) = found else {
        return Err(Error::failed(format!("{}: is no experiment, a fault of seraug", spec.display())));
    };
    let finished = supervise::run(*spec, &name, &flags.options(None, global), &Display::new(global.quiet))?;
    let path = finished.run.path().display();
    match (finished.failed, finished.open) {
        (0, 0) => Ok(finished.run),
        (0, _) => {
            Err(Error::interrupted(format!("{path}: the self-test is not finished; run it again with --dir")))
        }
        (n, _) => Err(Error::failed(format!(
            "{path}: {n} of {} cells failed; `seraug status {path}` says why",
            finished.cells
        ))),
    }
}

/// The answer in one line.
fn sentence(findings: &AgreementFindings, against: &Against, tolerance: f64) -> String {
    let answer = findings.sentence(tolerance);
    let info = &against.second.run.info;
    format!(
        "self-test: {answer}; committed run {NAME}/{REFERENCE_ID}; {:.0} s, seraug {VERSION} ({}), libtorch {}, {}",
        info.seconds,
        version::revision(),
        info.libtorch,
        info.device.name
    )
}
