//! Whether two runs of one experiment agree: equal to the last digit, within a tolerance of their means, or not.

use seraug_report::compare::Against;
use serde::Serialize;

/// Percentage points of the mean UAR of a condition over its folds; 10 where nobody says another.
pub(super) const TOLERANCE: f64 = 10.0;

/// How a run compares with an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgreementVerdict {
    /// Every number is the same.
    Equal,
    /// The means of UAR differ by no more than the tolerance.
    Within,
    /// They differ by more, or a cell has no result.
    Differs,
}

/// What the comparison has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgreementFindings {
    /// The answer.
    pub verdict: AgreementVerdict,
    /// Cells of the earlier run.
    pub cells: usize,
    /// Cells with the same numbers.
    pub equal: usize,
    /// The condition whose mean UAR differs most.
    pub condition: String,
    /// By how many percentage points, in size.
    pub points: f64,
}

impl AgreementFindings {
    /// How the two runs compare, in words.
    pub(super) fn sentence(&self, tolerance: f64) -> String {
        let AgreementFindings { verdict, cells, equal, condition, points } = self;
        let other = format!(
            "{equal} of {cells} cells are equal, the mean UAR of {condition} differs most, by {points:.1} points (at most {tolerance})"
        );
        match verdict {
            AgreementVerdict::Equal => format!("equal to the last digit, all {cells} cells"),
            AgreementVerdict::Within => {
                format!("equal up to rounding on another processor or libtorch: {other}")
            }
            AgreementVerdict::Differs => format!("differs: {other}"),
        }
    }
}

/// What a comparison of a run with another says, given a tolerance in percentage points.
pub fn agreement(against: &Against, tolerance: f64) -> AgreementFindings {
    let mut conditions: Vec<&str> = Vec::new();
    for cell in &against.cells {
        let name = cell.cell.condition.as_str();
        if !conditions.contains(&name) {
            conditions.push(name);
        }
    }
    let mean = |condition: &str| {
        let of = against.cells.iter().filter(|c| c.cell.condition == condition);
        let differences: Vec<f64> = of.filter_map(|c| c.difference(0)).collect();
        (differences.iter().sum::<f64>() / differences.len().max(1) as f64).abs()
    };
    let means = conditions.into_iter().map(|name| (name, mean(name)));
    let (condition, points) = means.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
    let whole = against.alone().next().is_none() && against.failed() == 0 && !against.cells.is_empty();
    let unequal = against.different().len();
    let verdict = match (whole, unequal) {
        (true, 0) => AgreementVerdict::Equal,
        (true, _) if tolerance > 0.0 && points <= tolerance => AgreementVerdict::Within,
        _ => AgreementVerdict::Differs,
    };
    let cells = against.cells.len();
    let equal = cells - unequal - against.alone().count() - against.failed();
    AgreementFindings { verdict, cells, equal, condition: condition.to_owned(), points }
}
