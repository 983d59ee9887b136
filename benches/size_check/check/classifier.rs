//! `--classifier`: what the spec's classifier learns of the training part before the reduction, on speakers that it has not
//! heard.

use super::arguments::Arguments;
use super::csv_file::append;
use super::measures::{ask, train_classifier};
use super::stopwatch::Stopwatch;
use super::training_part::TrainingPart;
use seraug_core::error::{Error, Result};
use serde::Serialize;
use std::fmt::Write;

/// Speakers that are asked at a time.
const LEFT_OUT: usize = 2;

/// A row of the CSV file: one training.
#[derive(Serialize)]
struct ClassifierRow {
    corpus: String,
    overrides: String,
    fold: usize,
    seed: u64,
    split: usize,
    left_out: String,
    utterances: usize,
    asked: usize,
    steps: usize,
    seconds: f64,
    cpu_seconds: f64,
    uar: f64,
    accuracy: f64,
}

/// Leaves out two speakers of the part after the other, drawn without return until fewer are left; trains on the others.
/// What is printed.
///
/// # Errors
/// Fewer than three speakers, a training that fails, a file that cannot be written.
pub(crate) fn check(args: &Arguments, part: &TrainingPart) -> Result<String> {
    let all: Vec<usize> = (0..part.utterances.len()).collect();
    let mut speakers = part.speakers(&all);
    part.seed.child("splits").draws().shuffle(&mut speakers);
    let pairs = speakers.chunks_exact(LEFT_OUT).take(args.splits.unwrap_or(usize::MAX));
    let (mut said, mut rows) = (String::new(), Vec::new());
    for (split, left_out) in pairs.enumerate() {
        let (asked, items): (Vec<usize>, Vec<usize>) =
            all.iter().copied().partition(|&i| left_out.contains(&part.speaker(i)));
        if !part.has_every_class(&items) {
            continue;
        }
        let standardiser = part.standardiser(&items);
        let [bank, others] = [&items, &asked].map(|items| part.bank(items, standardiser));
        let watch = Stopwatch::start();
        let net = train_classifier(part, &bank, &items, part.seed.child("classifier").at(split as u64))?;
        let (seconds, cpu_seconds) = watch.seconds();
        let found = ask(&net, part.spec, &others, &part.classes(&asked));
        let segments = bank.lens().iter().map(|&frames| part.spec.classifier.segment_count(frames)).sum();
        let row = ClassifierRow {
            corpus: part.spec.corpora().join("+"),
            overrides: args.set.join(" "),
            fold: part.fold,
            seed: part.run_seed,
            split: split + 1,
            left_out: left_out.iter().map(|(_, speaker)| *speaker).collect::<Vec<_>>().join("+"),
            utterances: items.len(),
            asked: asked.len(),
            steps: seraug_core::spec::Pace::new(&part.spec.classifier, segments, segments).steps,
            seconds,
            cpu_seconds,
            uar: found.uar().unwrap_or(f64::NAN),
            accuracy: found.accuracy().unwrap_or(f64::NAN),
        };
        append(&args.csv(), &row)?;
        let _ = writeln!(
            said,
            "fold {}, seed {}, without {}: UAR {:.1}, {} steps in {:.1} s ({:.1} s on processors)",
            row.fold,
            row.seed,
            row.left_out,
            row.uar * 100.0,
            row.steps,
            row.seconds,
            row.cpu_seconds
        );
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Error::failed(format!(
            "fold {}: {} training speakers, of which no two can be spared without losing a class; take another --fold",
            part.fold,
            speakers.len()
        )));
    }
    let mean = |value: fn(&ClassifierRow) -> f64| rows.iter().map(value).sum::<f64>() / rows.len() as f64;
    let _ = writeln!(
        said,
        "mean of {}: UAR {:.1}, {:.1} s",
        rows.len(),
        mean(|r| r.uar) * 100.0,
        mean(|r| r.seconds)
    );
    Ok(said)
}
