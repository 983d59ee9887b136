//! Bars of recall for every column and condition, with intervals, single folds, published values and the chance level.

use super::{At, Canvas, Figure, GRID, HEAD, PALE, SMALL, TEXT, WIDTH, colour, room, svg};
use crate::analysis::aggregate::{Column, Unit};
use crate::render::result_table::{ResultTable, TableEntry};
use crate::render::text::cut;
use seraug_core::error::Result;

const GROUP: i32 = 40;
/// Most characters of a condition's label.
const LABEL: usize = 18;

/// Draws the figure; `classes` is the number of classes, for the chance line.
pub fn recall(table: &ResultTable, classes: usize) -> Result<Figure> {
    let groups: Vec<usize> =
        (0..table.columns.len()).filter(|&c| table.columns[c].column != Column::Difference).collect();
    let labels: Vec<String> = table.rows.iter().map(|r| cut(&r.label, LABEL)).collect();
    let left = labels.iter().map(|l| room(l, TEXT.size)).max().unwrap_or(0).max(60) + 14;
    let right = WIDTH - 92;
    let top = 44;
    let published = table.rows.iter().any(|r| r.published.iter().any(Option::is_some));
    // Interval, folds and published value each have a lane of the bar.
    let bar = if published { 28 } else { 20 };
    let pitch = bar + 4;
    let group_height = GROUP + pitch * table.rows.len() as i32;
    let bottom = top + group_height * groups.len() as i32 + 8;
    let x = |v: f64| left + (f64::from(right - left) * v.clamp(0.0, 100.0) / 100.0).round() as i32;
    let unit = if table.unit == Unit::Fold { "fold" } else { "seed" };
    let text = svg(WIDTH, bottom + 48, |canvas| {
        key(canvas, unit, published)?;
        for v in (0..=100).step_by(20) {
            canvas.line((x(f64::from(v)), top), (x(f64::from(v)), bottom), GRID, 1)?;
            canvas.text(&v.to_string(), (x(f64::from(v)), bottom + 12), At::Middle, SMALL)?;
        }
        canvas.text("percent", ((left + right) / 2, bottom + 32), At::Middle, SMALL)?;
        for (g, &column) in groups.iter().enumerate() {
            let y = top + g as i32 * group_height;
            canvas.text(&long_title(table, column), (left, y + 24), At::Left, HEAD)?;
            for (i, row) in table.rows.iter().enumerate() {
                let y = y + GROUP + i as i32 * pitch;
                canvas.text(&labels[i], (left - 8, y + bar / 2), At::Right, TEXT)?;
                let Some(entry) = &row.entries[column] else {
                    canvas.text("no result", (right + 12, y + bar / 2), At::Left, SMALL)?;
                    continue;
                };
                let interval = entry.interval;
                canvas.rect((x(0.0), y), (x(interval.mean), y + bar), colour(i))?;
                if let Some(half) = interval.half {
                    let (low, high) = (interval.mean - half, interval.mean + half);
                    canvas.whisker_within([x(low), x(high)], [low >= 0.0, high <= 100.0], y + 5)?;
                }
                entry.units.iter().try_for_each(|&(_, v)| canvas.dot((x(v), y + 14)))?;
                if let Some(p) = row.published[column] {
                    canvas.diamond((x(p), y + 23))?;
                }
                canvas.text(&entry.plain(), (right + 12, y + bar / 2), At::Left, TEXT)?;
            }
        }
        canvas.dashes(x(100.0 / classes as f64), top, bottom, PALE)
    })?;
    let says: Vec<String> = table
        .rows
        .iter()
        .map(|r| {
            let last = groups.last().and_then(|&c| r.entries[c].as_ref());
            format!("{} {}", r.label, last.map_or("no result".into(), TableEntry::plain))
        })
        .collect();
    let heading = groups.last().map_or(String::new(), |&c| long_title(table, c));
    Ok(Figure {
        name: "recall".into(),
        title: "Recall by condition".into(),
        caption: format!(
            "Bars: means. Lines: 95 % intervals; an end without its mark lies beyond the axis. White dots: single {unit}s. Dashed: chance, 1 of {classes} \
             classes.{}",
            if published { " Diamonds: values printed in the paper." } else { "" }
        ),
        alt: format!(
            "Bars of recall for each condition, the numbers of the table. {heading}: {}.",
            says.join("; ")
        ),
        svg: text,
        marks: Vec::new(),
    })
}

fn long_title(table: &ResultTable, column: usize) -> String {
    let heading = &table.columns[column];
    match heading.column {
        Column::Uar => "UAR, all classes".into(),
        Column::Reduced if heading.title == "mean" => "mean of the above".into(),
        Column::Reduced => format!("mean over the {} classes", heading.title),
        Column::Class(_) | Column::Other(_) | Column::Difference => heading.title.clone(),
    }
}

/// What the marks mean, in one row.
fn key(canvas: &mut Canvas, unit: &str, published: bool) -> Result<()> {
    let y = 22;
    canvas.whisker(14, 40, y)?;
    canvas.text("95 % interval", (48, y), At::Left, TEXT)?;
    canvas.dot((168, y))?;
    canvas.text(&format!("one {unit}"), (178, y), At::Left, TEXT)?;
    canvas.dashes(262, y - 9, y + 9, PALE)?;
    canvas.text("chance", (270, y), At::Left, TEXT)?;
    if published {
        canvas.diamond((346, y))?;
        canvas.text("published", (358, y), At::Left, TEXT)?;
    }
    Ok(())
}
