//! `seraug report` on generated run directories with deterministic numbers; nothing is trained.

use seraug_core::run_files::{OutcomeStatus, RunDir};
use seraug_report::stats::interval::mean_interval;
use seraug_report::write::{report, report_into};
use seraug_test_support::fake_run::{Fake, with};
use std::path::{Path, PathBuf};

struct Made {
    _folder: tempfile::TempDir,
    dir: PathBuf,
    html: String,
    markdown: String,
    csv: String,
    text: String,
}

fn made(fake: &Fake) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let run = fake.write(&folder.path().join("results"));
    let written = report(&run, &folder.path().join("reports")).unwrap();
    let read = |name: &str| std::fs::read_to_string(written.dir.join(name)).unwrap();
    for file in &written.files {
        assert!(file.is_file(), "{}", file.display());
    }
    let html = read("index.html");
    check_html(&html);
    Made {
        html,
        markdown: read("table.md"),
        csv: read("table.csv"),
        text: written.text,
        dir: written.dir,
        _folder: folder,
    }
}

/// Tags are balanced, ids are unique, nothing is fetched, every svg has a label.
pub(crate) fn check_html(html: &str) {
    let void = ["!DOCTYPE", "meta", "br", "hr", "img", "link"];
    let html = &match (html.find("<script>"), html.find("</script>")) {
        // Its arrows and comparisons are no tags.
        (Some(from), Some(to)) => html[..from + 8].to_owned() + &html[to..],
        _ => html.to_owned(),
    };
    let mut open: Vec<String> = Vec::new();
    let mut rest = html.as_str();
    while let Some(start) = rest.find('<') {
        // Style has no tags; the text of everything else is escaped.
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|c| !c.is_whitespace() && *c != '/').collect();
        if let Some(close) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(close), "closing tag");
        } else if !tag.ends_with('/') && !void.contains(&name.as_str()) {
            open.push(name.clone());
        }
        assert!(!["link", "iframe", "img", "object"].contains(&name.as_str()), "<{tag}>");
        for fetched in ["src=", "href=\"http", "href=\"//", "srcset=", "url("] {
            assert!(!tag.contains(fetched), "<{tag}>");
        }
        if name == "svg" && !tag.starts_with('/') {
            assert!(tag.contains("role=\"img\" aria-label=\""), "<{tag}>");
        }
        if name == "th" && !tag.starts_with('/') {
            assert!(tag.contains("scope=\""), "<{tag}>");
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    let css = &html[html.find("<style>").unwrap()..html.find("</style>").unwrap()];
    assert!(!css.contains("url(") && !css.contains("@import"));
    let levels: Vec<usize> =
        html.match_indices("<h").filter_map(|(i, _)| html[i + 2..i + 3].parse().ok()).collect();
    assert_eq!(levels.iter().filter(|&&l| l == 1).count(), 1);
    assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{levels:?}");
}

#[test]
fn renderings_are_as_committed() {
    let m = made(&Fake::default());
    insta::assert_snapshot!("table.md", m.markdown);
    insta::assert_snapshot!("table.csv", m.csv);
    insta::assert_snapshot!("terminal", m.text);
    let long: Vec<&str> = m.text.lines().filter(|l| l.chars().count() > 100).collect();
    assert!(long.is_empty(), "{long:?}");
}

