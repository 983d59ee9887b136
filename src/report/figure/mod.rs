//! Figures as SVG text. Coordinates are pixels. The drawing library only estimates the width of text, so every label is
//! anchored in space that is reserved for it.

mod bars;
mod canvas;
mod confusion;
mod curves;
mod difference;
mod embedding;
mod forest;
mod gallery;
mod image;
mod inline;
mod legend;
mod palette;
pub mod png;
mod recall;
mod samples;
mod speakers;
mod tags;

pub use bars::bars;
pub use confusion::confusion;
pub use curves::curves;
pub use difference::difference;
pub use embedding::embedding;
pub use forest::{ForestPanel, ForestPooled, ForestRow, forest};
pub use gallery::galleries;
pub use inline::{SCRIPT, inline};
pub use recall::recall;
pub use samples::samples;
pub use speakers::speakers;

pub use canvas::{At, Canvas, HEAD, Look, RADIUS, SMALL, TEXT, room, svg};
pub use legend::{legend, legend_height, line_legend, mark_legend};

pub use palette::colour;
use plotters::style::RGBColor;
use seraug_core::error::Error;

/// Width of a figure in pixels: in a column of 8.4 cm, text of 11 to 13 pixels is 5 to 6 points high.
pub const WIDTH: i32 = 520;
/// Width in pixels of a figure over both columns of a page.
pub const WIDE: i32 = 760;

/// Colour of text and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Colour of auxiliary lines and their labels.
pub const PALE: RGBColor = RGBColor(0x66, 0x66, 0x66);
/// Colour of grid lines.
pub const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// Colour of the background.
pub const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// A figure of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// File name below figures/, without `.svg`.
    pub name: String,
    /// Heading in the page.
    pub title: String,
    /// Caption: what is drawn, and how to read it.
    pub caption: String,
    /// What a reader who cannot see it should know.
    pub alt: String,
    /// The text of the SVG file.
    pub svg: String,
    /// Points that show a text when they are pointed at in the page.
    pub marks: Vec<Mark>,
}

/// A point of a figure with a text of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Centre, in pixels of the figure.
    pub at: (i32, i32),
    /// Radius in pixels.
    pub radius: i32,
    /// The text that is shown.
    pub text: String,
}

/// 1, 2, 5 or 10 times a power of ten, for about four ticks over `span`; at least 0.5.
pub fn tick_step(span: f64) -> f64 {
    let raw = (span / 4.0).max(0.5);
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|&s| s >= raw).unwrap_or(10.0 * power)
}

fn failed(e: &dyn std::fmt::Display) -> Error {
    Error::failed(format!("figures: cannot be drawn: {e}"))
}
