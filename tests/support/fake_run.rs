//! A finished run with invented, deterministic numbers.

use seraug_core::calibration::Calibration;
use seraug_core::device::{DeviceClass, DeviceInfo};
use seraug_core::files::write_atomic;
use seraug_core::metrics::Confusion;
use seraug_core::rng::Seed;
use seraug_core::run_files::{
    AttributeRow, AuditCheck, CellId, CorpusInfo, FoldInfo, NetworkInfo, Outcome, OutcomeStatus,
    PredictionRow, RunDir, RunInfo, Warning, write_attributes, write_outcomes, write_predictions,
};
use seraug_core::spec::{self, Precision, Spec};
use seraug_core::store::Key;
use std::path::Path;

const CLASSES: [&str; 4] = ["neutral", "angry", "sad", "happy"];
/// Each condition, with its gain in the recall of the reduced classes as a share of `gain`.
const CONDITIONS: [(&str, f64); 4] = [("no-aug", 0.0), ("aug", 1.0), ("copies", 0.9), ("weighted", 0.5)];

/// Parameters of the run; by default it has finished, with four conditions, five folds and three seeds.
pub struct Fake {
    pub title: String,
    pub synthetic: bool,
    pub seeds: Vec<u64>,
    pub only: Vec<usize>,
    pub reduced: bool,
    pub per_class: bool,
    pub histories: bool,
    /// Recall of the reduced classes that `aug` gains.
    pub gain: f64,
    /// Half the range of a cell's random deviation in recall.
    pub noise: f64,
    pub failed: Vec<(&'static str, usize, u64)>,
    pub absent: Vec<(&'static str, usize, u64)>,
    pub stamp: &'static str,
    /// Number of speakers of a test fold.
    pub speakers: usize,
    pub experiment: &'static str,
    /// In place of the synthetic corpus or EMO-DB, with numbers of its own; empty for these.
    pub corpus: &'static str,
    /// Whether there is a condition `full` that trains on everything.
    pub whole: bool,
    /// Whether gender, language and text of its utterances are known; `speakers` is then even.
    pub attributes: bool,
    /// Whether folds are of texts, in place of speakers.
    pub by_text: bool,
}

impl Default for Fake {
    fn default() -> Fake {
        Fake {
            title: "Triplet-guided augmentation on reduced speech".into(),
            synthetic: true,
            seeds: vec![1, 2, 3],
            only: vec![],
            reduced: true,
            per_class: false,
            histories: true,
            gain: 0.12,
            noise: 0.08,
            failed: vec![],
            absent: vec![],
            stamp: "20260102T030405Z",
            speakers: 1,
            experiment: "open/fake",
            corpus: "",
            whole: false,
            attributes: false,
            by_text: false,
        }
    }
}

/// `fake` after `change`.
pub fn with(mut fake: Fake, change: impl FnOnce(&mut Fake)) -> Fake {
    change(&mut fake);
    fake
}

impl Fake {
    pub fn spec(&self) -> Spec {
        let mode = if self.per_class { "per-class" } else { "joint" };
        let reduction = format!("reduction = {{ share = 0.8, keep = [\"neutral\"], mode = \"{mode}\" }}\n");
        let text = format!(
            r#"title = {title}
corpus = "{corpus}"
preset = "tiny"
seeds = {seeds:?}
classes = {{ neutral = ["neutral"], angry = ["angry"], sad = ["sad"], happy = ["happy", "excited"] }}
protocol.{protocol} = {{ folds = 5, only = {only:?} }}
{reduction}
[[condition]]
name = "no-aug"
title = "NoAUG"
published = {{ angry = 54.23, sad = 49.03, happy = 47.02, average = 50.09 }}
[[condition]]
name = "aug"
title = "AUG"
published = {{ angry = 62.75, sad = 58.11, happy = 53.71, average = 58.19 }}
augment.triplet-gan = {{ copies = 4, of = "{of}" }}
[[condition]]
name = "copies"
title = "plain copies"
augment.copies = {{ copies = 4, of = "{of}" }}
[[condition]]
name = "weighted"
title = "class weights"
loss = "weighted"
{whole}"#,
            protocol = if self.by_text { "leave-texts-out" } else { "leave-speakers-out" },
            whole = if self.whole { "[[condition]]\nname = \"full\"\nunreduced = true\n" } else { "" },
            corpus = self.corpus(),
            title = toml::Value::String(self.title.clone()),
            seeds = self.seeds,
            only = self.only,
            reduction = if self.reduced { &reduction } else { "" },
            of = if self.reduced { "reduced" } else { "all" },
        );
        spec::parse(&text, "fake.toml", &[]).unwrap()
    }

    fn corpus(&self) -> &'static str {
        match self.corpus {
            "" if self.synthetic => "synthetic",
            "" => "emodb",
            named => named,
        }
    }

    fn folds(&self) -> Vec<usize> {
        let speakers: Vec<usize> = if self.only.is_empty() { (1..=5).collect() } else { self.only.clone() };
        let sets = if self.per_class { 3 } else { 1 };
        (0..sets).flat_map(|s| speakers.iter().map(move |f| s * 5 + f)).collect()
    }

    fn fold(&self, number: usize) -> FoldInfo {
        FoldInfo {
            number,
            corpus: self.corpus().into(),
            group: (number - 1) % 5 + 1,
            train: 192,
            test: 120,
            speakers_overlap: false,
        }
    }

    fn cells(&self) -> Vec<(CellId, f64)> {
        let mut cells = Vec::new();
        for (condition, gain) in CONDITIONS.into_iter().chain(self.whole.then_some(("full", 1.6))) {
            for fold in self.folds() {
                for &seed in &self.seeds {
                    if !self.absent.contains(&(condition, fold, seed)) {
                        let cell = CellId {
                            experiment: self.experiment.into(),
                            condition: condition.into(),
                            fold,
                            seed,
                        };
                        cells.push((cell, self.gain * gain));
                    }
                }
            }
        }
        cells
    }

    /// (truth, predicted) of the 30 test utterances a class of a cell.
    fn pairs(&self, cell: &CellId, gain: f64) -> Vec<(usize, usize)> {
        // The speakers of a fold are easy or hard for every condition.
        let mut fold = Seed::new(7).child("fold").at(((cell.fold - 1) % 5) as u64).draws();
        let speakers = fold.between(-0.1, 0.1);
        let seed = Seed::new(cell.seed).child(&cell.condition);
        let seed = if self.corpus.is_empty() { seed } else { seed.child(self.corpus) };
        let mut draws = seed.at(cell.fold as u64).draws();
        let mut pairs = Vec::new();
        for truth in 0..CLASSES.len() {
            let level = if truth == 0 { 0.8 - gain / 3.0 } else { 0.52 - 0.04 * truth as f64 + gain };
            let recall = (level + speakers + draws.between(-self.noise, self.noise)).clamp(0.0, 1.0);
            let right = (30.0 * recall).round() as usize;
            for i in 0..30 {
                let wrong =
                    if draws.uniform() < 0.5 && truth != 0 { 0 } else { (truth + 1 + draws.below(3)) % 4 };
                pairs.push((truth, if i < right { truth } else { wrong }));
            }
        }
        pairs
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |(cell, gain): (CellId, f64)| {
            let key = (cell.condition.as_str(), cell.fold, cell.seed);
            let failed = self.failed.contains(&key);
            let pairs = self.pairs(&cell, gain);
            let confusion = Confusion::from_pairs(4, pairs.iter().copied());
            let calibration =
                Calibration::of(pairs.iter().map(|(truth, said)| (probabilities(*said), *truth)));
            let reduced: Vec<String> = match (self.reduced, self.per_class) {
                (false, _) => vec![],
                (true, false) => CLASSES[1..].iter().map(|c| (*c).to_owned()).collect(),
                (true, true) => vec![CLASSES[1 + (cell.fold - 1) / 5].to_owned()],
            };
            let augmented = matches!(cell.condition.as_str(), "aug" | "copies");
            Outcome {
                corpus: self.corpus().into(),
                status: if failed { OutcomeStatus::Failed } else { OutcomeStatus::Done },
                error: if failed { "loss is not finite at step 7 <of> 9".into() } else { String::new() },
                n_train: 192,
                n_augmented: if augmented { 288 } else { 0 },
                n_test: 120,
                reduced,
                confusion: (!failed).then_some(confusion),
                calibration: calibration.filter(|_| !failed),
                seconds_augmentor: if cell.condition == "aug" { 41.5 } else { 0.0 },
                seconds_classifier: 12.25,
                device: DeviceClass::Cpu,
                key_augmentor: None,
                key_classifier: Key::read(&"0f".repeat(16)).unwrap(),
                cell,
            }
        };
        self.cells().into_iter().map(outcome).collect()
    }

    /// Writes the run into a folder below `results`.
    pub fn write(&self, results: &Path) -> RunDir {
        let fill = |run: &RunDir| {
            write_atomic(&run.spec(), self.spec().to_toml().as_bytes())?;
            self.info().save(&run.info())
        };
        let run = RunDir::create(results, self.experiment, self.stamp, "0123456", fill).unwrap();
        write_outcomes(&run.outcomes(), &CLASSES, &self.outcomes()).unwrap();
        if self.attributes {
            let row = |i: usize| AttributeRow {
                corpus: self.corpus().into(),
                utterance: format!("u{i:03}"),
                gender: ["female", "male"][i % 2].into(),
                language: "en".into(),
                text: ["a01", "a02, <b>", "a03"][i % 3].into(),
            };
            write_attributes(&run.attributes(), (0..120).map(row)).unwrap();
        }
        for (cell, gain) in self.cells() {
            let row = |(i, (truth, predicted)): (usize, (usize, usize))| PredictionRow {
                utterance: format!("u{i:03}"),
                speaker: match self.speakers {
                    1 => format!("s{}", cell.fold),
                    n => format!("s{}-{}", cell.fold, i % n),
                },
                truth,
                predicted,
                segments: 2,
                probabilities: probabilities(predicted).to_vec(),
            };
            let rows: Vec<PredictionRow> = self.pairs(&cell, gain).into_iter().enumerate().map(row).collect();
            write_predictions(&run.cell_file(&cell, "predictions.csv"), &CLASSES, &rows).unwrap();
            if self.histories {
                write_atomic(&run.cell_file(&cell, "history.csv"), history(&cell).as_bytes()).unwrap();
            }
        }
        run
    }

    fn info(&self) -> RunInfo {
        let network = |name: &str, parameters, flops| NetworkInfo { name: name.into(), parameters, flops };
        RunInfo {
            experiment: self.experiment.into(),
            command: ["seraug", "run", "experiments/open/fake.toml", "--seeds", "1,2,3"]
                .map(str::to_owned)
                .to_vec(),
            version: "0.1.0".into(),
            revision: "0123456789abcdef0123456789abcdef01234567".into(),
            libtorch: "2.11.0".into(),
            started: "2026-01-02T03:04:05Z".into(),
            finished: "2026-01-02T03:24:05Z".into(),
            seconds: 1200.0,
            cells_cached: 4,
            cells_trained: 56,
            precision: Precision::F32,
            device: DeviceInfo {
                class: DeviceClass::Cpu,
                name: "Some Processor 3.0".into(),
                host: "host".into(),
                threads: 2,
            },
            corpus: vec![CorpusInfo {
                name: self.corpus().into(),
                synthetic: self.synthetic,
                digest: "ab".repeat(32),
                utterances: 700,
                used: 600,
                speakers: 10,
                licence: "CC0, made by this program".into(),
                citation: "Nobody, \"Made-up speech\", https://example.org/a?b=1&c=2".into(),
            }],
            set: vec![],
            session: vec![],
            fold: self.folds().into_iter().map(|f| self.fold(f)).collect(),
            audit: vec![
                AuditCheck {
                    check: "a speaker of a test fold is in its training set".into(),
                    compared: 600,
                    hits: 0,
                },
                AuditCheck {
                    check: "a recording is on both sides, by its digest".into(),
                    compared: 600,
                    hits: 0,
                },
            ],
            network: vec![
                network("augmentor", 1_234_567, 98_765_432),
                network("classifier", 65_432, 7_654_321),
            ],
            source: vec![],
            fold_speakers: None,
            warning: vec![
                Warning {
                    cell: "open/fake/no-aug/fold-2/seed-1".into(),
                    message: "the classifier of every seed predicts one class for 81 % of the test set"
                        .into(),
                },
                Warning {
                    cell: String::new(),
                    message: "learning-rate x iterations = 0.006 is far below the paper's 0.03".into(),
                },
            ],
        }
    }
}

/// Those of a classifier that is sure of the class that it predicts to .7.
fn probabilities(predicted: usize) -> [f64; 4] {
    std::array::from_fn(|c| if c == predicted { 0.7 } else { 0.1 })
}

/// Falling losses, as a training logs them: the union of the names of both stages.
fn history(cell: &CellId) -> String {
    let mut draws = Seed::new(cell.seed).child("history").child(&cell.condition).at(cell.fold as u64).draws();
    let mut text = String::from("stage,step,discriminator,representation,variation,balance,loss,accuracy\n");
    if cell.condition == "aug" {
        for step in (25..=300).step_by(25) {
            let t = step as f64 / 300.0;
            let mut value =
                |from: f64, to: f64| to + (from - to) * (-4.0 * t).exp() * draws.between(0.9, 1.1);
            let (d, r, v, b) = (value(1.39, 1.1), value(7.0, 2.5), value(-0.02, 0.3), value(7.1, 5.0));
            text += &format!("augmentor,{step},{d},{r},{v},{b},,\n");
        }
    }
    let speed = if cell.condition == "no-aug" { 5.0 } else { 3.5 };
    for step in (25..=500).step_by(25) {
        let t = step as f64 / 500.0;
        let loss = 1.386 * (-speed * t).exp() * draws.between(0.85, 1.15);
        text += &format!("classifier,{step},,,,,{loss},{}\n", 1.0 - loss / 2.0);
    }
    text
}
