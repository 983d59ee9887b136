//! The measures on values of scikit-learn, scipy and prdc (tests/golden/judge), and on sets that have none.

use super::*;
use seraug_core::rng::Seed;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    two_sets: Vec<TwoSets>,
    copying: Vec<CopyingCase>,
    tied: TiedCase,
    logistic: Vec<LogisticCase>,
    ripple: RippleCase,
}

#[derive(Deserialize)]
struct TwoSets {
    generated: Vec<Point>,
    reference: Vec<Point>,
    mmd2: f64,
    folds: Vec<usize>,
    classifier: f64,
    neighbour: f64,
    density: f64,
    coverage: f64,
    spread: f64,
    exact_p: Option<f64>,
}

#[derive(Deserialize)]
struct CopyingCase {
    training: Vec<Point>,
    reference: Vec<Point>,
    generated: Vec<Point>,
    z: f64,
    p: f64,
}

#[derive(Deserialize)]
struct TiedCase {
    ours: Vec<(usize, f64)>,
    theirs: Vec<(usize, f64)>,
    z: f64,
}

#[derive(Deserialize)]
struct LogisticCase {
    points: Vec<Point>,
    labels: Vec<usize>,
    classes: usize,
    balanced: bool,
    test: Vec<Point>,
    scores: Vec<Point>,
    predicted: Vec<usize>,
}

#[derive(Deserialize)]
struct RippleCase {
    mels: usize,
    frames: Vec<Vec<f32>>,
    time: f64,
    bands: f64,
}

fn golden() -> Golden {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/judge/cases.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn close(name: &str, ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0), "{name}: {ours}, expected {theirs}");
}

#[test]
fn two_sets_measure_as_elsewhere() {
    for case in golden().two_sets {
        let (g, r) = (&case.generated, &case.reference);
        let found = mmd(g, r, Seed::new(3)).unwrap();
        close("mmd2", found.value, case.mmd2);
        close("neighbour", neighbour_test(g, r).unwrap().value, case.neighbour);
        close("density", density(g, r).unwrap().value, case.density);
        close("coverage", coverage(g, r).unwrap().value, case.coverage);
        close("spread", spread(g, r).unwrap().value, case.spread);
        let points = [g.clone(), r.clone()].concat();
        let labels: Vec<usize> = (0..points.len()).map(|i| usize::from(i < g.len())).collect();
        close("classifier", two_sample::cross_validated(&points, &labels, &case.folds), case.classifier);
        if let Some(exact) = case.exact_p {
            // Four standard errors of 1000 random divisions.
            let error = 4.0 * (exact * (1.0 - exact) / 1000.0).sqrt();
            assert!((found.p.unwrap() - exact).abs() < error, "{:?}, exact {exact}", found.p);
        }
    }
}

#[test]
fn copying_is_the_pooled_mann_whitney_test() {
    for case in golden().copying {
        let found = copying(&case.generated, &case.reference, &case.training, Seed::new(1)).unwrap();
        close("z", found.value, case.z);
        close("p", found.p.unwrap(), case.p);
    }
    let case = golden().tied;
    close("tied", copying::pooled(&case.ours, &case.theirs, 3).unwrap(), case.z);
}

#[test]
fn regressions_are_scikit_learns() {
    for case in golden().logistic {
        let fitted = LogisticRegression::fit(&case.points, &case.labels, case.classes, case.balanced);
        for ((x, scores), predicted) in case.test.iter().zip(&case.scores).zip(&case.predicted) {
            let ours = fitted.scores(x);
            // Scores of several classes are up to a constant.
            let off = ours[0] - scores[0];
            let same = ours.iter().zip(scores).all(|(a, b)| (a - b - off).abs() < 1e-4);
            assert!(same, "{ours:?}, expected {scores:?}");
            assert_eq!(fitted.class(x), *predicted);
        }
    }
}

