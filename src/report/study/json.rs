//! A study as JSON, for `seraug study --json`.

use super::StudyContents;
use super::csv::rows;
use serde_json::{Value, json};

/// What `seraug study --json` prints, without the paths of the files: percentage points in full; null where there is no number.
pub(super) fn json(contents: &StudyContents) -> Value {
    let comparisons = std::iter::zip(&contents.comparisons, &contents.verdict).map(|(c, sentence)| {
        json!({
            "condition": c.pair.condition,
            "baseline": c.pair.baseline,
            "difference_shown": c.shows_difference(),
            "equivalence_shown": c.shows_equivalence(),
            "sentence": sentence,
            "rows": rows::<Option<f64>>(c, contents),
        })
    });
    json!({
        "study": contents.name,
        "comparisons": comparisons.collect::<Vec<Value>>(),
        "missing": contents.missing,
        "warnings": contents.warnings,
    })
}
