//! A row of the table: how often a test rejected.

use super::candidate::Candidate;
use seraug_core::error::{Error, Result};
use serde::Serialize;

/// How often a test rejected in one kind of trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Rate {
    /// The kind of trial: `same`, `coin`, `corpora`.
    pub trial: &'static str,
    pub design: String,
    pub shape: String,
    /// The condition, or both.
    pub conditions: String,
    /// Seeds of each side.
    pub seeds: usize,
    /// The true difference that was planted, in percentage points.
    pub planted: f64,
    pub test: &'static str,
    pub trials: usize,
    pub rejected: usize,
    /// Share of the trials.
    pub rate: f64,
    /// Wilson's 95 % interval of the share, for independent trials.
    pub low: f64,
    pub high: f64,
    /// What `plan --power` says of the test over folds, from the mean spread of these trials where they have three seeds; in [0, 1].
    pub predicted: Option<f64>,
    /// Standard deviation of the differences of the trials over the root mean square of the test's standard errors: 1 where the
    /// standard error is right, above it where it is too small.
    pub spread: Option<f64>,
}

/// What a row is about, without its test.
#[derive(Debug, Clone)]
pub(crate) struct Setting<'a> {
    pub trial: &'static str,
    pub design: &'a super::design::Design,
    pub conditions: String,
    pub seeds: usize,
}

impl Rate {
    pub(crate) fn of(
        setting: &Setting,
        planted: f64,
        test: Candidate,
        trials: usize,
        rejected: usize,
        spread: Option<f64>,
    ) -> Rate {
        let (n, z) = (trials as f64, 1.959_963_984_540_054);
        let rate = rejected as f64 / n;
        let (middle, half) = (
            (rate + z * z / (2.0 * n)) / (1.0 + z * z / n),
            z * (rate * (1.0 - rate) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n),
        );
        Rate {
            trial: setting.trial,
            design: setting.design.name.clone(),
            shape: setting.design.shape(),
            conditions: setting.conditions.clone(),
            seeds: setting.seeds,
            planted,
            test: test.name(),
            trials,
            rejected,
            rate,
            low: (middle - half).max(0.0),
            high: middle + half,
            predicted: None,
            spread,
        }
    }
}

/// The rows as CSV.
pub(crate) fn csv(rates: &[Rate]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("rates.csv: {e}"));
    rates.iter().try_for_each(|r| writer.serialize(r)).map_err(|e| failed(&e))?;
    writer.into_inner().map_err(|e| failed(&e))
}
