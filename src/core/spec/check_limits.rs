//! Checks the numbers and lists of a spec against the bounds that its JSON Schema states.

use super::located_error::{CheckResult, FieldPath, LocatedError};
use super::{Collection, Counts, Spec};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value as Schema;
use std::sync::LazyLock;
use toml::Value;

static SPEC: LazyLock<Schema> = LazyLock::new(schema::<Spec>);
static COUNTS: LazyLock<Schema> = LazyLock::new(schema::<Counts>);
static COLLECTION: LazyLock<Schema> = LazyLock::new(schema::<Collection>);

fn schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

impl Spec {
    /// Finds the first number or list that is out of bounds. NaN is out of all bounds.
    pub(super) fn check_limits(&self) -> CheckResult {
        of(self, &SPEC)
    }
}

impl Counts {
    /// As [`Spec::check_limits`].
    pub(super) fn check_limits(&self) -> CheckResult {
        of(self, &COUNTS)
    }
}

impl Collection {
    /// As [`Spec::check_limits`].
    pub(super) fn check_limits(&self) -> CheckResult {
        of(self, &COLLECTION)
    }
}

fn of(file: &impl Serialize, schema: &Schema) -> CheckResult {
    let value =
        Value::try_from(file).map_err(|e| LocatedError { key: FieldPath::top(), message: e.to_string() })?;
    BoundsWalk { root: schema }.check(schema, &value, &FieldPath::top())
}

struct BoundsWalk<'a> {
    root: &'a Schema,
}

impl<'a> BoundsWalk<'a> {
    fn check(&self, schema: &'a Schema, value: &Value, key: &FieldPath) -> CheckResult {
        let schema = self.resolved(schema, value);
        match value {
            Value::Integer(n) => number(schema, *n as f64, &n.to_string(), key),
            Value::Float(v) => number(schema, *v, &v.to_string(), key),
            Value::Array(items) => {
                length(schema, items.len(), key)?;
                let each = &schema["items"];
                items.iter().enumerate().try_for_each(|(i, item)| {
                    let name = ["name", "title"].iter().find_map(|n| item.get(n)?.as_str());
                    self.check(each, item, &key.element(i, name.unwrap_or_default()))
                })
            }
            Value::Table(table) => table.iter().try_for_each(|(name, item)| {
                let field = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                self.check(field, item, &key.field(name))
            }),
            Value::String(_) | Value::Boolean(_) | Value::Datetime(_) => Ok(()),
        }
    }

    /// The schema that a reference or a choice stands for, of several the one that has the table's field.
    fn resolved(&self, mut schema: &'a Schema, value: &Value) -> &'a Schema {
        let field = value.as_table().and_then(|t| t.keys().next());
        loop {
            let next = match (&schema["$ref"], schema["oneOf"].as_array().or(schema["anyOf"].as_array())) {
                (Schema::String(place), _) => self.root.pointer(place.trim_start_matches('#')),
                (_, Some(choices)) => choices.iter().find(|choice| match field {
                    Some(field) => !choice["$ref"].is_null() || !choice["properties"][field].is_null(),
                    None => !choice["$ref"].is_null(),
                }),
                _ => None,
            };
            match next {
                Some(next) => schema = next,
                None => return schema,
            }
        }
    }
}

fn number(schema: &Schema, value: f64, shown: &str, key: &FieldPath) -> CheckResult {
    let bound = |name: &str| schema[name].as_f64();
    let bounds = [bound("minimum"), bound("exclusiveMinimum"), bound("maximum"), bound("exclusiveMaximum")];
    let [low, above, high, below] = bounds;
    // NaN compares with nothing.
    let fits = low.is_none_or(|b| value >= b)
        && above.is_none_or(|b| value > b)
        && high.is_none_or(|b| value <= b)
        && below.is_none_or(|b| value < b);
    if fits && value.is_finite() {
        return Ok(());
    }
    let expected = match bounds {
        [Some(low), None, Some(high), None] if low == high => format!("{low}"),
        [Some(low), None, Some(high), None] => format!("{low} to {high}"),
        [Some(low), None, None, Some(below)] => format!("in [{low}, {below})"),
        [None, Some(above), None, Some(below)] => format!("in ({above}, {below})"),
        [None, Some(above), Some(high), None] => format!("above {above} and at most {high}"),
        _ => "a finite number".to_owned(),
    };
    Err(LocatedError { key: key.clone(), message: format!("= {shown}: must be {expected}") })
}

fn length(schema: &Schema, found: usize, key: &FieldPath) -> CheckResult {
    let bound = |name: &str, otherwise| schema[name].as_u64().map_or(otherwise, |n| n as usize);
    let (least, most) = (bound("minItems", 0), bound("maxItems", usize::MAX));
    let message = match found {
        n if n < least => format!("at least {least} {} needed", if least == 1 { "is" } else { "are" }),
        n if n > most => format!("has {n} entries: at most {most}"),
        _ => return Ok(()),
    };
    Err(LocatedError { key: key.clone(), message })
}

#[cfg(test)]
mod tests {
    use super::super::limits::percent;
    use super::*;
    use serde_json::json;

    /// Every number in a schema, by its place, without both bounds.
    fn unbounded(schema: &Schema, place: &str, found: &mut Vec<String>) {
        let is_number = matches!(schema["type"].as_str(), Some("integer" | "number"));
        let has = |names: [&str; 2]| names.iter().any(|n| schema[n].is_number());
        if is_number && !(has(["minimum", "exclusiveMinimum"]) && has(["maximum", "exclusiveMaximum"])) {
            found.push(place.to_owned());
        }
        match schema {
            Schema::Object(fields) => {
                let fields = fields.iter().filter(|(name, _)| *name != "default");
                fields.for_each(|(name, s)| unbounded(s, &format!("{place}/{name}"), found));
            }
            Schema::Array(items) => items.iter().for_each(|s| unbounded(s, place, found)),
            _ => {}
        }
    }

    #[test]
    fn every_number_of_every_kind_of_file_has_two_bounds() {
        let mut found = Vec::new();
        unbounded(&SPEC, "spec", &mut found);
        unbounded(&COUNTS, "counts", &mut found);
        unbounded(&COLLECTION, "collection", &mut found);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_number_that_is_none_is_beyond_all_bounds() {
        let schema = percent();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9, 100.1, 1e308] {
            assert!(number(&schema, value, "x", &FieldPath::top()).is_err(), "{value}");
            assert!(
                value.is_finite() || number(&json!({}), value, "x", &FieldPath::top()).is_err(),
                "{value}"
            );
        }
        for value in [0.0, -0.0, 100.0, 5e-324] {
            assert!(number(&schema, value, "x", &FieldPath::top()).is_ok(), "{value}");
        }
    }
}