#[test]
fn ripples_are_those_of_the_mean() {
    let RippleCase { mels, frames, time, bands } = golden().ripple;
    let over_time: Vec<Point> = frames.iter().map(|x| pattern(x, mels)).collect();
    let profile = |x: &Vec<f32>| -> Vec<f64> {
        let of = |b: usize| x.iter().skip(b).step_by(mels).map(|v| f64::from(*v));
        (0..mels).map(|b| of(b).sum::<f64>() / (x.len() / mels) as f64).collect()
    };
    let over_bands: Vec<Point> = frames.iter().map(|x| pattern(&profile(x), 1)).collect();
    let found = [&over_time, &over_bands].map(|patterns| ripple(patterns).unwrap().value);
    for (ours, theirs) in std::iter::zip(found, [time, bands]) {
        // The frames are floats.
        assert!((ours - theirs).abs() < 1e-6 * theirs, "{ours}, expected {theirs}");
    }
}

fn cloud(name: &str, n: usize, scale: f64) -> Vec<Point> {
    let mut draws = Seed::new(9).child(name).draws();
    (0..n).map(|_| (0..3).map(|_| scale * f64::from(draws.normal())).collect()).collect()
}

#[test]
fn copies_are_the_extreme_of_the_tests_of_copying() {
    let (training, reference) = (cloud("training", 30, 1.0), cloud("reference", 30, 1.0));
    let seed = Seed::new(5);
    assert_eq!(neighbour_test(&training, &training).unwrap().value, 0.0, "each beside its source");
    let z = |points: &[Point]| copying(points, &reference, &training, seed).unwrap().value;
    let copies = z(&training);
    let moved = |by: f64| -> Vec<Point> {
        let noise = cloud("noise", 30, by);
        training.iter().zip(noise).map(|(t, n)| t.iter().zip(n).map(|(t, n)| t + n).collect()).collect()
    };
    assert!(copies < -5.0 && z(&moved(0.5)) > copies && z(&moved(4.0)) > 2.0, "{copies}");
    let fresh = z(&cloud("fresh", 30, 1.0));
    assert!(fresh.abs() < 3.0, "{fresh}");
    let of_itself = copying_of_training(&training, &reference, seed).unwrap().value;
    assert!(of_itself.abs() < 3.0, "{of_itself}");
}

#[test]
fn sets_that_are_too_small_or_all_the_same_have_no_measure_and_say_why() {
    let seed = Seed::new(1);
    for n in [0, 1, 2] {
        let (few, many) = (cloud("few", n, 1.0), cloud("many", 12, 1.0));
        for (a, b) in [(&few, &many), (&many, &few), (&few, &few)] {
            let found = [
                mmd(a, b, seed),
                classifier_test(a, b, seed),
                neighbour_test(a, b),
                density(a, b),
                coverage(a, b),
                spread(a, b),
                copying(a, b, &many, seed),
                copying(&many, &many, a, seed),
                copying_of_training(a, b, seed),
                copy_spread(a, &vec![0; a.len()]),
            ];
            for measurement in found {
                let is_said = |why: String| !why.is_empty() && why == why.to_lowercase();
                assert!(measurement.map_or_else(is_said, |m| m.value.is_finite() && m.n > 0));
            }
            assert!(n == 2 || mmd(a, b, seed).unwrap_err().contains("at least 2"));
            assert!(classifier_test(a, b, seed).unwrap_err().contains("at least 5"));
        }
    }
    let same = vec![vec![2.0; 3]; 12];
    assert!(mmd(&same, &same, seed).unwrap_err().contains("the same"));
    assert!(spread(&same, &same).unwrap_err().contains("the same"));
    assert!(copying(&same, &same, &same, seed).unwrap_err().contains("different distances"));
    close("all tied", neighbour_test(&same, &same).unwrap().value, 11.0 / 23.0);
    assert_eq!(coverage(&same, &same).unwrap().value, 0.0);
    assert_eq!(classifier_test(&same, &same, seed).unwrap().n, 12);
    assert_eq!(LogisticRegression::fit(&[], &[], 3, true).class(&Vec::new()), 0);
}
