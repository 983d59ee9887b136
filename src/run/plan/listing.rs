//! A plan as text: cell by cell, or condition by condition where there are many cells.

use super::{ActionKind, Cell, CellAction, Plan};
use indexmap::IndexMap;
use seraug_core::text::plural;
use std::fmt::Write;

/// Most cells that are listed one by one; a larger plan is listed by condition.
const LISTED: usize = 60;
/// Most reasons that are listed for a condition; --all and --json have those of every cell.
const REASONS: usize = 4;

/// Every cell with its sizes and what is to be done; the conditions of a large plan, unless `all`. The last line has the
/// totals: `  10 cells: 6 cached, 4 to run`.
pub fn listing(plan: &Plan, actions: &[CellAction], all: bool) -> String {
    let mut text = match all || plan.cells.len() <= LISTED {
        true => by_cell(plan, actions),
        false => by_condition(plan, actions),
    };
    let mut totals: IndexMap<ActionKind, usize> = IndexMap::new();
    actions.iter().for_each(|v| *totals.entry(v.state).or_default() += 1);
    totals.sort_unstable_keys();
    let totals: Vec<String> = totals.iter().map(|(state, n)| format!("{n} {}", state.name())).collect();
    let cells = plan.cells.len();
    let _ = writeln!(text, "  {}: {}", plural(cells, "cell"), totals.join(", "));
    text
}

/// One line for each cell.
fn by_cell(plan: &Plan, actions: &[CellAction]) -> String {
    let several = plan.folds.iter().any(|(_, f)| f.corpus != plan.folds[0].1.corpus);
    let name = |c: &Cell| if several { format!("{} {}", c.id, c.fold.corpus) } else { c.id.to_string() };
    let width = plan.cells.iter().map(|c| name(c).len()).max().unwrap_or(0);
    let mut text = String::new();
    for (c, action) in plan.cells.iter().zip(actions) {
        let (train, test) = (c.fold.train.len(), c.fold.test.len());
        let _ = writeln!(
            text,
            "{:width$}  train {train:4} + {:4}  test {test:4}  {}",
            name(c),
            c.added,
            action.line()
        );
    }
    text
}

/// One line for each condition: `aug  train 96..110 + 164..168  test 63..77  4998 cached, 2 to run: ...`.
fn by_condition(plan: &Plan, actions: &[CellAction]) -> String {
    let width = plan.spec.condition.iter().map(|c| c.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (index, condition) in plan.spec.condition.iter().enumerate() {
        let of = || plan.cells.iter().zip(actions).filter(|(c, _)| c.condition == index);
        let sizes = |size: fn(&Cell) -> usize| match of().map(|(c, _)| size(c)).fold(None, widen) {
            Some((least, most)) if least < most => format!("{least}..{most}"),
            Some((size, _)) => size.to_string(),
            None => "0".to_owned(),
        };
        let mut groups: IndexMap<(ActionKind, String), usize> = IndexMap::new();
        of().for_each(|(_, v)| *groups.entry((v.state, v.line_alike())).or_default() += 1);
        groups.sort_by(|(a, _), m, (b, _), n| (a, n).cmp(&(b, m)));
        let mut reasons = String::new();
        for ((_, line), n) in groups.iter().take(REASONS) {
            // A list of stages contains commas.
            let comma = if reasons.contains(": ") { "; " } else { ", " };
            let _ = write!(reasons, "{}{n} {line}", if reasons.is_empty() { "" } else { comma });
        }
        let more: usize = groups.values().skip(REASONS).sum();
        let more = if more > 0 { format!("; {more} others, see --all") } else { String::new() };
        let _ = writeln!(
            text,
            "{:width$}  train {} + {}  test {}  {}{more}",
            condition.name,
            sizes(|c| c.fold.train.len()),
            sizes(|c| c.added),
            sizes(|c| c.fold.test.len()),
            reasons
        );
    }
    text
}

fn widen(range: Option<(usize, usize)>, size: usize) -> Option<(usize, usize)> {
    let (least, most) = range.unwrap_or((size, size));
    Some((least.min(size), most.max(size)))
}
