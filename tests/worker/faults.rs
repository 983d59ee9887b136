//! Runs that are killed or interrupted at random moments and resumed have the results of an undisturbed run.

use seraug_test_support::ablation_grid::{GRID, findings};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::emodb;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use walkdir::WalkDir;

/// The ablation on [`GRID`], as arguments of `run`.
fn ablation() -> Vec<String> {
    let spec = seraug_test_support::common::root().join("experiments/open/ablation-emodb.toml");
    std::iter::once(spec.display().to_string()).chain(GRID.map(str::to_owned)).collect()
}

/// Every trained generator that the ablation does not have, with its autoencoder and a judge, in `folder`.
fn rivals(folder: &Path) -> Vec<String> {
    let spec = folder.join("experiments/open/ablation-emodb.toml");
    fs::create_dir_all(spec.parent().unwrap()).unwrap();
    let text = r#"title = "Rivals and their judge"
corpus = "emodb"
preset = "tiny"
classes = { neutral = ["neutral"], angry = ["angry"], sad = ["sad"], happy = ["happy"] }
protocol.leave-speakers-out = { folds = 5, only = [1] }
reduction = { share = 0.8, keep = ["neutral"] }
judge = {}
autoencoder = { iterations = 60, log-every = 9 }
latent-gan = { iterations = 120 }
latent-diffusion = { iterations = 120 }
bagan = { iterations = 40, batch = 4, log-every = 9 }
viewmaker = { iterations = 12, batch = 4, log-every = 5 }
stargan = { iterations = 12, classifier-iterations = 20, batch = 4, log-every = 5 }
classifier = { min-steps = 40, epochs = 1, log-every = 9 }
[[condition]]
name = "latent-gan"
augment.latent = { sampler = "gan", copies = 2 }
[[condition]]
name = "diffusion"
augment.latent = { sampler = "diffusion", copies = 2 }
[[condition]]
name = "bagan"
augment.bagan.copies = 2
[[condition]]
name = "viewmaker"
augment.viewmaker.copies = 2
[[condition]]
name = "stargan"
augment.stargan.copies = 2
"#;
    fs::write(&spec, text).unwrap();
    let flags = ["--device", "cpu", "--jobs", "2", "--corpora", "corpora"].map(str::to_owned);
    std::iter::once(spec.display().to_string()).chain(flags).collect()
}

/// `what` is to be run, saving every `seconds`.
fn arguments(what: &[String], results: &str, seconds: &str) -> Vec<String> {
    let last = ["--results", results, "--checkpoint-seconds", seconds].map(str::to_owned);
    std::iter::once("run".to_owned()).chain(what.iter().cloned()).chain(last).collect()
}

