//! Fidelity against diversity of the samples of each condition, coloured by what they gain.

use super::image::{ColourScale, Map, bar};
use super::tags::{LINE, Tag, spread};
use super::{At, Canvas, Figure, GRID, INK, Mark, PALE, SMALL, TEXT, WHITE, WIDTH, room, svg};
use crate::analysis::samples::{Judged, JudgedRow};
use crate::render::text::{cut, sign};
use plotters::style::RGBColor;
use seraug_core::error::Result;
use seraug_core::run_files::Diagnostic;

const LEFT: i32 = 62;
const TOP: i32 = 16;
const RIGHT: i32 = WIDTH - 20;
const BOTTOM: i32 = 316;
const RADIUS: i32 = 6;
/// Colour of the line from a point to its label.
const LEADER: RGBColor = RGBColor(0xb0, 0xb0, 0xb0);
/// Highest value of the upward axis: a test that is worse than chance by chance.
const HIGHEST: f64 = 0.7;

/// A point of the figure.
struct SamplePoint<'a> {
    row: &'a JudgedRow,
    coverage: f64,
    fidelity: f64,
}

/// Draws a point for each row with coverage and classifier test in the judge's embedding; none without any.
pub fn samples(judged: &Judged) -> Result<Option<Figure>> {
    let found = |row| {
        let of = |measure| JudgedRow::embedded(row, measure);
        Some(SamplePoint {
            row,
            coverage: of(Diagnostic::Coverage)?,
            fidelity: 1.0 - of(Diagnostic::ClassifierTest)?,
        })
    };
    let points: Vec<SamplePoint> = judged.rows.iter().filter_map(found).collect();
    if points.is_empty() {
        return Ok(None);
    }
    let reach = reach(&points);
    let scale = ColourScale { low: -reach, high: reach, map: Map::Diverging };
    let coloured = points.iter().any(|p| p.row.gain.is_some());
    let (mut marks, mut images) = (Vec::new(), String::new());
    let text = svg(WIDTH, BOTTOM + if coloured { 108 } else { 46 }, |canvas| {
        axes(canvas)?;
        let tags = tags(&points);
        for (p, tag) in std::iter::zip(&points, &tags) {
            canvas.line(place(p), tag.end(), LEADER, 1)?;
        }
        // What conditions are held against lies under them.
        let (against, own): (Vec<&SamplePoint>, Vec<&SamplePoint>) =
            points.iter().partition(|p| p.row.condition.is_none());
        for p in against.into_iter().chain(own) {
            let at = place(p);
            let (fill, rim) = match (p.row.condition, p.row.gain) {
                (None, _) => (WHITE, PALE),
                (Some(_), None) => (PALE, INK),
                (Some(_), Some(gain)) => (shade(scale, gain), INK),
            };
            point(canvas, at, p.row.condition.is_none(), fill, rim)?;
            marks.push(Mark { at, radius: RADIUS + 1, text: said(p) });
        }
        for tag in &tags {
            let (x, anchor) =
                if tag.before { (tag.left + tag.wide, At::Right) } else { (tag.left, At::Left) };
            canvas.text(&tag.text, (x, tag.y), anchor, TEXT)?;
        }
        if coloured {
            let beyond = |low: bool| {
                points.iter().filter_map(|p| p.row.gain).any(|g| if low { g < -reach } else { g > reach })
            };
            let place = (LEFT, BOTTOM + 56, RIGHT - LEFT, 10);
            images = bar(scale, place)?;
            let low = if beyond(true) { "≤ " } else { "" };
            let high = if beyond(false) { "≥ " } else { "" };
            for (x, sign_of, value, anchor) in [
                (LEFT, low, -reach, At::Left),
                ((LEFT + RIGHT) / 2, "", 0.0, At::Middle),
                (RIGHT, high, reach, At::Right),
            ] {
                canvas.text(&format!("{sign_of}{}", sign(value)), (x, BOTTOM + 76), anchor, SMALL)?;
            }
            let name = "gain over copies, points of the mean recall of the reduced classes";
            canvas.text(name, ((LEFT + RIGHT) / 2, BOTTOM + 94), At::Middle, SMALL)?;
        }
        Ok(())
    })?;
    let all: Vec<String> = points.iter().map(said).collect();
    let colour = if coloured { " Colour: what the condition gains over plain copies." } else { "" };
    Ok(Some(Figure {
        name: "samples".into(),
        title: "Fidelity and diversity of the samples".into(),
        caption: format!(
            "Upwards: 1 less the accuracy of the classifier test, 0.5 (dashed) where samples cannot be told from removed real \
             utterances; to the right: coverage, 1 where every one of them has a sample nearby. In the judge's embedding, means over \
             folds and seeds. Squares: what conditions are held against.{colour}"
        ),
        alt: format!("Fidelity against coverage. {}.", all.join("; ")),
        svg: text.replace("</svg>", &format!("{images}</svg>")),
        marks,
    }))
}

