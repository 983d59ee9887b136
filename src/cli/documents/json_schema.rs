//! The JSON Schema of an experiment file, from the types of a spec.

use schemars::generate::SchemaSettings;
use seraug_core::spec::{Collection, Counts, Spec};
use serde_json::json;

/// The schema (draft 2020-12) as indented JSON: of a collection where the file has `experiments`, of a table of counts
/// where it has `count`, of an experiment elsewhere. Keys are sorted, so equal types give equal text.
pub fn text() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let collection = generator.subschema_for::<Collection>();
    let counts = generator.subschema_for::<Counts>();
    let spec = generator.subschema_for::<Spec>();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "seraug experiment",
        "if": { "required": ["experiments"] },
        "then": collection,
        "else": { "if": { "required": ["count"] }, "then": counts, "else": spec },
        "$defs": generator.definitions(),
    });
    serde_json::to_string_pretty(&schema).expect("a schema is plain data") + "\n"
}
