//! Pieces of HTML that pages share. Text is escaped by maud, by its type.

use super::text::address;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A whole page that needs no other file. `script` may be empty.
pub fn document(title: &str, body: &Markup, script: &str) -> String {
    // Style and script are files of this program, and no element's content is escaped in them.
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                title { (title) } "\n"
                style { "\n" (PreEscaped(include_str!("style.css"))) } "\n"
            } "\n"
            body { "\n"
                main { "\n" (body) } "\n"
                @if !script.is_empty() { script { "\n" (PreEscaped(script)) } "\n" }
            } "\n"
        } "\n"
    };
    let mut text = page.into_string();
    // HTML has no way to write the other control characters.
    text.retain(|c| !c.is_control() || c == '\n' || c == '\t');
    text
}

/// The header of a page: its title, and what it is about where that is said.
pub fn header(title: &str, about: Option<&str>) -> Markup {
    html! {
        header { "\n"
            h1 { (title) } "\n"
            @if let Some(about) = about { p class="soft" { (about) } "\n" }
        } "\n"
    }
}

/// What a page of synthetic numbers begins with.
pub fn synthetic_banner() -> Markup {
    html! {
        p class="banner" {
            "Synthetic corpus: made by a program to exercise the software. These numbers say nothing about emotion in human \
             speech."
        } "\n"
    }
}

/// A list of sentences.
pub fn list(items: &[String]) -> Markup {
    html! { ul { "\n" @for item in items { li { (item) } "\n" } } "\n" }
}

/// A section with a heading and a definition list of (term, text); pairs with an empty text are left out.
pub fn facts(title: &str, pairs: &[(&str, String)]) -> Markup {
    html! {
        section { "\n"
            h2 { (title) } "\n"
            dl { @for (term, text) in pairs.iter().filter(|p| !p.1.is_empty()) { dt { (term) } dd { (text) } } } "\n"
        } "\n"
    }
}

/// A link to a path beside or below the page.
pub fn link(path: &str, text: &str) -> Markup {
    html! { a href=(address(path)) { (text) } }
}

/// Items of a list of files: (path of the link, name, what it is).
pub fn file_items(files: &[(String, &str, &str)]) -> Markup {
    html! { @for (path, name, what) in files { li { (link(path, name)) ": " (what) } "\n" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let text = link("a b/\"c:d", "<b a='1'>&\"").into_string();
        assert_eq!(text, "<a href=\"a%20b/%22c%3Ad\">&lt;b a='1'&gt;&amp;&quot;</a>");
        let page = document("a\u{7}<", &html! { p { "x\u{1b}" } }, "");
        assert!(page.contains("<title>a&lt;</title>") && page.contains("<p>x</p>"), "{page}");
    }
}
