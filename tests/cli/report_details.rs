//! What a report has beside its main table: other measures, recalls by gender and text, and the list of test utterances.

use super::report::check_html;
use seraug_core::calibration::Calibration;
use seraug_core::run_files::{RunDir, read_outcomes, read_predictions, write_outcomes};
use seraug_report::stats::interval::mean_interval;
use seraug_report::stats::{SpeakerTally, group_bootstrap, recall_bootstrap};
use seraug_report::write::{WrittenReport, report};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::fake_run::Fake;
use std::collections::BTreeMap;
use std::path::Path;

fn made(fake: &Fake) -> (tempfile::TempDir, RunDir, WrittenReport) {
    let folder = tempfile::tempdir().unwrap();
    let run = fake.write(&folder.path().join("results"));
    let written = report(&run, &folder.path().join("reports")).unwrap();
    (folder, run, written)
}

fn page(written: &WrittenReport) -> String {
    let html = std::fs::read_to_string(&written.page).unwrap();
    check_html(&html);
    html
}

/// The rows of a CSV file, each by the names of its columns.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// What it was before there were ECE and Brier score.
fn of_an_earlier_version(run: &RunDir) {
    let mut reader = csv::Reader::from_path(run.outcomes()).unwrap();
    let header = reader.headers().unwrap().clone();
    let kept = |record: &csv::StringRecord| -> Vec<String> {
        let both = record.iter().zip(&header).filter(|(_, name)| !["ece", "brier"].contains(name));
        both.map(|(cell, _)| cell.to_owned()).collect()
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(kept(&header)).unwrap();
    reader.records().for_each(|r| writer.write_record(kept(&r.unwrap())).unwrap());
    std::fs::write(run.outcomes(), writer.into_inner().unwrap()).unwrap();
}

/// The numbers of the table, computed again from the predictions, for a run of now and one of an earlier version.
#[test]
fn other_measures_are_means_over_folds_of_seed_means() {
    let fake = Fake { histories: false, ..Fake::default() };
    let (folder, run, written) = made(&fake);
    let found = rows(&written.dir.join("other-measures.csv"));
    assert_eq!(found.len(), 4 * 5);
    let value = |measure: &str, fold: usize, seed: u64| {
        let outcomes = fake.outcomes();
        let of = |o: &&seraug_core::run_files::Outcome| {
            (o.cell.condition.as_str(), o.cell.fold, o.cell.seed) == ("aug", fold, seed)
        };
        let o = outcomes.iter().find(of).unwrap();
        let (_, rows) = read_predictions(&run.cell_file(&o.cell, "predictions.csv")).unwrap();
        let confusion = o.confusion.as_ref().unwrap();
        let c = Calibration::of(rows.iter().map(|r| (&r.probabilities, r.truth))).unwrap();
        match measure {
            "accuracy" => confusion.accuracy().unwrap(),
            "macro_f1" => confusion.macro_f1().unwrap(),
            "weighted_f1" => confusion.weighted_f1().unwrap(),
            "ece" => c.ece,
            _ => c.brier,
        }
    };
    for row in found.iter().filter(|r| r["condition"] == "aug") {
        let fold = |k| [1, 2, 3].iter().map(|&s| value(&row["measure"], k, s)).sum::<f64>() / 3.0;
        let expected = mean_interval(&(1..=5).map(fold).collect::<Vec<_>>()).unwrap();
        let near = |name: &str, v: f64| (row[name].parse::<f64>().unwrap() - v).abs() < 1e-9;
        assert!(near("mean", expected.mean) && near("half", expected.half.unwrap()), "{row:?}");
        assert_eq!(row["n"], "5");
    }
    assert!(page(&written).contains("<summary>Accuracy, F1, calibration error and Brier score</summary>"));
    assert!(
        written.text.contains("\nOther measures\n") && written.text.contains("weighted F1"),
        "{}",
        written.text
    );
    let bytes = std::fs::read(written.dir.join("other-measures.csv")).unwrap();

    of_an_earlier_version(&run);
    assert!(read_outcomes(&run.outcomes()).unwrap().1.iter().all(|o| o.calibration.is_none()));
    let again = report(&run, &folder.path().join("again")).unwrap();
    assert_eq!(std::fs::read(again.dir.join("other-measures.csv")).unwrap(), bytes, "from predictions.csv");
    for cell in ["no-aug/fold-1/seed-1", "no-aug/fold-1/seed-2"] {
        std::fs::remove_file(run.path().join("cells").join(cell).join("predictions.csv")).unwrap();
    }
    let lost = report(&run, &folder.path().join("lost")).unwrap();
    let html = std::fs::read_to_string(&lost.page).unwrap();
    assert!(
        html.contains(
            "2 cells of an earlier version or without predictions.csv: ECE and Brier leave them out."
        )
    );
}

/// A number that its own probabilities do not give is named with its cell.
#[test]
fn a_calibration_that_contradicts_the_predictions_is_refused() {
    let fake = Fake { histories: false, seeds: vec![1], ..Fake::default() };
    let (folder, run, _) = made(&fake);
    let (classes, mut outcomes) = read_outcomes(&run.outcomes()).unwrap();
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    outcomes[7].calibration.as_mut().unwrap().brier += 0.01;
    let cell = outcomes[7].cell.to_string();
    write_outcomes(&run.outcomes(), &classes, &outcomes).unwrap();
    let e = report(&run, &folder.path().join("again")).unwrap_err().to_string();
    assert!(e.contains(&cell) && e.contains("its probabilities give brier = "), "{e}");
    let file = run.cell_file(&outcomes[7].cell, "predictions.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("0.700000", "7.0", 1)).unwrap();
    let e = report(&run, &folder.path().join("again")).unwrap_err().to_string();
    assert!(e.contains("predictions.csv: row 2: p_") && e.contains("= `7.0` is no probability"), "{e}");
}

/// Every number by gender, recomputed from predictions.csv, speaker by speaker.
#[test]
fn recalls_by_gender_and_text_are_those_of_the_predictions() {
    let fake = Fake { histories: false, speakers: 6, attributes: true, ..Fake::default() };
    let (_folder, run, written) = made(&fake);
    // (gender, speaker) of condition `aug`: a tally for each class.
    let mut speakers: BTreeMap<(usize, String), Vec<SpeakerTally>> = BTreeMap::new();
    let outcomes = fake.outcomes();
    for o in outcomes.iter().filter(|o| o.cell.condition == "aug") {
        for r in read_predictions(&run.cell_file(&o.cell, "predictions.csv")).unwrap().1 {
            let gender = r.utterance[1..].parse::<usize>().unwrap() % 2;
            let tallies =
                speakers.entry((gender, r.speaker)).or_insert_with(|| vec![SpeakerTally::default(); 4]);
            tallies[r.truth].total += 1;
            tallies[r.truth].second += u32::from(r.truth == r.predicted);
        }
    }
    let of = |gender: usize| -> Vec<Vec<SpeakerTally>> {
        speakers.iter().filter(|(k, _)| k.0 == gender).map(|(_, t)| t.clone()).collect()
    };
    assert_eq!((of(0).len(), of(1).len()), (15, 15));
    let found = rows(&written.dir.join("by-attribute.csv"));
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
    let get = |value: &str, less: &str| {
        let row = found.iter().find(|r| r["condition"] == "aug" && r["value"] == value && r["less"] == less);
        row.unwrap().clone()
    };
    // The numbers of speakers come in the order of the cells, and so do the draws: the middle is compared, not each draw.
    for (gender, value) in ["female", "male"].into_iter().enumerate() {
        let row = get(value, "");
        let hits = |class: usize, of: &dyn Fn(&SpeakerTally) -> u32| {
            speakers.iter().filter(|(k, _)| k.0 == gender).map(|(_, t)| of(&t[class])).sum::<u32>()
        };
        let recalls: Vec<f64> =
            (0..4).map(|c| f64::from(hits(c, &|t| t.second)) / f64::from(hits(c, &|t| t.total))).collect();
        let uar = recalls.iter().sum::<f64>() / 4.0;
        assert!((number(&row, "uar") - uar).abs() < 1e-6, "{row:?}");
        assert!((number(&row, "recall_sad") - recalls[2]).abs() < 1e-6, "{row:?}");
        assert_eq!((row["speakers"].as_str(), row["n"].as_str()), ("15", "900"));
        let again = recall_bootstrap(&of(gender), seraug_core::rng::Seed::new(9)).unwrap().interval.unwrap();
        for (name, v) in [("low", again[0]), ("high", again[1])] {
            assert!((number(&row, name) - v).abs() < 0.01, "{name}: {row:?}, other draws {v}");
        }
    }
    let row = get("female", "male");
    let again = group_bootstrap(&of(1), &of(0), seraug_core::rng::Seed::new(9)).unwrap();
    assert!((number(&row, "uar") - again.difference).abs() < 1e-6, "{row:?}");
    assert!((number(&row, "low") - again.interval.unwrap()[0]).abs() < 0.015, "{row:?} {again:?}");
    let html = page(&written);
    assert!(html.contains("<summary>By gender</summary>") && html.contains("female − male"));
    assert!(html.contains("<summary>By text</summary>") && html.contains("a02, &lt;b&gt;"));
    assert!(!html.contains("By language"), "a single one");
}

/// An earlier run says in one line why it has none.
#[test]
fn a_run_without_attributes_says_so() {
    let (_folder, _run, written) = made(&Fake { histories: false, seeds: vec![1], ..Fake::default() });
    assert!(page(&written).contains("The run has no attributes.csv: an earlier version wrote it."));
    assert!(!written.dir.join("by-attribute.csv").exists());
}

#[test]
fn utterances_are_counted_over_their_tests_and_the_hardest_come_first() {
    let fake = Fake { histories: false, only: vec![2], ..Fake::default() };
    let (_folder, run, written) = made(&fake);
    let mut expected: BTreeMap<String, (u32, u32, Vec<usize>, f64)> = BTreeMap::new();
    for o in fake.outcomes().iter().filter(|o| o.cell.condition == "aug") {
        for r in read_predictions(&run.cell_file(&o.cell, "predictions.csv")).unwrap().1 {
            let e = expected.entry(r.utterance).or_default();
            e.0 += 1;
            e.1 += u32::from(r.truth == r.predicted);
            e.2.push(r.predicted);
            e.3 += r.probabilities[r.truth];
        }
    }
    let all = rows(&written.dir.join("utterances.csv"));
    assert_eq!(all.len(), 4 * 120);
    let aug: Vec<_> = all.iter().filter(|r| r["condition"] == "aug").collect();
    assert_eq!(aug.len(), 120);
    let mut flips = 0;
    for row in &aug {
        let (tests, right, said, p) = &expected[&row["utterance"]];
        assert_eq!((row["tests"].clone(), row["right"].clone()), (tests.to_string(), right.to_string()));
        let flip = said.iter().any(|s| *s != said[0]);
        flips += usize::from(flip);
        assert_eq!(row["flips"], u8::from(flip).to_string());
        assert!((row["p_truth"].parse::<f64>().unwrap() - p / 3.0).abs() < 1e-6);
    }
    assert!(flips > 0 && flips < 120, "{flips}");
    let hard = |r: &&BTreeMap<String, String>| r["right"].parse::<u32>().unwrap();
    assert!(aug.windows(2).all(|w| hard(&w[0]) <= hard(&w[1])));
    let html = page(&written);
    assert!(html.contains("120 utterances, ") && html.contains(&format!(", {flips} flip</summary>")));
    assert_eq!(html.matches("<table class=\"sortable\">").count(), 4);
}

/// A page has a bounded number of rows, and says where all of them are.
#[test]
fn a_page_lists_no_more_utterances_than_it_has_room_for() {
    let listed = |conditions: &str| {
        let folder = tempfile::tempdir().unwrap();
        let run = Fake { histories: false, seeds: vec![1], ..Fake::default() }.write(folder.path());
        let text = std::fs::read_to_string(run.spec()).unwrap();
        let (outcomes, cells) = (std::fs::read_to_string(run.outcomes()).unwrap(), run.path().join("cells"));
        std::fs::write(run.spec(), text + conditions).unwrap();
        // The new conditions have the results of an old one.
        let mut more = outcomes.clone();
        for name in conditions.lines().filter_map(|l| l.strip_prefix("name = \"")?.strip_suffix('"')) {
            let rows = outcomes.lines().filter(|l| l.contains(",no-aug,"));
            rows.for_each(|row| more += &(row.replace(",no-aug,", &format!(",{name},")) + "\n"));
            for fold in 1..=5 {
                let place = |condition: &str| {
                    cells.join(condition).join(format!("fold-{fold}/seed-1/predictions.csv"))
                };
                std::fs::create_dir_all(place(name).parent().unwrap()).unwrap();
                std::fs::copy(place("no-aug"), place(name)).unwrap();
            }
        }
        std::fs::write(run.outcomes(), more).unwrap();
        let html = page(&report(&run, &folder.path().join("reports")).unwrap());
        (
            html.matches("<table class=\"sortable\">").count(),
            html.matches("<th scope=\"row\">u").count(),
            html,
        )
    };
    // 120 in each of 4 conditions: all of them fit.
    let (tables, shown, html) = listed("");
    assert_eq!((tables, shown), (4, 480));
    assert!(html.contains("The same as a file: "));
    let named =
        |n: usize| (0..n).map(|i| format!("\n[[condition]]\nname = \"more-{i}\"\n")).collect::<String>();
    let (tables, shown, html) = listed(&named(6));
    assert_eq!((tables, shown), (10, 800));
    assert!(
        html.contains(
            "The page has up to 80 for each condition, up to half of them those that flip; <a href=\"utterances.csv\">"
        ),
        "{html}"
    );
    let (tables, shown, _) = listed(&named(46));
    assert_eq!((tables, shown), (40, 800));
}

/// Probabilities that differ are seen in the tables and exceed no tolerance.
#[test]
fn a_comparison_has_the_other_measures_and_no_tolerance_is_about_them() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake { histories: false, seeds: vec![1], ..Fake::default() };
    let runs = [fake.write(&folder.path().join("a")), fake.write(&folder.path().join("b"))];
    for run in &runs[1..] {
        of_an_earlier_version(run);
        let cell = run.path().join("cells/aug/fold-1/seed-1/predictions.csv");
        let text = std::fs::read_to_string(&cell).unwrap();
        std::fs::write(&cell, text.replace("0.700000", "0.850000").replace("0.100000", "0.050000")).unwrap();
    }
    let paths = runs.each_ref().map(|r| r.path().to_str().unwrap());
    let out = folder.path().join("out");
    let found = seraug(
        folder.path(),
        &["compare", paths[0], paths[1], "--tolerance", "0", "--out", out.to_str().unwrap()],
    );
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    let text = stdout(&found);
    assert!(text.contains("Other measures: synthetic\n") && text.contains("probabilities alone"), "{text}");
    assert!(text.contains("20 cells have a result in both; 1 of them differ."), "{text}");
    let cells = rows(&out.join("compare.csv"));
    let cell = cells.iter().find(|r| r["condition"] == "aug" && r["fold"] == "1").unwrap();
    let number = |name: &str| cell[name].parse::<f64>().unwrap();
    assert!(number("brier_difference").abs() > 0.01 && number("macro_f1_difference") == 0.0, "{cell:?}");
    assert!((number("brier_second") - number("brier_first") - number("brier_difference")).abs() < 1e-9);
}

#[test]
fn costs_stand_beside_the_gain_where_a_generator_is_trained() {
    let fake = Fake { histories: false, ..Fake::default() };
    let (_folder, _, written) = made(&fake);
    assert!(page(&written).contains("<section id=\"cost\">"));
    let text = std::fs::read_to_string(written.dir.join("table.md")).unwrap();
    let row = |chapter: &str, label: &str| -> Vec<String> {
        let line = chapter.lines().find(|line| line.starts_with(&format!("| {label} |"))).unwrap();
        line.split(" | ").map(|cell| cell.trim_matches(['|', ' ']).to_owned()).collect()
    };
    let cost = text.split("# Cost\n").nth(1).unwrap();
    let headings = row(cost, "condition");
    assert_eq!(headings[1..3], ["iterations", "parameters"]);
    let gain = |label: &str| row(&text, &format!("**{label}**"))[7].split(' ').next().unwrap().to_owned();
    // Of its three networks run.toml has the size of one.
    let iterations = fake.spec().augmentor.iterations.to_string();
    assert_eq!(row(cost, "AUG")[1..], [&iterations, "–", "–", "41.5", "12.2", "288", &gain("AUG")]);
    assert_eq!(row(cost, "plain copies")[1..], ["–", "–", "–", "–", "12.2", "288", &gain("plain copies")]);
    assert_eq!(row(cost, "NoAUG")[1..], ["–", "–", "–", "–", "12.2", "–", "–"]);
}
