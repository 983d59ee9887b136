//! The one-dimensional transforms of minimal filtering (Winograd 1980; Lavin & Gray 2016) for four outputs.

use crate::kernels::vector::Vector;

/// F(4, TAPS): `POINTS` = TAPS + 3 points of a row give four outputs.
pub(super) trait MinimalFilter<const TAPS: usize, const POINTS: usize> {
    /// B^T: inputs to points.
    fn points<V: Vector>(d: [V; POINTS]) -> [V; POINTS];
    /// B: the gradient of [`MinimalFilter::points`].
    fn points_gradient<V: Vector>(v: [V; POINTS]) -> [V; POINTS];
    /// A^T: points to outputs.
    fn outputs<V: Vector>(m: [V; POINTS]) -> [V; 4];
    /// A: the gradient of [`MinimalFilter::outputs`].
    fn outputs_gradient<V: Vector>(g: [V; 4]) -> [V; POINTS];
    /// G: taps to points.
    fn taps<V: Vector>(w: [V; TAPS]) -> [V; POINTS];
    /// G^T: the gradient of [`MinimalFilter::taps`].
    fn taps_gradient<V: Vector>(u: [V; POINTS]) -> [V; TAPS];
}

#[inline(always)]
fn c<V: Vector>(value: f32) -> V {
    V::splat(value)
}

/// F(4, 2) by the points 0, 1, -1, 2 and infinity.
#[derive(Debug, Clone, Copy)]
pub(super) struct TwoTaps;

impl MinimalFilter<2, 5> for TwoTaps {
    #[inline(always)]
    fn points<V: Vector>(d: [V; 5]) -> [V; 5] {
        let far = d[3].minus(d[1]);
        [
            c::<V>(2.0).mul_add(d[0].minus(d[2]), far),
            c::<V>(-2.0).mul_add(d[1], d[3].minus(d[2])),
            c::<V>(-3.0).mul_add(d[2], c::<V>(2.0).mul_add(d[1], d[3])),
            far,
            c::<V>(-2.0).mul_add(far, d[4].minus(d[2])),
        ]
    }

    #[inline(always)]
    fn points_gradient<V: Vector>(v: [V; 5]) -> [V; 5] {
        // Column by column of B^T:
        // d0: 2 v0; d1: -v0 -2 v1 +2 v2 - v3 + 2 v4; d2: -2 v0 - v1 - 3 v2 - v4; d3: v0 + v1 + v2 + v3 - 2 v4; d4: v4
        let twice = v[0].plus(v[0]);
        let apart = v[2].minus(v[1]).plus(v[4]);
        let ends = v[0].plus(v[3]);
        [
            twice,
            c::<V>(2.0).mul_add(apart, c::<V>(0.0).minus(ends)),
            c::<V>(-3.0).mul_add(v[2], c::<V>(0.0).minus(twice.plus(v[1]).plus(v[4]))),
            c::<V>(-2.0).mul_add(v[4], ends.plus(v[1].plus(v[2]))),
            v[4],
        ]
    }

    #[inline(always)]
    fn outputs<V: Vector>(m: [V; 5]) -> [V; 4] {
        let (both, apart) = (m[1].plus(m[2]), m[1].minus(m[2]));
        [
            m[0].plus(both).plus(m[3]),
            c::<V>(2.0).mul_add(m[3], apart),
            c::<V>(4.0).mul_add(m[3], both),
            c::<V>(8.0).mul_add(m[3], apart.plus(m[4])),
        ]
    }

    #[inline(always)]
    fn outputs_gradient<V: Vector>(g: [V; 4]) -> [V; 5] {
        let (even, odd) = (g[0].plus(g[2]), g[1].plus(g[3]));
        let high = c::<V>(4.0).mul_add(g[3], g[1]);
        [
            g[0],
            even.plus(odd),
            even.minus(odd),
            c::<V>(2.0).mul_add(high, c::<V>(4.0).mul_add(g[2], g[0])),
            g[3],
        ]
    }

    #[inline(always)]
    fn taps<V: Vector>(w: [V; 2]) -> [V; 5] {
        [
            c::<V>(0.5).times(w[0]),
            c::<V>(-0.5).times(w[0].plus(w[1])),
            c::<V>(1.0 / 6.0).times(w[1].minus(w[0])),
            c::<V>(1.0 / 6.0).times(c::<V>(2.0).mul_add(w[1], w[0])),
            w[1],
        ]
    }

