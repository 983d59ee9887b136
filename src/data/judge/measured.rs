//! The value of a measure.

/// What a measure came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredDiagnostic {
    /// The value, finite.
    pub value: f64,
    /// Of the hypothesis that both sets are draws of one distribution, where the measure is a test.
    pub p: Option<f64>,
    /// Points of the generated set that it is of.
    pub n: usize,
}

/// A measure, or why it cannot be had: a fragment such as `3 points, at least 5 are needed`.
pub type Measurement = Result<MeasuredDiagnostic, String>;

impl MeasuredDiagnostic {
    /// A measure without a test; an error for a value that is not finite.
    pub(super) fn of(value: f64, n: usize) -> Measurement {
        match value.is_finite() {
            true => Ok(MeasuredDiagnostic { value, p: None, n }),
            false => Err("the value is not finite".into()),
        }
    }
}

/// Refuses a set with fewer than `least` of `what`.
pub(super) fn need(what: &str, n: usize, least: usize) -> Result<(), String> {
    if n < least { Err(format!("{n} {what} points, at least {least} are needed")) } else { Ok(()) }
}
