//! Scored predictions as a run directory, so that everything that reads a run reads them.

use super::ScoreArgs;
use seraug_core::calibration::Calibration;
use seraug_core::device::DeviceClass;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::manifest::Gender;
use seraug_core::metrics::Confusion;
use seraug_core::run_files::{
    AttributeRow, CellId, CorpusInfo, FoldInfo, Outcome, OutcomeStatus, PredictionRow, RunDir, RunInfo,
    Warning, write_attributes, write_outcomes, write_predictions,
};
use seraug_core::spec::{self, Spec};
use seraug_core::store::Key;
use seraug_core::suggest::hint;
use seraug_core::text::utc;
use seraug_core::version::{self, VERSION};
use seraug_data::foreign::{ForeignCell, ForeignPredictions};
use std::collections::{HashMap, HashSet};
use toml::{Table, Value};

/// Version of what a scored cell is made from, part of its key.
const SCORED_VERSION: u32 = 1;

/// Writes `results/<name>/<run-id>/` with spec.toml, run.toml, outcomes.csv, attributes.csv and the predictions of every cell.
pub(super) fn create(args: &ScoreArgs, name: &str, found: &ForeignPredictions) -> Result<RunDir> {
    let text = spec_text(args, name, found)?;
    let spec = spec::parse(&text, "the predictions", &[])?;
    let started = jiff::Timestamp::now();
    let stamp = started.strftime("%Y%m%dT%H%M%SZ").to_string();
    let info = RunInfo {
        experiment: name.to_owned(),
        command: std::env::args().collect(),
        version: VERSION.to_owned(),
        revision: version::revision().to_owned(),
        started: utc(started),
        finished: utc(started),
        corpus: vec![data(name, found)],
        fold: folds(name, found),
        fold_speakers: Some(found.fold_speakers),
        source: found.files.clone(),
        warning: found.notes.iter().map(|n| Warning { cell: String::new(), message: n.clone() }).collect(),
        ..RunInfo::default()
    };
    RunDir::create(&args.results, name, &stamp, version::revision(), |run| {
        let classes = spec.class_names();
        write_atomic(&run.spec(), text.as_bytes())?;
        info.save(&run.info())?;
        write_attributes(&run.attributes(), attributes(name, found))?;
        let cells = found.cells.iter().map(|cell| cell_files(run, name, &spec, found, cell));
        write_outcomes(&run.outcomes(), &classes, &cells.collect::<Result<Vec<Outcome>>>()?)
    })
}

/// The spec of the run, without the fields that only a training reads.
fn spec_text(args: &ScoreArgs, name: &str, found: &ForeignPredictions) -> Result<String> {
    let text = |t: &str| Value::String(t.to_owned());
    let texts = |all: &[String]| Value::Array(all.iter().map(|t| text(t)).collect());
    let (classes, systems) = (plain_names(&found.classes, "class"), plain_names(&found.systems, "system"));
    let mut table = Table::new();
    table.insert("title".into(), text(args.title.as_deref().unwrap_or(name)));
    let labels =
        std::iter::zip(&found.classes, &classes).filter(|(label, class)| label.to_lowercase() != **class);
    let labels: Vec<String> = labels.map(|(label, class)| format!("{class} is `{label}`")).collect();
    if !labels.is_empty() {
        table.insert("note".into(), text(&format!("Classes: {}.", labels.join(", "))));
    }
    table.insert("corpus".into(), text(name));
    let seed = |s: &u64| Value::Integer(i64::try_from(*s).unwrap_or(i64::MAX));
    table.insert("seeds".into(), Value::Array(found.seeds.iter().map(seed).collect()));
    let of_class = |(class, label): (&String, &String)| (class.clone(), texts(std::slice::from_ref(label)));
    table.insert(
        "classes".into(),
        Value::Table(std::iter::zip(&classes, &found.classes).map(of_class).collect()),
    );
    let folds = Table::from_iter([("folds".to_owned(), texts(&found.folds))]);
    table.insert(
        "protocol".into(),
        Value::Table(Table::from_iter([("scored".to_owned(), Value::Table(folds))])),
    );
    if !args.rare.is_empty() {
        let known = || found.classes.iter().map(String::as_str);
        if let Some(other) = args.rare.iter().find(|rare| !found.classes.contains(rare)) {
            return Err(Error::usage(format!("--rare: `{other}` is no class{}", hint(other, known()))));
        }
        if found.classes.iter().all(|class| args.rare.contains(class)) {
            let next = "name those that are rare; without it systems are compared by UAR over all";
            return Err(Error::usage(format!(
                "--rare {}: these are all classes; {next}",
                args.rare.join(",")
            )));
        }
        let kept = std::iter::zip(&classes, &found.classes).filter(|(_, label)| !args.rare.contains(label));
        let kept: Vec<String> = kept.map(|(class, _)| class.clone()).collect();
        let reduction = [("share".to_owned(), Value::Float(0.0)), ("keep".to_owned(), texts(&kept))];
        table.insert("reduction".into(), Value::Table(Table::from_iter(reduction)));
    }
    let baseline = match &args.baseline {
        None => 0,
        Some(wanted) => found.systems.iter().position(|s| s == wanted).ok_or_else(|| {
            let hint = hint(wanted, found.systems.iter().map(String::as_str));
            Error::usage(format!("--baseline: no system is called `{wanted}`{hint}"))
        })?,
    };
    let condition = |(system, title): (&String, &String)| {
        let fields = [("name", system), ("title", title), ("baseline", &systems[baseline])];
        Value::Table(fields.iter().map(|(field, value)| ((*field).to_owned(), text(value))).collect())
    };
    let conditions = std::iter::zip(&systems, &found.systems).map(condition).collect();
    table.insert("condition".into(), Value::Array(conditions));
    toml::to_string(&table).map_err(|e| Error::failed(format!("the spec of the predictions: {e}")))
}

