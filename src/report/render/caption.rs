//! Captions: what the numbers of a table are, in words.

use crate::analysis::aggregate::{Unit, splits_anew};
use crate::analysis::loaded_run::LoadedRun;
use seraug_core::calibration::CALIBRATION_BINS;
use seraug_core::run_files::FoldSpeakers;
use seraug_core::spec::Protocol;
use seraug_core::text::plural;

/// What the intervals of a table are computed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// What counts as independent.
    pub unit: Unit,
    /// The smallest and the largest number of units of a condition.
    pub units: (usize, usize),
    /// Whether some cells have no result.
    pub incomplete: bool,
}

/// The caption of the table of a run.
pub fn caption(run: &LoadedRun, over: Over) -> String {
    let unit = over.unit;
    let spec = &run.spec;
    let names = spec.class_names();
    let chance = 100.0 / names.len() as f64;
    let reduced: Vec<&str> = run.reduced().iter().map(|&c| names[c]).collect();
    let share = match &spec.reduction {
        Some(r) => format!("{:.0} %", 100.0 * r.share),
        None => "some".to_owned(),
    };
    let mut text = format!(
        "Percent on the test folds of {}: mean ± half of the 95 % interval. ",
        list(&run.data_sets().into_iter().map(|d| corpus(d, run.synthetic())).collect::<Vec<_>>())
    );
    if run.per_class() {
        text += &format!(
            "Classes are reduced one at a time: a column is the UAR (mean recall over all {} classes, chance \
             {chance:.1}) of the data sets in which {share} of that class were removed from training, the others \
             left whole; mean: over these columns, where all of a fold and seed have a result, as the paper's Average. ",
            names.len()
        );
    } else {
        text += &format!(
            "A class: its recall. UAR: mean recall over all {} classes, chance {chance:.1}. ",
            names.len()
        );
        if !reduced.is_empty() {
            let over = list(&reduced);
            text += &match run.rare_by_nature() {
                true => {
                    format!("rare: mean recall over {over}, which are so by nature: nothing was removed. ")
                }
                false => format!(
                    "reduced: mean recall over {over}, of which {share} were removed from training: the paper's Average. "
                ),
            };
        }
    }
    let seeds = spec.seeds.len();
    text += &intervals(run, over);
    if spec.condition.len() > 1 {
        let scored = spec.is_scored();
        let paired = if scored { "fold" } else { "fold and seed" };
        let over = match unit {
            Unit::Fold if scored => {
                "each system averaged over its own seeds of a fold, Student t interval over folds"
            }
            Unit::Seed if scored => "without an interval: seeds of two systems are no pairs",
            Unit::Fold => "averaged over the seeds of a fold, Student t interval over folds",
            Unit::Seed if seeds == 1 => "without an interval",
            Unit::Seed if splits_anew(run) => "corrected t interval over seeds (Nadeau and Bengio 2003)",
            Unit::Seed => "Student t interval over seeds",
        };
        let what = match (reduced.is_empty(), run.per_class()) {
            (true, _) => "UAR".to_owned(),
            (false, true) => "the mean column".to_owned(),
            (false, false) => format!("the {} column", run.reduced_word()),
        };
        text += &format!(
            "vs {}: difference of {what} in percentage points, paired by {paired}, {over}. ",
            spec.baseline_label()
        );
    }
    if spec.condition.iter().any(|c| !c.published.is_empty()) || !spec.published.is_empty() {
        text += "published: as printed in the paper; difference: ours less published. ";
    }
    text += &spec.note;
    text.trim_end().to_owned()
}

/// The caption of the table of other measures.
pub fn other_caption(run: &LoadedRun) -> String {
    let mut text = format!(
        "Percent, but for the Brier score: mean ± half of the 95 % interval, over what those of the recalls are over. accuracy: \
         share of all test utterances that was recognised, which the largest class decides most. macro F1: mean over the classes \
         of the harmonic mean of recall and precision; weighted F1: weighted by the utterances of a class. ECE: expected \
         calibration error, the mean distance of the largest probability from how often it is right, in {CALIBRATION_BINS} bins; \
         of few utterances it comes out too large. Brier: squared distance of the probabilities from the truth, 0 to 2; {:.3} where \
         a classifier gives every class the same. Both take the mean probabilities of the segments, whose largest is now and \
         then not of the class with most votes. ",
        1.0 - 1.0 / run.spec.classes.len() as f64
    );
    if run.per_class() {
        text += "Over the data sets of all reduced classes. ";
    }
    let done = run.outcomes.iter().filter(|o| o.confusion.is_some());
    let lacking = done.filter(|o| o.calibration.is_none()).count();
    if lacking > 0 {
        text += &format!(
            "{} of an earlier version or without predictions.csv: ECE and Brier leave {} out. ",
            plural(lacking, "cell"),
            if lacking == 1 { "it" } else { "them" }
        );
    }
    text += "No conclusion is drawn from these.";
    text
}

