//! k-means cells, for measures that are pooled over parts of the space.

use super::Point;
use super::distances::squared;
use seraug_core::rng::Seed;

/// Rounds after which the centres are taken as they are.
const ROUNDS: usize = 100;

/// Centres of cells.
#[derive(Debug)]
pub(super) struct Cells(Vec<Point>);

impl Cells {
    /// At most `k` cells of `points`: fewer where they have fewer different values. Centres begin at points drawn by their squared
    /// distance from the centres so far (k-means++) and move to the means of their points until none changes.
    pub(super) fn of(points: &[Point], k: usize, seed: Seed) -> Cells {
        let Some(first) = points.first() else { return Cells(Vec::new()) };
        let mut draws = seed.draws();
        let mut centres = vec![points[draws.below(points.len())].clone()];
        let mut far: Vec<f64> = points.iter().map(|p| squared(p, &centres[0])).collect();
        while centres.len() < k {
            let total: f64 = far.iter().sum();
            if total <= 0.0 {
                break;
            }
            let mut left = draws.uniform() * total;
            let reached = |d: &f64| {
                left -= d;
                left < 0.0 && *d > 0.0
            };
            let farthest = (0..far.len()).max_by(|a, b| far[*a].total_cmp(&far[*b])).unwrap_or(0);
            let next = far.iter().position(reached).unwrap_or(farthest);
            centres.push(points[next].clone());
            far.iter_mut().zip(points).for_each(|(d, p)| *d = d.min(squared(p, &points[next])));
        }
        let mut cells = Cells(centres);
        let mut of: Vec<usize> = Vec::new();
        for _ in 0..ROUNDS {
            let now: Vec<usize> = points.iter().map(|p| cells.cell(p)).collect();
            if now == of {
                break;
            }
            of = now;
            for (c, centre) in cells.0.iter_mut().enumerate() {
                let own: Vec<&Point> =
                    points.iter().zip(&of).filter(|(_, o)| **o == c).map(|(p, _)| p).collect();
                if !own.is_empty() {
                    let mean = |d: usize| own.iter().map(|p| p[d]).sum::<f64>() / own.len() as f64;
                    *centre = (0..first.len()).map(mean).collect();
                }
            }
        }
        cells
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The cell of a point: that of the nearest centre, the first of equally near ones.
    pub(super) fn cell(&self, point: &Point) -> usize {
        let mut best = (f64::INFINITY, 0);
        for (c, centre) in self.0.iter().enumerate() {
            let d = squared(point, centre);
            if d < best.0 {
                best = (d, c);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_are_cells_and_equal_points_one() {
        let cloud = |at: f64| (0..6).map(move |i| vec![at + f64::from(i) / 10.0, -at]);
        let points: Vec<Point> = cloud(0.0).chain(cloud(50.0)).chain(cloud(-50.0)).collect();
        let cells = Cells::of(&points, 3, Seed::new(1));
        let of: Vec<usize> = points.iter().map(|p| cells.cell(p)).collect();
        assert!((0..3).all(|c| of[6 * c..6 * c + 6].iter().all(|o| *o == of[6 * c])), "{of:?}");
        assert!(of[0] != of[6] && of[6] != of[12] && of[0] != of[12]);
        assert_eq!(Cells::of(&vec![vec![1.0]; 4], 3, Seed::new(1)).count(), 1);
        assert_eq!(Cells::of(&[], 3, Seed::new(1)).count(), 0);
    }
}
