//! Loads a spec: merges the file, `--set` values and the preset, then checks the result.

use super::located_error::{FieldPath, LocatedError, at, place};
use super::{Label, Preset, Spec};
use crate::error::{Error, Result};
use crate::files;
use crate::names::unicode::is_unprintable;
use crate::suggest::{hint, with_hint};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use std::path::Path;
use toml::{Table, Value};

const SMALL: &str = include_str!("small.toml");
const TINY: &str = include_str!("tiny.toml");

/// Reads and checks the spec at `path`, with `sets` (each `KEY=VALUE`) laid over it.
///
/// # Errors
/// One line with the file, line and column for what the file says; the key for what `--set` says.
pub fn load(path: &Path, sets: &[String]) -> Result<Spec> {
    parse(&read(path)?, &path.display().to_string(), sets)
}

/// The text of a spec.
pub(super) fn read(path: &Path) -> Result<String> {
    files::text_given(path).map_err(|e| {
        Error::usage(format!(
            "{}: {e}; give the path of a spec such as experiments/quickstart.toml",
            path.display()
        ))
    })
}

/// As [`load`], from text; `name` stands for the file in errors.
pub fn parse(text: &str, name: &str, sets: &[String]) -> Result<Spec> {
    // First the file as written, because only it has lines and columns to point at.
    typed::<Spec>(text, name)?;
    let table: Table = typed(text, name)?;
    let read = |sets: &[String]| resolve(table.clone(), sets).and_then(|s| s.check().map(|()| s));
    read(sets).map_err(|fault| {
        let found = |sets: &[String]| read(sets).as_ref().err() == Some(&fault);
        let place = if found(&[]) {
            place(name, text, fault.key.offset(text))
        } else {
            // An error that the file alone does not have is due to one of the flags, or to their combination.
            let culprit = sets.iter().find(|set| found(std::slice::from_ref(set)));
            format!("--set {}", culprit.cloned().unwrap_or_else(|| sets.join(" --set ")))
        };
        Error::usage(format!("{place}: {fault}"))
    })
}

/// The whole of a file as one of its kinds.
///
/// # Errors
/// One line with the file, line, column and field (usage).
pub(super) fn typed<T: DeserializeOwned>(text: &str, name: &str) -> Result<T> {
    let told = |e: &toml::de::Error, fault: LocatedError| {
        let offset = e.span().map(|span| span.start).or_else(|| fault.key.offset(text));
        Error::usage(format!("{}: {fault}", place(name, text, offset)))
    };
    let document = toml::Deserializer::parse(text)
        .map_err(|e| told(&e, LocatedError { key: FieldPath::top(), message: e.message().to_owned() }))?;
    serde_path_to_error::deserialize(document).map_err(|e| {
        let table: Table = toml::from_str(text).unwrap_or_default();
        let fault = fault(&e, &Value::Table(table));
        told(e.inner(), fault)
    })
}

/// An error of reading `from`, with the field that it is about. A word that is unknown is quoted by the message itself.
fn fault(e: &serde_path_to_error::Error<toml::de::Error>, from: &Value) -> LocatedError {
    let message = plain(&with_hint(e.inner().message()));
    let key = if message.starts_with("unknown ") { FieldPath::top() } else { key_of(e.path(), from) };
    LocatedError { key, message }
}

/// `message` of the parser without its words for types of this program.
fn plain(message: &str) -> String {
    match message {
        "invalid type: unit variant, expected newtype variant" => {
            "expected a table of its fields, {} for their defaults".to_owned()
        }
        "wanted exactly 1 element, more than 1 element" => "expected one, found several".to_owned(),
        other => match other.split_once(", expected struct ") {
            Some((found, _)) => format!("{found}, expected a table"),
            None => other.to_owned(),
        },
    }
}

/// A way through `from` as a key; elements of lists are called by their names.
fn key_of(path: &serde_path_to_error::Path, from: &Value) -> FieldPath {
    let (mut key, mut at) = (FieldPath::top(), Some(from));
    for step in path {
        match step {
            Segment::Map { key: field } | Segment::Enum { variant: field } => {
                key = key.field(field);
                at = at.and_then(|v| v.get(field));
            }
            Segment::Seq { index } => {
                at = at.and_then(|v| v.get(index));
                let name = at.and_then(|v| v.get("name")?.as_str());
                key = key.element(*index, name.unwrap_or_default());
            }
            Segment::Unknown => break,
        }
    }
    key
}

