//! The exact gradient in the plane, not in upstream. It gives the bits of [`super::compute_gradient`]: each element is
//! computed by the same operations and each sum adds in the same order. What it saves is memory that is allocated and
//! zeroed in every iteration, a division of indices for every pair, and one pair at a time.

use super::Float;

/// Rows of the gradient that are summed beside each other.
const ROWS: usize = 8;

/// What an iteration needs, kept from one to the next.
pub struct Plane<T> {
    x: Vec<T>,
    y: Vec<T>,
    /// 1 / (1 + squared distance), [n, n]; 0 on the diagonal.
    q: Vec<T>,
}

impl<T: Float + std::ops::AddAssign> Plane<T> {
    pub fn new(n: usize) -> Plane<T> {
        Plane { x: vec![T::zero(); n], y: vec![T::zero(); n], q: vec![T::zero(); n * n] }
    }

    /// As [`super::compute_gradient`] with d = 2. `p` is symmetric to the bit, as `run` makes it.
    pub fn gradient(&mut self, p: &[T], places: &[T], dc: &mut [T]) {
        let n = self.x.len();
        for (i, place) in places.chunks_exact(2).enumerate() {
            self.x[i] = place[0];
            self.y[i] = place[1];
        }
        let mut sum = T::zero();
        for (i, row) in self.q.chunks_exact_mut(n).enumerate() {
            let (xi, yi) = (self.x[i], self.y[i]);
            for ((q, &x), &y) in row.iter_mut().zip(&self.x).zip(&self.y) {
                let (dx, dy) = (xi - x, yi - y);
                *q = T::one() / (T::one() + (dx * dx + dy * dy));
            }
            row[i] = T::zero();
            for &q in row.iter() {
                sum += q;
            }
        }
        for (block, dc) in dc.chunks_mut(2 * ROWS).enumerate() {
            let first = block * ROWS;
            if dc.len() == 2 * ROWS {
                self.rows(p, sum, first, dc);
            } else {
                for (i, dc) in dc.chunks_exact_mut(2).enumerate() {
                    self.row(p, sum, first + i, dc);
                }
            }
        }
    }

    /// Rows `first` to `first + ROWS`. Column m of them is read from row m, which is the same by symmetry and contiguous.
    fn rows(&self, p: &[T], sum: T, first: usize, dc: &mut [T]) {
        let n = self.x.len();
        let own = |of: &[T]| -> [T; ROWS] { std::array::from_fn(|l| of[first + l]) };
        let (xs, ys) = (own(&self.x), own(&self.y));
        let (mut gx, mut gy) = ([T::zero(); ROWS], [T::zero(); ROWS]);
        for m in 0..n {
            let at = m * n + first;
            let p: &[T; ROWS] = p[at..at + ROWS].try_into().expect("a row of n");
            let q: &[T; ROWS] = self.q[at..at + ROWS].try_into().expect("a row of n");
            let (x, y) = (self.x[m], self.y[m]);
            for l in 0..ROWS {
                let mult = (p[l] - q[l] / sum) * q[l];
                gx[l] += (xs[l] - x) * mult;
                gy[l] += (ys[l] - y) * mult;
            }
        }
        for l in 0..ROWS {
            dc[2 * l] = gx[l];
            dc[2 * l + 1] = gy[l];
        }
    }

    fn row(&self, p: &[T], sum: T, i: usize, dc: &mut [T]) {
        let n = self.x.len();
        let (mut gx, mut gy) = (T::zero(), T::zero());
        for m in 0..n {
            let q = self.q[i * n + m];
            let mult = (p[i * n + m] - q / sum) * q;
            gx += (self.x[i] - self.x[m]) * mult;
            gy += (self.y[i] - self.y[m]) * mult;
        }
        dc[0] = gx;
        dc[1] = gy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_those_of_the_general_gradient() {
        for &n in &[4usize, 8, 37, 64] {
            let mut x = 1u64;
            let mut draw = || {
                x = (1_103_515_245 * x + 12_345) % (1 << 31);
                x as f64 / f64::from(1 << 30) - 1.0
            };
            let mut places: Vec<f64> = (0..2 * n).map(|_| draw() * 10f64.powf(draw() * 4.0)).collect();
            // Two in one place.
            places[2] = places[0];
            places[3] = places[1];
            let mut p = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..i {
                    p[i * n + j] = draw().abs();
                    p[j * n + i] = p[i * n + j];
                }
            }
            let (mut general, mut plane) = (vec![0.0; 2 * n], vec![0.0; 2 * n]);
            super::super::compute_gradient(&mut p, &places, n, 2, &mut general);
            Plane::new(n).gradient(&p, &places, &mut plane);
            let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&general), bits(&plane), "{} points", n);
        }
    }
}
