//! `seraug study` on generated runs with deterministic numbers; nothing is trained.

use crate::report::check_html;
use seraug_core::files::write_atomic;
use seraug_core::run_files::{RunDir, RunInfo};
use seraug_test_support::common::{one_line, seraug, stderr, stdout};
use seraug_test_support::fake_run::{Fake, with};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;

/// Corpora with what the augmentor gains on them.
const CORPORA: [(&str, &str, f64); 4] = [
    ("open/study/emodb", "emodb", 0.12),
    ("open/study/emovo", "emovo", 0.02),
    ("open/study/ravdess", "ravdess", 0.08),
    ("open/study/urdu", "urdu", 0.05),
];

const STUDY: &str = "equivalence = 2.0\n\
                     primary = [{ condition = \"aug\", baseline = \"copies\" }, { condition = \"aug\", baseline = \"no-aug\" }]\n\
                     secondary = [{ condition = \"no-aug\", baseline = \"weighted\" }]\n";

/// A folder with experiments/open/study.toml, its experiments and their runs.
struct Made(tempfile::TempDir);

fn fake(&(experiment, corpus, gain): &(&'static str, &'static str, f64)) -> Fake {
    let title = format!("80 %-reduced {corpus}");
    with(Fake::default(), |f| {
        (f.title, f.experiment, f.corpus, f.gain) = (title, experiment, corpus, gain);
        (f.synthetic, f.histories, f.whole, f.speakers) = (false, false, true, 2);
    })
}

impl Made {
    /// The study of the first `n` corpora, each with a run.
    fn of(n: usize) -> Made {
        let made = Made::without_runs(n, STUDY);
        CORPORA[..n].iter().for_each(|c| drop(made.run(&fake(c))));
        made
    }

    fn without_runs(n: usize, study: &str) -> Made {
        let made = Made(tempfile::tempdir().unwrap());
        let names: Vec<String> = CORPORA[..n].iter().map(|c| format!("\"study/{}\"", c.1)).collect();
        let text =
            format!("title = \"Does it help?\"\nexperiments = [{}]\n[study]\n{study}", names.join(", "));
        made.write("experiments/open/study.toml", &text);
        CORPORA[..n].iter().for_each(|c| made.spec(&fake(c)));
        made
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        write_atomic(&self.path(below), text.as_bytes()).unwrap();
    }

    fn spec(&self, fake: &Fake) {
        self.write(&format!("experiments/{}.toml", fake.experiment), &fake.spec().to_toml());
    }

    fn run(&self, fake: &Fake) -> RunDir {
        fake.write(&self.path("results"))
    }

    /// As if `run` had begun on another day, and maybe not ended.
    fn dated(run: &RunDir, day: u32, is_finished: bool) {
        let mut info = RunInfo::load(&run.info()).unwrap();
        info.started = format!("2026-01-{day:02}T00:00:00Z");
        if !is_finished {
            info.finished.clear();
        }
        info.save(&run.info()).unwrap();
    }

    fn study(&self, args: &[&str]) -> Output {
        let mut all = vec!["study", "experiments/open/study.toml"];
        all.extend(args);
        seraug(self.0.path(), &all)
    }