/// The spec of a file's table with `sets` over it and its preset under it.
fn resolve(mut table: Table, sets: &[String]) -> std::result::Result<Spec, LocatedError> {
    for set in sets {
        apply_set(&mut table, set).map_err(|message| LocatedError { key: FieldPath::top(), message })?;
    }
    let preset = table.get("preset").cloned().map_or(Ok(Preset::Paper), |v| {
        let message = |e: toml::de::Error| with_hint(e.message());
        v.try_into().map_err(|e| LocatedError { key: at("preset"), message: message(e) })
    })?;
    let mut resolved = match preset {
        Preset::Paper => Table::new(),
        Preset::Small => toml::from_str(SMALL).expect("small.toml is valid"),
        Preset::Tiny => toml::from_str(TINY).expect("tiny.toml is valid"),
    };
    let stated: Vec<String> = table.keys().cloned().collect();
    merge(&mut resolved, table);
    let resolved = Value::Table(resolved);
    let mut spec: Spec =
        serde_path_to_error::deserialize(resolved.clone()).map_err(|e| fault(&e, &resolved))?;
    if spec.label == Label::Valence && spec.classes.is_empty() {
        spec.classes = ["negative", "positive"].map(|c| (c.to_owned(), Vec::new())).into_iter().collect();
    }
    spec.settle_tables(|name| stated.iter().any(|s| s == name));
    Ok(spec)
}

