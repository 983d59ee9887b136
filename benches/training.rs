//! Times of trainings on a CPU: `just bench-training [NAME...]`; all measurements where none is named.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark ends by panics and prints what it measures"
)]

use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{self, ClassifierLoss, GanLoss, Precision, Sampling, Spec};
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

const LOSSES: [GanLoss; 3] = [GanLoss::Model, GanLoss::Var, GanLoss::Bal];

const MEASUREMENTS: [(&str, fn()); 4] = [
    ("checkpoints", checkpoints),
    ("loop", training_loop),
    ("phases", phases),
    ("learning", || measure_phases("tiny", &["preset=tiny", "augmentor.log-every=30"], 1, 1, 298)),
];

fn main() {
    // Cargo adds flags: `--bench`, or `--test` where nothing is to be measured.
    let (flags, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|a| a.starts_with('-'));
    if flags.iter().any(|f| f == "--test") {
        return;
    }
    for name in &names {
        assert!(MEASUREMENTS.iter().any(|(known, _)| known == name), "no measurement is called {name}");
    }
    for (_, measure) in MEASUREMENTS.iter().filter(|(n, _)| names.is_empty() || names.iter().any(|m| m == n))
    {
        measure();
    }
}

/// The paper's defaults with two classes, and `sets` over them.
fn spec(sets: &[&str]) -> Spec {
    let text = r#"title = "t"
corpus = "synthetic"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
"#;
    spec::parse(text, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// `count` utterances of N(0, 1), the shortest of `frames` frames and each one longer than the one before.
fn noise(count: usize, frames: usize) -> Bank {
    let item = |i: usize| {
        let mut db = vec![0f32; (frames + i) * 128];
        Seed::new(i as u64).draws().fill_normal(&mut db);
        LogMel { frames: frames + i, mels: 128, db }
    };
    let items: Vec<LogMel> = (0..count).map(item).collect();
    let items: Vec<&LogMel> = items.iter().collect();
    Bank::new(&items, Standardiser::fit(items.iter().copied()), Device::Cpu)
}

fn augmentor_task<'a>(spec: &'a Spec, bank: &'a Bank, labels: &'a [usize]) -> AugmentorTask<'a> {
    AugmentorTask { spec, losses: &LOSSES, bank, labels, classes: 2, seed: Seed::new(1) }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds that the threads of this process have been on a processor; 0 where the system does not say.
fn cpu_milliseconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().into_iter().flat_map(|s| s.split_whitespace().skip(11).take(2));
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Largest resident size of this process so far; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Saves after every step and prints how long it took.
struct Saving<'a> {
    name: &'a str,
    folder: PathBuf,
    resume: bool,
}

impl Control for Saving<'_> {
    fn resume(&mut self) -> Option<PathBuf> {
        self.resume.then(|| self.folder.clone())
    }

    fn row(&mut self, _row: LoggedRow) -> Result<()> {
        Ok(())
    }

    fn action(&mut self, _step: usize, _steps: usize) -> Action {
        if self.resume { Action::Continue } else { Action::Save }
    }

    fn save(&mut self, step: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let begun = Instant::now();
        write(&self.folder)?;
        let written = milliseconds(begun);
        let files: Vec<_> = std::fs::read_dir(&self.folder).unwrap().flatten().collect();
        let bytes: u64 = files.iter().map(|f| f.metadata().unwrap().len()).sum();
        for file in &files {
            std::fs::File::open(file.path()).unwrap().sync_all().unwrap();
        }
        println!(
            "{}, step {step}: {} files, {bytes} bytes, written in {written:.1} ms, with fsync {:.1} ms; peak memory {} MiB",
            self.name,
            files.len(),
            milliseconds(begun),
            peak_mib()
        );
        Ok(())
    }
}

/// Writing and resuming checkpoints of both stages, tiny and of the paper's sizes.
fn checkpoints() {
    tch::set_num_threads(1);
    augmentor_checkpoint("tiny augmentor", &["preset=tiny"]);
    augmentor_checkpoint("paper augmentor", &[]);
    classifier_checkpoint("tiny classifier", &["preset=tiny"]);
    classifier_checkpoint("VGG19", &[]);
    classifier_checkpoint("VGG19 with averaged weights", &["classifier.weights=average"]);
}

fn augmentor_checkpoint(name: &str, sets: &[&str]) {
    let steps = ["augmentor.iterations=3", "augmentor.batch=4", "augmentor.log-every=2"];
    let spec = spec(&[sets, &steps].concat());
    let (bank, dir) = (noise(4, 100), tempfile::tempdir().unwrap());
    let task = || augmentor_task(&spec, &bank, &[0, 1, 0, 1]);
    let mut saving = Saving { name, folder: dir.path().to_owned(), resume: false };
    Trainer::new(task()).unwrap().run(&mut saving).unwrap();
    let begun = Instant::now();
    Trainer::resume(task(), dir.path()).unwrap();
    println!("{name}: resumed in {:.1} ms", milliseconds(begun));
}

