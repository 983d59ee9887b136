//! The metrics of a cell against scikit-learn and torchmetrics (tests/golden/metrics/generate.py).

use seraug_core::calibration::Calibration;
use seraug_core::metrics::Confusion;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn every_metric_agrees_with_scikit_learn_and_torchmetrics() {
    let cases: Value = serde_json::from_str(include_str!("../golden/metrics/cases.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 7);
    for (i, case) in cases.iter().enumerate() {
        let index = |name: &str| numbers(&case[name]).into_iter().map(|v| v as usize).collect::<Vec<_>>();
        let (truth, predicted) = (index("truth"), index("predicted"));
        let probabilities: Vec<Vec<f64>> =
            case["probabilities"].as_array().unwrap().iter().map(numbers).collect();
        let calibration = Calibration::of(probabilities.iter().zip(truth.iter().copied())).unwrap();
        let confusion = Confusion::from_pairs(
            case["classes"].as_u64().unwrap() as usize,
            truth.iter().copied().zip(predicted),
        );
        for (name, found) in [
            ("ece", Some(calibration.ece)),
            ("brier", Some(calibration.brier)),
            ("accuracy", confusion.accuracy()),
            ("uar", confusion.uar()),
            ("macro_f1", confusion.macro_f1()),
            ("weighted_f1", confusion.weighted_f1()),
        ] {
            let expected = case[name].as_f64().unwrap();
            let found = found.unwrap();
            assert!((found - expected).abs() < 1e-9, "{name} of case {i}: {found}, not {expected}");
        }
    }
}

#[test]
fn what_has_no_probabilities_has_no_calibration() {
    assert_eq!(Calibration::of(Vec::<(Vec<f64>, usize)>::new()), None);
    assert_eq!(Calibration::of([(vec![0.6, 0.4], 0), (vec![], 1)]), None);
}
