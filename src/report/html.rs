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
    let mut html = String::from("<div class=\"scroll\" tabindex=\"0\"><table>");
    if !caption.is_empty() {
        html += &element("caption", caption);
    }
    html += "<thead><tr>";
    headings.iter().for_each(|h| html += &format!("<th scope=\"col\">{}</th>", escape(h)));
    html += "</tr></thead><tbody>";
    for row in rows {
        html += "<tr>";
        for (i, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            html +=
                &if i == 0 { format!("<th scope=\"row\">{cell}</th>") } else { format!("<td>{cell}</td>") };
        }
        html += "</tr>";
    }
    html + "</tbody></table></div>\n"
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
