//! What is the matter with the samples of a condition, in sentences: one rule a sentence, all thresholds here (docs/judge.md).

use super::samples::{Judged, JudgedRow};
use seraug_core::run_files::{Diagnostic, PointSpace};

/// Accuracy of the classifier test from which samples are recognised as fake.
const FAKE: f64 = 0.9;
/// Coverage up to which samples are all alike, where that of kept real utterances is at least [`COVERED`].
const UNCOVERED: f64 = 0.1;
/// Coverage of kept real utterances below which coverage says nothing.
const COVERED: f64 = 0.3;
/// Spread below which samples are all alike.
const NARROW: f64 = 0.3;
/// Absolute z of the copying test from which distances to the training utterances differ; nearer is held against kept real
/// utterances, which the judge was trained on.
const Z: f64 = 2.0;
/// Accuracy of the source test up to which samples lie beside their sources.
const BESIDE: f64 = 0.25;
/// Copy spread up to which the copies of a source are one and the same.
const SAME: f64 = 0.05;
/// Recall above chance up to which a class comes from nothing.
const NOTHING: f64 = 0.1;
/// Recall above that of removed and of kept real utterances from which samples are prototypes.
const PROTOTYPES: f64 = 0.1;
/// Usefulness in the mel bands above chance up to which samples teach nothing.
const USELESS: f64 = 0.05;
/// Share that the judge takes for classes of which nothing was removed, from which samples are of those, where it is [`PROTOTYPES`] above that of
/// removed utterances.
const OTHERS: f64 = 0.5;
/// Decibels above kept real utterances, and twice as deep as of those, from which a ripple is one.
const RIPPLE: f64 = 0.5;
/// Percentage points under which a gain over copies is none.
const GAIN: f64 = 1.0;

/// A sentence for each condition that makes samples: what the embedding says, then what the mel bands say.
pub fn sentences(judged: &Judged) -> Vec<String> {
    let of = |row: &JudgedRow| {
        let [embedding, bands] =
            [PointSpace::Embedding, PointSpace::Bands].map(|s| signatures(judged, row, s).join("; "));
        match (embedding.as_str(), bands.as_str()) {
            ("", "") => format!("{}: none of the signatures of failure.", row.label),
            ("", bands) => format!("{}: nothing in the embedding; in the mel bands {bands}.", row.label),
            (embedding, "") => format!("{}: {embedding}.", row.label),
            (embedding, bands) => format!("{}: {embedding}. In the mel bands {bands}.", row.label),
        }
    };
    judged.rows.iter().filter(|row| row.condition.is_some()).map(of).collect()
}

/// The signatures that a row has in a space, each with the number that it is by.
fn signatures(judged: &Judged, row: &JudgedRow, space: PointSpace) -> Vec<String> {
    let of = |measure| row.mean(space, measure);
    let kept = |measure| judged.against("kept real").and_then(|k| k.mean(space, measure));
    let mut said = Vec::new();
    let fake = of(Diagnostic::ClassifierTest).filter(|v| *v >= FAKE);
    let covers = kept(Diagnostic::Coverage).is_some_and(|v| v >= COVERED);
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
    said.extend(place(of, kept(Diagnostic::Copying).unwrap_or(0.0).min(0.0)));
    match space {
        PointSpace::Embedding => said.extend(of_classes(judged, row, fake.is_some())),
        PointSpace::Bands => {
            said.extend(ripples(of, kept));
            said.extend(of(Diagnostic::Usefulness).filter(|v| *v <= judged.chance + USELESS).map(|v| {
                format!("a classifier that knows the reduced classes from its samples alone is at chance on real ones ({v:.2})")
            }));
        }
    }
    said
}

/// What repeats in the samples and not in kept real utterances.
fn ripples(
    of: impl Fn(Diagnostic) -> Option<f64>,
    kept: impl Fn(Diagnostic) -> Option<f64>,
) -> Option<String> {
    let deep = |(measure, along): (Diagnostic, &str)| {
        let (own, real) = (of(measure)?, kept(measure)?);
        let shown = own >= 2.0 * real && own >= real + RIPPLE;
        shown.then(|| format!("{along} {own:.1} dB, kept real {real:.1}"))
    };
    let found: Vec<String> = [(Diagnostic::RippleTime, "over time"), (Diagnostic::RippleBands, "over bands")]
        .into_iter()
        .filter_map(deep)
        .collect();
    (!found.is_empty())
        .then(|| format!("its samples ripple every 2 to 8 frames or bands ({})", found.join("; ")))
}

/// Where samples lie: by their sources, by training utterances, or off these; `floor` is the copying z of kept real utterances, 0 where that
/// is above.
fn place(of: impl Fn(Diagnostic) -> Option<f64>, floor: f64) -> Vec<String> {
    let mut said = Vec::new();
    let beside = of(Diagnostic::SourceTest).filter(|v| *v <= BESIDE);
    match (of(Diagnostic::Copying), beside) {
        (Some(z), Some(v)) if z <= -Z => said.push(format!(
            "its samples are near copies of training utterances (z {}, accuracy against their sources {v:.2})",
            signed(z)
        )),
        (Some(z), _) if z <= floor - Z => said.push(format!(
            "its samples lie nearer to training utterances than other real ones do (z {}, kept real {})",
            signed(z),
            signed(floor)
        )),
        (Some(z), _) if z >= Z => {
            said.push(format!("its samples lie off the training utterances (z {})", signed(z)));
        }
        _ => {}
    }
    said.extend(
        of(Diagnostic::CopySpread)
            .filter(|v| *v <= SAME)
            .map(|v| format!("the samples of one source are all the same (copy spread {v:.2})")),
    );
    said
}

/// What the judge makes of the classes of samples, which are `fake` or not.
fn of_classes(judged: &Judged, row: &JudgedRow, fake: bool) -> Vec<String> {
    let mut said = Vec::new();
    let recall =
        |label| judged.against(label).and_then(|r| r.mean(PointSpace::Embedding, Diagnostic::Recall));
    let (removed, seen) = (recall("removed real"), recall("kept real").unwrap_or(0.0));
    let own = row.mean(PointSpace::Embedding, Diagnostic::Recall);
    if let Some(v) = own {
        if v <= judged.chance + NOTHING {
            said.push(format!(
                "the class of a sample comes from nothing (recall {v:.2}, chance {:.2})",
                judged.chance
            ));
        } else if let Some(real) = removed.filter(|real| v >= real.max(seen) + PROTOTYPES) {
            said.push(format!(
                "its samples are easier to recognise than real utterances, as prototypes are (recall {v:.2}, removed real {real:.2})"
            ));
        }
    }
    let taken = |row: &JudgedRow| row.mean(PointSpace::Embedding, Diagnostic::TakenForKept);
    let real = judged.against("removed real").and_then(taken).unwrap_or(0.0);
    if let Some(v) = taken(row).filter(|v| *v >= OTHERS && *v >= real + PROTOTYPES) {
        said.push(format!(
            "the judge takes most of its samples for classes of which nothing was removed ({v:.2}, removed real {real:.2})"
        ));
    }
    let knows = own.zip(removed).is_some_and(|(v, real)| v >= real);
    if let Some(gain) = row.gain.filter(|g| *g < GAIN && fake && knows && !row.copies) {
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
