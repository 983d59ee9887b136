//! Extreme values of every number in a spec are refused in one line that names the field, or planned in bounded memory.

use seraug::documents::json_schema;
use seraug_core::spec;
use seraug_test_support::common::stderr;
use seraug_test_support::corpora::{MINI, mine};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::process::Command;
use toml::Value;

/// Sections that [`MINI`] has not, of fields that nothing else has.
const MORE: &str = r#"
[[condition]]
name = "spec-augment"
augment.spec-augment.copies = 2
published = { average = 50.0 }
[[condition]]
name = "noise"
augment.noise.copies = 2
[[condition]]
name = "smote"
augment.smote.neighbours = 3
[[condition]]
name = "copy-paste"
augment.copy-paste.share = 0.4
[[condition]]
name = "mixup"
augment.mixup.alpha = 0.2
[[condition]]
name = "focal"
loss = "focal"
gamma = 1.5
[[condition]]
name = "logit-adjusted"
loss = "logit-adjusted"
tau = 0.5
[[condition]]
name = "latent-smote"
augment.latent = { sampler = "smote", neighbours = 3 }
[[condition]]
name = "latent-gan"
augment.latent = { sampler = "gan", mixup = 0.2 }
[[condition]]
name = "diffusion"
augment.latent.sampler = "diffusion"
[[condition]]
name = "bagan"
augment.bagan.copies = 2
[[condition]]
name = "viewmaker"
augment.viewmaker.epsilon = 0.1
[[condition]]
name = "stargan"
augment.stargan.copies = 2
[[published]]
title = "others"
values = { average = 50.0, sad = 40.0 }
[embedding]
per-class = 3
[judge]
iterations = 3
[slurm]
time-minutes = 5
"#;

const OTHER_PROTOCOLS: [&str; 3] = [
    "[protocol.leave-one-session-out]\nonly = [1]",
    "[protocol.split-file]\npath = \"split.csv\"\nonly = [1]",
    "[protocol.cross-lingual]\nsources = [\"mine\"]\ntargets = [\"other\"]\nsubset = { other = 8 }\nonly = [1]",
];

/// Resolved specs that have between them every number that a spec can have.
fn bases() -> Vec<Value> {
    let own = "[protocol.leave-speakers-out]\nfolds = 2";
    let first = MINI.replace(own, &format!("{own}\nonly = [1]"));
    // Not written where it is 1.
    let first = first.replace("[classifier]", "[classifier]\nmin-own-frames = 2") + MORE;
    let others = OTHER_PROTOCOLS.iter().map(|protocol| {
        let mut text = MINI.replace(own, protocol);
        if !protocol.contains("session") {
            text = text.replace("[reduction]\nshare = 0.5\nkeep = [\"neutral\"]\n", "");
            text = text.replace("copies = 2", "of = \"all\"");
        }
        if protocol.contains("lingual") {
            text = text.replace("corpus = \"mine\"\n", "");
        }
        text
    });
    let resolved = |text: String| spec::parse(&text, "base.toml", &[]).unwrap().to_toml();
    [first].into_iter().chain(others).map(|text| toml::from_str(&resolved(text)).unwrap()).collect()
}

/// A step to a value: a field or an index.
type Place = Vec<String>;

fn numbers(value: &Value, place: &Place, found: &mut Vec<(Place, Value)>) {
    let below = |step: String| place.iter().cloned().chain([step]).collect::<Place>();
    match value {
        Value::Integer(_) | Value::Float(_) => found.push((place.clone(), value.clone())),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| numbers(v, &below(i.to_string()), found));
        }
        Value::Table(fields) => fields.iter().for_each(|(k, v)| numbers(v, &below(k.clone()), found)),
        _ => {}
    }
}

fn set(value: &mut Value, place: &[String], to: Value) {
    match place {
        [] => *value = to,
        [first, rest @ ..] => set(
            match value {
                Value::Array(items) => &mut items[first.parse::<usize>().unwrap()],
                Value::Table(fields) => &mut fields[first.as_str()],
                _ => panic!("no such place"),
            },
            rest,
            to,
        ),
    }
}

