//! Keys of planned cells, and plans of ten thousand cells.

use crate::schema::generators;
use seraug_core::run_files::PlannedCell;
use seraug_core::spec;
use seraug_core::store::{Key, Stage};
use seraug_run::plan::{CellAction, Plan};
use seraug_test_support::common::{corpora_with, in_root, root, seraug, stderr, stdout};
use seraug_test_support::corpora::own_corpus;
use seraug_test_support::world::World;
use std::collections::BTreeSet;

/// What cells have in common is found once, and must not get into the keys of others.
#[test]
fn the_keys_of_a_cell_do_not_depend_on_the_rest_of_the_plan() {
    let world = World::new();
    let dir = world.dir.path();
    own_corpus(dir, "mine", 200.0, str::to_owned);
    own_corpus(dir, "other", 1000.0, str::to_owned);
    let text = r#"title = "t"
preset = "tiny"
classes = { neutral = ["neutral"], angry = ["angry"] }
classifier.weights = "held-out"
protocol.cross-lingual = { sources = ["mine"], targets = ["other"], speakers = "overlap", test = 0.3, full = 0.6 }
[[condition]]
name = "lt"
target = "low"
[[condition]]
name = "lt-aug"
target = "low"
augment.triplet-gan.of = "target"
[[condition]]
name = "ft-aug"
augment.triplet-gan.of = "target"
[[condition]]
name = "ft-copies"
augment.copies.of = "all"
"#;
    let cross = |sets: &[&str]| -> Vec<PlannedCell> {
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        world.plan_of(spec::parse(text, "x.toml", &sets).unwrap()).rows()
    };
    let sides = |sets: &[&str]| world.plan(sets).rows();
    for plan in [&cross as &dyn Fn(&[&str]) -> Vec<PlannedCell>, &sides] {
        let all = plan(&["seeds=[1,2,3]"]);
        let alone: Vec<PlannedCell> =
            ["seeds=[1]", "seeds=[2]", "seeds=[3]"].iter().flat_map(|s| plan(&[s])).collect();
        assert_eq!(all, alone);
        let keys: std::collections::HashSet<&Key> = all.iter().map(|c| &c.key_classifier).collect();
        assert_eq!(keys.len(), all.len(), "no two cells are equal");
    }
}

/// The clock and the memory are those of a machine that does other things too; docs/architecture.md has measurements.
#[test]
fn ten_thousand_cells_after_a_run_of_as_many_are_planned() {
    let world = World::new();
    let seeds: Vec<String> = (1..=400).map(|s| s.to_string()).collect();
    let set = format!("seeds=[{}]", seeds.join(","));
    let all = "protocol.leave-speakers-out.only=[]";
    world.begin(&world.plan(&[&set, all]), "20260101T000000Z");
    let plan: Plan = world.plan(&[&set, all, "augmentor.iterations=7"]);
    plan.audit().unwrap();
    let verdicts = world.verdicts(&plan);
    assert_eq!(verdicts.len(), 10_000);
    let expected = "to run: augmentor (augmentor.iterations 100 → 7), classifier";
    assert_eq!(verdicts.iter().filter(|v| CellAction::line(v) == expected).count(), 2000);
}

/// Two corpora, every augmentation, and sets of losses; the second condition is where a key has the most parts. `tiny` had a
/// representation of 32 when the first keys were written down.
const ALL: &str = r#"title = "t"
preset = "tiny"
representation.lstm = 32
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.cross-lingual = { sources = ["mine"], targets = ["other"], speakers = "overlap", test = 0.3, full = 0.6 }
[[condition]]
name = "none"
target = "low"
[[condition]]
name = "weighted"
loss = "weighted"
sampling = "balanced"
augment.triplet-gan.of = "target"
[[condition]]
name = "gan"
augment.triplet-gan = { losses = ["gan"], of = "all", copies = 2 }
[[condition]]
name = "model"
augment.triplet-gan = { losses = ["model"], of = "target" }
[[condition]]
name = "copies"
augment.copies.of = "all"
[[condition]]
name = "masks"
augment.spec-augment = { of = "all", time-masks = 0 }
[[condition]]
name = "noise"
augment.noise = { of = "target", snr-db = [3.0, 9.0] }
[[condition]]
name = "mixup"
augment.mixup.alpha = 0.4
"#;

