//! Differences with their intervals, one below the other, and a line at zero.

use super::contrast::Contrast;
use crate::figure::{At, GRID, INK, Look, PALE, SMALL, TEXT, WIDTH, colour, inline, svg, tick_step};
use crate::render::text::{shorten, sign};
use maud::{Markup, html};
use seraug_core::error::Result;

const PITCH: i32 = 26;
/// Most characters of a label: as many as fit into the width.
const LABEL: usize = 72;
/// Most contrasts in a figure; more are easier to read in the table.
const MOST: usize = 40;

/// A `figure` element of the contrasts of one data set; empty where there are too many of them or none has an interval.
pub(super) fn figure(contrasts: &[Contrast]) -> Result<Markup> {
    if contrasts.len() > MOST || contrasts.iter().all(|c| c.test.is_none()) {
        return Ok(Markup::default());
    }
    let ends = contrasts.iter().flat_map(|c| {
        let ends = c.test.map_or([c.difference; 2], |t| [t.low, t.high]);
        ends.into_iter().chain([c.difference])
    });
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    let step = tick_step(high - low);
    let (low, high) = ((low / step).floor() * step, (high / step).ceil().max(1.0) * step);
    // A label has a line of its own above its interval, so that the axis keeps its width on a narrow page.
    let (left, right, top) = (14, WIDTH - 60, 8);
    let bottom = top + 2 * PITCH * contrasts.len() as i32;
    let x = |v: f64| left + (f64::from(right - left) * (v - low) / (high - low)).round() as i32;
    let drawing = svg(WIDTH, bottom + 44, |canvas| {
        for i in 0..=((high - low) / step).round() as i32 {
            let v = low + f64::from(i) * step;
            canvas.line((x(v), top), (x(v), bottom), GRID, 1)?;
            canvas.text(&sign(v), (x(v), bottom + 12), At::Middle, SMALL)?;
        }
        canvas.line((x(0.0), top), (x(0.0), bottom), INK, 1)?;
        canvas.text("percentage points", ((left + right) / 2, bottom + 32), At::Middle, SMALL)?;
        for (i, c) in contrasts.iter().enumerate() {
            let y = top + 2 * PITCH * i as i32;
            canvas.text(&shorten(&c.name(), LABEL), (left, y + 14), At::Left, TEXT)?;
            let clear = c.test.is_some_and(|t| t.low > 0.0 || t.high < 0.0);
            if let Some(t) = c.test {
                canvas.whisker(x(t.low), x(t.high), y + 36)?;
            }
            let at = x(c.difference);
            canvas.rect((at - 5, y + 31), (at + 5, y + 41), colour(i))?;
            canvas.frame((at - 5, y + 31), (at + 5, y + 41), INK)?;
            let look = if clear { TEXT } else { Look { colour: PALE, ..TEXT } };
            canvas.text(&sign(c.difference), (right + 12, y + 36), At::Left, look)?;
        }
        Ok(())
    })?;
    let says: Vec<String> =
        contrasts.iter().map(|c| format!("{} less {}: {}", c.second, c.first, sign(c.difference))).collect();
    Ok(html! {
        figure { "\n"
            (inline("Differences", &drawing, &says.join("; "), &[]))
            figcaption {
                "Squares: mean difference; lines: 95 % interval of the test in the table. A line across zero shows no \
                 difference. Not corrected for the number of lines."
            } "\n"
        } "\n"
    })
}
