//! src/report/stats against scipy, statsmodels and scikit-learn (tests/golden/statistics/generate.py).

use seraug_core::rng::Seed;
use seraug_report::stats::{
    Effect, Equivalence, Exchanges, FEWEST, Fieller, SpeakerShares, SpeakerTally, TestedSpeaker, bootstrap,
    cohen_dz, corrected_t, detectable, fieller, group_bootstrap, holm, mcnemar, mixed_model, noncentrality,
    pool, rank_biserial, recall_bootstrap, recall_difference, speaker_t, wilcoxon,
};
use serde_json::Value;
use std::collections::BTreeMap;

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

#[test]
fn groups_of_speakers_agree_with_scikit_learn_on_the_same_draws() {
    let case = cases("groups");
    let tallies = |name: &str| {
        let mut speakers: BTreeMap<u64, Vec<SpeakerTally>> = BTreeMap::new();
        for row in case[name].as_array().unwrap() {
            let [speaker, truth, said] = [0, 1, 2].map(|i| row[i].as_u64().unwrap());
            let of = speakers.entry(speaker).or_insert_with(|| vec![SpeakerTally::default(); 4]);
            of[truth as usize].total += 1;
            // Whatever another classifier did takes no part.
            of[truth as usize].first += 1;
            of[truth as usize].second += u32::from(truth == said);
        }
        speakers.into_values().collect::<Vec<_>>()
    };
    let (women, men) = (tallies("women"), tallies("men"));
    let seed = Seed::new(0).child("speakers");
    for (found, expected) in [
        (recall_bootstrap(&women, seed).unwrap(), &case["alone"]),
        (group_bootstrap(&men, &women, seed).unwrap(), &case["difference"]),
    ] {
        let [low, high] = found.interval.unwrap();
        for (value, name) in [(found.difference, "uar"), (low, "low"), (high, "high")] {
            same(value, &expected[name], name);
        }
    }
    let few = group_bootstrap(&men, &women[..5], seed).unwrap();
    assert_eq!((few.speakers, few.interval), (14, None));
    assert_eq!(group_bootstrap(&men, &[], seed), None);
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
        let found = fieller(&x, &y).unwrap();
        same(found.ratio, &case["ratio"], "ratio");
        assert_eq!(found.interval.is_some(), !case["low"].is_null(), "{found:?}");
        for (end, name) in std::iter::zip(found.interval.into_iter().flatten(), ["low", "high"]) {
            same(end, &case[name], name);
        }
    }
    assert_eq!((fieller(&[1.0], &[2.0]), fieller(&[1.0, 2.0], &[1.0, -1.0])), (None, None));
    let equal = fieller(&[1.0, 1.0], &[2.0, 2.0]);
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

/// The tallies of rows of (fold, speaker, truth, first right, second right).
fn tested(rows: &Value) -> Vec<TestedSpeaker> {
    let rows: Vec<[usize; 5]> = (rows.as_array().unwrap().iter())
        .map(|row| [0, 1, 2, 3, 4].map(|i| row[i].as_u64().unwrap() as usize))
        .collect();
    let classes = rows.iter().map(|r| r[2]).max().unwrap() + 1;
    let mut found: Vec<TestedSpeaker> = Vec::new();
    for [fold, speaker, truth, first, second] in rows {
        let speaker = speaker as u32;
        let known = found.iter().position(|t| (t.fold, t.speaker) == (fold, speaker));
        let at = known.unwrap_or_else(|| {
            found.push(TestedSpeaker { fold, speaker, tallies: vec![SpeakerTally::default(); classes] });
            found.len() - 1
        });
        let tally = &mut found[at].tallies[truth];
        tally.total += 1;
        tally.first += first as u32;
        tally.second += second as u32;
    }
    found
}

