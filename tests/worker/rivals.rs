//! Trainings and samples of viewmaker and stargan, on patterns of two classes.

use crate::fixtures::augmentor::{LABELS, bank, spec};
use seraug_core::device::NumericClass;
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Channels;
use seraug_core::rng::Seed;
use seraug_core::spec::{
    self, Adversarial, Conversion, CopySource, Denominator, Spec, StarGan, ViewBudget, Viewmaker,
};
use seraug_data::corpora::{self, DigestPolicy, Utterance};
use seraug_data::features::Standardiser;
use seraug_run::plan::Plan;
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::{MINI, mine};
use seraug_train::control::Control;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::stargan::{Chosen, choose};
use seraug_train::generators::{Generate, Made, Samples, Sources, Trained, TrainingTask};
use seraug_train::history::LoggedRow;
use std::collections::BTreeSet;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Networks that train in milliseconds, and `sets`.
pub(crate) fn small(sets: &[&str]) -> Spec {
    let sizes = [
        "viewmaker.frames=32",
        "viewmaker.widths=[2,3,4]",
        "viewmaker.encoder-widths=[8,8,8,8,8]",
        "viewmaker.outputs=8",
        "viewmaker.batch=4",
        "viewmaker.log-every=5",
        "stargan.frames=32",
        "stargan.widths=[2,3,4]",
        "stargan.critic-widths=[2,3,4,4]",
        "stargan.classifier-widths=[8,8,8,8,8]",
        "stargan.classifier-units=8",
        "stargan.batch=4",
        "stargan.log-every=5",
    ];
    spec(&[&sizes, sets].concat())
}

/// Trains on the bank of patterns; the weights that make samples.
pub(crate) fn trained<G: Generate>(
    generator: &G,
    spec: &Spec,
    control: &mut dyn Control,
) -> Result<G::Trained> {
    let bank = bank();
    let task = TrainingTask { spec, bank: &bank, labels: &LABELS, autoencoder: None, seed: Seed::new(11) };
    G::Trained::train(generator, &task, control)
}

fn rows<G: Generate>(generator: &G, spec: &Spec) -> (G::Trained, Vec<LoggedRow>) {
    let mut rows = Vec::new();
    let trained = trained(generator, spec, &mut |row| {
        rows.push(row);
        Ok(())
    });
    (trained.unwrap(), rows)
}

fn utterance(i: usize) -> Utterance {
    Utterance {
        corpus: "any".into(),
        id: i.to_string(),
        path: "none".into(),
        excerpt: None,
        channels: Channels::Mean,
        speaker: "a".into(),
        gender: None,
        session: None,
        split: None,
        text: None,
        language: "en".into(),
        emotion: Emotion::NEUTRAL,
        sha256: format!("digest-{i}"),
    }
}

/// What is made of `items` of the bank of patterns, whose utterances are of these classes.
pub(crate) fn made<T>(
    spec: &Spec,
    labels: &[usize],
    items: &[usize],
    seed: u64,
    make: impl FnOnce(&Sources) -> T,
) -> T {
    let (bank, utterances): (Bank, Vec<Utterance>) = (bank(), (0..LABELS.len()).map(utterance).collect());
    make(&Sources {
        spec,
        bank: &bank,
        standardiser: Standardiser { mean: 0.0, deviation: 1.0 },
        utterances: &utterances.iter().collect::<Vec<_>>(),
        labels,
        items,
        autoencoder: None,
        seed: Seed::new(seed),
    })
}

pub(crate) fn added(made: Made) -> Bank {
    match made.samples {
        Samples::Added(bank) | Samples::Converted { bank, .. } => bank,
        _ => panic!("samples are added"),
    }
}

fn mean(t: &Tensor) -> f64 {
    t.mean(Kind::Double).double_value(&[])
}

