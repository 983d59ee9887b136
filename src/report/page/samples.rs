//! What the judge says of generated samples, in the report: a table in each space, the sentences, a figure, and diagnostics.csv.

use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::samples::{Judged, JudgedRow};
use crate::analysis::signatures;
use crate::figure::{self, Figure};
use crate::render::csv::{CsvNumber, of_rows};
use crate::render::text_table::{TextRow, TextTable};
use seraug_core::error::Result;
use seraug_core::run_files::{Diagnostic, DiagnosticRow, PointSpace, SampleKind};
use serde::Serialize;

/// The headings of the measures, in the order of a table.
const HEADINGS: [(Diagnostic, &str); 15] = [
    (Diagnostic::Mmd, "MMD²"),
    (Diagnostic::ClassifierTest, "told from real"),
    (Diagnostic::NeighbourTest, "1-NN"),
    (Diagnostic::SourceTest, "1-NN, sources"),
    (Diagnostic::Copying, "copying z"),
    (Diagnostic::Density, "density"),
    (Diagnostic::Coverage, "coverage"),
    (Diagnostic::Spread, "spread"),
    (Diagnostic::CopySpread, "copy spread"),
    (Diagnostic::Recall, "recall"),
    (Diagnostic::TakenForKept, "taken for kept"),
    (Diagnostic::Usefulness, "usefulness"),
    (Diagnostic::Change, "change, dB"),
    (Diagnostic::RippleTime, "ripple, time"),
    (Diagnostic::RippleBands, "ripple, bands"),
];

/// Name of the file with every row.
pub(crate) const FILE: &str = "diagnostics.csv";

/// The judge's part of a report.
#[derive(Debug, Clone)]
pub(crate) struct SampleReport {
    /// Fidelity against diversity; none where no row has both.
    pub(crate) figure: Option<Figure>,
    /// The tables: the judge's embedding, with the sentences, and the mel bands.
    pub(crate) tables: Vec<TextTable>,
    /// diagnostics.csv.
    pub(crate) csv: Vec<u8>,
}

/// A row of the merged file.
#[derive(Serialize)]
struct MergedRow {
    condition: String,
    fold: usize,
    seed: u64,
    samples: SampleKind,
    space: PointSpace,
    measure: Diagnostic,
    class: String,
    value: CsvNumber,
    p: CsvNumber,
    n: usize,
}

impl Default for MergedRow {
    fn default() -> MergedRow {
        MergedRow {
            condition: String::new(),
            fold: 0,
            seed: 0,
            samples: SampleKind::Generated,
            space: PointSpace::Embedding,
            measure: Diagnostic::Mmd,
            class: String::new(),
            value: CsvNumber::default(),
            p: CsvNumber::default(),
            n: 0,
        }
    }
}

/// The judge's part; none where no cell has a diagnostics.csv.
///
/// # Errors
/// As [`Judged::of`].
pub(crate) fn samples(run: &LoadedRun) -> Result<Option<SampleReport>> {
    let Some(judged) = Judged::of(run)? else { return Ok(None) };
    let merged = judged.all.iter().map(|(cell, row)| {
        let DiagnosticRow { samples, space, measure, class, value, p, n } = row.clone();
        let (condition, fold, seed) = (cell.condition.clone(), cell.fold, cell.seed);
        let (value, p) = (CsvNumber(Some(value)), CsvNumber(p));
        MergedRow { condition, fold, seed, samples, space, measure, class, value, p, n }
    });
    let csv = of_rows(FILE, &merged.collect::<Vec<_>>())?;
    let tables = [
        table(&judged, PointSpace::Embedding, "What the judge says of the samples"),
        table(&judged, PointSpace::Bands, "The same by the mean and deviation of each mel band"),
    ];
    let tables = tables.into_iter().filter(|t| !t.rows.is_empty()).collect();
    Ok(Some(SampleReport { figure: figure::samples(&judged)?, tables, csv }))
}

