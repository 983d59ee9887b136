use super::*;
use seraug_core::manifest::{Channels, Gender};
use seraug_core::spec::{self, LeaveSpeakersOut};
use std::path::PathBuf;

fn spec_with(reduction: &str) -> Spec {
    let text = format!(
        "title = \"t\"\ncorpus = \"emodb\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"], sad = [\"sad\"] }}
        protocol.leave-speakers-out.folds = 5\n{reduction}\n[[condition]]\nname = \"no-aug\"\n"
    );
    spec::parse(&text, "x.toml", &[]).unwrap()
}

/// Ten speakers, a man and a woman in turn, `n` utterances of each emotion.
fn selection(n: usize) -> Selection {
    let mut utterances = Vec::new();
    let mut labels = Vec::new();
    for s in 0..10 {
        for (class, emotion) in [Emotion::NEUTRAL, Emotion::ANGRY, Emotion::SAD].into_iter().enumerate() {
            for k in 0..n {
                labels.push(class);
                utterances.push(Utterance {
                    corpus: "emodb".into(),
                    id: format!("s{s}-{emotion}-{k}"),
                    path: PathBuf::new(),
                    excerpt: None,
                    channels: Channels::Mean,
                    speaker: format!("s{s}"),
                    gender: Some(if s % 2 == 0 { Gender::Female } else { Gender::Male }),
                    session: None,
                    split: None,
                    text: Some(format!("t{k}")),
                    language: "de".into(),
                    emotion,
                    sha256: format!("c{}", labels.len() - 1),
                });
            }
        }
    }
    Selection { utterances, labels, left_out: BTreeMap::new() }
}

const JOINT: &str = "reduction = { share = 0.8, keep = [\"neutral\"] }";

#[test]
fn five_folds_of_a_man_and_a_woman_that_cover_everything_once() {
    let (spec, selection) = (spec_with(JOINT), selection(10));
    let folds = folds(&spec, &selection, 1).unwrap();
    let mut tested: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
    tested.sort_unstable();
    assert_eq!(tested, (0..300).collect::<Vec<_>>());
    for f in &folds {
        let mut sides: Vec<_> = f
            .test
            .iter()
            .map(|&i| (selection.utterances[i].gender, &selection.utterances[i].speaker))
            .collect();
        sides.dedup();
        sides.sort_unstable();
        sides.dedup();
        assert_eq!(sides.iter().map(|s| s.0).collect::<Vec<_>>(), [Some(Gender::Female), Some(Gender::Male)]);
        let count = |items: &[usize], class| items.iter().filter(|&&i| selection.labels[i] == class).count();
        assert_eq!([0, 1, 2].map(|c| count(&f.train, c)), [80, 16, 16]);
        assert_eq!(count(&f.removed, 0), 0);
        assert_eq!(f.train.len() + f.removed.len() + f.test.len(), 300);
    }
}

#[test]
fn the_reduction_is_seeded_and_independent_of_order() {
    let (spec, forward) = (spec_with(JOINT), selection(10));
    let mut backward = forward.clone();
    backward.utterances.reverse();
    backward.labels.reverse();
    let ids = |s: &Selection, seed| -> Vec<Vec<String>> {
        let by_id = |f: &Fold| {
            let mut v: Vec<String> = f.train.iter().map(|&i| s.utterances[i].id.clone()).collect();
            v.sort();
            v
        };
        folds(&spec, s, seed).unwrap().iter().map(by_id).collect()
    };
    assert_eq!(ids(&forward, 1), ids(&backward, 1));
    assert_ne!(ids(&forward, 1), ids(&forward, 2));
}