#[test]
fn views_are_as_long_as_their_sources_and_changed_by_epsilon() {
    let spec = small(&["viewmaker.iterations=1"]);
    let settings = Viewmaker {
        copies: 3,
        of: CopySource::All,
        epsilon: ViewBudget::Range([0.1, 0.2]),
        ..Viewmaker::default()
    };
    let networks = rows(&settings, &spec).0;
    let views = |items: &[usize], seed| {
        added(made(&spec, &LABELS, items, seed, |from| settings.make(from, &networks)).unwrap())
    };
    let (original, joined) = (bank(), views(&[1, 6], 3));
    let lens = original.lens().to_vec();
    assert_eq!(joined.lens()[8..], [lens[1], lens[1], lens[1], lens[6], lens[6], lens[6]]);
    let entry = |bank: &Bank, i: usize| bank.pick(&[i]).frames().copy();
    let mut changes = Vec::new();
    for (view, source) in (8..14).zip([1, 1, 1, 6, 6, 6]) {
        let (own, of) = (entry(&joined, view), entry(&original, source));
        let len = lens[source] as i64;
        assert_eq!(own.get(len), of.get(len), "the floor is the source's");
        let change = mean(&(own - of).narrow(0, 0, len).abs());
        assert!((0.099..0.2).contains(&change), "{change}");
        changes.push(change);
    }
    assert!(changes.windows(2).all(|c| c[0] != c[1]), "each view draws its own: {changes:?}");
    let alone = views(&[6], 3);
    assert_eq!(entry(&alone, 8), entry(&joined, 11), "the order and the others decide nothing");
    assert_ne!(entry(&views(&[6], 4), 8), entry(&joined, 11));
}

#[test]
fn the_encoder_learns_to_recognise_views() {
    let sets = ["viewmaker.iterations=60", "viewmaker.log-every=20", "viewmaker.learning-rate=3e-3"];
    for denominator in [Denominator::Released, Denominator::NtXent] {
        let settings = Viewmaker { denominator, of: CopySource::All, ..Viewmaker::default() };
        let (_, rows) = rows(&settings, &small(&sets));
        let of = |row: &LoggedRow, name| row.get(name).unwrap();
        let last = &rows[2];
        assert_eq!(rows.len(), 3);
        // Where all outputs are alike, the loss is that of a draw among the eight, or the seven others.
        let chance = if denominator == Denominator::Released { 0.0 } else { 7f64.ln() };
        assert!(of(last, "nce") < chance - 0.3, "{denominator:?}: {rows:?}");
        assert!(of(last, "retrieved") > 0.4, "chance is a seventh: {rows:?}");
        for row in &rows {
            assert!(of(row, "change_cosine").abs() <= 1.0 && of(row, "view_cosine") <= 1.0);
        }
    }
}

#[test]
fn conversions_are_trained_part_by_part() {
    for (adversarial, told) in [(Adversarial::Ns, "d_accuracy"), (Adversarial::WganGp, "penalty")] {
        let spec = small(&["stargan.classifier-iterations=12", "stargan.iterations=20"]);
        let settings =
            StarGan { adversarial, of: CopySource::All, critic_steps: Some(2), ..StarGan::default() };
        let (_, rows) = rows(&settings, &spec);
        let steps: Vec<usize> = rows.iter().map(|r| r.step).collect();
        // 12 of the classifier, 13 of the warm-up (0.67 of 20), 7 with the class term: a part ends with a row.
        assert_eq!(steps, [5, 10, 12, 15, 20, 25, 30, 32], "{adversarial:?}");
        let names = |row: &LoggedRow| row.values.iter().map(|(n, _)| *n).collect::<Vec<_>>();
        for (row, step) in rows.iter().zip(steps) {
            let gan = ["d_loss", told, "adv", "cycle", "identity", "moved", "cls", "cls_accuracy"];
            let expected: &[&str] = match step {
                ..=12 => &["cls_real", "cls_real_accuracy"],
                13..=25 => &gan[..6],
                _ => &gan,
            };
            assert_eq!(names(row), expected, "{adversarial:?} {step}");
        }
    }
}

