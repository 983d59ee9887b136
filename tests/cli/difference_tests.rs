//! Which test a difference has under each protocol, and what its ratio is of.

use seraug_core::run_files::RunDir;
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

/// The committed cross-lingual run: 720 recordings of the source are trained on in every split. Of EMO-DB, 136 are tested, and 54
/// or 399 are in training.
#[test]
fn cross_lingual_ratios_are_of_the_target() {
    let runs = std::fs::read_dir(root().join("results/reference/open/figure4")).unwrap();
    let run = runs.flatten().map(|e| e.path()).find(|p| p.join("run.toml").is_file()).unwrap();
    let found = contrasts(&RunDir::open(&run).unwrap());
    let pair = |set: &str, names: [&str; 2]| {
        found.iter().find(|c| c.data_set.ends_with(set) && c.conditions == names).unwrap()
    };
    for (names, train) in [(["lt", "lt-aug"], 54.0), (["ft", "ft-aug"], 399.0)] {
        let c = pair(">emodb", names);
        assert!((c.ratio - 136.0 / train).abs() < 1e-12, "{}", c.ratio);
        assert!((c.reduced_ratio - 136.0 / (720.0 + train)).abs() < 1e-12, "{}", c.reduced_ratio);
        assert_eq!(c.test, c.corrected, "each seed splits anew");
    }
    // With the source's recordings counted, the interval was 5.6 to 9.0.
    let said = pair(">urdu", ["lt", "lt-aug"]).sentence();
    assert!(said.contains("+7.3 points, 95 % interval 3.2 to 11.5, but among 15 comparisons"), "{said}");
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
