//! Differences between conditions and their baseline, with intervals and a line at zero.

use super::{At, Figure, GRID, INK, PALE, SMALL, TEXT, WIDTH, colour, room, svg, tick_step};
use crate::analysis::aggregate::{Column, Unit};
use crate::render::result_table::ResultTable;
use crate::render::text::cut;
use seraug_core::error::Result;

const PITCH: i32 = 34;
const LABEL: usize = 18;

/// `None` where there is a single condition or no difference was measured.
pub fn difference(table: &ResultTable) -> Result<Option<Figure>> {
    let found: Vec<_> =
        (0..table.rows.len()).filter_map(|i| Some((i, table.entry(i, Column::Difference)?))).collect();
    if found.is_empty() {
        return Ok(None);
    }
    let ends = found.iter().flat_map(|(_, e)| {
        let half = e.interval.half.unwrap_or(0.0);
        e.units.iter().map(|u| u.1).chain([e.interval.mean - half, e.interval.mean + half])
    });
    let (mut low, mut high) = ends.fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    let step = tick_step(high - low);
    (low, high) = ((low / step).floor() * step, (high / step).ceil().max(1.0) * step);
    let labels: Vec<String> = found.iter().map(|(i, _)| cut(&table.rows[*i].label, LABEL)).collect();
    let left = labels.iter().map(|l| room(l, TEXT.size)).max().unwrap_or(0).max(60) + 26;
    let (right, top) = (WIDTH - 104, 12);
    let bottom = top + PITCH * found.len() as i32 + 4;
    let x = |v: f64| left + (f64::from(right - left) * (v - low) / (high - low)).round() as i32;
    let base = table.columns.last().map_or("", |h| h.title.trim_start_matches("vs "));
    let unit = if table.unit == Unit::Fold { "fold" } else { "seed" };
    let text = svg(WIDTH, bottom + 48, |canvas| {
        let ticks = ((high - low) / step).round() as i32;
        for i in 0..=ticks {
            let v = low + f64::from(i) * step;
            canvas.line((x(v), top), (x(v), bottom), GRID, 1)?;
            let label = format!(
                "{}{}",
                if v > 1e-9 {
                    "+"
                } else if v < -1e-9 {
                    "−"
                } else {
                    ""
                },
                v.abs()
            );
            canvas.text(&label, (x(v), bottom + 12), At::Middle, SMALL)?;
        }
        canvas.line((x(0.0), top), (x(0.0), bottom), INK, 1)?;
        let axis = format!("percentage points over {}", cut(base, LABEL));
        canvas.text(&axis, ((left + right) / 2, bottom + 32), At::Middle, SMALL)?;
        for (row, (i, entry)) in found.iter().enumerate() {
            let y = top + row as i32 * PITCH;
            let mean = entry.interval.mean;
            canvas.text(&labels[row], (left - 20, y + 17), At::Right, TEXT)?;
            if let Some(half) = entry.interval.half {
                canvas.whisker(x(mean - half), x(mean + half), y + 11)?;
            }
            canvas.rect((x(mean) - 5, y + 6), (x(mean) + 5, y + 16), colour(*i))?;
            canvas.frame((x(mean) - 5, y + 6), (x(mean) + 5, y + 16), INK)?;
            entry.units.iter().try_for_each(|&(_, v)| canvas.dot((x(v), y + 25)))?;
            let look = if entry.excludes_zero() { TEXT } else { super::Look { colour: PALE, ..TEXT } };
            canvas.text(&entry.signed(), (right + 12, y + 17), At::Left, look)?;
        }
        Ok(())
    })?;
    let says: Vec<String> =
        found.iter().map(|(i, e)| format!("{} {}", table.rows[*i].label, e.signed())).collect();
    Ok(Some(Figure {
        name: "difference".into(),
        title: format!("Difference to {base}"),
        caption: format!(
            "Squares: mean paired difference in the mean over the reduced classes (UAR where nothing is reduced), with \
             its 95 % interval. White dots: single {unit}s. An interval across zero shows no difference."
        ),
        alt: format!("Paired differences to {base} in percentage points: {}.", says.join("; ")),
        svg: text,
        marks: Vec::new(),
    }))
}
