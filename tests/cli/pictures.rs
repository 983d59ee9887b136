//! Figures of single utterances: the gallery and Fig. 3, whose measures are compared with scikit-learn.

use seraug_core::rng::Seed;
use seraug_core::run_files::{About, RunDir, Shown, write_gallery};
use seraug_report::analysis::embedding::map::{map, perplexity};
use seraug_report::analysis::embedding::measures::{
    divergence, joint_probabilities, neighbours, silhouette, squared_distances, trustworthiness,
};
use seraug_report::analysis::embedding::points::{Point, PointKind, read};
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::figure::galleries;
use seraug_report::page::embedding::embedding;
use seraug_test_support::fake_run::{Fake, with};
use std::path::Path;

/// The points of the golden case, their map, and what scikit-learn says.
fn golden() -> (Vec<Point>, Vec<[f64; 2]>, serde_json::Value) {
    let folder = seraug_test_support::common::root().join("tests/golden/embedding");
    let text = std::fs::read_to_string(folder.join("points.csv")).unwrap();
    // The last two columns are the map.
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split(',').collect()).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("embedding.csv");
    std::fs::write(&path, rows.iter().map(|r| r[..11].join(",") + "\n").collect::<String>()).unwrap();
    let points = read(&path, &["neutral", "angry", "sad"]).unwrap();
    let map = rows[1..].iter().map(|r| [r[11].parse().unwrap(), r[12].parse().unwrap()]).collect();
    let says = std::fs::read_to_string(folder.join("measures.json")).unwrap();
    (points, map, serde_json::from_str(&says).unwrap())
}

#[test]
fn measures_are_those_of_scikit_learn() {
    let (points, map, says) = golden();
    let rows: Vec<&[f64]> = points.iter().map(|p| p.r.as_slice()).collect();
    let classes: Vec<usize> = points.iter().map(|p| p.class).collect();
    let squared = squared_distances(&rows);
    let joint = joint_probabilities(&squared, rows.len(), says["perplexity"].as_f64().unwrap());
    assert!((joint.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let near = |name: &str, ours: f64, within: f64| {
        let theirs = says[name].as_f64().unwrap();
        assert!((ours - theirs).abs() < within, "{name}: {ours}, not {theirs}");
    };
    near("kl", divergence(&joint, &map), 1e-9);
    near("kl_sklearn", divergence(&joint, &map), 1e-5);
    near("trustworthiness", trustworthiness(&squared, &map, 5), 1e-12);
    near("silhouette_r", silhouette(&squared, &classes).unwrap(), 1e-12);
    near("silhouette_map", silhouette(&squared_distances(&map), &classes).unwrap(), 1e-12);
    near("augmentations", neighbours(&points, &squared, PointKind::Augmentation, 5).unwrap(), 1e-12);
    near("originals", neighbours(&points, &squared, PointKind::Original, 5).unwrap(), 1e-12);
    assert_eq!(silhouette(&squared, &vec![1; rows.len()]), None);
}

#[test]
fn the_map_is_as_good_as_that_of_scikit_learn() {
    let (points, _, says) = golden();
    let rows: Vec<&[f64]> = points.iter().map(|p| p.r.as_slice()).collect();
    assert_eq!(perplexity(rows.len()), says["perplexity"].as_f64().unwrap());
    let joint = joint_probabilities(&squared_distances(&rows), rows.len(), perplexity(rows.len()));
    let ours = divergence(&joint, &map(&rows, Seed::new(1)).unwrap().unwrap());
    let best = says["kl_of_tsne"].as_f64().unwrap();
    assert!(ours < 1.1 * best, "KL {ours}, best of five by scikit-learn {best}");
}

/// A run with a seed and a fold; `embedding` is written as its cell's embedding.csv.
fn run(folder: &Path, embedding: &[(&str, &str)]) -> RunDir {
    let fake = with(Fake::default(), |f| (f.seeds, f.only) = (vec![1], vec![1]));
    let run = fake.write(folder);
    let spec = std::fs::read_to_string(run.spec()).unwrap();
    std::fs::write(run.spec(), spec + "\n[embedding]\nper-class = 5\ncopies = 2\n").unwrap();
    for (condition, rows) in embedding {
        std::fs::write(run.path().join(place(condition)).join("embedding.csv"), rows).unwrap();
    }
    run
}

fn place(condition: &str) -> String {
    format!("cells/{condition}/fold-1/seed-1")
}

/// Five originals of each of three classes and two augmentations of each; classes are apart by `spread`.
fn rows(spread: f64) -> String {
    let mut draws = Seed::new(3).draws();
    let mut text = String::from("utterance,class,kind,r0,r1,r2\n");
    for kind in ["original", "augmentation"] {
        for (c, class) in ["neutral", "angry", "sad"].into_iter().enumerate() {
            for copy in 0..if kind == "original" { 5 } else { 10 } {
                let mut value = |d: usize| spread * (f64::from(c == d) + 0.2 * f64::from(draws.normal()));
                let (a, b, c) = (value(0), value(1), value(2));
                text += &format!("{class}-<{}>,{class},{kind},{a:.6},{b:.6},{c:.6}\n", copy % 5);
            }
        }
    }
    text
}

#[test]
fn conditions_with_an_embedding_stand_side_by_side_with_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(dir.path(), &[("aug", &rows(1.0)), ("no-aug", &rows(0.0))]);
    let reading = LoadedRun::of(&run).unwrap();
    let found = embedding(&reading).unwrap().unwrap();
    assert!(found.figure.svg.contains("all representations are the same"));
    assert!(found.table.rows[0].cells[1..].iter().all(|v| v == "–"), "nothing is near in one place");
    assert_eq!(found.table.rows[1].cells[..3], ["AUG", "100 %", "100 %"], "the classes are far apart");
    assert_eq!(found.table.headings.len(), found.table.rows[1].cells.len());
    assert_eq!(found.figure.marks.len(), 45);
    let mark = &found.figure.marks[44];
    assert_eq!(mark.text, "sad-<4>, sad, augmentation");
    assert!(found.figure.marks.iter().all(|m| (380..760).contains(&m.at.0)), "in the right panel");
    let [(_, table), (_, measures)] = &found.files[..] else { panic!("two files") };
    assert_eq!(String::from_utf8(table.clone()).unwrap().lines().count(), 46);
    assert!(String::from_utf8(measures.clone()).unwrap().starts_with("condition,points,perplexity,"));
    assert!(found.figure.caption.contains("5 neutral, 5 angry, 5 sad, 0 happy, and 2 augmentations"));
    let again = embedding(&reading).unwrap().unwrap();
    assert_eq!((again.figure, &again.files), (found.figure.clone(), &found.files));
    valid(&found.figure.svg);
}

#[test]
fn without_points_there_is_no_figure_and_a_bad_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let of = |rows: &[(&str, &str)]| {
        let folder = tempfile::tempdir_in(dir.path()).unwrap();
        embedding(&LoadedRun::of(&run(folder.path(), rows)).unwrap())
    };
    assert!(of(&[]).unwrap().is_none());
    let few: String = rows(1.0).split_inclusive('\n').take(10).collect();
    assert!(of(&[("aug", &few)]).unwrap().is_none(), "nine points");
    let error = of(&[("aug", &rows(1.0).replace("sad,original", "glad,original"))]).unwrap_err().to_string();
    assert!(error.contains("aug/fold-1/seed-1/embedding.csv: row 12: `glad` is not a class"), "{error}");
}

