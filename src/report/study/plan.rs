//! A study as its file says it, and the runs that it is made from.

use seraug_core::error::{Error, Result};
use seraug_core::run_files::{RunDir, RunInfo, runs_below};
use seraug_core::spec::difference::{Change, differences};
use seraug_core::spec::{self, Spec, Study};
use seraug_core::suggest::hint;
use std::path::Path;

/// Changes of a spec that are named in a message; the others are counted.
const NAMED: usize = 3;

/// A collection with a study, and its experiments as they would run now.
#[derive(Debug, Clone)]
pub struct StudyPlan {
    /// Name of the collection, such as `open/study`.
    pub name: String,
    /// One line for tables and pages.
    pub title: String,
    /// The comparisons, fixed before the first run.
    pub study: Study,
    /// The experiments, one corpus each.
    pub members: Vec<PlannedMember>,
}

/// An experiment of a study.
#[derive(Debug, Clone)]
pub struct PlannedMember {
    /// Its name, such as `open/study/emodb`.
    pub experiment: String,
    /// Its resolved spec.
    pub spec: Spec,
}

/// The run of an experiment that a study takes.
#[derive(Debug, Clone)]
pub enum MemberRun {
    /// Every cell is done.
    Finished(RunDir),
    /// Some cells failed or have not been trained yet; the others are taken.
    Unfinished(RunDir),
    /// There is no run of this spec; the reason on one line.
    Missing(String),
}

impl MemberRun {
    fn of(run: RunDir, info: &RunInfo) -> MemberRun {
        if info.finished.is_empty() { MemberRun::Unfinished(run) } else { MemberRun::Finished(run) }
    }
}

impl StudyPlan {
    /// The run of each experiment below `results`: of those with the spec of now, the newest that is finished, or else the newest.
    /// With notes on newer runs that have another spec.
    ///
    /// # Errors
    /// A run whose run.toml or spec.toml cannot be read.
    pub fn newest(&self, results: &Path) -> Result<(Vec<MemberRun>, Vec<String>)> {
        let mut notes = Vec::new();
        let found = self.members.iter().map(|member| member.newest(results, &mut notes));
        Ok((found.collect::<Result<_>>()?, notes))
    }

    /// The runs that a person names, each with the experiment that it is of; no others are looked for.
    ///
    /// # Errors
    /// A run of an experiment that the study does not have, or of another spec; two runs of one experiment; a run that cannot be
    /// read.
    pub fn given(&self, runs: &[RunDir]) -> Result<Vec<MemberRun>> {
        let mut found: Vec<MemberRun> =
            self.members.iter().map(|_| MemberRun::Missing("no run was named".into())).collect();
        for run in runs {
            let info = RunInfo::load(&run.info())?;
            let of = |m: &PlannedMember| m.experiment == info.experiment;
            let bad = |why: String| Err(Error::usage(format!("{}: {why}", run.path().display())));
            let Some(at) = self.members.iter().position(of) else {
                let known = self.members.iter().map(|m| m.experiment.as_str());
                let experiment = &info.experiment;
                return bad(format!(
                    "is a run of `{experiment}`, which {} does not have{}",
                    self.name,
                    hint(experiment, known)
                ));
            };
            if let MemberRun::Finished(other) | MemberRun::Unfinished(other) = &found[at] {
                let experiment = &info.experiment;
                return bad(format!(
                    "is a run of {experiment}, as is {}; name one of them: a corpus counts once",
                    other.path().display()
                ));
            }
            let changes = decisive_changes(&self.members[at].spec, run)?;
            if !changes.is_empty() {
                let hint = match changes.as_slice() {
                    [Change { path, from, .. }] if *path == ["seeds"] => {
                        let seeds: Vec<String> =
                            from.as_array().into_iter().flatten().map(ToString::to_string).collect();
                        format!("add `--seeds {}` for a study of these", seeds.join(","))
                    }
                    _ => "run it again, or give the same --set and --seeds".to_owned(),
                };
                return bad(format!(
                    "was made with another spec than {} has now: {}; {hint}",
                    info.experiment,
                    named(&changes)
                ));
            }
            found[at] = MemberRun::of(run.clone(), &info);
        }
        Ok(found)
    }
}

impl PlannedMember {
    fn newest(&self, results: &Path, notes: &mut Vec<String>) -> Result<MemberRun> {
        let mut runs: Vec<(RunInfo, RunDir)> = Vec::new();
        for run in runs_below(&results.join(&self.experiment)) {
            let info = RunInfo::load(&run.info())?;
            if info.experiment == self.experiment {
                runs.push((info, run));
            }
        }
        runs.sort_by(|a, b| (&b.0.started, b.1.id()).cmp(&(&a.0.started, a.1.id())));
        // The best so far, and the newest that was refused before there was one.
        let (mut found, mut refused) = (None, None);
        for (info, run) in runs {
            let changes = decisive_changes(&self.spec, &run)?;
            if !changes.is_empty() {
                if found.is_none() && refused.is_none() {
                    refused = Some((run.id(), named(&changes)));
                }
                continue;
            }
            match MemberRun::of(run, &info) {
                finished @ MemberRun::Finished(_) => {
                    found = Some(finished);
                    break;
                }
                other => found = found.or(Some(other)),
            }
        }
        let place = results.join(&self.experiment);
        Ok(match (found, refused) {
            (Some(found), refused) => {
                notes.extend(refused.map(|(id, changes)| {
                    format!(
                        "{}: the newer run {id} has another spec ({changes}) and is left out",
                        self.experiment
                    )
                }));
                found
            }
            (None, Some((id, changes))) => {
                MemberRun::Missing(format!("its run {id} has another spec ({changes})"))
            }
            (None, None) => MemberRun::Missing(format!("there is no run below {}", place.display())),
        })
    }
}

/// The fields, among those that decide a number, at which the spec of a run differs from `spec`, as the change from the run's.
fn decisive_changes(spec: &Spec, run: &RunDir) -> Result<Vec<Change>> {
    let made_with = spec::load(&run.spec(), &[])?;
    let decides = |change: &Change| {
        let path: Vec<&str> = change.path.iter().map(String::as_str).collect();
        match path[..] {
            ["title" | "counterpart" | "slurm" | "published" | "embedding", ..] => false,
            ["condition", _, "title" | "published", ..] => false,
            // A run writes down what the manifest of its corpus says.
            ["valence", ..] => !spec.valence.is_empty(),
            _ => true,
        }
    };
    Ok(differences(&made_with, spec).into_iter().filter(decides).collect())
}

fn named(changes: &[Change]) -> String {
    let mut text = changes.iter().take(NAMED).map(Change::to_string).collect::<Vec<_>>().join(", ");
    if changes.len() > NAMED {
        text += &format!(" and {} more", changes.len() - NAMED);
    }
    text
}
