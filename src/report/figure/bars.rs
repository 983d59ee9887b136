//! Fig. 4 of the paper: grouped bars of UAR, with a panel for each source corpus and a group for each target corpus.

use super::{At, Figure, GRID, HEAD, PALE, SMALL, TEXT, WIDTH, colour, legend, legend_height, room, svg};
use crate::analysis::aggregate::{Unit, main_column};
use crate::analysis::loaded_run::LoadedRun;
use crate::render::result_table::{ResultTable, TableEntry};
use crate::render::text::data_set_label;
use seraug_core::error::Result;

const PLOT: i32 = 180;

/// The figure of a run whose data sets are pairs of corpora; `None` for other runs.
#[expect(clippy::too_many_lines, reason = "a figure is drawn from top to bottom")]
pub fn bars(run: &LoadedRun, tables: &[ResultTable]) -> Result<Option<Figure>> {
    let sets = run.data_sets();
    let pairs: Option<Vec<(&str, &str)>> = sets.iter().map(|s| s.split_once('>')).collect();
    let Some(pairs) = pairs.filter(|p| !p.is_empty()) else { return Ok(None) };
    let mut sources: Vec<&str> = Vec::new();
    pairs.iter().for_each(|(s, _)| {
        if !sources.contains(s) {
            sources.push(s)
        }
    });
    let conditions: Vec<(usize, String)> =
        run.spec.condition.iter().enumerate().map(|(i, c)| (i, c.label().to_owned())).collect();
    let column = main_column(run);
    let chance = 100.0 / run.spec.classes.len() as f64;
    let top = 10 + legend_height(&conditions, WIDTH - 28) + 8;
    let panel = PLOT + 108;
    let text = svg(WIDTH, top + panel * sources.len() as i32, |canvas| {
        legend(canvas, &conditions, 14, 10, WIDTH - 28)?;
        for (p, source) in sources.iter().enumerate() {
            let (left, right, upper) = (34, WIDTH - 8, top + panel * p as i32 + 60);
            let y = |v: f64| upper + PLOT - (f64::from(PLOT) * v.clamp(0.0, 100.0) / 100.0).round() as i32;
            canvas.text(&format!("source: {source}"), (left, upper - 48), At::Left, HEAD)?;
            for v in (0..=100).step_by(20) {
                canvas.line((left, y(f64::from(v))), (right, y(f64::from(v))), GRID, 1)?;
                canvas.text(&v.to_string(), (left - 6, y(f64::from(v))), At::Right, SMALL)?;
            }
            let groups: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].0 == *source).collect();
            let pitch = (right - left) / groups.len() as i32;
            let bar = ((pitch - 16) / conditions.len() as i32).clamp(8, 46);
            for (g, &set) in groups.iter().enumerate() {
                let middle = left + pitch * g as i32 + pitch / 2;
                canvas.text(pairs[set].1, (middle, upper + PLOT + 16), At::Middle, TEXT)?;
                let first = middle - bar * conditions.len() as i32 / 2;
                for (c, _) in &conditions {
                    let x = first + bar * *c as i32;
                    let Some(entry) = tables[set].entry(*c, column) else {
                        canvas.text("–", (x + bar / 2, y(0.0) - 10), At::Middle, SMALL)?;
                        continue;
                    };
                    let mean = entry.interval.mean;
                    canvas.rect((x + 1, y(mean)), (x + bar - 1, y(0.0)), colour(*c))?;
                    let half = entry.interval.half.unwrap_or(0.0);
                    if half > 0.0 {
                        // An end that lies beyond the axis gets no mark.
                        let ends = [mean + half <= 100.0, mean - half >= 0.0];
                        canvas.error_bar(x + bar / 2, [y(mean + half), y(mean - half)], ends)?;
                    }
                    let above = y(mean + half) - 5;
                    // Where a bar is narrower than its number, the number is written upwards.
                    let row = &tables[set].rows[*c];
                    let star = if row.done < row.planned { "*" } else { "" };
                    let label = format!("{mean:.1}{star}");
                    if bar >= room(&label, SMALL.size) {
                        canvas.text(&label, (x + bar / 2, above - 5), At::Middle, SMALL)?;
                    } else {
                        canvas.rising(&label, (x + bar / 2, above), SMALL)?;
                    }
                }
            }
            canvas.dashes_across(left, right, y(chance), PALE)?;
            canvas.text("UAR, percent; dashed: chance", (right, upper - 48), At::Right, SMALL)?;
        }
        Ok(())
    })?;
    let says = |(set, table): (&&str, &ResultTable)| {
        let values = conditions.iter().map(|(c, label)| {
            format!("{label} {}", table.entry(*c, column).map_or("no result".into(), TableEntry::plain))
        });
        format!("{}: {}", data_set_label(set), values.collect::<Vec<_>>().join(", "))
    };
    let says: Vec<String> = sets.iter().zip(tables).map(says).collect();
    let unit = if tables.iter().all(|t| t.unit == Unit::Seed) { "seeds" } else { "folds" };
    Ok(Some(Figure {
        name: "bars".into(),
        title: "Cross-lingual UAR (as the paper's Fig. 4)".into(),
        caption: format!(
            "UAR on the held-out part of the target corpus; bars in the order of the legend. Lines: 95 % intervals over {unit}, \
             where there are several; an end without its mark lies beyond the axis.{}",
            if tables.iter().flat_map(|t| &t.rows).any(|r| r.done < r.planned) {
                " *: some cells have no result."
            } else {
                ""
            }
        ),
        alt: format!("Grouped bars of UAR. {}.", says.join("; ")),
        svg: text,
        marks: Vec::new(),
    }))
}
