//! The model card: what a classifier is for, how often it is right and where that was measured, made from its run.

use seraug_core::calibration::{CALIBRATION_BINS, Calibration};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::NO_LICENCE;
use seraug_core::run_files::{AuditCheck, CellId, ModelInfo, RunInfo, read_predictions};
use seraug_core::spec::FinalWeights;
use seraug_core::text::plural;
use seraug_report::analysis::aggregate::Column;
use seraug_report::analysis::estimate::ModelEstimate;
use seraug_report::analysis::loaded_run::LoadedRun;
use std::fmt::Write;

/// Where a model comes from.
#[derive(Debug, Clone, Copy)]
pub struct ModelOrigin<'a> {
    /// The cell that it was trained for.
    pub cell: &'a CellId,
    /// The run of that cell.
    pub made_in: &'a RunInfo,
    /// Its name, experiment and id.
    pub made_in_name: &'a str,
    /// The run whose tests say how good such models are: that of the cell, or another one where the model was trained on everything.
    pub tested_in: &'a LoadedRun,
    /// Whether it was trained on everything.
    pub on_everything: bool,
}

/// The card of a model, as Markdown with the front matter of model hubs.
///
/// # Errors
/// A corpus without a licence, a condition without a result: nobody should use a model of which this is not known.
pub fn card(origin: &ModelOrigin, info: &ModelInfo) -> Result<String> {
    let run = origin.tested_in;
    let condition = run.condition_of(origin.cell);
    let named = &run.spec.condition[condition];
    if let Some(corpus) =
        run.info.corpus.iter().find(|c| c.licence.trim().is_empty() || c.licence == NO_LICENCE)
    {
        return Err(Error::usage(format!(
            "the corpus {} states no licence: say `licence = \"...\"` in its manifest.toml and run again; a model is not exported without",
            corpus.name
        )));
    }
    let fold = origin.made_in.fold.iter().find(|f| f.number == origin.cell.fold);
    let set = fold.map_or(run.spec.corpus.as_str(), |f| f.corpus.as_str());
    let Some(estimate) = ModelEstimate::of(run, condition, set)? else {
        return Err(Error::usage(format!(
            "{}: no cell of {} has a result; a model is not exported without",
            run.dir.path().display(),
            named.name
        )));
    };
    let mut text = front(run, info);
    intended(&mut text, run, info);
    numbers(&mut text, origin, info, (condition, set), &estimate)?;
    limits(&mut text, origin);
    data(&mut text, run);
    provenance(&mut text, origin, info);
    Ok(text)
}

fn front(run: &LoadedRun, info: &ModelInfo) -> String {
    let synthetic = if run.synthetic() { "- synthetic-data\n" } else { "" };
    format!(
        "---\nlibrary_name: seraug\npipeline_tag: audio-classification\nlicense: other\ntags:\n- speech-emotion-recognition\n{synthetic}---\n\n# {}: {}\n\n",
        run.spec.title,
        info.class_names().join(", ")
    )
}

fn intended(text: &mut String, run: &LoadedRun, info: &ModelInfo) {
    let labels = |(class, labels): (&String, &Vec<seraug_core::emotion::Emotion>)| {
        let names: Vec<&str> = labels.iter().map(|l| l.name()).collect();
        match names.as_slice() {
            [] => format!("- `{class}`"),
            [one] if one == class => format!("- `{class}`"),
            several => format!("- `{class}`: labels {}", several.join(", ")),
        }
    };
    let classes: Vec<String> = info.classes.iter().map(labels).collect();
    let speech = if run.synthetic() { "synthetic speech" } else { "speech" };
    let _ = write!(
        text,
        "A classifier of {speech} into {} classes:\n\n{}\n\nFor research on speech emotion recognition and as a baseline. It answers for every recording, also for one in which nobody \
         speaks or whose emotion is none of these. It is not for decisions about people: employment, education, credit, policing, health.\n\n",
        info.classes.len(),
        classes.join("\n")
    );
}