/// The number of the table, computed again from the outcomes without the code under test.
#[test]
fn intervals_are_over_folds_of_seed_means() {
    let fake = Fake::default();
    let m = made(&fake);
    let outcomes = fake.outcomes();
    let value = |condition: &str, fold: usize, seed: u64| {
        let found = outcomes
            .iter()
            .find(|o| (o.cell.condition.as_str(), o.cell.fold, o.cell.seed) == (condition, fold, seed));
        let confusion = found.unwrap().confusion.as_ref().unwrap();
        100.0 * (1..4).map(|c| confusion.recall(c).unwrap()).sum::<f64>() / 3.0
    };
    let seeds = [1, 2, 3];
    let fold_mean = |f: &dyn Fn(usize, u64) -> f64, k| seeds.iter().map(|&s| f(k, s)).sum::<f64>() / 3.0;
    let over = |f: &dyn Fn(usize, u64) -> f64| {
        mean_interval(&(1..=5).map(|k| fold_mean(f, k)).collect::<Vec<_>>()).unwrap()
    };
    let average = over(&|f, s| value("aug", f, s));
    let difference = over(&|f, s| value("aug", f, s) - value("no-aug", f, s));
    for (column, expected) in [("average", average), ("difference", difference)] {
        let row = m.csv.lines().find(|l| l.starts_with(&format!("synthetic,aug,{column},"))).unwrap();
        let fields: Vec<&str> = row.split(',').collect();
        let (mean, half): (f64, f64) = (fields[3].parse().unwrap(), fields[4].parse().unwrap());
        assert!((mean - expected.mean).abs() < 1e-9, "{row} {expected:?}");
        assert!((half - expected.half.unwrap()).abs() < 1e-9, "{row} {expected:?}");
        assert_eq!(fields[5], "5");
    }
}

#[test]
fn published_values_and_differences_are_beside_ours() {
    let m = made(&Fake::default());
    let lines: Vec<&str> = m.markdown.lines().collect();
    let at = lines.iter().position(|l| l.starts_with("| **AUG** |")).unwrap();
    assert!(
        lines[at + 1].starts_with("| *published* | | 62.75 | 58.11 | 53.71 | | 58.19 |"),
        "{}",
        lines[at + 1]
    );
    assert!(lines[at + 2].starts_with("| *difference* | |"), "{}", lines[at + 2]);
    let copies = lines.iter().position(|l| l.starts_with("| **plain copies** |")).unwrap();
    assert!(!lines[copies + 1].contains("published"), "no published value of its own: {}", lines[copies + 1]);
    let row = m.csv.lines().find(|l| l.starts_with("synthetic,aug,average,")).unwrap();
    let fields: Vec<&str> = row.split(',').collect();
    let (mean, difference): (f64, f64) = (fields[3].parse().unwrap(), fields[7].parse().unwrap());
    assert_eq!(fields[6], "58.19");
    assert!((mean - 58.19 - difference).abs() < 1e-9, "{row}");
    assert!(m.html.contains("The paper prints 50.09 → 58.19 for AUG (+8.1 points)."), "{}", m.text);
}

#[test]
fn the_page_says_what_a_reader_needs() {
    let m = made(&Fake::default());
    let said = [
        "The best augmentation",
        "points over NoAUG",
        "points over plain copies",
        "Synthetic corpus: made by a program",
        "(synthetic corpus)</title>",
        "the classifier of every seed predicts one class",
        "a speaker of a test fold is in its training set",
        "0123456789abcdef0123456789abcdef01234567",
        "CC0, made by this program",
        "seraug run experiments/open/fake.toml --seeds 1,2,3",
        "[condition.augment.triplet-gan]",
        "href=\"../../../../results/open/fake/",
        "1\u{202f}234\u{202f}567",
    ];
    for text in said {
        assert!(m.html.contains(text), "missing: {text}");
    }
    for figure in ["recall", "difference", "confusion", "curves-classifier", "curves-augmentor"] {
        let svg = std::fs::read_to_string(m.dir.join(format!("figures/{figure}.svg"))).unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{figure}");
    }
    for figure in ["recall", "speakers"] {
        let png = std::fs::read(m.dir.join(format!("figures/{figure}.png"))).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 5000, "{figure}: {} bytes", png.len());
    }
    let link = std::fs::read_link(m.dir.parent().unwrap().join("latest")).unwrap();
    assert_eq!(Path::new(m.dir.file_name().unwrap()), link);
}

