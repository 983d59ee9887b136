//! Generators that put samples together from those that are there: SMOTE and CopyPaste.

use seraug_core::emotion::Emotion;
use seraug_core::manifest::Channels;
use seraug_core::rng::Seed;
use seraug_core::spec::{self, CopyPaste, CopyPastePartner, CopySource, Smote, SmotePartner, Spec};
use seraug_data::audio::LogMel;
use seraug_data::corpora::Utterance;
use seraug_data::features::Standardiser;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::smote::nearest;
use seraug_train::generators::{Generate, Samples, Sources, Trained};
use std::collections::BTreeSet;
use tch::Device;

const MELS: usize = 3;
const STANDARDISER: Standardiser = Standardiser { mean: 0.0, deviation: 1.0 };
/// Frames, class (0 is neutral) and speaker of each training utterance; the seventh is alone in its class.
const UTTERANCES: [(usize, usize, &str); 7] =
    [(20, 0, "a"), (150, 0, "b"), (9, 1, "a"), (200, 1, "b"), (130, 1, "b"), (40, 1, "c"), (30, 2, "c")];

fn spec() -> Spec {
    let text = r#"title = "t"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"], sad = ["sad"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
"#;
    spec::parse(text, "x.toml", &[]).unwrap()
}

/// No two values are equal: each row says where it comes from. The floor of utterance i is -1 - i.
fn bank() -> Bank {
    let mut items = Vec::new();
    for (i, (frames, ..)) in UTTERANCES.iter().enumerate() {
        let mut db: Vec<f32> = (0..frames * MELS).map(|v| (1000 * (i + 1) + v) as f32).collect();
        db[0] = -1.0 - i as f32;
        items.push(LogMel { frames: *frames, mels: MELS, db });
    }
    Bank::new(&items.iter().collect::<Vec<_>>(), STANDARDISER, Device::Cpu)
}

fn utterance(i: usize) -> Utterance {
    Utterance {
        corpus: "any".into(),
        id: i.to_string(),
        path: "none".into(),
        excerpt: None,
        channels: Channels::Mean,
        speaker: UTTERANCES[i].2.into(),
        gender: None,
        session: None,
        split: None,
        text: None,
        language: "en".into(),
        emotion: Emotion::NEUTRAL,
        sha256: format!("digest-{i}"),
    }
}

/// What `generator` makes of `items`: the rows of each sample, its floor last, and what it says.
fn made<G: Generate>(generator: &G, items: &[usize], seed: u64) -> (Vec<Vec<Vec<f32>>>, Vec<String>) {
    let (spec, bank) = (spec(), bank());
    let utterances: Vec<Utterance> = (0..UTTERANCES.len()).map(utterance).collect();
    let from = Sources {
        spec: &spec,
        bank: &bank,
        standardiser: STANDARDISER,
        utterances: &utterances.iter().collect::<Vec<_>>(),
        labels: &UTTERANCES.map(|u| u.1),
        items,
        autoencoder: None,
        seed: Seed::new(seed),
    };
    let made = generator.make(&from, &G::Trained::fresh(generator, &spec, Device::Cpu)).unwrap();
    let Samples::Added(bank) = made.samples else { panic!("samples are added") };
    let entry = |at: usize| {
        let start: usize = bank.lens()[..at].iter().map(|l| l + 1).sum();
        let row = |r: usize| Vec::<f32>::try_from(bank.frames().get(r as i64)).unwrap();
        (start..=start + bank.lens()[at]).map(row).collect()
    };
    ((UTTERANCES.len()..bank.lens().len()).map(entry).collect(), made.notes)
}

/// The utterance that a value of [`bank`] is of, and its frame; none for a floor.
fn origin(row: &[f32]) -> Option<(usize, usize)> {
    let last = row[MELS - 1] as usize;
    (row[MELS - 1] > 0.0).then(|| (last / 1000 - 1, (last % 1000) / MELS))
}

