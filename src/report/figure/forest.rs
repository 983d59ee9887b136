//! A forest plot: a difference on each corpus and pooled over them.

use super::{At, Canvas, Figure, GRID, HEAD, INK, Look, PALE, SMALL, TEXT, WIDE, colour, svg, tick_step};
use crate::render::text::{cut, sign};
use plotters::style::RGBColor;
use seraug_core::error::Result;

/// Height in pixels of the row of a corpus.
const PITCH: i32 = 34;
/// Height in pixels of the heading of a panel, and of the space below one.
const HEADING: i32 = 26;
/// Place and width in pixels of what is drawn; labels are left of it, numbers right.
const LEFT: i32 = 206;
const RIGHT: i32 = 500;
/// Right end in pixels of the columns of numbers.
const INTERVALS: i32 = 690;
const WEIGHTS: i32 = WIDE - 10;
/// Characters of a label.
const LABEL: usize = 24;
/// Colour of the differences that count as none.
const BAND: RGBColor = RGBColor(0xdd, 0xeb, 0xf3);

/// A comparison.
#[derive(Debug, Clone)]
pub struct ForestPanel {
    /// What is compared: `AUG − copies`.
    pub title: String,
    /// One a corpus.
    pub rows: Vec<ForestRow>,
    /// Over the corpora, where there are several.
    pub pooled: Option<ForestPooled>,
}

/// The difference on a corpus, percentage points.
#[derive(Debug, Clone)]
pub struct ForestRow {
    /// The corpus.
    pub label: String,
    /// What it was measured on: folds, seeds and speakers.
    pub about: String,
    /// The difference.
    pub estimate: f64,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// Its share in the pooled difference, in [0, 1].
    pub weight: Option<f64>,
}

/// The pooled difference, percentage points.
#[derive(Debug, Clone)]
pub struct ForestPooled {
    /// Number of corpora.
    pub corpora: usize,
    /// The difference.
    pub estimate: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// The 95 % prediction interval of a new corpus.
    pub prediction: Option<[f64; 2]>,
}

impl ForestPanel {
    /// Rows that are drawn: the corpora, the pooled difference, the prediction interval.
    fn height(&self) -> i32 {
        let pooled = self.pooled.as_ref().map_or(0, |p| 1 + i32::from(p.prediction.is_some()));
        HEADING + PITCH * (self.rows.len() as i32 + pooled) + 8
    }
}

/// Draws the panels below one another, on one scale. Differences between −`margin` and `margin`, percentage points, are shaded.
/// Intervals that reach beyond the scale end in an arrow.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn forest(name: &str, title: &str, panels: &[ForestPanel], margin: f64) -> Result<Figure> {
    let scale = Scale::of(panels, margin);
    let height = panels.iter().map(ForestPanel::height).sum::<i32>() + 44;
    let text = svg(WIDE, height, |canvas| {
        let mut top = 4;
        for panel in panels {
            draw(canvas, panel, &scale, margin, top)?;
            top += panel.height();
        }
        axis(canvas, &scale, top)
    })?;
    let pooled = match panels.iter().any(|p| p.pooled.is_some()) {
        true => {
            "; the larger the square, the more it weighs. Diamond: pooled over the corpora, as wide as its 95 % interval. Dashed line: \
             the 95 % prediction interval, within which the difference in a new corpus of this kind would be expected"
        }
        false => "",
    };
    let says: Vec<String> = panels.iter().map(|p| format!("{}: {}", p.title, said(p))).collect();
    Ok(Figure {
        name: name.into(),
        title: title.into(),
        caption: format!(
            "Squares: the difference on a corpus, with its 95 % interval{pooled}. Shaded: differences of less than {margin:.1} points, \
             which count as none. An arrow: the interval goes on."
        ),
        alt: format!(
            "Differences in percentage points on each corpus{}. {}.",
            if pooled.is_empty() { "" } else { " and pooled" },
            says.join(". ")
        ),
        svg: text,
        marks: Vec::new(),
    })
}

fn said(panel: &ForestPanel) -> String {
    let mut rows: Vec<String> =
        panel.rows.iter().map(|r| format!("{} {}", r.label, sign(r.estimate))).collect();
    rows.extend(panel.pooled.as_ref().map(|p| {
        let [low, high] = p.interval.map(sign);
        format!("pooled {} ({low} to {high})", sign(p.estimate))
    }));
    rows.join(", ")
}

