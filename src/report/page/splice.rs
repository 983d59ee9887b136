//! A run's table and figure inside somebody's Markdown, between markers, so that they are never typed by hand.

use crate::figure::Figure;
use crate::render::table::Table;
use crate::render::table_text;
use crate::render::text_table::{TextTable, escape};
use seraug_core::error::{Error, Result};

/// Ends what was put in.
const END: &str = "<!-- /seraug -->";

/// What stands between the markers: links, the table with its caption, the first figure. `page` and `run` lead to
/// the report's folder and the run's from the Markdown file.
pub fn content(
    title: &str,
    summary: Option<&TextTable>,
    tables: &[Table],
    figures: &[Figure],
    page: &str,
    run: &str,
) -> String {
    let (table, caption) = match (summary, tables) {
        (Some(s), _) => (s.markdown(), s.caption.as_str()),
        (None, [first, ..]) => (table_text::markdown_rows(first), first.caption.as_str()),
        (None, []) => (String::new(), ""),
    };
    let (page, run) = (address(page), address(run));
    let mut text = format!("**{}** ([page]({page}/index.html), [run]({run}))\n\n{table}\n", escape(title));
    text +=
        &format!("<details><summary>What the numbers are</summary>\n\n{}\n\n</details>\n", escape(caption));
    if let Some(f) = figures.first() {
        text += &format!("\n![{}]({page}/figures/{}.svg)\n", escape(&f.alt), f.name);
    }
    text
}

/// A way to a folder as the address of a link.
fn address(way: &str) -> String {
    let plain = |c: char| !(c.is_ascii_control() || " %()<>\"?#[]\\".contains(c));
    let encoded = |c: char| if plain(c) { c.to_string() } else { format!("%{:02X}", c as u32) };
    way.chars().map(encoded).collect()
}

/// `text` with what stands between `<!-- seraug EXPERIMENT -->` and `<!-- /seraug -->` replaced.
///
/// # Errors
/// A marker that is not there, or there twice; `file` names the text.
pub fn splice(text: &str, file: &str, experiment: &str, content: &str) -> Result<String> {
    let begin = format!("<!-- seraug {experiment} -->");
    let bad = |what: &str| Error::failed(format!("{file}: {what}"));
    // Whatever a run is called, only the two markers are comments: the next time, they are found where they are now.
    let content = content.replace("<!--", "&lt;!--");
    let places: Vec<usize> = text.match_indices(&begin).map(|m| m.0).collect();
    let [place] = places[..] else {
        return Err(bad(&format!(
            "`{begin}` is there {} times; put it once where the table belongs, and `{END}` after it",
            places.len()
        )));
    };
    let start = place + begin.len();
    // Behind the marker of another table, the end is that one's.
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
        assert_eq!(address("../a b/(é)/x%"), "../a%20b/%28é%29/x%25");
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
