//! Confusion matrices, one for each condition.

use super::{At, Figure, HEAD, Look, SMALL, TEXT, WHITE, WIDTH, room, svg};
use crate::analysis::loaded_run::LoadedRun;
use crate::render::text::cut;
use plotters::style::RGBColor;
use seraug_core::error::Result;
use seraug_core::metrics::Confusion;

const CELL: (i32, i32) = (41, 36);
const FULL: RGBColor = RGBColor(0x00, 0x4f, 0x8a);

/// Counts of all finished cells of each condition; `None` when no cell has a result.
pub fn confusion(run: &LoadedRun) -> Result<Option<Figure>> {
    let classes = run.spec.class_names();
    let pooled: Vec<Confusion> = (0..run.spec.condition.len()).map(|i| pool(run, i)).collect();
    if pooled.iter().all(|c| c.total() == 0) {
        return Ok(None);
    }
    let n = classes.len() as i32;
    let names: Vec<String> = classes.iter().map(|c| cut(c, 10)).collect();
    let longest = names.iter().map(|c| room(c, TEXT.size)).max().unwrap_or(0);
    let cell = CELL.0;
    let left = longest + 30;
    let panel = (left + cell * n + 8, 34 + CELL.1 * n + longest + 34);
    let across = (WIDTH / panel.0).clamp(1, pooled.len() as i32);
    let down = (pooled.len() as i32 + across - 1) / across;
    let text = svg(WIDTH.max(panel.0), panel.1 * down + 4, |canvas| {
        for (i, confusion) in pooled.iter().enumerate() {
            let (x0, y0) = (i as i32 % across * (WIDTH / across).max(panel.0), i as i32 / across * panel.1);
            let label = cut(run.spec.condition[i].label(), (cell * n / 8) as usize);
            let (x, y) = (x0 + left, y0 + 34);
            canvas.text(&label, (x, y0 + 18), At::Left, HEAD)?;
            canvas.upright("truth", (x0 + 14, y + CELL.1 * n / 2), SMALL)?;
            canvas.text("predicted", (x + cell * n / 2, y + CELL.1 * n + longest + 18), At::Middle, SMALL)?;
            for t in 0..n {
                let row = (x - 6, y + CELL.1 * t + CELL.1 / 2);
                canvas.text(&names[t as usize], row, At::Right, TEXT)?;
                let column = (x + cell * t + cell / 2, y + CELL.1 * n + 6);
                canvas.downward(&names[t as usize], column, TEXT)?;
                let support: u64 = (0..n).map(|p| confusion.count(t as usize, p as usize)).sum();
                for p in 0..n {
                    let count = confusion.count(t as usize, p as usize);
                    let share = count as f64 / support.max(1) as f64;
                    let (from, to) =
                        ((x + cell * p, y + CELL.1 * t), (x + cell * (p + 1), y + CELL.1 * (t + 1)));
                    canvas.rect(from, to, shade(share))?;
                    canvas.frame(from, to, WHITE)?;
                    let ink = if share > 0.68 { WHITE } else { super::INK };
                    let middle = (from.0 + cell / 2, from.1);
                    let percent = if support == 0 { "–".into() } else { format!("{:.0}%", 100.0 * share) };
                    canvas.text(
                        &percent,
                        (middle.0, middle.1 + 13),
                        At::Middle,
                        Look { colour: ink, ..TEXT },
                    )?;
                    let look = Look { size: 10, bold: false, colour: ink };
                    canvas.text(&count.to_string(), (middle.0, middle.1 + 27), At::Middle, look)?;
                }
            }
        }
        Ok(())
    })?;
    let several = run.per_class() || run.data_sets().len() > 1;
    let sets = if several { ", seeds and data sets" } else { " and seeds" };
    let diagonal = |(i, c): (usize, &Confusion)| {
        let recalls: Vec<String> = classes
            .iter()
            .enumerate()
            .filter_map(|(k, name)| Some(format!("{name} {:.0} %", 100.0 * c.recall(k)?)))
            .collect();
        format!("{}: {}", run.spec.condition[i].label(), recalls.join(", "))
    };
    let says: Vec<String> = pooled.iter().enumerate().map(diagonal).collect();
    Ok(Some(Figure {
        name: "confusion".into(),
        title: "Confusion".into(),
        caption: format!(
            "Rows are the truth: percent of the row, and counts pooled over folds{sets}. Pooled shares weigh folds by \
             their size, so that they can differ from the table."
        ),
        alt: format!("Confusion matrices. Recognised: {}.", says.join("; ")),
        svg: text,
        marks: Vec::new(),
    }))
}

fn pool(run: &LoadedRun, condition: usize) -> Confusion {
    let n = run.spec.classes.len();
    let counts = |m: &Confusion| -> Vec<(usize, usize)> {
        let places = (0..n).flat_map(|t| (0..n).map(move |p| (t, p)));
        places.flat_map(|(t, p)| std::iter::repeat_n((t, p), m.count(t, p) as usize)).collect()
    };
    let all = run.done(condition).filter_map(|o| o.confusion.as_ref()).flat_map(counts);
    Confusion::from_pairs(n, all)
}

/// From near white to dark blue: also readable in grey.
fn shade(share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    RGBColor(mix(0xf1, FULL.0), mix(0xf5, FULL.1), mix(0xf9, FULL.2))
}
