//! `seraug plan SPEC`: what `run` would do and why, without doing it.

use super::run::{Experiment, ExperimentFlags};
use super::{Global, detectable, power, print, print_json};
use crate::experiments::Named;
use seraug_core::device::DeviceInfo;
use seraug_core::error::Result;
use seraug_core::exit;
use seraug_core::run_files::AuditCheck;
use seraug_core::spec::{File, Spec};
use seraug_core::terminal::line;
use seraug_core::text::plural;
use seraug_data::corpora;
use seraug_run::arguments::{MOST_JOBS, effect, whole};
use seraug_run::options::Places;
use seraug_run::plan::{Cell, CellAction, Makers, Plan, cell_actions, listing};
use seraug_run::progress::Display;
use seraug_run::worker_client::machine;
use seraug_run::{estimate, inputs};
use std::fmt::Write;

/// Show every cell of an experiment, its sizes and what is to be done
#[derive(Debug, clap::Args)]
#[command(about = "Show every cell of an experiment, its sizes and what is to be done")]
pub struct PlanArgs {
    #[command(flatten)]
    experiment: Experiment,
    /// List every cell, also of a large experiment, whose conditions are listed otherwise
    #[arg(long)]
    all: bool,
    /// Estimate the hours that the run would take on this machine, from steps timed now; a missing corpus is replaced by the
    /// numbers of its manifest
    #[arg(long, conflicts_with = "all")]
    estimate: bool,
    /// Say with what chance the experiment shows a true difference of so many points between two conditions, and what other numbers of
    /// folds, speakers and seeds would (docs/statistics.md)
    #[arg(long, value_name = "POINTS", conflicts_with_all = ["all", "estimate"], value_parser = effect)]
    power: Option<f64>,
    /// The spread of differences in place of that of earlier runs, in points: between folds, and between trainings of one fold
    #[arg(long, value_name = "FOLDS,TRAININGS", requires = "power")]
    spread: Option<power::StatedSpread>,
    /// Cells at once that --estimate assumes [default: one on each core, or one on each CUDA device]
    #[arg(long, value_name = "N", requires = "estimate", value_parser = whole::<usize>(..=MOST_JOBS))]
    jobs: Option<usize>,
}

/// Prints every cell with its sizes and what is to be done for it.
///
/// # Errors
/// What would stop the run before its first cell, audio aside.
pub fn run(args: PlanArgs, global: &Global) -> Result<u8> {
    let places = args.experiment.flags.places(global);
    if args.estimate {
        return estimated(&args, &places, global);
    }
    if let Some(points) = args.power {
        return with_power(&args, &places, points, global);
    }
    let store = places.store();
    let mut makers = Makers::default();
    let mut cells = Vec::new();
    let mut stopped = None;
    for Named { name, file } in args.experiment.load(&global.corpora)?.experiments {
        match file {
            File::Experiment(spec) => {
                let head = format!("{name}: {}\n", line(&spec.title));
                let expected = head.clone() + &grid(&spec, expected_folds(&spec, global));
                match plan(*spec, &name, &args.experiment.flags, global) {
                    Ok((plan, audit, machine)) => {
                        let grid = head + &grid(&plan.spec, plan.folds.len() / plan.spec.seeds.len());
                        let actions = cell_actions(&plan, &machine, &store, &places.results, &mut makers);
                        match global.json {
                            true => cells.extend(plan.cells.iter().zip(&actions).map(json)),
                            false => {
                                let sees = detectable::lines(&plan, &places.results) + &texts(&audit);
                                print(&(grid + &sees + &text(&plan, &actions, args.all)))?;
                            }
                        }
                    }
                    Err(e) => {
                        if !global.json {
                            print(&expected)?;
                        }
                        stopped = stopped.or(Some(e));
                    }
                }
            }
            File::Counts(counts) if !global.json => {
                print(&format!(
                    "{name}: {}\n  counts {} data sets, trains nothing\n",
                    line(&counts.title),
                    counts.count.len()
                ))?;
            }
            File::Counts(_) | File::Collection(_) => {}
        }
    }
    if global.json {
        print_json(&cells)?;
    }
    stopped.map_or(Ok(exit::DONE), Err)
}

fn estimated(args: &PlanArgs, places: &Places, global: &Global) -> Result<u8> {
    let experiments =
        args.experiment.load(&global.corpora)?.experiments.into_iter().filter_map(|named| match named.file {
            File::Experiment(spec) => Some((named.name, *spec)),
            // Counts train nothing.
            File::Counts(_) | File::Collection(_) => None,
        });
    let (partial, compute) = (args.experiment.flags.partial, args.experiment.flags.compute(args.jobs));
    let display = Display::new(global.quiet);
    let found = estimate::estimate(experiments.collect(), places, partial, &compute, &display)?;
    match global.json {
        true => print_json(&estimate::json(&found))?,
        false => print(&estimate::text(&found))?,
    }
    Ok(exit::DONE)
}

