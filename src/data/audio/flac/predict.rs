//! Restores samples from the residuals of their prediction (RFC 9639, sections 9.2.5 and 9.2.6). Arithmetic wraps, so no input
//! overflows; a frame in which it wrapped does not match its checksum.

/// Adds the prediction of `order`, 0 to 4, by differences.
pub(super) fn fixed(order: usize, out: &mut [i64]) {
    match order {
        0 => (),
        1 => linear(&[1], 0, out),
        2 => linear(&[-1, 2], 0, out),
        3 => linear(&[1, -3, 3], 0, out),
        _ => linear(&[-1, 4, -6, 4], 0, out),
    }
}

/// Adds the prediction by `coefficients`, 1 to 32, the last of which is for the sample just before.
pub(super) fn linear(coefficients: &[i64], shift: u32, out: &mut [i64]) {
    // Filled up with zeros in front, so that the compiler knows how many there are.
    match coefficients.len() {
        1..=2 => by::<2>(coefficients, shift, out),
        3..=4 => by::<4>(coefficients, shift, out),
        5..=8 => by::<8>(coefficients, shift, out),
        9..=12 => by::<12>(coefficients, shift, out),
        _ => by::<32>(coefficients, shift, out),
    }
}

fn by<const N: usize>(coefficients: &[i64], shift: u32, out: &mut [i64]) {
    let order = coefficients.len();
    for i in order..N.min(out.len()) {
        let sum = dot(coefficients, &out[i - order..i]);
        out[i] = out[i].wrapping_add(sum >> shift);
    }
    let mut all = [0; N];
    all[N - order..].copy_from_slice(coefficients);
    for i in N..out.len() {
        let (before, rest) = out.split_at_mut(i);
        let Some(before) = before.last_chunk::<N>() else { return };
        rest[0] = rest[0].wrapping_add(dot(&all, before) >> shift);
    }
}

#[inline]
fn dot(coefficients: &[i64], samples: &[i64]) -> i64 {
    coefficients.iter().zip(samples).fold(0, |sum, (c, s)| sum.wrapping_add(c.wrapping_mul(*s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_and_any_predictor_give_back_the_samples() {
        let samples: Vec<i64> = (0..50).map(|i| (i * i * 37 + i * 11) % 2001 - 1000).collect();
        // Orders on both sides of every size that is compiled, the last of them longer than some blocks.
        for order in [1, 2, 3, 4, 5, 8, 9, 12, 13, 32] {
            let coefficients: Vec<i64> = (0..order).map(|i| (i * 53 % 31) - 15).collect();
            for length in [order as usize, 33, 50] {
                if length < order as usize {
                    continue;
                }
                let mut left = samples[..length].to_vec();
                for i in (order as usize..length).rev() {
                    let predicted: i64 =
                        (0..order as usize).map(|k| coefficients[k] * samples[i - order as usize + k]).sum();
                    left[i] = samples[i] - (predicted >> 5);
                }
                linear(&coefficients, 5, &mut left);
                assert_eq!(left, samples[..length], "order {order}, {length} samples");
            }
        }
        for order in 0..=4 {
            let mut left = samples.clone();
            for _ in 0..order {
                for i in (1..left.len()).rev() {
                    left[i] -= left[i - 1];
                }
            }
            left[..order].copy_from_slice(&samples[..order]);
            fixed(order, &mut left);
            assert_eq!(left, samples, "order {order}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let mut wild = vec![i64::MAX; 100];
        linear(&[i64::MIN; 32], 0, &mut wild);
        fixed(4, &mut wild);
    }
}
