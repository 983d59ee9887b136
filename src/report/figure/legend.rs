//! Legends: which condition a colour or a line stands for.

use super::{At, Canvas, TEXT, colour, room};
use seraug_core::error::Result;

/// Swatches with labels in rows of at most `width` pixels, from `top`.
pub fn legend(canvas: &mut Canvas, items: &[(usize, String)], left: i32, top: i32, width: i32) -> Result<()> {
    labels(canvas, items, (left, top), width, |canvas, index, (x, y)| {
        canvas.rect((x, y + 3), (x + 18, y + 13), colour(index))
    })
}

/// As [`legend`], with the mark of each condition instead of a swatch.
pub fn mark_legend(
    canvas: &mut Canvas,
    items: &[(usize, String)],
    left: i32,
    top: i32,
    width: i32,
) -> Result<()> {
    labels(canvas, items, (left, top), width, |canvas, index, (x, y)| {
        canvas.condition((x + 12, y + 8), index)
    })
}

/// As [`legend`], with a piece of the line of each condition instead of a swatch.
pub fn line_legend(
    canvas: &mut Canvas,
    items: &[(usize, String)],
    left: i32,
    top: i32,
    width: i32,
) -> Result<()> {
    labels(canvas, items, (left, top), width, |canvas, index, (x, y)| {
        canvas.dashed_path(&[(x - 10, y + 8), (x + 18, y + 8)], colour(index), index)
    })
}

fn labels(
    canvas: &mut Canvas,
    items: &[(usize, String)],
    (left, top): (i32, i32),
    width: i32,
    mut swatch: impl FnMut(&mut Canvas, usize, (i32, i32)) -> Result<()>,
) -> Result<()> {
    for ((index, label), (x, y)) in std::iter::zip(items, legend_places(items, width)) {
        swatch(canvas, *index, (left + x, top + y))?;
        canvas.text(label, (left + x + 24, top + y + 8), At::Left, TEXT)?;
    }
    Ok(())
}

/// Height in pixels of [`legend`] and [`line_legend`] for the same items and width.
pub fn legend_height(items: &[(usize, String)], width: i32) -> i32 {
    legend_places(items, width).last().map_or(0, |p| p.1 + 20)
}

fn legend_places(items: &[(usize, String)], width: i32) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (0, 0);
    let mut places = Vec::new();
    for (_, label) in items {
        let w = 24 + room(label, TEXT.size) + 16;
        if x > 0 && x + w > width {
            (x, y) = (0, y + 20);
        }
        places.push((x, y));
        x += w;
    }
    places
}
