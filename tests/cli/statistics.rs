//! src/report/stats against scipy, statsmodels and scikit-learn (tests/golden/statistics/generate.py).

use seraug_core::rng::Seed;
use seraug_report::stats::{
    Effect, Equivalence, Fieller, SpeakerTally, bootstrap, cohen_dz, corrected_t, detectable, fieller, holm,
    mcnemar, noncentrality, pool, rank_biserial, recall_difference, wilcoxon,
};
use serde_json::Value;

fn cases(name: &str) -> Value {
    let text = include_str!("../golden/statistics/cases.json");
    serde_json::from_str::<Value>(text).unwrap()[name].take()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// To nine digits, or absolutely for what is tiny.
fn same(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{what}: {found}, not {expected}");
}

#[test]
fn paired_tests_agree_with_scipy() {
    for case in cases("paired").as_array().unwrap() {
        let d = list(&case["differences"]);
        for (kind, ratio) in [("plain", 0.0), ("corrected", 0.25)] {
            let t = corrected_t(&d, ratio).unwrap();
            let expected = &case[kind];
            for (found, name) in [(t.se, "se"), (t.t, "t"), (t.p, "p"), (t.low, "low"), (t.high, "high")] {
                same(found, &expected[name], &format!("{kind} {name} of {d:?}"));
            }
            assert_eq!(t.df, d.len() - 1);
        }
        let w = wilcoxon(&d).unwrap();
        same(w.statistic, &case["wilcoxon"]["statistic"], &format!("statistic of {d:?}"));
        same(w.p, &case["wilcoxon"]["p"], &format!("Wilcoxon's p of {d:?}"));
        same(cohen_dz(&d).unwrap(), &case["dz"], "d_z");
        same(rank_biserial(&d).unwrap(), &case["biserial"], "rank-biserial");
    }
}

#[test]
fn mcnemar_and_holm_agree_with_statsmodels() {
    for case in cases("mcnemar").as_array().unwrap() {
        let found = mcnemar(case["first"].as_u64().unwrap(), case["second"].as_u64().unwrap()).unwrap();
        same(found.p, &case["p"], &format!("{found:?}"));
        assert_eq!(found.exact, found.first + found.second < 25);
    }
    assert_eq!(mcnemar(0, 0), None);
    for case in cases("holm").as_array().unwrap() {
        let found = holm(&list(&case["p"]));
        for (f, e) in std::iter::zip(&found, case["adjusted"].as_array().unwrap()) {
            same(*f, e, "Holm");
        }
    }
    assert!(holm(&[]).is_empty());
}

#[test]
fn power_agrees_with_statsmodels() {
    for case in cases("power").as_array().unwrap() {
        let n = case["n"].as_u64().unwrap() as usize;
        let (found, expected) = (noncentrality(n - 1).unwrap(), case["delta"].as_f64().unwrap());
        // statsmodels stops its own search at five digits or so.
        assert!((found - expected).abs() < 2e-5 * expected, "{n}: {found}, not {expected}");
    }
    assert_eq!(detectable(2.0, 0), None);
    assert_eq!(detectable(2.0, 4).unwrap(), 2.0 * noncentrality(4).unwrap());
}

#[test]
fn the_bootstrap_agrees_with_scikit_learn_on_the_same_draws() {
    let case = cases("bootstrap");
    let mut speakers = vec![vec![SpeakerTally::default(); 4]; 8];
    for row in case["rows"].as_array().unwrap() {
        let [speaker, truth, first, second] = [0, 1, 2, 3].map(|i| row[i].as_u64().unwrap() as usize);
        let tally = &mut speakers[speaker][truth];
        tally.total += 1;
        tally.first += u32::from(first == truth);
        tally.second += u32::from(second == truth);
    }
    let found = bootstrap(&speakers, 1, Seed::new(0).child("speakers")).unwrap();
    same(found.difference, &case["difference"], "difference");
    let [low, high] = found.interval.unwrap();
    same(low, &case["low"], "low");
    same(high, &case["high"], "high");
}

/// BCG trials, Kacker's laboratories (which the script holds against metafor), and made-up corpora.
#[test]
fn pooling_agrees_with_statsmodels() {
    let cases = cases("pooled");
    for case in cases.as_array().unwrap() {
        let (estimates, errors) = (list(&case["estimates"]), list(&case["errors"]));
        // The degrees of freedom of a corpus take no part.
        let effects: Vec<Effect> = std::iter::zip(&estimates, &errors)
            .map(|(&estimate, &se)| Effect { estimate, se, df: 4.0 })
            .collect();
        let found = pool(&effects).unwrap();
        let ([low, high], [low90, high90]) = (found.effect.interval(0.95), found.effect.interval(0.9));
        for (value, name) in [
            (found.effect.estimate, "estimate"),
            (found.tau2, "tau2"),
            (found.effect.se, "se"),
            (found.unlimited_se, "se_hartung_knapp"),
            (found.q, "q"),
            (found.q_p, "q_p"),
            (found.i2, "i2"),
            (found.effect.p(), "p"),
            (low, "low"),
            (high, "high"),
            (low90, "low90"),
            (high90, "high90"),
        ] {
            same(value, &case[name], &format!("{name} of {estimates:?}"));
        }
        for (weight, expected) in std::iter::zip(&found.weights, case["weights"].as_array().unwrap()) {
            same(*weight, expected, "weight");
        }
        assert_eq!(found.prediction.is_some(), estimates.len() > 2);
        for (place, end) in found.prediction.into_iter().flatten().enumerate() {
            same(end, &case["prediction"][place], "prediction");
        }
    }
}

#[test]
fn what_cannot_be_pooled_gives_none() {
    let one = Effect { estimate: 1.0, se: 0.5, df: 4.0 };
    assert_eq!((pool(&[]), pool(&[one])), (None, None));
    for se in [0.0, f64::NAN, f64::INFINITY] {
        assert_eq!(pool(&[one, Effect { se, ..one }]), None, "{se}");
    }
    let same = pool(&[one, one]).unwrap();
    assert_eq!((same.tau2, same.q, same.q_p, same.i2, same.unlimited_se), (0.0, 0.0, 1.0, 0.0, 0.0));
    assert!((same.effect.se - 0.5 / 2f64.sqrt()).abs() < 1e-12, "the errors of the two corpora remain");
}

#[test]
fn equivalence_agrees_with_statsmodels() {
    for case in cases("equivalence").as_array().unwrap() {
        let number = |name: &str| case[name].as_f64().unwrap();
        let effect = Effect { estimate: number("mean"), se: number("se"), df: number("df") };
        let found = Equivalence::of(&effect, number("margin"));
        for (value, name) in [(found.p, "p"), (found.low, "low"), (found.high, "high")] {
            same(value, &case[name], name);
        }
        assert_eq!(found.is_within(), number("p") < 0.05);
    }
}

#[test]
fn a_ratio_has_the_interval_that_scipys_test_inverted_gives() {
    for case in cases("fieller").as_array().unwrap() {
        let (x, y) = (list(&case["numerator"]), list(&case["denominator"]));
        let found = fieller(&x, &y, 1.0 / x.len() as f64).unwrap();
        same(found.ratio, &case["ratio"], "ratio");
        assert_eq!(found.interval.is_some(), !case["low"].is_null(), "{found:?}");
        for (end, name) in std::iter::zip(found.interval.into_iter().flatten(), ["low", "high"]) {
            same(end, &case[name], name);
        }
    }
    assert_eq!((fieller(&[1.0], &[2.0], 1.0), fieller(&[1.0, 2.0], &[1.0, -1.0], 0.5)), (None, None));
    let equal = fieller(&[1.0, 1.0], &[2.0, 2.0], 0.5);
    assert_eq!(equal, Some(Fieller { ratio: 0.5, interval: Some([0.5, 0.5]) }));
}

#[test]
fn a_bootstrap_of_few_speakers_or_of_equal_ones_has_no_interval() {
    let speaker = |second| vec![SpeakerTally { total: 10, first: 5, second }];
    let of = |seconds: &[u32]| {
        let speakers: Vec<_> = seconds.iter().map(|s| speaker(*s)).collect();
        bootstrap(&speakers, 1, Seed::new(0)).map(|b| (b.speakers, b.interval.is_some()))
    };
    assert_eq!(of(&[5, 6, 7, 8, 9, 10]), Some((6, true)));
    assert_eq!(of(&[5, 6, 7, 8, 9]), Some((5, false)));
    assert_eq!(of(&[7]), Some((1, false)));
    assert_eq!(of(&[6; 12]), Some((12, false)), "no variance");
    assert_eq!(of(&[]), None);
    assert_eq!(
        bootstrap(&[vec![SpeakerTally::default()], vec![SpeakerTally::default()]], 1, Seed::new(0)),
        None
    );
}

#[test]
fn several_data_sets_are_averaged() {
    let t = |total, first, second| SpeakerTally { total, first, second };
    let tallies = [t(10, 5, 7), t(10, 5, 5), t(4, 0, 4), t(0, 0, 0)];
    let found = recall_difference(&tallies, 2).unwrap();
    assert!((found - (0.1 + 1.0) / 2.0).abs() < 1e-12, "{found}");
    assert_eq!(recall_difference(&[SpeakerTally::default(); 2], 1), None);
}

#[test]
fn small_and_constant_samples_give_no_number_rather_than_nan() {
    for d in [&[][..], &[3.0], &[0.0, 0.0, 0.0], &[2.5, 2.5, 2.5, 2.5]] {
        assert_eq!((corrected_t(d, 0.25), cohen_dz(d)), (None, None), "{d:?}");
    }
    assert_eq!((wilcoxon(&[]), wilcoxon(&[0.0; 9]), rank_biserial(&[0.0])), (None, None, None));
    // Five of one sign: 2 / 32, the smallest that five can give.
    assert_eq!(wilcoxon(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().p, 0.0625);
}
