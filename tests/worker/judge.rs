//! A run whose samples are judged.

use seraug_core::run_files::{
    CellRecord, Diagnostic, DiagnosticRow, PointSpace, SampleKind, read_diagnostics, read_plan,
};
use seraug_core::store::write_sealed;
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::emodb;
use std::fs;
use std::path::{Path, PathBuf};

const SPEC: &str = r#"title = "Judged"
corpus = "emodb"
preset = "tiny"
classes = { neutral = ["neutral"], angry = ["angry"], sad = ["sad"], happy = ["happy"] }
protocol.leave-speakers-out = { folds = 5, only = [1] }
reduction = { share = 0.8, keep = ["neutral"] }
augmentor.iterations = 2
autoencoder = { iterations = 3, log-every = 3 }
classifier = { min-steps = 3, epochs = 1 }

[judge]
iterations = 20
batch = 8
log-every = 7

[[condition]]
name = "no-aug"

[[condition]]
name = "full"
unreduced = true
augment.copies = { copies = 2, of = "reduced" }

[[condition]]
name = "aug"
augment.triplet-gan = { copies = 2, of = "reduced" }

[[condition]]
name = "copies"
augment.copies = { copies = 2, of = "reduced" }

[[condition]]
name = "gaussian"
augment.latent = { copies = 2, of = "reduced" }

[[condition]]
name = "smote"
augment.latent = { sampler = "smote", copies = 2, of = "reduced" }

[[condition]]
name = "mixup"
augment.mixup.alpha = 0.2
"#;

