//! Pieces of text that tables, figures and pages share.

/// Columns of a terminal that the text keeps to.
pub const TERMINAL: usize = 100;

/// `ravdess → emodb`: a data set as readers see it.
pub fn data_set_label(data_set: &str) -> String {
    data_set.replace('>', " → ")
}

/// One decimal with its sign; a value that rounds to zero has none.
pub fn sign(v: f64) -> String {
    sign_to(v, 1)
}

/// As [`sign`], with that many decimals.
pub fn sign_to(v: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", v.abs());
    match v {
        _ if text.chars().all(|c| "0.".contains(c)) => text,
        v if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// A text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

/// Characters of a text, which are its columns in a terminal.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// At most `to` characters, the last one an ellipsis when something was cut. No control characters.
pub fn cut(text: &str, to: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if width(&text) <= to { text } else { text.chars().take(to - 1).chain(['…']).collect() }
}

/// At most `to` characters without control characters: what is too long keeps its beginning and its end, where the names of
/// runs and cells are.
pub fn shorten(text: &str, to: usize) -> String {
    let chars: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    if chars.len() <= to {
        return chars.into_iter().collect();
    }
    let head = to / 2;
    let tail = to.saturating_sub(head + 1);
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

/// A paragraph in lines of a terminal.
pub fn wrap(paragraph: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        if column > 0 && column + 1 + width(word) > TERMINAL {
            text += "\n";
            column = 0;
        }
        if column > 0 {
            text += " ";
            column += 1;
        }
        text += word;
        column += width(word);
    }
    text + "\n"
}

/// A relative path as the address of a link.
pub fn address(path: &str) -> String {
    let encode = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    path.bytes().map(encode).collect()
}

/// Digits in groups of three.
pub fn digit_groups(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_character_that_ends_a_link() {
        assert_eq!(address("../a b/\"c:(é)/x%"), "../a%20b/%22c%3A%28%C3%A9%29/x%25");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!((cut("abc\u{7}def", 4), shorten("abcdef", 4)), ("abc…".to_owned(), "ab…f".to_owned()));
        assert_eq!([0.04, -0.06, 8.0].map(sign), ["0.0", "−0.1", "+8.0"]);
    }
}
