//! From finished runs to the file of their cells.

use super::tested_cell::{self, RightOf, SpeakerCounts, TestedCell};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::RunDir;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::analysis::predictions::RunPredictions;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Writes to `out` what the cells of `runs` got right in the classes whose recall is compared: the reduced ones, or all.
///
/// # Errors
/// A run that cannot be read, runs of unlike classes, and a file that cannot be written.
pub(crate) fn collect(runs: &[PathBuf], out: &Path) -> Result<()> {
    let mut classes: Option<Vec<String>> = None;
    let mut cells = Vec::new();
    for path in runs {
        let run = LoadedRun::of(&RunDir::open(path)?)?;
        let main = match run.reduced() {
            none if none.is_empty() => (0..run.spec.classes.len()).collect(),
            reduced => reduced,
        };
        let names: Vec<String> = main.iter().map(|&c| run.spec.class_names()[c].to_owned()).collect();
        if classes.as_ref().is_some_and(|known| *known != names) {
            let at = path.display();
            return Err(Error::failed(format!("{at}: reduces other classes than {}", runs[0].display())));
        }
        classes = Some(names);
        cells.extend(of_run(&run, &main)?);
    }
    let classes = classes.unwrap_or_default();
    tested_cell::write(out, &classes.iter().map(String::as_str).collect::<Vec<_>>(), &cells)
}

fn of_run(run: &LoadedRun, main: &[usize]) -> Result<Vec<TestedCell>> {
    let predictions = RunPredictions::of(run)?;
    let mut cells = Vec::new();
    for o in run.outcomes.iter().filter(|o| o.confusion.is_some()) {
        let mut speakers: BTreeMap<u32, Vec<RightOf>> = BTreeMap::new();
        for a in predictions.cell(&o.cell) {
            let of = speakers.entry(a.speaker).or_insert_with(|| vec![RightOf::default(); main.len()]);
            let Some(class) = main.iter().position(|c| *c == usize::from(a.truth)) else { continue };
            of[class].total += 1;
            of[class].right += u32::from(a.predicted == a.truth);
        }
        let counts = |(speaker, classes)| SpeakerCounts {
            speaker: predictions.speakers[speaker as usize].clone(),
            classes,
        };
        cells.push(TestedCell {
            corpus: o.corpus.clone(),
            condition: o.cell.condition.clone(),
            fold: o.cell.fold,
            seed: o.cell.seed,
            n_train: o.n_train as u32,
            n_test: o.n_test as u32,
            speakers: speakers
                .into_iter()
                .map(|(speaker, classes): (u32, _)| counts((speaker, classes)))
                .collect(),
        });
    }
    Ok(cells)
}
