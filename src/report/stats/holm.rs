//! Holm's correction for several tests.

/// Adjusted p values in the order of `p` (Holm, Scandinavian Journal of Statistics 6, 1979; `statsmodels`'
/// `multipletests(method="holm")`): each keeps the chance of any false finding among all of them below its own value.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut highest = 0.0_f64;
    for (i, &at) in order.iter().enumerate() {
        highest = highest.max((p.len() - i) as f64 * p[at]).min(1.0);
        adjusted[at] = highest;
    }
    adjusted
}
