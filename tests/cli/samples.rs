//! What `seraug report` says of diagnostics.csv, on invented values.

use super::report::check_html;
use seraug_core::run_files::{Diagnostic, DiagnosticRow, PointSpace, RunDir, SampleKind, write_diagnostics};
use seraug_report::write::{report, report_into};
use seraug_test_support::fake_run::Fake;
use std::path::Path;

/// Values of one kind of samples in the judge's embedding, over all reduced classes and of one of them.
fn rows(samples: SampleKind, values: &[(Diagnostic, f64, Option<f64>)]) -> Vec<DiagnosticRow> {
    let of = |(measure, value, p): &(Diagnostic, f64, Option<f64>)| {
        let all = DiagnosticRow {
            samples,
            space: PointSpace::Embedding,
            measure: *measure,
            class: "all".into(),
            value: *value,
            p: *p,
            n: 40,
        };
        let sad = DiagnosticRow { class: "sad".into(), value: 77.0, n: 9, ..all.clone() };
        let bands = DiagnosticRow { space: PointSpace::Bands, value: value / 2.0, ..all.clone() };
        [all, sad, bands]
    };
    values.iter().flat_map(of).collect()
}

fn put(run: &RunDir, fake: &Fake, condition: &str, rows: impl Fn(usize) -> Vec<DiagnosticRow>) {
    for outcome in fake.outcomes().iter().filter(|o| o.cell.condition == condition) {
        write_diagnostics(&run.cell_file(&outcome.cell, "diagnostics.csv"), &rows(outcome.cell.fold))
            .unwrap();
    }
}

/// A run of which two conditions are judged.
fn judged(results: &Path) -> RunDir {
    use Diagnostic::*;
    let fake = Fake::default();
    let run = fake.write(results);
    put(&run, &fake, "aug", |fold| {
        // Over folds 1 to 5: mean 0.3, of which two have p < 0.05.
        let p = if fold <= 2 { 0.01 } else { 0.5 };
        let mut all = rows(
            SampleKind::Generated,
            &[
                (Mmd, 0.1 * fold as f64, Some(p)),
                (ClassifierTest, 0.97, None),
                (SourceTest, 0.9, None),
                (Copying, 3.5, Some(0.001)),
                (Coverage, 0.02, None),
                (Recall, 0.27, None),
                (TakenForKept, 0.6, None),
                (Usefulness, 0.9, None),
                (RippleTime, 4.0, None),
                (RippleBands, 0.8, None),
            ],
        );
        let kept = [
            (Coverage, 0.9, None),
            (ClassifierTest, 0.5, None),
            (RippleTime, 0.6, None),
            (RippleBands, 0.6, None),
        ];
        all.extend(rows(SampleKind::KeptReal, &kept));
        all.extend(rows(SampleKind::Reference, &[(Recall, 0.7, None), (TakenForKept, 0.2, None)]));
        all
    });
    put(&run, &fake, "copies", |_| {
        rows(
            SampleKind::Generated,
            &[
                (ClassifierTest, 0.52, None),
                (SourceTest, 0.0, None),
                (Copying, -6.25, Some(1e-9)),
                (Coverage, 0.9, None),
                (CopySpread, 0.0, None),
                (Recall, 0.85, None),
                (Usefulness, 0.24, None),
            ],
        )
    });
    run
}

#[test]
fn the_judges_values_are_a_table_a_figure_and_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let run = judged(&folder.path().join("results"));
    let written = report(&run, &folder.path().join("reports")).unwrap();
    let read = |name: &str| std::fs::read_to_string(written.dir.join(name)).unwrap();
    let (html, markdown) = (read("index.html"), read("table.md"));
    check_html(&html);
    let chapter = markdown.split("# What the judge says of the samples").nth(1).unwrap();
    let chapter = chapter.split("\n# ").next().unwrap();
    // Worked out by hand from the values above.
    let row = |label: &str| {
        let line = chapter.lines().find(|l| l.starts_with(&format!("| {label} |"))).unwrap();
        line.split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(row("AUG")[2..5], ["0.300 (40 %)", "0.97", "0.90"].map(str::to_owned));
    assert_eq!(row("AUG").iter().rev().nth(1).unwrap(), "600 in 15", "40 samples of 5 folds and 3 seeds");
    assert!(row("plain copies").contains(&"−6.2 (100 %)".to_owned()), "{:?}", row("plain copies"));
    for said in [
        "AUG: its samples are recognised as fake (accuracy 0.97) and all alike (coverage 0.02); its samples lie off the \
         training utterances (z 3.5); the class of a sample comes from nothing (recall 0.27, chance 0.25); the judge takes most of its samples for \
         classes of which nothing was removed (0.60, removed real 0.20). In the mel bands its samples are all alike (coverage 0.01); its \
         samples ripple every 2 to 8 frames or bands (over time 2.0 dB, kept real 0.3).",
        "plain copies: its samples are near copies of training utterances (z −6.2, accuracy against their sources 0.00); the \
         samples of one source are all the same (copy spread 0.00); its samples are easier to recognise than real utterances, \
         as prototypes are (recall 0.85, removed real 0.70). In the mel bands its samples are near copies of training utterances \
         (z −3.1, accuracy against their sources 0.00); the samples of one source are all the same (copy spread 0.00); a classifier \
         that knows the reduced classes from its samples alone is at chance on real ones (0.12).",
    ] {
        assert!(chapter.contains(said), "{chapter}");
    }
    let csv = read("diagnostics.csv");
    assert!(csv.starts_with("condition,fold,seed,samples,space,measure,class,value,p,n\naug,1,1,generated,embedding,mmd,all,0.1,0.01,40\n"));
    // 15 cells of two conditions with 16 and 7 values of three rows each.
    assert_eq!(csv.lines().count(), 1 + 15 * 3 * (16 + 7));
    let figure = read("figures/samples.svg");
    for label in ["AUG", "plain copies", "kept real", "gain over copies"] {
        assert!(figure.contains(label), "{label}");
    }
    assert!(html.contains("Fidelity and diversity of the samples") && html.contains("diagnostics.csv"));
}

#[test]
fn a_markdown_file_has_the_tables_folded_between_its_markers() {
    let folder = tempfile::tempdir().unwrap();
    let run = judged(&folder.path().join("results"));
    let file = folder.path().join("file.md");
    std::fs::write(&file, "<!-- seraug open/fake -->\n<!-- /seraug -->\n").unwrap();
    report_into(&run, &folder.path().join("reports"), &file).unwrap();
    let spliced = std::fs::read_to_string(&file).unwrap();
    for title in ["Cost", "What the judge says of the samples", "The same by the mean and deviation"] {
        assert!(spliced.contains(&format!("\n<details><summary>{title}")), "{spliced}");
    }
    assert!(spliced.contains("- AUG: its samples are recognised as fake"), "{spliced}");
}

#[test]
fn a_run_without_a_judge_has_no_word_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = Fake::default().write(&folder.path().join("results"));
    let written = report(&run, &folder.path().join("reports")).unwrap();
    let html = std::fs::read_to_string(written.page).unwrap();
    assert!(!html.contains("What the judge says") && !html.contains("diagnostics.csv"));
    assert!(!written.files.iter().any(|f| f.ends_with("diagnostics.csv")));
}