#[test]
fn what_is_trained_serves_its_losses() {
    let sets = [
        "stargan.classifier-iterations=60",
        "stargan.iterations=240",
        "stargan.log-every=40",
        "stargan.learning-rate=1e-3",
        "stargan.classifier-learning-rate=5e-3",
    ];
    let settings = StarGan { of: CopySource::All, warm_up: 0.5, ..StarGan::default() };
    let (_, rows) = rows(&settings, &small(&sets));
    let at = |step: usize, name: &str| {
        let row = rows.iter().find(|r| r.step == step).unwrap();
        row.get(name).unwrap_or_else(|| panic!("{step} has no {name}"))
    };
    assert!(at(60, "cls_real_accuracy") > 0.9, "{rows:?}");
    assert!(
        at(300, "cycle") < 0.8 * at(80, "cycle") && at(300, "identity") < 0.8 * at(80, "identity"),
        "{rows:?}"
    );
    assert!(at(300, "cls") < at(200, "cls") && at(300, "cls_accuracy") > 0.5, "{rows:?}");
}

/// Six of eight utterances are of one class: a critic that could tell real windows by their class alone would grow without bound.
#[test]
fn a_wasserstein_critic_does_not_tell_by_the_class_alone() {
    let spec = small(&[
        "stargan.classifier-iterations=1",
        "stargan.iterations=60",
        "stargan.log-every=10",
        "stargan.learning-rate=1e-3",
    ]);
    let settings = StarGan { adversarial: Adversarial::WganGp, of: CopySource::All, ..StarGan::default() };
    let (bank, mut rows) = (bank(), Vec::new());
    let labels = [0, 0, 0, 0, 0, 0, 1, 1];
    let task =
        TrainingTask { spec: &spec, bank: &bank, labels: &labels, autoencoder: None, seed: Seed::new(11) };
    let trained = <StarGan as Generate>::Trained::train(&settings, &task, &mut |row| {
        rows.push(row);
        Ok(())
    });
    trained.unwrap();
    let sizes: Vec<f64> = rows[1..].iter().map(|row: &LoggedRow| row.get("d_loss").unwrap().abs()).collect();
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    assert!(largest < 1000.0 && sizes[sizes.len() - 1] < largest, "{rows:?}");
}

#[test]
fn a_class_without_an_utterance_is_named() {
    let spec = small(&[]);
    let bank = bank();
    let task =
        TrainingTask { spec: &spec, bank: &bank, labels: &[0; 8], autoencoder: None, seed: Seed::new(1) };
    let settings = StarGan::default();
    let mut silent = |_| Ok(());
    let error = <StarGan as Generate>::Trained::train(&settings, &task, &mut silent).unwrap_err();
    let expected =
        "stargan training: no training utterance of class angry; lower reduction.share or drop the class";
    assert_eq!(error, Error::failed(expected));
}

