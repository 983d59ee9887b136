//! Why `plan` trains a cell or does not. Earlier runs are written by the test; nothing is trained.

use seraug_core::device::DeviceClass;
use seraug_core::files::write_atomic;
use seraug_core::run_files::{CellRecord, RunInfo, read_plan, write_outcomes, write_plan};
use seraug_core::spec::{self};
use seraug_core::store::{Key, Stage, Store};
use seraug_run::plan::CellAction;
use seraug_test_support::common::{seraug, sine, stderr, stdout, write_wav};
use seraug_test_support::corpora::{emodb, own_corpus};
use seraug_test_support::world::{CONDITIONS, EXPERIMENT, World};
use std::fs;
use std::path::PathBuf;

fn remove(store: &Store, stage: Stage, key: &Key) {
    fs::remove_dir_all(store.dir(stage, key)).unwrap();
}

#[test]
fn a_first_plan_is_new_and_later_ones_say_what_is_new_about_a_cell() {
    let world = World::new();
    let new = "to run: classifier (new)";
    let both = "to run: augmentor, classifier (new)";
    assert_eq!(world.said(&[]), [new, new, new, both, both]);
    world.begin(&world.plan(&[]), "20260101T000000Z");
    let seeds = world.said(&["seeds=[1,2]"]);
    assert_eq!(seeds[0], "to run: classifier (not reached in 20260101T000000Z-abc)");
    assert_eq!(seeds[8], "to run: augmentor, classifier (new seed)");
    let folds = world.said(&["protocol.leave-speakers-out.only=[1,2]"]);
    assert_eq!(folds[5], "to run: classifier (new fold)");
    let mut spec = world.plan(&[]).spec;
    spec.condition[2].name = "twice".into();
    assert_eq!(world.verdicts(&world.plan_of(spec))[2].line(), "to run: classifier (new condition)");
}

#[test]
fn what_the_store_has_from_another_card_or_libtorch_says_so() {
    let world = World::new();
    let plan = world.plan(&[]);
    let release = seraug_core::device::LIBTORCH;
    world.make_with(&plan.cells[0], &format!("libtorch = \"{release}+cpu\"\ndevice = \"Some CPU\"\n"));
    world.make_with(&plan.cells[1], &format!("libtorch = \"{release}+cu130\"\ndevice = \"NVIDIA H100\"\n"));
    world.make_with(&plan.cells[3], "libtorch = \"2.7.1\"\ndevice = \"Some CPU\"\n");
    let by = |c: &str| format!("made by {EXPERIMENT}/{c}/fold-1/seed-1");
    let said = world.said(&[]);
    assert_eq!(said[0], format!("cached ({})", by("no-aug")));
    assert_eq!(said[1], format!("cached ({} with libtorch {release}+cu130 on NVIDIA H100)", by("weighted")));
    assert_eq!(said[3], format!("cached ({} with libtorch 2.7.1 on Some CPU)", by("aug")));
    let store = world.store();
    remove(&store, Stage::Classifier, &plan.cells[3].classifier);
    assert_eq!(
        world.of_aug(&[]),
        "to run: classifier (new; augmentor cached, made with libtorch 2.7.1 on Some CPU)"
    );
}