/// Stores hold stages under these keys: a change of the code that changes a key makes everybody train that stage again. Where
/// a stage computes something else, raise its version in src/run/plan/keys/mod.rs and copy target/tmp/keys.tsv, which this test
/// writes, over tests/golden/keys/keys.tsv: exactly the rows of that stage differ.
#[test]
fn keys_and_trajectories_are_those_of_earlier_versions() {
    let world = World::new();
    own_corpus(world.dir.path(), "mine", 200.0, str::to_owned);
    own_corpus(world.dir.path(), "other", 1000.0, str::to_owned);
    let own = "augmentor.attention=own";
    let mut found = String::from("case\tdevice\tcell\tstage\tkey\ttrajectory\n");
    let mut tried = BTreeSet::new();
    let mut add = |case: &str, device: &str, plan: Plan| {
        tried.extend(plan.spec.condition.iter().map(|c| c.augment.name()));
        for c in plan.rows() {
            for stage in Stage::ALL {
                if let Some((key, trajectory)) = c.key(stage).zip(c.trajectory(stage)) {
                    let (cell, stage) = (&c.cell, stage.name());
                    found += &format!("{case}\t{device}\t{cell}\t{stage}\t{key}\t{trajectory}\n");
                }
            }
        }
    };
    for (device, sets) in [
        ("cpu", &[own] as &[&str]),
        ("cpu/4", &[own]),
        ("cuda", &[own]),
        ("cpu", &[own, "precision=bf16"]),
        ("cuda", &[own, "precision=tf32", "augmentor.iterations=7"]),
        ("cpu", &[own, "classifier.weights=held-out", "classifier.schedule=constant"]),
        ("cpu", &[own, "classifier.weights=average", "augmentor.negatives=semi-hard"]),
        ("cpu", &[own, "classifier.network.vgg.batch-norm=true", "augmentor.optimisers=per-phase"]),
    ] {
        let list: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        add(
            &sets.join(" "),
            device,
            world.plan_on(spec::parse(ALL, "x.toml", &list).unwrap(), device.parse().unwrap()),
        );
    }
    add("table2-emodb", "cpu", world.plan(&["representation.lstm=32", "seeds=[1,2]"]));
    // Every generator, and a judge.
    let rivals = root().join("experiments/open/rivals-emodb.toml");
    let sets = [
        "preset=tiny",
        "seeds=[1]",
        "protocol.leave-speakers-out.folds=5",
        "protocol.leave-speakers-out.only=[1]",
    ];
    add("rivals-emodb", "cpu", world.plan_of(spec::load(&rivals, &sets.map(str::to_owned)).unwrap()));
    let untried: Vec<String> =
        generators().into_iter().filter(|name| !tried.contains(name.as_str())).collect();
    assert!(
        untried.is_empty(),
        "no case above has a condition of {untried:?}, whose keys would change unseen"
    );
    let committed = std::fs::read_to_string(root().join("tests/golden/keys/keys.tsv")).unwrap();
    let made = concat!(env!("CARGO_TARGET_TMPDIR"), "/keys.tsv");
    std::fs::write(made, &found).unwrap();
    assert!(found == committed, "the keys are not those of tests/golden/keys/keys.tsv; they are in {made}");
}

/// The committed run of an experiment, 1.1 and 11.2 points (docs/statistics.md).
#[test]
fn the_spread_is_that_of_a_finished_run_where_latest_has_none() {
    let Some(corpora) = corpora_with("emodb") else { return };
    let dir = tempfile::tempdir().unwrap();
    let experiment = dir.path().join("results/open/table2-emodb");
    let committed = std::fs::read_dir(root().join("results/reference/open/table2-emodb")).unwrap();
    let committed = committed.map(|e| e.unwrap().path()).find(|p| p.join("run.toml").is_file()).unwrap();
    let run = experiment.join(committed.file_name().unwrap());
    std::fs::create_dir_all(&run).unwrap();
    for name in ["spec.toml", "run.toml", "outcomes.csv"] {
        std::fs::copy(committed.join(name), run.join(name)).unwrap();
    }
    let spec = in_root("experiments/open/table2-emodb.toml");
    let corpora = corpora.display().to_string();
    let said = || {
        let folds = "protocol.leave-speakers-out.folds=5";
        let sets = ["--set", "preset=small", "--set", folds, "--power", "8", "--corpora", &corpora];
        let out = seraug(dir.path(), &[&["plan", &spec], &sets[..]].concat());
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        stdout(&out)
    };
    let id = run.file_name().unwrap().to_string_lossy().into_owned();
    let own = format!("(spread of differences 1.1 and 11.2 points: of open/table2-emodb/{id})");
    assert!(said().contains(&own), "{}", said());
    // A newer run that has no result yet is `latest`.
    let newer = experiment.join("20991231T235959Z-0000000000");
    std::fs::create_dir_all(&newer).unwrap();
    for name in ["spec.toml", "run.toml"] {
        std::fs::copy(committed.join(name), newer.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(newer.file_name().unwrap(), experiment.join("latest")).unwrap();
    assert!(said().contains(&own), "{}", said());
    // A run that was never finished is none to go by.
    let info = std::fs::read_to_string(run.join("run.toml")).unwrap();
    let finished = info.lines().find(|line| line.starts_with("finished = ")).unwrap();
    std::fs::write(run.join("run.toml"), info.replacen(finished, "finished = \"\"", 1)).unwrap();
    assert!(said().contains("(spread of differences 3.0 and 10.0 points: typical"), "{}", said());
}