/// A disc; a square of what conditions are held against, because a gain of nothing is white too.
fn point(
    canvas: &mut Canvas,
    (x, y): (i32, i32),
    against: bool,
    fill: RGBColor,
    rim: RGBColor,
) -> Result<()> {
    if !against {
        return canvas.spot((x, y), RADIUS, fill, rim);
    }
    canvas.rect((x - RADIUS, y - RADIUS), (x + RADIUS, y + RADIUS), rim)?;
    canvas.rect((x - RADIUS + 1, y - RADIUS + 1), (x + RADIUS - 1, y + RADIUS - 1), fill)
}

fn place(p: &SamplePoint) -> (i32, i32) {
    (x(p.coverage), y(p.fidelity))
}

fn x(coverage: f64) -> i32 {
    LEFT + (f64::from(RIGHT - LEFT) * coverage.clamp(0.0, 1.0)).round() as i32
}

fn y(fidelity: f64) -> i32 {
    BOTTOM - (f64::from(BOTTOM - TOP) * (fidelity / HIGHEST).clamp(0.0, 1.0)).round() as i32
}

fn axes(canvas: &mut Canvas) -> Result<()> {
    for i in 0..=5 {
        let v = f64::from(i) / 5.0;
        canvas.line((x(v), TOP), (x(v), BOTTOM), GRID, 1)?;
        canvas.text(&format!("{v:.1}"), (x(v), BOTTOM + 13), At::Middle, SMALL)?;
    }
    for i in 0..=7 {
        let v = f64::from(i) / 10.0;
        canvas.line((LEFT, y(v)), (RIGHT, y(v)), GRID, 1)?;
        canvas.text(&format!("{v:.1}"), (LEFT - 8, y(v)), At::Right, SMALL)?;
    }
    canvas.dashes_across(LEFT, RIGHT, y(0.5), PALE)?;
    canvas.text("coverage", ((LEFT + RIGHT) / 2, BOTTOM + 32), At::Middle, SMALL)?;
    canvas.upright("1 − accuracy of the classifier test", (16, (TOP + BOTTOM) / 2), SMALL)
}

fn shade(scale: ColourScale, gain: f64) -> RGBColor {
    let [r, g, b] = scale.map.colour((gain - scale.low) / (scale.high - scale.low));
    RGBColor(r, g, b)
}

/// The gain at the ends of the colour scale: the largest, but the second where the largest would leave all others without colour.
fn reach(points: &[SamplePoint]) -> f64 {
    let mut gains: Vec<f64> = points.iter().filter_map(|p| p.row.gain).map(f64::abs).collect();
    gains.sort_by(|a, b| b.total_cmp(a));
    let reach = match gains.as_slice() {
        [first, second, ..] if *first > 2.0 * second => *second,
        [first, ..] => *first,
        [] => 0.0,
    };
    reach.max(1.0).ceil()
}

/// The labels of `points`, beside them and clear of each other.
fn tags(points: &[SamplePoint]) -> Vec<Tag> {
    let places: Vec<(i32, i32)> = points.iter().map(place).collect();
    let tag = |p: &SamplePoint| {
        let (text, (x, y)) = (cut(&p.row.label, 34), place(p));
        let wide = room(&text, TEXT.size);
        let left = x + RADIUS + 4;
        let covers = |at: &(i32, i32)| {
            (left - RADIUS..left + wide + RADIUS).contains(&at.0) && (at.1 - y).abs() < RADIUS + LINE / 2
        };
        let fits = left + wide < RIGHT + 16 && !places.iter().any(covers);
        Tag { left: if fits { left } else { x - RADIUS - 6 - wide }, before: !fits, wide, wanted: y, y, text }
    };
    let mut tags: Vec<Tag> = points.iter().map(tag).collect();
    spread(&mut tags, [TOP + LINE / 2, BOTTOM - LINE / 2]);
    tags
}

fn said(p: &SamplePoint) -> String {
    let gain = p.row.gain.map_or(String::new(), |g| format!(", gain over copies {}", sign(g)));
    format!("{}: fidelity {:.2}, coverage {:.2}{gain}", p.row.label, p.fidelity, p.coverage)
}