    #[inline(always)]
    fn taps_gradient<V: Vector>(u: [V; 5]) -> [V; 2] {
        let (half, sixth) = (c::<V>(-0.5).times(u[1]), c::<V>(1.0 / 6.0));
        [
            c::<V>(0.5).mul_add(u[0], half).plus(sixth.times(u[3].minus(u[2]))),
            sixth.mul_add(c::<V>(2.0).mul_add(u[3], u[2]), half).plus(u[4]),
        ]
    }
}

/// F(4, 3) by the points 0, 1, -1, 2, -2 and infinity.
#[derive(Debug, Clone, Copy)]
pub(super) struct ThreeTaps;

impl MinimalFilter<3, 6> for ThreeTaps {
    #[inline(always)]
    fn points<V: Vector>(d: [V; 6]) -> [V; 6] {
        let (even, odd) = (c::<V>(-4.0).mul_add(d[2], d[4]), c::<V>(-4.0).mul_add(d[1], d[3]));
        let (even2, half) = (d[4].minus(d[2]), d[3].minus(d[1]));
        [
            c::<V>(4.0).mul_add(d[0], c::<V>(-5.0).mul_add(d[2], d[4])),
            even.plus(odd),
            even.minus(odd),
            c::<V>(2.0).mul_add(half, even2),
            c::<V>(-2.0).mul_add(half, even2),
            c::<V>(4.0).mul_add(d[1], c::<V>(-5.0).mul_add(d[3], d[5])),
        ]
    }

    #[inline(always)]
    fn points_gradient<V: Vector>(v: [V; 6]) -> [V; 6] {
        let (both, apart) = (v[1].plus(v[2]), v[2].minus(v[1]));
        let (both2, apart2) = (v[3].plus(v[4]), v[3].minus(v[4]));
        [
            c::<V>(4.0).times(v[0]),
            c::<V>(-2.0).mul_add(apart2, c::<V>(4.0).times(v[5].plus(apart))),
            c::<V>(-5.0).mul_add(v[0], c::<V>(-4.0).mul_add(both, c::<V>(0.0).minus(both2))),
            c::<V>(-5.0).mul_add(v[5], c::<V>(2.0).mul_add(apart2, c::<V>(0.0).minus(apart))),
            v[0].plus(both).plus(both2),
            v[5],
        ]
    }

    #[inline(always)]
    fn outputs<V: Vector>(m: [V; 6]) -> [V; 4] {
        let (both, apart) = (m[1].plus(m[2]), m[1].minus(m[2]));
        let (both2, apart2) = (m[3].plus(m[4]), m[3].minus(m[4]));
        [
            m[0].plus(both).plus(both2),
            c::<V>(2.0).mul_add(apart2, apart),
            c::<V>(4.0).mul_add(both2, both),
            c::<V>(8.0).mul_add(apart2, apart.plus(m[5])),
        ]
    }

    #[inline(always)]
    fn outputs_gradient<V: Vector>(g: [V; 4]) -> [V; 6] {
        let (even, odd) = (g[0].plus(g[2]), g[1].plus(g[3]));
        let (even2, odd2) = (c::<V>(4.0).mul_add(g[2], g[0]), c::<V>(4.0).mul_add(g[3], g[1]));
        [
            g[0],
            even.plus(odd),
            even.minus(odd),
            c::<V>(2.0).mul_add(odd2, even2),
            c::<V>(-2.0).mul_add(odd2, even2),
            g[3],
        ]
    }

    #[inline(always)]
    fn taps<V: Vector>(w: [V; 3]) -> [V; 6] {
        let (ends, middle) = (c::<V>(-1.0 / 6.0).times(w[0].plus(w[2])), c::<V>(1.0 / 6.0).times(w[1]));
        let far = c::<V>(1.0 / 24.0).times(c::<V>(4.0).mul_add(w[2], w[0]));
        let middle2 = c::<V>(1.0 / 12.0).times(w[1]);
        [
            c::<V>(0.25).times(w[0]),
            ends.minus(middle),
            ends.plus(middle),
            far.plus(middle2),
            far.minus(middle2),
            w[2],
        ]
    }

    #[inline(always)]
    fn taps_gradient<V: Vector>(u: [V; 6]) -> [V; 3] {
        let sixth = c::<V>(1.0 / 6.0);
        let (both, apart) = (sixth.times(u[1].plus(u[2])), sixth.times(u[2].minus(u[1])));
        let (both2, apart2) = (sixth.times(u[3].plus(u[4])), c::<V>(1.0 / 12.0).times(u[3].minus(u[4])));
        [
            c::<V>(0.25).mul_add(u[0].plus(both2), c::<V>(0.0).minus(both)),
            apart.plus(apart2),
            both2.minus(both).plus(u[5]),
        ]
    }
}
