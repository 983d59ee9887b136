//! The share of the gap closed, as a table.

use super::text::sign;
use super::text_table::TextTable;
use crate::analysis::gap::{Gap, GapShare};
use crate::analysis::loaded_run::LoadedRun;
use crate::stats::Fieller;

/// One row a condition: points over the base and the share of the gap that they are.
pub fn gap_table(run: &LoadedRun, gap: &Gap) -> TextTable {
    let label = |c: usize| run.spec.condition[c].label().to_owned();
    let (base, full) = (label(gap.base), label(gap.full));
    let row = |s: &GapShare| {
        let share = s.share.map_or("–".into(), |f| share(&f));
        vec![label(s.condition), sign(s.points), share].into()
    };
    TextTable {
        title: "Share of the gap closed".into(),
        caption: format!(
            "{full} is trained on what the reduction removes too, and is {} points better than {base} on the same test \
             folds: the gap. A share is the points of a condition over {base} in percent of that gap: 0 is {base}, 100 \
             {full}. 95 % intervals after Fieller (1954); none where the gap itself is not told from zero.",
            sign(gap.width)
        ),
        headings: ["condition", &format!("vs {base}"), "share of the gap, %"].map(str::to_owned).to_vec(),
        rows: gap.shares.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    }
}

/// `64 (41 to 90)`, in percent.
pub fn share(f: &Fieller) -> String {
    let percent = |v: f64| format!("{:.0}", 100.0 * v).replace('-', "−");
    match f.interval {
        Some([low, high]) => format!("{} ({} to {})", percent(f.ratio), percent(low), percent(high)),
        None => format!("{} (no interval)", percent(f.ratio)),
    }
}
