//! Fidelity against diversity of the samples of each condition, coloured by what they gain.

use super::image::{ColourScale, Map, bar};
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
/// Height of a label.
const LINE: i32 = 14;
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
    let point = |row| {
        let of = |measure| JudgedRow::embedded(row, measure);
        Some(SamplePoint {
            row,
            coverage: of(Diagnostic::Coverage)?,
            fidelity: 1.0 - of(Diagnostic::ClassifierTest)?,
        })
    };
    let points: Vec<SamplePoint> = judged.rows.iter().filter_map(point).collect();
    if points.is_empty() {
        return Ok(None);
    }
    let reach = points.iter().filter_map(|p| p.row.gain).fold(1.0f64, |reach, g| reach.max(g.abs())).ceil();
    let scale = ColourScale { low: -reach, high: reach, map: Map::Diverging };
    let coloured = points.iter().any(|p| p.row.gain.is_some());
    let (mut marks, mut images) = (Vec::new(), String::new());
    let text = svg(WIDTH, BOTTOM + if coloured { 108 } else { 46 }, |canvas| {
        axes(canvas)?;
        let mut taken: Vec<[i32; 4]> = points.iter().map(|p| around(place(p))).collect();
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
            canvas.spot(at, RADIUS, fill, rim)?;
            label(canvas, p, at, &mut taken)?;
            marks.push(Mark { at, radius: RADIUS + 1, text: said(p) });
        }
        if coloured {
            let place = (LEFT, BOTTOM + 56, RIGHT - LEFT, 10);
            images = bar(scale, place)?;
            for (x, value, anchor) in
                [(LEFT, -reach, At::Left), ((LEFT + RIGHT) / 2, 0.0, At::Middle), (RIGHT, reach, At::Right)]
            {
                canvas.text(&sign(value), (x, BOTTOM + 76), anchor, SMALL)?;
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
             folds and seeds. Hollow: what conditions are held against.{colour}"
        ),
        alt: format!("Fidelity against coverage. {}.", all.join("; ")),
        svg: text.replace("</svg>", &format!("{images}</svg>")),
        marks,
    }))
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

/// The square that a point takes: left, top, right, bottom.
fn around((x, y): (i32, i32)) -> [i32; 4] {
    [x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS]
}

/// Writes the label beside its point, or as far above or below as it takes to be free of what is there.
fn label(canvas: &mut Canvas, p: &SamplePoint, (x, y): (i32, i32), taken: &mut Vec<[i32; 4]>) -> Result<()> {
    let text = cut(&p.row.label, 26);
    let wide = room(&text, TEXT.size);
    let rows = (0..12).flat_map(|i| [i * LINE / 2, -i * LINE / 2]);
    let places = rows.flat_map(|down| [(RADIUS + 4, down), (-RADIUS - 6 - wide, down)]);
    let boxed =
        |(right, down): (i32, i32)| [x + right, y + down - LINE / 2, x + right + wide, y + down + LINE / 2];
    let free = |b: &[i32; 4]| {
        let inside = b[0] > LEFT && b[2] < RIGHT + 16 && b[1] > 0 && b[3] < BOTTOM;
        inside && taken.iter().all(|t| b[2] <= t[0] || t[2] <= b[0] || b[3] <= t[1] || t[3] <= b[1])
    };
    let Some(found) = places.map(boxed).find(free) else { return Ok(()) };
    taken.push(found);
    canvas.text(&text, (found[0], found[1] + LINE / 2), At::Left, TEXT)
}

fn said(p: &SamplePoint) -> String {
    let gain = p.row.gain.map_or(String::new(), |g| format!(", gain over copies {}", sign(g)));
    format!("{}: fidelity {:.2}, coverage {:.2}{gain}", p.row.label, p.fidelity, p.coverage)
}