/// Runs `text` in `folder`: the directory of the run.
fn run(folder: &Path, text: &str) -> PathBuf {
    fs::write(folder.join("judged.toml"), text).unwrap();
    let output = seraug(folder, &["run", "judged.toml", "--device", "cpu", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    folder.join(answer["run"].as_str().unwrap())
}

fn diagnostics(run: &Path, condition: &str) -> Option<Vec<DiagnosticRow>> {
    let path = run.join(format!("cells/{condition}/fold-1/seed-1/diagnostics.csv"));
    path.is_file().then(|| read_diagnostics(&path).unwrap())
}

/// Of all reduced classes, in the judge's embedding, which comes first, where it is of both spaces.
fn value(rows: &[DiagnosticRow], samples: SampleKind, measure: Diagnostic) -> Option<f64> {
    let is = |r: &&DiagnosticRow| (r.samples, r.measure, r.class.as_str()) == (samples, measure, "all");
    rows.iter().find(is).map(|r| r.value)
}

/// diagnostics.csv of the cell `aug`, to the last bit.
fn diagnostics_bytes(run: &Path) -> Vec<u8> {
    fs::read(run.join("cells/aug/fold-1/seed-1/diagnostics.csv")).unwrap()
}

/// Makes the classifiers of a store as earlier versions wrote them, which did not say how large a training set is.
fn forget_sizes(store: &Path) {
    for entry in fs::read_dir(store).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.file_name().unwrap().to_string_lossy().starts_with("classifier-") {
            continue;
        }
        let files = ["stage.toml", "predictions.csv", "history.csv"]
            .map(|name| (name, fs::read_to_string(dir.join(name)).unwrap()));
        assert!(files[0].1.contains("[training-set]"));
        let earlier = |text: &str| text.split("[training-set]").next().unwrap().to_owned();
        write_sealed(&dir, |new| {
            files.iter().for_each(|(name, text)| fs::write(new.join(name), earlier(text)).unwrap());
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn samples_are_judged_by_what_the_reduction_removed() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let first = run(folder.path(), SPEC);
    for unjudged in ["no-aug", "full", "mixup"] {
        assert!(diagnostics(&first, unjudged).is_none(), "{unjudged}");
    }
    let [aug, copies] = ["aug", "copies"].map(|c| diagnostics(&first, c).unwrap());
    let kinds = |rows: &[DiagnosticRow]| {
        let mut kinds: Vec<SampleKind> = rows.iter().map(|r| r.samples).collect();
        kinds.dedup();
        kinds
    };
    use SampleKind::{Copies, Generated, KeptReal, Noise, Reconstructed, Reference};
    assert_eq!(kinds(&aug), [Generated, KeptReal, Copies, Noise, Reference], "the first of its judge");
    assert_eq!(kinds(&copies), [Generated], "the others once a fold and seed");
    let [gaussian, smote] = ["gaussian", "smote"].map(|c| kinds(&diagnostics(&first, c).unwrap()));
    assert_eq!((&gaussian[..], &smote[..]), (&[Generated, Reconstructed][..], &[Generated][..]));
    assert_eq!(value(&copies, Generated, Diagnostic::SourceTest), Some(0.0), "each beside its source");
    assert_eq!(value(&copies, Generated, Diagnostic::CopySpread), Some(0.0));
    assert_eq!(value(&copies, Generated, Diagnostic::Change), Some(0.0));
    assert!(value(&aug, Generated, Diagnostic::Change) > Some(0.0), "what an augmentor adds, in dB");
    assert!(value(&aug, Generated, Diagnostic::RippleTime) > Some(0.0));
    assert!(value(&aug, Reference, Diagnostic::TakenForKept).is_some());
    let z = |rows: &[DiagnosticRow], kind| value(rows, kind, Diagnostic::Copying).unwrap();
    assert!(z(&copies, Generated) < -3.0 && z(&copies, Generated) == z(&aug, Copies));
    for measure in [Diagnostic::Mmd, Diagnostic::ClassifierTest, Diagnostic::Coverage] {
        let ours = value(&copies, Generated, measure);
        assert!(
            ours.is_some() && ours == value(&aug, KeptReal, measure),
            "{measure:?} of copies is that of kept ones"
        );
    }
    assert!(value(&aug, Reference, Diagnostic::Recall).is_some());
    let bands = aug.iter().filter(|r| r.space == PointSpace::Bands && r.samples == Generated);
    assert!(bands.clone().any(|r| r.class == "sad") && bands.count() >= 20);

    let plan = read_plan(&first.join("plan.csv")).unwrap();
    let judges: Vec<bool> = plan.iter().map(|c| c.key_judge.is_some()).collect();
    let names: Vec<&str> = plan.iter().map(|c| c.cell.condition.as_str()).collect();
    let judged: Vec<&str> = names.into_iter().zip(judges).filter(|n| n.1).map(|n| n.0).collect();
    assert_eq!(judged, ["aug", "copies", "gaussian", "smote"]);
    let info = fs::read_to_string(first.join("run.toml")).unwrap();
    for check in ["trained on reference utterances", "judge trained on reference utterances"] {
        assert!(info.contains(&format!("check = \"{check}\"")), "{info}");
    }
    assert!(first.join("cells/copies/fold-1/seed-1/gallery.npy").is_file(), "every generator has a gallery");
    let log = fs::read_to_string(first.join("cells/aug/fold-1/seed-1/log.txt")).unwrap();
    assert!(log.contains("judge ") && log.contains(": trained"), "{log}");

    // Made anew elsewhere, to the last bit.
    let other = tempfile::tempdir().unwrap();
    emodb(other.path());
    let third = run(other.path(), SPEC);
    assert_eq!(diagnostics_bytes(&third), diagnostics_bytes(&first));
    let page = seraug(other.path(), &["report", "results/judged/latest"]);
    assert!(page.status.success(), "{}", stderr(&page));
    let said = fs::read_to_string(other.path().join("reports/judged/latest/table.md")).unwrap();
    assert!(said.contains("copies: its samples are near copies of training utterances"), "{said}");
}

#[test]
fn a_stored_run_says_the_same_and_no_key_depends_on_a_judge() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let first = run(folder.path(), SPEC);
    let size = |run: &Path, condition: &str| {
        let path = run.join(format!("cells/{condition}/fold-1/seed-1/outcome.toml"));
        CellRecord::load(&path).unwrap().unwrap().training_set.unwrap()
    };
    forget_sizes(&folder.path().join("results/.store"));
    let again = run(folder.path(), &SPEC.replace("Judged", "Judged again"));
    assert_eq!(diagnostics_bytes(&again), diagnostics_bytes(&first));
    let info = fs::read_to_string(again.join("run.toml")).unwrap();
    assert!(info.contains("cells-trained = 0"), "{info}");
    for condition in ["no-aug", "full", "aug", "copies", "gaussian", "mixup"] {
        assert_eq!(size(&again, condition), size(&first, condition), "{condition}");
    }
    let (plain, aug) = (size(&first, "no-aug"), size(&first, "aug"));
    assert_eq!((&aug.segments, plain.added.iter().sum::<usize>()), (&plain.segments, 0));
    let planned = read_plan(&first.join("plan.csv")).unwrap();
    let kept: usize = planned.iter().find(|c| c.cell.condition == "aug").unwrap().n_augmented;
    assert_eq!((aug.added[0], aug.added.iter().sum::<usize>()), (0, kept));
    assert!((aug.shares().iter().sum::<f64>() - 100.0).abs() < 1e-9 && aug.shares()[0] < plain.shares()[0]);
    let log = fs::read_to_string(again.join("cells/gaussian/fold-1/seed-1/log.txt")).unwrap();
    assert_eq!(log.matches("nearest to the mean of their class").count(), 1, "{log}");
    let start = SPEC.find("[judge]").unwrap();
    let plain = SPEC.replace(&SPEC[start..SPEC.find("[[condition]]").unwrap()], "");
    let plain = run(folder.path(), &plain);
    let text = fs::read_to_string(plain.join("plan.csv")).unwrap();
    assert!(!text.contains("key_judge") && diagnostics(&plain, "aug").is_none());
    let without = |plan: PathBuf| -> Vec<_> {
        read_plan(&plan).unwrap().into_iter().map(|c| (c.key_augmentor, c.key_classifier)).collect()
    };
    assert_eq!(without(plain.join("plan.csv")), without(first.join("plan.csv")));
    let info = fs::read_to_string(plain.join("run.toml")).unwrap();
    assert!(info.contains("cells-trained = 0") && !info.contains("reference utterances"), "{info}");
}
