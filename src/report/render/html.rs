//! The little HTML that the page needs.

/// Text for element content and quoted attributes. Control characters are dropped.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

/// `<name>text</name>`, the text escaped.
pub fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// A table with a row of headings and the first cell of each row as its heading. `caption` may be empty.
pub fn table(caption: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    words_table(caption, headings, rows, 1)
}

/// As [`table`], with the first `words` columns as words and the others as numbers.
pub fn words_table(caption: &str, headings: &[&str], rows: &[Vec<String>], words: usize) -> String {
    let class = |i: usize| if i > 0 && i < words { " class=\"word\"" } else { "" };
    let mut html = scroll(headings.first().copied().unwrap_or_default()) + "<table><thead><tr>";
    for (i, h) in headings.iter().enumerate() {
        html += &format!("<th scope=\"col\"{}>{}</th>", class(i), escape(h));
    }
    html += "</tr></thead><tbody>";
    for row in rows {
        html += "<tr>";
        for (i, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            html += &match i {
                0 => format!("<th scope=\"row\">{cell}</th>"),
                _ => format!("<td{}>{cell}</td>", class(i)),
            };
        }
        html += "</tr>";
    }
    html += "</tbody></table></div>\n";
    // Outside: what scrolls sideways is read badly.
    if !caption.is_empty() {
        html += &format!("<p class=\"soft meaning\">{}</p>\n", escape(caption));
    }
    html
}

/// Opens a `div` that scrolls sideways on a narrow screen, also by keyboard.
pub fn scroll(label: &str) -> String {
    format!("<div class=\"scroll\" role=\"group\" aria-label=\"{}\" tabindex=\"0\">", escape(label))
}

/// A whole page. `script` may be empty.
pub fn document(title: &str, body: &str, script: &str) -> String {
    let script = if script.is_empty() { String::new() } else { format!("<script>\n{script}</script>\n") };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{}\n<style>\n{}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n{script}</body>\n</html>\n",
        element("title", title),
        include_str!("style.css")
    )
}

/// A definition list of (term, text); pairs with an empty text are left out.
pub fn definitions(pairs: &[(&str, String)]) -> String {
    let mut html = String::from("<dl>");
    for (term, text) in pairs.iter().filter(|(_, t)| !t.is_empty()) {
        html += &format!("{}{}", element("dt", term), element("dd", text));
    }
    html + "</dl>\n"
}

/// A link to a path beside or below the page.
pub fn link(href: &str, text: &str) -> String {
    let encode = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    let href: String = href.bytes().map(encode).collect();
    format!("<a href=\"{href}\">{}</a>", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(element("p", "<b a='1'>&\"\u{7}"), "<p>&lt;b a=&#39;1&#39;&gt;&amp;&quot;</p>");
        assert_eq!(link("a b/\"c:d", "<"), "<a href=\"a%20b/%22c%3Ad\">&lt;</a>");
    }
}
