//! Fidelity and diversity by neighbourhoods of real points (Naeem et al., ICML 2020).

use super::distances::squared;
use super::measured::need;
use super::{MeasuredDiagnostic, Measurement, Point};

/// Neighbours that a neighbourhood has.
const NEIGHBOURS: usize = 5;

/// Density: how many neighbourhoods of reference points a generated point lies in, over 5. 1 in the mean where both sets are draws of
/// one distribution, 0 where generated points lie off it, above 1 where they crowd its middle. Compare at equal numbers.
pub fn density(generated: &[Point], reference: &[Point]) -> Measurement {
    let radii = radii(generated, reference)?;
    let inside =
        |g: &Point| reference.iter().zip(&radii).filter(|(r, radius)| squared(g, r) < **radius).count();
    let sum: usize = generated.iter().map(inside).sum();
    MeasuredDiagnostic::of(sum as f64 / (NEIGHBOURS * generated.len()) as f64, generated.len())
}

/// Coverage: the share, in [0, 1], of the reference points that have a generated point in their neighbourhood. Near 0 where a
/// generator makes one thing. Compare at equal numbers.
pub fn coverage(generated: &[Point], reference: &[Point]) -> Measurement {
    let radii = radii(generated, reference)?;
    let covered = |(r, radius): &(&Point, &f64)| generated.iter().any(|g| squared(g, r) < **radius);
    let count = reference.iter().zip(&radii).filter(covered).count();
    MeasuredDiagnostic::of(count as f64 / reference.len() as f64, generated.len())
}

/// The squared distance of each reference point to its fifth other one.
fn radii(generated: &[Point], reference: &[Point]) -> Result<Vec<f64>, String> {
    need("generated", generated.len(), 1)?;
    need("reference", reference.len(), NEIGHBOURS + 1)?;
    let radius = |(i, r): (usize, &Point)| {
        let others = reference.iter().enumerate().filter(|(j, _)| *j != i);
        let mut far: Vec<f64> = others.map(|(_, o)| squared(r, o)).collect();
        far.sort_by(f64::total_cmp);
        far[NEIGHBOURS - 1]
    };
    Ok(reference.iter().enumerate().map(radius).collect())
}
