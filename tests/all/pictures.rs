//! Figures of single utterances: the numbers beside the maps of Fig. 3 against scikit-learn.

use seraug::report::embedding::map::{map, perplexity};
use seraug::report::embedding::measures::{
    divergence, joint_probabilities, neighbours, silhouette, squared_distances, trustworthiness,
};
use seraug::report::embedding::points::{Kind, Point, read};
use seraug::seed::Seed;
use std::path::Path;

/// The points of the golden case, their map, and what scikit-learn says.
fn golden() -> (Vec<Point>, Vec<[f64; 2]>, serde_json::Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/embedding");
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
    near("augmentations", neighbours(&points, &squared, Kind::Augmentation, 5).unwrap(), 1e-12);
    near("originals", neighbours(&points, &squared, Kind::Original, 5).unwrap(), 1e-12);
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
