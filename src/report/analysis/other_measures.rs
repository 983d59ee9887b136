//! Measures that other publications give beside recalls, of each cell.

use seraug_core::metrics::Confusion;
use seraug_core::run_files::Outcome;

/// A measure of a cell that no conclusion is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherMeasure {
    /// Share of the test utterances that was recognised.
    Accuracy,
    /// Mean F1 over the classes.
    MacroF1,
    /// The same, weighted by the utterances of a class.
    WeightedF1,
    /// Expected calibration error.
    Ece,
    /// Brier score.
    Brier,
}

impl OtherMeasure {
    /// All of them, in the order of tables and files.
    pub const ALL: [OtherMeasure; 5] = [
        OtherMeasure::Accuracy,
        OtherMeasure::MacroF1,
        OtherMeasure::WeightedF1,
        OtherMeasure::Ece,
        OtherMeasure::Brier,
    ];

    /// Its name in files: the column of outcomes.csv.
    pub fn key(self) -> &'static str {
        match self {
            OtherMeasure::Accuracy => "accuracy",
            OtherMeasure::MacroF1 => "macro_f1",
            OtherMeasure::WeightedF1 => "weighted_f1",
            OtherMeasure::Ece => "ece",
            OtherMeasure::Brier => "brier",
        }
    }

    /// Its heading in tables.
    pub fn title(self) -> &'static str {
        match self {
            OtherMeasure::Accuracy => "accuracy",
            OtherMeasure::MacroF1 => "macro F1",
            OtherMeasure::WeightedF1 => "weighted F1",
            OtherMeasure::Ece => "ECE",
            OtherMeasure::Brier => "Brier",
        }
    }

    /// What a table shows for 1: 100 percent, but a Brier score as it is.
    pub fn scale(self) -> f64 {
        if self == OtherMeasure::Brier { 1.0 } else { 100.0 }
    }

    /// Decimals in a table.
    pub fn digits(self) -> usize {
        if self == OtherMeasure::Brier { 3 } else { 1 }
    }

    /// Its value in a cell, as a table shows it but for rounding; `None` without a result, and of probabilities that nobody knows.
    pub fn of(self, outcome: &Outcome) -> Option<f64> {
        let confusion = outcome.confusion.as_ref()?;
        let value = match self {
            OtherMeasure::Accuracy => Confusion::accuracy(confusion),
            OtherMeasure::MacroF1 => Confusion::macro_f1(confusion),
            OtherMeasure::WeightedF1 => Confusion::weighted_f1(confusion),
            OtherMeasure::Ece => outcome.calibration.map(|c| c.ece),
            OtherMeasure::Brier => outcome.calibration.map(|c| c.brier),
        };
        value.map(|v| self.scale() * v)
    }
}
