//! What a run shows, in two sentences made from its numbers.

use crate::analysis::aggregate::{Column, Unit, main_column};
use crate::analysis::loaded_run::LoadedRun;
use crate::compare::Contrast;
use crate::render::caption::{corpus, list};
use crate::render::result_table::{ResultTable, TableEntry, paired};
use crate::render::text::{capital, sign};
use seraug_core::error::Result;
use seraug_core::spec::{Augment, Condition};
use seraug_core::text::plural;

/// The two sentences at the top of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// What was run: data, conditions and cells.
    pub ran: String,
    /// What it shows: the best augmentation against its baseline and against plain copies.
    pub shows: String,
}

/// Makes the sentences for the tables of a run.
pub fn verdict(run: &LoadedRun, tables: &[ResultTable], contrasts: &[Contrast]) -> Result<Headline> {
    let shows = match tables {
        [table] => shows(run, table, contrasts)?,
        _ => shows_of_sets(run, tables, contrasts),
    };
    Ok(Headline { ran: ran(run, tables), shows })
}

/// For a run with several data sets: the mean difference of every condition to its baseline.
fn shows_of_sets(run: &LoadedRun, tables: &[ResultTable], contrasts: &[Contrast]) -> String {
    let sets = run.data_sets();
    let mut found = Vec::new();
    let spec = &run.spec;
    for c in (0..spec.condition.len()).filter(|&c| spec.baseline_of(c) != c) {
        let (label, base) = (spec.condition[c].label(), spec.condition[spec.baseline_of(c)].label());
        let of: Vec<(&str, &TableEntry)> = std::iter::zip(&sets, tables)
            .filter_map(|(set, t)| Some((*set, t.entry(c, Column::Difference)?)))
            .collect();
        let shown = |(set, d): &&(&str, &TableEntry)| {
            let rare = holm(run, contrasts, set, c, spec.baseline_of(c)).is_none_or(|h| h.0 < 0.05);
            d.excludes_zero() && d.interval.mean > 0.0 && rare
        };
        found.push(match of.len() {
            0 => format!("{label} has no pair with {base}"),
            n => format!(
                "{label} {} over {base} (shown in {} of {n})",
                sign(of.iter().map(|d| d.1.interval.mean).sum::<f64>() / n as f64),
                of.iter().filter(shown).count(),
            ),
        });
    }
    let few = tables.iter().all(|t| t.unit == Unit::Seed) && spec.seeds.len() < 3;
    let few = if few { " With so few seeds no difference can be shown." } else { "" };
    format!(
        "Points of {} on average over the data sets, and in how many of them a gain is shown (95 % interval above zero, \
         Holm's p below 0.05): {}.{few}",
        what(run),
        found.join("; ")
    )
}

fn ran(run: &LoadedRun, tables: &[ResultTable]) -> String {
    let labels: Vec<&str> = run.spec.condition.iter().map(Condition::label).collect();
    let rows = || tables.iter().flat_map(|t| &t.rows);
    let done: usize = rows().map(|r| r.done).sum();
    let planned: usize = rows().map(|r| r.planned).sum();
    let corpora: Vec<String> = run
        .info
        .corpus
        .iter()
        .map(|c| format!("{} ({} utterances, {} speakers)", corpus(&c.name, c.synthetic), c.used, c.speakers))
        .collect();
    let corpora: Vec<&str> = corpora.iter().map(String::as_str).collect();
    let on = if corpora.is_empty() { list(&run.data_sets()) } else { list(&corpora) };
    let reduced = match &run.spec.reduction {
        Some(r) if r.share > 0.0 => {
            let names = run.spec.class_names();
            let reduced: Vec<&str> = run.reduced().iter().map(|&c| names[c]).collect();
            let how = if run.per_class() { ", one class at a time" } else { "" };
            format!(", with {:.0} % of {} removed from training{how}", 100.0 * r.share, list(&reduced))
        }
        _ => String::new(),
    };
    let (least, most) = run.trainings();
    let seeds = if least == most { plural(most, "seed") } else { format!("{least} to {most} seeds") };
    // Not every system has every fold.
    let by = if run.spec.is_scored() && planned != labels.len() * run.info.fold.len() * most {
        ", "
    } else {
        " × "
    };
    format!(
        "{} on {on}{reduced}: {done} of {planned} cells have a result ({}{by}{}{by}{seeds}).",
        capital(&list(&labels)),
        plural(labels.len(), if run.spec.is_scored() { "system" } else { "condition" }),
        match run.data_sets().len() {
            1 => plural(run.info.fold.len(), "fold"),
            n if run.info.fold.len() == n => plural(n, "data set"),
            n => format!("{} of {n} data sets", plural(run.info.fold.len(), "fold")),
        },
    )
}

/// What the main column measures, as a phrase.
fn what(run: &LoadedRun) -> &'static str {
    match main_column(run) {
        Column::Uar => "UAR",
        _ if run.per_class() => "the mean UAR of the reduced data sets",
        _ if run.rare_by_nature() => "the mean recall of the rare classes",
        _ => "the mean recall of the reduced classes",
    }
}

/// Holm's p of two conditions of the spec, and the number of tests that it is corrected for.
fn holm(run: &LoadedRun, contrasts: &[Contrast], set: &str, a: usize, b: usize) -> Option<(f64, usize)> {
    let [a, b] = [a, b].map(|i| run.spec.condition[i].name.as_str());
    let these = |c: &&Contrast| {
        let [first, second] = &c.conditions;
        c.data_set == set && ((first == a && second == b) || (first == b && second == a))
    };
    contrasts.iter().find(these).and_then(|c| Some((c.holm?, c.tests)))
}