/// Names of the fields of the schema that are numbers, or lists or maps of them.
fn fields_of_numbers(schema: &Json, found: &mut BTreeSet<String>) {
    let is_number = |s: &Json| matches!(s["type"].as_str(), Some("integer" | "number"));
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if [field, &field["items"], &field["additionalProperties"]].into_iter().any(is_number) {
            found.insert(name.clone());
        }
    }
    match schema {
        Json::Object(fields) => fields.values().for_each(|s| fields_of_numbers(s, found)),
        Json::Array(items) => items.iter().for_each(|s| fields_of_numbers(s, found)),
        _ => {}
    }
}

fn extremes(now: &Value) -> Vec<Value> {
    let whole = [
        i64::MAX,
        i64::MAX - 1,
        i64::MIN,
        1 << 53,
        (1 << 32) + 1,
        1 << 32,
        i64::from(u32::MAX),
        1 << 31,
        1_000_000,
        8192,
        1024,
        2,
        1,
        0,
        -1,
    ];
    let real = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e308,
        -1e308,
        1e20,
        -1.0,
        -0.0,
        0.0,
        5e-324,
        1.0,
        100.0,
    ];
    match now {
        Value::Integer(_) => whole.map(Value::Integer).to_vec(),
        _ => real.map(Value::Float).to_vec(),
    }
}

#[test]
fn every_number_at_every_extreme_is_refused_in_one_line_or_planned() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let mut seen = BTreeSet::new();
    let (mut refused, mut planned) = (0, 0);
    for base in bases() {
        let mut places = Vec::new();
        numbers(&base, &Vec::new(), &mut places);
        for (place, now) in places {
            seen.extend(place.iter().cloned());
            for value in extremes(&now) {
                let mut spec = base.clone();
                set(&mut spec, &place, value.clone());
                let text = toml::to_string(&spec).unwrap();
                let what = format!("{} = {value}", place.join("."));
                let parsed = spec::parse(&text, "x.toml", &[]);
                let huge = matches!(value, Value::Integer(n) if !(0..=1 << 31).contains(&n))
                    || matches!(value, Value::Float(v) if v.is_nan() || v.abs() >= 1e19);
                match parsed {
                    Err(e) => {
                        let (e, field) = (e.to_string(), place.iter().rfind(|p| p.parse::<usize>().is_err()));
                        assert!(e.starts_with("x.toml:") && !e.contains('\n'), "{what}: {e}");
                        assert!(!huge || e.contains(field.unwrap().as_str()), "{what}: {e}");
                        refused += 1;
                    }
                    Ok(_) => {
                        let negative = matches!(value, Value::Integer(n) if n < 0);
                        assert!(!huge || (place[0] == "seeds" && !negative), "{what} is taken");
                        // One protocol stands for all, and needs a corpus alone.
                        if base["protocol"].get("leave-speakers-out").is_some() {
                            std::fs::write(folder.path().join("x.toml"), &text).unwrap();
                            plans(folder.path(), &what);
                            planned += 1;
                        }
                    }
                }
            }
        }
    }
    let mut all = BTreeSet::new();
    let schema: Json = serde_json::from_str(&json_schema::text()).unwrap();
    fields_of_numbers(&schema["else"]["else"], &mut all);
    let used = ["Augment", "AddedNoise", "Augmentor", "Classifier", "Condition", "Copies", "CrossLingual"];
    used.iter().for_each(|t| assert!(schema["$defs"].get(t).is_some(), "{t}"));
    let of_others = ["Count", "Counts", "Collection", "Study", "StudyPair"];
    let defs = schema["$defs"].as_object().unwrap().iter().filter(|(t, _)| !of_others.contains(&t.as_str()));
    defs.for_each(|(_, s)| fields_of_numbers(s, &mut all));
    let untried: Vec<&String> = all.difference(&seen).collect();
    assert!(untried.is_empty(), "no base has {untried:?}");
    assert!(refused > 1000 && planned > 50, "{refused} {planned}");
}

