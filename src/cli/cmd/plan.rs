//! `seraug plan SPEC`: what `run` would do, and why, without doing it.

use super::run::{Experiment, Named};
use super::{Global, print, print_json};
use seraug_core::device::{self, DeviceInfo};
use seraug_core::error::Result;
use seraug_core::spec::{File, Spec};
use seraug_core::store::Store;
use seraug_core::terminal::line;
use seraug_data::corpora;
use seraug_run::arguments::{MOST_JOBS, whole};
use seraug_run::plan::{Cell, CellAction, Makers, Plan, cell_actions, listing};
use seraug_run::progress::Display;
use seraug_run::supervise::Options;
use seraug_run::worker_client::machine;
use seraug_run::{estimate, inputs};
use std::fmt::Write;

/// Show every cell of an experiment, its sizes and what is to be done
#[derive(Debug, clap::Args)]
#[command(about = "Show every cell of an experiment, its sizes and what is to be done")]
pub struct PlanArgs {
    #[command(flatten)]
    experiment: Experiment,
    /// Every cell, also of a large experiment; else its conditions
    #[arg(long)]
    all: bool,
    /// The hours that what is to run would take here, from steps timed now; corpora that are missing are taken as their
    /// manifests describe them
    #[arg(long, conflicts_with = "all")]
    estimate: bool,
    /// Cells at once that --estimate reckons with [default: one a core, or one a CUDA device]
    #[arg(long, value_name = "N", requires = "estimate", value_parser = whole::<usize>(..=MOST_JOBS))]
    jobs: Option<usize>,
}

/// Prints every cell with its sizes and what is to be done for it.
///
/// # Errors
/// What would stop the run before its first cell, audio aside.
pub fn run(args: PlanArgs, global: &Global) -> Result<u8> {
    let options = Options { jobs: args.jobs.unwrap_or(0), ..args.experiment.options(global) };
    let store = Store::of(&options.results);
    if args.estimate {
        return estimated(&args, &options, &store, global);
    }
    let mut makers = Makers::default();
    let mut cells = Vec::new();
    let mut stopped = None;
    for Named { name, file } in args.experiment.load(&global.corpora)? {
        match file {
            File::Experiment(spec) => {
                let grid = format!("{name}: {}\n{}\n", line(&spec.title), grid(&spec, global));
                match plan(*spec, &name, &options, &store, global) {
                    Ok((plan, machine)) => {
                        let verdicts = cell_actions(&plan, &machine, &store, &options.results, &mut makers);
                        match global.json {
                            true => cells.extend(plan.cells.iter().zip(&verdicts).map(json)),
                            false => print(&(grid + &text(&plan, &verdicts, args.all)))?,
                        }
                    }
                    Err(e) => {
                        if !global.json {
                            print(&grid)?;
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
    stopped.map_or(Ok(0), Err)
}

fn estimated(args: &PlanArgs, options: &Options, store: &Store, global: &Global) -> Result<u8> {
    let experiments =
        args.experiment.load(&global.corpora)?.into_iter().filter_map(|named| match named.file {
            File::Experiment(spec) => Some((named.name, *spec)),
            // Counts train nothing.
            File::Counts(_) | File::Collection(_) => None,
        });
    let found = estimate::estimate(experiments.collect(), options, store, &Display::new(global.quiet))?;
    match global.json {
        true => print_json(&estimate::json(&found))?,
        false => print(&estimate::text(&found))?,
    }
    Ok(0)
}

/// The plan, and the device that it is for.
fn plan(
    spec: Spec,
    name: &str,
    options: &Options,
    store: &Store,
    global: &Global,
) -> Result<(Plan, DeviceInfo)> {
    let display = Display::new(global.quiet);
    let inputs = inputs::read(&spec, options, store, &display)?;
    inputs.notes.iter().for_each(|note| display.note(&format!("warning: {note}")));
    let (machine, _) = machine::open(&options.devices[..1], options.threads)?;
    let plan = Plan::new(spec, name.to_owned(), inputs.corpora, &device::numeric(&machine))?;
    plan.audit()?;
    Ok((plan, machine))
}

/// `  5 folds x 2 conditions x 5 seeds = 50 cells`, from the spec and the manifests alone.
fn grid(spec: &Spec, global: &Global) -> String {
    let sessions =
        || corpora::manifest(&spec.corpus, &global.corpora).map_or(0, |m| m.expected.sessions.len());
    let speakers = || corpora::manifest(&spec.corpus, &global.corpora).map_or(0, |m| m.speakers.len());
    let (conditions, seeds) = (spec.condition.len(), spec.seeds.len());
    let rest = format!("{} x {}", count(conditions, "condition"), count(seeds, "seed"));
    match spec.folds(sessions, speakers) {
        0 => format!("  folds x {rest}"),
        folds => format!(
            "  {} ({}) x {rest} = {}",
            count(folds, "fold"),
            spec.protocol.describe(),
            count(folds * conditions * seeds, "cell")
        ),
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn json((c, verdict): (&Cell, &CellAction)) -> serde_json::Value {
    let to_run: Vec<&str> = verdict.to_run.iter().map(|s| s.name()).collect();
    serde_json::json!({
        "cell": c.id.to_string(), "corpus": c.fold.corpus,
        "state": verdict.state.name(), "reason": verdict.reason, "to_run": to_run,
        "n_train": c.fold.train.len(), "n_augmented": c.added, "n_test": c.fold.test.len(),
        "key_augmentor": c.augmentor.as_ref().map(ToString::to_string),
        "key_classifier": c.classifier.to_string(),
    })
}

fn text(plan: &Plan, verdicts: &[CellAction], all: bool) -> String {
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
    text += &listing(plan, verdicts, all);
    text
}
