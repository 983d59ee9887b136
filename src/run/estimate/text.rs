//! An estimate as text and as JSON.

use super::{Estimate, ProjectionRow};
use seraug_core::text::plural;
use serde_json::{Value, json as object};

/// What the hours include.
const COUNTED: &str = "included: training, augmenting, testing; not included: features, embeddings, galleries; an interrupted \
    training counts in full";

/// The table, its total and what they are based on.
pub fn text(estimate: &Estimate) -> String {
    let m = &estimate.machine;
    let (p, jobs) = (&estimate.projection, estimate.jobs);
    let mut lines = vec![format!(
        "estimate for {} ({}), {}, {}, from steps timed now",
        m.name,
        m.class,
        plural(m.threads, "thread"),
        estimate.precisions.join(" and ")
    )];
    let kept: [usize; 2] = [0, 1].map(|s| estimate.demands.iter().map(|d| d.kept[s]).sum());
    if p.rows.is_empty() {
        lines.push("  nothing to train".to_owned());
    } else {
        lines.extend(table(&p.rows));
        let [low, middle, high] = p.all_workers.map(hours);
        lines.push(format!("  {} in total with one worker", hours_of(p.one_worker[1])));
        lines.push(format!(
            "  {middle} hours with {} ({low} to {high} by the spread of the steps) if workers do not slow each other down",
            plural(jobs, "worker")
        ));
        lines.push(format!("  {COUNTED}"));
    }
    if kept != [0, 0] {
        lines.push(format!(
            "  not included because they are in the store or shared with another cell: {}, {}",
            plural(kept[0], "augmentor"),
            plural(kept[1], "classifier")
        ));
    }
    for name in estimate.absent() {
        lines.push(format!("  {name}: corpus missing, counted from its manifest"));
    }
    lines.extend(estimate.notes.iter().map(|note| format!("  {note}")));
    lines.join("\n") + "\n"
}

/// All numbers of the estimate.
pub fn json(estimate: &Estimate) -> Value {
    let p = &estimate.projection;
    let row = |r: &ProjectionRow| {
        object!({
            "experiment": r.experiment, "work": r.work.to_string(), "cells": r.cells, "least": r.each[0], "most": r.each[1],
            "times": r.times, "seconds": r.seconds, "hours": r.hours,
        })
    };
    let kept = |stage: usize| estimate.demands.iter().map(|d| d.kept[stage]).sum::<usize>();
    let spread = |h: [f64; 3]| object!({ "low": h[0], "expected": h[1], "high": h[2] });
    object!({
        "device": estimate.machine, "precision": estimate.precisions, "jobs": estimate.jobs,
        "rows": p.rows.iter().map(row).collect::<Vec<_>>(),
        "kept": { "augmentor": kept(0), "classifier": kept(1) },
        "hours_one_worker": spread(p.one_worker), "hours": spread(p.all_workers),
        "timed": estimate.timed, "from_manifest": estimate.absent(), "notes": estimate.notes,
    })
}

fn table(rows: &[ProjectionRow]) -> Vec<String> {
    let head = ["experiment", "work", "cells", "steps each", "seconds a step", "hours"].map(str::to_owned);
    let cells = rows.iter().map(|r| {
        let each = match r.each {
            [least, most] if least < most => format!("{least} to {most}"),
            [n, _] => n.to_string(),
        };
        let seconds =
            if r.seconds < 0.01 { format!("{:.2e}", r.seconds) } else { format!("{:.3}", r.seconds) };
        [r.experiment.clone(), r.work.to_string(), r.cells.to_string(), each, seconds, hours(r.hours)]
    });
    let all: Vec<[String; 6]> = [head].into_iter().chain(cells).collect();
    let width = |c: usize| all.iter().map(|r| r[c].len()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4, 5].map(width);
    let line = |r: &[String; 6]| {
        let cell = |(c, text): (usize, &String)| match c {
            0 | 1 => format!("{text:<w$}", w = widths[c]),
            _ => format!("{text:>w$}", w = widths[c]),
        };
        format!("  {}", r.iter().enumerate().map(cell).collect::<Vec<_>>().join("  "))
    };
    all.iter().map(line).collect()
}

/// Hours with as many digits as are significant.
fn hours(h: f64) -> String {
    match h {
        h if h >= 100.0 => format!("{h:.0}"),
        h if h >= 1.0 => format!("{h:.1}"),
        _ => format!("{h:.2}"),
    }
}

fn hours_of(h: f64) -> String {
    format!("{} hours", hours(h))
}