/// Planned, or refused in one line, by a process of 3 GB within 20 seconds.
fn plans(folder: &std::path::Path, what: &str) {
    let program = seraug_test_support::common::program("seraug");
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 3000000 && exec timeout 20 \"$0\" plan x.toml --device cpu", program])
        .current_dir(folder)
        .env_remove("SERAUG_CORPORA")
        .output()
        .unwrap();
    let said = stderr(&output);
    assert!(matches!(output.status.code(), Some(0..=2)), "{what}: {:?} {said}", output.status.code());
    assert!(!said.contains("a fault of seraug") && !said.contains("panicked"), "{what}: {said}");
    let errors = said.lines().filter(|l| l.starts_with("error: ")).count();
    assert_eq!(errors, usize::from(output.status.code() != Some(0)), "{what}: {said}");
}

#[test]
fn products_that_no_machine_serves_are_refused_by_name() {
    let seeds: Vec<String> = (1..=9000).map(|s: u32| s.to_string()).collect();
    let seeds = format!("seeds=[{}]", seeds.join(","));
    for (sets, why) in [
        (&[seeds.as_str(), "protocol.leave-speakers-out.folds=100"][..], "cells, at most 100000"),
        (&["classifier.network.vgg.widths=[8192,8192,8192,8192,8192]"], "weights, at most"),
        (&["classifier.network.vgg.head=65536"], "weights, at most"),
        (&["augmentor.frames=8192", "augmentor.decoder-width=8192"], "weights, at most"),
        (&["augmentor.batch=65536", "augmentor.frames=1024"], "a batch has more than"),
        (&["augmentor.iterations=100000000", "augmentor.log-every=1"], "rows, at most"),
        (&["embedding.per-class=10000", "embedding.copies=100"], "points of a map"),
    ] {
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        let e = spec::parse(MINI, "x.toml", &sets).unwrap_err().to_string();
        assert!(e.contains(why) && !e.contains('\n'), "{e}");
    }
}

/// The arithmetic that refuses a network is that of the network.
#[test]
fn weights_are_counted_as_the_networks_have_them() {
    for sets in [
        &[][..],
        &["preset=small"],
        &["augmentor.latent=map", "augmentor.attention=shared", "discriminator.lstm=128"],
        &["augmentor.latent=map", "augmentor.noise=input", "classifier.network.vgg.batch-norm=true"],
        &["augmentor.noise=input", "classifier.network.vgg.depths=[1,2,3,1,2]", "discriminator.lstm=24"],
    ] {
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        let spec = spec::parse(MINI, "x.toml", &sets).unwrap();
        let counted = [
            spec.weights_of_augmentor(),
            spec.weights_of_discriminator(),
            spec.weights_of_representation(),
            spec.weights_of_classifier(),
        ];
        let built: Vec<u64> = seraug_worker::network_sizes::of(&spec).iter().map(|n| n.parameters).collect();
        assert_eq!(counted[..], built[..], "{sets:?}");
    }
}

#[test]
fn counts_have_limits_too() {
    let text = "title = \"t\"\n[[count]]\ntitle = \"a\"\ncorpus = \"emodb\"\nlanguage = \"German\"\nsubset = 3\n\
                published = { negative = 3 }\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        spec::load_file(&path, &[]).map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(read(text), Ok(()));
    for huge in ["9223372036854775807", "-1", "4294967296"] {
        let e = read(&text.replace("subset = 3", &format!("subset = {huge}"))).unwrap_err();
        assert!(e.contains("c.toml:6:") && e.contains("subset"), "{e}");
        let e = read(&text.replace("negative = 3", &format!("negative = {huge}"))).unwrap_err();
        assert!(e.contains("c.toml:7:") && e.contains("negative"), "{e}");
    }
    let e = read(&format!("{text}valence = {{ negative = [\"sad\"], positive = [\"happy\", \"sad\"] }}"))
        .unwrap_err();
    assert!(e.contains("count.valence: `sad` is negative and positive"), "{e}");
}