#[test]
fn what_the_files_say_is_text_not_markup() {
    let fake = Fake { title: "<script>alert(1)</script> & \"x\" | y".into(), ..Fake::default() };
    let m = made(&fake);
    assert!(m.html.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp;"));
    assert_eq!(m.html.matches("<script").count(), 1, "the page's own");
    assert!(m.markdown.starts_with("# &lt;script>alert(1)&lt;/script> & \"x\" \\| y"), "{}", m.markdown);
}

#[test]
fn failed_and_missing_cells_are_seen() {
    let fake = Fake { failed: vec![("aug", 2, 1)], absent: vec![("aug", 3, 2)], ..Fake::default() };
    let m = made(&fake);
    for text in [&m.markdown, &m.text, &m.html] {
        assert!(text.contains("13 of 15"), "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("AUG: 13 of 15 cells have a result (1 failed, 1 missing)"), "{text}");
        assert!(flat.contains("AUG vs NoAUG: only the 13 pairs of fold and seed"), "{text}");
    }
    assert!(m.html.contains("1 failed, 1 missing cells"));
    assert!(m.html.contains(
        "<code>open/fake/aug/fold-2/seed-1</code> failed: loss is not finite at step 7 &lt;of&gt; 9"
    ));
    assert!(m.html.contains("<code>open/fake/aug/fold-3/seed-2</code> has no row"));
    assert!(m.html.contains("58 of 60 cells have a result"));
}

/// A condition without any result is a row of dashes, not a zero and not an absence.
#[test]
fn a_condition_may_fail_altogether() {
    let failed = (1..=5).flat_map(|f| [1, 2, 3].map(|s| ("aug", f, s))).collect();
    let m = made(&Fake { failed, ..Fake::default() });
    assert!(m.markdown.contains("| **AUG** | – | – | – | – | – | – | – | 0 of 15 |"), "{}", m.markdown);
    assert!(m.csv.contains("synthetic,aug,average,,,0,58.19,,0,15\n"), "{}", m.csv);
    assert!(m.html.contains("The best augmentation, "));
    let none = (1..=5).flat_map(|f| [1, 2, 3].map(|s| ("no-aug", f, s))).collect();
    let m = made(&Fake { failed: none, ..Fake::default() });
    assert!(m.html.contains("NoAUG has no result: nothing can be compared."));
}

#[test]
fn one_fold_is_over_seeds_and_says_so() {
    let m = made(&Fake { only: vec![4], ..Fake::default() });
    let row = m.csv.lines().find(|l| l.starts_with("synthetic,aug,average,")).unwrap();
    assert_eq!(row.split(',').nth(5), Some("3"), "{row}");
    let flat = m.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(
        "Student t over the 3 seeds of the only fold that was run: they say nothing about other speakers."
    ));
    let m = made(&Fake { only: vec![4], seeds: vec![1], ..Fake::default() });
    assert!(m.markdown.contains("One fold and one seed: no intervals."), "{}", m.markdown);
    assert!(!m.markdown.lines().any(|l| l.starts_with("| **") && l.contains('±')), "{}", m.markdown);
    assert!(m.html.contains("one value without an interval, so no difference can be shown"));
}

#[test]
fn folds_of_texts_do_not_stand_for_other_speakers() {
    let m = made(&Fake { by_text: true, ..Fake::default() });
    assert!(
        m.markdown.contains("each tests other texts; speakers are those of the training"),
        "{}",
        m.markdown
    );
    assert!(!m.markdown.contains("each tests other speakers"));
}

#[test]
fn a_recorded_corpus_is_not_called_synthetic() {
    let m = made(&Fake { synthetic: false, ..Fake::default() });
    assert!(!m.html.to_lowercase().contains("synthetic"));
    assert!(!m.text.contains("synthetic") && !m.markdown.contains("synthetic"));
}

/// One data set a class: a column is the UAR of the sets in which its class was reduced.
#[test]
fn classes_reduced_one_at_a_time_have_a_column_each() {
    let fake = Fake { per_class: true, seeds: vec![1, 2], ..Fake::default() };
    let m = made(&fake);
    insta::assert_snapshot!("per_class.md", m.markdown);
    assert!(m.markdown.contains("| angry reduced | sad reduced | happy reduced | mean | vs NoAUG | cells |"));
    // Folds 6 to 10 are the data set in which the second reduced class, sad, is reduced.
    let uars = |fold: usize| {
        let cells: Vec<f64> = fake
            .outcomes()
            .iter()
            .filter(|o| o.cell.condition == "aug" && o.cell.fold == fold)
            .map(|o| 100.0 * o.confusion.as_ref().unwrap().uar().unwrap())
            .collect();
        assert_eq!(cells.len(), 2);
        cells.iter().sum::<f64>() / 2.0
    };
    let expected = mean_interval(&(6..=10).map(uars).collect::<Vec<_>>()).unwrap();
    let row = m.csv.lines().find(|l| l.starts_with("synthetic,aug,sad,")).unwrap();
    let fields: Vec<&str> = row.split(',').collect();
    assert!((fields[3].parse::<f64>().unwrap() - expected.mean).abs() < 1e-9, "{row}");
    assert!((fields[4].parse::<f64>().unwrap() - expected.half.unwrap()).abs() < 1e-9, "{row}");
    // Without one data set, its speakers' mean would be of other classes than the mean beside it.
    let lost = made(&Fake { failed: vec![("aug", 7, 1), ("aug", 7, 2)], ..fake });
    let count = |column: &str| {
        let row = lost.csv.lines().find(|l| l.starts_with(&format!("synthetic,aug,{column},"))).unwrap();
        row.split(',').nth(5).unwrap().to_owned()
    };
    assert_eq!(["angry", "sad", "happy", "average"].map(count), ["5", "4", "5", "4"]);
}

/// Equal numbers in both conditions: the page must not find a difference.
#[test]
fn no_difference_is_called_one() {
    let m = made(&Fake { gain: 0.0, noise: 0.12, ..Fake::default() });
    assert!(m.html.contains("but no difference could be shown: the 95 % interval (−"), "{}", m.text);
    let m = made(&Fake { gain: 0.25, noise: 0.02, ..Fake::default() });
    assert!(m.html.contains("excludes zero"), "{}", m.text);
}

#[test]
fn files_of_different_runs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::default();
    let run = fake.write(folder.path());
    let text = std::fs::read_to_string(run.outcomes()).unwrap();
    let reports = folder.path().join("reports");
    let refused = |text: &str| {
        std::fs::write(run.outcomes(), text).unwrap();
        report(&run, &reports).unwrap_err().to_string()
    };
    let e = refused(
        &text.replace("recall_sad", "recall_bored").replace("_sad", "_bored").replace("+sad", "+bored"),
    );
    assert!(e.contains("outcomes.csv: classes are neutral, angry, bored, happy, but spec.toml has"), "{e}");
    let e = refused(&text.replace(",no-aug,", ",plain,"));
    assert!(e.contains("condition `plain` is not in spec.toml"), "{e}");
    let last = text.lines().last().unwrap();
    let e = refused(&format!("{text}{last}\n"));
    assert!(e.contains("is listed twice"), "{e}");
    std::fs::write(run.outcomes(), &text).unwrap();
    let info = std::fs::read_to_string(run.info()).unwrap();
    std::fs::write(run.info(), info.replace("open/fake", "../../away")).unwrap();
    let e = report(&run, &reports).unwrap_err().to_string();
    assert!(e.contains("experiment: `../../away` names no experiment"), "{e}");
    assert!(!reports.exists());
}