/// The chances of every experiment of the file.
fn with_power(args: &PlanArgs, places: &Places, points: f64, global: &Global) -> Result<u8> {
    let mut answers = Vec::new();
    for Named { name, file } in args.experiment.load(&global.corpora)?.experiments {
        let File::Experiment(spec) = file else { continue };
        let head = format!("{name}: {}\n", line(&spec.title));
        let (plan, ..) = plan(*spec, &name, &args.experiment.flags, global)?;
        let found = power::answers(&plan, &places.results, points, args.spread)?;
        if !global.json {
            print(&(head + &found.iter().map(power::text).collect::<String>()))?;
        }
        answers.extend(found);
    }
    if global.json {
        print_json(&answers)?;
    }
    Ok(exit::DONE)
}

/// The line about test utterances whose text is in training; nothing where there are none.
fn texts(audit: &[AuditCheck]) -> String {
    match audit.iter().find(|c| c.check == AuditCheck::TEXTS && c.hits > 0) {
        Some(c) => format!(
            "  texts: {:.0} % of the test utterances say what is also said in training; a result holds for these texts\n",
            100.0 * c.hits as f64 / c.compared as f64
        ),
        None => String::new(),
    }
}

/// The plan, what its audit counted, and the device that it is for.
fn plan(
    spec: Spec,
    name: &str,
    flags: &ExperimentFlags,
    global: &Global,
) -> Result<(Plan, Vec<AuditCheck>, DeviceInfo)> {
    let display = Display::new(global.quiet);
    let inputs = inputs::read(&spec, &flags.places(global), flags.partial, &display)?;
    inputs.notes.iter().for_each(|note| display.note(&format!("warning: {note}")));
    let (machine, _) = machine::open(&flags.device[..1], flags.threads.max(1))?;
    let plan = Plan::new(spec, name.to_owned(), inputs.corpora, machine.numeric())?;
    let audit = plan.audit()?;
    Ok((plan, audit, machine))
}

/// The folds of a spec from the manifests alone; 0 where they do not say.
fn expected_folds(spec: &Spec, global: &Global) -> usize {
    let sessions =
        || corpora::manifest(&spec.corpus, &global.corpora).map_or(0, |m| m.expected.sessions.len());
    let speakers = || corpora::manifest(&spec.corpus, &global.corpora).map_or(0, |m| m.speakers.len());
    spec.folds(sessions, speakers)
}

/// `  5 folds x 2 conditions x 5 seeds = 50 cells`.
fn grid(spec: &Spec, folds: usize) -> String {
    let (conditions, seeds) = (spec.condition.len(), spec.seeds.len());
    let rest = format!("{} x {}", plural(conditions, "condition"), plural(seeds, "seed"));
    match folds {
        0 => format!("  folds x {rest}\n"),
        folds => format!(
            "  {} ({}) x {rest} = {}\n",
            plural(folds, "fold"),
            spec.protocol.describe(),
            plural(folds * conditions * seeds, "cell")
        ),
    }
}

fn json((c, action): (&Cell, &CellAction)) -> serde_json::Value {
    let to_run: Vec<&str> = action.to_run.iter().map(|s| s.name()).collect();
    let mut value = serde_json::json!({
        "cell": c.id.to_string(), "corpus": c.fold.corpus,
        "state": action.state.name(), "reason": action.reason, "to_run": to_run,
        "n_train": c.fold.train.len(), "n_augmented": c.added, "n_test": c.fold.test.len(),
        "key_augmentor": c.augmentor.as_ref().map(ToString::to_string),
        "key_classifier": c.classifier.to_string(),
    });
    if let Some(key) = &c.autoencoder {
        value["key_autoencoder"] = serde_json::json!(key.to_string());
    }
    if let Some(key) = &c.judge {
        value["key_judge"] = serde_json::json!(key.to_string());
    }
    value
}

fn text(plan: &Plan, actions: &[CellAction], all: bool) -> String {
    let mut text = String::new();
    for name in plan.spec.corpora() {
        let used = plan.selection.utterances.iter().filter(|u| &*u.corpus == name).count();
        let left_out = plan.selection.left_out.iter().filter(|((c, _), _)| c == name);
        let left_out: Vec<String> = left_out.map(|((_, emotion), n)| format!("{n} {emotion}")).collect();
        let left_out = if left_out.is_empty() {
            String::new()
        } else {
            format!("; in no class: {}", left_out.join(", "))
        };
        let _ = writeln!(text, "  corpus {name}: {used} utterances{left_out}");
    }
    for note in inputs::overlaps(plan) {
        let _ = writeln!(text, "  note: {note}");
    }
    text += &listing(plan, actions, all);
    text
}
