//! A figure inside a page: its marks say something when they are pointed at, tapped, or reached by the arrow keys.

use super::Mark;
use maud::{Markup, PreEscaped, Render, html};

/// Shows the text of a mark below its figure.
pub const SCRIPT: &str = include_str!("tooltips.js");

/// A drawing in a frame that scrolls sideways on a narrow screen. `alt` is what a reader who cannot see it should know. Without
/// a script, the text of a mark still shows as a tooltip.
pub fn inline(title: &str, svg: &str, alt: &str, marks: &[Mark]) -> Markup {
    let label = format!("<svg role=\"img\" aria-label=\"{}\" ", alt.render().into_string());
    let drawing = svg.replacen("<svg ", &label, 1);
    let (drawing, end) = drawing.split_at(drawing.rfind("</svg>").unwrap_or(drawing.len()));
    // The drawing is markup of our own canvas; the label in it is escaped above.
    html! {
        div class="scroll" role="group" aria-label=(title) tabindex="0" {
            (PreEscaped(drawing))
            @for Mark { at: (x, y), radius, text } in marks {
                circle class="mark" cx=(x) cy=(y) r=(radius) { title { (text) } } "\n"
            }
            (PreEscaped(end))
        } "\n"
        @if !marks.is_empty() {
            output class="hover" {
                "Point at one of the " (marks.len()) " points, or use the arrow keys here."
            } "\n"
        }
    }
}
