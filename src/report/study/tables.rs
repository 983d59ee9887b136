//! The tables of a study.

use super::StudyContents;
use super::comparison::{CorpusDifference, StudyComparison};
use super::member::StudyMember;
use crate::analysis::aggregate::{Unit, main_column};
use crate::compare::{p_value, range};
use crate::render::caption::list;
use crate::render::gap_table::share;
use crate::render::text::{capital, sign};
use crate::render::text_table::{TextRow, TextTable};
use crate::stats::{Equivalence, PooledEffect};
use seraug_core::digest::digest_hex;

/// Characters of a digest that tables show.
const DIGEST: usize = 10;

fn none() -> String {
    "–".to_owned()
}

fn headings(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn interval([low, high]: [f64; 2]) -> String {
    range(low, high)
}

/// Every comparison in a row, the primary ones first.
pub(super) fn pooled(contents: &StudyContents) -> TextTable {
    let margin = contents.margin;
    let row = |c: &StudyComparison| -> TextRow {
        let of = |text: &dyn Fn(&PooledEffect) -> String| c.pooled.as_ref().map_or_else(none, text);
        vec![
            format!("{}{}", c.name(), if c.is_primary { "" } else { " (secondary)" }),
            format!("{} of {}", c.rows.iter().filter(|r| r.effect.is_some()).count(), contents.planned),
            of(&|p| sign(p.effect.estimate)),
            of(&|p| interval(p.effect.interval(0.95))),
            of(&|p| format!("{} ({})", p_value(p.effect.p()), c.holm.map_or_else(none, p_value))),
            c.equivalence.map_or_else(none, |e| range(e.low, e.high)),
            c.equivalence_holm.map_or_else(none, |p| within(c.shows_equivalence(), p)),
            of(&|p| format!("{:.1} ({:.0} %)", p.tau2, 100.0 * p.i2)),
            of(&|p| p.prediction.map_or_else(none, interval)),
        ]
        .into()
    };
    let small = format!("within ±{margin:.1}");
    TextTable {
        title: "Pooled over corpora".into(),
        caption: caption(contents),
        headings: headings(&[
            "comparison",
            "corpora",
            "difference",
            "95 % interval",
            "p (Holm)",
            "90 % interval",
            &small,
            "tau² (I²)",
            "new corpus",
        ]),
        rows: contents.comparisons.iter().map(row).collect(),
        words: 1,
        notes: contents.comparisons.iter().flat_map(|c| notes(c, contents)).collect(),
        ..TextTable::default()
    }
}

/// `shown (0.003)`.
fn within(is_shown: bool, p: f64) -> String {
    format!("{} ({})", if is_shown { "shown" } else { "not shown" }, p_value(p))
}

fn caption(contents: &StudyContents) -> String {
    let quantity = contents.quantity.as_deref().unwrap_or("main column");
    let of_two = contents.comparisons.iter().filter_map(|c| c.pooled.as_ref()).any(|p| p.weights.len() == 2);
    let two = match of_two {
        true => {
            " Two corpora are too few to say what a new one would give: their interval reaches 12.7 standard errors to either side."
        }
        false => "",
    };
    format!(
        "Difference in {quantity}, percentage points, pooled by a random-effects model: the variance tau² of the true differences \
         between corpora by Paule and Mandel, the standard error by Hartung and Knapp and never below that without their factor, \
         t with one degree of freedom less than corpora. Holm: p corrected over the primary or the secondary comparisons of the spec. within ±{margin:.1}: whether the difference is shown to \
         be smaller than the {margin:.1} points that the spec takes as none, by two one-sided tests (their interval is the one of \
         90 %), with their p corrected likewise. I²: the share of the variation between corpora that is not error. new corpus: the \
         95 % prediction interval of the true difference in another corpus of this kind, from three corpora on. The corpora's \
         standard errors are estimated from few folds each and taken as known, so that all of this is approximate.{two}",
        margin = contents.margin,
    )
}

/// What the row of a comparison does not say.
fn notes(c: &StudyComparison, contents: &StudyContents) -> Vec<String> {
    let name = c.name();
    let mut notes = Vec::new();
    let has = |i: &usize| c.rows.iter().any(|r| r.member == *i);
    let lacking: Vec<&str> =
        (0..contents.members.len()).filter(|i| !has(i)).map(|i| contents.members[i].label.as_str()).collect();
    if !lacking.is_empty() {
        notes.push(format!("{name}: not compared on {}.", list(&lacking)));
    }
    let single: Vec<&str> = c
        .rows
        .iter()
        .filter(|r| r.effect.is_none())
        .map(|r| contents.members[r.member].label.as_str())
        .collect();
    if !single.is_empty() {
        notes.push(format!("{name}: not pooled with {}, for want of a standard error.", list(&single)));
    }
    if let Some(p) = &c.pooled {
        // What two decimals do not tell is not told.
        let own = if format!("{:.2}", p.unlimited_se) != format!("{:.2}", p.effect.se) {
            format!(
                " The corpora agree more closely than their own errors allow; Hartung and Knapp's factor alone would make the \
                 standard error {:.2} instead of {:.2}.",
                p.unlimited_se, p.effect.se
            )
        } else {
            String::new()
        };
        notes.push(format!("{name}: Q {:.1}, p {}.{own}", p.q, p_value(p.q_p)));
    }
    notes
}

/// Every comparison on each corpus, the primary ones first.
pub(super) fn each_corpus(contents: &StudyContents) -> TextTable {
    let row = |c: &StudyComparison| -> TextRow {
        let of = |member: usize| {
            let Some(r) = c.rows.iter().find(|r| r.member == member) else { return [none(), none()] };
            let ends = r.effect.map_or_else(String::new, |e| format!(" ({})", interval(e.interval(0.95))));
            [format!("{}{ends}", sign(r.difference)), r.holm.map_or_else(none, p_value)]
        };
        let name = format!("{}{}", c.name(), if c.is_primary { "" } else { " (secondary)" });
        std::iter::once(name).chain((0..contents.members.len()).flat_map(of)).collect::<Vec<_>>().into()
    };
    let names = contents.members.iter().flat_map(|m| [m.label.clone(), "p (Holm)".to_owned()]);
    TextTable {
        title: "On each corpus".into(),
        caption: format!(
            "Difference in {}, percentage points, with its 95 % interval, Student's t over the folds of the corpus: of this comparison alone, not \
             corrected for their number. Holm: p corrected over the primary or the secondary comparisons of the spec on that corpus.",
            contents.quantity.as_deref().unwrap_or("main column")
        ),
        headings: std::iter::once("comparison".to_owned()).chain(names).collect(),
        rows: contents.comparisons.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    }
}

/// A comparison corpus by corpus, the pooled difference last.
pub(super) fn detail(c: &StudyComparison, contents: &StudyContents) -> TextTable {
    let small = format!("within ±{:.1}", contents.margin);
    let ninety = |e: Option<Equivalence>| e.map_or_else(none, |e| range(e.low, e.high));
    let row = |r: &CorpusDifference| -> TextRow {
        let member = &contents.members[r.member];
        vec![
            member.label.clone(),
            design(r, member),
            r.speakers.to_string(),
            sign(r.difference),
            r.effect.map_or_else(none, |e| interval(e.interval(0.95))),
            r.effect.map_or_else(none, |e| p_value(e.p())),
            ninety(r.equivalence),
            r.equivalence.map_or_else(none, |e| within(e.is_within(), e.p)),
            r.weight.map_or_else(none, |w| format!("{:.0} %", 100.0 * w)),
        ]
        .into()
    };
    let mut rows: Vec<TextRow> = c.rows.iter().map(row).collect();
    if let Some(p) = &c.pooled {
        let speakers: usize = c.rows.iter().filter(|r| r.effect.is_some()).map(|r| r.speakers).sum();
        rows.push(
            vec![
                "pooled".to_owned(),
                String::new(),
                speakers.to_string(),
                sign(p.effect.estimate),
                interval(p.effect.interval(0.95)),
                p_value(p.effect.p()),
                ninety(c.equivalence),
                c.equivalence_holm.map_or_else(none, |p| within(c.shows_equivalence(), p)),
                "100 %".to_owned(),
            ]
            .into(),
        );
    }
    TextTable {
        title: c.name(),
        caption: format!(
            "Percentage points. Of each corpus: the test of its own page. No p is corrected for the number of tests, but that of \
             {small} in the pooled row is. weight: the share in the pooled difference."
        ),
        headings: headings(&[
            "corpus",
            "folds × seeds",
            "speakers",
            "difference",
            "95 % interval",
            "p",
            "90 % interval",
            &small,
            "weight",
        ]),
        rows,
        words: 1,
        ..TextTable::default()
    }
}

/// `10 × 3`; fewer pairs of fold and seed than that are counted.
pub(super) fn design(r: &CorpusDifference, member: &StudyMember) -> String {
    let seeds = member.run.spec.seeds.len();
    match r.unit {
        Unit::Fold if r.units * seeds == r.pairs => format!("{} × {seeds}", r.units),
        Unit::Fold => format!("{} of {} × {seeds}", r.pairs, r.units),
        Unit::Seed => format!("1 × {}", r.units),
    }
}

/// The main column of every condition in every corpus.
pub(super) fn conditions(contents: &StudyContents) -> TextTable {
    let row = |(name, label): &(String, String)| -> TextRow {
        let of = |m: &StudyMember| {
            let at = m.run.spec.condition.iter().position(|c| c.name == *name);
            at.and_then(|i| m.table.entry(i, main_column(&m.run))).map_or_else(none, |e| e.plain())
        };
        std::iter::once(label.clone()).chain(contents.members.iter().map(of)).collect::<Vec<String>>().into()
    };
    TextTable {
        title: "Every condition".into(),
        caption: format!(
            "{}, percent: mean ± half of the 95 % interval, Student t over the folds of a corpus. Two overlapping intervals decide \
             nothing: the differences above are paired.",
            contents.quantity.as_deref().map_or("Main column".to_owned(), capital)
        ),
        headings: std::iter::once("condition".to_owned())
            .chain(contents.members.iter().map(|m| m.label.clone()))
            .collect(),
        rows: contents.conditions.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    }
}

/// Which share of the gap each condition closes; `None` where no run has a condition that trains on everything.
pub(super) fn shares(contents: &StudyContents) -> Option<TextTable> {
    let mut rows = Vec::new();
    for (name, label) in &contents.conditions {
        let mut row = vec![label.clone()];
        for m in &contents.members {
            let at = m.run.spec.condition.iter().position(|c| c.name == *name);
            row.push(at.and_then(|i| m.share(i)).map_or_else(none, |f| share(&f)));
        }
        if row[1..].iter().any(|cell| *cell != none()) {
            rows.push(row.into());
        }
    }
    let of =
        |m: &StudyMember| m.run.spec.condition.iter().find(|c| c.unreduced).map(|c| c.label().to_owned());
    let whole = contents.members.iter().find_map(of).filter(|_| !rows.is_empty())?;
    Some(TextTable {
        title: "Share of the gap closed".into(),
        caption: format!(
            "Percent of the way from the baseline of a condition (0) to {whole}, which trains on everything that was removed (100), \
             with Fieller's 95 % interval over the folds; none where {whole} is not told from the baseline."
        ),
        headings: std::iter::once("condition".to_owned())
            .chain(contents.members.iter().map(|m| m.label.clone()))
            .collect(),
        rows,
        words: 1,
        ..TextTable::default()
    })
}

/// Where the numbers of each corpus come from.
pub(super) fn provenance(contents: &StudyContents) -> TextTable {
    let row = |m: &StudyMember| -> TextRow {
        let info = &m.run.info;
        let seeds: Vec<String> = m.run.spec.seeds.iter().map(u64::to_string).collect();
        vec![
            m.label.clone(),
            m.name(),
            if m.is_finished { "finished" } else { "not finished" }.to_owned(),
            info.revision.clone(),
            spec_digest(m),
            m.run.spec.preset.name().to_owned(),
            seeds.join(", "),
            info.device.class.to_string(),
            info.device.name.clone(),
        ]
        .into()
    };
    TextTable {
        title: "Provenance".into(),
        caption: format!("spec: the first {DIGEST} digits of the SHA-256 of the resolved spec."),
        headings: headings(&[
            "corpus",
            "run",
            "state",
            "revision",
            "spec",
            "preset",
            "seeds",
            "device",
            "processor",
        ]),
        rows: contents.members.iter().map(row).collect(),
        words: 9,
        ..TextTable::default()
    }
}

/// The beginning of the digest of a resolved spec.
pub(super) fn spec_digest(member: &StudyMember) -> String {
    digest_hex(member.run.spec.to_toml().as_bytes())[..DIGEST].to_owned()
}