#[test]
fn tests_over_speakers_agree_with_statsmodels_and_scipy() {
    for case in cases("over_speakers").as_array().unwrap() {
        let shares = SpeakerShares::of(&tested(&case["rows"]), 1).unwrap();
        let n = shares.speakers();
        same(shares.difference(), &case["difference"], "difference");
        let parts: f64 = shares.shares().iter().map(|s| s.weight).sum();
        assert!((parts - 1.0).abs() < 1e-12, "{parts}");
        for expected in case["tests"].as_array().unwrap() {
            let t = speaker_t(&shares, expected["ratio"].as_f64().unwrap()).unwrap();
            for (found, name) in [(t.se, "se"), (t.p, "p"), (t.low, "low"), (t.high, "high")] {
                same(found, &expected[name], &format!("{name} over {n} speakers"));
            }
            assert_eq!(t.df, n - 1);
        }
        let exchanges = Exchanges::of(&shares.shares(), Seed::new(1)).unwrap();
        let test = exchanges.test();
        same(test.p, &case["permutation"], &format!("p over exchanges of {n} speakers"));
        assert!(test.exact);
        for expected in case["shifts"].as_array().unwrap() {
            let shift = expected["shift"].as_f64().unwrap();
            let p = expected["p"].as_f64().unwrap();
            assert!((exchanges.p(shift) - p).abs() < 1e-12, "{shift}: {}, not {p}", exchanges.p(shift));
            // What the interval holds is what is not rejected.
            let Some([low, high]) = test.interval else { continue };
            assert_eq!((low..=high).contains(&shift), p >= 0.05, "{shift} in {low} to {high}: {p}");
        }
        assert_eq!(test.interval.is_some(), n >= FEWEST, "{n} speakers");
    }
    assert_eq!(SpeakerShares::of(&[], 1), None);
}

/// Drawn exchanges come near to all exchanges.
#[test]
fn exchanges_of_many_speakers_are_drawn() {
    let of = |speakers: u32| {
        let tally = |s: u32| SpeakerTally { total: 10, first: 3 + s % 3, second: 3 + s % 5 };
        let one = |s: u32| TestedSpeaker { fold: s as usize, speaker: s, tallies: vec![tally(s)] };
        SpeakerShares::of(&(0..speakers).map(one).collect::<Vec<_>>(), 1).unwrap()
    };
    let shares = of(20);
    let found = Exchanges::of(&shares.shares(), Seed::new(3)).unwrap().test();
    assert!(!found.exact);
    // Over all exchanges: whole numbers of hundredths, by the recursion of the signed-rank test.
    let gains: Vec<i64> = shares.shares().iter().map(|s| (s.gain * 200.0).round() as i64).collect();
    let mut counts = std::collections::BTreeMap::from([(0_i64, 1.0_f64)]);
    for g in &gains {
        let mut next = std::collections::BTreeMap::new();
        for (sum, n) in counts {
            *next.entry(sum + g).or_default() += n / 2.0;
            *next.entry(sum - g).or_default() += n / 2.0;
        }
        counts = next;
    }
    let observed = gains.iter().sum::<i64>().abs();
    let p: f64 = counts.iter().filter(|(sum, _)| sum.abs() >= observed).map(|(_, n)| n).sum();
    assert!((found.p - p).abs() < 5.0 * (p * (1.0 - p) / 9999.0).sqrt(), "{} beside {p}", found.p);
}

#[test]
fn the_mixed_model_agrees_with_statsmodels() {
    for case in cases("mixed").as_array().unwrap() {
        let d: Vec<Vec<f64>> = case["differences"].as_array().unwrap().iter().map(list).collect();
        let found = mixed_model(&d).unwrap();
        // statsmodels stops its search at four digits or so.
        let near = |found: f64, name: &Value| {
            let expected = name.as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-3 * expected.abs().max(1e-6), "{found}, not {expected}");
        };
        near(found.mean, &case["mean"]);
        near(found.se, &case["se"]);
        (0..3).for_each(|i| near(found.variances[i], &case["variances"][i]));
    }
    // With one seed, and where seeds agree in everything, it is the t-test over speakers.
    let values = [1.0, 4.0, 2.5, -1.0, 3.0];
    let t = corrected_t(&values, 0.0).unwrap();
    for seeds in [1, 3] {
        let d: Vec<Vec<f64>> = values.iter().map(|v| vec![*v; seeds]).collect();
        let found = mixed_model(&d).unwrap();
        assert!((found.se - t.se).abs() < 1e-12 && (found.p - t.p).abs() < 1e-12, "{found:?}");
    }
    assert_eq!(mixed_model(&[vec![1.0, 2.0], vec![1.0]]), None);
    assert_eq!(mixed_model(&[vec![1.0], vec![1.0]]), None);
}
