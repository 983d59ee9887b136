//! Which test a difference has under each protocol, and what its ratio is of.

use seraug_core::run_files::{Outcome, RunDir, read_outcomes};
use seraug_report::analysis::aggregate::Unit;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::analysis::predictions::RunPredictions;
use seraug_report::compare::{Contrast, within};
use seraug_report::stats::corrected_t;
use seraug_test_support::common::root;
use seraug_test_support::fake_run::Fake;

fn contrasts(run: &RunDir) -> Vec<Contrast> {
    let run = LoadedRun::of(run).unwrap();
    within(&run, &RunPredictions::of(&run).unwrap())
}

/// The committed cross-lingual run: the 720 recordings of the source are trained on in every split and are no part of the ratio. Each
/// seed draws its own test speakers, so that the ratio is a mean over seeds.
#[test]
fn cross_lingual_ratios_are_of_the_target() {
    let runs = std::fs::read_dir(root().join("results/reference/open/figure4")).unwrap();
    let run = runs.flatten().map(|e| e.path()).find(|p| p.join("run.toml").is_file()).unwrap();
    let run = RunDir::open(&run).unwrap();
    let outcomes = read_outcomes(&run.outcomes()).unwrap().1;
    let found = contrasts(&run);
    for set in [">emodb", ">emovo", ">urdu"] {
        for names in [["lt", "lt-aug"], ["ft", "ft-aug"]] {
            let c = found.iter().find(|c| c.data_set.ends_with(set) && c.conditions == names).unwrap();
            let of = |name: &str| -> Vec<&Outcome> {
                outcomes.iter().filter(|o| o.corpus.ends_with(set) && o.cell.condition == name).collect()
            };
            let [base, aug] = names.map(of);
            assert_eq!((base.len(), aug.len()), (5, 5));
            let mean = |source: usize| {
                base.iter().map(|o| o.n_test as f64 / (o.n_train - source) as f64).sum::<f64>() / 5.0
            };
            assert!((c.ratio - mean(720)).abs() < 1e-12, "{set} {names:?}: {}", c.ratio);
            assert!((c.reduced_ratio - mean(0)).abs() < 1e-12, "{set} {names:?}: {}", c.reduced_ratio);
            assert_eq!(c.test, c.corrected, "each seed splits anew");
            let uar = |o: &Outcome| 100.0 * o.confusion.as_ref().unwrap().uar().unwrap();
            let differences: Vec<f64> = base.iter().zip(&aug).map(|(b, a)| uar(a) - uar(b)).collect();
            let (test, expected) = (c.test.unwrap(), corrected_t(&differences, mean(720)).unwrap());
            assert!(
                (test.low - expected.low).abs() < 1e-6 && (test.high - expected.high).abs() < 1e-6,
                "{test:?}"
            );
            let counted = corrected_t(&differences, mean(0)).unwrap();
            assert!(counted.low > test.low, "with the source's recordings counted, it would be narrower");
        }
    }
}

/// Seeds that repeat the training on one split are independent.
#[test]
fn seeds_of_one_split_are_not_corrected() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake { only: vec![3], histories: false, ..Fake::default() };
    let c = contrasts(&fake.write(folder.path())).swap_remove(0);
    assert_eq!((c.unit, c.units, c.splits_anew), (Unit::Seed, 3, false));
    let of = |condition: &str, seed: u64| {
        let outcomes = fake.outcomes();
        let own = outcomes.iter().find(|o| o.cell.condition == condition && o.cell.seed == seed).unwrap();
        100.0 * own.confusion.as_ref().unwrap().mean_recall(&[1, 2, 3]).unwrap()
    };
    let differences: Vec<f64> = (1..=3).map(|s| of("aug", s) - of("no-aug", s)).collect();
    let (test, expected) = (c.test.unwrap(), corrected_t(&differences, 0.0).unwrap());
    assert!((test.low - expected.low).abs() < 1e-6 && (test.p - expected.p).abs() < 1e-6, "{test:?}");
    assert!(c.corrected.unwrap().low < test.low);
}
