//! Measurements, not checks: `cargo test --release checkpoint_speed -- --ignored --nocapture`.

use crate::gan::{ALL, spec, values};
use crate::gan_speed::cpu_ms;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{Loss, Precision, Sampling, Spec};
use seraug_data::audio::LogMel;
use seraug_data::features::Standardiser;
use seraug_train::classifier::{ClassifierTask, train};
use seraug_train::control::{Action, Control};
use seraug_train::feature_bank::Bank;
use seraug_train::generators::triplet_gan::{AugmentorTask, Trainer};
use seraug_train::history::LoggedRow;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tch::Device;

const LABELS: [usize; 4] = [0, 1, 0, 1];

fn bank() -> Bank {
    let item = |i: usize| LogMel { frames: 100 + i, mels: 128, db: values((100 + i) * 128, i as u64) };
    let items: Vec<LogMel> = (0..4).map(item).collect();
    let items: Vec<&LogMel> = items.iter().collect();
    Bank::new(&items, Standardiser::fit(items.iter().copied()), Device::Cpu)
}

/// Saves after every step and says how long it took.
struct Timed<'a> {
    name: &'a str,
    folder: PathBuf,
    resume: bool,
    started: Instant,
}

impl Control for Timed<'_> {
    fn resume(&mut self) -> Option<PathBuf> {
        self.resume.then(|| self.folder.clone())
    }

    fn row(&mut self, _row: LoggedRow) -> Result<()> {
        Ok(())
    }

    fn turn(&mut self, _step: usize, _steps: usize) -> Action {
        if self.resume { Action::GoOn } else { Action::Save }
    }

    fn save(&mut self, step: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let started = Instant::now();
        write(&self.folder)?;
        let seconds = started.elapsed().as_secs_f64();
        let files: Vec<_> = std::fs::read_dir(&self.folder).unwrap().flatten().collect();
        let bytes: u64 = files.iter().map(|f| f.metadata().unwrap().len()).sum();
        for file in &files {
            std::fs::File::open(file.path()).unwrap().sync_all().unwrap();
        }
        println!(
            "{}, step {step}: {} files, {bytes} bytes, written in {:.1} ms, with fsync {:.1} ms; peak memory {} MiB",
            self.name,
            files.len(),
            seconds * 1e3,
            started.elapsed().as_secs_f64() * 1e3,
            peak_mib()
        );
        Ok(())
    }
}

/// Largest resident size of this process so far; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn augmentor_task<'a>(spec: &'a Spec, bank: &'a Bank) -> AugmentorTask<'a> {
    AugmentorTask { spec, losses: &ALL, bank, labels: &LABELS, classes: 2, seed: Seed::new(1) }
}

fn measure_augmentor(name: &str, sets: &[&str]) {
    let spec =
        spec(&[sets, &["augmentor.iterations=3", "augmentor.batch=4", "augmentor.log-every=2"]].concat());
    let (bank, dir) = (bank(), tempfile::tempdir().unwrap());
    let mut timed = Timed { name, folder: dir.path().to_owned(), resume: false, started: Instant::now() };
    Trainer::new(augmentor_task(&spec, &bank)).unwrap().run(&mut timed).unwrap();
    let started = Instant::now();
    Trainer::resume(augmentor_task(&spec, &bank), dir.path()).unwrap();
    println!("{name}: resumed in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
}

fn measure_classifier(name: &str, sets: &[&str]) {
    let sizes = ["classifier.small-batch=1", "classifier.epochs=1", "classifier.min-steps=4"];
    let spec = spec(&[sets, &sizes].concat()).classifier;
    let (bank, dir) = (bank(), tempfile::tempdir().unwrap());
    let task = ClassifierTask {
        spec: &spec,
        precision: Precision::F32,
        class_names: &["a", "b"],
        bank: &bank,
        items: &[0, 1, 2, 3],
        labels: &LABELS,
        speakers: &LABELS,
        originals: &[0, 1, 2, 3],
        loss: Loss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed: Seed::new(1),
    };
    for resume in [false, true] {
        let started = Instant::now();
        let mut timed = Timed { name, folder: dir.path().to_owned(), resume, started };
        train(&task, &mut timed).unwrap();
        if resume {
            let seconds = timed.started.elapsed().as_secs_f64();
            println!("{name}: built and resumed in {:.1} ms; peak memory {} MiB", seconds * 1e3, peak_mib());
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn checkpoint_speed() {
    measure_augmentor("tiny augmentor", &["preset=tiny"]);
    measure_augmentor("paper augmentor", &[]);
    measure_classifier("tiny classifier", &["preset=tiny"]);
    measure_classifier("VGG19", &[]);
}

/// With a third set of weights.
#[test]
#[ignore = "a measurement"]
fn checkpoint_speed_of_an_average() {
    measure_classifier("VGG19, average", &["classifier.weights=average"]);
}

/// The loop with its turns and rows against bare iterations, of networks as small as they come. Time on the
/// processor, as other processes may be busy.
#[test]
#[ignore = "a measurement"]
fn checkpoint_overhead() {
    const STEPS: usize = 100;
    let iterations = format!("augmentor.iterations={STEPS}");
    let spec = spec(&["preset=tiny", "augmentor.batch=2", &iterations, "augmentor.log-every=100"]);
    let bank = bank();
    let mut all: [Vec<f64>; 2] = Default::default();
    for _ in 0..16 {
        let mut bare = Trainer::new(augmentor_task(&spec, &bank)).unwrap();
        let before = cpu_ms();
        (0..STEPS).for_each(|_| bare.iteration().unwrap());
        all[0].push(cpu_ms() - before);
        let mut run = Trainer::new(augmentor_task(&spec, &bank)).unwrap();
        let before = cpu_ms();
        run.run(&mut |_: LoggedRow| Ok(())).unwrap();
        all[1].push(cpu_ms() - before);
    }
    let [bare, run] = all.map(|mut times| {
        times.sort_by(f64::total_cmp);
        [times[0], times[times.len() / 2]].map(|t| t / STEPS as f64)
    });
    println!(
        "least and median: {bare:.2?} ms an iteration, {run:.2?} ms in the loop with its turns and a row"
    );
}