/// The values that the drawing reaches from and to.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// Holds every estimate, the shaded band, and intervals as far as they are not several times wider than the others.
    fn of(panels: &[ForestPanel], margin: f64) -> Scale {
        let rows = || panels.iter().flat_map(|p| &p.rows);
        let pooled = || panels.iter().filter_map(|p| p.pooled.as_ref());
        let estimates: Vec<f64> = rows().map(|r| r.estimate).chain(pooled().map(|p| p.estimate)).collect();
        let mut halves: Vec<f64> =
            rows().filter_map(|r| r.interval).map(|[low, high]| (high - low) / 2.0).collect();
        halves.sort_by(f64::total_cmp);
        let usual = halves.get(halves.len() / 2).copied().unwrap_or(margin);
        let most = estimates.iter().fold(0.0_f64, |m, v| m.max(v.abs())) + 1.5 * usual.max(margin);
        let ends = rows().filter_map(|r| r.interval).chain(pooled().map(|p| p.interval));
        let ends = ends.chain(pooled().filter_map(|p| p.prediction)).flatten();
        let reached = ends.map(|v| v.clamp(-most, most)).chain(estimates.iter().copied());
        let (low, high) = reached
            .chain([-1.25 * margin, 1.25 * margin])
            .fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        let step = tick_step(high - low);
        let half = step / 2.0;
        Scale { low: (low / half).floor() * half, high: (high / half).ceil() * half, step }
    }

    fn x(&self, v: f64) -> i32 {
        let share = (v.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        LEFT + (f64::from(RIGHT - LEFT) * share).round() as i32
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let [first, last] = [(self.low / self.step).ceil() as i32, (self.high / self.step).floor() as i32];
        (first..=last).map(|i| f64::from(i) * self.step)
    }
}

fn draw(canvas: &mut Canvas, panel: &ForestPanel, scale: &Scale, margin: f64, top: i32) -> Result<()> {
    let (from, to) = (top + HEADING, top + panel.height() - 6);
    canvas.rect((scale.x(-margin), from), (scale.x(margin), to), BAND)?;
    scale.ticks().try_for_each(|v| canvas.line((scale.x(v), from), (scale.x(v), to), GRID, 1))?;
    canvas.line((scale.x(0.0), from), (scale.x(0.0), to), INK, 1)?;
    canvas.text(&cut(&panel.title, 3 * LABEL), (10, top + 13), At::Left, HEAD)?;
    canvas.text("points, 95 % interval", (INTERVALS, top + 13), At::Right, SMALL)?;
    if panel.rows.iter().any(|row| row.weight.is_some()) {
        canvas.text("weight", (WEIGHTS, top + 13), At::Right, SMALL)?;
    }
    let mut y = from;
    for row in &panel.rows {
        corpus(canvas, row, scale, y + PITCH / 2)?;
        y += PITCH;
    }
    match &panel.pooled {
        Some(p) => pooled(canvas, p, scale, y + PITCH / 2),
        None => Ok(()),
    }
}

fn corpus(canvas: &mut Canvas, row: &ForestRow, scale: &Scale, y: i32) -> Result<()> {
    canvas.text(&cut(&row.label, LABEL), (10, y - 7), At::Left, TEXT)?;
    canvas.text(&cut(&row.about, LABEL + 9), (10, y + 8), At::Left, SMALL)?;
    if let Some(ends) = row.interval {
        reach(canvas, ends, scale, y)?;
    }
    // An area as large as the weight.
    let half = row.weight.map_or(3, |w| 3 + (8.0 * w.sqrt()).round() as i32);
    let x = scale.x(row.estimate);
    canvas.rect((x - half, y - half), (x + half, y + half), colour(1))?;
    canvas.frame((x - half, y - half), (x + half, y + half), INK)?;
    numbers(canvas, row.estimate, row.interval, y, TEXT)?;
    match row.weight {
        Some(w) => canvas.text(&format!("{:.0} %", 100.0 * w), (WEIGHTS, y), At::Right, TEXT),
        None => Ok(()),
    }
}

fn pooled(canvas: &mut Canvas, p: &ForestPooled, scale: &Scale, y: i32) -> Result<()> {
    let bold = Look { bold: true, ..TEXT };
    canvas.text(&format!("pooled, {} corpora", p.corpora), (10, y), At::Left, bold)?;
    let [low, high] = p.interval.map(|v| scale.x(v));
    let x = scale.x(p.estimate);
    canvas.polygon(&[(low, y), (x, y - 8), (high, y), (x, y + 8)], INK)?;
    arrows(canvas, p.interval, scale, y)?;
    numbers(canvas, p.estimate, Some(p.interval), y, bold)?;
    let Some(ends) = p.prediction else { return Ok(()) };
    let y = y + PITCH;
    canvas.text("a new corpus", (10, y), At::Left, TEXT)?;
    let [low, high] = ends.map(|v| scale.x(v));
    canvas.dashes_across(low, high, y, INK)?;
    for (x, end) in [(low, ends[0]), (high, ends[1])] {
        if (scale.low..=scale.high).contains(&end) {
            canvas.line((x, y - 4), (x, y + 4), INK, 1)?;
        }
    }
    arrows(canvas, ends, scale, y)?;
    canvas.text(&span(ends), (INTERVALS, y), At::Right, Look { colour: PALE, ..TEXT })
}