fn classifier_checkpoint(name: &str, sets: &[&str]) {
    let sizes = ["classifier.small-batch=1", "classifier.epochs=1", "classifier.min-steps=4"];
    let spec = spec(&[sets, &sizes].concat()).classifier;
    let (bank, dir) = (noise(4, 100), tempfile::tempdir().unwrap());
    let task = ClassifierTask {
        spec: &spec,
        precision: Precision::F32,
        class_names: &["a", "b"],
        bank: &bank,
        items: &[0, 1, 2, 3],
        labels: &[0, 1, 0, 1],
        speakers: &[0, 1, 0, 1],
        originals: &[0, 1, 2, 3],
        loss: ClassifierLoss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed: Seed::new(1),
    };
    for resume in [false, true] {
        let begun = Instant::now();
        train(&task, &mut Saving { name, folder: dir.path().to_owned(), resume }).unwrap();
        if resume {
            let took = milliseconds(begun);
            println!("{name}: built and resumed in {took:.1} ms; peak memory {} MiB", peak_mib());
        }
    }
}

/// The augmentor's loop with its control and its rows against bare iterations of the smallest networks, in time on the
/// processor.
fn training_loop() {
    const STEPS: usize = 100;
    tch::set_num_threads(1);
    let iterations = format!("augmentor.iterations={STEPS}");
    let spec = spec(&["preset=tiny", "augmentor.batch=2", &iterations, "augmentor.log-every=100"]);
    let (bank, labels) = (noise(4, 100), [0, 1, 0, 1]);
    let mut all: [Vec<f64>; 2] = Default::default();
    for _ in 0..16 {
        let mut bare = Trainer::new(augmentor_task(&spec, &bank, &labels)).unwrap();
        let before = cpu_milliseconds();
        (0..STEPS).for_each(|_| bare.iteration().unwrap());
        all[0].push(cpu_milliseconds() - before);
        let mut run = Trainer::new(augmentor_task(&spec, &bank, &labels)).unwrap();
        let before = cpu_milliseconds();
        run.run(&mut |_: LoggedRow| Ok(())).unwrap();
        all[1].push(cpu_milliseconds() - before);
    }
    let [bare, run] = all.map(|mut times| {
        times.sort_by(f64::total_cmp);
        [times[0], times[times.len() / 2]].map(|t| t / STEPS as f64)
    });
    println!("least and median: {bare:.2?} ms a bare iteration, {run:.2?} ms one of the loop");
}

/// The phases of an augmentor's iteration.
fn phases() {
    measure_phases("tiny", &["preset=tiny", "augmentor.log-every=1"], 1, 20, 1);
    measure_phases("tiny", &["preset=tiny", "augmentor.log-every=1"], 2, 20, 1);
    measure_phases("paper", &["augmentor.log-every=1"], 2, 1, 1);
    let framework = ["augmentor.log-every=1", "augmentor.init=framework", "augmentor.batch=4"];
    measure_phases("framework decoder", &framework, 2, 1, 1);
}

/// Prints milliseconds of each phase (medians of the clock, mean on the processor) over `steps` iterations, and the logged
/// rows of `run` more.
fn measure_phases(name: &str, sets: &[&str], threads: i32, steps: usize, run: usize) {
    let iterations = format!("augmentor.iterations={}", steps + run);
    let spec = spec(&[sets, &[&iterations]].concat());
    tch::set_num_threads(threads);
    let bank = noise(60, 80);
    let labels: Vec<usize> = (0..60).map(|i| i % 2).collect();
    let mut trainer = Trainer::new(augmentor_task(&spec, &bank, &labels)).unwrap();
    let n = &trainer.networks;
    println!(
        "{name}: parameters {} {} {}, MACs a window {} {} {} (augmentor, discriminator, representation)",
        n.augmentor.param_count(),
        n.discriminator.param_count(),
        n.representation.param_count(),
        n.augmentor.macs_per_sample(),
        n.discriminator.macs_per_sample(),
        n.representation.macs_per_sample()
    );
    let mut times: [Vec<f64>; 6] = Default::default();
    trainer.iteration().unwrap();
    let cpu = cpu_milliseconds();
    for _ in 0..steps {
        let begun = Instant::now();
        let mut last = begun;
        let mut lap = |phase: usize| {
            times[phase].push(milliseconds(last));
            last = Instant::now();
        };
        let mut batch = trainer.prepare(&[]);
        lap(0);
        trainer.represent(&mut batch);
        lap(1);
        trainer.discriminate(&mut batch);
        lap(2);
        drop(trainer.vary(&mut batch));
        lap(3);
        trainer.preserve(&batch);
        lap(4);
        times[5].push(milliseconds(begun));
        trainer.step += 1;
    }
    let [draw, rep, d, var, preserve, all] = times.map(|mut t| {
        t.sort_by(f64::total_cmp);
        t[t.len() / 2]
    });
    let cpu = (cpu_milliseconds() - cpu) / steps as f64;
    println!(
        "{name}, {threads} threads: {all:.1} ms an iteration, {cpu:.1} on processors: \
         draws {draw:.1}, rep {rep:.1}, d {d:.1}, var {var:.1}, preserve {preserve:.1}"
    );
    let print = &mut |row: LoggedRow| {
        let values: Vec<_> = row.values.iter().map(|(n, v)| format!("{n} {v:.4}")).collect();
        println!("{name}: step {}: {}", row.step, values.join(", "));
        Ok(())
    };
    trainer.run(print).unwrap();
}
