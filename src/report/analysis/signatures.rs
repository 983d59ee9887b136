//! What is the matter with the samples of a condition, in sentences: one rule a sentence, all thresholds here (docs/judge.md).

use super::samples::{Judged, JudgedRow};
use seraug_core::run_files::Diagnostic;

/// Accuracy of the classifier test from which samples are recognised as fake.
const FAKE: f64 = 0.9;
/// Coverage up to which samples are all alike, where that of kept real utterances is at least [`COVERED`].
const UNCOVERED: f64 = 0.1;
/// Coverage of kept real utterances below which coverage says nothing.
const COVERED: f64 = 0.3;
/// Spread below which samples are all alike.
const NARROW: f64 = 0.3;
/// Absolute z of the copying test from which distances to the training utterances differ.
const Z: f64 = 2.0;
/// Accuracy of the source test up to which samples lie beside their sources.
const BESIDE: f64 = 0.25;
/// Copy spread up to which the copies of a source are one and the same.
const SAME: f64 = 0.05;
/// Recall above chance up to which a class comes from nothing.
const NOTHING: f64 = 0.1;
/// Recall above that of the removed real utterances from which samples are prototypes.
const PROTOTYPES: f64 = 0.1;
/// Usefulness above chance up to which samples teach nothing.
const USELESS: f64 = 0.05;
/// Percentage points under which a gain over copies is none.
const GAIN: f64 = 1.0;

/// A sentence for each condition that makes samples, and what they are held against where it says something.
pub fn sentences(judged: &Judged) -> Vec<String> {
    let of = |row: &JudgedRow| {
        let said = signatures(judged, row);
        match said.is_empty() {
            true => format!("{}: none of the signatures of failure.", row.label),
            false => format!("{}: {}.", row.label, said.join("; ")),
        }
    };
    judged.rows.iter().filter(|row| row.condition.is_some()).map(of).collect()
}

/// The signatures that a row has, each with the number that it is by.
fn signatures(judged: &Judged, row: &JudgedRow) -> Vec<String> {
    let of = |measure| row.embedded(measure);
    let kept = judged.against("kept real");
    let removed = judged.against("removed real").and_then(|r| r.embedded(Diagnostic::Recall));
    let mut said = Vec::new();
    let fake = of(Diagnostic::ClassifierTest).filter(|v| *v >= FAKE);
    let covers = kept.and_then(|k| k.embedded(Diagnostic::Coverage)).is_some_and(|v| v >= COVERED);
    let alike = match (of(Diagnostic::Coverage), of(Diagnostic::Spread)) {
        (Some(v), _) if v <= UNCOVERED && covers => Some(format!("coverage {v:.2}")),
        (_, Some(v)) if v < NARROW => Some(format!("spread {v:.2}")),
        _ => None,
    };
    match (fake, alike) {
        (Some(v), Some(how)) => {
            said.push(format!("its samples are recognised as fake (accuracy {v:.2}) and all alike ({how})"));
        }
        (Some(v), None) => said.push(format!("its samples are recognised as fake (accuracy {v:.2})")),
        (None, Some(how)) => said.push(format!("its samples are all alike ({how})")),
        (None, None) => {}
    }
    let beside = of(Diagnostic::SourceTest).filter(|v| *v <= BESIDE);
    match (of(Diagnostic::Copying), beside) {
        (Some(z), Some(v)) if z <= -Z => said.push(format!(
            "its samples are near copies of training utterances (z {}, accuracy against their sources {v:.2})",
            signed(z)
        )),
        (Some(z), _) if z <= -Z => said.push(format!(
            "its samples lie nearer to training utterances than other real ones do (z {})",
            signed(z)
        )),
        (Some(z), _) if z >= Z => {
            said.push(format!("its samples lie off the training utterances (z {})", signed(z)));
        }
        _ => {}
    }
    if let Some(v) = of(Diagnostic::CopySpread).filter(|v| *v <= SAME) {
        said.push(format!("the samples of one source are all the same (copy spread {v:.2})"));
    }
    if let Some(v) = of(Diagnostic::Recall) {
        if v <= judged.chance + NOTHING {
            said.push(format!(
                "the class of a sample comes from nothing (recall {v:.2}, chance {:.2})",
                judged.chance
            ));
        } else if let Some(real) = removed.filter(|real| v >= real + PROTOTYPES) {
            said.push(format!(
                "its samples are easier to recognise than removed real utterances, as prototypes are (recall {v:.2} against \
                 {real:.2})"
            ));
        }
    }
    if let Some(v) = of(Diagnostic::Usefulness).filter(|v| *v <= judged.chance + USELESS) {
        said.push(format!(
            "a classifier that knows the reduced classes from its samples alone is at chance on real ones ({v:.2})"
        ));
    }
    let knows = of(Diagnostic::Recall).zip(removed).is_some_and(|(v, real)| v >= real);
    if let Some(gain) = row.gain.filter(|g| *g < GAIN && fake.is_some() && knows && !row.copies) {
        said.push(format!(
            "its class is easy and its gain over copies is {} points: a classifier can learn fake samples as a class",
            signed(gain)
        ));
    }
    said
}

/// One decimal with a minus that is one.
fn signed(v: f64) -> String {
    format!("{v:.1}").replace('-', "−")
}
