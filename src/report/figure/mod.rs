//! Figures as SVG text. Coordinates are pixels: the text metrics of the drawing library are estimates, so
//! every label is anchored in room that is kept for it.

mod bars;
mod canvas;
mod confusion;
mod curves;
mod difference;
mod embedding;
mod gallery;
mod image;
mod legend;
mod marker;
pub mod png;
mod recall;
mod speakers;

pub use bars::bars;
pub use confusion::confusion;
pub use curves::curves;
pub use difference::difference;
pub use embedding::embedding;
pub use gallery::galleries;
pub use recall::recall;
pub use speakers::speakers;

pub use canvas::{At, Canvas, HEAD, Look, SMALL, TEXT, room, svg};
pub use legend::{legend, legend_height, line_legend};

use plotters::style::RGBColor;
use seraug_core::error::Error;

/// Pixels across: in a column of 8.4 cm, texts of 11 to 13 pixels are 5 to 6 points high.
pub const WIDTH: i32 = 520;
/// The same for a figure over both columns.
pub const WIDE: i32 = 760;

/// Text and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Helping lines and their labels.
pub const PALE: RGBColor = RGBColor(0x66, 0x66, 0x66);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// The ground.
pub const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// Okabe and Ito, "Color Universal Design" (2008): told apart by colour-blind readers. The first condition,
/// what the others are compared with, is grey; black is the ink's.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0x99, 0x99, 0x99),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0xf0, 0xe4, 0x42),
];

/// A figure of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// File name below figures/, without `.svg`.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// What is drawn, for the caption.
    pub caption: String,
    /// What a reader who cannot see it should know.
    pub alt: String,
    /// The file's text.
    pub svg: String,
    /// Places that say something when they are pointed at, in the page.
    pub marks: Vec<Mark>,
}

/// A round place of a figure with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Centre, pixels of the figure.
    pub at: (i32, i32),
    /// Radius, pixels.
    pub radius: i32,
    /// What it says.
    pub text: String,
}

/// The colour of condition `index`. From the ninth on they repeat, but for the first's.
pub fn colour(index: usize) -> RGBColor {
    let others = PALETTE.len() - 1;
    if index == 0 { PALETTE[0] } else { PALETTE[1 + (index - 1) % others] }
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