fn numbers(
    text: &mut String,
    origin: &ModelOrigin,
    info: &ModelInfo,
    (condition, set): (usize, &str),
    estimate: &ModelEstimate,
) -> Result<()> {
    let run = origin.tested_in;
    let classes = run.spec.class_names();
    let heading = |column: &Column| match column {
        Column::Class(c) => format!("recall of {}", classes[*c]),
        Column::Uar => "UAR".to_owned(),
        Column::Reduced => format!("mean recall of the {} classes", run.reduced_word()),
        Column::Other(measure) => measure.title().to_owned(),
        Column::Difference => "difference".to_owned(),
    };
    let of_set = run.only(set);
    let cells: Vec<&CellId> = of_set.done(condition).map(|o| &o.cell).collect();
    let ModelEstimate { over, tested, .. } = estimate;
    let what = match origin.on_everything {
        true => "trained by the same recipe on a part of the data, and",
        false => "trained as this model was and",
    };
    let own = match (origin.on_everything, run.spec.reduction.as_ref().filter(|r| r.share > 0.0)) {
        (false, _) => "This one cell's own numbers are noisier and are not shown.".to_owned(),
        (true, None) => format!(
            "This model was trained on all {}, so that nothing is left to test it on.",
            plural(info.n_train, "utterance")
        ),
        (true, Some(reduction)) => format!(
            "This model was trained on all {}, so that nothing is left to test it on. Those cells had {:.0} % less of each reduced class and as many \
             additions to each of their utterances: this model knows other shares of the classes, and its recalls may differ either way.",
            plural(info.n_train, "utterance"),
            100.0 * reduction.share
        ),
    };
    let own = match (origin.on_everything, info.classifier.weights) {
        (true, FinalWeights::HeldOut) => {
            own + " One speaker of them chose the weights and was not trained on."
        }
        _ => own,
    };
    let _ = write!(
        text,
        "## How often it is right\n\nMeasured on {} of the condition `{}` that were {what} tested on what they had not heard: \
         {tested} tests in all. Percent, mean ± half of the 95 % interval over {over}; chance is {:.1}. {own}\n\n| | % |\n| :-- | --: |\n",
        plural(cells.len(), "cell"),
        run.spec.condition[condition].name,
        100.0 / classes.len() as f64
    );
    for (column, value) in &estimate.values {
        let _ = writeln!(text, "| {} | {value} |", heading(column));
    }
    let mut all = Vec::new();
    for cell in cells {
        let path = run.dir.cell_file(cell, "predictions.csv");
        if path.is_file() {
            all.extend(read_predictions(&path)?.1.into_iter().map(|row| (row.probabilities, row.truth)));
        }
    }
    if let Some(Calibration { ece, brier }) = Calibration::of(all) {
        let _ = write!(
            text,
            "\nCalibration over the same tests: expected calibration error {:.1} points ({CALIBRATION_BINS} bins), Brier score {brier:.3}. A probability of this \
             model is {} to be read as a chance of being right.\n",
            100.0 * ece,
            if ece < 0.05 { "not far from one" } else { "not" }
        );
    }
    text.push('\n');
    Ok(())
}

fn limits(text: &mut String, origin: &ModelOrigin) {
    let run = origin.tested_in;
    text.push_str("## Limits\n\n");
    let speakers: usize = run.info.corpus.iter().map(|c| c.speakers).sum();
    let used: usize = run.info.corpus.iter().map(|c| c.used).sum();
    let _ = writeln!(
        text,
        "- {} of {}, {} as the condition says. Other speakers, microphones, languages and rooms were not tested.",
        plural(used, "utterance"),
        plural(speakers, "speaker"),
        if origin.on_everything { "augmented" } else { "reduced or augmented" }
    );
    if run.synthetic() {
        text.push_str("- The speech is synthetic: the numbers say nothing about people.\n");
    }
    if let Some(check) = run.info.audit.iter().find(|c| c.check == AuditCheck::TEXTS && c.hits > 0) {
        let _ = writeln!(
            text,
            "- {:.0} % of the tests say a sentence that was also trained on: with other sentences the numbers may be lower.",
            100.0 * check.hits as f64 / check.compared.max(1) as f64
        );
    }
    if run.info.fold.iter().any(|f| f.speakers_overlap) {
        text.push_str("- Test speakers are also in training in some folds: with new speakers the numbers may be lower.\n");
    }
    text.push_str(
        "- Mono at 16 kHz is what it hears; other rates are resampled by seraug, not by the ONNX model.\n\n",
    );
}

fn data(text: &mut String, run: &LoadedRun) {
    text.push_str("## Trained on\n\n| corpus | utterances | speakers | licence | to cite |\n| :-- | --: | --: | :-- | :-- |\n");
    for c in &run.info.corpus {
        let _ =
            writeln!(text, "| {} | {} | {} | {} | {} |", c.name, c.used, c.speakers, c.licence, c.citation);
    }
    text.push_str("\nWhether a model may be passed on follows from these licences.\n\n");
}

fn provenance(text: &mut String, origin: &ModelOrigin, info: &ModelInfo) {
    let ModelOrigin { cell, made_in, made_in_name, tested_in, on_everything } = origin;
    let tests = match on_everything {
        true => format!("| tested in | {} |\n", tested_in.dir.name(&tested_in.info.experiment)),
        false => String::new(),
    };
    let _ = write!(
        text,
        "## Where it comes from\n\n| | |\n| :-- | :-- |\n| cell | {cell} |\n| run | {made_in_name} |\n{tests}| program | seraug {} ({}) |\n| device | {} ({}) |\n\
         | weights | SHA-256 {} |\n\n",
        info.version, info.revision, made_in.device.name, made_in.device.class, info.weights_sha256
    );
}
