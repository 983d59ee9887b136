//! Reads NumPy arrays from files that may be damaged. Checks the header first, because npyz panics if the sizes of a shape
//! overflow, and parses nested brackets recursively.

use npyz::{Deserialize, NpyFile, Order};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longest header; NumPy itself rejects longer ones.
const HEADER: usize = 10_000;
/// Most bytes before the header.
const PREFIX: u64 = 12;
/// Deepest nesting of brackets; headers of plain numbers nest less.
const NESTED: usize = 8;

/// The array in `bytes`: in C order and of a shape that fits them. `size` is the number of bytes of a value.
///
/// # Errors
/// Why `bytes` is no such array, as a fragment of a line.
pub fn open_array(bytes: &[u8], size: u64) -> Result<NpyFile<&[u8]>, String> {
    let header = header(bytes)?;
    let deepest = header.iter().scan(0usize, |depth, byte| {
        match byte {
            b'(' | b'[' | b'{' => *depth += 1,
            b')' | b']' | b'}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if deepest.max().unwrap_or(0) > NESTED {
        return Err("not a .npy file: its header is nested".to_owned());
    }
    let opened = catch_unwind(AssertUnwindSafe(|| NpyFile::new(bytes)));
    let npy = opened
        .map_err(|_| "not a .npy file: the sizes of its shape overflow".to_owned())?
        .map_err(|e| format!("not a .npy file: {e}"))?;
    // Checked before anything of that size is allocated.
    let shape = npy.shape();
    let stated = shape.iter().try_fold(size, |n, &d| n.checked_mul(d));
    // Surplus bytes belong to another array, or to part of one.
    let there = (bytes.len() - header.len()) as u64;
    if stated.is_none_or(|n| n > there || n + PREFIX < there) {
        return Err(format!("shape {shape:?} does not fit a file of {} bytes", bytes.len()));
    }
    if npy.order() != Order::C {
        return Err("Fortran order, expected C order".to_owned());
    }
    Ok(npy)
}

/// The values of an array.
///
/// # Errors
/// Why they are not of type `T`, as a fragment of a line.
pub fn values<T: Deserialize>(npy: NpyFile<&[u8]>) -> Result<Vec<T>, String> {
    let read = catch_unwind(AssertUnwindSafe(|| npy.into_vec::<T>()));
    read.map_err(|_| "the file is damaged".to_owned())?.map_err(|e| e.to_string())
}

/// The text of the header, by the lengths before it.
fn header(bytes: &[u8]) -> Result<&[u8], String> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("not a .npy file: it does not begin with NUMPY")?;
    let (length, at) = match rest {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([*a, *b])), 4),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 6),
        _ => return Err("not a .npy file: of no version that is known".to_owned()),
    };
    if length > HEADER {
        return Err(format!("not a .npy file: a header of {length} bytes"));
    }
    rest.get(at..at + length).ok_or_else(|| "not a .npy file: it ends within its header".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of version 1 with a header of these words, and `data` bytes.
    fn npy(header: &str, data: usize) -> Vec<u8> {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), &vec![0; data]].concat()
    }

    fn of_shape(shape: &str) -> Vec<u8> {
        npy(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"), 24)
    }

    #[test]
    fn a_sound_array_is_read() {
        let bytes = of_shape("(2, 3)");
        let array = open_array(&bytes, 4).unwrap();
        assert_eq!(array.shape(), [2, 3]);
        assert_eq!(values::<f32>(array).unwrap(), [0.0; 6]);
    }

    #[test]
    fn whatever_a_header_says_it_is_an_error_and_no_panic() {
        let big = u64::MAX;
        let shapes = [
            format!("({big}, {big})"),
            format!("(0, {big}, {big})"),
            format!("({big}, 0)"),
            format!("({}, 4)", 1u64 << 62),
            "(99999999999999999999999999, 1)".into(),
            "(-1, 3)".into(),
            "(4, 3)".into(),
            "3".into(),
            "'x'".into(),
            "(2, 3".into(),
            "(".repeat(9000),
            "[".repeat(200) + &"]".repeat(200),
        ];
        for shape in shapes {
            let bytes = of_shape(&shape);
            let read = open_array(&bytes, 4).and_then(values::<f32>);
            // An array of no values is one.
            assert!(read.is_err() || read.is_ok_and(|v| v.is_empty()), "{shape}");
        }
        let of_type =
            |descr: &str| npy(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2, 3)}}"), 24);
        for descr in [
            "'<f8'",
            "'|O'",
            "'<f0'",
            "'<f99999999999'",
            "[('a', '<f4'), ('a', '<f4')]",
            "''",
            "'<U999999999'",
            "'|S0'",
        ] {
            let bytes = of_type(descr);
            assert!(open_array(&bytes, 4).and_then(values::<f32>).is_err(), "{descr}");
        }
        let whole = of_shape("(2, 3)");
        (0..whole.len())
            .for_each(|n| assert!(open_array(&whole[..n], 4).and_then(values::<f32>).is_err(), "{n}"));
        let long = [&b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..], &[b' '; 99]].concat();
        assert!(open_array(&long, 4).is_err_and(|e| e.contains("a header of 4294967295 bytes")));
    }
}