fn start(folder: &Path, what: &[String], results: &str) -> Child {
    Command::new(seraug_test_support::common::program("seraug"))
        .args(arguments(what, results, "0.1"))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn run(folder: &Path, what: &[String], results: &str) -> (i32, String) {
    let arguments = arguments(what, results, "0.1");
    let output = seraug(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    (output.status.code().unwrap_or(-1), stderr(&output) + &stdout(&output))
}

fn kill(signal: &str, pid: u32) {
    // A process that has just ended is no failure of the test.
    let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Processes that `parent` started, from /proc.
fn children(parent: u32) -> Vec<u32> {
    let parent_of = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|e| e.file_name().to_string_lossy().parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// What must not be left: temporary files and folders, leases.
fn left_over(results: &Path) -> Vec<PathBuf> {
    let temporary = |p: &Path| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".tmp"));
    let all = WalkDir::new(results).into_iter().flatten().map(|e| e.into_path());
    all.filter(|p| temporary(p) || p.extension().is_some_and(|e| e == "json")).collect()
}

/// A small generator of moments; its seed is printed, so that a failure can be seen again.
struct Moments(u64);

impl Moments {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// `just test-faults` sets SERAUG_KILLS to 50.
#[test]
fn killed_at_random_moments_and_run_again_the_results_are_those_of_an_undisturbed_run() {
    let kills: usize = std::env::var("SERAUG_KILLS").map_or(10, |k| k.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    eprintln!("{}", survives(folder.path(), &ablation(), kills));
}

#[test]
fn so_are_those_of_the_rival_generators_and_their_judge() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let kills: usize = std::env::var("SERAUG_KILLS").map_or(6, |k| k.parse().unwrap());
    eprintln!("{}", survives(folder.path(), &rivals(folder.path()), kills));
}

/// Kills `what` so many times and compares what comes out with what comes out undisturbed; says how it went.
fn survives(folder: &Path, what: &[String], kills: usize) -> String {
    let begun = Instant::now();
    let (code, said) = run(folder, what, "quiet");
    assert_eq!(code, 0, "{said}");
    let whole = begun.elapsed();
    let expected = findings(&folder.join("quiet"));
    assert_eq!(left_over(&folder.join("quiet")), Vec::<PathBuf>::new());

    let seed = std::env::var("SERAUG_KILL_SEED").map_or(20_261_123, |s| s.parse().unwrap());
    let mut moments = Moments(seed);
    let (mut killed, mut supervisors, mut rounds) = (0, 0, 0);
    while killed < kills {
        rounds += 1;
        let results = format!("kills-{rounds}");
        let mut finished = false;
        while killed < kills && !finished {
            let mut child = start(folder, what, &results);
            loop {
                let until =
                    Instant::now() + Duration::from_millis(100 + moments.below(whole.as_millis() as u64 / 4));
                while Instant::now() < until && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_millis(10));
                }
                if let Some(status) = child.try_wait().unwrap() {
                    // 3: a cell whose worker was killed twice is a failed row, until the next run.
                    assert!(matches!(status.code(), Some(0 | 3)), "{status:?}");
                    finished = status.code() == Some(0);
                    break;
                }
                let workers = children(child.id());
                killed += 1;
                if workers.is_empty() || moments.below(2) == 0 {
                    kill("-9", child.id());
                    child.wait().unwrap();
                    supervisors += 1;
                    break;
                }
                kill("-9", workers[moments.below(workers.len() as u64) as usize]);
                if killed == kills {
                    child.wait().unwrap();
                    break;
                }
            }
        }
        let (code, said) = run(folder, what, &results);
        assert_eq!(code, 0, "{said}");
        let results = folder.join(&results);
        let found = findings(&results);
        for (name, text) in &expected {
            assert_eq!(found.get(name), Some(text), "seed {seed}, round {rounds}: {name}");
        }
        assert_eq!(found.len(), expected.len());
        assert_eq!(left_over(&results), Vec::<PathBuf>::new());
    }
    format!("{killed} kills, {supervisors} of them of the supervisor, in {rounds} runs; seed {seed}")
}

#[test]
fn ctrl_c_saves_and_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let mut child = Command::new(seraug_test_support::common::program("seraug"))
        .args(arguments(&ablation(), "results", "1000"))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let store = folder.path().join("results/.store");
    // The training of an augmentor is the longest there is: its lease says that it is going on.
    let trains = || {
        let leases = fs::read_dir(store.join("leases")).into_iter().flatten().flatten();
        leases.map(|e| e.file_name().to_string_lossy().into_owned()).any(|n| n.starts_with("augmentor-"))
    };
    let begun = Instant::now();
    while !trains() {
        assert!(begun.elapsed() < Duration::from_secs(120), "nobody trains");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(150));
    // Not SIGINT: a shell lets its background commands ignore that, and what is ignored stays so.
    kill("-TERM", child.id());
    let status = child.wait().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(
        said.contains("error: stopped: ") && said.contains("run the same command again to resume results/"),
        "{said}"
    );
    assert!(fs::read_dir(store.join("checkpoints")).is_ok_and(|c| c.count() > 0), "saved: {said}");
    let (code, said) = run(folder.path(), &ablation(), "results");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("resuming results/") && said.contains("resumes at step"), "{said}");
    let (code, _) = run(folder.path(), &ablation(), "quiet");
    assert_eq!(code, 0);
    assert_eq!(findings(&folder.path().join("results")), findings(&folder.path().join("quiet")));
    let (code, said) = run(folder.path(), &ablation(), "results");
    assert!(code == 0 && said.contains("nothing to do: every cell of results/"), "{said}");
}

#[test]
fn two_runs_of_overlapping_specs_at_once_train_each_stage_once() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let spec = |name: &str| seraug_test_support::common::root().join("experiments/open").join(name);
    let command = |name: &str| {
        let mut command = Command::new(seraug_test_support::common::program("seraug"));
        command.arg("run").arg(spec(name)).args(GRID).current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let both = ["ablation-emodb.toml", "table2-emodb.toml"].map(|name| command(name).spawn().unwrap());
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    // Every key that a cell's log says was trained, over both runs.
    let mut trained: BTreeMap<String, usize> = BTreeMap::new();
    let mut cells = 0;
    for entry in WalkDir::new(folder.path().join("results")).into_iter().flatten() {
        if entry.file_name() == "log.txt" {
            cells += 1;
            let text = fs::read_to_string(entry.path()).unwrap();
            for line in text.lines().filter(|l| l.ends_with(": trained")) {
                *trained.entry(line.to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(cells, 24, "two folds of seven and of five conditions");
    assert!(trained.values().all(|n| *n == 1), "{trained:#?}");
    let entries = fs::read_dir(folder.path().join("results/.store")).unwrap().flatten();
    let stages = entries.filter(|e| e.path().join("stage.toml").is_file()).count();
    assert_eq!((trained.len(), stages), (22, 22), "fourteen classifiers and eight augmentors");
}
