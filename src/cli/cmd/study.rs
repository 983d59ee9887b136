//! `seraug study SPEC`: the comparisons of a collection, pooled over the corpora of its experiments.

use super::report::settle;
use super::{Global, print, print_json};
use crate::experiments::load_experiments;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{RunDir, runs_below};
use seraug_core::{exit, terminal};
use seraug_report::study::{self, StudyPlan, WrittenStudy};
use seraug_run::arguments::{LARGEST_SEED, whole};
use std::path::{Path, PathBuf};

/// Pool the comparisons of a collection with a [study] over the corpora of its experiments
#[derive(Debug, Clone, clap::Args)]
pub struct StudyArgs {
    /// The collection, such as experiments/open/study.toml
    pub spec: PathBuf,
    /// Runs to take in place of the newest finished one of each experiment
    pub runs: Vec<PathBuf>,
    /// Folder with the runs of the experiments
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Folder for reports; the page is DIR/<collection>/<id of the newest run>/index.html
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// Seeds that the runs were made with, in place of those of the specs, such as 1,2,3
    #[arg(long, value_delimiter = ',', value_parser = whole::<u64>(..=LARGEST_SEED))]
    pub seeds: Vec<u64>,
    /// A field of the specs that the runs were made with, such as preset=small; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Also write the verdict, the pooled table and the first figure into this Markdown file, between
    /// `<!-- seraug COLLECTION -->` and `<!-- /seraug -->`
    #[arg(long, value_name = "FILE")]
    pub splice: Option<PathBuf>,
}

/// Writes the page of the study and returns the exit code, which says whether an experiment has no finished run.
///
/// # Errors
/// A file without a study; as [`StudyPlan::newest`], [`StudyPlan::given`] and [`study::study`].
pub fn run(args: StudyArgs, global: &Global) -> Result<u8> {
    let loaded = load_experiments(&args.spec, &args.set, &args.seeds, &global.corpora)?;
    let Some(plan) = loaded.study else {
        let next = "give a collection with a [study], such as experiments/open/study.toml";
        return Err(Error::usage(format!("{}: has no [study]; {next}", args.spec.display())));
    };
    let given = args.runs.iter().map(|path| global.run(path)).collect::<Result<Vec<RunDir>>>()?;
    let written = write(&plan, &given, &args.results, &args.reports, args.splice.as_deref(), global)?;
    if global.json {
        let mut answer = written.json;
        let shown = |path: &PathBuf| path.display().to_string();
        answer["page"] = shown(&written.report.page).into();
        answer["files"] = written.report.files.iter().map(shown).collect::<Vec<String>>().into();
        print_json(&answer)?;
    } else {
        print(&format!("{}\npage: {}\n", written.report.text, written.report.page.display()))?;
    }
    Ok(code(&plan, &written.missing))
}

/// Writes the page of a study from the given runs, or without any from the newest below `results`.
///
/// # Errors
/// As [`run`].
pub fn write(
    plan: &StudyPlan,
    given: &[RunDir],
    results: &Path,
    reports: &Path,
    splice: Option<&Path>,
    global: &Global,
) -> Result<WrittenStudy> {
    let runs = if given.is_empty() {
        for member in &plan.members {
            for run in runs_below(&results.join(&member.experiment)) {
                settle(&run, global)?;
            }
        }
        let (runs, notes) = plan.newest(results)?;
        notes.iter().for_each(|note| global.note(&format!("note: {note}")));
        runs
    } else {
        given.iter().try_for_each(|run| settle(run, global))?;
        plan.given(given)?
    };
    let written = match splice {
        None => study::study(plan, &runs, reports)?,
        Some(file) => study::study_into(plan, &runs, reports, file)?,
    };
    written.report.note.iter().for_each(|note| global.note(&format!("note: {note}")));
    Ok(written)
}

/// The exit code of a study, after a line on the experiments without a finished run.
pub fn code(plan: &StudyPlan, missing: &[String]) -> u8 {
    if missing.is_empty() {
        return exit::DONE;
    }
    let (lacking, all) = (missing.len(), plan.members.len());
    let what = format!("{lacking} of {all} experiments have no finished run: {}", missing.join("; "));
    terminal::note(&format!("error: {}: {what}", plan.name));
    exit::CELLS_FAILED
}