/// Utterances of 20, 28, … 76 frames in segments of 32: 1, 1, 2, 2, 2, 2, 3, 3 of them.
#[test]
fn as_many_segments_are_converted_as_copies_would_have() {
    let spec = small(&[
        "classifier.segment-frames=32",
        "classifier.segment-hop=32",
        "classifier.network.vgg.shrink=1",
    ]);
    let settings = StarGan { copies: 2, of: CopySource::All, ..StarGan::default() };
    let chosen = |settings: &StarGan, labels: &[usize], items: &[usize], seed| {
        made(&spec, labels, items, seed, |from| choose(settings, from))
    };
    let segments = |i: usize| [1, 1, 2, 2, 2, 2, 3, 3][i];
    // Class 1 has items 6 and 7, of 3 segments each; 0 to 5 are neutral, of 10 segments together.
    let labels = [0, 0, 0, 0, 0, 0, 1, 1];
    let (some, notes) = chosen(&settings, &labels, &[7], 1);
    let have: usize = some.iter().map(|c| segments(c.item)).sum();
    assert!(some.iter().all(|c| c.class == 1 && labels[c.item] == 0));
    assert!((6..8).contains(&have), "6 are wanted: {some:?}");
    assert_eq!(
        notes,
        [format!("angry: {0} conversions of {0} utterances, {have} segments for 6", some.len())]
    );
    let mut items: Vec<usize> = some.iter().map(|c| c.item).collect();
    items.sort_unstable();
    items.dedup();
    assert_eq!(items.len(), some.len(), "without replacement");
    assert_ne!(some, chosen(&settings, &labels, &[7], 2).0, "drawn");
    let (all, notes) = chosen(&settings, &labels, &[6, 7], 1);
    assert_eq!(all[..some.len()], some, "the order does not hang on how many are wanted");
    assert!(
        notes[0].contains(" of 6 utterances, ")
            && notes[0].ends_with("for 12; utterances repeat, because there are no more"),
        "{notes:?}"
    );
    assert_eq!(all[6], Chosen { item: all[0].item, class: 1 }, "from the first again");
    // Of every other class: into neutral too.
    let others = StarGan { copies: 1, sources: Conversion::Others, ..settings.clone() };
    let (both, notes) = chosen(&others, &labels, &[0, 7], 1);
    assert!(both.iter().all(|c| labels[c.item] != c.class) && notes.len() == 2, "{both:?} {notes:?}");
    assert!(both.iter().any(|c| c.class == 0) && both.iter().any(|c| c.class == 1));
    let (none, notes) = chosen(&settings, &labels, &[0], 1);
    assert_eq!((none.len(), notes), (0, vec!["neutral: no utterance may be converted into it".to_owned()]));
}

#[test]
fn conversions_have_their_sources_lengths_and_floors_and_their_targets_labels() {
    let spec = small(&["stargan.classifier-iterations=1", "stargan.iterations=1"]);
    let settings = StarGan { copies: 1, ..StarGan::default() };
    let networks = rows(&settings, &spec).0;
    let labels = [0, 0, 0, 0, 0, 0, 1, 1];
    let (made, original) =
        (made(&spec, &labels, &[6, 7], 1, |from| settings.make(from, &networks)).unwrap(), bank());
    let Samples::Converted { bank: joined, origin, labels: classes } = made.samples else { panic!() };
    assert!(!origin.is_empty() && classes.iter().all(|&c| c == 1) && classes.len() == origin.len());
    assert_eq!(joined.lens().len(), 8 + origin.len());
    for (k, &source) in origin.iter().enumerate() {
        let len = original.lens()[source];
        assert_eq!((labels[source], joined.lens()[8 + k]), (0, len));
        let [own, of] = [(&joined, 8 + k), (&original, source)].map(|(b, i)| b.pick(&[i]).frames().copy());
        assert_eq!(own.get(len as i64), of.get(len as i64), "its floor");
        assert!(mean(&(own - of).abs()) > 0.01, "it is converted");
    }
}

#[test]
fn networks_come_back_from_their_files() {
    fn check<G: Generate>(generator: &G, spec: &Spec) {
        let dir = tempfile::tempdir().unwrap();
        let networks = rows(generator, spec).0;
        networks.save(generator, dir.path()).unwrap();
        let again = G::Trained::load(generator, spec, dir.path(), Device::Cpu).unwrap();
        assert_eq!(again.weights(), networks.weights());
        let sizes = generator.network_sizes(spec);
        let names: Vec<&str> = sizes.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, generator.network_names());
        assert!(sizes.iter().all(|s| s.parameters > 0 && s.flops > s.parameters));
        assert!(
            G::Trained::load(
                generator,
                &small(&["viewmaker.outputs=16", "stargan.blocks=3"]),
                dir.path(),
                Device::Cpu
            )
            .is_err()
        );
    }
    let spec = small(&["viewmaker.iterations=2", "stargan.classifier-iterations=2", "stargan.iterations=2"]);
    check(&Viewmaker { of: CopySource::All, ..Viewmaker::default() }, &spec);
    check(&StarGan { of: CopySource::All, ..StarGan::default() }, &spec);
}

