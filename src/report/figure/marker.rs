//! Small shapes for points of several kinds: told apart without colour.

use super::{Canvas, WHITE, failed};
use plotters::prelude::DrawingBackend;
use plotters::style::{Color, RGBColor};
use seraug_core::error::Result;

/// Shapes of the classes, in order; a ninth class has the first again.
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
/// Radius of a marker, pixels.
pub const RADIUS: i32 = 6;

impl Canvas<'_> {
    /// The shape of class `index`: filled with `c`, or smaller, hollow and with a rim of `c`.
    pub fn marker(&mut self, (x, y): (i32, i32), index: usize, c: RGBColor, filled: bool) -> Result<()> {
        let (fill, rim) = if filled { (c, WHITE) } else { (WHITE, c) };
        let Some(shape) = (index % (SHAPES.len() + 1)).checked_sub(1).map(|i| SHAPES[i]) else {
            let radius = if filled { 5 } else { 3 };
            self.0.draw_circle((x, y), radius, &fill.filled(), true).map_err(|e| failed(&e))?;
            return self.0.draw_circle((x, y), radius, &rim.stroke_width(1), false).map_err(|e| failed(&e));
        };
        // Half the size: over its own original, both are seen.
        let smaller = |d: i32| if filled { d } else { (d + d.signum()) / 2 };
        let corners: Vec<(i32, i32)> =
            shape.iter().chain(&shape[..1]).map(|(dx, dy)| (x + smaller(*dx), y + smaller(*dy))).collect();
        self.0.fill_polygon(corners.clone(), &fill.filled()).map_err(|e| failed(&e))?;
        self.0.draw_path(corners, &rim.stroke_width(1)).map_err(|e| failed(&e))
    }
}
