//! Differences between two specs, by the field names of the file.

use super::Spec;
use serde_json::{Map, Value};
use std::fmt;

/// Longest value that is shown.
const SHOWN: usize = 40;

/// A field with its value in one spec and in another.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place: `["augmentor", "iterations"]`.
    pub path: Vec<String>,
    /// In the first.
    pub from: Value,
    /// In the second; null where a spec has no such field.
    pub to: Value,
}

impl Change {
    /// `augmentor.iterations`.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

impl fmt::Display for Change {
    /// `augmentor.iterations 30000 → 40000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.name(), show(&self.from), show(&self.to))
    }
}

/// Every field at which two resolved specs differ, in the order of the file. Conditions are told apart by their names.
pub fn differences(first: &Spec, second: &Spec) -> Vec<Change> {
    let mut found = Vec::new();
    compare(&by_name(first), &by_name(second), &mut Vec::new(), &mut found);
    type ConditionNames = fn(&Spec) -> Vec<&str>;
    let orders: [(&str, ConditionNames); 2] = [
        ("classes", Spec::class_names),
        ("condition", |spec| spec.condition.iter().map(|c| c.name.as_str()).collect()),
    ];
    for (field, names) in orders {
        // A table knows no order; what is in both but in another order differs all the same.
        if names(first) != names(second) && found.iter().all(|c| c.path[0] != field) {
            let [from, to] = [first, second].map(|spec| Value::String(names(spec).join(", ")));
            found.push(Change { path: vec![field.into()], from, to });
        }
    }
    found
}

/// A spec as a value, with a table of conditions in place of their list.
fn by_name(spec: &Spec) -> Value {
    let plain = "a spec is plain data";
    let mut value = serde_json::to_value(spec).expect(plain);
    let named = spec.condition.iter().map(|c| (c.name.clone(), serde_json::to_value(c).expect(plain)));
    value["condition"] = Value::Object(named.collect());
    value
}

/// Adds every leaf at which two values differ. A table that has become one of another kind is a leaf.
pub fn compare(old: &Value, new: &Value, path: &mut Vec<String>, found: &mut Vec<Change>) {
    match (old, new) {
        (Value::Object(o), Value::Object(n)) if o.is_empty() || o.keys().any(|k| n.contains_key(k)) => {
            let added = n.keys().filter(|k| !o.contains_key(*k));
            for key in o.keys().chain(added) {
                path.push(key.clone());
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(&of(o), &of(n), path, found);
                path.pop();
            }
        }
        _ if old == new => {}
        _ => found.push(Change { path: path.clone(), from: old.clone(), to: new.clone() }),
    }
}

/// A value as short as it is still told from others.
pub fn show(value: &Value) -> String {
    let list = |items: Vec<String>, [open, close]: [&str; 2]| format!("{open}{}{close}", items.join(", "));
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::String(s) if s.is_empty() => "\"\"".to_owned(),
        Value::String(s) => s.clone(),
        Value::Array(items) => list(items.iter().map(show).collect(), ["[", "]"]),
        // An alternative of several, such as a protocol.
        Value::Object(o) if o.len() == 1 => o.keys().next().cloned().unwrap_or_default(),
        Value::Object(o) => list(o.iter().map(|(k, v)| format!("{k} = {}", show(v))).collect(), ["{", "}"]),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::parse;

    const SPEC: &str = r#"title = "t"
corpus = "emodb"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 5
[[condition]]
name = "no-aug"
[[condition]]
name = "copies"
augment.copies = { copies = 4, of = "all" }
"#;

    fn of(text: &str, set: &str) -> Vec<String> {
        let [first, second] = [SPEC, text].map(|t| parse(t, "x.toml", &[]).unwrap());
        let second = if set.is_empty() { second } else { parse(text, "x.toml", &[set.to_owned()]).unwrap() };
        differences(&first, &second).iter().map(Change::to_string).collect()
    }

    #[test]
    fn fields_of_a_spec_and_of_its_conditions_are_named() {
        assert!(of(SPEC, "").is_empty());
        assert_eq!(of(SPEC, "augmentor.iterations=7"), ["augmentor.iterations 30000 → 7"]);
        assert_eq!(
            of(SPEC, "condition.copies.augment.copies.copies=8"),
            ["condition.copies.augment.copies.copies 4 → 8"]
        );
        let renamed = of(&SPEC.replace("\"copies\"", "\"more\""), "");
        assert_eq!(renamed.len(), 2, "{renamed:?}");
        assert!(
            renamed[0].starts_with("condition.copies {") && renamed[0].ends_with("→ none"),
            "{renamed:?}"
        );
        let order = SPEC.replace(
            "neutral = [\"neutral\"], angry = [\"angry\"]",
            "angry = [\"angry\"], neutral = [\"neutral\"]",
        );
        assert_eq!(of(&order, ""), ["classes neutral, angry → angry, neutral"]);
    }

    #[test]
    fn long_values_are_cut() {
        let long = show(&Value::from(vec!["neutral"; 20]));
        assert_eq!(long.chars().count(), SHOWN);
        assert!(long.starts_with("[neutral, neutral") && long.ends_with('…'), "{long}");
        assert_eq!(show(&serde_json::json!({ "share": 0.8, "keep": [] })).len(), 24, "all of it");
    }
}
