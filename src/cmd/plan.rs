//! `seraug plan SPEC`: what `run` would do, and why, without doing it.

use super::run::{Experiment, Named};
use super::{Global, print, print_json};
use crate::corpora;
use crate::error::Result;
use crate::inputs;
use crate::plan::{Cell, Plan};
use crate::progress::Display;
use crate::results::{Key, Store};
use crate::run::Options;
use crate::spec::{File, Spec};
use crate::train::device;
use std::collections::HashMap;
use std::fmt::Write;

/// Show every cell of an experiment, its sizes and what is to be done
#[derive(Debug, clap::Args)]
#[command(about = "Show every cell of an experiment, its sizes and what is to be done")]
pub struct Args {
    #[command(flatten)]
    experiment: Experiment,
}

/// Prints every cell with its sizes and what is to be done for it.
///
/// # Errors
/// What would stop the run before its first cell, audio aside.
pub fn run(args: Args, global: &Global) -> Result<u8> {
    let options = args.experiment.options(global);
    let store = Store::of(&options.results);
    let mut earlier = Earlier::default();
    let mut cells = Vec::new();
    let mut stopped = None;
    for Named { name, file } in args.experiment.load(&global.corpora)? {
        match file {
            File::Experiment(spec) => {
                let grid = format!("{name}: {}\n{}\n", spec.title, grid(&spec, global));
                match plan(*spec, &name, &options, &store, global) {
                    Ok(plan) if global.json => {
                        cells.extend(plan.cells.iter().map(|c| json(c, &store, &mut earlier)))
                    }
                    Ok(plan) => print(&(grid + &text(&plan, &store, &mut earlier)))?,
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
                    counts.title,
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

fn plan(spec: Spec, name: &str, options: &Options, store: &Store, global: &Global) -> Result<Plan> {
    let display = Display::new(global.quiet);
    let inputs = inputs::read(&spec, options, store, &display)?;
    inputs.notes.iter().for_each(|note| display.note(&format!("warning: {note}")));
    device::use_threads(options.threads);
    let machine = device::describe(device::open(options.devices[0])?);
    let plan = Plan::new(spec, name.to_owned(), inputs.corpora, &device::numeric(&machine))?;
    plan.audit()?;
    Ok(plan)
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

/// Keys of the stages that an earlier line of the plan makes, with that line's cell.
#[derive(Default)]
struct Earlier(HashMap<Key, String>);

impl Earlier {
    /// What is to be done for a cell, and why.
    fn state(&mut self, cell: &Cell, store: &Store) -> String {
        let state = Plan::state(cell, store);
        let known = self.0.get(&cell.classifier).map(|by| format!("shared: {by} makes it"));
        let augmentor = cell.augmentor.as_ref().and_then(|key| self.0.get(key));
        let state = match (state, known, augmentor) {
            ("cached", _, _) => state.to_owned(),
            (_, Some(shared), _) => shared,
            ("to run: augmentor, classifier", None, Some(by)) => {
                format!("to run: classifier (augmentor shared with {by})")
            }
            _ => state.to_owned(),
        };
        for key in cell.augmentor.iter().chain([&cell.classifier]) {
            self.0.entry(key.clone()).or_insert_with(|| cell.id.to_string());
        }
        state
    }
}

fn json(c: &Cell, store: &Store, earlier: &mut Earlier) -> serde_json::Value {
    serde_json::json!({
        "cell": c.id.to_string(), "corpus": c.fold.corpus, "state": earlier.state(c, store),
        "n_train": c.fold.train.len(), "n_augmented": c.added, "n_test": c.fold.test.len(),
        "key_augmentor": c.augmentor.as_ref().map(ToString::to_string),
        "key_classifier": c.classifier.to_string(),
    })
}

fn text(plan: &Plan, store: &Store, earlier: &mut Earlier) -> String {
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
    let several = plan.folds.iter().any(|(_, f)| f.corpus != plan.folds[0].1.corpus);
    let name = |c: &Cell| if several { format!("{} {}", c.id, c.fold.corpus) } else { c.id.to_string() };
    let width = plan.cells.iter().map(|c| name(c).len()).max().unwrap_or(0);
    let mut states: Vec<(String, usize)> = Vec::new();
    for c in &plan.cells {
        let (train, test) = (c.fold.train.len(), c.fold.test.len());
        let state = earlier.state(c, store);
        let _ = writeln!(text, "{:width$}  train {train:4} + {:4}  test {test:4}  {state}", name(c), c.added);
        let kind = state.split([':', ' ']).next().unwrap_or_default();
        let kind = if kind == "to" { "to run" } else { kind };
        match states.iter_mut().find(|(s, _)| s == kind) {
            Some((_, n)) => *n += 1,
            None => states.push((kind.to_owned(), 1)),
        }
    }
    let states: Vec<String> = states.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let _ = writeln!(text, "  {}: {}", count(plan.cells.len(), "cell"), states.join(", "));
    text
}
