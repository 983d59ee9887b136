//! The bits of a flac frame, most significant first.

/// Why a frame cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameError {
    /// The bytes end before it does.
    Short,
    /// What is wrong with it.
    Bad(&'static str),
}

/// Takes bits off `bytes`.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The first byte of which not all bits are counted in `have`.
    next: usize,
    /// The next bits, from the highest down. Below the `have` that are counted it may hold some that follow.
    cache: u64,
    have: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Bits<'a> {
        Bits { bytes, next: 0, cache: 0, have: 0 }
    }

    /// At least 56 bits, unless the bytes end. To be called with fewer than 57.
    #[inline]
    fn refill(&mut self) {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        if let Some(eight) = rest.first_chunk::<8>() {
            self.cache |= u64::from_be_bytes(*eight) >> self.have;
            let taken = (63 - self.have) / 8;
            self.next += taken as usize;
            self.have += 8 * taken;
            return;
        }
        for byte in rest {
            if self.have > 56 {
                break;
            }
            self.cache |= u64::from(*byte) << (56 - self.have);
            self.next += 1;
            self.have += 8;
        }
    }

    /// The next `n` bits, at most 33, as a number.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Result<u64, FrameError> {
        if self.have < n {
            self.refill();
            if self.have < n {
                return Err(FrameError::Short);
            }
        }
        // In two steps, because n may be 0.
        let value = (self.cache >> 1) >> (63 - n);
        self.cache <<= n;
        self.have -= n;
        Ok(value)
    }

    /// The next `n` bits, 1 to 33, as a number in two's complement; 0 for no bits.
    #[inline]
    pub(super) fn signed(&mut self, n: u32) -> Result<i64, FrameError> {
        let value = self.take(n)?;
        Ok(if n == 0 { 0 } else { ((value << (64 - n)) as i64) >> (64 - n) })
    }

    /// How many zeros come before the next one, which is taken too.
    pub(super) fn unary(&mut self) -> Result<u64, FrameError> {
        let mut zeros = 0;
        loop {
            let here = self.cache.leading_zeros();
            if here < self.have {
                self.cache = (self.cache << here) << 1;
                self.have -= here + 1;
                return Ok(zeros + u64::from(here));
            }
            zeros += u64::from(self.have);
            (self.cache, self.have) = (0, 0);
            self.refill();
            if self.have == 0 {
                return Err(FrameError::Short);
            }
        }
    }

    /// A Rice code with `k` low bits, at most 30.
    #[inline]
    pub(super) fn rice(&mut self, k: u32) -> Result<i64, FrameError> {
        if self.have < 32 {
            self.refill();
        }
        let zeros = self.cache.leading_zeros();
        let folded = if zeros + 1 + k <= self.have {
            let rest = (self.cache << zeros) << 1;
            self.cache = rest << k;
            self.have -= zeros + 1 + k;
            (u64::from(zeros) << k) | ((rest >> 1) >> (63 - k))
        } else {
            (self.unary()? << k) | self.take(k)?
        };
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// Drops the bits up to the next whole byte and says which one that is.
    pub(super) fn align(&mut self) -> usize {
        let drop = self.have % 8;
        self.cache <<= drop;
        self.have -= drop;
        self.next - self.have as usize / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_over_every_boundary() {
        let bytes: Vec<u8> = (0..40u32).map(|i| (i * 37 + 11) as u8).collect();
        let bit = |i: usize| u64::from(bytes[i / 8] >> (7 - i % 8) & 1);
        for n in 0..=33 {
            let (mut bits, mut at) = (Bits::new(&bytes), 0);
            while let Ok(value) = bits.take(n) {
                let expected = (at..at + n as usize).fold(0, |v, i| v << 1 | bit(i));
                assert_eq!(value, expected, "{n} bits at {at}");
                at += n as usize;
                if n == 0 {
                    break;
                }
            }
            assert!(n == 0 || at + n as usize > 320, "{n} bits end at {at}");
        }
    }

    #[test]
    fn unary_and_rice_codes_may_be_longer_than_the_cache() {
        let mut bytes = vec![0; 30];
        bytes.extend([0b0000_0101, 0b1000_0000]);
        let mut bits = Bits::new(&bytes);
        assert_eq!(bits.unary(), Ok(245));
        assert_eq!(bits.take(1), Ok(0));
        assert_eq!(bits.align(), 31);
        assert_eq!(bits.unary(), Ok(0));
        assert_eq!(bits.unary(), Err(FrameError::Short));
        // 245 zeros, a one, then two low bits: 245 * 4 + 0b01, which is odd.
        assert_eq!(Bits::new(&bytes).rice(2), Ok(-((245 * 4 + 1 + 1) / 2)));
        assert_eq!(Bits::new(&[0b0011_0000]).rice(1), Ok(-3));
    }
}