/// The flag that states `key`, as `--set KEY=VALUE`: the last, whose value counts.
pub(super) fn flag(sets: &[String], key: &FieldPath) -> Option<String> {
    let shown = key.to_string();
    let states = |set: &&String| {
        set.split('=').next().is_some_and(|k| {
            let rest = shown.strip_prefix(k.trim());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    sets.iter().rfind(states).map(|set| format!("--set {set}"))
}

/// Lays `over` on `under`: tables key by key, everything else as a whole.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(u)), Value::Table(o)) => merge(u, o),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// `augmentor.iterations=100`; an element of `condition` is named by its `name`.
fn apply_set(table: &mut Table, set: &str) -> std::result::Result<(), String> {
    let (key, text) = set.split_once('=').ok_or("expected KEY=VALUE, such as augmentor.iterations=100")?;
    let value = value_of(text)?;
    let mut steps: Vec<&str> = key.trim().split('.').collect();
    let last = steps.pop().filter(|s| !s.is_empty()).ok_or("the key is empty")?;
    if steps.iter().any(|s| s.is_empty()) {
        return Err("the key has an empty part".into());
    }
    let mut at = table;
    let mut steps = steps.into_iter();
    while let Some(step) = steps.next() {
        let next = at.entry(step).or_insert_with(|| Value::Table(Table::new()));
        at = match next {
            Value::Table(t) => t,
            Value::Array(items) => {
                let name = steps.next().unwrap_or(last);
                let names: Vec<String> = items
                    .iter()
                    .filter_map(|t| t.get("name").and_then(Value::as_str).map(str::to_owned))
                    .collect();
                let named = |t: &&mut Table| t.get("name").and_then(Value::as_str) == Some(name);
                items.iter_mut().filter_map(Value::as_table_mut).find(named).ok_or_else(|| {
                    let known = names.iter().map(String::as_str);
                    format!("no {step} is named `{name}`{}", hint(name, known))
                })?
            }
            _ => return Err(format!("`{step}` is a value, not a table")),
        };
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

/// What `--set` gives a field: one TOML value, or a word, which is a string, so that `preset=tiny` needs no quotes in a
/// shell. Nothing may follow it.
fn value_of(text: &str) -> std::result::Result<Value, String> {
    let written = text.trim();
    let error = match written.parse::<Value>() {
        Ok(value) => return Ok(value),
        Err(e) => e,
    };
    let quoted = written.starts_with(['"', '\'']);
    let followed = written.split_once('#').is_some_and(|(value, _)| value.trim().parse::<Value>().is_ok());
    if followed {
        return Err("one value is expected, and nothing after it".into());
    }
    let between = |[open, close]: [char; 2]| written.starts_with(open) && written.ends_with(close);
    let whole = !written.is_empty() && written.chars().all(|c| c.is_ascii_digit() || "+-_".contains(c));
    if between(['[', ']']) || between(['{', '}']) || (whole && written.contains(|c: char| c.is_ascii_digit()))
    {
        return Err(format!("no TOML value: {}", error.message()));
    }
    if text.chars().any(|c| is_unprintable(c) && c != '\t') {
        return Err("one value is expected, and no line end or control character in a word".into());
    }
    if quoted {
        return Err(format!("no TOML value: {}", error.message()));
    }
    Ok(Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Augment, GanLoss};

    const SPEC: &str = r#"title = "t"
corpus = "synthetic"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 5
reduction = { share = 0.8, keep = ["neutral"] }
[[condition]]
name = "no-aug"
[[condition]]
name = "aug"
augment.triplet-gan.copies = 4
"#;

    fn with(sets: &[&str]) -> Result<Spec> {
        parse(SPEC, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn defaults_are_the_papers() {
        let spec = with(&[]).unwrap();
        assert_eq!((spec.augmentor.iterations, spec.augmentor.learning_rate), (30_000, 1e-6));
        assert_eq!(spec.classifier.segment_frames, 128);
        let Augment::TripletGan(gan) = &spec.condition[1].augment else { panic!() };
        assert_eq!((gan.losses.len(), gan.copies, gan.losses[0]), (3, 4, GanLoss::Model));
    }

    #[test]
    fn set_is_over_file_is_over_preset_is_over_default() {
        let spec =
            with(&["preset=tiny", "augmentor.iterations=7", "condition.aug.augment.triplet-gan.copies=2"])
                .unwrap();
        assert_eq!((spec.augmentor.iterations, spec.augmentor.frames, spec.augmentor.margin), (7, 64, 7.0));
        let Augment::TripletGan(gan) = &spec.condition[1].augment else { panic!() };
        assert_eq!(gan.copies, 2);
    }

    #[test]
    fn a_generators_table_is_there_where_it_is_read_or_stated() {
        let of = |sets: &[&str]| {
            let spec = with(&[&["preset=tiny"], sets].concat()).unwrap();
            let there = [
                ("autoencoder", spec.autoencoder.is_some()),
                ("bagan", spec.bagan.is_some()),
                ("latent-gan", spec.latent_gan.is_some()),
                ("latent-diffusion", spec.latent_diffusion.is_some()),
            ];
            there.into_iter().filter(|t| t.1).map(|t| t.0).collect::<Vec<_>>()
        };
        assert_eq!(of(&[]), [""; 0], "the preset has tables for others");
        assert_eq!(of(&["condition.no-aug.augment={ bagan = {} }"]), ["autoencoder", "bagan"]);
        assert_eq!(of(&["condition.no-aug.augment={ latent = {} }"]), ["autoencoder"]);
        assert_eq!(
            of(&["condition.no-aug.augment={ latent = { sampler = \"diffusion\" } }"]),
            ["autoencoder", "latent-diffusion"]
        );
        assert_eq!(of(&["latent-gan.units=9"]), ["latent-gan"], "stated");
        let spec = with(&["preset=tiny", "condition.no-aug.augment={ bagan = {} }"]).unwrap();
        assert_eq!((spec.autoencoder().latent, spec.bagan().iterations), (16, 300), "the preset's");
        for (set, error) in [
            ("condition.no-aug.augment={ latent = { mixup = 0.2 } }", "mixup: is for sampler = \"gan\""),
            ("condition.no-aug.augment={ latent = { neighbours = 3 } }", "is for sampler = \"smote\""),
            (
                "condition.no-aug.augment={ stargan = { weights = { penalty = 3 } } }",
                "is for adversarial = \"wgan-gp\"",
            ),
            (
                "condition.no-aug.augment=bagan",
                "augment.bagan: expected a table of its fields, {} for their defaults",
            ),
            ("condition.no-aug.augment={ bagan = {}, copies = {} }", "augment: expected one, found several"),
            ("judge=true", "judge: invalid type: boolean `true`, expected a table"),
            ("condition.no-aug.gamma=3", "gamma: is for loss = \"focal\""),
            ("condition.no-aug.tau=0.5", "tau: is for loss = \"logit-adjusted\""),
            ("autoencoder.frames=100", "autoencoder.frames = 100: must be a multiple of 16"),
        ] {
            let e = with(&[set]).unwrap_err().to_string();
            assert!(e.contains(error), "{set}: {e}");
        }
    }

    #[test]
    fn a_resolved_spec_reads_back_equal() {
        for preset in Preset::ALL {
            let spec = with(&[&format!("preset={}", preset.name())]).unwrap();
            assert_eq!(spec.preset, preset);
            assert_eq!(parse(&spec.to_toml(), "spec.toml", &[]).unwrap(), spec);
        }
    }

    /// Margin 7 is of a distance that is summed over this many units.
    #[test]
    fn every_preset_has_a_representation_of_128() {
        for preset in Preset::ALL {
            let spec = with(&[&format!("preset={}", preset.name())]).unwrap();
            assert_eq!((spec.representation.lstm, spec.augmentor.margin), (128, 7.0), "{}", preset.name());
        }
    }

    #[test]
    fn an_untrained_augmentor_is_written_and_has_no_losses_of_its_own() {
        let trained = with(&[]).unwrap();
        assert!(!trained.to_toml().contains("trained"), "so that every key is what it was");
        let set = "condition.aug.augment.triplet-gan.trained=false";
        let spec = with(&[set]).unwrap();
        let Augment::TripletGan(gan) = &spec.condition[1].augment else { panic!() };
        assert_eq!((gan.trained, gan.is_guided(), gan.copies), (false, false, 4));
        assert!(spec.to_toml().contains("trained = false"));
        assert_eq!(parse(&spec.to_toml(), "spec.toml", &[]).unwrap(), spec);
        let e = refused("triplet-gan.copies = 4", "triplet-gan = { trained = false, losses = [\"model\"] }");
        assert_eq!(
            e,
            "x.toml:10:42: condition.aug.augment.triplet-gan.losses: trained = false trains with no losses; \
             leave `losses` out"
        );
    }

    /// The error of the text with `from` replaced by `to`.
    fn refused(from: &str, to: &str) -> String {
        assert!(SPEC.contains(from), "{from}");
        parse(&SPEC.replace(from, to), "x.toml", &[]).unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_word_is_pointed_at_and_put_right() {
        assert_eq!(refused("corpus", "corpsu"), "x.toml:2:1: unknown field `corpsu`, did you mean `corpus`?");
        assert_eq!(
            refused("triplet-gan", "triplet_gan"),
            "x.toml:10:9: unknown variant `triplet_gan`, did you mean `triplet-gan`?"
        );
        assert_eq!(refused("[\"angry\"]", "[\"\"]"), "x.toml:3:44: classes.angry: an emotion label is empty");
        assert_eq!(
            refused("keep = [\"neutral\"]", "keep = [\"neutrl\"]"),
            "x.toml:5:36: reduction.keep: `neutrl` is not in classes, did you mean `neutral`?"
        );
        assert_eq!(
            refused("name = \"aug\"", "name = \"aug\"\npublished.avrage = 3.0"),
            "x.toml:10:11: condition.aug.published.avrage: `avrage` is neither a class nor `average`, \
             did you mean `average`?"
        );
    }

    #[test]
    fn a_word_that_is_like_none_gets_the_list() {
        let e = refused("corpus", "zebra");
        assert!(e.starts_with("x.toml:2:1: unknown field `zebra`, expected one of `title`, "), "{e}");
        let e = refused("keep = [\"neutral\"]", "keep = [\"zebra\"]");
        assert!(e.ends_with("`zebra` is not in classes, expected one of neutral, angry"), "{e}");
    }

    #[test]
    fn a_wrong_value_is_pointed_at() {
        assert_eq!(refused("0.8", "1.5"), "x.toml:5:15: reduction.share = 1.5: must be in [0, 1)");
        assert_eq!(
            refused("copies = 4", "copies = 0"),
            "x.toml:10:21: condition.aug.augment.triplet-gan.copies = 0: must be 1 to 1000"
        );
        assert_eq!(
            refused("name = \"aug\"", "name = \"no-aug\""),
            "x.toml:9:1: condition.name: `no-aug` is there twice"
        );
        let e = refused("0.8", "\"much\"");
        assert!(e.starts_with("x.toml:5:23: reduction.share: invalid type: string \"much\""), "{e}");
        assert_eq!(
            refused("[[condition]]\nname = \"aug\"", "[[condition]]"),
            "x.toml:8:1: condition: missing field `name`"
        );
        // The default of `of` is what is wrong; the text has the augmentation.
        let e = refused("reduction = { share = 0.8, keep = [\"neutral\"] }\n", "");
        assert!(e.starts_with("x.toml:9:9: condition.aug.augment.triplet-gan.of = \"reduced\", but"), "{e}");
    }

    #[test]
    fn every_error_names_the_field_also_where_the_error_itself_does_not() {
        let after = |line: &str| {
            refused("[[condition]]\nname = \"no-aug\"", &format!("{line}\n[[condition]]\nname = \"no-aug\""))
        };
        for betas in ["[0.9, 0.999, 0.9]", "[0.9]", "[]", "0.9", "[nan, 0.9]", "[0.9, 1.0]", "[\"a\", 0.1]"] {
            let e = after(&format!("[classifier]\nbetas = {betas}"));
            assert!(e.starts_with("x.toml:7:") && e.contains("classifier.betas"), "{betas}: {e}");
        }
        let e = refused("copies = 4", "copies = \"x\"");
        assert!(e.starts_with("x.toml:10:30: condition.aug.augment.triplet-gan.copies: invalid type"), "{e}");
        for seeds in ["[1, 18446744073709551615]", "[1, -1]", "[1.5]", "[9999999999999999999999]"] {
            let e = refused("corpus =", &format!("seeds = {seeds}\ncorpus ="));
            assert!(e.starts_with("x.toml:2:") && e.contains("seeds"), "{seeds}: {e}");
        }
    }

    #[test]
    fn a_set_is_one_value_and_nothing_after_it() {
        let of = |set: &str| with(&[set]).map(|spec| spec.title).map_err(|e| e.to_string());
        assert_eq!(of("title=a b # c"), Ok("a b # c".into()));
        assert_eq!(of("title= \"a\" "), Ok("a".into()));
        assert_eq!(of("title=[draft] x"), Ok("[draft] x".into()));
        for set in [
            "title=\"a\"\ncorpus=\"nope\"",
            "title=a\ncorpus=nope",
            "title=a\u{1b}[2Jb",
            "title=a\nb",
            "title=\"a\" # b",
            "augmentor.iterations=5 # steps",
            "augmentor.iterations=5\n[classifier]\nepochs=1",
            "augmentor.iterations=5\r6",
        ] {
            let e = of(set).unwrap_err();
            assert!(e.contains("one value is expected"), "{set:?}: {e}");
        }
        for set in
            ["seeds=[18446744073709551615]", "seeds=[1,2 3]", "augmentor.iterations=99999999999999999999"]
        {
            let e = of(set).unwrap_err();
            assert!(e.starts_with(&format!("--set {set}: ")), "{e}");
            assert!(!e.contains("invalid type: string"), "{e}");
        }
    }

    #[test]
    fn what_a_flag_says_is_laid_at_its_door() {
        let refused = |sets: &[&str]| with(sets).unwrap_err().to_string();
        assert_eq!(
            refused(&["seeds=[1]", "augmentor.iteratons=3"]),
            "--set augmentor.iteratons=3: unknown field `iteratons`, did you mean `iterations`?"
        );
        assert_eq!(
            refused(&["condition.agu.loss=weighted"]),
            "--set condition.agu.loss=weighted: no condition is named `agu`, did you mean `aug`?"
        );
        assert_eq!(
            refused(&["preset=tiny", "reduction.share=1.0"]),
            "--set reduction.share=1.0: reduction.share = 1: must be in [0, 1)"
        );
        assert_eq!(
            refused(&["protocol.leave-speakers-out.folds=2", "protocol.leave-speakers-out.only=[5]"]),
            "--set protocol.leave-speakers-out.folds=2 --set protocol.leave-speakers-out.only=[5]: \
             protocol.leave-speakers-out.only: 5 is not in 1..=2"
        );
        assert!(refused(&["augmentor.frames=100"]).contains("multiple of 32"));
    }
}
