//! `seraug compare` and the statistics of a run, on generated run directories.

use seraug_core::run_files::{RunDir, write_outcomes};
use seraug_report::analysis::aggregate::Unit;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::analysis::predictions::RunPredictions;
use seraug_report::compare::{Contrast, sentences, table, within};
use seraug_report::stats::corrected_t;
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::fake_run::{Fake, with};
use std::path::Path;
use std::process::Output;

fn small(change: impl FnOnce(&mut Fake)) -> Fake {
    let fake = Fake { histories: false, seeds: vec![1, 2], ..Fake::default() };
    with(fake, change)
}

/// Two runs below one folder, and the folder.
fn two(first: &Fake, second: &Fake) -> (tempfile::TempDir, RunDir, RunDir) {
    let folder = tempfile::tempdir().unwrap();
    let runs = [first, second].map(|fake| fake.write(&folder.path().join("results")));
    let [a, b] = runs;
    (folder, a, b)
}

fn compare(a: &RunDir, b: &RunDir, more: &[&str]) -> Output {
    let paths = [a, b].map(|r| r.path().to_str().unwrap());
    seraug(a.path(), &[&["compare", paths[0], paths[1]], more].concat())
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    let new = change(text.clone());
    assert_ne!(text, new, "{} is not changed", path.display());
    std::fs::write(path, new).unwrap();
}

/// Adds `by` to a column of the row of a cell of outcomes.csv.
fn add(run: &RunDir, cell: [&str; 3], changes: &[(&str, i64)]) {
    let mut reader = csv::Reader::from_path(run.outcomes()).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|h| h == name).unwrap();
    // A wrong answer that becomes another moves F1, which nobody recounts here: without these columns, as of an earlier version.
    let kept = |fields: Vec<String>| -> Vec<String> {
        let both = fields.into_iter().zip(&header).filter(|(_, name)| !name.ends_with("_f1"));
        both.map(|(field, _)| field).collect()
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(kept(header.iter().map(str::to_owned).collect())).unwrap();
    for row in reader.records().map(Result::unwrap) {
        let mut fields: Vec<String> = row.iter().map(str::to_owned).collect();
        if ["condition", "fold", "seed"].map(|n| &row[at(n)]) == cell {
            for (column, by) in changes {
                let field = &mut fields[at(column)];
                *field = (field.parse::<i64>().unwrap() + by).to_string();
            }
        }
        writer.write_record(kept(fields)).unwrap();
    }
    std::fs::write(run.outcomes(), writer.into_inner().unwrap()).unwrap();
}

