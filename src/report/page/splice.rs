//! Puts the table and figure of a run into a Markdown file, between markers, so that nobody has to type numbers.

use crate::figure::Figure;
use crate::render::text::address;
use crate::render::text_table::{TextTable, markdown_escape};
use seraug_core::error::{Error, Result};

/// The marker after what is put in.
const END: &str = "<!-- /seraug -->";

/// What stands between the markers: links, the table with its caption, the figure. `page` and `run` lead to the report's
/// folder and the run's from the Markdown file; a study has no run of its own.
pub fn content(
    title: &str,
    table: Option<&TextTable>,
    figure: Option<&Figure>,
    page: &str,
    run: Option<&str>,
) -> String {
    let (rows, caption) =
        table.map_or_else(Default::default, |t| (t.markdown(), markdown_escape(&t.caption)));
    let (title, page) = (markdown_escape(title), address(page));
    let run = run.map_or(String::new(), |run| format!(", [run]({})", address(run)));
    let mut text = format!("**{title}** ([page]({page}/index.html){run})\n\n{rows}\n");
    text += &format!("<details><summary>What the numbers are</summary>\n\n{caption}\n\n</details>\n");
    if let Some(f) = figure {
        text += &format!("\n![{}]({page}/figures/{}.svg)\n", markdown_escape(&f.alt), f.name);
    }
    text
}

/// `text` with what stands between `<!-- seraug EXPERIMENT -->` and `<!-- /seraug -->` replaced.
///
/// # Errors
/// A marker that is not there, or there twice; `file` names the text.
pub fn splice(text: &str, file: &str, experiment: &str, content: &str) -> Result<String> {
    let begin = format!("<!-- seraug {experiment} -->");
    let bad = |what: &str| Error::failed(format!("{file}: {what}"));
    // Whatever a run is called, no other comment may begin here: the next splice has to find the same two markers.
    let content = content.replace("<!--", "&lt;!--");
    let places: Vec<usize> = text.match_indices(&begin).map(|m| m.0).collect();
    let [place] = places[..] else {
        return Err(bad(&format!(
            "`{begin}` is there {} times; write it once where the table belongs, and `{END}` after it",
            places.len()
        )));
    };
    let start = place + begin.len();
    // An end marker after the begin marker of another table belongs to that one.
    let own = text[start..].split("<!-- seraug ").next().unwrap_or_default();
    let end = own.find(END).ok_or_else(|| bad(&format!("`{END}` is missing after `{begin}`")))?;
    Ok(format!("{}\n{}\n{}", &text[..start], content.trim_end(), &text[start + end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = "a\n<!-- seraug open/x -->\nold\n<!-- /seraug -->\nb <!-- /seraug -->\n";
        let new = splice(text, "README.md", "open/x", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- seraug open/x -->\nnew\n<!-- /seraug -->\nb <!-- /seraug -->\n");
        assert_eq!(splice(&new, "README.md", "open/x", "new\n").unwrap(), new, "again gives the same");
        let missing = splice(text, "README.md", "quickstart", "").unwrap_err().to_string();
        assert!(missing.contains("README.md: `<!-- seraug quickstart -->` is there 0 times"), "{missing}");
        let open = splice("<!-- seraug x -->", "f", "x", "").unwrap_err().to_string();
        assert!(open.contains("`<!-- /seraug -->` is missing"), "{open}");
        let other = "<!-- seraug x -->\nprose\n<!-- seraug y -->\n<!-- /seraug -->\n";
        assert_eq!(splice(other, "f", "x", "").unwrap_err().to_string(), open, "the end is of another");
        for name in ["x <!-- /seraug --> y", "<!-- seraug open/x -->", "<!-- <!-- /seraug -->"] {
            let once = splice(text, "README.md", "open/x", name).unwrap();
            assert_eq!(splice(&once, "README.md", "open/x", name).unwrap(), once, "{name}");
        }
    }
}
