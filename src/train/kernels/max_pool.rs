//! A ReLU's 2x2 max pool on a CPU, as part of the kernels that give what goes into it. Beside each pixel that comes out it notes
//! which of the four it is, the first where there are several, so that the way back needs nothing else. Rows and columns that are
//! left over are in no pool.

use super::vector::Vector;

/// The place of a value that is zero: its gradient ends at the ReLU.
const NOWHERE: f32 = 4.0;

/// The larger of two values and its place, the first where they are equal; NaN where one is, as in the library.
#[inline(always)]
fn larger<V: Vector>((a, at_a): (V, V), (b, at_b): (V, V)) -> (V, V) {
    let above = b.minus(a);
    let value = above.if_above_zero(b, a);
    (b.if_nan(b, value), above.if_above_zero(at_b, at_a))
}

/// The largest of four pixels after the ReLU, row by row, and its place.
#[inline(always)]
pub fn pool<V: Vector>(four: [V; 4]) -> (V, V) {
    let [a, b, c, d] = four;
    let top = larger((a, V::splat(0.0)), (b, V::splat(1.0)));
    let bottom = larger((c, V::splat(2.0)), (d, V::splat(3.0)));
    let (value, place) = larger(top, bottom);
    (value, value.if_above_zero(place, V::splat(NOWHERE)))
}

/// The gradient by the four pixels before the ReLU from that by what [`pool`] gave, and its place.
#[inline(always)]
pub fn unpool<V: Vector>(place: V, g: V) -> [V; 4] {
    let mut four = [V::splat(0.0); 4];
    for (i, by) in four.iter_mut().enumerate() {
        let off = place.minus(V::splat(i as f32));
        *by = V::splat(0.5).minus(off.times(off)).if_above_zero(g, V::splat(0.0));
    }
    four
}