/// Sentences that say what the intervals of a table are computed over; the text ends with a space.
pub fn intervals(run: &LoadedRun, over: Over) -> String {
    let unit = over.unit;
    let (least, seeds) = run.trainings();
    let own = if least == seeds { seeds.to_string() } else { format!("{least} to {seeds}") };
    let several = match over.units {
        (least, most) if least == most => format!("the {most}"),
        (least, most) => format!("{least} to {most}"),
    };
    let lacking = if over.incomplete { " (fewer where cells are missing)" } else { "" };
    let mut text = match unit {
        Unit::Fold if seeds == 1 => format!("Intervals: Student t over {several} folds (one seed). "),
        Unit::Fold => {
            format!(
                "Intervals: Student t over {several} folds, each fold first averaged over its {own} seeds{lacking}. "
            )
        }
        Unit::Seed if seeds > 1 && splits_anew(run) => format!(
            "Intervals: Student t over {several} seeds, each of which draws its own test speakers{}: they overlap, so \
             that the intervals are too narrow. ",
            run.different_tests().map_or(String::new(), |n| format!(" ({n})"))
        ),
        Unit::Seed if seeds > 1 && run.info.fold_speakers == Some(FoldSpeakers::Repetitions) => format!(
            "Intervals: Student t over {several} repetitions (seeds), of each of which all folds are one test: they say how far split and \
             training repeat, nothing about other speakers. "
        ),
        Unit::Seed if seeds == 1 => "One fold and one seed: no intervals. ".to_owned(),
        Unit::Seed => format!(
            "Intervals: Student t over {several} seeds of the only fold that was run: they say nothing about other \
             speakers. "
        ),
    };
    if unit == Unit::Fold && run.spec.is_scored() {
        text += of_scored_folds(run);
    } else if unit == Unit::Fold && matches!(run.spec.protocol, Protocol::LeaveTextsOut(_)) {
        text += "Folds are the independent unit, because each tests other texts; speakers are those of the training, so that the \
                 intervals say nothing about other speakers. ";
    } else if unit == Unit::Fold {
        text += "Folds are the independent unit, because each tests other speakers; they share training speakers, so \
                 that intervals are approximate. ";
    }
    text
}

/// What is known of the folds of scored predictions; the text ends with a space.
fn of_scored_folds(run: &LoadedRun) -> &'static str {
    match run.info.fold_speakers {
        Some(FoldSpeakers::Apart) => {
            "Folds are the independent unit, because each tests other speakers; if other folds were trained on, they share training \
             speakers, and intervals are approximate. "
        }
        Some(FoldSpeakers::Shared) => {
            "Folds are taken as independent, but some speakers or utterances are tested in several: the intervals are too narrow. "
        }
        Some(FoldSpeakers::Unknown | FoldSpeakers::Repetitions) | None => {
            "Folds are taken as independent; whether each tests other speakers is not known, and where it does not, the intervals are too \
             narrow. "
        }
    }
}

/// A corpus as part of a sentence, which always says whether the corpus is synthetic.
pub fn corpus(name: &str, synthetic: bool) -> String {
    match synthetic {
        true if name == "synthetic" => "the synthetic corpus".into(),
        true => format!("the synthetic corpus {name}"),
        false => format!("the corpus {name}"),
    }
}

/// `a`, `a and b`, `a, b and c`; `a, x; b; and c`.
pub fn list(items: &[impl AsRef<str>]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    // An item may contain a comma itself.
    let (between, end) =
        if items.iter().any(|i| i.contains(',')) { ("; ", "; and ") } else { (", ", " and ") };
    match &items[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{}{end}{last}", most.join(between)),
    }
}
