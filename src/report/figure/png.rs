//! Figures as PNG, drawn from their SVG with fonts of our own: the same on every machine.

use super::Figure;
use resvg::{tiny_skia, usvg};
use seraug_core::error::{Error, Result};
use std::sync::Arc;

/// Pixels of the PNG for each pixel of the SVG: sharp in print at the width of a column.
const SCALE: f32 = 2.0;

/// Renders every figure, in parallel.
///
/// # Errors
/// A figure that is not SVG, or that is too large to draw.
pub fn of_all(figures: &[Figure]) -> Result<Vec<Vec<u8>>> {
    use rayon::prelude::*;
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(include_bytes!("fonts/DejaVuSans.ttf").to_vec());
    fonts.load_font_data(include_bytes!("fonts/DejaVuSans-Bold.ttf").to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = usvg::Options {
        font_family: "DejaVu Sans".into(),
        fontdb: Arc::new(fonts),
        ..usvg::Options::default()
    };
    figures.par_iter().map(|f| render(f, &options)).collect()
}

fn render(figure: &Figure, options: &usvg::Options) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("figures/{}.png: {e}", figure.name));
    let tree = usvg::Tree::from_str(&figure.svg, options).map_err(|e| failed(&e))?;
    let size = tree.size().to_int_size().scale_by(SCALE).ok_or_else(|| failed(&"has no size"))?;
    let mut pixels =
        tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(|| failed(&"is too large"))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{At, INK, TEXT, svg};

    #[test]
    fn text_and_shapes_are_drawn() {
        let draw = |text: &'static str| {
            let svg = svg(120, 40, |canvas| {
                canvas.rect((0, 0), (10, 10), INK)?;
                canvas.text(text, (20, 20), At::Left, TEXT)
            });
            let (name, title) = ("x".to_owned(), String::new());
            let figure = Figure {
                name,
                title,
                caption: String::new(),
                alt: String::new(),
                svg: svg.unwrap(),
                marks: vec![],
            };
            tiny_skia::Pixmap::decode_png(&of_all(&[figure]).unwrap()[0]).unwrap()
        };
        let dark = |p: &tiny_skia::Pixmap| p.pixels().iter().filter(|p| p.red() < 100).count();
        let (empty, text) = (draw(""), draw("UAR −1.5 ± 2"));
        assert_eq!((text.width(), text.height()), (240, 80));
        assert!((380..480).contains(&dark(&empty)), "{}", dark(&empty));
        assert!(dark(&text) > dark(&empty) + 300, "the fonts have no glyphs: {}", dark(&text));
    }
}