#[test]
fn neighbours_are_those_of_scikit_learn() {
    let text = include_str!("../golden/neighbours/cases.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    let mut compared = 0;
    for case in &cases {
        let read = |name: &str| serde_json::from_value::<Vec<usize>>(case[name].clone()).unwrap();
        let points: Vec<Vec<f32>> = serde_json::from_value(case["points"].clone()).unwrap();
        let expected: Vec<Vec<usize>> = serde_json::from_value(case["nearest"].clone()).unwrap();
        let (labels, count) = (read("labels"), case["count"].as_u64().unwrap() as usize);
        for (item, expected) in expected.iter().enumerate() {
            assert_eq!(&nearest(item, &labels, &points, count), expected);
            compared += expected.len();
        }
    }
    assert!(compared > 200, "{compared}");
}

/// Each row lies at the same share of the way between a row of the source and one of its partner.
#[test]
fn an_interpolation_lies_between_two_of_a_class() {
    let settings = Smote { copies: 3, of: CopySource::All, ..Smote::default() };
    let bank = bank();
    let starts: Vec<usize> =
        (0..UTTERANCES.len()).map(|i| UTTERANCES[..i].iter().map(|u| u.0 + 1).sum()).collect();
    let row = |r: usize| Vec::<f32>::try_from(bank.frames().get(r as i64)).unwrap();
    let (samples, notes) = made(&settings, &[2, 3], 1);
    assert!(notes.is_empty(), "{notes:?}");
    let mut shares = BTreeSet::new();
    for (at, sample) in samples.iter().enumerate() {
        let item = [2, 3][at / 3];
        assert_eq!(sample.len(), UTTERANCES[item].0 + 1, "as long as its source");
        // The floors give the partner's share for each utterance that it could be.
        let own = row(starts[item] + UTTERANCES[item].0);
        let fits = |partner: &usize| {
            let other = row(starts[*partner] + UTTERANCES[*partner].0);
            let share = (sample[sample.len() - 1][0] - own[0]) / (other[0] - own[0]);
            let close = |r: &[f32], t: usize| {
                let from = row(starts[item] + t);
                (0..UTTERANCES[*partner].0).any(|p| {
                    let to = row(starts[*partner] + p);
                    (1..MELS).all(|m| (from[m] + share * (to[m] - from[m]) - r[m]).abs() < 0.05)
                })
            };
            (0.0..1.0).contains(&share)
                && sample[..sample.len() - 1].iter().enumerate().all(|(t, r)| close(r, t))
        };
        let class = UTTERANCES[item].1;
        let partners: Vec<usize> =
            (0..UTTERANCES.len()).filter(|&p| p != item && UTTERANCES[p].1 == class).filter(fits).collect();
        assert!(!partners.is_empty(), "sample {at}");
        shares.insert(format!("{:.4}", sample[sample.len() - 1][0]));
    }
    assert!(shares.len() > 3, "{shares:?}");
}

#[test]
fn draws_are_named_and_who_is_alone_is_copied_and_told() {
    let settings = Smote { copies: 2, of: CopySource::All, ..Smote::default() };
    let (together, _) = made(&settings, &[2, 3, 5], 1);
    assert_eq!(together[2..4], made(&settings, &[3], 1).0[..], "the order and the others decide nothing");
    assert_ne!(together, made(&settings, &[2, 3, 5], 2).0);
    let any = Smote { partner: SmotePartner::Any, ..settings.clone() };
    assert_ne!(together, made(&any, &[2, 3, 5], 1).0);
    let (alone, notes) = made(&settings, &[6], 1);
    assert_eq!(alone[0][1], Vec::<f32>::try_from(bank().pick(&[6]).frames().get(1)).unwrap());
    assert_eq!(notes, ["1 utterance alone in the class and copied"]);
}

#[test]
fn a_join_is_two_stretches_of_one_speaker() {
    let settings = CopyPaste { copies: 4, of: CopySource::All, share: 0.25, ..CopyPaste::default() };
    let (samples, notes) = made(&settings, &[2, 3], 3);
    assert!(notes.is_empty(), "{notes:?}");
    let (mut first, mut last) = (0, 0);
    for (at, sample) in samples.iter().enumerate() {
        let (item, partner) = [(2, 0), (3, 1)][at / 4];
        let len = UTTERANCES[item].0;
        assert_eq!(sample.len(), len + 1);
        assert_eq!(sample[len][0], -1.0 - item as f32, "its own floor");
        for begin in (0..len).step_by(128) {
            let n = 128.min(len - begin);
            let from: Vec<(usize, usize)> =
                (begin..begin + n).map(|t| origin(&sample[t]).expect("no floor")).collect();
            let own: Vec<usize> = (0..n).filter(|&t| from[t].0 == item).collect();
            assert_eq!(own.len(), (0.25 * n as f64).round() as usize);
            assert!(own.iter().all(|&t| from[t].1 == begin + t), "at its own place");
            assert!(own.windows(2).all(|w| w[1] == w[0] + 1) && (own[0] == 0 || own[own.len() - 1] == n - 1));
            first += usize::from(own[0] == 0);
            last += usize::from(own[0] != 0);
            assert!(from.iter().all(|f| f.0 == item || f.0 == partner), "neutral, of the same speaker");
            let pasted: Vec<usize> = from.iter().filter(|f| f.0 == partner).map(|f| f.1).collect();
            assert!(pasted.windows(2).all(|w| w[1] == (w[0] + 1) % UTTERANCES[partner].0));
        }
    }
    assert!(first > 2 && last > 2, "{first} {last}");
}

#[test]
fn partners_are_of_the_class_that_is_asked_for() {
    let partners = |partner, items: &[usize]| -> (BTreeSet<usize>, Vec<String>) {
        let settings = CopyPaste { copies: 20, of: CopySource::All, partner, share: 0.5 };
        let (samples, notes) = made(&settings, items, 5);
        let rows = samples.iter().flat_map(|s| &s[..s.len() - 1]);
        (rows.filter_map(|r| origin(r)).map(|o| o.0).filter(|o| !items.contains(o)).collect(), notes)
    };
    assert_eq!(partners(CopyPastePartner::Same, &[3]).0, BTreeSet::from([4]));
    assert_eq!(partners(CopyPastePartner::Either, &[3]).0, BTreeSet::from([1, 4]));
    let (others, notes) = partners(CopyPastePartner::Neutral, &[5]);
    assert_eq!(others, BTreeSet::from([0, 1]), "speaker c says nothing neutrally");
    assert_eq!(notes, ["20 joins with another speaker, because theirs has no partner"]);
    assert_eq!(partners(CopyPastePartner::Same, &[6]).0, BTreeSet::new(), "itself");
}
