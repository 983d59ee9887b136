//! Wilcoxon's signed-rank test, with the conventions of `scipy.stats.wilcoxon`.

use super::normal_two_sided;

/// A two-sided signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wilcoxon {
    /// Number of differences that are not zero; the others are left out (`zero_method="wilcox"`).
    pub n: usize,
    /// The smaller of the two rank sums.
    pub statistic: f64,
    /// Two-sided p value.
    pub p: f64,
    /// Whether `p` is from the exact distribution rather than from the normal approximation.
    pub exact: bool,
}

/// Exact up to 50 differences without ties and zeros, and up to 13 with them (over all signs); beyond, the normal
/// approximation with the correction for ties and without one for continuity. `None` where every difference is zero.
pub fn wilcoxon(differences: &[f64]) -> Option<Wilcoxon> {
    let Ranks { doubled, plus, minus, ties } = ranks(differences)?;
    let n = doubled.len();
    let clean = !ties && n == differences.len();
    let exact = if clean { n <= 50 } else { differences.len() <= 13 };
    let p = if exact { exact_p(&doubled, plus) } else { approximate_p(&doubled, plus) };
    Some(Wilcoxon { n, statistic: plus.min(minus) as f64 / 2.0, p, exact })
}

/// Matched-pairs rank-biserial correlation (Kerby, Comprehensive Psychology 3:1, 2014): the rank sum of the positive
/// differences less that of the negative ones over both, in [-1, 1]. `None` where every difference is zero.
pub fn rank_biserial(differences: &[f64]) -> Option<f64> {
    let Ranks { plus, minus, .. } = ranks(differences)?;
    Some((plus as f64 - minus as f64) / (plus + minus) as f64)
}

/// Twice the average ranks of the absolute differences, so that they are whole numbers.
struct Ranks {
    doubled: Vec<u64>,
    plus: u64,
    minus: u64,
    ties: bool,
}

fn ranks(differences: &[f64]) -> Option<Ranks> {
    let mut sorted: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let mut found = Ranks { doubled: Vec::new(), plus: 0, minus: 0, ties: false };
    let mut start = 0;
    while start < sorted.len() {
        let same = sorted[start..].iter().take_while(|d| d.abs() == sorted[start].abs()).count();
        // Ranks start + 1 to start + same, averaged and doubled.
        let rank = (2 * start + same + 1) as u64;
        for d in &sorted[start..start + same] {
            *(if *d > 0.0 { &mut found.plus } else { &mut found.minus }) += rank;
            found.doubled.push(rank);
        }
        found.ties |= same > 1;
        start += same;
    }
    (start > 0).then_some(found)
}

/// Exact p value over all signs of the ranks, which are equally likely under the null hypothesis.
fn exact_p(doubled: &[u64], plus: u64) -> f64 {
    let total: u64 = doubled.iter().sum();
    let mut share = vec![0.0; total as usize + 1];
    share[0] = 1.0;
    let mut reached = 0;
    for &rank in doubled {
        let rank = rank as usize;
        reached += rank;
        for sum in (0..=reached).rev() {
            let with = if sum >= rank { share[sum - rank] } else { 0.0 };
            share[sum] = (share[sum] + with) / 2.0;
        }
    }
    let plus = plus as usize;
    let (below, above): (f64, f64) = (share[..=plus].iter().sum(), share[plus..].iter().sum());
    (2.0 * below.min(above)).min(1.0)
}

fn approximate_p(doubled: &[u64], plus: u64) -> f64 {
    let n = doubled.len() as f64;
    let mut ties = 0.0;
    for group in doubled.chunk_by(|a, b| a == b) {
        let t = group.len() as f64;
        ties += t.powi(3) - t;
    }
    let mean = n * (n + 1.0) / 4.0;
    let se = ((n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0).sqrt();
    normal_two_sided((plus as f64 / 2.0 - mean) / se)
}
