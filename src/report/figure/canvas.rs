//! A drawing surface with the shapes that figures are made of.

use super::palette::{colour, repetition};
use super::{INK, PALE, WHITE, failed};
use plotters::backend::SVGBackend;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, TextStyle};
use seraug_core::error::Result;

/// Dash patterns of the lines of the conditions: pixels drawn and left out in turn. The first line is solid.
const DASHES: [&[f64]; 6] =
    [&[], &[9.0, 4.0], &[3.0, 3.0], &[12.0, 3.0, 3.0, 3.0], &[16.0, 4.0], &[6.0, 2.0, 2.0, 2.0, 2.0, 2.0]];

/// Shapes of the markers of the classes after the first, which has a circle; a ninth class has the circle again.
const SHAPES: [&[(i32, i32)]; 7] = [
    // Square, triangle, diamond, triangle downwards, upright bar, lying bar, cross.
    &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
    &[(0, -6), (5, 4), (-5, 4)],
    &[(0, -6), (6, 0), (0, 6), (-6, 0)],
    &[(0, 6), (5, -4), (-5, -4)],
    &[(-2, -6), (2, -6), (2, 6), (-2, 6)],
    &[(-6, -2), (6, -2), (6, 2), (-6, 2)],
    &[
        (-2, -5),
        (2, -5),
        (2, -2),
        (5, -2),
        (5, 2),
        (2, 2),
        (2, 5),
        (-2, 5),
        (-2, 2),
        (-5, 2),
        (-5, -2),
        (-2, -2),
    ],
];
/// Radius of a marker in pixels.
pub const RADIUS: i32 = 6;

/// A drawing in progress.
pub struct Canvas<'a>(SVGBackend<'a>);

/// Draws an SVG of `width` x `height` pixels on white.
pub fn svg(width: i32, height: i32, draw: impl FnOnce(&mut Canvas) -> Result<()>) -> Result<String> {
    let mut text = String::new();
    {
        let mut canvas = Canvas(SVGBackend::with_string(&mut text, (width as u32, height as u32)));
        canvas.rect((0, 0), (width, height), WHITE)?;
        draw(&mut canvas)?;
        canvas.0.present().map_err(|e| failed(&e))?;
    }
    Ok(text)
}

/// Which part of a text lies at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The left end of the text.
    Left,
    /// The middle of the text.
    Middle,
    /// The right end of the text.
    Right,
}

/// Size, weight and colour of a text.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Height in pixels.
    pub size: u32,
    /// Whether the text is bold.
    pub bold: bool,
    /// Colour of the letters.
    pub colour: RGBColor,
}

/// Look of ordinary text.
pub const TEXT: Look = Look { size: 12, bold: false, colour: INK };
/// Look of headings inside a figure.
pub const HEAD: Look = Look { size: 13, bold: true, colour: INK };
/// Look of labels of axes.
pub const SMALL: Look = Look { size: 11, bold: false, colour: PALE };

