//! Mutations of a case: of text by words and lines, of anything else by bytes.

use crate::case::{Case, pick};
use crate::words::{Words, value};
use rand::Rng;
use rand::rngs::SmallRng;
use std::ops::Range;

/// No mutation makes a file larger than this, in bytes.
const LARGEST: usize = 256 << 10;
/// The first bytes of a binary file, where most of its numbers are.
const HEADER: usize = 96;

/// A copy of `case` with one to six changes in the files that `wanted` names. `words` and `others` are of the seeds.
pub(crate) fn mutate(
    case: &Case,
    others: &[Case],
    words: &Words,
    wanted: fn(&str) -> bool,
    random: &mut SmallRng,
) -> Case {
    let mut case = case.clone();
    let changes = 1 + random.gen_range(0..=2) * random.gen_range(0..=2) + random.gen_range(0..=1);
    for _ in 0..changes {
        let Some(name) = case.any(wanted, random) else { break };
        if case.0.len() > 1 && random.gen_ratio(1, 12) {
            of_files(&mut case, &name, others, random);
        } else if random.gen_ratio(1, 8) {
            everywhere(&mut case, &name, words, wanted, random);
        } else {
            let mut bytes = case.0[&name].to_vec();
            let other = pick(others, random).and_then(|o| o.0.get(&name)).cloned();
            change(&mut bytes, other.as_deref().unwrap_or_default(), words, random);
            bytes.truncate(LARGEST);
            case = case.with(&name, bytes);
        }
    }
    case
}

/// A file goes away, is emptied, or becomes that of another seed or place.
fn of_files(case: &mut Case, name: &str, others: &[Case], random: &mut SmallRng) {
    let bytes = match random.gen_range(0..4) {
        0 => {
            case.0.remove(name);
            return;
        }
        1 => Vec::new(),
        2 => pick(others, random).and_then(|o| o.0.get(name)).map_or(Vec::new(), |b| b.to_vec()),
        _ => {
            let last = name.rsplit('/').next().unwrap_or(name).to_owned();
            let other = case.any(|n| n.ends_with(&last), random);
            other.map_or(Vec::new(), |n| case.0[&n].to_vec())
        }
    };
    *case = std::mem::take(case).with(name, bytes);
}

/// A word of one file is replaced in all of them, so that what the files say of each other still fits.
fn everywhere(case: &mut Case, name: &str, words: &Words, wanted: fn(&str) -> bool, random: &mut SmallRng) {
    let Some(old) = text(&case.0[name]).and_then(|text| {
        let tokens = tokens(text);
        pick(&tokens, random).map(|at| text[at.clone()].trim_matches(['"', '\'']).to_owned())
    }) else {
        return;
    };
    let new = value(&old, words, random);
    let new = new.trim_matches(['"', '\'']);
    if old.is_empty() {
        return;
    }
    let names: Vec<String> = case.0.keys().filter(|n| wanted(n)).cloned().collect();
    for name in names {
        let changed = text(&case.0[&name]).filter(|t| t.contains(&old)).map(|t| t.replace(&old, new));
        if let Some(changed) = changed.filter(|c| c.len() <= LARGEST) {
            *case = std::mem::take(case).with(&name, changed);
        }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn change(bytes: &mut Vec<u8>, other: &[u8], words: &Words, random: &mut SmallRng) {
    match text(bytes) {
        Some(text) if !text.is_empty() && random.gen_ratio(9, 10) => {
            *bytes = of_text(text, words, random).into_bytes();
        }
        _ => of_bytes(bytes, other, random),
    }
}

/// Where the words and quoted strings of a text are; of a string also the words in it, such as the numbers of `"1-3,7"`.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let part = |b: u8| b.is_ascii_alphanumeric() || b"_.+-".contains(&b) || b >= 0x80;
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let from = at;
        let quote = bytes[at];
        if quote == b'"' || quote == b'\'' {
            let rest = bytes[at + 1..].iter().position(|b| *b == quote || *b == b'\n');
            at = rest.map_or(bytes.len(), |n| at + 1 + n + usize::from(bytes[at + 1 + n] == quote));
            let numbers = (from + 1..at).filter(|i| digit(*i) && !digit(i - 1));
            found.extend(numbers.map(|i| i..(i..at).find(|end| !digit(*end)).unwrap_or(at)));
        } else if part(quote) {
            at += bytes[at..].iter().position(|b| !part(*b)).unwrap_or(bytes.len() - at);
        } else {
            at += 1;
            continue;
        }
        found.push(from..at);
    }
    found
}

