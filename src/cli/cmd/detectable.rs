//! What `plan` says of a design before it is run: the difference that it would usually find.

use seraug_core::run_files::{RunDir, runs_below};
use seraug_core::spec::{Protocol, TargetShare};
use seraug_core::text::plural;
use seraug_data::split::Fold;
use seraug_report::analysis::design::{Design, Spread};
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_run::plan::Plan;
use std::collections::BTreeSet;
use std::path::Path;

/// One line, or one for LT and one for FT; none for an experiment of one condition, which compares nothing. The spread of differences is
/// that of the newest run of the experiment below `results`, or a typical one.
pub(super) fn lines(plan: &Plan, results: &Path) -> String {
    if plan.spec.condition.len() < 2 || plan.spec.train_on_all {
        return String::new();
    }
    let (spread, source) = spread(plan, results);
    shares(plan).into_iter().map(|(share, label)| line(plan, share, label, &spread, &source)).collect()
}

/// The shares of the target that conditions train on, with what begins a line about them: nothing outside the cross-lingual protocol.
pub(super) fn shares(plan: &Plan) -> Vec<(TargetShare, &'static str)> {
    let crosses = matches!(plan.spec.protocol, Protocol::CrossLingual(_));
    let shares = [(TargetShare::Low, "LT: "), (TargetShare::Full, "FT: ")];
    let there = shares.into_iter().filter(|s| plan.spec.condition.iter().any(|c| c.target == s.0));
    there.map(|(share, label)| (share, if crosses { label } else { "" })).collect()
}

fn line(plan: &Plan, share: TargetShare, label: &str, spread: &Spread, source: &str) -> String {
    let designs = designs(plan, share);
    let Some(one) = designs.first() else { return String::new() };
    let size = match is_over_seeds(plan) {
        true => plural(one.units, "seed"),
        false => format!("{} x {}", plural(one.units, "fold"), plural(one.trainings, "seed")),
    };
    let points: Vec<f64> = designs.iter().filter_map(|d| d.detectable(spread)).collect();
    let [least, most] = [f64::min, f64::max].map(|f| points.iter().copied().reduce(f));
    let (Some(least), Some(most)) = (least, most) else {
        return format!(
            "  {label}with {size}, no difference of two conditions can be shown: add folds or seeds\n"
        );
    };
    let range = match (format!("{least:.1}"), format!("{most:.1}")) {
        (least, most) if least == most => least,
        (least, most) => format!("{least} to {most}"),
    };
    format!(
        "  {label}with {size}, a true difference of two conditions under {range} points would be missed in more than one of five \
         such runs (spread of differences: {source})\n"
    )
}

/// Whether differences are averaged over seeds: each splits anew, or there is one test set.
pub(super) fn is_over_seeds(plan: &Plan) -> bool {
    let tests: BTreeSet<&[usize]> = plan.folds.iter().map(|(_, f)| f.test.as_slice()).collect();
    matches!(plan.spec.protocol, Protocol::CrossLingual(_)) || tests.len() < 2
}

/// The design of each data set.
pub(super) fn designs(plan: &Plan, share: TargetShare) -> Vec<Design> {
    let mut sets: Vec<&str> = plan.folds.iter().map(|(_, f)| f.corpus.as_str()).collect();
    sets.sort_unstable();
    sets.dedup();
    let seeds = plan.spec.seeds.len();
    let design = |set: &&str| {
        let folds: Vec<&Fold> = plan.folds.iter().map(|(_, f)| &**f).filter(|f| f.corpus == **set).collect();
        // Data sets that reduce a class each share their test speakers.
        let tests: BTreeSet<&[usize]> = folds.iter().map(|f| f.test.as_slice()).collect();
        let (units, trainings) = if is_over_seeds(plan) { (seeds, 1) } else { (tests.len(), seeds) };
        // Differences are corrected where each seed splits the target anew.
        let ratio = |f: &&Fold| {
            let pool = match share {
                TargetShare::Full => f.target.len(),
                TargetShare::Low => f.low.len(),
            };
            if pool == 0 { 0.0 } else { f.test.len() as f64 / pool as f64 }
        };
        Design { units, trainings, ratio: folds.iter().map(ratio).sum::<f64>() / folds.len().max(1) as f64 }
    };
    sets.iter().map(design).collect()
}

/// The spread of differences, and where it is from.
pub(super) fn spread(plan: &Plan, results: &Path) -> (Spread, String) {
    let of_experiment = results.join(&plan.experiment);
    let own =
        |run: &LoadedRun| run.spec.protocol == plan.spec.protocol && run.spec.preset == plan.spec.preset;
    let found = |dir: RunDir| {
        let run = LoadedRun::of(&dir).ok().filter(own)?;
        Some((Spread::of(&run)?, run.dir.id(), run.info.finished))
    };
    // `latest` may be of another design, or have no two cells to compare yet: then the newest run that was finished.
    let latest = || RunDir::open(&of_experiment.join("latest")).ok().and_then(found);
    let finished = || {
        let runs = runs_below(&of_experiment).into_iter().filter_map(found);
        runs.filter(|(_, _, finished)| !finished.is_empty()).max_by(|a, b| a.2.cmp(&b.2))
    };
    match latest().or_else(finished).map(|(spread, id, _)| (spread, id)) {
        Some((spread, id)) => (spread, format!("of {}/{id}", plan.experiment)),
        None => (Spread::TYPICAL, "typical, docs/statistics.md".to_owned()),
    }
}
