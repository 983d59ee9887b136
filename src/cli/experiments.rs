//! Loads what an experiment file asks for: itself, or the experiments of a collection.

use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::spec::{self, File, Spec};
use seraug_data::corpora;
use seraug_report::study::{PlannedMember, StudyPlan};
use seraug_run::plan::experiment_name;
use std::path::Path;

/// An experiment file with the name of its experiment.
pub struct Named {
    /// The path below experiments/; `pipe` for a file that came out of a pipe.
    pub name: String,
    /// The parsed file.
    pub file: File,
}

/// What an experiment file asks for.
pub struct LoadedExperiments {
    /// The file itself, or the experiments of a collection in order.
    pub experiments: Vec<Named>,
    /// What a collection pools over them.
    pub study: Option<StudyPlan>,
}

/// Loads the file at `spec` with `sets` and `seeds` applied.
///
/// # Errors
/// As [`spec::load_file`], of the file or of an experiment of the collection; a collection in a collection; an unknown corpus.
pub fn load_experiments(
    spec: &Path,
    sets: &[String],
    seeds: &[u64],
    corpora: &Path,
) -> Result<LoadedExperiments> {
    let mut sets = sets.to_vec();
    if !seeds.is_empty() {
        sets.push(format!("seeds={seeds:?}"));
    }
    if is_scored_run(spec) {
        return Err(nothing_to_train(spec));
    }
    // Read only once: it may come out of a pipe.
    let collection = match spec::load_file(spec, &sets)? {
        File::Collection(collection) => collection,
        file => {
            let named = named(spec, file, &sets, corpora)?;
            if matches!(named.file, File::Counts(_)) && !sets.is_empty() {
                let flag = format!("{}: a table of counts has nothing to set", spec.display());
                return Err(Error::usage(flag));
            }
            return Ok(LoadedExperiments { experiments: vec![named], study: None });
        }
    };
    let members = collection.members(spec).into_iter().map(|(name, path)| {
        let named = named(&path, spec::load_file(&path, &sets)?, &sets, corpora)?;
        match named.file {
            File::Collection(_) => {
                Err(Error::usage(format!("{}: {name} is a collection itself", spec.display())))
            }
            _ => Ok(named),
        }
    });
    let experiments = members.collect::<Result<Vec<Named>>>()?;
    let member = |n: &Named| match &n.file {
        File::Experiment(spec) => Some(PlannedMember { experiment: n.name.clone(), spec: Spec::clone(spec) }),
        // A study has neither.
        File::Counts(_) | File::Collection(_) => None,
    };
    let study = collection.study.map(|study| {
        let members = experiments.iter().filter_map(member).collect();
        Ok::<StudyPlan, Error>(StudyPlan { name: name(spec)?, title: collection.title, study, members })
    });
    Ok(LoadedExperiments { study: study.transpose()?, experiments })
}

/// What is said of a run, spec or archive of scored predictions where something was to be trained.
pub fn nothing_to_train(what: &Path) -> Error {
    let why = "was scored from predictions: there is nothing to train";
    let next = "`seraug report` writes its report again, `seraug score` scores other predictions";
    Error::usage(format!("{}: {why}; {next}", what.display()))
}

/// Whether a folder is a run of scored predictions.
pub fn is_scored_run(folder: &Path) -> bool {
    folder.is_dir() && spec::load(&folder.join("spec.toml"), &[]).is_ok_and(|spec| spec.is_scored())
}

fn named(path: &Path, file: File, sets: &[String], corpora: &Path) -> Result<Named> {
    if matches!(&file, File::Experiment(spec) if spec.is_scored()) {
        return Err(nothing_to_train(path));
    }
    file.check_corpora(path, sets, |name| corpora::manifest(name, corpora).map(drop))?;
    Ok(Named { name: name(path)?, file })
}

/// The name of the experiment in a file.
fn name(path: &Path) -> Result<String> {
    if files::is_pipe(path) { Ok("pipe".to_owned()) } else { experiment_name(path) }
}
