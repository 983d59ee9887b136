//! The augmentor step on fixed buffers, which a CUDA graph records, equals the eager one; the library behind CUDA graphs
//! compiles (it is not run here).

use crate::fixtures::augmentor::{ALL, bank, flats, task, tiny};
use seraug_core::error::Result;
use seraug_core::spec::GanLoss;
use seraug_test_support::common::{seraug, stderr};
use seraug_test_support::requirements::CUDA_HEADERS;
use seraug_train::control::{Action, Control};
use seraug_train::generators::triplet_gan::Trainer;
use seraug_train::history::LoggedRow;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rows and notes; where asked, a checkpoint after a step.
#[derive(Default)]
struct Listener {
    rows: Vec<LoggedRow>,
    notes: Vec<String>,
    save: Option<(usize, PathBuf)>,
}

impl Control for Listener {
    fn row(&mut self, row: LoggedRow) -> Result<()> {
        self.rows.push(row);
        Ok(())
    }

    fn action(&mut self, step: usize, _: usize) -> Action {
        if self.save.as_ref().is_some_and(|(at, _)| *at == step) { Action::Save } else { Action::Continue }
    }

    fn save(&mut self, _: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        write(&self.save.as_ref().unwrap().1)
    }

    fn records(&mut self) -> bool {
        true
    }

    fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}

/// Sets of losses and settings that take every path through the phases.
const PATHS: [(&[GanLoss], &[&str]); 5] = [
    (&ALL, &[]),
    (&ALL, &["augmentor.optimisers=per-phase", "augmentor.negatives=semi-hard"]),
    (&ALL, &["augmentor.clip-norm=0.5", "augmentor.padding=repeat", "precision=bf16"]),
    (&[GanLoss::Model], &["augmentor.latent=map", "augmentor.noise=input"]),
    (&[], &["augmentor.optimisers=per-phase"]),
];

/// Largest difference of what the same steps, other in the rounding of Adam, may come to: relative for a value of a row.
fn near(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn fixed_buffers_give_the_losses_and_weights_of_the_plain_iteration() {
    for (losses, sets) in PATHS {
        let spec = tiny(&[&["augmentor.iterations=7", "augmentor.log-every=3"], sets].concat());
        let (bank, mut plain, mut fixed) = (bank(), Listener::default(), Listener::default());
        let mut a = Trainer::new(task(&spec, &bank, losses)).unwrap();
        let mut b = Trainer::new(task(&spec, &bank, losses)).unwrap();
        let before = flats(&a.networks);
        a.run(&mut plain).unwrap();
        b.fix();
        b.run(&mut fixed).unwrap();
        // A weight in bfloat16 may round to the neighbour of the other's.
        let within = if sets.contains(&"precision=bf16") { 2e-2 } else { 1e-4 };
        for ((before, a), b) in before.iter().zip(flats(&a.networks)).zip(flats(&b.networks)) {
            let [off, moved] = [(&a - b).abs().max(), (before - &a).abs().max()].map(|t| t.double_value(&[]));
            println!("{losses:?} {sets:?}: weights off by {off:e}, moved by {moved:e}");
            // Seven steps of 1e-3 move a weight by 7e-3; two that differ in one step's sign are 2e-3 apart.
            assert!(off <= if within > 1e-3 { 3e-3 } else { 1e-5 }, "{losses:?} {sets:?}: {off}");
        }
        assert_eq!(plain.rows.iter().map(|r| r.step).collect::<Vec<_>>(), [3, 6, 7]);
        for (a, b) in plain.rows.iter().zip(&fixed.rows) {
            assert_eq!((a.step, a.values.len()), (b.step, b.values.len()));
            for ((name, a), (same, b)) in a.values.iter().zip(&b.values) {
                assert!(name == same && near(*a, *b, within), "{losses:?} {sets:?}: {name} {a}, {b}");
            }
        }
        assert_eq!(plain.rows.len(), fixed.rows.len());
        assert!(plain.notes.is_empty() && fixed.notes.is_empty());
    }
}

#[test]
fn a_fixed_training_resumes_bit_for_bit() {
    let spec = tiny(&["augmentor.iterations=7", "augmentor.log-every=3"]);
    let (bank, dir) = (bank(), tempfile::tempdir().unwrap());
    let mut whole = Listener { save: Some((4, dir.path().to_owned())), ..Listener::default() };
    let mut a = Trainer::new(task(&spec, &bank, &ALL)).unwrap();
    a.fix();
    a.run(&mut whole).unwrap();
    let mut rest = Listener::default();
    let mut b = Trainer::resume(task(&spec, &bank, &ALL), dir.path()).unwrap();
    b.fix();
    b.run(&mut rest).unwrap();
    assert_eq!((flats(&a.networks), &whole.rows[1..]), (flats(&b.networks), &rest.rows[..]));
}

#[test]
fn the_cpu_has_no_graph_and_says_so() {
    let (spec, bank) = (tiny(&[]), bank());
    let mut listener = Listener::default();
    seraug_train::generators::triplet_gan::train(task(&spec, &bank, &ALL), &mut listener).unwrap();
    assert_eq!(listener.notes, ["no CUDA graph: the device is the CPU"]);
    let dir = tempfile::tempdir().unwrap();
    let quickstart = seraug_test_support::common::root().join("experiments/quickstart.toml");
    let args = ["run", quickstart.to_str().unwrap(), "--device", "cpu", "--cuda-graphs"];
    let out = seraug(dir.path(), &args);
    assert_eq!((out.status.code(), stderr(&out).lines().count()), (Some(2), 1), "{}", stderr(&out));
    assert!(stderr(&out).contains("--cuda-graphs: the device is the CPU"), "{}", stderr(&out));
}

#[test]
fn the_shared_object_compiles_and_has_the_functions() {
    let here = seraug_test_support::common::root();
    let torch = std::env::var_os("LIBTORCH").map_or(here.join(".libtorch/torch"), PathBuf::from);
    // Beside the other output of the build, so that the headers are fetched once.
    let target =
        Path::new(seraug_test_support::common::program("seraug")).parent().unwrap().parent().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let library = dir.path().join("libseraug_cuda_graph.so");
    let built = Command::new("sh")
        .arg(here.join("native/build.sh"))
        .args([&torch, &target.join("cuda-headers"), &library])
        .output()
        .unwrap();
    if built.status.code() == Some(3) {
        return CUDA_HEADERS
            .skip(&format!("native/cuda_graph.cpp cannot be compiled: {}", stderr(&built).trim_end()));
    }
    assert!(built.status.success(), "{}", stderr(&built));
    let out = Command::new("nm").args(["-D", "--defined-only"]).arg(&library).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let mut found: Vec<&str> = text.lines().filter_map(|l| l.split(" T seraug_graph_").nth(1)).collect();
    found.sort_unstable();
    assert_eq!(found, ["begin", "end", "enter", "free", "leave", "new", "replay"]);
}