/// Reporting twice gives the same bytes, and an older run does not take `latest`.
#[test]
fn reports_repeat_and_latest_is_the_newest_run() {
    let folder = tempfile::tempdir().unwrap();
    let (results, reports) = (folder.path().join("results"), folder.path().join("reports"));
    let old = with(Fake::default(), |f| f.stamp = "20260101T000000Z").write(&results);
    let new = with(Fake::default(), |f| f.stamp = "20260102T000000Z").write(&results);
    let a = report(&new, &reports).unwrap();
    let bytes: Vec<Vec<u8>> = a.files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    report(&old, &reports).unwrap();
    assert_eq!(RunDir::open(&results.join("open/fake/latest")).unwrap(), RunDir::open(new.path()).unwrap());
    assert_eq!(std::fs::read_link(reports.join("open/fake/latest")).unwrap(), PathBuf::from(new.id()));
    let again = report(&new, &reports).unwrap();
    let repeated: Vec<Vec<u8>> = again.files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    assert!(bytes == repeated);
}

/// Without history files and without a reduction there is still a report.
#[test]
fn a_plain_experiment_is_compared_by_uar() {
    let fake = Fake { reduced: false, histories: false, ..Fake::default() };
    assert!(fake.outcomes().iter().all(|o| o.status == OutcomeStatus::Done));
    let m = made(&fake);
    assert!(m.markdown.contains("| UAR | vs NoAUG | cells |"), "{}", m.markdown);
    assert!(m.markdown.contains("difference of UAR in percentage points"));
    assert!(!m.dir.join("figures/curves-classifier.svg").exists());
    assert!(m.markdown.contains("A published average is not shown"));
}

