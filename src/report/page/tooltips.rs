//! Points of a figure that say something when they are pointed at, tapped, or reached by the arrow keys.

use crate::figure::Mark;
use crate::render::html::escape;

/// Puts the marks over the drawing. Without a script their text still shows as a tooltip.
pub fn layer(svg: &str, marks: &[Mark]) -> String {
    let (Some(end), false) = (svg.rfind("</svg>"), marks.is_empty()) else { return svg.to_owned() };
    let mut text = svg[..end].to_owned();
    for m in marks {
        let ((x, y), r) = (m.at, m.radius);
        text += &format!(
            "<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"><title>{}</title></circle>\n",
            escape(&m.text)
        );
    }
    text + &svg[end..]
}

/// Where the script writes the text of the mark that is pointed at; empty without marks.
pub fn output(marks: &[Mark]) -> String {
    if marks.is_empty() {
        return String::new();
    }
    format!(
        "<output class=\"hover\">Point at one of the {} points, or use the arrow keys here.</output>\n",
        marks.len()
    )
}

/// Shows the text of a mark below its figure.
pub const SCRIPT: &str = include_str!("tooltips.js");