/// [`MINI`] with both generators in the place of its augmentor.
fn mini() -> String {
    let (front, _) = MINI.split_once("[[condition]]\nname = \"aug\"").unwrap();
    let (top, conditions) = front.split_once("[[condition]]").unwrap();
    let tables = "[viewmaker]\niterations = 3\nbatch = 2\n[stargan]\nclassifier-iterations = 2\niterations = 3\nbatch = 2\n";
    format!(
        "{top}{tables}[[condition]]{conditions}\
         [[condition]]\nname = \"viewmaker\"\naugment.viewmaker = {{ epsilon = [0.05, 0.3] }}\n\
         [[condition]]\nname = \"stargan\"\naugment.stargan = {{}}\n"
    )
}

#[test]
fn an_experiment_with_both_is_planned_timed_and_run_the_same_twice() {
    let run = || {
        let dir = tempfile::tempdir().unwrap();
        mine(dir.path());
        std::fs::write(dir.path().join("mini.toml"), mini()).unwrap();
        let args = ["--corpora", "corpora", "--device", "cpu", "--quiet"];
        let plan = [&["plan", "mini.toml", "--estimate", "--json"], &args[..]].concat();
        let estimate: serde_json::Value = serde_json::from_str(&stdout(&seraug(dir.path(), &plan))).unwrap();
        let output = seraug(dir.path(), &[&["run", "mini.toml"], &args[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        (dir, estimate)
    };
    let [(one, estimate), (two, _)] = [run(), run()];
    let work: Vec<(&str, u64)> = estimate["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["work"].as_str().unwrap(), r["times"].as_u64().unwrap()))
        .collect();
    assert!(
        work.contains(&("augmentor (viewmaker)", 6)) && work.contains(&("augmentor (stargan)", 10)),
        "{work:?}"
    );
    let cell = |dir: &Path, condition: &str, file: &str| {
        let path = format!("results/mini/latest/cells/{condition}/fold-1/seed-1/{file}");
        std::fs::read_to_string(dir.join(path)).unwrap()
    };
    for condition in ["viewmaker", "stargan"] {
        for file in ["predictions.csv", "history.csv"] {
            assert_eq!(cell(one.path(), condition, file), cell(two.path(), condition, file), "{condition}");
        }
        assert!(
            !one.path()
                .join(format!("results/mini/latest/cells/{condition}/fold-1/seed-1/gallery.csv"))
                .exists()
        );
    }
    let log = cell(one.path(), "stargan", "log.txt");
    // Two utterances of a class are left, each of one segment; there are four neutral ones.
    for class in ["angry", "sad"] {
        let told = format!(
            "stargan: {class}: 8 conversions of 4 utterances, 8 segments for 8; utterances repeat, because there are no more"
        );
        assert!(log.contains(&told), "{log}");
    }
    let info = std::fs::read_to_string(one.path().join("results/mini/latest/run.toml")).unwrap();
    for name in
        ["viewmaker", "viewmaker's encoder", "StarGAN generator", "StarGAN critic", "StarGAN classifier"]
    {
        assert!(info.contains(&format!("name = \"{name}\"")), "{info}");
    }
}

/// The audit compares what samples are made from with the test set: neutral utterances for the conversions.
#[test]
fn the_lineage_of_a_conversion_is_what_is_converted() {
    let dir = tempfile::tempdir().unwrap();
    mine(dir.path());
    let store = dir.path().join("store");
    let bar = indicatif::ProgressBar::hidden();
    let made_from = |sources: &str| {
        let text =
            mini().replace("augment.stargan = {}", &format!("augment.stargan.sources = \"{sources}\""));
        let spec = spec::parse(&text, "mini.toml", &[]).unwrap();
        let corpus =
            corpora::import("mine", &[], &dir.path().join("corpora"), &store, DigestPolicy::Cached, &bar)
                .unwrap();
        let plan = Plan::new(spec, "mini".to_owned(), vec![corpus], NumericClass::CPU).unwrap();
        plan.audit().unwrap();
        let of = |name: &str| {
            let cell = plan.cells.iter().find(|c| c.id.condition == name).unwrap();
            let classes = |items: &[usize]| {
                items.iter().map(|&i| plan.selection.labels[i]).collect::<BTreeSet<usize>>()
            };
            let judged = cell.judge_sees();
            let lineage = cell.lineage(&plan.spec, &judged);
            assert!(lineage.augmented_from.iter().all(|i| cell.fold.train.contains(i)));
            (classes(&cell.sources), classes(lineage.augmented_from), cell.added)
        };
        (of("viewmaker"), of("stargan"))
    };
    let [reduced, neutral, all] = [vec![1, 2], vec![0], vec![0, 1, 2]].map(BTreeSet::from_iter);
    let (views, conversions) = made_from("neutral");
    assert_eq!(views, (reduced.clone(), reduced.clone(), 16));
    assert_eq!(conversions, (reduced.clone(), neutral, 16));
    assert_eq!(made_from("others").1, (reduced, all, 16));
}

#[test]
fn a_wrong_field_is_named() {
    let refused = |set: &str| {
        let error = spec::parse(&mini(), "x.toml", &[set.to_owned()]).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error.strip_prefix(&format!("--set {set}: ")).unwrap_or(&error).to_owned()
    };
    let epsilon = "condition.viewmaker.augment.viewmaker.epsilon";
    for (value, shown) in [
        ("0", "0"),
        ("-0.1", "-0.1"),
        ("[0.3, 0.1]", "[0.3, 0.1]"),
        ("[0, 0.1]", "[0, 0.1]"),
        ("1e7", "10000000"),
    ] {
        let expected = format!(
            "{epsilon} = {shown}: must be above 0, at most 1000000, and the first not above the second"
        );
        assert_eq!(refused(&format!("{epsilon}={value}")), expected);
    }
    let e = refused(&format!("{epsilon}=much"));
    assert_eq!(e, format!("{epsilon}: expected a number or a range [low, high]"));
    for (set, expected) in [
        ("viewmaker.frames=100", "viewmaker.frames = 100: must be a multiple of 32, at most 8192"),
        ("viewmaker.batch=1", "viewmaker.batch = 1: must be 2 to 65536"),
        ("viewmaker.temperature=0", "viewmaker.temperature = 0: must be 0.0001 to 1000"),
        ("stargan.frames=100", "stargan.frames = 100: must be a multiple of 32, at most 8192"),
        (
            "condition.stargan.augment.stargan.warm-up=1",
            "condition.stargan.augment.stargan.warm-up = 1: must be in [0, 1)",
        ),
        (
            "condition.stargan.augment.stargan.critic-steps=0",
            "condition.stargan.augment.stargan.critic-steps = 0: must be 1 to 1000",
        ),
        (
            "condition.stargan.augment.stargan.weights.cls=0",
            "condition.stargan.augment.stargan.weights.cls = 0: must be above 0 and at most 1000000",
        ),
    ] {
        assert_eq!(refused(set), expected);
    }
    let wide = refused("viewmaker.widths=[8192,8192,8192]");
    assert!(
        wide.starts_with("viewmaker.widths: the network has ") && wide.ends_with("narrower or fewer"),
        "{wide}"
    );
    let text = mini().replace("neutral = [\"neutral\"]", "neutral = [\"bored\"]");
    let error = spec::parse(&text, "x.toml", &[]).unwrap_err().to_string();
    let expected = "condition.stargan.augment.stargan.sources: no class holds the emotion `neutral`; say sources = \"others\"";
    assert!(error.ends_with(expected), "{error}");
    // A number and a range come back as they were.
    for set in [format!("{epsilon}=0.1"), format!("{epsilon}=[0.1,0.2]")] {
        let spec = spec::parse(&mini(), "x.toml", &[set]).unwrap();
        assert_eq!(spec::parse(&spec.to_toml(), "spec.toml", &[]).unwrap(), spec);
    }
}
