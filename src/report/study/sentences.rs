//! What a study shows, in sentences that claim no more than its intervals.

use super::comparison::{CorpusDifference, StudyComparison};
use super::member::StudyMember;
use crate::compare::{p_value, range};
use crate::render::caption::list;
use crate::render::text::sign;
use crate::stats::Equivalence;
use seraug_core::text::plural;

/// The sentence of a comparison.
pub(super) fn sentence(comparison: &StudyComparison, members: &[StudyMember], margin: f64) -> String {
    let name = format!("{} against {}", comparison.condition, comparison.baseline);
    let Some(pooled) = &comparison.pooled else {
        return format!("{name}: {}", unpooled(comparison, members, margin));
    };
    let [low, high] = pooled.effect.interval(0.95);
    let corpora = pooled.weights.len();
    let mut text = format!(
        "{name}: {} points over {corpora} corpora (95 % interval {}), which {}",
        sign(pooled.effect.estimate),
        range(low, high),
        difference(comparison, low > 0.0 || high < 0.0)
    );
    if let Some(e) = &comparison.equivalence {
        let also = comparison.shows_difference() == comparison.shows_equivalence();
        text += &format!("; {}", equivalence(comparison, e, also));
    }
    text += &match pooled.prediction {
        Some([low, high]) => format!(
            "; in a new corpus of this kind the difference would be expected between {} points",
            range(low, high).replace(" to ", " and ")
        ),
        // The caption says why an interval of two corpora is so wide.
        None => String::new(),
    };
    text + "."
}

/// What is said where fewer than two corpora have a standard error.
fn unpooled(comparison: &StudyComparison, members: &[StudyMember], margin: f64) -> String {
    let known: Vec<&CorpusDifference> = comparison.rows.iter().filter(|r| r.effect.is_some()).collect();
    match known[..] {
        [] if comparison.rows.is_empty() => "no corpus has a result.".to_owned(),
        [] => {
            let of: Vec<String> = comparison
                .rows
                .iter()
                .map(|r| format!("{} {}", members[r.member].label, sign(r.difference)))
                .collect();
            format!("no corpus has an interval, so that nothing is pooled ({}).", list(&of))
        }
        [row, ..] => {
            let interval = row.effect.map(|e| e.interval(0.95)).unwrap_or_default();
            let small = match row.equivalence {
                Some(e) if e.is_within() => format!("it is smaller than {margin:.1} points in size there"),
                _ => format!("that it is smaller than {margin:.1} points in size there is not shown"),
            };
            format!(
                "{} points on {} alone (95 % interval {}), {small}; one corpus is not pooled and says nothing of others.",
                sign(row.difference),
                members[row.member].label,
                range(interval[0], interval[1])
            )
        }
    }
}

fn difference(comparison: &StudyComparison, excludes_zero: bool) -> String {
    let p = comparison.holm.map_or(String::new(), p_value);
    let among = match comparison.tests {
        1 => "p".to_owned(),
        _ => "Holm's p".to_owned(),
    };
    match (comparison.shows_difference(), excludes_zero) {
        (true, _) => format!("shows a difference ({among} {p})"),
        (false, true) => format!(
            "excludes zero, but among {} that is no rarity ({among} {p}): no difference is shown",
            plural(comparison.tests, "comparison")
        ),
        (false, false) => "does not show a difference".to_owned(),
    }
}

/// `also`: whether the same was said of the difference, shown or not shown.
fn equivalence(comparison: &StudyComparison, e: &Equivalence, also: bool) -> String {
    let interval = format!("90 % interval {}", range(e.low, e.high));
    let small = format!("smaller than {:.1} points in size", e.margin);
    let p = comparison.equivalence_holm.map_or(String::new(), p_value);
    match (comparison.shows_equivalence(), e.is_within()) {
        (true, _) => {
            format!("that it is {small} is shown{} ({interval})", if also { " too" } else { "" })
        }
        (false, true) => format!(
            "its 90 % interval ({}) lies within {:.1} points, but among {} that is no rarity (Holm's p {p}): that it is {small} \
             is not shown",
            range(e.low, e.high),
            e.margin,
            plural(comparison.tests, "comparison")
        ),
        (false, false) => {
            format!("that it is {small} is not shown{} ({interval})", if also { " either" } else { "" })
        }
    }
}
