//! The model card: what a classifier is for, how often it is right and where that was measured, made from its run.

use seraug_core::calibration::{CALIBRATION_BINS, Calibration};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::NO_LICENCE;
use seraug_core::run_files::{AuditCheck, CellId, ModelInfo, read_predictions};
use seraug_core::text::plural;
use seraug_report::analysis::aggregate::{Column, Unit, by_unit, columns, samples, unit};
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::stats::interval::mean_interval;
use std::fmt::Write;

/// The card of `cell` of `run`, as Markdown with the front matter of model hubs.
///
/// # Errors
/// A corpus without a licence, a condition without a result: nobody should use a model of which this is not known.
pub fn card(run: &LoadedRun, cell: &CellId, info: &ModelInfo) -> Result<String> {
    let condition = run.condition_of(cell);
    let named = &run.spec.condition[condition];
    if let Some(corpus) =
        run.info.corpus.iter().find(|c| c.licence.trim().is_empty() || c.licence == NO_LICENCE)
    {
        return Err(Error::usage(format!(
            "the corpus {} states no licence: say `licence = \"...\"` in its manifest.toml and run again; a model is not exported without",
            corpus.name
        )));
    }
    let units = by_unit(&samples(run), unit(run))?;
    let intervals: Vec<(Column, String)> = columns(run)
        .into_iter()
        .filter_map(|column| {
            let values: Vec<f64> = units.get(&(condition, column))?.iter().map(|(_, v)| *v).collect();
            let i = mean_interval(&values)?;
            let text = i.half.map_or(format!("{:.1}", i.mean), |half| format!("{:.1} ± {half:.1}", i.mean));
            Some((column, text))
        })
        .collect();
    if intervals.is_empty() {
        return Err(Error::usage(format!(
            "{}: no cell of {} has a result; a model is not exported without",
            run.dir.path().display(),
            named.name
        )));
    }
    let mut text = front(run, info);
    intended(&mut text, run, info);
    numbers(&mut text, run, condition, &intervals)?;
    limits(&mut text, run);
    data(&mut text, run);
    provenance(&mut text, run, cell, info);
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
    run: &LoadedRun,
    condition: usize,
    intervals: &[(Column, String)],
) -> Result<()> {
    let classes = run.spec.class_names();
    let heading = |column: &Column| match column {
        Column::Class(c) => format!("recall of {}", classes[*c]),
        Column::Uar => "UAR".to_owned(),
        Column::Reduced => "mean recall of the reduced classes".to_owned(),
        Column::Other(measure) => measure.title().to_owned(),
        Column::Difference => "difference".to_owned(),
    };
    let cells: Vec<&CellId> = run.done(condition).map(|o| &o.cell).collect();
    let (over, n) = match unit(run) {
        Unit::Fold => ("folds, each of other test speakers", run.groups().len()),
        Unit::Seed => ("seeds of one fold", run.spec.seeds.len()),
    };
    let tested: usize = run.done(condition).map(|o| o.n_test).sum();
    let _ = write!(
        text,
        "## How often it is right\n\nMeasured on {} of the condition `{}` that were trained as this model was and tested on what they had not heard: \
         {tested} tests in all. Percent, mean ± half of the 95 % interval over {n} {over}; chance is {:.1}. This one cell's own numbers are noisier \
         and are not shown.\n\n| | % |\n| :-- | --: |\n",
        plural(cells.len(), "cell"),
        run.spec.condition[condition].name,
        100.0 / classes.len() as f64
    );
    for (column, value) in intervals {
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

fn limits(text: &mut String, run: &LoadedRun) {
    text.push_str("## Limits\n\n");
    let speakers: usize = run.info.corpus.iter().map(|c| c.speakers).sum();
    let used: usize = run.info.corpus.iter().map(|c| c.used).sum();
    let _ = writeln!(
        text,
        "- {} of {}, reduced or augmented as the condition says. Other speakers, microphones, languages and rooms were not tested.",
        plural(used, "utterance"),
        plural(speakers, "speaker")
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

fn provenance(text: &mut String, run: &LoadedRun, cell: &CellId, info: &ModelInfo) {
    let _ = write!(
        text,
        "## Where it comes from\n\n| | |\n| :-- | :-- |\n| cell | {cell} |\n| run | {} |\n| program | seraug {} ({}) |\n| device | {} ({}) |\n| weights | SHA-256 {} |\n\n",
        run.dir.name(&run.info.experiment),
        info.version,
        info.revision,
        run.info.device.name,
        run.info.device.class,
        info.weights_sha256
    );
}
