//! Reads the text of a table as spreadsheets save it: UTF-8 or UTF-16, with a `sep=` line or tabs, with any line ends.

use seraug_core::files::TEXT;
use std::fs::File;
use std::io::{Cursor, Read};

/// Bytes at the beginning that are examined; headers are shorter.
const HEAD: u64 = 1 << 16;

/// A table as UTF-8.
pub(in crate::corpora) struct Text {
    pub(in crate::corpora) reader: Box<dyn Read>,
    /// What separates its cells.
    pub(in crate::corpora) delimiter: u8,
    /// Lines before the reader's first.
    pub(in crate::corpora) skipped: u64,
}

/// The text of the table `file`.
///
/// # Errors
/// What it is instead of a text that is read, or that it cannot be read; without the path.
pub(in crate::corpora) fn of(mut file: File) -> Result<Text, String> {
    let failed = |e: std::io::Error| format!("cannot be read: {e}");
    let mut head = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut head).map_err(failed)?;
    let begins = |magic: &[u8]| head.starts_with(magic);
    if begins(b"PK\x03\x04") || begins(b"\xd0\xcf\x11\xe0") {
        return Err("a spreadsheet, not a table of text; save it as CSV (UTF-8)".into());
    }
    if begins(b"\xff\xfe\0\0") || begins(b"\0\0\xfe\xff") {
        return Err("UTF-32; save the table as UTF-8".into());
    }
    match wide(&head) {
        Some(order) => {
            let mut bytes = head;
            file.take(TEXT).read_to_end(&mut bytes).map_err(failed)?;
            if bytes.len() as u64 > TEXT {
                return Err(format!("more than {} MiB of UTF-16; save the table as UTF-8", TEXT >> 20));
            }
            let text = decode(&bytes, order)?.into_bytes();
            let head = text[..text.len().min(HEAD as usize)].to_vec();
            Ok(plain(&head, Cursor::new(text)))
        }
        None => {
            let all = Cursor::new(head.clone()).chain(file);
            Ok(plain(&head, all))
        }
    }
}

/// The text of `reader`, which begins with `head`.
fn plain(head: &[u8], mut reader: impl Read + 'static) -> Text {
    let mark: &[u8] = if head.starts_with(b"\xef\xbb\xbf") { b"\xef\xbb\xbf" } else { b"" };
    let head = &head[mark.len()..];
    let end = head.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(head.len());
    let first = String::from_utf8_lossy(&head[..end]);
    let said = separator(&first);
    let tabs = first.contains('\t') && !first.contains(',');
    let ending = if head[end..].starts_with(b"\r\n") { 2 } else { 1 };
    let skip = mark.len() + if said.is_some() { (end + ending).min(head.len()) } else { 0 };
    // What cannot be read here cannot be read later either, where it is told.
    let _ = std::io::copy(&mut (&mut reader).take(skip as u64), &mut std::io::sink());
    let lone = head.contains(&b'\r') && !head.contains(&b'\n');
    Text {
        reader: if lone { Box::new(Lines(reader)) } else { Box::new(reader) },
        delimiter: said.unwrap_or(if tabs { b'\t' } else { b',' }),
        skipped: u64::from(said.is_some()),
    }
}

/// What a first line such as `sep=;` says.
fn separator(line: &str) -> Option<u8> {
    let line = line.trim_matches(|c| matches!(c, ' ' | '"'));
    let key = line.get(..4).filter(|k| k.eq_ignore_ascii_case("sep="))?;
    // A spreadsheet that knows nothing of `sep=` puts its own separators behind it.
    match &line.as_bytes()[key.len()..] {
        [b'\\', b't', ..] => Some(b'\t'),
        [one @ (b',' | b';' | b'\t' | b'|' | b':'), ..] => Some(*one),
        _ => None,
    }
}

/// Order of the bytes of UTF-16.
#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

/// Whether a text that begins so is UTF-16: by its mark, or by the zero bytes of Latin letters.
fn wide(head: &[u8]) -> Option<ByteOrder> {
    match head {
        [0xff, 0xfe, ..] => Some(ByteOrder::Little),
        [0xfe, 0xff, ..] => Some(ByteOrder::Big),
        [a, 0, b, 0, ..] if *a > 0 && *b > 0 => Some(ByteOrder::Little),
        [0, a, 0, b, ..] if *a > 0 && *b > 0 => Some(ByteOrder::Big),
        _ => None,
    }
}

fn decode(bytes: &[u8], order: ByteOrder) -> Result<String, String> {
    let damaged = || "UTF-16 that is damaged or cut short; save the table as UTF-8".to_owned();
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(damaged());
    }
    let units = pairs.iter().map(|pair| match order {
        ByteOrder::Little => u16::from_le_bytes(*pair),
        ByteOrder::Big => u16::from_be_bytes(*pair),
    });
    char::decode_utf16(units.skip_while(|u| *u == 0xfeff)).collect::<Result<_, _>>().map_err(|_| damaged())
}

/// Lines that end with a carriage return alone, as a reader that counts lines wants them.
struct Lines<R>(R);

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.read(buffer)?;
        buffer[..n].iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = b'\n');
        Ok(n)
    }
}
