//! Names that people type: of speakers, sessions, utterances and files. Two names that look identical are one name; two that
//! could have been meant as one are reported.

use std::borrow::Cow;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Characters that leave no mark: fillers, joiners, direction marks, soft hyphens, byte order marks, variation selectors
/// (most of Unicode's Default_Ignorable_Code_Point, and what annotates).
const IGNORABLE: &[std::ops::RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// The zeros of scripts whose ten digits follow each other.
const ZEROS: [u32; 17] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
    0x1040, 0x17e0,
];

/// `name` in the form in which names are stored and compared: NFC, without characters that leave no mark, each run of white
/// space as one space, none at the ends. Names that differ in nothing else are the same name.
pub fn normalise(name: &str) -> Cow<'_, str> {
    let spaced = name.starts_with(' ') || name.ends_with(' ') || name.contains("  ");
    if !spaced && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Cow::Borrowed(name);
    }
    let seen = |c: &char| !IGNORABLE.iter().any(|range| range.contains(c));
    let composed: String = name.chars().filter(seen).nfc().collect();
    // Unicode does not count the Braille blank as white space, but it looks like it.
    let words = composed.split(|c: char| c.is_whitespace() || c == '\u{2800}').filter(|w| !w.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// `name` as a file system compares it that ignores case and width: NFKC, folded to lower case.
pub fn fold_case(name: &str) -> String {
    // To upper case first, so that `Straße` and `STRASSE` are equal.
    normalise(name).nfkc().collect::<String>().to_uppercase().to_lowercase()
}

/// A key that names share if they may denote one person by a slip of typing: names that differ only in case, width, accents,
/// punctuation, spaces, leading zeros, a decimal of zeros, digits of another script, or letters of another alphabet that look
/// the same (confusables of Unicode Technical Standard 39).
pub fn confusable_key(name: &str) -> String {
    let folded = fold_case(name);
    let whole = match folded.split_once('.') {
        Some((number, zeros))
            if is_number(number) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') =>
        {
            number
        }
        _ => &folded,
    };
    let shapes: String =
        whole.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).flat_map(shape).collect();
    let mut key = String::new();
    let mut apart = false;
    let mut chars = shapes.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            apart = true;
            continue;
        }
        let after_digit = key.ends_with(|k: char| k.is_ascii_digit());
        let leads = c == '0' && (apart || !after_digit) && chars.peek().is_some_and(char::is_ascii_digit);
        if leads {
            continue;
        }
        // `1-11` is not `11-1`.
        if apart && after_digit && c.is_ascii_digit() {
            key.push('-');
        }
        key.push(c);
        apart = false;
    }
    if key.is_empty() { folded } else { key }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `c` is a control character, ends a line or changes the direction of writing: it has no place in a name, in a path
/// that others read, or in a command.
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with an escape such as `\n` or `\u{202e}` for each unprintable character.
pub fn escape_unprintable(text: &str) -> String {
    let escape = |c: char| if is_unprintable(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// The characters that `c` looks like.
fn shape(c: char) -> Vec<char> {
    if c.is_ascii() {
        return vec![c];
    }
    let digit = ZEROS.iter().find_map(|zero| (c as u32).checked_sub(*zero).filter(|d| *d < 10));
    match digit.and_then(|d| char::from_digit(d, 10)) {
        Some(digit) => vec![digit],
        None => skeleton(c.encode_utf8(&mut [0; 4])).flat_map(char::to_lowercase).collect(),
    }
}

/// Groups of different `names` that have the same `key`, in the order of the keys; names within a group in the order of their
/// bytes.
pub fn collisions<'a>(
    names: impl IntoIterator<Item = &'a str>,
    key: impl Fn(&str) -> String,
) -> Vec<Vec<&'a str>> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        groups.entry(key(name)).or_default().push(name);
    }
    let mut groups: Vec<Vec<&str>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_unstable();
        group.dedup();
    }
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_tell_apart_is_one_name() {
        for (a, b) in [
            ("Jürgen", "Ju\u{308}rgen"),
            ("Anna", "Anna\u{a0}"),
            ("Anna", "\u{200b}Anna"),
            ("Anna", "An\u{ad}na"),
            ("Anna", "\u{feff}Anna\u{200e}"),
            ("Anna B", "Anna\u{2003}\u{a0} B"),
            ("ü", "u\u{200d}\u{308}"),
            ("Å", "\u{212b}"),
            ("Ā\u{328}", "A\u{328}\u{304}"),
            ("Anna", "Anna\u{e0041}"),
            ("Anna", "\u{2800}Anna\u{3000}"),
        ] {
            assert_eq!(normalise(a), normalise(b), "{a:?} {b:?}");
        }
        for plain in ["Anna", "anna b", "Jürgen", "03", "Ses01F", "王"] {
            assert_eq!(normalise(plain), plain);
        }
        assert_eq!(normalise("\u{200b} \u{a0}"), "");
    }

    #[test]
    fn what_one_person_could_bear_by_mistake_is_alike() {
        for (a, b) in [
            ("Anna", "anna"),
            ("1", "01"),
            ("1", "1.0"),
            ("s1", "S001"),
            ("spk_1", "spk-1"),
            ("spk 1", "spk1"),
            ("Ａｎｎａ", "Anna"),
            ("Anna１", "Anna1"),
            ("Аnna", "Anna"),
            ("Straße", "STRASSE"),
            ("Jürgen", "Jurgen"),
            ("ﬁn", "fin"),
            ("ID", "ıd"),
            ("٣", "3"),
            ("O'Neil", "oneil"),
            ("②", "2"),
            ("a_007_b", "A7B"),
        ] {
            assert_eq!(confusable_key(a), confusable_key(b), "{a} {b}");
        }
        for (a, b) in [
            ("1-11", "11-1"),
            ("1-11", "1-1-1"),
            ("10", "1"),
            ("100", "10"),
            ("a1", "a10"),
            ("F1", "M1"),
            ("0", "1"),
            ("1.5", "15"),
            ("王", "玉"),
            ("?", "!"),
            ("कि", "का"),
        ] {
            assert_ne!(confusable_key(a), confusable_key(b), "{a} {b}");
        }
    }

    #[test]
    fn groups_are_of_different_names() {
        let names = ["b", "Anna", "anna", "Anna", "a n n a", "c"];
        assert_eq!(collisions(names, confusable_key), [["Anna", "a n n a", "anna"]]);
        assert!(collisions(["a", "a"], fold_case).is_empty());
    }
}