/// A whisker without a mark at an end that lies beyond the scale, but an arrow.
fn reach(canvas: &mut Canvas, ends: [f64; 2], scale: &Scale, y: i32) -> Result<()> {
    let inside = ends.map(|v| (scale.low..=scale.high).contains(&v));
    canvas.whisker_within(ends.map(|v| scale.x(v)), inside, y)?;
    arrows(canvas, ends, scale, y)
}

fn arrows(canvas: &mut Canvas, ends: [f64; 2], scale: &Scale, y: i32) -> Result<()> {
    if ends[0] < scale.low {
        canvas.polygon(&[(LEFT - 7, y), (LEFT + 1, y - 5), (LEFT + 1, y + 5)], INK)?;
    }
    if ends[1] > scale.high {
        canvas.polygon(&[(RIGHT + 7, y), (RIGHT - 1, y - 5), (RIGHT - 1, y + 5)], INK)?;
    }
    Ok(())
}

fn numbers(canvas: &mut Canvas, estimate: f64, ends: Option<[f64; 2]>, y: i32, look: Look) -> Result<()> {
    let interval = ends.map_or(String::new(), |ends| format!("  {}", span(ends)));
    canvas.text(&format!("{}{interval}", short(estimate)), (INTERVALS, y), At::Right, look)
}

/// One decimal with its sign, and none from a hundred on, for which there is no room.
fn short(v: f64) -> String {
    if v.abs() < 99.95 { sign(v) } else { format!("{v:+.0}").replace('-', "−") }
}

/// `(−0.8 to +3.2)`.
fn span([low, high]: [f64; 2]) -> String {
    format!("({} to {})", short(low), short(high))
}

fn axis(canvas: &mut Canvas, scale: &Scale, top: i32) -> Result<()> {
    for v in scale.ticks() {
        // No tick is a fraction of what `sign` rounds to, but for half a point.
        let label = if scale.step < 1.0 { sign(v) } else { sign(v).trim_end_matches(".0").to_owned() };
        canvas.text(&label, (scale.x(v), top + 4), At::Middle, SMALL)?;
    }
    canvas.text("percentage points", ((LEFT + RIGHT) / 2, top + 24), At::Middle, SMALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(estimate: f64, half: f64) -> ForestRow {
        let interval = Some([estimate - half, estimate + half]);
        ForestRow { label: "emodb".into(), about: "10 × 3".into(), estimate, interval, weight: Some(0.5) }
    }

    #[test]
    fn the_scale_holds_every_estimate_and_not_the_widest_interval() {
        let panel = |rows| ForestPanel { title: "a − b".into(), rows, pooled: None };
        let wide = Scale::of(&[panel(vec![row(1.0, 2.0), row(-1.0, 2.5), row(0.0, 90.0)])], 2.0);
        assert!(wide.high < 12.0 && wide.low > -12.0, "{} to {}", wide.low, wide.high);
        let far = Scale::of(&[panel(vec![row(40.0, 1.0)])], 2.0);
        assert!(far.high >= 41.0 && far.low <= -2.0, "{} to {}", far.low, far.high);
        assert_eq!((far.x(-1000.0), far.x(1000.0)), (LEFT, RIGHT), "nothing is drawn outside");
        assert!(far.ticks().all(|v| (far.low..=far.high).contains(&v)) && far.ticks().any(|v| v == 0.0));
        let none = Scale::of(&[panel(vec![])], 0.1);
        assert!(none.low < -0.1 && none.high > 0.1, "{} to {}", none.low, none.high);
    }

    #[test]
    fn an_interval_beyond_the_scale_ends_in_an_arrow() {
        let pooled = ForestPooled {
            corpora: 3,
            estimate: 1.0,
            interval: [-1.0, 3.0],
            prediction: Some([-50.0, 52.0]),
        };
        let of = |pooled| {
            let panel =
                ForestPanel { title: "a − b".into(), rows: vec![row(1.0, 2.0), row(1.5, 2.0)], pooled };
            forest("forest", "t", &[panel], 2.0).unwrap()
        };
        let (with, without) = (of(Some(pooled)), of(None));
        let polygons = |f: &Figure| f.svg.matches("<polygon").count();
        assert_eq!((polygons(&with), polygons(&without)), (3, 0), "a diamond and two arrows");
        assert_eq!([99.94, 99.96, -1234.5].map(short), ["+99.9", "+100", "−1234"]);
        assert!(with.svg.contains("(−50.0 to +52.0)") && with.alt.contains("pooled +1.0 (−1.0 to +3.0)"));
    }
}
