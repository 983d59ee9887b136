//! From a file, `--set` values and presets to a checked spec.

use super::fault::{Key, place};
use super::{Label, Preset, Spec};
use crate::error::{Error, Result};
use crate::files;
use crate::nearest::{hint, with_hint};
use std::path::Path;
use toml::{Table, Value};

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
    // First as written, because only that has lines and columns to point at.
    if let Err(e) = toml::from_str::<Spec>(text) {
        return Err(located(&e, text, name));
    }
    let table: Table = toml::from_str(text).map_err(|e| located(&e, text, name))?;
    let spec = resolve(table.clone(), sets).map_err(|e| {
        // Alone, the value that is wrong fails too; the file by itself was read above.
        let culprit = sets.iter().find(|set| resolve(table.clone(), std::slice::from_ref(set)).is_err());
        culprit.map_or(e.clone(), |set| Error::usage(format!("--set {set}: {e}")))
    })?;
    spec.check().map_err(|fault| {
        let found =
            |sets: &[String]| resolve(table.clone(), sets).is_ok_and(|s| s.check().as_ref() == Err(&fault));
        let place = if found(&[]) {
            place(name, text, fault.key.offset(text))
        } else {
            // What the file alone does not say is due to one of the flags, or to all of them together.
            let culprit = sets.iter().find(|set| found(std::slice::from_ref(set)));
            format!("--set {}", culprit.cloned().unwrap_or_else(|| sets.join(" --set ")))
        };
        Error::usage(format!("{place}: {fault}"))
    })?;
    Ok(spec)
}

/// The spec of a file's table with `sets` over it and its preset under it.
fn resolve(mut table: Table, sets: &[String]) -> Result<Spec> {
    for set in sets {
        apply_set(&mut table, set)?;
    }
    let message = |e: toml::de::Error| Error::usage(with_hint(e.message()));
    let preset = table.get("preset").map_or(Ok(Preset::Paper), |v| v.clone().try_into().map_err(message))?;
    let mut resolved = match preset {
        Preset::Paper => Table::new(),
        Preset::Tiny => toml::from_str(TINY).expect("tiny.toml is valid"),
    };
    merge(&mut resolved, table);
    let mut spec: Spec = resolved.try_into().map_err(message)?;
    if spec.label == Label::Valence && spec.classes.is_empty() {
        spec.classes = ["negative", "positive"].map(|c| (c.to_owned(), Vec::new())).into_iter().collect();
    }
    Ok(spec)
}

pub(super) fn located(e: &toml::de::Error, text: &str, name: &str) -> Error {
    let place = place(name, text, e.span().map(|span| span.start));
    Error::usage(format!("{place}: {}", with_hint(e.message())))
}

/// The flag that states `key`, as `--set KEY=VALUE`: the last, whose value counts.
pub(super) fn flag(sets: &[String], key: &Key) -> Option<String> {
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
fn apply_set(table: &mut Table, set: &str) -> Result<()> {
    let (key, text) = set
        .split_once('=')
        .ok_or_else(|| Error::usage("expected KEY=VALUE, such as augmentor.iterations=100"))?;
    // A bare word is a string, so that `preset=tiny` needs no quotes in a shell.
    let value = match toml::from_str::<Table>(&format!("v = {text}")) {
        Ok(mut t) => t.remove("v").expect("just parsed"),
        Err(_) => Value::String(text.to_owned()),
    };
    let mut steps: Vec<&str> = key.trim().split('.').collect();
    let last = steps.pop().filter(|s| !s.is_empty());
    let last = last.ok_or_else(|| Error::usage("the key is empty"))?;
    if steps.iter().any(|s| s.is_empty()) {
        return Err(Error::usage("the key has an empty part"));
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
                    Error::usage(format!("no {step} is named `{name}`{}", hint(name, known)))
                })?
            }
            _ => return Err(Error::usage(format!("`{step}` is a value, not a table"))),
        };
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Augment, GanLoss};

    const SMALL: &str = r#"title = "t"
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
        parse(SMALL, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
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
    fn a_resolved_spec_reads_back_equal() {
        let spec = with(&["preset=tiny"]).unwrap();
        assert_eq!(parse(&spec.to_toml(), "spec.toml", &[]).unwrap(), spec);
    }

    /// The error of the text with `from` replaced by `to`.
    fn refused(from: &str, to: &str) -> String {
        assert!(SMALL.contains(from), "{from}");
        parse(&SMALL.replace(from, to), "x.toml", &[]).unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_word_is_pointed_at_and_put_right() {
        assert_eq!(refused("corpus", "corpsu"), "x.toml:2:1: unknown field `corpsu`, did you mean `corpus`?");
        assert_eq!(
            refused("triplet-gan", "triplet_gan"),
            "x.toml:10:9: unknown variant `triplet_gan`, did you mean `triplet-gan`?"
        );
        assert_eq!(
            refused("[\"angry\"]", "[\"anger\"]"),
            "x.toml:3:44: unknown emotion `anger`, did you mean `angry`?"
        );
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
        assert!(e.starts_with("x.toml:5:23: invalid type: string \"much\""), "{e}");
        // The default of `of` is what is wrong; the text has the augmentation.
        let e = refused("reduction = { share = 0.8, keep = [\"neutral\"] }\n", "");
        assert!(e.starts_with("x.toml:9:9: condition.aug.augment.triplet-gan.of = \"reduced\", but"), "{e}");
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