fn shows(run: &LoadedRun, table: &ResultTable, contrasts: &[Contrast]) -> Result<String> {
    let main = main_column(run);
    let what = what(run);
    let set = run.data_sets().first().map_or(String::new(), |s| (*s).to_owned());
    let mean = |i: usize| table.entry(i, main).map(|e| e.interval.mean);
    let conditions = &run.spec.condition;
    let best_of = |wanted: &dyn Fn(&Condition) -> bool| {
        // A baseline is not a candidate.
        let candidates = (0..conditions.len())
            .filter(|&i| table.rows[i].baseline != i && wanted(&conditions[i]) && mean(i).is_some());
        candidates.max_by(|&a, &b| mean(a).unwrap_or(0.0).total_cmp(&mean(b).unwrap_or(0.0)))
    };
    let scored = run.spec.is_scored();
    let augments = |c: &Condition| scored || c.augment != Augment::None;
    let best = best_of(&augments);
    let base_row = best.map_or(0, |b| table.rows[b].baseline);
    let base = &table.rows[base_row].label;
    let Some(base_mean) = mean(base_row) else {
        return Ok(format!("{} has no result: nothing can be compared.", capital(base)));
    };
    let Some(best) = best else {
        return Ok(match scored && conditions.len() == 1 {
            true => format!(
                "{} reached {base_mean:.1} % in {what}; there is no other system to compare it with.",
                capital(base)
            ),
            false => format!("No augmentation has a result; {base} reached {base_mean:.1} % in {what}."),
        });
    };
    let rows = || std::iter::zip(conditions, &table.rows).enumerate();
    let many = rows().filter(|(i, (c, r))| r.baseline != *i && augments(c)).count() > 1;
    let against = |d: Option<&TableEntry>, row: usize, other: usize| {
        let name = &table.rows[other].label;
        let Some(d) = d else { return format!("no cell is paired with {name}") };
        let p = holm(run, contrasts, &set, row, other);
        format!("{} points over {name}, {}", d.signed(), judged(d, p))
    };
    let (label, value) = (&table.rows[best].label, mean(best).unwrap_or(0.0));
    let named = match (many, scored) {
        (false, _) => capital(label),
        (true, true) => format!("The best of the systems beside {base}, {label},"),
        (true, false) => format!("The best augmentation, {label},"),
    };
    let over_base = against(table.entry(best, Column::Difference), best, base_row);
    let mut text = format!("{named} reached {value:.1} % in {what} ({base}: {base_mean:.1} %): {over_base}");
    let copies = best_of(&|c| matches!(c.augment, Augment::Copies(_)));
    let untrained = best_of(&|c| matches!(&c.augment, Augment::TripletGan(a) if !a.trained));
    // The augmentor of the paper; without its guidance it is one of the baselines.
    let gan = best_of(&|c| matches!(&c.augment, Augment::TripletGan(a) if a.is_guided()));
    for control in [copies, untrained].into_iter().flatten() {
        let Some(gan) = gan else { break };
        let d = paired(run, table.unit, gan, control)?;
        let over = against(d.as_ref(), gan, control);
        text += &format!("; {} is {over}", table.rows[gan].label);
    }
    text += ".";
    text += &published(run, table, best);
    if many {
        text += " The best is chosen on the same test folds, which flatters it a little.";
    }
    Ok(text)
}

/// A sentence on the largest gain that the paper prints.
fn published(run: &LoadedRun, table: &ResultTable, best: usize) -> String {
    let main = main_column(run);
    let Some(at) = table.columns.iter().position(|h| h.column == main) else { return String::new() };
    let printed = |row: usize| table.rows[row].published[at];
    let pairs = (0..table.rows.len()).filter(|&i| table.rows[i].baseline != i);
    let gain = |i: usize| Some(printed(i)? - printed(table.rows[i].baseline)?);
    let most = pairs.filter(|&i| gain(i).is_some());
    let Some(row) = most.max_by(|&a, &b| gain(a).unwrap_or(0.0).total_cmp(&gain(b).unwrap_or(0.0))) else {
        return String::new();
    };
    let (from, to) = (printed(table.rows[row].baseline).unwrap_or(0.0), printed(row).unwrap_or(0.0));
    let own = match table.entry(row, Column::Difference) {
        Some(_) if row == best => String::new(),
        Some(d) => format!(", here {} points", d.signed()),
        None => ", here without a result".into(),
    };
    let label = &table.rows[row].label;
    format!(" The paper prints {from:.2} → {to:.2} for {label} ({} points{own}).", sign(to - from))
}

/// What the interval and Holm's p allow to conclude.
fn judged(d: &TableEntry, holm: Option<(f64, usize)>) -> String {
    match d.interval.half {
        None => "one value without an interval, so no difference can be shown".into(),
        Some(h) => {
            let (low, high) = (sign(d.interval.mean - h), sign(d.interval.mean + h));
            if let (true, Some((p, tests))) = (d.excludes_zero(), holm.filter(|h| h.0 >= 0.05)) {
                format!(
                    "but no difference is shown: the 95 % interval ({low} to {high}) excludes zero, and among {tests} \
                     comparisons that is no rarity (Holm's p {p:.2})"
                )
            } else if d.excludes_zero() {
                format!("and the 95 % interval ({low} to {high}) excludes zero")
            } else {
                format!("but no difference could be shown: the 95 % interval ({low} to {high}) includes zero")
            }
        }
    }
}
