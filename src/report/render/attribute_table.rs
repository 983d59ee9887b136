//! Recalls by gender, language or text, as a table.

use super::text::{cut, data_set_label, sign};
use super::text_table::TextTable;
use crate::analysis::attributes::{Attribute, AttributeRecalls, ValueRecall};
use crate::analysis::loaded_run::LoadedRun;
use crate::stats::{Bootstrap, MIN_SPEAKERS};
use seraug_core::metrics::Confusion;
use seraug_core::text::plural;

/// Most values in a table; of more, those with the most predictions are shown.
const MOST: usize = 40;
/// Most characters of a value.
const WIDTH: usize = 40;

/// One row a value, one column a condition. The title names the data set where the run has several.
pub fn attribute_table(run: &LoadedRun, found: &AttributeRecalls) -> TextTable {
    let tested = |v: &ValueRecall| v.confusions.iter().map(Confusion::total).max().unwrap_or(0);
    let mut most: Vec<&ValueRecall> = found.values.iter().collect();
    most.sort_by_key(|v| std::cmp::Reverse(tested(v)));
    most.truncate(MOST);
    let shown = found.values.iter().filter(|v| most.iter().any(|m| std::ptr::eq(*m, *v)));
    let cell = |(uar, confusion): (&Option<Bootstrap>, &Confusion)| {
        let lacks = (0..confusion.classes()).any(|c| confusion.recall(c).is_none());
        uar.map_or("–".to_owned(), |u| number(&u, false) + if lacks { "*" } else { "" })
    };
    let mut rows: Vec<_> = shown
        .map(|v| {
            let head = [cut(&v.value, WIDTH), v.speakers.to_string(), tested(v).to_string()];
            head.into_iter()
                .chain(std::iter::zip(&v.uars, &v.confusions).map(cell))
                .collect::<Vec<_>>()
                .into()
        })
        .collect();
    if let Some((name, differences)) = &found.difference {
        let number = |d: &Option<Bootstrap>| d.map_or("–".to_owned(), |d| number(&d, true));
        let head = [name.clone(), String::new(), String::new()];
        rows.push(head.into_iter().chain(differences.iter().map(number)).collect::<Vec<_>>().into());
    }
    let conditions = run.spec.condition.iter().map(|c| c.label().to_owned());
    let head = [found.attribute.name(), "speakers", "n"].map(str::to_owned);
    let of_set = match run.data_sets().len() {
        1 => String::new(),
        _ => format!(": {}", data_set_label(&found.data_set)),
    };
    TextTable {
        title: format!("By {}{of_set}", found.attribute.name()),
        caption: caption(found, MOST < found.values.len()),
        headings: head.into_iter().chain(conditions).collect(),
        rows,
        words: 1,
        ..TextTable::default()
    }
}

/// `61.2 (55.1 to 67.0)`, in percent; with signs for a difference.
fn number(b: &Bootstrap, signed: bool) -> String {
    let one = |v: f64| if signed { sign(100.0 * v) } else { format!("{:.1}", 100.0 * v) };
    let interval =
        b.interval.map_or(String::new(), |[low, high]| format!(" ({} to {})", one(low), one(high)));
    one(b.difference) + &interval
}

fn caption(found: &AttributeRecalls, cut: bool) -> String {
    let mut text = format!(
        "UAR in percent, counts pooled over folds and seeds, so that it is not the mean over folds of the table of results. n: \
         predictions of a condition. In brackets: 95 % interval of a bootstrap over the test speakers, all predictions of a \
         speaker drawn together; it takes the trained models as given and is too narrow; none below {MIN_SPEAKERS} speakers. "
    );
    let lacks = |v: &ValueRecall| {
        v.confusions.iter().any(|c| c.total() > 0 && (0..c.classes()).any(|k| c.recall(k).is_none()))
    };
    if found.values.iter().any(lacks) {
        text += "*: over fewer classes, because no test utterance of this value has the others: not to be compared. ";
    }
    if let Some((name, _)) = &found.difference {
        text += &format!(
            "{name}: difference in percentage points, both groups of speakers drawn anew; none with fewer than {MIN_SPEAKERS} in \
             either. "
        );
    }
    if found.attribute == Attribute::Text && found.left_out > 0 {
        text += &format!(
            "Left out: {} of one speaker alone, or beyond those with most predictions. ",
            plural(found.left_out, "text")
        );
    }
    if cut {
        text += &format!("Here are the {MOST} with most predictions, of {}. ", found.values.len());
    }
    text += "Intervals are not corrected for their number. by-attribute.csv has the recall of each class.";
    text
}