#[test]
fn a_change_of_the_spec_is_told_where_it_is_read() {
    let world = World::new();
    let plan = world.plan(&[]);
    world.begin(&plan, "20260101T000000Z");
    plan.cells.iter().for_each(|c| world.make(c));
    let cached = |c: &str| format!("cached (made by {EXPERIMENT}/{c}/fold-1/seed-1)");
    assert_eq!(world.said(&["title=other"]), CONDITIONS.map(cached));

    let said = world.said(&["augmentor.iterations=400"]);
    assert_eq!(said[..3], CONDITIONS.map(cached)[..3]);
    assert_eq!(said[3], "to run: augmentor (augmentor.iterations 100 → 400), classifier");
    assert_eq!(said[4], cached("untrained"), "no training, no change");
    let trained = world.said(&["condition.untrained.augment.triplet-gan.trained=true"]);
    assert_eq!(trained[4], format!("cached (made by {EXPERIMENT}/aug/fold-1/seed-1)"), "trained, it is AUG");
    let both = ["augmentor.iterations=400", "classifier.epochs=7"];
    assert_eq!(world.said(&both)[0], "to run: classifier (classifier.epochs 20 → 7)");
    assert_eq!(
        world.of_aug(&both),
        "to run: augmentor (augmentor.iterations 100 → 400), classifier (classifier.epochs 20 → 7)"
    );
    assert_eq!(
        world.of_aug(&["classifier.epochs=7"]),
        "to run: classifier (classifier.epochs 20 → 7; augmentor cached)"
    );
    let many = ["features.hop-ms=20", "features.window-ms=40", "features.floor-db=70", "classifier.batch=3"];
    assert_eq!(
        world.of_aug(&many),
        "to run: augmentor (features.floor-db 80.0 → 70.0, features.hop-ms 25 → 20 and 1 more), \
         classifier (classifier.batch 16 → 3, features.floor-db 80.0 → 70.0 and 2 more)"
    );
    let share = world.said(&["reduction.share=0.5"]);
    assert_eq!(share[0], "to run: classifier (reduction.share 0.8 → 0.5)");
    assert_eq!(share[3], "to run: augmentor (reduction.share 0.8 → 0.5), classifier");

    // A stage that goes on from where a shorter training ended.
    let trajectory = plan.cells[3].augmentor_trajectory.as_ref().unwrap();
    let points = world.store().checkpoints(Stage::Augmentor, trajectory);
    points.put(100, |dir| write_atomic(&dir.join("state"), b"x")).unwrap();
    assert_eq!(
        world.of_aug(&["augmentor.iterations=400"]),
        "to run: augmentor (augmentor.iterations 100 → 400; resumes at step 100), classifier"
    );
    assert_eq!(
        world.of_aug(&["augmentor.iterations=50"]),
        "to run: augmentor (augmentor.iterations 100 → 50), classifier"
    );
}

#[test]
fn what_became_of_a_cell_that_was_planned_before_is_told() {
    let world = World::new();
    let plan = world.plan(&[]);
    let run = world.begin(&plan, "20260101T000000Z");
    let [_, weighted, copies, aug, _] = &plan.cells[..] else { panic!() };
    let store = world.store();
    // Done here, and then taken out of the store: nothing is to be done all the same.
    world.make(weighted);
    world.end(&run, weighted, "");
    world.end(&run, copies, "loss is not finite at step 7");
    let trajectory = aug.augmentor_trajectory.as_ref().unwrap();
    let points = store.checkpoints(Stage::Augmentor, trajectory);
    points.put(40, |dir| write_atomic(&dir.join("state"), b"x")).unwrap();
    let expected = [
        "to run: classifier (not reached in 20260101T000000Z-abc)",
        "done (in 20260101T000000Z-abc)",
        "to run: classifier (failed in 20260101T000000Z-abc: loss is not finite at step 7)",
        "to run: augmentor (interrupted at step 40 of 100), classifier",
        "to run: augmentor (not reached in 20260101T000000Z-abc), classifier",
    ];
    assert_eq!(world.said(&[]), expected);
    remove(&store, Stage::Classifier, &weighted.classifier);
    assert_eq!(world.said(&[]), expected);
    // Of another spec: it is another run, which wants the entry.
    assert_eq!(world.said(&["title=other"])[1], "to run: classifier (no longer in the store)");

    // outcomes.csv is gathered: what a cell says itself is newer.
    let outcomes = |error: &str| {
        let planned = read_plan(&run.plan()).unwrap();
        let record = CellRecord { error: error.into(), ..CellRecord::default() };
        let rows: Vec<_> = planned.iter().map(|p| record.outcome(p)).collect();
        write_outcomes(&run.outcomes(), &plan.spec.class_names(), &rows).unwrap();
    };
    outcomes("an earlier try");
    assert_eq!(world.said(&[])[1..3], expected[1..3]);
    assert_eq!(world.said(&[])[0], "to run: classifier (failed in 20260101T000000Z-abc: an earlier try)");

    // A newer run of the same spec and other data is what would be gone on with.
    let newer = world.begin(&plan, "20260102T000000Z");
    let text = fs::read_to_string(newer.plan()).unwrap();
    fs::write(newer.plan(), text.replace(weighted.classifier.as_str(), &"0".repeat(32))).unwrap();
    assert_eq!(world.said(&[])[1], "to run: classifier (this version of seraug computes it differently)");
}

