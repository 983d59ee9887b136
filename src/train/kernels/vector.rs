//! Vectors of float32 for loops that the compiler does not put into vectors by itself. A loop is written once over [`Vector`]
//! and compiled for what the processor has; every value is computed by the same operations in the same order, with the same
//! roundings, whatever the vector.

/// A vector of float32.
pub trait Vector: Copy {
    /// Values of it.
    const LANES: usize;
    /// Rows of a product that are computed at once, so that their sums stay in registers: 8 or 4.
    const ROWS: usize;

    /// The values from `at` on.
    ///
    /// # Safety
    /// There are [`Vector::LANES`] values.
    unsafe fn load(at: *const f32) -> Self;

    /// Writes the values from `at` on.
    ///
    /// # Safety
    /// There is room for [`Vector::LANES`] values, and nothing else reads or writes them.
    unsafe fn store(self, at: *mut f32);

    /// Has what is at `at` brought into the second cache; any address will do.
    #[inline(always)]
    fn ask(at: *const f32) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: reads nothing that the program sees.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T1>(at.cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    /// All of them `value`.
    fn splat(value: f32) -> Self;

    /// self * factor + more, rounded once.
    fn mul_add(self, factor: Self, more: Self) -> Self;

    /// self + other.
    fn plus(self, other: Self) -> Self;

    /// self - other.
    fn minus(self, other: Self) -> Self;

    /// self * other.
    fn times(self, other: Self) -> Self;

    /// self / other.
    fn over(self, other: Self) -> Self;

    /// Square roots.
    fn sqrt(self) -> Self;

    /// The larger of each pair.
    fn max(self, other: Self) -> Self;

    /// The smaller of each pair.
    fn min(self, other: Self) -> Self;

    /// `yes` where a value is above zero, else `no`.
    fn if_above_zero(self, yes: Self, no: Self) -> Self;

    /// `yes` where a value is not a number, else `no`.
    fn if_nan(self, yes: Self, no: Self) -> Self;

    /// The nearest integers, a half to the even one.
    fn round(self) -> Self;

    /// 2^n of integers n between -126 and 127.
    fn power_of_two(self) -> Self;

    /// Writes 8 rows of 8 values, `row` apart at `from`, as columns: the rows at `to` are `to_row` apart.
    ///
    /// # Safety
    /// They are there, and there is room for them.
    unsafe fn transpose(from: *const f32, row: usize, to: *mut f32, to_row: usize);
}

/// Whether loops over [`Vector`] are worth their while here: without a fused multiply-add they are not.
pub fn available() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

/// Eight values as the compiler puts them into vectors.
#[derive(Debug, Clone, Copy)]
pub struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn with(self, other: Portable, f: impl Fn(f32, f32) -> f32) -> Portable {
        Portable(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Vector for Portable {
    const LANES: usize = 8;
    const ROWS: usize = 4;
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Portable {
        // SAFETY: the caller's.
        Portable(unsafe { at.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: the caller's.
        unsafe { at.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    fn splat(value: f32) -> Portable {
        Portable([value; 8])
    }
    #[inline(always)]
    fn mul_add(self, factor: Portable, more: Portable) -> Portable {
        Portable(std::array::from_fn(|i| self.0[i].mul_add(factor.0[i], more.0[i])))
    }
    #[inline(always)]
    fn plus(self, other: Portable) -> Portable {
        self.with(other, |a, b| a + b)
    }
    #[inline(always)]
    fn minus(self, other: Portable) -> Portable {
        self.with(other, |a, b| a - b)
    }
    #[inline(always)]
    fn times(self, other: Portable) -> Portable {
        self.with(other, |a, b| a * b)
    }
    #[inline(always)]
    fn over(self, other: Portable) -> Portable {
        self.with(other, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self) -> Portable {
        Portable(self.0.map(f32::sqrt))
    }
    #[inline(always)]
    fn max(self, other: Portable) -> Portable {
        self.with(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, other: Portable) -> Portable {
        self.with(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn if_above_zero(self, yes: Portable, no: Portable) -> Portable {
        Portable(std::array::from_fn(|i| if self.0[i] > 0.0 { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn if_nan(self, yes: Portable, no: Portable) -> Portable {
        Portable(std::array::from_fn(|i| if self.0[i].is_nan() { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn round(self) -> Portable {
        Portable(self.0.map(f32::round_ties_even))
    }
    #[inline(always)]
    fn power_of_two(self) -> Portable {
        Portable(self.0.map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23)))
    }
    #[inline(always)]
    unsafe fn transpose(from: *const f32, row: usize, to: *mut f32, to_row: usize) {
        for r in 0..8usize {
            for c in 0..8usize {
                // SAFETY: the caller's.
                unsafe {
                    *to.add(c.wrapping_mul(to_row).wrapping_add(r)) =
                        *from.add(r.wrapping_mul(row).wrapping_add(c))
                };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use std::arch::x86_64::*;

    /// Of pairs of rows, then of pairs of pairs, then of the halves: both processors' vectors do it with the narrower ones.
    #[inline(always)]
    unsafe fn transpose(from: *const f32, row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller's, who also asked for the vectors.
        unsafe {
            let r: [__m256; 8] = std::array::from_fn(|i| _mm256_loadu_ps(from.add(i.wrapping_mul(row))));
            let two = |i: usize| [_mm256_unpacklo_ps(r[i], r[i + 1]), _mm256_unpackhi_ps(r[i], r[i + 1])];
            let four = |i: usize| {
                let ([a, b], [c, d]) = (two(i), two(i + 2));
                [
                    _mm256_shuffle_ps::<0x44>(a, c),
                    _mm256_shuffle_ps::<0xee>(a, c),
                    _mm256_shuffle_ps::<0x44>(b, d),
                    _mm256_shuffle_ps::<0xee>(b, d),
                ]
            };
            let (top, bottom) = (four(0), four(4));
            for i in 0..4usize {
                let low = _mm256_permute2f128_ps::<0x20>(top[i], bottom[i]);
                let high = _mm256_permute2f128_ps::<0x31>(top[i], bottom[i]);
                _mm256_storeu_ps(to.add(i.wrapping_mul(to_row)), low);
                _mm256_storeu_ps(to.add((i + 4).wrapping_mul(to_row)), high);
            }
        }
    }

    macro_rules! vector {
        (
            $kind:ty, $lanes:literal lanes, $rows:literal rows,
            $load:ident $store:ident $splat:ident $fma:ident $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident $max:ident $min:ident,
            |$value:ident, $yes:ident, $no:ident| $choose:expr, $nan:expr, |$r:ident| $round:expr, |$n:ident| $power:expr
        ) => {
            impl Vector for $kind {
                const LANES: usize = $lanes;
                const ROWS: usize = $rows;
                #[inline(always)]
                unsafe fn load(at: *const f32) -> Self {
                    // SAFETY: the caller's; here and below the processor has the vectors, as `in_vectors` asks it.
                    unsafe { $load(at) }
                }
                #[inline(always)]
                unsafe fn store(self, at: *mut f32) {
                    // SAFETY: as above.
                    unsafe { $store(at, self) }
                }
                #[inline(always)]
                fn splat(value: f32) -> Self {
                    // SAFETY: as above.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                fn mul_add(self, factor: Self, more: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $fma(self, factor, more) }
                }
                #[inline(always)]
                fn plus(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                fn minus(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $sub(self, other) }
                }
                #[inline(always)]
                fn times(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $mul(self, other) }
                }
                #[inline(always)]
                fn over(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $div(self, other) }
                }
                #[inline(always)]
                fn sqrt(self) -> Self {
                    // SAFETY: as above.
                    unsafe { $sqrt(self) }
                }
                #[inline(always)]
                fn max(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $max(self, other) }
                }
                #[inline(always)]
                fn min(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $min(self, other) }
                }
                #[inline(always)]
                fn if_above_zero(self, $yes: Self, $no: Self) -> Self {
                    let $value = self;
                    // SAFETY: as above.
                    unsafe { $choose }
                }
                #[inline(always)]
                fn if_nan(self, $yes: Self, $no: Self) -> Self {
                    let $value = self;
                    // SAFETY: as above.
                    unsafe { $nan }
                }
                #[inline(always)]
                fn round(self) -> Self {
                    let $r = self;
                    // SAFETY: as above.
                    unsafe { $round }
                }
                #[inline(always)]
                fn power_of_two(self) -> Self {
                    let $n = self;
                    // SAFETY: as above.
                    unsafe { $power }
                }
                #[inline(always)]
                unsafe fn transpose(from: *const f32, row: usize, to: *mut f32, to_row: usize) {
                    // SAFETY: the caller's, and as above.
                    unsafe { transpose(from, row, to, to_row) }
                }
            }
        };
    }

    vector!(
        __m512, 16 lanes, 8 rows,
        _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_fmadd_ps _mm512_add_ps _mm512_sub_ps _mm512_mul_ps
        _mm512_div_ps _mm512_sqrt_ps _mm512_max_ps _mm512_min_ps,
        |v, yes, no| _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(v, _mm512_setzero_ps()), no, yes),
        _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_UNORD_Q>(v, v), no, yes),
        |v| _mm512_roundscale_ps::<0>(v),
        |n| _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(
            _mm512_cvtps_epi32(n),
            _mm512_set1_epi32(127)
        )))
    );
    vector!(
        __m256, 8 lanes, 4 rows,
        _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps _mm256_sub_ps _mm256_mul_ps
        _mm256_div_ps _mm256_sqrt_ps _mm256_max_ps _mm256_min_ps,
        |v, yes, no| _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(v, _mm256_setzero_ps())),
        _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_UNORD_Q>(v, v)),
        |v| _mm256_round_ps::<0>(v),
        |n| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(
            _mm256_cvtps_epi32(n),
            _mm256_set1_epi32(127)
        )))
    );
}

/// Makes the function `$name`, which is `$body` with the widest vectors that the processor has and `$channels` values are
/// made of. `$body` takes the vector as its first generic parameter and is inlined, as is all that it calls: only a function
/// that is compiled for the processor as a whole has its vectors.
macro_rules! in_vectors {
    (
        $(#[$doc:meta])*
        $see:vis fn $name:ident
        $(<$filter:ident: $bound:path, $(const $constant:ident),*>)?
        ($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)?
        = $body:ident, $channels:expr
    ) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// The memory is as large as the sizes say and nothing else writes to it; the channels are multiples of 8.
        $see unsafe fn $name $(<$filter: $bound, $(const $constant: usize),*>)? ($($argument: $kind),*) $(-> $result)? {
            debug_assert!($channels % 8 == 0);
            #[cfg(target_arch = "x86_64")]
            {
                use std::arch::x86_64::{__m256, __m512};
                #[target_feature(enable = "avx512f")]
                unsafe fn wide $(<$filter: $bound, $(const $constant: usize),*>)? ($($argument: $kind),*) $(-> $result)? {
                    // SAFETY: the caller's.
                    unsafe { $body::<__m512, $($filter, $($constant),*)?>($($argument),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                unsafe fn narrow $(<$filter: $bound, $(const $constant: usize),*>)? ($($argument: $kind),*) $(-> $result)? {
                    // SAFETY: the caller's.
                    unsafe { $body::<__m256, $($filter, $($constant),*)?>($($argument),*) }
                }
                if $channels % 16 == 0 && is_x86_feature_detected!("avx512f") {
                    // SAFETY: the caller's, and the processor has them.
                    return unsafe { wide$(::<$filter, $($constant),*>)?($($argument),*) };
                }
                if $crate::kernels::vector::available() {
                    // SAFETY: as above.
                    return unsafe { narrow$(::<$filter, $($constant),*>)?($($argument),*) };
                }
            }
            // SAFETY: the caller's.
            unsafe { $body::<$crate::kernels::vector::Portable, $($filter, $($constant),*)?>($($argument),*) }
        }
    };
}
pub(crate) use in_vectors;

/// e^x within 2 units in the last place, between e^-87 and e^88 (Cephes).
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    let c = V::splat;
    let x = x.max(c(-87.0)).min(c(88.0));
    let n = x.times(c(std::f32::consts::LOG2_E)).round();
    let r = n.mul_add(c(2.121_944_4e-4), n.mul_add(c(-0.693_359_4), x));
    let tail = [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    let p = tail.into_iter().fold(c(1.987_569_1e-4), |p, next| p.mul_add(r, c(next)));
    p.mul_add(r.times(r), r).plus(c(1.0)).times(n.power_of_two())
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<V: Vector>(x: V) -> V {
    V::splat(1.0).over(V::splat(1.0).plus(exp(V::splat(0.0).minus(x))))
}

/// The hyperbolic tangent, near zero by a polynomial (Cephes), so that small values keep their digits.
#[inline(always)]
pub fn tanh<V: Vector>(x: V) -> V {
    let c = V::splat;
    let size = x.max(c(0.0).minus(x));
    let z = x.times(x);
    let tail = [2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1];
    let near =
        tail.into_iter().fold(c(-5.704_988_7e-3), |p, next| p.mul_add(z, c(next))).times(z).mul_add(x, x);
    let far = c(1.0).minus(c(2.0).over(exp(size.plus(size)).plus(c(1.0))));
    let far = x.if_above_zero(far, c(0.0).minus(far));
    c(0.625).minus(size).if_above_zero(near, far)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(x: &[f32], out: &mut [Vec<f32>; 3]) {
        #[inline(always)]
        unsafe fn all<V: Vector>(x: *const f32, count: usize, out: [*mut f32; 3]) {
            for i in (0..count).step_by(V::LANES) {
                // SAFETY: `count` values each.
                unsafe {
                    let v = V::load(x.add(i));
                    exp(v).store(out[0].add(i));
                    sigmoid(v).store(out[1].add(i));
                    tanh(v).store(out[2].add(i));
                }
            }
        }
        in_vectors! {
            /// All three.
            fn each(x: *const f32, count: usize, out: [*mut f32; 3]) = all, count
        }
        let places = out.each_mut().map(|o| {
            o.resize(x.len(), 0.0);
            o.as_mut_ptr()
        });
        // SAFETY: as many values each.
        unsafe { each(x.as_ptr(), x.len(), places) }
    }

    #[test]
    fn curves_are_those_of_the_library_in_double() {
        let x: Vec<f32> = (-4000..4000)
            .map(|i| i as f32 * 0.004)
            .chain([1e-6, -1e-6, -80.0, 80.0, 0.0, 60.0, -60.0, 2e-4])
            .collect();
        let mut out = Default::default();
        curves(&x, &mut out);
        for (i, &x) in x.iter().enumerate() {
            let exact = f64::from(x);
            for (got, wanted) in out.iter().zip([exact.exp(), 1.0 / (1.0 + (-exact).exp()), exact.tanh()]) {
                let off = (f64::from(got[i]) - wanted).abs();
                assert!(off <= 3e-7 * wanted.abs(), "{x}: {} is not {wanted}", got[i]);
            }
        }
    }
}
