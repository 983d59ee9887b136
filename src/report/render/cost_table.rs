//! What each condition costs, as a table.

use super::text::{digit_groups, sign};
use super::text_table::TextTable;
use crate::analysis::aggregate::{by_unit, differences, main_column, samples, unit};
use crate::analysis::cost::ConditionCost;
use crate::analysis::loaded_run::LoadedRun;
use seraug_core::error::Result;
use seraug_core::spec::Generator;

/// One row a condition, beside what it gains; none where no generator is trained.
///
/// # Errors
/// As [`ConditionCost::of`].
pub fn cost_table(run: &LoadedRun) -> Result<Option<TextTable>> {
    let costs = ConditionCost::of(run)?;
    if costs.is_empty() {
        return Ok(None);
    }
    let (samples, unit) = (samples(run), unit(run));
    let baseline = |c: usize| run.spec.condition[run.spec.baseline_of(c)].label();
    let gain = |c: usize| -> Result<String> {
        let of = run.spec.baseline_of(c);
        if of == c {
            return Ok("–".to_owned());
        }
        let found = by_unit(&differences(&samples, main_column(run), c, of), unit)?;
        let values: Vec<f64> = found.into_values().flatten().map(|(_, value)| value).collect();
        Ok(match values.len() {
            0 => "–".to_owned(),
            n => sign(values.iter().sum::<f64>() / n as f64),
        })
    };
    let seconds = |s: f64| if s < 0.05 { "–".to_owned() } else { format!("{s:.1}") };
    // Of several data sets the tables of results have a gain each.
    let with_gain = run.data_sets().len() == 1;
    let with_sizes = costs.iter().any(|cost| cost.segments.is_some());
    let rows = costs.iter().map(|cost| {
        let [autoencoder, generator, classifier] = cost.seconds.map(seconds);
        let iterations: Vec<String> =
            cost.iterations.iter().flatten().filter(|n| **n > 0).map(|n| digit_groups(*n as u64)).collect();
        let or_dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        let parameters = cost.parameters.filter(|n| *n > 0).map_or_else(String::new, digit_groups);
        let label = run.spec.condition[cost.condition].label().to_owned();
        let converts = run.spec.condition[cost.condition].augment.generator().and_then(Generator::converts);
        let about = if converts.is_some() && cost.segments.is_none() { "≈ " } else { "" };
        let count = |n: f64, about: &str| if n > 0.0 { format!("{about}{n:.0}") } else { "–".to_owned() };
        let segments = with_sizes.then(|| cost.segments.map_or_else(|| "?".to_owned(), |n| count(n, "")));
        let percent = |all: &Vec<f64>| all.iter().map(|v| format!("{v:.0}")).collect::<Vec<_>>().join(" · ");
        let shares = with_sizes.then(|| cost.shares.as_ref().map_or_else(|| "?".to_owned(), percent));
        let added = std::iter::once(count(cost.added, about)).chain(segments).chain(shares);
        let of_cell =
            [or_dash(iterations.join(" + ")), or_dash(parameters), autoencoder, generator, classifier];
        let gain = if with_gain { Some(gain(cost.condition)?) } else { None };
        let cells = std::iter::once(label).chain(of_cell).chain(added).chain(gain);
        Ok(cells.collect::<Vec<String>>().into())
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let against: Vec<&str> = costs.iter().map(|cost| baseline(cost.condition)).collect();
    let gains = match against.as_slice() {
        [first, others @ ..] if others.iter().all(|other| other == first) => format!("vs {first}"),
        _ => "vs its baseline".to_owned(),
    };
    let headings =
        ["condition", "iterations", "parameters", "autoencoder, s", "generator, s", "classifier, s", "added"];
    let shares = format!("{}, %", run.spec.class_names().join(" · "));
    let sizes = if with_sizes { vec!["segments", shares.as_str()] } else { Vec::new() };
    let headings = headings.into_iter().chain(sizes).chain(with_gain.then_some(gains.as_str()));
    Ok(Some(TextTable {
        title: "Cost".into(),
        caption: "Means over cells. Iterations: of the autoencoder, which conditions share, and of the generator. Parameters: of all \
                  networks that are trained for the samples. Seconds: wall time of one training of each on the device of the run, \
                  beside whatever else ran there; – where there is none. Added: utterances, ≈ where as many segments as those would \
                  have are converted."
            .to_owned()
            + if with_sizes {
                " Segments: of what is added; then what share of the segments of the training set each class has; ? where some cells do not \
                 say, as those of earlier versions."
            } else {
                ""
            },
        headings: headings.map(str::to_owned).collect(),
        rows,
        words: 1,
        ..TextTable::default()
    }))
}
