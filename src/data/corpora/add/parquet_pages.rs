//! Sizes of the pages of a parquet file, before they are read: a reader makes as much room as the header of a page says.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Most bytes of a page, uncompressed. A recording is one value, and a page has at least one.
const PAGE: i64 = 256 << 20;
/// Bytes that a header usually has, and most that one may have: it repeats the least and the greatest value.
const HEADER: [usize; 2] = [4 << 10, 1 << 20];
/// Structs within structs of a header.
const DEEPEST: usize = 8;

/// Checks the headers of the pages in the `length` bytes from `start` of `file`.
///
/// # Errors
/// The chunk or a page is not in the file, or a page is larger than any that is read.
pub(super) fn check(file: &File, start: u64, length: u64) -> Result<(), String> {
    let size = file.metadata().map_err(|e| e.to_string())?.len();
    let end = start.checked_add(length).filter(|end| *end <= size).ok_or("a column is not in the file")?;
    let mut at = start;
    while at < end {
        let left = end - at;
        let page = HEADER.iter().find_map(|most| {
            let mut bytes = vec![0; usize::try_from(left).map_or(*most, |left| left.min(*most))];
            file.read_exact_at(&mut bytes, at).ok()?;
            PageSizes::of(&bytes)
        });
        let PageSizes { header, uncompressed, compressed } =
            page.ok_or_else(|| format!("no page at byte {at}"))?;
        let body = u64::try_from(compressed).ok().filter(|body| *body <= left - header);
        let body = body.ok_or_else(|| format!("the page at byte {at} is not in its column"))?;
        if !(0..=PAGE).contains(&uncompressed) {
            return Err(format!("the page at byte {at} has {uncompressed} bytes, at most {PAGE} are read"));
        }
        at += header + body;
    }
    Ok(())
}

/// What the header of a page says, in bytes.
struct PageSizes {
    header: u64,
    uncompressed: i64,
    compressed: i64,
}

impl PageSizes {
    /// Of the header that `bytes` begin with: a struct of Thrift's compact protocol whose fields 2 and 3 are the sizes.
    fn of(bytes: &[u8]) -> Option<PageSizes> {
        let mut reader = ThriftReader { bytes, at: 0 };
        let (mut id, mut sizes) = (0, [None; 2]);
        while let Some(kind) = reader.field(&mut id)? {
            match (id, kind) {
                (2 | 3, 5) => sizes[(id - 2) as usize] = Some(reader.integer()?),
                _ => reader.skip(kind, 0)?,
            }
        }
        let [uncompressed, compressed] = sizes;
        Some(PageSizes { header: reader.at as u64, uncompressed: uncompressed?, compressed: compressed? })
    }
}

/// Reads Thrift's compact protocol; `None` where the bytes end or are not of it.
struct ThriftReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl ThriftReader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A signed number, whose sign is its last bit.
    fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The type of the next field, whose number becomes `id`; nothing at the end of the struct.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.integer()?,
            more => id.checked_add(i64::from(more))?,
        };
        Some(Some(byte & 0xf))
    }

    /// Passes over a value of type `kind`.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            // The type of a boolean field is its value.
            1 | 2 => {}
            3 => self.pass(1)?,
            4..=6 => self.varint().map(drop)?,
            7 => self.pass(8)?,
            8 => {
                let length = self.varint()?;
                self.pass(usize::try_from(length).ok()?)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let n = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                for _ in 0..n {
                    // In a list, a boolean has a byte.
                    match byte & 0xf {
                        1 | 2 => self.pass(1)?,
                        kind => self.inner(kind, depth)?,
                    }
                }
            }
            12 => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.inner(kind, depth)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn inner(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth < DEEPEST { self.skip(kind, depth + 1) } else { None }
    }

    fn pass(&mut self, n: usize) -> Option<()> {
        self.at = self.at.checked_add(n).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A page of type 0 with these sizes, a struct, a text and a list beside them.
    fn page(uncompressed: u32, compressed: u32, body: usize) -> Vec<u8> {
        let varint = |mut n: u64| {
            let mut bytes = Vec::new();
            while n >= 0x80 {
                bytes.push(n as u8 | 0x80);
                n >>= 7;
            }
            bytes.push(n as u8);
            bytes
        };
        let mut bytes = vec![0x15, 0x00, 0x15];
        bytes.extend(varint(u64::from(uncompressed) * 2));
        bytes.push(0x15);
        bytes.extend(varint(u64::from(compressed) * 2));
        // Field 5: a struct with a text, a list of two numbers and a true.
        bytes.extend([0x2c, 0x18, 0x02, b'a', b'b', 0x19, 0x25, 0x02, 0x04, 0x11, 0x00, 0x00]);
        bytes.extend(vec![0xff; body]);
        bytes
    }

    fn checked(bytes: &[u8]) -> Result<(), String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        check(&file, 0, bytes.len() as u64)
    }

    #[test]
    fn pages_are_followed_to_the_end_and_none_is_larger_than_its_place() {
        let two = [page(90, 7, 7), page(0, 0, 0)].concat();
        assert_eq!(checked(&two), Ok(()));
        for (bytes, why) in [
            (page(90, 8, 7), "is not in its column"),
            (page(u32::MAX, 7, 7), "at most"),
            (two[..two.len() - 1].to_vec(), "no page at byte 26"),
            (vec![0xff; 40], "no page at byte 0"),
        ] {
            let e = checked(&bytes).unwrap_err();
            assert!(e.contains(why), "{e}");
        }
        let file = tempfile::tempfile().unwrap();
        assert!(check(&file, u64::MAX, 2).is_err() && check(&file, 0, 1).is_err());
    }
}