/// One row for each kind of samples that has a measure in `space`; columns that no row has are left out.
fn table(judged: &Judged, space: PointSpace, title: &str) -> TextTable {
    let has = |row: &JudgedRow, measure| row.measures.contains_key(&(space, measure));
    let shown: Vec<(Diagnostic, &str)> =
        HEADINGS.into_iter().filter(|(m, _)| judged.rows.iter().any(|row| has(row, *m))).collect();
    let rows = judged.rows.iter().filter(|row| shown.iter().any(|(m, _)| has(row, *m)));
    let row = |row: &JudgedRow| -> TextRow {
        let of = |measure| row.measures.get(&(space, measure));
        let number = |measure| match of(measure) {
            None => "–".to_owned(),
            Some(m) => {
                let value = format!("{:.*}", decimals(measure), m.mean).replace('-', "−");
                m.significant.map_or(value.clone(), |s| format!("{value} ({:.0} %)", 100.0 * s))
            }
        };
        let first = shown.iter().find_map(|(m, _)| of(*m));
        let most = shown.iter().filter_map(|(m, _)| of(*m)).map(|m| m.cells).max().unwrap_or(0);
        let n = first.map_or(String::new(), |m| format!("{} in {most}", m.n));
        let cells = std::iter::once(row.label.clone()).chain(shown.iter().map(|(m, _)| number(*m)));
        cells.chain([n]).collect::<Vec<_>>().into()
    };
    let headings = std::iter::once("samples").chain(shown.iter().map(|(_, h)| *h)).chain(["n in cells"]);
    let (sentences, caption) = match space {
        PointSpace::Embedding => (signatures::sentences(judged), caption()),
        PointSpace::Bands => (
            Vec::new(),
            "As above, each utterance being the mean and the deviation over time of each of its mel bands: a space in which \
             nothing is trained. Change: mean absolute difference from the utterance that a sample is made of, of all samples; kept real: from \
             another of its class, which is what a draw that keeps nothing of its source comes to. Ripple: depth, in dB, \
             of what repeats every 2, 4 or 8 frames or bands in the mean of the samples of a class, as transposed convolutions can leave it, to \
             be held against that of kept real, of as many utterances."
                .to_owned(),
        ),
    };
    TextTable {
        title: title.into(),
        caption,
        headings: headings.map(str::to_owned).collect(),
        rows: rows.map(row).collect(),
        words: 1,
        sentences,
        ..TextTable::default()
    }
}

fn decimals(measure: Diagnostic) -> usize {
    match measure {
        Diagnostic::Mmd => 3,
        Diagnostic::Copying | Diagnostic::Change => 1,
        _ => 2,
    }
}

fn caption() -> String {
    "Samples of the reduced classes against reference utterances: half of what the reduction removed, which nothing is trained on. \
     In the embedding of the judge, a classifier of its own that is trained on the kept utterances and the other half. Means over \
     folds and seeds; in brackets the share of those with p < 0.05; n: samples, one a source and no more than kept utterances, of all \
     folds and seeds (recall, taken for kept, usefulness: of all samples). MMD²: 0 where \
     samples are as the reference. Told from real: accuracy of a logistic regression, 0.5 where it cannot; 1-NN: of the nearest \
     neighbour; 1-NN, sources: against the utterances that samples are made of, near 0 for copies. Copying z: far below 0 nearer \
     to training utterances than the reference is, far above off them. Density, coverage, spread: near 1 as the reference, coverage \
     and spread near 0 all alike. Copy spread: 0 where the samples of a source are all the same. Recall: the judge's, on the samples \
     (removed real: on the reference). Taken for kept: share that it takes for a class of which nothing was removed. Usefulness: mean recall on the reference of a linear classifier that knows the reduced \
     classes from the samples alone, in an embedding that was trained on real ones: believe that of the mel bands. Kept real is the \
     best to be hoped for, but the judge was trained on it, so that it and what lies near it look further from the reference here \
     than in the mel bands; docs/judge.md has each measure and the thresholds of \
     the sentences."
        .to_owned()
}
