//! diagnostics.csv: what the judge says of the samples of a cell (docs/judge.md).

use super::csv_rows::{CsvFile, csv_text};
use crate::error::Result;
use crate::files::write_atomic;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What was measured against the reference utterances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SampleKind {
    /// What the condition's generator makes.
    Generated,
    /// The real utterances that the reduction kept: the best that a generator can come to.
    KeptReal,
    /// They, encoded and decoded by the autoencoder, where a condition has one.
    Reconstructed,
    /// Their copies.
    Copies,
    /// Them with white noise at 5 dB.
    Noise,
    /// The reference utterances themselves, where a measure has a value of them.
    Reference,
}

/// The space that points lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointSpace {
    /// The judge's penultimate layer.
    Embedding,
    /// Mean and deviation over time of each mel band.
    Bands,
}

/// A measure of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diagnostic {
    /// Unbiased MMD^2 to the reference, with its permutation p.
    Mmd,
    /// Accuracy of a logistic regression that tells samples from the reference.
    ClassifierTest,
    /// Leave-one-out accuracy of the nearest neighbour among samples and reference.
    NeighbourTest,
    /// The same among samples and the sources that they were made of.
    SourceTest,
    /// z of the distances to the nearest training utterance against those of the reference.
    Copying,
    /// Neighbourhoods of reference utterances that a sample lies in, over 5.
    Density,
    /// Share of the reference utterances with a sample in their neighbourhood.
    Coverage,
    /// Mean distance of two samples over that of two reference utterances.
    Spread,
    /// Mean distance of two copies of one source over that of two samples of different sources.
    CopySpread,
    /// The judge's recall.
    Recall,
    /// Share that the judge takes for a class of which nothing was removed.
    TakenForKept,
    /// Recall on the reference of a linear classifier that is fitted on samples of the reduced classes and real ones of the others.
    Usefulness,
    /// Mean absolute difference from the source over the frames that both have, decibels; of a kept utterance from the next of its class.
    Change,
    /// Depth of what repeats every 2, 4 or 8 frames, decibels.
    RippleTime,
    /// Depth of what repeats every 2, 4 or 8 mel bands, decibels.
    RippleBands,
}

impl SampleKind {
    /// The word of the file.
    pub fn name(self) -> &'static str {
        match self {
            SampleKind::Generated => "generated",
            SampleKind::KeptReal => "kept-real",
            SampleKind::Reconstructed => "reconstructed",
            SampleKind::Copies => "copies",
            SampleKind::Noise => "noise",
            SampleKind::Reference => "reference",
        }
    }
}

impl PointSpace {
    /// The word of the file.
    pub fn name(self) -> &'static str {
        match self {
            PointSpace::Embedding => "embedding",
            PointSpace::Bands => "bands",
        }
    }
}

impl Diagnostic {
    /// The word of the file.
    pub fn name(self) -> &'static str {
        match self {
            Diagnostic::Mmd => "mmd",
            Diagnostic::ClassifierTest => "classifier-test",
            Diagnostic::NeighbourTest => "neighbour-test",
            Diagnostic::SourceTest => "source-test",
            Diagnostic::Copying => "copying",
            Diagnostic::Density => "density",
            Diagnostic::Coverage => "coverage",
            Diagnostic::Spread => "spread",
            Diagnostic::CopySpread => "copy-spread",
            Diagnostic::Recall => "recall",
            Diagnostic::TakenForKept => "taken-for-kept",
            Diagnostic::Usefulness => "usefulness",
            Diagnostic::Change => "change",
            Diagnostic::RippleTime => "ripple-time",
            Diagnostic::RippleBands => "ripple-bands",
        }
    }
}

/// The value of a measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagnosticRow {
    /// What was measured.
    pub samples: SampleKind,
    /// Where.
    pub space: PointSpace,
    /// How.
    pub measure: Diagnostic,
    /// Name of a class, or `all` for the reduced classes together.
    pub class: String,
    /// The value.
    pub value: f64,
    /// Of the hypothesis that samples and reference are draws of one distribution.
    pub p: Option<f64>,
    /// Points that it is of.
    pub n: usize,
}

/// [`DiagnosticRow::class`] of the reduced classes together.
pub const ALL_CLASSES: &str = "all";

const COLUMNS: [&str; 7] = ["samples", "space", "measure", "class", "value", "p", "n"];

/// Writes diagnostics.csv, atomically.
///
/// # Errors
/// A file that cannot be written.
pub fn write_diagnostics(path: &Path, rows: &[DiagnosticRow]) -> Result<()> {
    write_atomic(path, &csv_text(path, COLUMNS, rows)?)
}

/// Reads what [`write_diagnostics`] wrote.
///
/// # Errors
/// A file that cannot be read; a value that is none of its column's, with its line.
pub fn read_diagnostics(path: &Path) -> Result<Vec<DiagnosticRow>> {
    CsvFile::read(path)?.rows()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_and_a_wrong_word_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("diagnostics.csv");
        let row = DiagnosticRow {
            samples: SampleKind::KeptReal,
            space: PointSpace::Bands,
            measure: Diagnostic::Mmd,
            class: "sad".into(),
            value: 0.125,
            p: Some(0.5),
            n: 12,
        };
        let other = DiagnosticRow { samples: SampleKind::Generated, p: None, ..row.clone() };
        let rows = [row, other];
        write_diagnostics(&path, &rows).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = "samples,space,measure,class,value,p,n\nkept-real,bands,mmd,sad,0.125,0.5,12\n\
                        generated,bands,mmd,sad,0.125,,12\n";
        assert_eq!(text, expected);
        assert_eq!(read_diagnostics(&path).unwrap(), rows);
        let words = [rows[0].samples.name(), rows[0].space.name(), rows[0].measure.name()].join(",");
        assert!(expected.contains(&words), "{words}");
        std::fs::write(&path, text.replace("generated,bands,mmd", "generated,bands,fad")).unwrap();
        let error = read_diagnostics(&path).unwrap_err().to_string();
        assert!(error.contains("diagnostics.csv:3: ") && error.contains("fad"), "{error}");
    }
}