fn of_text(text: &str, words: &Words, random: &mut SmallRng) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let tokens = tokens(text);
    let with = |at: &Range<usize>, new: &str| format!("{}{new}{}", &text[..at.start], &text[at.end..]);
    let Some(token) = pick(&tokens, random) else { return text.repeat(2) };
    let line = random.gen_range(0..lines.len());
    match random.gen_range(0..20) {
        0..=7 => return with(token, &value(&text[token.clone()], words, random)),
        8 => return with(token, &words.word(random)),
        9 => return with(token, ""),
        10 => {
            let other = pick(&tokens, random).map_or("", |at| &text[at.clone()]);
            return with(token, other);
        }
        11 => {
            let at = if random.gen_bool(0.5) { token.start } else { token.end };
            return with(&(at..at), words.odd(random));
        }
        12 => {
            let cut = (0..=random.gen_range(0..=text.len())).rev().find(|n| text.is_char_boundary(*n));
            return text[..cut.unwrap_or(0)].to_owned();
        }
        13 => {
            let times = 1 << random.gen_range(1..12);
            return with(token, &text[token.clone()].repeat(times));
        }
        14 | 15 => lines.insert(random.gen_range(0..=lines.len()), lines[line]),
        16 => drop(lines.remove(line)),
        17 => {
            let other = random.gen_range(0..lines.len());
            lines.swap(line, other);
        }
        18 => lines.insert(line, words.line(random)),
        _ => {
            let times = 1 << random.gen_range(1..9);
            let again: Vec<&str> = std::iter::repeat_n(lines[line], times).collect();
            lines.splice(line..=line, again);
        }
    }
    lines.concat()
}

/// Numbers at which arithmetic goes wrong.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0xff_ffff,
    0x7fff_f000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    i64::MAX as u64,
    u64::MAX,
];

fn of_bytes(bytes: &mut Vec<u8>, other: &[u8], random: &mut SmallRng) {
    let len = bytes.len();
    if len == 0 {
        bytes.extend_from_slice(other);
        return;
    }
    let most = if random.gen_bool(0.6) { len.min(HEADER) } else { len };
    let at = random.gen_range(0..most);
    match random.gen_range(0..12) {
        0 => bytes[at] ^= 1 << random.gen_range(0..8),
        1 => bytes[at] = random.r#gen(),
        2..=5 => {
            let width = [1, 2, 3, 4, 8][random.gen_range(0..5)];
            let near = NUMBERS[random.gen_range(0..NUMBERS.len())];
            let number = near.wrapping_add_signed(random.gen_range(-2..=2));
            let number = if random.gen_bool(0.8) { number } else { len as u64 };
            overwrite(bytes, at, number, width, random.gen_bool(0.75));
        }
        6 => {
            let mut read = [0; 4];
            let to = len.min(at + 4);
            read[..to - at].copy_from_slice(&bytes[at..to]);
            let number = u32::from_le_bytes(read).wrapping_add_signed(random.gen_range(-16..=16));
            overwrite(bytes, at, number.into(), 4, true);
        }
        7 => bytes.truncate(random.gen_range(0..len)),
        8 => {
            let to = len.min(at + random.gen_range(1..=32));
            bytes.drain(at..to);
        }
        9 => {
            let new: Vec<u8> = (0..random.gen_range(1..=32)).map(|_| random.r#gen()).collect();
            bytes.splice(at..at, new);
        }
        10 => {
            let to = len.min(at + random.gen_range(1..=256));
            let again = bytes[at..to].to_vec();
            let place = random.gen_range(0..=len);
            bytes.splice(place..place, again);
        }
        _ if other.is_empty() => bytes.truncate(at),
        _ => {
            let from = random.gen_range(0..other.len());
            bytes.splice(at.., other[from..].iter().copied());
        }
    }
}

fn overwrite(bytes: &mut [u8], at: usize, number: u64, width: usize, little: bool) {
    let encoded = if little { number.to_le_bytes() } else { number.swap_bytes().to_le_bytes() };
    let from = if little { 0 } else { 8 - width };
    for (to, byte) in bytes[at..].iter_mut().zip(&encoded[from..][..width]) {
        *to = *byte;
    }
}