#[test]
fn per_class_makes_a_data_set_for_each_reduced_class() {
    let spec = spec_with("reduction = { share = 0.8, keep = [\"neutral\"], mode = \"per-class\" }");
    let selection = selection(10);
    let folds = folds(&spec, &selection, 1).unwrap();
    assert_eq!(folds.len(), 10);
    assert_eq!((folds[0].reduced.as_slice(), folds[9].reduced.as_slice()), (&[1][..], &[2][..]));
    assert!(folds[0].removed.iter().all(|&i| selection.labels[i] == 1));
    assert_eq!(folds[0].test, folds[5].test);
}

#[test]
fn too_many_folds_are_refused() {
    let mut spec = spec_with(JOINT);
    spec.protocol = Protocol::LeaveSpeakersOut(LeaveSpeakersOut { folds: 11, ..LeaveSpeakersOut::default() });
    assert!(folds(&spec, &selection(3), 1).unwrap_err().to_string().contains("has 10 speakers"));
}

/// `spec_with` on another protocol.
fn spec_of(protocol: &str) -> Spec {
    let text = format!(
        "title = \"t\"\ncorpus = \"emodb\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"], sad = [\"sad\"] }}
        {protocol}\n[[condition]]\nname = \"no-aug\"\n"
    );
    spec::parse(&text, "x.toml", &[]).unwrap()
}

fn speakers_of(selection: &Selection, items: &[usize]) -> Vec<String> {
    let mut speakers: Vec<String> = items.iter().map(|&i| selection.utterances[i].speaker.clone()).collect();
    speakers.sort();
    speakers.dedup();
    speakers
}

