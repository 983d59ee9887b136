//! From a file, `--set` values and presets to a checked spec.

use super::{Label, Preset, Spec};
use crate::error::{Error, Result};
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
    std::fs::read_to_string(path).map_err(|e| {
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
    spec.check().map_err(|message| Error::usage(format!("{name}: {message}")))?;
    Ok(spec)
}

/// The spec of a file's table with `sets` over it and its preset under it.
fn resolve(mut table: Table, sets: &[String]) -> Result<Spec> {
    for set in sets {
        apply_set(&mut table, set)?;
    }
    let message = |e: toml::de::Error| Error::usage(e.message());
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
    match e.span() {
        None => Error::usage(format!("{name}: {}", e.message())),
        Some(span) => {
            let before = &text[..span.start.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
            Error::usage(format!("{name}:{line}:{column}: {}", e.message()))
        }
    }
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
    let mut at = table;
    let mut steps = steps.into_iter();
    while let Some(step) = steps.next() {
        let next = at.entry(step).or_insert_with(|| Value::Table(Table::new()));
        at = match next {
            Value::Table(t) => t,
            Value::Array(items) => {
                let name = steps.next().unwrap_or(last);
                items
                    .iter_mut()
                    .filter_map(Value::as_table_mut)
                    .find(|t| t.get("name").and_then(Value::as_str) == Some(name))
                    .ok_or_else(|| Error::usage(format!("no {step} is named `{name}`")))?
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

    #[test]
    fn errors_point_at_the_place() {
        let unknown = SMALL.replace("corpus", "corpsu");
        let e = parse(&unknown, "x.toml", &[]).unwrap_err().to_string();
        assert!(e.starts_with("x.toml:2:1: unknown field `corpsu`, expected one of"), "{e}");
        let e = with(&["augmentor.iteratons=3"]).unwrap_err().to_string();
        assert!(e.contains("--set") && e.contains("iteratons"), "{e}");
        assert!(
            with(&["condition.agu.loss=weighted"])
                .unwrap_err()
                .to_string()
                .contains("no condition is named `agu`")
        );
        assert!(with(&["augmentor.frames=100"]).unwrap_err().to_string().contains("multiple of 32"));
    }
}