/// Every prediction is of one speaker, and a speaker's UAR is that of the speaker's own counts.
#[test]
fn speakers_have_the_predictions_of_the_cells() {
    let fake = Fake::default();
    let m = made(&fake);
    let text = std::fs::read_to_string(m.dir.join("speakers.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(&rows.headers().unwrap()[4], "uar");
    let rows: Vec<csv::StringRecord> = rows.records().flatten().collect();
    assert!(rows.len() >= 4 * 5, "{}", rows.len());
    for condition in ["no-aug", "aug", "copies", "weighted"] {
        let of = || rows.iter().filter(|r| &r[2] == condition);
        let n: u64 = of().map(|r| r[3].parse::<u64>().unwrap()).sum();
        let outcomes = fake.outcomes();
        let cells = outcomes.iter().filter(|o| o.cell.condition == condition);
        assert_eq!(n, cells.map(|o| o.confusion.as_ref().unwrap().total()).sum::<u64>());
        for r in of() {
            let recalls: Vec<f64> = (5..9).filter_map(|c| r[c].parse().ok()).collect();
            let uar: f64 = r[4].parse().unwrap();
            assert!((uar - recalls.iter().sum::<f64>() / recalls.len() as f64).abs() < 2e-6, "{r:?}");
        }
    }
    assert!(m.html.contains("class=\"mark\"") && m.html.contains("<output class=\"hover\">"));
}

#[test]
fn a_markdown_file_gets_the_table_between_its_markers() {
    let folder = tempfile::tempdir().unwrap();
    let run = Fake::default().write(&folder.path().join("results"));
    let file = folder.path().join("docs/README.md");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "before\n<!-- seraug open/fake -->\nold\n<!-- /seraug -->\nafter\n").unwrap();
    let reports = folder.path().join("reports");
    let written = report_into(&run, &reports, &file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("before\n<!-- seraug open/fake -->\n**")
            && text.ends_with("\n<!-- /seraug -->\nafter\n")
    );
    assert!(!text.contains("\nold\n") && text.contains("| **AUG** | 78.2 ± 3.6 |"), "{text}");
    for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(file.parent().unwrap().join(link).exists(), "{link}");
    }
    let (id, bytes) = (written.dir, std::fs::read(&file).unwrap());
    report_into(&run, &reports, &file).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "again gives the same; {}", id.display());
    std::fs::write(&file, "no markers").unwrap();
    let e = report_into(&run, &reports, &file).unwrap_err().to_string();
    assert!(e.contains("README.md: `<!-- seraug open/fake -->` is there 0 times"), "{e}");
    assert_eq!(std::fs::read(&file).unwrap(), b"no markers");
}