impl Canvas<'_> {
    /// A filled rectangle between two corners.
    pub fn rect(&mut self, from: (i32, i32), to: (i32, i32), c: RGBColor) -> Result<()> {
        self.0.draw_rect(from, to, &c.filled(), true).map_err(|e| failed(&e))
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, from: (i32, i32), to: (i32, i32), c: RGBColor) -> Result<()> {
        self.0.draw_rect(from, to, &c.stroke_width(1), false).map_err(|e| failed(&e))
    }

    /// A line of `width` pixels.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), c: RGBColor, width: u32) -> Result<()> {
        self.0.draw_line(from, to, &c.stroke_width(width)).map_err(|e| failed(&e))
    }

    /// Lines through points, 2 pixels wide.
    pub fn path(&mut self, points: Vec<(i32, i32)>, c: RGBColor) -> Result<()> {
        self.0.draw_path(points, &c.stroke_width(2)).map_err(|e| failed(&e))
    }

    /// As [`Canvas::path`], dashed in the pattern of condition `index`, so that lines can be told apart without colour.
    pub fn dashed_path(&mut self, points: &[(i32, i32)], c: RGBColor, index: usize) -> Result<()> {
        let pattern = DASHES[index % DASHES.len()];
        if pattern.is_empty() || points.len() < 2 {
            return self.path(points.to_vec(), c);
        }
        let (mut part, mut left) = (0, pattern[0]);
        let mut dash = vec![points[0]];
        for pair in points.windows(2) {
            let (a, b) =
                ((f64::from(pair[0].0), f64::from(pair[0].1)), (f64::from(pair[1].0), f64::from(pair[1].1)));
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            let mut done = 0.0;
            while length - done > left {
                done += left;
                let at = |from: f64, to: f64| (from + (to - from) * done / length).round() as i32;
                let here = (at(a.0, b.0), at(a.1, b.1));
                if part % 2 == 0 {
                    dash.push(here);
                    self.path(std::mem::take(&mut dash), c)?;
                }
                part = (part + 1) % pattern.len();
                left = pattern[part];
                dash = vec![here];
            }
            left -= length - done;
            dash.push(pair[1]);
        }
        if part % 2 == 0 { self.path(dash, c) } else { Ok(()) }
    }

    /// A vertical line of dashes.
    pub fn dashes(&mut self, x: i32, top: i32, bottom: i32, c: RGBColor) -> Result<()> {
        (top..bottom).step_by(7).try_for_each(|y| self.line((x, y), (x, (y + 4).min(bottom)), c, 1))
    }

    /// A dashed horizontal line.
    pub fn dashes_across(&mut self, left: i32, right: i32, y: i32, c: RGBColor) -> Result<()> {
        (left..right).step_by(7).try_for_each(|x| self.line((x, y), ((x + 4).min(right), y), c, 1))
    }

    /// An interval on an upright bar, from its top to its bottom; `marks` says which ends get a mark.
    pub fn error_bar(&mut self, x: i32, ends: [i32; 2], marks: [bool; 2]) -> Result<()> {
        self.line((x, ends[0]), (x, ends[1]), INK, 2)?;
        let marked = std::iter::zip(ends, marks).filter(|e| e.1);
        marked.map(|e| e.0).try_for_each(|y| self.line((x - 4, y), (x + 4, y), INK, 2))
    }

    /// A single fold or seed: a white dot with an outline, visible on any bar.
    pub fn dot(&mut self, centre: (i32, i32)) -> Result<()> {
        self.spot(centre, 3, WHITE, INK)
    }

    /// A disc with an outline.
    pub fn spot(&mut self, centre: (i32, i32), radius: i32, fill: RGBColor, outline: RGBColor) -> Result<()> {
        self.0.draw_circle(centre, radius as u32, &fill.filled(), true).map_err(|e| failed(&e))?;
        self.0.draw_circle(centre, radius as u32, &outline.stroke_width(1), false).map_err(|e| failed(&e))
    }

    /// The mark of condition `index`, with an outline: a disc, and another shape where its colour is that of one before it.
    pub fn condition(&mut self, (x, y): (i32, i32), index: usize) -> Result<()> {
        let Some(shape) = repetition(index).checked_sub(1).map(|i| SHAPES[i % SHAPES.len()]) else {
            return self.spot((x, y), 4, colour(index), INK);
        };
        let corners: Vec<(i32, i32)> =
            shape.iter().chain(&shape[..1]).map(|(dx, dy)| (x + dx, y + dy)).collect();
        self.polygon(&corners, colour(index))?;
        self.0.draw_path(corners, &INK.stroke_width(1)).map_err(|e| failed(&e))
    }

    /// A published value: an upright diamond.
    pub fn diamond(&mut self, (x, y): (i32, i32)) -> Result<()> {
        let corners = [(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y), (x, y - 5)];
        self.0.fill_polygon(corners, &WHITE.filled()).map_err(|e| failed(&e))?;
        self.0.draw_path(corners, &INK.stroke_width(2)).map_err(|e| failed(&e))
    }

    /// A filled polygon.
    pub fn polygon(&mut self, corners: &[(i32, i32)], c: RGBColor) -> Result<()> {
        self.0.fill_polygon(corners.to_vec(), &c.filled()).map_err(|e| failed(&e))
    }

    /// A horizontal interval with end marks.
    pub fn whisker(&mut self, left: i32, right: i32, y: i32) -> Result<()> {
        self.whisker_within([left, right], [true; 2], y)
    }

    /// As [`Canvas::whisker`]; `marks` says which ends get a mark.
    pub fn whisker_within(&mut self, ends: [i32; 2], marks: [bool; 2], y: i32) -> Result<()> {
        self.line((ends[0], y), (ends[1], y), INK, 2)?;
        let marked = std::iter::zip(ends, marks).filter(|e| e.1);
        marked.map(|e| e.0).try_for_each(|x| self.line((x, y - 4), (x, y + 4), INK, 2))
    }

    /// The marker of class `index`: filled with `c`, or smaller and hollow with a rim of `c`. Markers of classes can be told apart
    /// without colour.
    pub fn marker(&mut self, (x, y): (i32, i32), index: usize, c: RGBColor, filled: bool) -> Result<()> {
        let (fill, rim) = if filled { (c, WHITE) } else { (WHITE, c) };
        let Some(shape) = (index % (SHAPES.len() + 1)).checked_sub(1).map(|i| SHAPES[i]) else {
            let radius = if filled { 5 } else { 3 };
            self.0.draw_circle((x, y), radius, &fill.filled(), true).map_err(|e| failed(&e))?;
            return self.0.draw_circle((x, y), radius, &rim.stroke_width(1), false).map_err(|e| failed(&e));
        };
        // Half the size, so that both are seen where it lies on its original.
        let smaller = |d: i32| if filled { d } else { (d + d.signum()) / 2 };
        let corners: Vec<(i32, i32)> =
            shape.iter().chain(&shape[..1]).map(|(dx, dy)| (x + smaller(*dx), y + smaller(*dy))).collect();
        self.0.fill_polygon(corners.clone(), &fill.filled()).map_err(|e| failed(&e))?;
        self.0.draw_path(corners, &rim.stroke_width(1)).map_err(|e| failed(&e))
    }

    /// Text centred on the height of its point.
    pub fn text(&mut self, text: &str, point: (i32, i32), at: At, look: Look) -> Result<()> {
        let h = match at {
            At::Left => HPos::Left,
            At::Middle => HPos::Center,
            At::Right => HPos::Right,
        };
        self.styled(text, point, h, look, FontTransform::None)
    }

    /// Text centred on its point that runs upwards.
    pub fn upright(&mut self, text: &str, point: (i32, i32), look: Look) -> Result<()> {
        self.styled(text, point, HPos::Center, look, FontTransform::Rotate270)
    }

    /// Text that runs upwards and ends at its point, below it.
    pub fn downward(&mut self, text: &str, point: (i32, i32), look: Look) -> Result<()> {
        self.styled(text, point, HPos::Right, look, FontTransform::Rotate270)
    }

    /// Text that runs upwards from its point.
    pub fn rising(&mut self, text: &str, point: (i32, i32), look: Look) -> Result<()> {
        self.styled(text, point, HPos::Left, look, FontTransform::Rotate270)
    }

    fn styled(
        &mut self,
        text: &str,
        point: (i32, i32),
        h: HPos,
        look: Look,
        turn: FontTransform,
    ) -> Result<()> {
        let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        // The backend writes size / 1.24 as the font size.
        let font = ("sans-serif", f64::from(look.size) * 1.24).into_font().style(style).transform(turn);
        let style = TextStyle::from(font).color(&look.colour).pos(Pos::new(h, VPos::Center));
        self.0.draw_text(text, &style, point).map_err(|e| failed(&e))
    }
}

/// Width in pixels that is reserved for a text of `size` pixels: generous, because the font is chosen by the reader's machine.
pub fn room(text: &str, size: u32) -> i32 {
    (text.chars().count() as f64 * f64::from(size) * 0.62).ceil() as i32
}
