//! Numbers as AIFF and CAF write a sample rate.

/// The sample rate that `value` is, in whole hertz; 0 where it is none, which limits refuse.
pub(super) fn hertz(value: f64) -> u32 {
    if (1.0..4e9).contains(&value) { value.round() as u32 } else { 0 }
}

/// The value of an 80-bit float, highest byte first.
pub(super) fn extended(bytes: [u8; 10]) -> f64 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]])) - 16_383 - 63;
    let mantissa = bytes[2..].iter().fold(0u64, |m, b| m << 8 | u64::from(*b));
    mantissa as f64 * f64::from(exponent).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_from_an_80_bit_float() {
        // As sox and libsndfile write 44100, 16000 and 22050 Hz.
        assert_eq!(extended([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]), 44_100.0);
        assert_eq!(extended([0x40, 0x0c, 0xfa, 0, 0, 0, 0, 0, 0, 0]), 16_000.0);
        assert_eq!(extended([0x40, 0x0d, 0xac, 0x44, 0, 0, 0, 0, 0, 0]), 22_050.0);
        let odd = [[0; 10], [0xff; 10], [0x7f, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0]];
        assert_eq!(odd.map(extended).map(hertz), [0; 3]);
        assert_eq!(hertz(f64::NAN), 0);
    }
}