/// Names that files and columns can have: lower-case letters, digits and hyphens, each once; `WORD-3` where nothing is left of the third.
fn plain_names(labels: &[String], word: &str) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let name = |(number, label): (usize, &String)| {
        let plain: String =
            label.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let plain = plain.trim_matches('-');
        let lossy = !label.is_ascii();
        let reserved = ["average", "uar", "difference"].contains(&plain);
        let fits = !plain.is_empty() && plain.len() <= 64 && !lossy && !reserved;
        let own = if fits { plain.to_owned() } else { format!("{word}-{number}") };
        match taken.insert(own.clone()) {
            true => own,
            false => format!("{own}-{number}"),
        }
    };
    (1..).zip(labels).map(name).collect()
}

/// What the predictions are about.
fn data(name: &str, found: &ForeignPredictions) -> CorpusInfo {
    let speakers: HashSet<&str> =
        found.utterances.iter().map(|u| u.speaker.as_str()).filter(|s| !s.is_empty()).collect();
    CorpusInfo {
        name: name.to_owned(),
        synthetic: false,
        digest: found.digest(),
        utterances: found.utterances.len(),
        used: found.utterances.len(),
        speakers: speakers.len(),
        licence: String::new(),
        citation: String::new(),
    }
}

fn folds(name: &str, found: &ForeignPredictions) -> Vec<FoldInfo> {
    let mut tests: Vec<HashSet<usize>> = vec![HashSet::new(); found.folds.len()];
    for cell in &found.cells {
        tests[cell.fold].extend(cell.predictions.iter().map(|p| p.utterance));
    }
    let fold = |(number, test): (usize, &HashSet<usize>)| FoldInfo {
        number,
        corpus: name.to_owned(),
        group: number,
        train: 0,
        test: test.len(),
        speakers_overlap: false,
    };
    (1..).zip(&tests).map(fold).collect()
}

fn attributes<'a>(name: &'a str, found: &'a ForeignPredictions) -> impl Iterator<Item = AttributeRow> + 'a {
    found.utterances.iter().map(move |u| AttributeRow {
        corpus: name.to_owned(),
        utterance: u.id.clone(),
        gender: u.gender.map_or(String::new(), |g| Gender::name(g).to_owned()),
        language: u.language.clone(),
        text: u.text.clone(),
    })
}

/// Writes the predictions of a cell and returns its row of outcomes.csv.
fn cell_files(
    run: &RunDir,
    name: &str,
    spec: &Spec,
    found: &ForeignPredictions,
    cell: &ForeignCell,
) -> Result<Outcome> {
    let classes = spec.class_names();
    let condition = spec.condition[cell.system].name.clone();
    let id = CellId { experiment: name.to_owned(), condition, fold: cell.fold + 1, seed: cell.seed };
    let rows: Vec<PredictionRow> = cell
        .predictions
        .iter()
        .map(|p| {
            let u = &found.utterances[p.utterance];
            PredictionRow {
                utterance: u.id.clone(),
                speaker: u.speaker.clone(),
                truth: u.truth,
                predicted: p.predicted,
                segments: 1,
                probabilities: p.probabilities.clone(),
            }
        })
        .collect();
    write_predictions(&run.cell_file(&id, "predictions.csv"), &classes, &rows)?;
    let answers: HashMap<&str, (&str, usize)> =
        rows.iter().map(|r| (r.utterance.as_str(), (r.speaker.as_str(), r.predicted))).collect();
    let mut answers: Vec<_> = answers.into_iter().collect();
    answers.sort_unstable();
    let reduced: Vec<String> = spec.reduced_classes().iter().map(|&c| classes[c].to_owned()).collect();
    Ok(Outcome {
        corpus: name.to_owned(),
        status: OutcomeStatus::Done,
        error: String::new(),
        n_train: 0,
        n_augmented: 0,
        n_test: rows.len(),
        reduced,
        confusion: Some(Confusion::from_pairs(classes.len(), rows.iter().map(|r| (r.truth, r.predicted)))),
        calibration: Calibration::of(rows.iter().map(|r| (&r.probabilities, r.truth))),
        seconds_augmentor: 0.0,
        seconds_classifier: 0.0,
        device: DeviceClass::Cpu,
        key_augmentor: None,
        key_classifier: Key::of("scored", SCORED_VERSION, &(found.digest(), answers)),
        cell: id,
    })
}