#[test]
fn a_session_is_a_fold_and_a_corpus_without_sessions_is_refused() {
    let mut selection = selection(4);
    let spec = spec_of("protocol.leave-one-session-out = { only = [2, 5] }");
    let e = folds(&spec, &selection, 1).unwrap_err().to_string();
    assert!(e.contains("has no session"), "{e}");
    for u in &mut selection.utterances {
        // Two speakers a session, as in IEMOCAP.
        u.session = Some((u.speaker[1..].parse::<usize>().unwrap() / 2 + 1).to_string());
    }
    let folds = folds(&spec, &selection, 1).unwrap();
    assert_eq!(folds.iter().map(|f| f.number).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(speakers_of(&selection, &folds[0].test), ["s2", "s3"]);
    assert_eq!(speakers_of(&selection, &folds[1].test), ["s8", "s9"]);
    assert_eq!(folds[1].train.len() + folds[1].test.len(), selection.utterances.len());
}

#[test]
fn speakers_by_group_and_one_by_one() {
    let selection = selection(2);
    let spec = spec_of("protocol.leave-speakers-out = { groups = [[\"s0\", \"s7\"], [\"s3\"]] }");
    let by_group = folds(&spec, &selection, 1).unwrap();
    let tests: Vec<_> = by_group.iter().map(|f| speakers_of(&selection, &f.test)).collect();
    assert_eq!(tests, [vec!["s0", "s7"], vec!["s3"]]);
    let each = folds(&spec_of("protocol.leave-speakers-out = {}"), &selection, 1).unwrap();
    assert_eq!(each.len(), 10);
    assert!(each.iter().all(|f| speakers_of(&selection, &f.test).len() == 1));
    let unknown = spec_of("protocol.leave-speakers-out = { groups = [[\"s0\"], [\"s77\"]] }");
    assert!(folds(&unknown, &selection, 1).unwrap_err().to_string().contains("no speaker `s77`"));
    let beyond = spec_of("protocol.leave-speakers-out = { only = [11] }");
    assert!(folds(&beyond, &selection, 1).unwrap_err().to_string().contains("11 is not in 1..=10"));
}

#[test]
fn the_corpus_s_own_split_is_taken_and_what_is_in_neither_part_is_left_out() {
    let mut selection = selection(5);
    for (i, u) in selection.utterances.iter_mut().enumerate() {
        u.split = Some(["train", "train", "train", "dev", "test"][i % 5].to_owned());
    }
    let spec = spec_of("protocol.fixed-split = {}");
    let fold = folds(&spec, &selection, 1).unwrap().remove(0);
    assert_eq!((fold.train.len(), fold.test.len()), (90, 30));
    assert!(fold.test.iter().all(|i| i % 5 == 4) && fold.train.iter().all(|i| i % 5 < 3));
    assert!(fold.speakers_overlap, "every speaker is in every part");
    let thinned = folds(&spec_of(&format!("protocol.fixed-split = {{}}\n{JOINT}")), &selection, 1).unwrap();
    assert_eq!(
        (thinned[0].train.len(), thinned[0].removed.len()),
        (30 + 6 + 6, 48),
        "80 % of the part that trains"
    );
    let more = spec_of("protocol.fixed-split = { train = [\"train\", \"dev\"] }");
    assert_eq!(folds(&more, &selection, 1).unwrap()[0].train.len(), 120);
    let none = spec_of("protocol.fixed-split = { test = [\"eval\"] }");
    let e = folds(&none, &selection, 1).unwrap_err().to_string();
    assert!(e.contains("no part `eval`: the corpus has dev, test, train"), "{e}");
}

/// A source and a target of ten speakers each; `confounded` targets have a speaker an emotion and a half.
fn two_corpora(confounded: bool) -> Selection {
    let mut both = selection(12);
    let mut target = selection(12);
    for (i, u) in target.utterances.iter_mut().enumerate() {
        u.corpus = "target".into();
        if confounded {
            u.speaker = format!("s{}-{}", i % 2, u.emotion);
        }
    }
    both.utterances.extend(target.utterances);
    both.labels.extend(target.labels);
    both
}

fn cross_lingual(rest: &str) -> Spec {
    let text = format!(
        "title = \"t\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"], sad = [\"sad\"] }}
        protocol.cross-lingual = {{ sources = [\"emodb\"], targets = [\"target\"]{rest} }}
        [[condition]]\nname = \"lt\"\ntarget = \"low\"\n"
    );
    spec::parse(&text, "x.toml", &[]).unwrap()
}

#[test]
fn low_is_in_full_and_the_test_set_is_that_of_both_with_speakers_of_its_own() {
    let selection = two_corpora(false);
    let fold = folds(&cross_lingual(""), &selection, 1).unwrap().remove(0);
    let low = fold.with(TargetShare::Low);
    assert_eq!((fold.corpus.as_str(), fold.speakers_overlap), ("emodb>target", false));
    assert!(low.target.iter().all(|i| fold.target.binary_search(i).is_ok()));
    // 10 and 75 % of 360; two or three of ten speakers are about a quarter.
    assert_eq!((low.target.len(), low.train.len()), (36, 396));
    assert!([72, 108].contains(&fold.test.len()), "{}", fold.test.len());
    assert_eq!(fold.target.len(), (360 - fold.test.len()).min(270));
    assert_eq!(fold.train.len(), 360 + fold.target.len());
    assert_eq!(low.test, fold.test);
    let test = speakers_of(&selection, &fold.test);
    assert!(speakers_of(&selection, &fold.target).iter().all(|s| !test.contains(s)));
    let of_class = |items: &[usize], c| items.iter().filter(|&&i| selection.labels[i] == c).count();
    assert_eq!([0, 1, 2].map(|c| of_class(&low.target, c)), [12, 12, 12], "stratified");
    assert_ne!(folds(&cross_lingual(""), &selection, 2).unwrap()[0].test, fold.test, "seeded");
}

/// Two or three of ten speakers are within the tolerance: 45 + 120 sets, each as likely as another.
#[test]
fn each_seed_draws_its_test_speakers_from_all_sets_that_fit() {
    let selection = two_corpora(false);
    let draw = |seed| speakers_of(&selection, &folds(&cross_lingual(""), &selection, seed).unwrap()[0].test);
    let drawn: Vec<Vec<String>> = (1..=200).map(draw).collect();
    let sets: std::collections::BTreeSet<&Vec<String>> = drawn.iter().collect();
    // Of 165 equally likely sets, 200 draws hit 116 on average.
    assert!((100..=130).contains(&sets.len()), "{}", sets.len());
    let pairs = drawn.iter().filter(|set| set.len() == 2).count();
    assert!((30..=85).contains(&pairs), "{pairs} of 200 are pairs, 55 expected");
    for speaker in 0..10 {
        let tested = drawn.iter().filter(|set| set.contains(&format!("s{speaker}"))).count();
        assert!((35..=80).contains(&tested), "s{speaker} is tested by {tested} of 200 seeds, 55 expected");
    }
}

/// More speakers than are enumerated: thirty, of which seven or eight are about a quarter.
#[test]
fn each_seed_draws_its_test_speakers_where_they_are_many() {
    let mut selection = two_corpora(false);
    for (i, u) in selection.utterances.iter_mut().enumerate().skip(360) {
        u.speaker = format!("t{}", i % 30);
    }
    let draw = |seed| folds(&cross_lingual(""), &selection, seed).unwrap().remove(0);
    let drawn: Vec<Fold> = (1..=50).map(draw).collect();
    assert!(drawn.iter().all(|f| !f.speakers_overlap && (54..=126).contains(&f.test.len())));
    let sets: std::collections::BTreeSet<&Vec<usize>> = drawn.iter().map(|f| &f.test).collect();
    assert!(sets.len() > 45, "{}", sets.len());
}

#[test]
fn an_unreduced_fold_trains_on_all_that_was_removed() {
    let fold = folds(&spec_with(JOINT), &selection(10), 1).unwrap().remove(0);
    let whole = fold.unreduced();
    let all: Vec<usize> = (0..300).filter(|i| fold.test.binary_search(i).is_err()).collect();
    assert_eq!((&whole.train, &whole.test, &whole.reduced), (&all, &fold.test, &fold.reduced));
    assert!(whole.removed.is_empty());
}

#[test]
fn a_final_model_is_trained_on_everything_and_tested_on_nothing() {
    let (spec, corpus) = (spec_with(JOINT), selection(10));
    let [fold] = &folds(&spec.on_everything(None).unwrap(), &corpus, 1).unwrap()[..] else {
        panic!("one fold")
    };
    assert_eq!(fold.train, (0..300).collect::<Vec<_>>());
    assert!(fold.test.is_empty() && fold.removed.is_empty());
    assert_eq!(fold.reduced, [1, 2], "which classes are the rare ones is still known");

    let (mut spec, corpora) = (cross_lingual(", full = 0.4"), two_corpora(false));
    spec.condition[0].target = TargetShare::Full;
    let [fold] = &folds(&spec.on_everything(None).unwrap(), &corpora, 1).unwrap()[..] else {
        panic!("one pair")
    };
    assert_eq!(fold.train, (0..corpora.labels.len()).collect::<Vec<_>>());
    assert_eq!((&fold.target, fold.test.len()), (&fold.low, 0));
    assert!(fold.target.iter().all(|&i| &*corpora.utterances[i].corpus == "target"), "{:?}", fold.target);
}

#[test]
fn a_number_of_test_speakers_makes_the_folds() {
    let spec = |speakers: usize| {
        let text = spec_with("").to_toml().replace("folds = 5", "folds = 0");
        spec::parse(&text, "x.toml", &[format!("protocol.leave-speakers-out.speakers={speakers}")])
    };
    let of = |n: usize| {
        let selection = selection(10);
        let folds = folds(&spec(n).unwrap(), &selection, 1)?;
        Ok::<_, Error>(folds.iter().map(|f| speakers_of(&selection, &f.test).len()).collect::<Vec<_>>())
    };
    assert_eq!([of(1).unwrap(), of(2).unwrap()], [vec![1; 10], vec![2; 5]]);
    assert_eq!(of(4).unwrap(), [4, 3, 3]);
    let refused = of(10).unwrap_err().to_string();
    assert!(refused.contains("speakers = 10: the corpus has 10 speakers"), "{refused}");
}

#[test]
fn speakers_left_out_are_in_no_part() {
    let selection = selection(10);
    let spec = |without: &str| {
        let set = format!("protocol.leave-speakers-out.without={without}");
        spec::parse(
            &spec_with(JOINT).to_toml(),
            "x.toml",
            &[set, "protocol.leave-speakers-out.folds=4".into()],
        )
    };
    let made = folds(&spec("[\"s0\", \"s7\"]").unwrap(), &selection, 1).unwrap();
    let mut tested = Vec::new();
    for fold in &made {
        let all = [fold.train.as_slice(), &fold.removed, &fold.test].concat();
        assert_eq!((all.len(), speakers_of(&selection, &all).len()), (240, 8));
        assert!(all.iter().all(|&i| !["s0", "s7"].contains(&&*selection.utterances[i].speaker)));
        tested.extend(speakers_of(&selection, &fold.test));
    }
    tested.sort();
    assert_eq!(tested, ["s1", "s2", "s3", "s4", "s5", "s6", "s8", "s9"]);
    let refused = folds(&spec("[\"s10\"]").unwrap(), &selection, 1).unwrap_err().to_string();
    assert!(refused.contains("without: the corpus has no speaker `s10`"), "{refused}");
}

#[test]
fn where_speakers_cannot_be_parted_the_fold_says_so_or_is_refused() {
    let selection = two_corpora(true);
    let fold = folds(&cross_lingual(""), &selection, 1).unwrap().remove(0);
    assert!(fold.speakers_overlap);
    assert_eq!((fold.test.len(), fold.target.len()), (90, 270));
    let e = folds(&cross_lingual(", speakers = \"disjoint\""), &selection, 1).unwrap_err().to_string();
    assert!(e.contains("no set of speakers of target"), "{e}");
    let overlap =
        folds(&cross_lingual(", speakers = \"overlap\""), &two_corpora(false), 1).unwrap().remove(0);
    assert!(overlap.speakers_overlap && overlap.test.len() == 90);
}

/// Eight speakers of a single class each: one of either class is a quarter, though each alone is no step closer.
#[test]
fn speakers_of_one_class_each_can_be_parted() {
    let mut selection = two_corpora(false);
    selection.labels.iter_mut().for_each(|l| *l = (*l).min(1));
    for (i, u) in selection.utterances.iter_mut().enumerate().skip(360) {
        let class = selection.labels[i];
        u.speaker = format!("{class}-{}", i % 4);
    }
    let text = cross_lingual("").to_toml().replace("sad = [\"sad\"]", "");
    let spec =
        spec::parse(&text.replace("angry = [\"angry\"]", "angry = [\"angry\", \"sad\"]"), "x", &[]).unwrap();
    let fold = folds(&spec, &selection, 1).unwrap().remove(0);
    assert_eq!((fold.speakers_overlap, fold.test.len()), (false, 90));
    assert_eq!(speakers_of(&selection, &fold.test).len(), 2);
}

#[test]
fn a_subset_is_drawn_evenly_and_is_all_that_a_target_gives() {
    let selection = two_corpora(false);
    let fold = folds(&cross_lingual(", subset = { target = 40 }"), &selection, 1).unwrap().remove(0);
    assert_eq!(fold.corpus, "emodb>target.sub");
    let mut drawn = [fold.test.clone(), fold.target.clone()].concat();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(fold.train.len(), 360 + fold.target.len());
    assert!(drawn.len() <= 120 && drawn.len() >= 110, "{}: 40 of each of three classes", drawn.len());
    // Four utterances of each speaker and emotion, to within one.
    for s in 0..10 {
        let of = fold.test.iter().filter(|&&i| selection.utterances[i].speaker == format!("s{s}")).count();
        assert!(of == 0 || (9..=15).contains(&of), "{of} of s{s}");
    }
    let e = folds(&cross_lingual(", subset = { target = 400 }"), &selection, 1).unwrap_err().to_string();
    assert!(e.contains("a class has 120 utterances"), "{e}");
}

#[test]
fn split_csv_gives_back_the_folds_it_was_written_from() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("split.csv");
    let classes = ["neutral", "angry", "sad"];
    for (spec, selection) in [
        (spec_with(JOINT), selection(6)),
        (cross_lingual(""), two_corpora(false)),
        (cross_lingual(""), two_corpora(true)),
    ] {
        let made: Vec<(u64, Vec<Fold>)> = [1, 2].map(|s| (s, folds(&spec, &selection, s).unwrap())).into();
        let all = made.iter().flat_map(|(s, folds)| folds.iter().map(|f| (*s, f)));
        write_splits(&path, &selection, &classes, all).unwrap();
        let table = SplitTable::read(&path).unwrap();
        for (seed, folds) in &made {
            assert_eq!(&table.folds(&selection, *seed).unwrap(), folds);
        }
        let e = table.folds(&selection, 3).unwrap_err().to_string();
        assert!(e.contains("no folds of seed 3") && e.contains("1, 2"), "{e}");
        let mut fewer = selection.clone();
        fewer.utterances.remove(0);
        fewer.labels.remove(0);
        assert!(table.folds(&fewer, 1).unwrap_err().to_string().contains("is not among those"));
    }
    let text = std::fs::read_to_string(&path).unwrap();
    // Files of earlier versions have no column of contents.
    let old: Vec<String> = text
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells.remove(4);
            cells.join(",") + "\n"
        })
        .collect();
    assert!(old[0].starts_with("corpus,utterance,speaker,class,seed-1/fold-1/"), "{}", old[0]);
    let now = SplitTable::read(&path).unwrap();
    std::fs::write(&path, old.concat()).unwrap();
    let before = SplitTable::read(&path).unwrap();
    let selection = two_corpora(true);
    assert_eq!(before.folds(&selection, 2).unwrap(), now.folds(&selection, 2).unwrap());
    assert_eq!((&before.rows()[0].sha256, now.rows()[0].sha256.as_deref()), (&None, Some("c0")));
    for (from, to, says) in [
        (",test,", ",tset,", "`tset` is none of"),
        ("seed-1/", "sead-1/", "not of the form"),
        ("corpus,utt", "utt,corpus", "must begin with"),
    ] {
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let e = SplitTable::read(&path).unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    }
}

#[test]
fn texts_are_left_out_whole_and_every_one_is_tested_once() {
    let of = |n: usize, folds: usize| {
        let text = format!(
            "title = \"t\"\ncorpus = \"emodb\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"], sad = [\"sad\"] }}
            protocol.leave-texts-out.folds = {folds}\n[[condition]]\nname = \"no-aug\"\n"
        );
        let spec = spec::parse(&text, "x.toml", &[])?;
        super::folds(&spec, &selection(n), 1)
    };
    let selection = selection(10);
    for (asked, made) in [(0, 10), (4, 4)] {
        let folds = of(10, asked).unwrap();
        assert_eq!(folds.len(), made);
        let mut tested: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..300).collect::<Vec<_>>());
        for f in &folds {
            let texts = |side: &[usize]| -> BTreeSet<&str> {
                side.iter().filter_map(|&i| selection.utterances[i].text.as_deref()).collect()
            };
            assert!(texts(&f.test).is_disjoint(&texts(&f.train)));
            assert!(f.speakers_overlap, "every speaker says every text");
        }
    }
    let few = of(3, 4).unwrap_err().to_string();
    assert_eq!(few, "protocol.leave-texts-out.folds = 4: the corpus has 3 texts of these classes");
    let one = of(3, 1).unwrap_err().to_string();
    assert!(one.contains("protocol.leave-texts-out.folds: at least 2, or 0 for one fold a text"), "{one}");
}
