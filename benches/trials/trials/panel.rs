//! The figure: how often each test rejects, by the true difference.

use super::candidate::Candidate;
use super::experiment::PLANTED;
use super::rate::Rate;
use seraug_core::error::Result;
use seraug_report::figure::{
    At, Canvas, Figure, GRID, HEAD, INK, SMALL, WIDE, colour, legend_height, line_legend, svg,
};

/// Height of a panel in pixels.
const HEIGHT: i32 = 290;

/// Lines of the tests, in their order, as colours and dashes of conditions: the one that was chosen is red and solid.
const LINES: [usize; Candidate::ALL.len()] = [6, 1, 2, 3, 4, 5, 0, 7, 8, 9];

/// One kind of trial of a design, with one number of seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panel {
    title: String,
    trial: &'static str,
    design: String,
    seeds: usize,
}

impl Panel {
    /// The panels of some rates: every design, with three seeds where it has them.
    pub(crate) fn all(rates: &[Rate]) -> Vec<Panel> {
        let mut panels: Vec<Panel> = Vec::new();
        let of = |trial: &'static str| rates.iter().filter(move |r| r.trial == trial);
        for r in of("same").chain(of("corpora")) {
            let alike = rates.iter().filter(|o| (o.trial, &o.design) == (r.trial, &r.design));
            let seeds = alike.map(|o| o.seeds).filter(|s| *s <= 3).max().unwrap_or(1);
            let title = format!("{}: {}, {seeds} seeds", r.design, r.shape);
            let panel = Panel { title, trial: r.trial, design: r.design.clone(), seeds };
            if !panels.contains(&panel) {
                panels.push(panel);
            }
        }
        panels
    }

    /// Share of the trials in which `test` rejects a difference that is `planted` points off, over all conditions.
    fn rate(&self, rates: &[Rate], test: Candidate, planted: f64) -> f64 {
        let of = |r: &&Rate| {
            (r.trial, &r.design, r.seeds) == (self.trial, &self.design, self.seeds)
                && r.test == test.name()
                && r.planted == planted
        };
        let (rejected, trials) =
            rates.iter().filter(of).fold((0, 0), |(a, b), r| (a + r.rejected, b + r.trials));
        rejected as f64 / trials.max(1) as f64
    }

    fn draw(&self, canvas: &mut Canvas, rates: &[Rate], corner: (i32, i32)) -> Result<()> {
        let (left, right) = (corner.0 + 52, corner.0 + WIDE / 2 - 16);
        let (top, bottom) = (corner.1 + 34, corner.1 + HEIGHT - 46);
        let most = PLANTED[PLANTED.len() - 1];
        let x = |v: f64| left + (f64::from(right - left) * v / most).round() as i32;
        let y = |v: f64| bottom - (f64::from(bottom - top) * v).round() as i32;
        canvas.text(&self.title, (corner.0 + 14, corner.1 + 16), At::Left, HEAD)?;
        for i in 0..=5 {
            let v = f64::from(i) / 5.0;
            canvas.line((left, y(v)), (right, y(v)), GRID, 1)?;
            canvas.text(&format!("{:.0}", 100.0 * v), (left - 6, y(v)), At::Right, SMALL)?;
        }
        canvas.dashes_across(left, right, y(0.05), INK)?;
        for v in PLANTED {
            canvas.line((x(v), bottom), (x(v), bottom + 4), INK, 1)?;
            canvas.text(&format!("{v:.0}"), (x(v), bottom + 14), At::Middle, SMALL)?;
        }
        canvas.line((left, bottom), (right, bottom), INK, 1)?;
        let axis = "true difference, percentage points";
        canvas.text(axis, ((left + right) / 2, bottom + 32), At::Middle, SMALL)?;
        canvas.upright("percent rejected", (corner.0 + 14, (top + bottom) / 2), SMALL)?;
        for (i, test) in std::iter::zip(LINES, Candidate::ALL) {
            let points: Vec<(i32, i32)> =
                PLANTED.iter().map(|&v| (x(v), y(self.rate(rates, test, v)))).collect();
            canvas.dashed_path(&points, colour(i), i)?;
        }
        Ok(())
    }
}

/// Draws the panels of some rates.
///
/// # Errors
/// A figure that cannot be drawn.
pub(crate) fn figure(rates: &[Rate]) -> Result<Figure> {
    let panels = Panel::all(rates);
    let items: Vec<(usize, String)> =
        std::iter::zip(LINES, Candidate::ALL).map(|(i, c)| (i, c.name().to_owned())).collect();
    let top = 10 + legend_height(&items, WIDE - 28) + 8;
    let rows = (panels.len() as i32 + 1) / 2;
    let text = svg(WIDE, top + rows * HEIGHT, |canvas| {
        line_legend(canvas, &items, 14, 10, WIDE - 28)?;
        for (i, panel) in panels.iter().enumerate() {
            let corner = (i as i32 % 2 * WIDE / 2, top + i as i32 / 2 * HEIGHT);
            panel.draw(canvas, rates, corner)?;
        }
        Ok(())
    })?;
    Ok(Figure {
        name: "power".into(),
        title: "False alarms and power".into(),
        caption: String::new(),
        alt: String::new(),
        svg: text,
        marks: Vec::new(),
    })
}
