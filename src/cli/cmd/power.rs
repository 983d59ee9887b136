//! `plan --power POINTS`: the chance that a design shows a difference, and what other designs would.

use super::detectable::{designs, is_over_seeds, shares, spread};
use seraug_core::error::{Error, Result};
use seraug_core::text::plural;
use seraug_report::analysis::design::{Design, Spread};
use seraug_run::plan::Plan;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Seeds of the designs that are tried beside that of the plan.
const SEEDS: [usize; 4] = [1, 3, 5, 10];
/// The chance at which a design is called large enough.
const ENOUGH: f64 = 0.8;
/// Most units that are tried.
const MOST: usize = 1000;

/// A stated spread of differences: `3,10`, in points, between units and between trainings.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatedSpread(Spread);

impl std::str::FromStr for StatedSpread {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<StatedSpread, String> {
        let number = |part: &str| part.trim().parse().ok().filter(|v: &f64| (0.0..=100.0).contains(v));
        let parts: Option<Vec<f64>> = text.split(',').map(number).collect();
        match parts.as_deref() {
            Some(&[units, trainings]) if units + trainings > 0.0 => {
                Ok(StatedSpread(Spread { units, trainings }))
            }
            _ => Err(
                "expected two numbers of points, such as 3,10: between units, and between trainings of one"
                    .into(),
            ),
        }
    }
}

/// The chances of one experiment, or of its LT or FT conditions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PowerAnswer {
    experiment: String,
    /// `LT: ` or `FT: `; empty elsewhere.
    #[serde(skip)]
    label: &'static str,
    points: f64,
    /// Standard deviations in points.
    spread_units: f64,
    spread_trainings: f64,
    spread_from: String,
    /// That of the plan first.
    designs: Vec<PowerOfDesign>,
    /// Speakers, one a fold, or seeds where these are the units, at which the chance is 0.8; none up to 1000.
    enough: Option<usize>,
}

/// A design and its chance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct PowerOfDesign {
    /// Folds, or seeds where each splits anew or there is one fold.
    unit: &'static str,
    units: usize,
    /// Test speakers over all folds; 0 where seeds are the units.
    speakers: usize,
    /// Trainings of each fold; 1 where seeds are the units.
    seeds: usize,
    /// In [0, 1].
    chance: f64,
}

/// The chances of the experiment of `plan`.
///
/// # Errors
/// An experiment that compares nothing, or whose design has a single unit.
pub(super) fn answers(
    plan: &Plan,
    results: &Path,
    points: f64,
    stated: Option<StatedSpread>,
) -> Result<Vec<PowerAnswer>> {
    let experiment = &plan.experiment;
    if plan.spec.condition.len() < 2 || plan.spec.train_on_all {
        return Err(Error::usage(format!("--power: {experiment} compares nothing: it has one condition")));
    }
    let (spread, spread_from) = match stated {
        Some(StatedSpread(spread)) => (spread, "stated".to_owned()),
        None => spread(plan, results),
    };
    let mut answers = Vec::new();
    for (share, label) in shares(plan) {
        // Of several data sets the one that sees least: what it shows, the others do.
        let of = |d: &Design| d.power(&spread, points).unwrap_or(0.0);
        let Some(own) = designs(plan, share).into_iter().min_by(|a, b| of(a).total_cmp(&of(b))) else {
            continue;
        };
        if own.units < 2 {
            let next = "add folds or seeds";
            return Err(Error::usage(format!("--power: {experiment} has a single fold and seed; {next}")));
        }
        let speakers = if is_over_seeds(plan) { 0 } else { tested_speakers(plan) };
        let (designs, enough) = tried(own, speakers, &spread, points);
        answers.push(PowerAnswer {
            experiment: experiment.clone(),
            label,
            points,
            spread_units: spread.units,
            spread_trainings: spread.trainings,
            spread_from: spread_from.clone(),
            designs,
            enough,
        });
    }
    Ok(answers)
}

/// Speakers that some fold tests.
fn tested_speakers(plan: &Plan) -> usize {
    let utterances = &plan.selection.utterances;
    let tested = plan.folds.iter().flat_map(|(_, fold)| &fold.test);
    tested.map(|&i| (&*utterances[i].corpus, utterances[i].speaker.as_str())).collect::<BTreeSet<_>>().len()
}