#[test]
fn a_gallery_is_drawn_for_each_condition_that_has_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(dir.path(), &[]);
    assert!(galleries(&LoadedRun::of(&run).unwrap()).unwrap().is_empty());
    let shown = |item: usize, frames: usize, by: f32| {
        let original: Vec<f32> = (0..frames * 4).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        Shown {
            about: About {
                item,
                utterance: format!("u<{item}>"),
                speaker: "s1".into(),
                class: "angry".into(),
                frames,
                mean_db: -40.0,
                deviation_db: 20.0,
            },
            augmentation: original.iter().map(|v| v + by).collect(),
            original,
        }
    };
    let cell = run.path().join(place("aug"));
    write_gallery(&cell, &[shown(0, 30, 0.25), shown(1, 60, -0.05)], 4).unwrap();
    let figures = galleries(&LoadedRun::of(&run).unwrap()).unwrap();
    let [figure] = &figures[..] else { panic!("one figure") };
    assert_eq!(figure.name, "gallery-aug");
    assert!(
        figure
            .caption
            .contains("mean |perturbation| 0.15 standard deviations of the training log-mels (3.0 dB), 15 %")
    );
    assert!(figure.svg.contains("|P| 0.25 (25 %)") && figure.svg.contains("u&lt;1&gt;"), "{}", figure.svg);
    assert_eq!(figure.svg.matches("<image ").count(), 3 * 2 + 3);
    // 1.5 s is as long as a column, half of it half as long.
    assert_eq!(figure.svg.matches("width=\"95\" height=\"64\"").count(), 3);
    valid(&figure.svg);
    std::fs::remove_file(cell.join("gallery.npy")).unwrap();
    let error = galleries(&LoadedRun::of(&run).unwrap()).unwrap_err().to_string();
    assert!(error.contains("aug/fold-1/seed-1/gallery.npy: "), "{error}");
}

/// Well-formed, by the parser that makes the PNG.
fn valid(svg: &str) {
    let options = resvg::usvg::Options::default();
    assert!(resvg::usvg::Tree::from_str(svg, &options).is_ok());
}