#[test]
fn another_device_and_another_version_are_told() {
    let world = World::new();
    let plan = world.plan(&[]);
    let run = world.begin(&plan, "20260101T000000Z");
    // As if its keys had been made otherwise.
    let mut rows = plan.rows();
    for row in &mut rows {
        for key in row.key_augmentor.iter_mut().chain([&mut row.key_classifier]) {
            *key = Key::read(&key.as_str().chars().rev().collect::<String>()).unwrap();
        }
    }
    write_plan(&run.plan(), &rows).unwrap();
    let otherwise = "this version of seraug computes it differently";
    assert_eq!(world.of_aug(&[]), format!("to run: augmentor ({otherwise}), classifier"));
    let mut info = RunInfo::load(&run.info()).unwrap();
    info.device.class = DeviceClass::Cuda;
    info.save(&run.info()).unwrap();
    assert_eq!(world.of_aug(&[]), "to run: augmentor (device cuda → cpu), classifier");
    // Runs of before plan.csv are known by their outcomes.
    let record = CellRecord::default();
    let outcomes: Vec<_> = rows.iter().map(|row| record.outcome(row)).collect();
    write_outcomes(&run.outcomes(), &plan.spec.class_names(), &outcomes).unwrap();
    fs::remove_file(run.plan()).unwrap();
    assert_eq!(world.said(&[])[0], "to run: classifier (device cuda → cpu)");
    // What does not read is as if it were not there.
    fs::write(run.outcomes(), "x").unwrap();
    assert_eq!(world.said(&[])[0], "to run: classifier (new)");
}

#[test]
fn recordings_that_changed_came_and_went_are_counted() {
    let world = World::new();
    let run = world.begin(&world.plan(&[]), "20260101T000000Z");
    // A neutral recording that trains: neutral is not reduced.
    let split = fs::read_to_string(run.splits()).unwrap();
    let id = |part: &str, n: usize| {
        let mut rows = split.lines().filter(|l| l.contains(",neutral,") && l.ends_with(part));
        rows.nth(n).unwrap().split(',').nth(1).unwrap().to_owned()
    };
    let file = |id: &str| world.wav.join(format!("{id}.wav"));
    let original = fs::read(file(&id("train", 0))).unwrap();
    write_wav(&file(&id("train", 0)), &[sine(5000.0, 16_000, 3200)], 16_000, Some(16));
    let changed = world.said(&[]);
    assert_eq!(changed[0], "to run: classifier (emodb: 1 recording changed)");
    assert_eq!(changed[3], "to run: augmentor (emodb: 1 recording changed), classifier");
    fs::write(file(&id("train", 0)), original).unwrap();
    assert_eq!(world.said(&[])[0], "to run: classifier (not reached in 20260101T000000Z-abc)");

    fs::remove_file(file(&id("test", 0))).unwrap();
    fs::remove_file(file(&id("test", 1))).unwrap();
    fs::rename(file(&id("train", 1)), world.wav.join("16b03Wd.wav")).unwrap();
    assert_eq!(world.said(&[])[0], "to run: classifier (emodb: 1 recording added, 3 gone)");
}

