//! Readers of a run directory and its store: every command that reads one.

use super::{Check, PLAIN, Target, all_seeds, answer};
use crate::case::Case;
use seraug_core::error::Result;
use seraug_core::run_files::{
    AugmentorInfo, CellRecord, RunDir, RunInfo, RunState, read_attributes, read_counts, read_gallery,
    read_history, read_outcomes, read_plan, read_predictions, runs_below,
};
use seraug_core::spec;
use seraug_core::store::{Store, broken};
use seraug_data::split::SplitTable;
use seraug_report::{compare, write};
use seraug_run::prune::{Broken, Inventory, PruneOptions, References, Trajectory, plan};
use seraug_run::status::RunStatus;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

const NAMES: [&str; 3] = ["results", "20260102T030405Z", ".toml"];

/// The run in a case, if it still has a run.toml.
fn run(case: &Path) -> Option<RunDir> {
    runs_below(&case.join("results")).into_iter().next()
}

fn files(case: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let entries = WalkDir::new(case).into_iter().flatten().filter(|e| e.file_type().is_file());
    entries.map(|e| (e.file_name().to_string_lossy().into_owned(), e.into_path()))
}

/// The seeds of the target `run`, reduced to the files that `kept` accepts.
fn part(kept: impl Fn(&str) -> bool) -> Vec<Case> {
    let full = all_seeds(&Target { name: "run", ..PLAIN }).unwrap_or_default();
    let part = |case: Case| Case(case.0.into_iter().filter(|(name, _)| kept(name)).collect());
    full.into_iter().map(part).collect()
}

/// Seeds without the files whose figures take long to draw.
fn lean() -> Vec<Case> {
    part(|name| !name.ends_with("embedding.csv") && !name.contains("gallery") && !name.contains("split.csv"))
}

/// Every file of a run, by its own reader.
pub(super) const FILES: Target = Target {
    name: "files",
    shared: "run",
    wanted: |name| !name.contains(".store"),
    prepare: |_| -> Check {
        Box::new(|case| {
            for (name, path) in files(case) {
                let names = [name.as_str(), path.parent().and_then(Path::to_str).unwrap_or_default()];
                let read: Result<()> = match name.as_str() {
                    "run.toml" => RunInfo::load(&path).map(drop),
                    "spec.toml" => spec::load(&path, &[]).map(drop),
                    AugmentorInfo::INFO => AugmentorInfo::load(path.parent().unwrap_or(case)).map(drop),
                    "plan.csv" => read_plan(&path).map(drop),
                    "split.csv" => SplitTable::read(&path).map(drop),
                    "outcomes.csv" => read_outcomes(&path).map(drop),
                    "predictions.csv" => read_predictions(&path).map(drop),
                    "attributes.csv" => read_attributes(&path).map(drop),
                    "history.csv" => read_history(&path).map(drop),
                    "counts.csv" => read_counts(&path).map(drop),
                    "outcome.toml" => CellRecord::load(&path).map(drop),
                    "gallery.csv" => read_gallery(path.parent().unwrap_or(case)).map(drop),
                    _ => Ok(()),
                };
                answer(read, &names)?;
            }
            Ok(())
        })
    },
    share: 6,
    slow: 4,
    ..PLAIN
};

/// `seraug status`.
pub(super) const STATUS: Target = Target {
    name: "status",
    made: || part(STATUS.wanted),
    slow: 2,
    wanted: |name| {
        let files = ["run.toml", "plan.csv", "outcome.toml", "supervisor.json", "jobs.toml", "outcomes.csv"];
        name.contains("leases") || files.iter().any(|f| name.ends_with(f))
    },
    prepare: |_| -> Check {
        Box::new(|case| {
            let Some(run) = run(case) else { return Ok(()) };
            if let Some(status) = answer(RunStatus::read(&run), &NAMES)? {
                let (text, json) = (status.text(), status.json().to_string());
                if text.is_empty() || json.is_empty() {
                    return Err("a status without words".to_owned());
                }
            }
            Ok(())
        })
    },
    ..PLAIN
};

