//! Converts samples of every format to floats; full scale is 1.

use super::format::SampleFormat;

impl SampleFormat {
    /// Replaces the content of `out` by the samples in `bytes`.
    pub(super) fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        out.clear();
        match self {
            SampleFormat::U8 => out.extend(bytes.iter().map(|b| f32::from(*b) / 128.0 - 1.0)),
            SampleFormat::I16 => {
                let all = bytes.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32_768.0);
                out.extend(all);
            }
            SampleFormat::I24 => {
                let one = |b: &[u8; 3]| (i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8) as f32 / 8_388_608.0;
                out.extend(bytes.as_chunks().0.iter().map(one));
            }
            SampleFormat::I32 | SampleFormat::Padded(_) => {
                out.extend(bytes.as_chunks().0.iter().map(|b| full(*b)))
            }
            // Shifted up, which drops the padding.
            SampleFormat::Low(bits) => {
                let one = |b: &[u8; 4]| full((i32::from_le_bytes(*b) << (32 - bits)).to_le_bytes());
                out.extend(bytes.as_chunks().0.iter().map(one));
            }
            SampleFormat::F32 => out.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
            SampleFormat::F64 => {
                out.extend(bytes.as_chunks().0.iter().map(|b| narrow(f64::from_le_bytes(*b))))
            }
            SampleFormat::MuLaw => out.extend(bytes.iter().map(|b| mu_law(*b) as f32 / 32_768.0)),
            SampleFormat::ALaw => out.extend(bytes.iter().map(|b| a_law(*b) as f32 / 32_768.0)),
        }
    }
}

fn full(bytes: [u8; 4]) -> f32 {
    (f64::from(i32::from_le_bytes(bytes)) / 2_147_483_648.0) as f32
}

/// Keeps large numbers finite, so that they are refused as too loud rather than as infinite.
fn narrow(value: f64) -> f32 {
    let narrow = value as f32;
    if value.is_finite() && narrow.is_infinite() { f32::MAX.copysign(narrow) } else { narrow }
}

/// ITU-T G.711, to 16 bits.
fn mu_law(byte: u8) -> i32 {
    let code = i32::from(!byte);
    let size = ((((code & 15) << 3) + 0x84) << (code >> 4 & 7)) - 0x84;
    if code & 0x80 != 0 { -size } else { size }
}

/// ITU-T G.711, to 16 bits.
fn a_law(byte: u8) -> i32 {
    let code = i32::from(byte ^ 0x55);
    let (low, segment) = ((code & 15) << 4, code >> 4 & 7);
    let size = if segment == 0 { low + 8 } else { (low + 0x108) << (segment - 1) };
    if code & 0x80 != 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(sample: SampleFormat, bytes: &[u8]) -> Vec<f32> {
        let mut out = vec![9.0];
        sample.decode(bytes, &mut out);
        out
    }

    #[test]
    fn telephone_codes_are_those_of_g711() {
        // Of the tables that the recommendation gives, at 16 bits.
        let mu = [0x00, 0x80, 0x7f, 0xff, 0x0f, 0x8f, 0x2a, 0xaa].map(mu_law);
        assert_eq!(mu, [-32_124, 32_124, 0, 0, -16_764, 16_764, -5_372, 5_372]);
        let a = [0x2a, 0xaa, 0x55, 0xd5, 0x25, 0xa5].map(a_law);
        assert_eq!(a, [-32_256, 32_256, -8, 8, -16_896, 16_896]);
    }

    #[test]
    fn full_scale_is_one_in_every_format() {
        for (sample, bytes) in [
            (SampleFormat::U8, &[64u8][..]),
            (SampleFormat::I16, &[0, 0xc0]),
            (SampleFormat::I24, &[0, 0, 0xc0]),
            (SampleFormat::I32, &[0, 0, 0, 0xc0]),
            (SampleFormat::Low(24), &[0, 0, 0xc0, 0xff]),
            (SampleFormat::Low(24), &[0, 0, 0xc0, 0]),
            (SampleFormat::Low(20), &[0, 0, 0xfc, 0xff]),
            (SampleFormat::F32, &(-0.5f32).to_le_bytes()),
            (SampleFormat::F64, &(-0.5f64).to_le_bytes()),
        ] {
            assert_eq!(decoded(sample, bytes), [-0.5], "{sample:?}");
        }
        assert_eq!(decoded(SampleFormat::F64, &(-1e300f64).to_le_bytes()), [f32::MIN]);
        assert!(decoded(SampleFormat::F64, &f64::NAN.to_le_bytes())[0].is_nan());
    }
}