    /// The file of the page's folder.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path("reports/open/study/latest").join(name)).unwrap()
    }

    /// study.csv as (condition, baseline, corpus) and a column.
    fn number(&self, row: [&str; 3], column: &str) -> Option<f64> {
        let text = self.read("study.csv");
        let mut records = csv_rows(&text);
        let header = records.remove(0);
        let at = |name: &str| header.iter().position(|h| h == name).unwrap();
        let keys = ["condition", "baseline", "corpus"].map(at);
        let found = records.iter().find(|r| std::iter::zip(keys, row).all(|(k, v)| r[k] == v));
        found.unwrap_or_else(|| panic!("no row {row:?} in {text}"))[at(column)].parse().ok()
    }
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|l| l.split(',').map(|f| f.trim_matches('"').to_owned()).collect()).collect()
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn renderings_are_as_committed() {
    let made = Made::of(4);
    let output = made.study(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("study.md", made.read("study.md"));
    insta::assert_snapshot!("study-terminal", stdout(&output));
    check_html(&made.read("index.html"));
    let long: Vec<String> =
        stdout(&output).lines().filter(|l| l.chars().count() > 100).map(str::to_owned).collect();
    assert!(long.is_empty(), "{long:?}");
    for name in ["study.tex", "conditions.csv", "figures/forest-primary.svg", "figures/forest-secondary.svg"]
    {
        assert!(!made.read(name).is_empty(), "{name}");
    }
    let png = std::fs::read(made.path("reports/open/study/latest/figures/forest-primary.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 20_000, "{} bytes", png.len());
}

/// What is pooled are the numbers of the corpora's own pages, in the direction that the study asks for.
#[test]
fn a_corpus_has_the_difference_of_its_own_report() {
    let made = Made::of(4);
    assert!(made.study(&[]).status.success());
    for (experiment, corpus, _) in CORPORA {
        let run = made.path(&format!("results/{experiment}/latest"));
        assert!(seraug(made.0.path(), &["report", run.to_str().unwrap()]).status.success());
        let table =
            std::fs::read_to_string(made.path(&format!("reports/{experiment}/latest/table.csv"))).unwrap();
        let of = |condition: &str, column: &str| {
            let rows = csv_rows(&table);
            let row = rows.iter().find(|r| r[1] == condition && r[2] == column).unwrap();
            (row[3].parse::<f64>().unwrap(), row[4].parse::<f64>().unwrap())
        };
        let (difference, half) = of("aug", "difference");
        let number = |row: [&str; 2], column: &str| made.number([row[0], row[1], corpus], column).unwrap();
        let aug = ["aug", "no-aug"];
        assert!((number(aug, "difference") - difference).abs() < 1e-8);
        assert!((number(aug, "high") - number(aug, "low") - 2.0 * half).abs() < 1e-8);
        // The report has it the other way round.
        let turned = ["no-aug", "weighted"];
        assert!((number(turned, "difference") + of("weighted", "difference").0).abs() < 1e-8);
        assert!(number(turned, "low") < number(turned, "difference"));
        assert_eq!((number(aug, "folds"), number(aug, "seeds"), number(aug, "speakers")), (5.0, 3.0, 10.0));
    }
    let pooled = |column: &str| made.number(["aug", "no-aug", "pooled"], column).unwrap();
    let weights: f64 = CORPORA.iter().map(|c| made.number(["aug", "no-aug", c.1], "weight").unwrap()).sum();
    assert!((weights - 1.0).abs() < 1e-12, "{weights}");
    let mean: f64 = CORPORA
        .iter()
        .map(|c| {
            let of = |column| made.number(["aug", "no-aug", c.1], column).unwrap();
            of("weight") * of("difference")
        })
        .sum();
    assert!((pooled("difference") - mean).abs() < 1e-9);
    // Two primary tests: the smaller p is doubled, the other is not; the secondary one is alone.
    let p = |row: [&str; 2], column: &str| made.number([row[0], row[1], "pooled"], column).unwrap();
    let (first, second) = (p(["aug", "copies"], "p"), p(["aug", "no-aug"], "p"));
    assert!((p(["aug", "no-aug"], "p_holm") - (2.0 * first.min(second)).min(1.0)).abs() < 1e-12);
    assert_eq!(p(["no-aug", "weighted"], "p_holm"), p(["no-aug", "weighted"], "p"));
    // The same on each corpus.
    for (_, corpus, ..) in CORPORA {
        let p = |row: [&str; 2], column: &str| made.number([row[0], row[1], corpus], column).unwrap();
        let (first, second) = (p(["aug", "copies"], "p"), p(["aug", "no-aug"], "p"));
        assert!(
            (p(["aug", "no-aug"], "p_holm") - (2.0 * first.min(second)).min(1.0)).abs() < 1e-12,
            "{corpus}"
        );
        assert_eq!(p(["no-aug", "weighted"], "p_holm"), p(["no-aug", "weighted"], "p"));
    }
}

#[test]
fn the_gap_is_measured_to_the_condition_that_trains_on_everything() {
    let made = Made::of(2);
    assert!(made.study(&[]).status.success());
    let rows = csv_rows(&made.read("conditions.csv"));
    let of =
        |corpus: &str, condition: &str| rows.iter().find(|r| r[0] == corpus && r[1] == condition).unwrap();
    let number = |corpus: &str, condition: &str, at: usize| of(corpus, condition)[at].parse::<f64>().unwrap();
    let mean = |condition| number("emodb", condition, 2);
    let share = (mean("aug") - mean("no-aug")) / (mean("full") - mean("no-aug"));
    assert!((number("emodb", "aug", 5) - share).abs() < 1e-9);
    assert!(number("emodb", "aug", 6) < share && share < number("emodb", "aug", 7));
    assert_eq!((of("emodb", "no-aug")[5].as_str(), of("emodb", "full")[5].as_str()), ("", ""));
    assert!(made.read("study.md").contains("## Share of the gap closed"));
}

#[test]
fn what_is_missing_is_named_and_the_rest_is_pooled() {
    let made = Made::without_runs(4, STUDY);
    let none = made.study(&[]);
    assert_eq!(none.status.code(), Some(1));
    assert!(
        one_line(&none).contains("open/study: none of its 4 experiments has a run: "),
        "{}",
        stderr(&none)
    );
    let runs: Vec<RunDir> = CORPORA[..3].iter().map(|c| made.run(&fake(c))).collect();
    Made::dated(&runs[1], 2, false);
    let output = made.study(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let told = one_line(&output);
    for text in [
        "2 of 4 experiments have no finished run",
        "open/study/emovo: its run 20260102T030405Z-0123456 is not finished",
        "open/study/urdu: there is no run below results/open/study/urdu",
    ] {
        assert!(told.contains(text), "{told}");
        assert!(made.read("index.html").contains(text), "{text}");
    }
    assert_eq!(made.number(["aug", "copies", "pooled"], "corpora"), Some(3.0));
    assert!(
        made.read("study.md")
            .contains("emovo/20260102T030405Z-0123456 is not finished: 75 of 75 cells have a result")
    );
}

#[test]
fn one_corpus_is_not_pooled_and_two_say_how_wide_they_are() {
    let made = Made::of(1);
    let output = made.study(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = flat(&stdout(&output));
    assert!(text.contains("one corpus is not pooled and says nothing of others."), "{text}");
    assert!(!made.read("study.csv").contains("pooled") && !text.contains("over 1 corpora"), "{text}");
    let made = Made::of(2);
    let text = flat(&stdout(&made.study(&[])));
    assert!(text.contains("over 2 corpora"), "{text}");
    assert!(made.read("study.md").contains("reaches 12.7 standard errors to either side"));
    let figure = made.read("figures/forest-primary.svg");
    assert!(figure.contains("emodb") && !figure.contains("pooled"), "{figure}");
    let of = |column| made.number(["aug", "no-aug", "pooled"], column);
    let (low, high, se) = (of("low").unwrap(), of("high").unwrap(), of("se").unwrap());
    assert!(((high - low) / 2.0 / se - 12.706_204_736).abs() < 1e-6, "t of one degree of freedom");
    assert_eq!((of("prediction_low"), of("prediction_high")), (None, None));
}

#[test]
fn the_newest_finished_run_of_the_spec_is_taken() {
    let made = Made::of(2);
    let stamped = |stamp, change: fn(&mut Fake)| {
        let run = made.run(&with(fake(&CORPORA[0]), |f| {
            f.stamp = stamp;
            change(f);
        }));
        Made::dated(&run, stamp[6..8].parse().unwrap(), true);
        run
    };
    stamped("20260103T000000Z", |_| ());
    let unfinished = stamped("20260104T000000Z", |_| ());
    Made::dated(&unfinished, 4, false);
    stamped("20260105T000000Z", |f| f.seeds = vec![1, 2]);
    let output = made.study(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let csv = made.read("study.csv");
    assert!(csv.contains("open/study/emodb/20260103T000000Z-0123456"), "{csv}");
    assert!(
        stderr(&output)
            .contains("the newer run 20260105T000000Z-0123456 has another spec (seeds [1, 2] → [1, 2, 3])")
    );
    assert!(
        made.path("reports/open/study/20260103T000000Z-0123456/index.html").is_file(),
        "the newest of its runs"
    );
    // The other spec is meant where it is said.
    let output = made.study(&["--seeds", "1,2"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let told = one_line(&output);
    assert!(
        told.contains("open/study/emovo: its run 20260102T030405Z-0123456 has another spec (seeds "),
        "{told}"
    );
}

#[test]
fn runs_that_do_not_belong_are_refused() {
    let made = Made::of(2);
    let refused = |args: &[&str]| {
        let output = made.study(args);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        one_line(&output)
    };
    let [emodb, emovo] = ["emodb", "emovo"].map(|c| format!("results/open/study/{c}/latest"));
    let again = made.run(&with(fake(&CORPORA[0]), |f| f.stamp = "20260103T000000Z"));
    let again = again.path().to_str().unwrap();
    assert!(
        refused(&[&emodb, &emovo, "results/open/study/emodb/20260102T030405Z-0123456"])
            .contains("a corpus counts once")
    );
    let other = made.run(&with(fake(&CORPORA[0]), |f| {
        (f.experiment, f.stamp) = ("open/study/emodbb", "20260103T000000Z")
    }));
    let told = refused(&[other.path().to_str().unwrap()]);
    assert!(
        told.contains("is a run of `open/study/emodbb`, which open/study does not have, did you mean"),
        "{told}"
    );
    made.spec(&with(fake(&CORPORA[1]), |f| f.seeds = vec![4]));
    let told = refused(&[again, &emovo]);
    assert!(
        told.contains(
            "was made with another spec than open/study/emovo has now: seeds [1, 2, 3] → [4]; add `--seeds 1,2,3` for a study of these"
        ),
        "{told}"
    );
    // A title decides no number.
    made.spec(&with(fake(&CORPORA[1]), |f| f.title = "Another title".into()));
    assert_eq!(made.study(&[again, &emovo]).status.code(), Some(0));
    made.write("experiments/open/plain.toml", "title = \"t\"\nexperiments = [\"study/emodb\"]\n");
    let output = seraug(made.0.path(), &["study", "experiments/open/plain.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(one_line(&output).contains("experiments/open/plain.toml: has no [study]"));
}

#[test]
fn the_tables_compile() {
    if crate::latex::is_here() {
        let made = Made::of(4);
        assert!(made.study(&[]).status.success());
        crate::latex::check(&made.path("reports/open/study/latest"), "study");
    }
}

#[test]
fn what_differs_beside_the_corpus_is_a_warning() {
    let made = Made::without_runs(3, STUDY);
    let write = |fake: &Fake, text: &dyn Fn(String) -> String| {
        made.write(&format!("experiments/{}.toml", fake.experiment), &text(fake.spec().to_toml()));
        let run = made.run(fake);
        write_atomic(&run.spec(), text(fake.spec().to_toml()).as_bytes()).unwrap();
    };
    write(&fake(&CORPORA[0]), &|t| t);
    write(&with(fake(&CORPORA[1]), |f| f.synthetic = true), &|t| t.replace("copies = 4", "copies = 3"));
    write(&fake(&CORPORA[2]), &|t| t.replace("preset = \"tiny\"", "preset = \"small\""));
    let output = made.study(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = made.read("index.html");
    for text in [
        "1 of 3 corpora are synthetic: what is pooled with them says nothing about human speech.",
        "The preset is not the same: small in ravdess; tiny in emodb and emovo (synthetic).",
        "emodb and emovo (synthetic) differ in more than the corpus: condition.aug.augment.triplet-gan.copies 4 → 3",
        "Synthetic corpus: made by a program",
        "(synthetic corpus)</title>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("emodb and ravdess differ in more"), "but for the preset they are alike");
}

#[test]
fn programs_get_json_and_a_readme_its_table() {
    let made = Made::of(3);
    let output = made.study(&["--json"]);
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let first = &answer["comparisons"][0];
    assert_eq!((first["condition"].as_str(), first["rows"].as_array().unwrap().len()), (Some("aug"), 4));
    let estimate = first["rows"][3]["difference"].as_f64();
    assert_eq!(estimate, made.number(["aug", "copies", "pooled"], "difference"));
    assert!(made.path(answer["page"].as_str().unwrap()).is_file());
    made.write("README.md", "a\n<!-- seraug open/study -->\n<!-- /seraug -->\nb\n");
    assert!(made.study(&["--splice", "README.md"]).status.success());
    let readme = std::fs::read_to_string(made.path("README.md")).unwrap();
    let page = "reports/open/study/20260102T030405Z-0123456";
    for text in [
        format!("**Does it help?** ([page]({page}/index.html))"),
        "- AUG against plain copies: ".into(),
        "| AUG − NoAUG | 3 of 3 |".into(),
        format!("({page}/figures/forest-primary.svg)"),
    ] {
        assert!(readme.contains(&text), "{text}: {readme}");
    }
    assert!(
        readme.starts_with("a\n<!-- seraug open/study -->\n") && readme.ends_with("<!-- /seraug -->\nb\n")
    );
}

/// Its experiments cannot run here, and the study is made from the runs that there are.
#[test]
fn a_run_of_the_collection_ends_with_the_study() {
    let made = Made::of(2);
    let output = seraug(
        made.0.path(),
        &[
            "run",
            "experiments/open/study.toml",
            "--report",
            "--new",
            "--corpora",
            "nowhere",
            "--device",
            "cpu",
        ],
    );
    // There is no corpus, and where only these crates are built no worker.
    assert!([Some(1), Some(2)].contains(&output.status.code()), "{}", stderr(&output));
    assert!(flat(&stdout(&output)).contains("AUG against NoAUG: "), "{}", stdout(&output));
    assert!(made.path("reports/open/study/latest/index.html").is_file());
    assert!(!made.path("reports/open/study/emodb").exists(), "they were not run");
}