/// `seraug store list`, `verify` and what `prune` would remove.
pub(super) const STORE: Target = Target {
    name: "store",
    made: || part(|name| (STORE.wanted)(name) || name.ends_with("run.toml")),
    slow: 2,
    wanted: |name| name.contains(".store") || name.ends_with("plan.csv") || name.ends_with("supervisor.json"),
    prepare: |_| -> Check {
        Box::new(|case| {
            let results = case.join("results");
            let Some(inventory) = answer(Inventory::read(&results), &NAMES)? else { return Ok(()) };
            let Some(references) = answer(References::read(&results), &NAMES)? else { return Ok(()) };
            // As `verify` finds them, which looks a second time after a pause.
            let steps =
                |t: &Trajectory| t.steps.iter().map(|s| t.dir.join(format!("{s:09}"))).collect::<Vec<_>>();
            let folders = inventory.entries.iter().map(|e| e.dir.clone());
            let folders = folders.chain(inventory.checkpoints.iter().flat_map(steps));
            let broken: Vec<Broken> =
                folders.filter_map(|dir| Some(Broken { why: broken(&dir)?, dir, next: "" })).collect();
            let wanted = PruneOptions { keep_checkpoints: false, caches: true, models: true, older_than: 0 };
            let removals = plan(&Store::of(&results), &inventory, &references, &broken, wanted);
            match removals.iter().find(|r| !r.path.starts_with(&results)) {
                Some(removal) => Err(format!("would remove {}", removal.path.display())),
                None => Ok(()),
            }
        })
    },
    ..PLAIN
};

/// `seraug compare`, with the run as it was.
pub(super) const COMPARE: Target = Target {
    name: "compare",
    made: lean,
    wanted: |name| !name.contains(".store") && !name.contains("slurm") && !name.ends_with("supervisor.json"),
    prepare: |folder| -> Check {
        let seeds = lean();
        seeds[1].write(folder).expect("a folder of its own");
        let sound = run(folder).expect("a run");
        Box::new(move |case| {
            let Some(run) = run(case) else { return Ok(()) };
            if let Some(found) = answer(compare::compare(&[sound.clone(), run]), &NAMES)? {
                let (text, json) = (compare::terminal(&found, Some(1.0)), compare::json(&found, None, &[]));
                if text.is_empty() || json.is_null() {
                    return Err("a comparison without words".to_owned());
                }
                answer(compare::write(&found, Some(0.0), &case.join("compare")), &["compare"])?;
            }
            Ok(())
        })
    },
    share: 4,
    slow: 2,
    ..PLAIN
};

/// `seraug report --splice`, as the command does it.
pub(super) const REPORT: Target = Target {
    name: "report",
    shared: "run",
    made: lean,
    wanted: COMPARE.wanted,
    prepare: |_| -> Check {
        Box::new(|case| {
            let Some(run) = run(case) else { return Ok(()) };
            let gathered = || -> Result<()> {
                let spec = spec::load(&run.spec(), &[])?;
                RunState::gather(&run, &spec.class_names())
            };
            if run.plan().is_file() && answer(gathered(), &NAMES)?.is_none() {
                return Ok(());
            }
            let (file, reports) = (case.join("README.md"), case.join("reports"));
            let experiment = RunInfo::load(&run.info()).map(|i| i.experiment).unwrap_or_default();
            let text = format!("a\n<!-- seraug {experiment} -->\n<!-- /seraug -->\nb\n");
            std::fs::write(&file, &text).map_err(|e| e.to_string())?;
            if run.counts().is_file() {
                return answer(write::report(&run, &reports), &NAMES).map(drop);
            }
            let written =
                answer(write::report_into(&run, &reports, &file), &["results", "README.md", "reports"])?;
            if written.is_some() {
                let spliced = std::fs::read_to_string(&file).unwrap_or_default();
                if !spliced.starts_with("a\n<!-- seraug ") || !spliced.ends_with("<!-- /seraug -->\nb\n") {
                    return Err(format!("what is around the markers: {spliced}"));
                }
            }
            Ok(())
        })
    },
    share: 12,
    slow: 24,
    ..PLAIN
};
