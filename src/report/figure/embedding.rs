//! Fig. 3 of the paper: a map of representations for each condition.

use super::{At, Canvas, Figure, GRID, HEAD, Mark, RADIUS, SMALL, TEXT, WIDE, colour, room, svg};
use crate::analysis::embedding::Panel;
use crate::analysis::embedding::points::PointKind;
use crate::render::text::cut;
use plotters::style::RGBColor;
use seraug_core::error::Result;

const PANEL: i32 = 366;
/// Smallest height of a panel in pixels.
const LEAST: f64 = 150.0;
const GAP: i32 = 12;

/// Draws the maps, two in a row. `about` says for the caption what is shown and how the maps were made.
pub fn embedding(panels: &[Panel], classes: &[&str], about: String) -> Result<Figure> {
    let legend = legend_places(classes);
    let top = legend.last().map_or(0, |p| p.1) + 34;
    let down = panels.len().div_ceil(2) as i32;
    // Maps are wider than high, and all panels have the same height.
    let high = |p: &Panel| p.map.as_ref().map_or(0.0, |m| Frame::of(m).height);
    let height = panels.iter().map(high).fold(LEAST, f64::max).ceil() as i32;
    let mut marks = Vec::new();
    let text = svg(WIDE, top + down * (height + 40), |canvas| {
        draw_legend(canvas, classes, &legend)?;
        for (i, panel) in panels.iter().enumerate() {
            let (column, row) = (i as i32 % 2, i as i32 / 2);
            let corner = (8 + column * (PANEL + GAP), top + row * (height + 40) + 24);
            canvas.text(&cut(&panel.label, 46), (corner.0, corner.1 - 13), At::Left, HEAD)?;
            canvas.frame(corner, (corner.0 + PANEL, corner.1 + height), GRID)?;
            draw_panel(canvas, panel, classes, (corner, height), &mut marks)?;
        }
        Ok(())
    })?;
    let says = |p: &Panel| {
        let share = |v: Option<f64>| v.map_or("an unknown share".into(), |v| format!("{:.0} %", 100.0 * v));
        format!(
            "{}: {} of the augmentations and {} of the originals are nearest to originals of their class",
            p.label,
            share(p.measures.augmentations),
            share(p.measures.originals)
        )
    };
    Ok(Figure {
        name: "embedding".into(),
        title: "Representations of originals and augmentations (as the paper's Fig. 3)".into(),
        caption: format!("Filled: originals; hollow: augmentations; the shape is the class. {about}"),
        alt: format!(
            "Maps of representations by t-SNE, one a condition. {}.",
            panels.iter().map(says).collect::<Vec<_>>().join("; ")
        ),
        svg: text,
        marks,
    })
}

fn draw_panel(
    canvas: &mut Canvas,
    panel: &Panel,
    classes: &[&str],
    (corner, height): ((i32, i32), i32),
    marks: &mut Vec<Mark>,
) -> Result<()> {
    let Some(map) = &panel.map else {
        let middle = (corner.0 + PANEL / 2, corner.1 + height / 2);
        return canvas.text("all representations are the same", middle, At::Middle, SMALL);
    };
    let frame = Frame::of(map);
    // Augmentations are drawn last: they are smaller and often lie on their originals.
    for kind in [PointKind::Original, PointKind::Augmentation] {
        for (p, place) in std::iter::zip(&panel.points, map).filter(|(p, _)| p.kind == kind) {
            let [x, y] = frame.offset(*place);
            let centre = (corner.0 + PANEL / 2 + x, corner.1 + height / 2 + y);
            canvas.marker(centre, p.class, shade(p.class), kind == PointKind::Original)?;
            let text = format!("{}, {}, {}", p.utterance, classes[p.class], kind.name());
            marks.push(Mark { at: centre, radius: RADIUS, text });
        }
    }
    Ok(())
}

/// How a map is fitted into a panel, with one scale for both directions.
struct Frame {
    middle: [f64; 2],
    scale: f64,
    /// Height in pixels, with space for the markers.
    height: f64,
}

impl Frame {
    fn of(map: &[[f64; 2]]) -> Frame {
        let range = |d: usize| {
            let values = map.iter().map(|p| p[d]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
        };
        let ranges = [range(0), range(1)];
        let [wide, high] = ranges.map(|(l, h)| h - l);
        let room = f64::from(PANEL - 4 * RADIUS);
        let scale = room / wide.max(high).max(f64::MIN_POSITIVE);
        let middle = ranges.map(|(l, h)| f64::midpoint(l, h));
        Frame { middle, scale, height: high * scale + f64::from(4 * RADIUS) }
    }

    /// Offset of a place from the middle of the panel, in pixels.
    fn offset(&self, place: [f64; 2]) -> [i32; 2] {
        [0, 1].map(|d| ((place[d] - self.middle[d]) * self.scale).round() as i32)
    }
}

/// The colour of a class, dark enough for a line of one pixel on white. The grey of the palette comes last.
fn shade(class: usize) -> RGBColor {
    let RGBColor(r, g, b) = colour(class + 1);
    let darker = |v: u8| (f64::from(v) * 0.82).round() as u8;
    RGBColor(darker(r), darker(g), darker(b))
}

/// Left ends and heights of the legend's entries: the classes, then original and augmentation.
fn legend_places(classes: &[&str]) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (16, 18);
    let mut places = Vec::new();
    for label in classes.iter().copied().chain(["original", "augmentation"]) {
        let wide = 20 + room(&cut(label, 24), TEXT.size) + 14;
        if x > 16 && x + wide > WIDE {
            (x, y) = (16, y + 20);
        }
        places.push((x, y));
        x += wide;
    }
    places
}

fn draw_legend(canvas: &mut Canvas, classes: &[&str], places: &[(i32, i32)]) -> Result<()> {
    for (i, &(x, y)) in places.iter().enumerate() {
        let label = match i.checked_sub(classes.len()) {
            None => {
                canvas.marker((x, y), i, shade(i), true)?;
                classes[i]
            }
            Some(kind) => {
                canvas.marker((x, y), 0, super::INK, kind == 0)?;
                ["original", "augmentation"][kind]
            }
        };
        canvas.text(&cut(label, 24), (x + 12, y), At::Left, TEXT)?;
    }
    Ok(())
}
