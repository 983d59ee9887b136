//! Measurements, not checks: `cargo test --release gan_speed -- --ignored --nocapture`.

use crate::gan::{spec, values};
use seraug_core::manifest::Channels;
use seraug_core::rng::Seed;
use seraug_core::spec::{Features, GanLoss};
use seraug_data::audio::LogMel;
use seraug_data::audio::decode::load;
use seraug_data::audio::logmel::MelExtractor;
use seraug_data::features::Standardiser;
use seraug_test_support::common::corpora_with;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::triplet_gan::{AugmentorTask, Trainer};
use std::time::Instant;
use tch::Device;

/// EMO-DB's neutral and angry recordings (at most 60), or patterns of as many frames where it is absent.
fn recordings() -> (Vec<LogMel>, Vec<usize>) {
    let Some(root) = corpora_with("emodb") else {
        let item = |i: usize| LogMel { frames: 80 + i, mels: 128, db: values((80 + i) * 128, i as u64) };
        return ((0..60).map(item).collect(), (0..60).map(|i| i % 2).collect());
    };
    let extractor = MelExtractor::new(&Features::default());
    let files = walkdir::WalkDir::new(root.join("emodb")).sort_by_file_name().into_iter().flatten();
    files
        .filter_map(|entry| {
            let class = "NW".find(char::from(*entry.path().file_stem()?.as_encoded_bytes().get(5)?))?;
            let audio = entry.file_type().is_file().then(|| load(entry.path(), Channels::First))?;
            Some((extractor.extract(&audio.unwrap()), class))
        })
        .take(60)
        .unzip()
}

/// Milliseconds that this process has been on a processor; 0 where the system does not say.
pub fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().into_iter().flat_map(|s| s.split_whitespace().skip(11).take(2));
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Prints milliseconds of each phase (medians of the clock, mean on the processor) over `steps`
/// iterations, and the rows of `run` more.
fn measure(name: &str, sets: &[&str], threads: i32, steps: usize, run: usize) {
    let run_set = format!("augmentor.iterations={}", steps + run);
    let spec = spec(&[sets, &[&run_set]].concat());
    tch::set_num_threads(threads);
    let (items, labels) = recordings();
    let items: Vec<&LogMel> = items.iter().collect();
    let bank = Bank::new(&items, Standardiser::fit(items.iter().copied()), Device::Cpu);
    let losses = [GanLoss::Model, GanLoss::Var, GanLoss::Bal];
    let task = AugmentorTask {
        spec: &spec,
        losses: &losses,
        bank: &bank,
        labels: &labels,
        classes: 2,
        seed: Seed::new(1),
    };
    let mut trainer = Trainer::new(task).unwrap();
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
    let cpu = cpu_ms();
    for _ in 0..steps {
        let start = Instant::now();
        let mut last = start;
        let mut lap = |phase: usize| {
            times[phase].push(last.elapsed().as_secs_f64() * 1e3);
            last = Instant::now();
        };
        let mut batch = trainer.prepare(&[]);
        lap(0);
        trainer.represent(&mut batch);
        lap(1);
        trainer.discriminate(&batch);
        lap(2);
        drop(trainer.vary(&batch));
        lap(3);
        trainer.preserve(&batch);
        lap(4);
        times[5].push(start.elapsed().as_secs_f64() * 1e3);
        trainer.step += 1;
    }
    let median = times.map(|mut t| {
        t.sort_by(f64::total_cmp);
        t[t.len() / 2]
    });
    let cpu = (cpu_ms() - cpu) / steps as f64;
    let [draw, rep, d, var, preserve, all] = median;
    println!(
        "{name}, {threads} threads: {all:.1} ms an iteration, {cpu:.1} of processors: \
         draws {draw:.1}, rep {rep:.1}, d {d:.1}, var {var:.1}, preserve {preserve:.1}"
    );
    let observe = &mut |row: seraug_train::history::LoggedRow| {
        let values: Vec<_> = row.values.iter().map(|(n, v)| format!("{n} {v:.4}")).collect();
        println!("{name}: step {}: {}", row.step, values.join(", "));
        Ok(())
    };
    trainer.run(observe).unwrap();
}

#[test]
#[ignore = "a measurement"]
fn gan_speed() {
    measure("tiny", &["preset=tiny", "augmentor.log-every=1"], 1, 20, 1);
    measure("tiny", &["preset=tiny", "augmentor.log-every=1"], 2, 20, 1);
    measure("paper", &["augmentor.log-every=1"], 2, 1, 1);
    measure(
        "framework decoder",
        &["augmentor.log-every=1", "augmentor.init=framework", "augmentor.batch=4"],
        2,
        1,
        1,
    );
}

#[test]
#[ignore = "a measurement"]
fn gan_learning() {
    measure("tiny", &["preset=tiny", "augmentor.log-every=30"], 1, 1, 298);
}