#[test]
fn a_label_and_a_split_that_changed_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let world = World { wav: PathBuf::new(), dir };
    let as_is = |row: &str| row.to_owned();
    own_corpus(world.dir.path(), "mine", 200.0, as_is);
    let spec = |protocol: &str| {
        let text = format!(
            "title = \"t\"\ncorpus = \"mine\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"] }}\n\
             preset = \"tiny\"\nprotocol.{protocol}\n[[condition]]\nname = \"no-aug\"\n"
        );
        spec::parse(&text, "x.toml", &[]).unwrap()
    };
    let said = |protocol: &str| -> Vec<String> {
        world.verdicts(&world.plan_of(spec(protocol))).iter().map(CellAction::line).collect()
    };
    let speakers = "leave-speakers-out = { folds = 2 }";
    let run = world.begin(&world.plan_of(spec(speakers)), "20260101T000000Z");
    own_corpus(world.dir.path(), "mine", 200.0, |row| row.replace("1.wav,angry,s1", "1.wav,neutral,s1"));
    assert_eq!(said(speakers), vec!["to run: classifier (mine: 1 recording relabelled)"; 2]);
    own_corpus(world.dir.path(), "mine", 200.0, as_is);

    // A spec reaches no file above the working directory, which is this package's.
    let here = std::env::current_dir().unwrap();
    let below = tempfile::tempdir_in(&here).unwrap();
    let path = below.path().strip_prefix(&here).unwrap().join("split.csv");
    fs::copy(run.splits(), &path).unwrap();
    let file = format!("split-file = {{ path = {:?} }}", path.display().to_string());
    assert_eq!(
        said(&file),
        vec!["to run: classifier (not reached in 20260101T000000Z-abc)"; 2],
        "the same folds have the same keys"
    );
    world.begin(&world.plan_of(spec(&file)), "20260102T000000Z");
    // An utterance of the first fold trains no more.
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().find(|l| l.starts_with("mine,") && l.ends_with(",train,test")).unwrap();
    fs::write(&path, text.replace(line, &line.replace(",train,test", ",-,test"))).unwrap();
    assert_eq!(
        said(&file),
        [
            "to run: classifier (the split of fold 1 changed)",
            "to run: classifier (not reached in 20260102T000000Z-abc)"
        ]
    );
}

#[test]
fn a_large_plan_is_told_by_condition_and_all_of_it_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    let spec = &seraug_test_support::common::in_root("experiments/open/table2-emodb.toml");
    let plan = |more: &[&str]| {
        let first = ["plan", spec, "--device", "cpu", "--set", "protocol.leave-speakers-out.folds=5"];
        let output = seraug(dir.path(), &[&first, ["--seeds", "1,2,3,4"].as_slice(), more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let text = plan(&[]);
    let aug = text.lines().find(|l| l.starts_with("aug ")).unwrap();
    assert!(aug.ends_with("  20 to run: augmentor, classifier (new)"), "{text}");
    assert_eq!(text.lines().filter(|l| l.contains("  train ")).count(), 5, "{text}");
    assert!(text.ends_with("  100 cells: 100 to run\n"), "{text}");
    let all = plan(&["--all"]);
    assert_eq!(all.lines().filter(|l| l.contains("/fold-")).count(), 100, "{all}");
    let json: Vec<serde_json::Value> = serde_json::from_str(&plan(&["--json"])).unwrap();
    assert_eq!(json.len(), 100);
    let last = &json[99];
    assert_eq!((&last["state"], &last["reason"]), (&"to run".into(), &"augmentor, classifier (new)".into()));
    assert_eq!(last["to_run"], serde_json::json!(["augmentor", "classifier"]));
    assert_eq!(plan(&["--set", "protocol.leave-speakers-out.only=[1]"]).lines().count(), 5 + 20 + 1);
}