/// Every file and the terminal, of two runs that differ in one field and in their numbers.
#[test]
fn renderings_are_as_committed() {
    let (folder, a, b) = two(&small(|_| {}), &small(|f| (f.gain, f.absent) = (0.2, vec![("aug", 2, 1)])));
    edit(&b.spec(), |spec| spec.replacen("share = 0.8", "share = 0.7", 1));
    let out = folder.path().join("out");
    let found = compare(&a, &b, &["--out", out.to_str().unwrap()]);
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    let text = stdout(&found).replace(folder.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!("terminal", text);
    assert!(text.lines().all(|l| l.chars().count() <= 100));
    for name in ["compare.md", "compare.csv", "statistics.csv"] {
        insta::assert_snapshot!(name, std::fs::read_to_string(out.join(name)).unwrap());
    }
    assert!(out.join("index.html").is_file());
}

#[test]
fn a_run_against_itself_has_no_difference() {
    let (folder, a, _) = two(&small(|_| {}), &small(|_| {}));
    let out = folder.path().join("out");
    let found = compare(&a, &a, &["--tolerance", "0", "--out", out.to_str().unwrap()]);
    let text = stdout(&found);
    assert_eq!(found.status.code(), Some(0), "{text}{}", stderr(&found));
    assert!(text.contains("- nothing: spec, corpora, code"), "{text}");
    assert!(
        text.contains("40 cells have a result in both; all of them are equal in every number."),
        "{text}"
    );
    assert!(text.contains("Within the tolerance of 0 points: every cell.\n"), "{text}");
    assert!(text.lines().count() < 12 && !text.contains("Tables:"), "nothing but totals: {text}");
    let markdown = std::fs::read_to_string(out.join("compare.md")).unwrap();
    assert!(markdown.contains("- AUG of B and AUG of A are equal in all 5 folds (10 pairs)."), "{markdown}");
    assert!(markdown.contains("| AUG  B − A | 0.0 | 0.0 |"), "{markdown}");
    for file in ["compare.md", "compare.csv", "statistics.csv", "index.html"] {
        let content = std::fs::read_to_string(out.join(file)).unwrap();
        assert!(!content.contains("NaN") && !content.contains("inf,"), "{file}: {content}");
    }
    let mut reader = csv::Reader::from_path(out.join("compare.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 40);
    for (i, name) in header.iter().enumerate().filter(|(_, n)| n.ends_with("_difference")) {
        assert!(rows.iter().all(|r| r[i].parse() == Ok(0.0)), "{name}");
    }
}

#[test]
fn the_field_that_differs_is_named_before_anything_else() {
    let (folder, a, b) = two(&small(|_| {}), &small(|f| f.gain = 0.2));
    edit(&b.spec(), |t| t.replace("share = 0.8", "share = 0.7"));
    edit(&b.info(), |t| t.replace("2.11.0", "2.12.0"));
    let out = folder.path().join("out");
    let found = compare(&a, &b, &["--out", out.to_str().unwrap()]);
    let text = stdout(&found);
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    let (_, differs) = text.split_once("What differs\n").unwrap();
    let lines: Vec<&str> = differs.lines().take(3).collect();
    assert_eq!(lines, ["- spec reduction.share: A 0.8, B 0.7", "- libtorch: A 2.11.0, B 2.12.0", ""]);
    let long: Vec<&str> =
        text.lines().filter(|l| l.chars().count() > 100 && !l.starts_with("page:")).collect();
    assert!(long.is_empty(), "{long:#?}");
    assert!(text.contains("\n- AUG of B is better than AUG of A by "), "{text}");
    assert!(text.contains("\n- NoAUG of B and NoAUG of A are equal in all 5 folds (10 pairs).\n"), "{text}");
    let html = std::fs::read_to_string(out.join("index.html")).unwrap();
    crate::report::check_html(&html);
    assert!(html.contains("<li>spec reduction.share: A 0.8, B 0.7</li>"));
    assert!(html.contains("Synthetic corpus"));
    // The difference of a cell, from the outcomes.
    let uar = |fake: &Fake| {
        let outcomes = fake.outcomes();
        let o = outcomes.iter().find(|o| o.cell.condition == "aug" && o.cell.fold == 2 && o.cell.seed == 1);
        100.0 * o.unwrap().confusion.as_ref().unwrap().uar().unwrap()
    };
    let expected = uar(&small(|f| f.gain = 0.2)) - uar(&small(|_| {}));
    let mut reader = csv::Reader::from_path(out.join("compare.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|h| h == name).unwrap();
    let key = ["condition", "fold", "seed"].map(at);
    let row = reader.records().map(Result::unwrap).find(|r| key.map(|k| &r[k]) == ["aug", "2", "1"]).unwrap();
    let found: f64 = row[at("uar_difference")].parse().unwrap();
    assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
}

#[test]
fn numbers_that_contradict_each_other_are_found_and_the_cell_is_named() {
    let cell = ["aug", "3", "2"];
    let name = "open/fake/aug/fold-3/seed-2";
    let moved = [("confusion_sad_angry", 1), ("confusion_sad_happy", -1)];
    type Tamper<'a> = &'a dyn Fn(&RunDir);
    let files: [(&str, Tamper); 4] = [
        ("a count that does not give the stated UAR", &|r| add(r, cell, &[("confusion_sad_neutral", 1)])),
        ("a stated recall", &|r| {
            edit(&r.outcomes(), |t| {
                let line = t.lines().find(|l| l.contains(",aug,3,2,")).unwrap();
                let uar = line.split(',').nth(11).unwrap();
                t.replace(line, &line.replacen(&format!(",{uar},"), ",0.123456,", 1))
            });
        }),
        // No recall sees this one; the predictions do.
        ("a wrong answer of another class", &|r| add(r, cell, &moved)),
        ("a prediction", &|r| {
            let path = r.path().join("cells/aug/fold-3/seed-2/predictions.csv");
            edit(&path, |t| t.replacen(",neutral,neutral,", ",neutral,sad,", 1));
        }),
    ];
    for (what, tamper) in files {
        let (_folder, a, b) = two(&small(|_| {}), &small(|_| {}));
        tamper(&b);
        for runs in [[&a, &b], [&b, &a]] {
            let found = compare(runs[0], runs[1], &[]);
            assert_eq!(found.status.code(), Some(4), "{what}: {}", stdout(&found));
            let error = stderr(&found);
            assert!(error.contains(name) && error.trim_end().lines().count() == 1, "{what}: {error}");
        }
    }
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let classes = |r: &RunDir| {
        edit(&r.spec(), |t| t.replace("happy = ", "glad = "));
        edit(&r.outcomes(), |t| t.replace("happy", "glad"));
        std::fs::remove_dir_all(r.path().join("cells")).unwrap();
    };
    let split = |r: &RunDir, test: &str, sha: &str| {
        let text = format!(
            "corpus,utterance,speaker,class,sha256,seed-1/fold-2/synthetic\nsynthetic,u1,s,sad,{sha},test\n\
             synthetic,u2,s,sad,cd,{test}\n"
        );
        std::fs::write(r.splits(), text).unwrap();
    };
    type Change<'a> = &'a dyn Fn(&RunDir, &RunDir);
    let cases: [(&str, Change); 5] = [
        ("their classes are neutral, angry, sad, happy and neutral, angry, sad, glad", &|_, b| classes(b)),
        ("fold 2 of synthetic, seed 1: x007 is tested in the second alone", &|_, b| {
            let path = b.path().join("cells/copies/fold-2/seed-1/predictions.csv");
            edit(&path, |t| t.replace("u007", "x007"));
        }),
        ("fold 2 of synthetic, seed 1: u2 is tested in the first alone", &|a, b| {
            split(a, "test", "ab");
            split(b, "train", "ab");
        }),
        ("fold 2 of synthetic, seed 1: u1 is another recording", &|a, b| {
            split(a, "test", "ab");
            split(b, "test", "cd");
        }),
        ("they have no cell with a result in common", &|_, b| {
            edit(&b.spec(), |t| t.replace("seeds = [1, 2]", "seeds = [8, 9]"));
            edit(&b.outcomes(), |t| {
                let row = |l: &str| {
                    let mut f: Vec<String> = l.split(',').map(str::to_owned).collect();
                    f[4] = f[4].parse::<u64>().map_or(f[4].clone(), |s| (s + 7).to_string());
                    f.join(",") + "\n"
                };
                t.lines().map(row).collect()
            });
        }),
    ];
    for (why, change) in cases {
        let (_folder, a, b) = two(&small(|_| {}), &small(|_| {}));
        change(&a, &b);
        let found = compare(&a, &b, &[]);
        let error = stderr(&found);
        assert_eq!(found.status.code(), Some(1), "{why}: {error}{}", stdout(&found));
        assert!(error.contains("cannot be compared") && error.contains(why), "{why}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        assert_eq!(stdout(&found), "");
    }
}

#[test]
fn a_tolerance_gives_an_exit_code_and_names_the_cells() {
    let (_folder, a, b) = two(&small(|_| {}), &small(|f| f.failed = vec![("weighted", 4, 1)]));
    let found = compare(&a, &b, &["--tolerance", "100"]);
    assert_eq!(found.status.code(), Some(4));
    let text = stdout(&found);
    assert!(text.contains("in one run alone: 1 cell: weighted/fold-4/seed-1."), "{text}");
    assert!(text.contains("1 only in A: weighted/fold-4/seed-1."), "{text}");
    assert_eq!(compare(&a, &b, &[]).status.code(), Some(0), "without a tolerance nothing is demanded");

    let (_folder, a, b) = two(&small(|_| {}), &small(|f| f.absent = vec![("no-aug", 1, 2)]));
    let found = compare(&b, &a, &["--tolerance", "100"]);
    assert_eq!(found.status.code(), Some(4));
    assert!(stdout(&found).contains("1 only in B: no-aug/fold-1/seed-2."), "{}", stdout(&found));

    let (_folder, a, b) = two(&small(|_| {}), &small(|f| f.gain = 0.14));
    let found = compare(&a, &b, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&found)).unwrap();
    let cells = json["against"][0]["cells"].as_array().unwrap();
    let differences = cells.iter().flat_map(|c| c["values"].as_object().unwrap().values());
    let greatest = differences.map(|v| v["difference"].as_f64().unwrap().abs()).fold(0.0, f64::max);
    assert!(greatest > 2.0, "{greatest}");
    for (tolerance, code) in [(greatest, 0), (greatest - 0.01, 4)] {
        let found = compare(&a, &b, &["--tolerance", &tolerance.to_string()]);
        assert_eq!(found.status.code(), Some(code), "{tolerance}: {}", stdout(&found));
    }
    for bad in ["-1", "NaN", "x"] {
        assert_eq!(compare(&a, &b, &[&format!("--tolerance={bad}")]).status.code(), Some(2), "{bad}");
    }
    assert_eq!(seraug(a.path(), &["compare", a.path().to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn json_has_every_number_and_several_runs_are_against_the_first() {
    let (folder, a, b) = two(&small(|_| {}), &small(|f| f.gain = 0.2));
    let c = small(|f| f.seeds = vec![2]).write(&folder.path().join("results"));
    let paths = [&a, &b, &c].map(|r| r.path().to_str().unwrap().to_owned());
    let found = seraug(folder.path(), &["--json", "compare", &paths[0], &paths[1], &paths[2]]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&found)).unwrap();
    let against = json["against"].as_array().unwrap();
    assert_eq!(against.len(), 2);
    assert_eq!(against[1]["differs"][0]["field"], "seeds");
    assert_eq!(
        against[1]["cells"].as_array().unwrap().iter().filter(|c| c["result_in"] == "first").count(),
        20
    );
    let aug = &against[0]["statistics"][1];
    assert_eq!((aug["first"].as_str(), aug["second"].as_str()), (Some("AUG of A"), Some("AUG of B")));
    assert_eq!((aug["units"].as_f64(), aug["pairs"].as_f64()), (Some(5.0), Some(10.0)));
    assert!(aug["p"].as_f64().unwrap() <= aug["p_holm"].as_f64().unwrap());
    assert!(aug["low"].as_f64().unwrap() < aug["difference"].as_f64().unwrap());
}

fn contrasts(fake: &Fake) -> Vec<Contrast> {
    let folder = tempfile::tempdir().unwrap();
    let reading = LoadedRun::of(&fake.write(folder.path())).unwrap();
    within(&reading, &RunPredictions::of(&reading).unwrap())
}

#[test]
fn pairs_of_conditions_are_tested_over_folds_of_seed_means() {
    let fake = Fake { speakers: 2, ..Fake::default() };
    let found = contrasts(&fake);
    assert_eq!(found.len(), 6);
    let c = &found[0];
    assert_eq!((c.first.as_str(), c.second.as_str(), c.units, c.pairs), ("NoAUG", "AUG", 5, 15));
    // Computed again from the outcomes.
    let outcomes = fake.outcomes();
    let reduced = |condition: &str, fold: usize| {
        let own = outcomes.iter().filter(|o| o.cell.condition == condition && o.cell.fold == fold);
        let values: Vec<f64> =
            own.map(|o| 100.0 * o.confusion.as_ref().unwrap().mean_recall(&[1, 2, 3]).unwrap()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let differences: Vec<f64> = (1..=5).map(|f| reduced("aug", f) - reduced("no-aug", f)).collect();
    // Five folds of 120 utterances, of which the reduction leaves 192 to train on.
    for (test, ratio) in [(c.test, 0.0), (c.corrected, 120.0 / 480.0), (c.corrected_reduced, 120.0 / 192.0)] {
        let (test, expected) = (test.unwrap(), corrected_t(&differences, ratio).unwrap());
        for (f, e) in [(test.low, expected.low), (test.high, expected.high), (test.p, expected.p)] {
            assert!((f - e).abs() < 1e-6, "{test:?}, not {expected:?}");
        }
    }
    // Five of one sign are the rarest two of sixteen exchanges, and twice that; an interval needs six.
    let permutation = c.permutation.unwrap();
    assert!((permutation.p - 0.0625).abs() < 1e-12, "{permutation:?}");
    assert_eq!((permutation.units, permutation.interval), (5, None));
    // Folds of the made-up run are equally large: pooled predictions weigh them as the folds are weighed.
    let b = c.bootstrap.unwrap();
    assert_eq!(b.speakers, 10);
    assert!((100.0 * b.difference - c.difference).abs() < 1e-6, "{b:?}");
    let [low, high] = b.interval.unwrap();
    assert!(low < b.difference && b.difference < high);
    for c in &found {
        assert_eq!(c.tests, 6);
        assert!(c.holm.unwrap() >= c.test.unwrap().p);
    }
    let t = table(&found);
    assert_eq!(t.rows.len(), 6);
    assert!(t.rows.iter().all(|r| r.cells.len() == t.headings.len()));
    assert!(
        t.caption.contains(
            "variance factor 1/n + 0.25, test over training utterances; reduced: the same with all utterances \
             that are trained on in place of those of the corpus that is split, 0.62;"
        ) && t.caption.contains("the 6 tests"),
        "{}",
        t.caption
    );
}

#[test]
fn a_sentence_claims_no_more_than_its_interval() {
    let mut c = contrasts(&Fake::default()).swap_remove(0);
    let set = |c: &mut Contrast, low: f64, high: f64, holm: f64| {
        let t = c.test.as_mut().unwrap();
        (t.low, t.high) = (low, high);
        c.holm = Some(holm);
        c.difference = (low + high) / 2.0;
        c.detectable = Some(2.24);
    };
    set(&mut c, 0.4, 5.8, 0.03);
    let missed = "; with 5 folds (15 pairs), a true difference under 2.2 would be missed in more than one of five such \
                  experiments.";
    assert_eq!(c.sentence(), "AUG is better than NoAUG by 3.1 points, 95 % interval 0.4 to 5.8.");
    set(&mut c, -5.8, -0.4, 0.03);
    assert_eq!(c.sentence(), "AUG is worse than NoAUG by 3.1 points, 95 % interval −5.8 to −0.4.");
    set(&mut c, 0.4, 5.8, 0.2);
    let sentence = c.sentence();
    assert!(sentence.starts_with("No difference shown between AUG and NoAUG: +3.1 points"), "{sentence}");
    assert!(sentence.ends_with(missed), "{sentence}");
    set(&mut c, -1.0, 5.8, 0.01);
    assert_eq!(
        c.sentence(),
        format!("No difference shown between AUG and NoAUG: +2.4 points, 95 % interval −1.0 to 5.8{missed}")
    );
    c.unit = Unit::Seed;
    set(&mut c, 0.4, 5.8, 0.03);
    assert!(c.sentence().contains("(on these test speakers: one fold says nothing about others)"));
}

#[test]
fn small_runs_have_words_in_place_of_tests() {
    let one = contrasts(&small(|f| (f.only, f.seeds) = (vec![2], vec![1])));
    for (c, sentence) in std::iter::zip(one.iter().filter(|c| c.has_sentence), sentences(&one)) {
        assert_eq!((c.units, c.test, c.holm, c.detectable), (1, None, None, None));
        assert_eq!((c.wilcoxon, c.biserial, c.dz), (None, None, None), "one value has no ranks");
        let b = c.bootstrap.unwrap();
        assert_eq!((b.speakers, b.interval), (1, None));
        assert!(sentence.ends_with("in the only seed, and one value has no interval."), "{sentence}");
    }
    let per_class = contrasts(&small(|f| f.per_class = true));
    assert_eq!(per_class[0].quantity, "mean UAR of the reduced data sets");
    let (b, d) = (per_class[0].bootstrap.unwrap(), per_class[0].difference);
    assert!((100.0 * b.difference - d).abs() < 1e-6, "three data sets, averaged: {b:?}, {d}");
    assert_eq!(table(&one).rows[0].cells[7..11], ["–", "1 speaker", "–", "–"]);
    for t in [table(&one), table(&per_class), table(&[])] {
        assert!(!t.terminal().contains("NaN") && !t.terminal().contains("inf"), "{}", t.terminal());
    }
}

#[test]
fn two_thousand_cells_are_compared() {
    let big = |gain| Fake { seeds: (1..=100).collect(), gain, histories: false, ..Fake::default() };
    let (_folder, a, b) = two(&big(0.12), &big(0.1));
    let found = compare(&a, &b, &[]);
    let text = stdout(&found);
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    assert!(text.contains("2000 cells have a result in both; "), "{text}");
    assert!(text.contains("5 folds (500 pairs)"), "{text}");
}

#[test]
fn other_reduced_classes_are_not_compared_by_their_mean() {
    let (folder, a, b) = two(&small(|_| {}), &small(|_| {}));
    edit(&b.spec(), |t| t.replace("keep = [\"neutral\"]", "keep = [\"neutral\", \"happy\"]"));
    let mut outcomes = small(|_| {}).outcomes();
    outcomes.iter_mut().for_each(|o| o.reduced = vec!["angry".into(), "sad".into()]);
    write_outcomes(&b.outcomes(), &["neutral", "angry", "sad", "happy"], &outcomes).unwrap();
    let out = folder.path().join("out");
    let found = compare(&a, &b, &["--tolerance", "0", "--out", out.to_str().unwrap()]);
    let text = stdout(&found);
    assert_eq!(found.status.code(), Some(0), "the same answers: {text}{}", stderr(&found));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "In 40 of them the runs reduced different classes: mean_recall_reduced is not compared there.";
    assert_eq!(flat.matches(said).count(), 1, "{text}");
    let mut reader = csv::Reader::from_path(out.join("compare.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let columns = |name: &str| {
        let at = header.iter().position(|h| h == format!("{name}_first")).unwrap();
        at..at + 3
    };
    let (reduced, uar) = (columns("mean_recall_reduced"), columns("uar"));
    for row in reader.records().map(Result::unwrap) {
        assert!(reduced.clone().all(|i| row[i].is_empty()) && !row[uar.start].is_empty(), "{row:?}");
    }
}

#[test]
fn an_answer_that_differs_is_beyond_a_tolerance_of_zero() {
    // One wrong answer becomes another wrong answer: no recall moves.
    let (_folder, a, b) = two(&small(|_| {}), &small(|_| {}));
    let path = b.path().join("cells/aug/fold-3/seed-2/predictions.csv");
    edit(&path, |t| {
        let wrong = t.lines().find(|l| l.contains(",sad,neutral,")).unwrap();
        t.replace(wrong, &wrong.replace(",sad,neutral,", ",sad,happy,"))
    });
    add(&b, ["aug", "3", "2"], &[("confusion_sad_neutral", -1), ("confusion_sad_happy", 1)]);
    let found = compare(&a, &b, &["--tolerance", "0"]);
    let text = stdout(&found);
    assert_eq!(found.status.code(), Some(4), "{text}{}", stderr(&found));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "Beyond the tolerance of 0 points, with another answer or in one run alone: 1 cell: aug/fold-3/seed-2.";
    assert!(flat.contains(said), "{text}");
    assert_eq!(compare(&a, &b, &["--tolerance", "0.001"]).status.code(), Some(0), "recalls are equal");
}

#[test]
fn cells_that_failed_in_both_are_named_and_not_beyond() {
    let failed = || small(|f| f.failed = vec![("weighted", 4, 1), ("aug", 2, 2)]);
    let (_folder, a, b) = two(&failed(), &failed());
    let found = compare(&a, &b, &["--tolerance", "0"]);
    let text = stdout(&found);
    assert_eq!(found.status.code(), Some(0), "{text}{}", stderr(&found));
    assert!(text.contains("2 cells failed in both: aug/fold-2/seed-2, weighted/fold-4/seed-1.\n"), "{text}");
    assert!(text.contains("every cell with a result. 2 cells failed in both.\n"), "{text}");
}

#[test]
fn runs_of_one_name_are_told_apart_by_their_folders() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["here", "there"].map(|f| small(|_| {}).write(&folder.path().join(f)));
    assert_eq!(a.id(), b.id());
    let out = folder.path().join("out");
    let found = compare(&a, &b, &["--out", out.to_str().unwrap()]);
    let text = stdout(&found);
    for (letter, run) in [("A", &a), ("B", &b)] {
        let name = format!("open/fake/{} ({})", run.id(), run.path().display());
        assert!(text.contains(&format!("{letter}  {name} (40 cells")), "{text}");
        for file in ["compare.md", "compare.csv", "statistics.csv", "index.html"] {
            assert!(std::fs::read_to_string(out.join(file)).unwrap().contains(&name), "{file}");
        }
    }
    edit(&b.spec(), |t| t.replace("happy = ", "glad = "));
    edit(&b.outcomes(), |t| t.replace("happy", "glad"));
    std::fs::remove_dir_all(b.path().join("cells")).unwrap();
    let error = stderr(&compare(&a, &b, &[]));
    assert!(
        error.contains(a.path().to_str().unwrap()) && error.contains(b.path().to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn a_comparison_overwrites_nothing_but_a_comparison() {
    let (folder, a, b) = two(&small(|_| {}), &small(|_| {}));
    let page = folder.path().join("page");
    std::fs::create_dir(&page).unwrap();
    std::fs::write(page.join("index.html"), "of somebody").unwrap();
    for (dir, why) in
        [(a.path(), "is a run directory"), (&page, "has an index.html that is not of a comparison")]
    {
        let found = compare(&a, &b, &["--out", dir.to_str().unwrap()]);
        let error = stderr(&found);
        assert_eq!(found.status.code(), Some(2), "{error}");
        assert!(error.contains(why) && error.trim_end().lines().count() == 1, "{error}");
        assert!(!dir.join("compare.md").exists());
    }
    assert_eq!(std::fs::read_to_string(page.join("index.html")).unwrap(), "of somebody");
    let out = folder.path().join("out");
    for _ in 0..2 {
        let found = compare(&a, &b, &["--out", out.to_str().unwrap()]);
        assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    }
}

#[test]
fn long_labels_keep_the_letters_of_their_runs() {
    let long = "white noise in the waveform at a ratio of ten decibels";
    let (folder, a, b) = two(&small(|_| {}), &small(|f| f.gain = 0.2));
    for run in [&a, &b] {
        edit(&run.spec(), |t| {
            t.replace("plain copies", long).replace("class weights", &format!("{long} more"))
        });
    }
    let out = folder.path().join("out");
    let text = stdout(&compare(&a, &b, &["--out", out.to_str().unwrap()]));
    let rows = |end: &str| text.lines().filter(|l| l.starts_with("white noise") && l.contains(end)).count();
    // Two conditions, in two blocks of the table and one of the other measures; the differences also in three of the statistics.
    assert_eq!((rows("…"), rows("decibels  A  "), rows("more  A  ")), (24, 3, 3), "{text}");
    assert_eq!((rows("decibels  B − A  "), rows("more  B − A  ")), (6, 6), "{text}");
    let mut cut = text.lines().filter(|l| l.contains('…'));
    assert!(cut.all(|l| l.chars().count() <= 100), "{text}");
    let markdown = std::fs::read_to_string(out.join("compare.md")).unwrap();
    for row in [format!("| {long}  A |"), format!("| {long} more  B − A |")] {
        assert!(markdown.contains(&row), "{row}: {markdown}");
    }
    let html = std::fs::read_to_string(out.join("index.html")).unwrap();
    assert!(html.contains(&format!("{long} more  B − A")));
}

#[test]
fn many_conditions_have_a_sentence_only_for_what_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let run = small(|_| {}).write(folder.path());
    let of = |change: &dyn Fn(&mut LoadedRun)| {
        let mut reading = LoadedRun::of(&run).unwrap();
        change(&mut reading);
        let answers = RunPredictions::of(&reading).unwrap();
        within(&reading, &answers)
    };
    let names = |found: &[Contrast]| found.iter().map(Contrast::name).collect::<Vec<_>>();
    let found = of(&|_| {});
    assert_eq!(
        names(&found),
        [
            "AUG − NoAUG",
            "plain copies − NoAUG",
            "class weights − NoAUG",
            "plain copies − AUG",
            "class weights − plain copies",
            "class weights − AUG"
        ]
    );
    let said = sentences(&found);
    assert_eq!((said.len(), said[5].as_str()), (6, "The other pair is in the table."));
    // The plain copies become a condition like any other.
    let found = of(&|r| {
        r.spec.condition[2].augment = r.spec.condition[0].augment.clone();
        r.spec.condition[3].baseline = "aug".into();
    });
    let told: Vec<String> = found.iter().filter(|c| c.has_sentence).map(Contrast::name).collect();
    assert_eq!(told, ["AUG − NoAUG", "plain copies − NoAUG", "class weights − AUG"]);
    assert_eq!((table(&found).rows.len(), sentences(&found).len()), (6, 4));
    assert_eq!(sentences(&found)[3], "The other 3 pairs are in the table.");
}

#[test]
fn the_variance_factor_is_that_of_every_row() {
    let mut found = contrasts(&Fake::default());
    found[1].ratio = 0.5;
    let caption = table(&found).caption;
    assert!(caption.contains("variance factor 1/n + 0.25 to 0.50, "), "{caption}");
}

#[test]
fn folds_that_agree_only_on_average_are_not_called_equal() {
    let mut c = contrasts(&Fake::default()).swap_remove(0);
    (c.test, c.difference) = (None, 0.0);
    assert!(c.every_pair.is_some());
    assert_eq!(c.sentence(), "AUG and NoAUG have the same mean in each of 5 folds (15 pairs).");
    c.every_pair = None;
    assert_eq!(c.sentence(), "AUG and NoAUG are equal in all 5 folds (15 pairs).");
}

#[test]
fn captions_count_what_is_compared() {
    let (_folder, a, b) =
        two(&small(|f| f.seeds = vec![1, 2, 3]), &small(|f| (f.seeds, f.gain) = (vec![2, 3], 0.2)));
    let text = stdout(&compare(&a, &b, &[])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("over the 5 folds, each fold first averaged over its 2 seeds"), "{text}");
    let (_folder, a, b) = two(&small(|_| {}), &small(|f| (f.only, f.gain) = (vec![3], 0.2)));
    let text = stdout(&compare(&a, &b, &[])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("over the 2 seeds of the only fold"), "{text}");
}