/// The design itself, others beside it, and the number of units that is enough.
fn tried(own: Design, speakers: usize, spread: &Spread, points: f64) -> (Vec<PowerOfDesign>, Option<usize>) {
    let chance = |design: Design, spread: &Spread| design.power(spread, points).unwrap_or(0.0);
    if speakers == 0 {
        let of = |units| PowerOfDesign {
            unit: "seed",
            units,
            speakers: 0,
            seeds: 1,
            chance: chance(Design { units, ..own }, spread),
        };
        let others = [5, 10, 20, 50].into_iter().filter(|n| *n != own.units);
        let designs = std::iter::once(own.units).chain(others).map(of).collect();
        let enough = (2..=MOST).find(|n| chance(Design { units: *n, ..own }, spread) >= ENOUGH);
        return (designs, enough);
    }
    let of_fold = speakers as f64 / own.units as f64;
    let of = |units: usize, speakers: usize, seeds: usize| {
        let spread = spread.of_folds_with(speakers as f64 / units as f64 / of_fold);
        chance(Design { units, trainings: seeds, ..own }, &spread)
    };
    let mut shapes: Vec<(usize, usize)> = vec![(own.units, speakers)];
    for shape in
        [(5, speakers), (speakers, speakers), (2 * speakers, 2 * speakers), (4 * speakers, 4 * speakers)]
    {
        let fits = (2..=shape.1).contains(&shape.0);
        shapes.extend((fits && !shapes.contains(&shape)).then_some(shape));
    }
    let mut seeds: Vec<usize> = SEEDS.into_iter().chain([own.trainings]).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut designs: Vec<PowerOfDesign> = shapes
        .iter()
        .flat_map(|&(units, speakers)| seeds.iter().map(move |&seeds| (units, speakers, seeds)))
        .map(|(units, speakers, seeds)| PowerOfDesign {
            unit: "fold",
            units,
            speakers,
            seeds,
            chance: of(units, speakers, seeds),
        })
        .collect();
    designs.sort_by_key(|d| (d.units, d.seeds) != (own.units, own.trainings));
    (designs, (2..=MOST).find(|n| of(*n, *n, own.trainings) >= ENOUGH))
}

/// The answer for a terminal.
pub(super) fn text(answer: &PowerAnswer) -> String {
    let Some(own) = answer.designs.first() else { return String::new() };
    let percent = |chance: f64| (100.0 * chance).round();
    let size = match own.unit {
        "seed" => plural(own.units, "seed"),
        _ => format!("{} x {}", plural(own.units, "fold"), plural(own.seeds, "seed")),
    };
    let mut text = format!(
        "  {}with {size}, a true difference of {:.1} points is shown with a chance of {:.0} % (spread of differences {:.1} and {:.1} \
         points: {})\n",
        answer.label,
        answer.points,
        percent(own.chance),
        answer.spread_units,
        answer.spread_trainings,
        answer.spread_from
    );
    if own.unit == "seed" {
        for other in &answer.designs[1..] {
            let _ = writeln!(text, "    {:>3} seeds  {:>3.0} %", other.units, percent(other.chance));
        }
    } else {
        text += &grid(&answer.designs);
    }
    text += &match (answer.enough, own.unit) {
        (Some(n), "seed") => format!("  80 %: from {n} seeds\n"),
        (Some(n), _) => {
            format!("  80 %: from {n} speakers, one a fold, with {}\n", plural(own.seeds, "seed"))
        }
        (None, _) => format!("  80 %: not with {MOST} speakers or seeds\n"),
    };
    text
}

/// Folds by seeds.
fn grid(designs: &[PowerOfDesign]) -> String {
    let mut seeds: Vec<usize> = designs.iter().map(|d| d.seeds).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut shapes: Vec<(usize, usize)> = Vec::new();
    for d in designs {
        if !shapes.contains(&(d.units, d.speakers)) {
            shapes.push((d.units, d.speakers));
        }
    }
    shapes.sort_unstable_by_key(|&(units, speakers)| (speakers, units));
    let mut text = format!("    {:<28}", "chance in %");
    seeds.iter().for_each(|s| text += &format!("{:>10}", plural(*s, "seed")));
    text.push('\n');
    for (units, speakers) in shapes {
        text += &format!("    {:<28}", format!("{}, {}", plural(units, "fold"), plural(speakers, "speaker")));
        for s in &seeds {
            let found = designs.iter().find(|d| (d.units, d.speakers, d.seeds) == (units, speakers, *s));
            let _ =
                write!(text, "{:>10}", found.map_or(String::new(), |d| format!("{:.0}", 100.0 * d.chance)));
        }
        text.push('\n');
    }
    text
}
