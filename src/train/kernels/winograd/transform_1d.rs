//! The one-dimensional transforms of F(4, 3) (Lavin & Gray 2016) on vectors of channels. Only additions and
//! multiplications in a fixed order, so that every vector width gives the same bits.

use crate::kernels::simd::Lane;

/// B^T: six inputs to the six points.
#[inline(always)]
pub(super) fn to_points(d: [Lane; 6]) -> [Lane; 6] {
    let (even, odd) = (d[4] - 4.0 * d[2], d[3] - 4.0 * d[1]);
    let (even2, odd2) = (d[4] - d[2], 2.0 * (d[3] - d[1]));
    [
        4.0 * d[0] - 5.0 * d[2] + d[4],
        even + odd,
        even - odd,
        even2 + odd2,
        even2 - odd2,
        4.0 * d[1] - 5.0 * d[3] + d[5],
    ]
}

/// B: the gradient of [`to_points`].
#[inline(always)]
pub(super) fn to_points_gradient(v: [Lane; 6]) -> [Lane; 6] {
    let (both, apart) = (v[1] + v[2], v[1] - v[2]);
    let (both2, apart2) = (v[3] + v[4], 2.0 * (v[3] - v[4]));
    [
        4.0 * v[0],
        4.0 * v[5] - 4.0 * apart - apart2,
        -5.0 * v[0] - 4.0 * both - both2,
        apart + apart2 - 5.0 * v[5],
        v[0] + both + both2,
        v[5],
    ]
}

/// A^T: six points to four outputs.
#[inline(always)]
pub(super) fn from_points(m: [Lane; 6]) -> [Lane; 4] {
    let (both, apart) = (m[1] + m[2], m[1] - m[2]);
    let (both2, apart2) = (m[3] + m[4], m[3] - m[4]);
    [m[0] + both + both2, apart + 2.0 * apart2, both + 4.0 * both2, apart + 8.0 * apart2 + m[5]]
}

/// A: the gradient of [`from_points`].
#[inline(always)]
pub(super) fn from_points_gradient(g: [Lane; 4]) -> [Lane; 6] {
    let (even, odd) = (g[0] + g[2], g[1] + g[3]);
    let (even2, odd2) = (g[0] + 4.0 * g[2], 2.0 * (g[1] + 4.0 * g[3]));
    [g[0], even + odd, even - odd, even2 + odd2, even2 - odd2, g[3]]
}

/// G: three taps to the six points.
#[inline(always)]
pub(super) fn taps_to_points(g: [Lane; 3]) -> [Lane; 6] {
    let (near, middle) = ((-1.0 / 6.0) * (g[0] + g[2]), (1.0 / 6.0) * g[1]);
    let (far, middle2) = ((1.0 / 24.0) * (g[0] + 4.0 * g[2]), (1.0 / 12.0) * g[1]);
    [0.25 * g[0], near - middle, near + middle, far + middle2, far - middle2, g[2]]
}

/// G^T: the gradient of [`taps_to_points`].
#[inline(always)]
pub(super) fn taps_to_points_gradient(u: [Lane; 6]) -> [Lane; 3] {
    let (both, apart) = ((1.0 / 6.0) * (u[1] + u[2]), (1.0 / 6.0) * (u[2] - u[1]));
    let (both2, apart2) = ((1.0 / 6.0) * (u[3] + u[4]), (1.0 / 12.0) * (u[3] - u[4]));
    [0.25 * u[0] - both + 0.25 * both2, apart + apart2, both2 - both + u[5]]
}
