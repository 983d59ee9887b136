//! Plans as such: their keys, and large ones.

use crate::reasons::World;
use seraug_core::run_files::PlannedCell;
use seraug_core::spec;
use seraug_run::plan::{CellAction, Plan};
use seraug_test_support::common::golden;
use seraug_test_support::corpora::own_corpus;

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
        let keys: std::collections::HashSet<&String> = all.iter().map(|c| &c.key_classifier).collect();
        assert_eq!(keys.len(), all.len(), "no two cells are equal");
    }
}

/// The clock and the memory are those of a machine that does other things too; docs/design.md has measurements.
#[test]
fn ten_thousand_cells_after_a_run_of_as_many_are_planned_in_seconds() {
    let world = World::new();
    let seeds: Vec<String> = (1..=500).map(|s| s.to_string()).collect();
    let set = format!("seeds=[{}]", seeds.join(","));
    let all = "protocol.leave-speakers-out.only=[]";
    world.begin(&world.plan(&[&set, all]), "20260101T000000Z");
    let begun = std::time::Instant::now();
    let plan: Plan = world.plan(&[&set, all, "augmentor.iterations=7"]);
    plan.audit().unwrap();
    let verdicts = world.verdicts(&plan);
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("{} cells in {seconds:.2} s", verdicts.len());
    assert_eq!(verdicts.len(), 10_000);
    let expected = "to run: augmentor (augmentor.iterations 100 → 7), classifier";
    assert_eq!(verdicts.iter().filter(|v| CellAction::line(v) == expected).count(), 2500);
    assert!(seconds < 10.0, "{seconds} s");
}

/// Two corpora, every augmentation, and sets of losses; the second condition is where a key has the most parts.
const ALL: &str = r#"title = "t"
preset = "tiny"
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

/// Stages of these keys are in the stores of others: a change of the code that moves one trains all of theirs anew. Where a
/// stage computes something else, its version is raised and this golden with it.
#[test]
fn keys_and_trajectories_are_those_of_earlier_versions() {
    let world = World::new();
    own_corpus(world.dir.path(), "mine", 200.0, str::to_owned);
    own_corpus(world.dir.path(), "other", 1000.0, str::to_owned);
    let own = "augmentor.attention=own";
    let mut found = String::from("case\tdevice\tcell\tstage\tkey\ttrajectory\n");
    let mut add = |case: &str, device: &str, plan: Plan| {
        for c in plan.rows() {
            let mut row = |stage, key: &str, trajectory: &str| {
                if !key.is_empty() {
                    found += &format!("{case}\t{device}\t{}\t{stage}\t{key}\t{trajectory}\n", c.cell);
                }
            };
            row("augmentor", &c.key_augmentor, &c.trajectory_augmentor);
            row("classifier", &c.key_classifier, &c.trajectory_classifier);
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
        add(&sets.join(" "), device, world.plan_on(spec::parse(ALL, "x.toml", &list).unwrap(), device));
    }
    add("table2-emodb", "cpu", world.plan(&["seeds=[1,2]"]));
    golden("keys/keys.tsv", &found);
}
