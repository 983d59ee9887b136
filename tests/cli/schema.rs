//! experiments/schema.json, by which editors check specs, agrees with the types of the spec.

use seraug::documents::json_schema::text;
use serde_json::Value;
use std::path::PathBuf;

fn experiments() -> PathBuf {
    seraug_test_support::common::root().join("experiments")
}

/// Every spec in experiments/ with its text.
fn specs() -> Vec<(PathBuf, String)> {
    let files = walkdir::WalkDir::new(experiments()).sort_by_file_name().into_iter().map(Result::unwrap);
    let specs = files.map(|f| f.into_path()).filter(|p| p.extension().is_some_and(|e| e == "toml"));
    specs.map(|p| (p.clone(), std::fs::read_to_string(p).unwrap())).collect()
}

/// Why `value` is not an instance of `schema`. Knows the keywords that the spec's schema has and no others.
#[expect(clippy::too_many_lines, reason = "one keyword of JSON Schema after the other")]
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let no = |why: &str| Some(format!("{at}: {why}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        let found = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" | "required"
            | "examples" => None,
            "if" => {
                let branch = if wrong(root, rule, value, at).is_none() { "then" } else { "else" };
                schema.get(branch).and_then(|s| wrong(root, s, value, at))
            }
            "then" | "else" => None,
            "$ref" => {
                wrong(root, root.pointer(&rule.as_str().unwrap()[1..]).expect("a definition"), value, at)
            }
            "type" => {
                let holds = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    "number" => value.is_number(),
                    "null" => value.is_null(),
                    other => panic!("a type this check does not know: {other}"),
                };
                if holds { None } else { no(&format!("not of type {rule}")) }
            }
            "enum" => {
                if rule.as_array().unwrap().contains(value) {
                    None
                } else {
                    no("none of the words")
                }
            }
            "const" => {
                if rule == value {
                    None
                } else {
                    no("another word")
                }
            }
            "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" => {
                let (found, bound) = (value.as_f64(), rule.as_f64());
                // What is no number is told by its type.
                let holds = found.is_none()
                    || match keyword.as_str() {
                        "minimum" => found >= bound,
                        "exclusiveMinimum" => found > bound,
                        "maximum" => found <= bound,
                        _ => found < bound,
                    };
                if holds { None } else { no("beyond its bounds") }
            }
            "oneOf" | "anyOf" => {
                let fits =
                    rule.as_array().unwrap().iter().filter(|s| wrong(root, s, value, at).is_none()).count();
                if fits == 1 || keyword == "anyOf" && fits > 0 { None } else { no("fits no choice") }
            }
            "minLength" | "maxLength" => {
                let letters = value.as_str()?.chars().count() as u64;
                let short = letters < rule.as_u64()?;
                if short == (keyword == "minLength") && letters != rule.as_u64()? {
                    no("too short or too long")
                } else {
                    None
                }
            }
            "minItems" => {
                if value.as_array()?.len() as u64 >= rule.as_u64()? {
                    None
                } else {
                    no("too short")
                }
            }
            "maxItems" => {
                if value.as_array()?.len() as u64 <= rule.as_u64()? {
                    None
                } else {
                    no("too long")
                }
            }
            "items" => value
                .as_array()?
                .iter()
                .enumerate()
                .find_map(|(i, v)| wrong(root, rule, v, &format!("{at}[{i}]"))),
            "properties" | "additionalProperties" => continue,
            other => panic!("a keyword this check does not know: {other}"),
        };
        if found.is_some() {
            return found;
        }
    }
    let missing = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|k| value.get(k.as_str().unwrap()).is_none());
    if let (Some(key), true) = (missing, value.is_object()) {
        return no(&format!("no {key}"));
    }
    value.as_object()?.iter().find_map(|(key, v)| {
        let inside = format!("{at}.{key}");
        match (schema["properties"].get(key), schema.get("additionalProperties")) {
            (Some(property), _) => wrong(root, property, v, &inside),
            (None, Some(Value::Bool(false))) => Some(format!("{inside}: unknown")),
            (None, Some(more)) => wrong(root, more, v, &inside),
            (None, None) => None,
        }
    })
}

/// Why the committed schema refuses `text`.
fn refused(text: &str) -> Option<String> {
    let schema = std::fs::read_to_string(experiments().join("schema.json")).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    wrong(&schema, &schema, &toml::from_str(text).unwrap(), "spec")
}

#[test]
fn the_committed_schema_is_what_the_types_say() {
    let committed = std::fs::read_to_string(experiments().join("schema.json")).unwrap();
    assert!(committed == text(), "experiments/schema.json is not what the spec's types say: run `just docs`");
}

#[test]
fn every_shipped_spec_is_valid_and_names_the_schema() {
    let specs = specs();
    assert!(!specs.is_empty());
    for (path, text) in specs {
        assert_eq!(refused(&text), None, "{}", path.display());
        let named =
            text.lines().next().and_then(|l| l.strip_prefix("#:schema ")).expect("a first line for editors");
        let named = path.parent().unwrap().join(named).canonicalize().unwrap();
        assert_eq!(named, experiments().join("schema.json").canonicalize().unwrap(), "{}", path.display());
    }
}

/// What a spec calls each generator.
pub(crate) fn generators() -> Vec<String> {
    let schema: Value = serde_json::from_str(&text()).unwrap();
    let variants = schema["$defs"]["Augment"]["oneOf"].as_array().unwrap();
    let names = variants.iter().filter_map(|v| v["properties"].as_object()?.keys().next().cloned());
    names.collect()
}

/// What a new generator needs beside its code; CONTRIBUTING.md, "One more rival", has the whole list.
#[test]
fn every_generator_is_where_generators_are_told_of() {
    let read = |name: &str| std::fs::read_to_string(experiments().join("..").join(name)).unwrap();
    let (augment, fidelity) = (read("docs/augment.md"), read("FIDELITY.md").to_lowercase().replace('-', ""));
    let rows = augment.lines().skip_while(|l| !l.starts_with("| generator | what it needs"));
    let rows: Vec<&str> =
        rows.take_while(|l| l.starts_with('|')).filter_map(|l| l.split('|').nth(1)).collect();
    let specs: Vec<toml::Value> = specs().iter().map(|(_, text)| toml::from_str(text).unwrap()).collect();
    let conditions = specs.iter().filter_map(|spec| spec.get("condition")?.as_array()).flatten();
    let augments: Vec<&toml::Value> = conditions.filter_map(|c| c.get("augment")).collect();
    let mut missing = Vec::new();
    for name in generators() {
        let mut needs =
            |there: bool, place: &str| missing.extend((!there).then(|| format!("{place}: no {name}")));
        let row = rows.iter().any(|row| row.split(',').any(|word| word.trim() == name));
        needs(row, "docs/augment.md, the table \"what it needs\"");
        needs(fidelity.contains(&name.replace('-', "")), "FIDELITY.md, a row or a paragraph");
        needs(augments.iter().any(|a| a.get(&name).is_some()), "experiments/, a condition");
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_misspelt_field_or_variant_is_invalid() {
    let (_, text) = specs().into_iter().find(|(p, _)| p.ends_with("quickstart.toml")).unwrap();
    for (from, to, why) in [
        ("corpus = ", "corpsu = ", "spec.corpsu: unknown"),
        ("title = ", "titel = \"x\"\ntitle = ", "spec.titel: unknown"),
        ("share = 0.8", "share = 0.8\nkeeep = []", "reduction"),
        ("\"sad\"", "\"\"", "classes.sad[0]: too short"),
        ("leave-speakers-out", "leave-speaker-out", "protocol"),
        ("folds = 5", "folds = -5", "protocol"),
        ("preset = \"tiny\"", "preset = \"smal\"", "preset"),
        ("[protocol", "[classifier]\nbetas = [0.5]\n[protocol", "classifier.betas: too short"),
        ("title = \"Quickstart", "title = 3 # \"", "title"),
        ("folds = 5", "folds = 10001", "protocol"),
        ("[protocol", "[classifier]\nepochs = 100001\n[protocol", "classifier.epochs: beyond its bounds"),
        (
            "[protocol",
            "[classifier]\nbetas = [0.5, 1.0]\n[protocol",
            "classifier.betas[1]: beyond its bounds",
        ),
        ("seeds = [1]", "seeds = []", "spec.seeds: too short"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = refused(&text.replacen(from, to, 1)).unwrap_or_else(|| panic!("{to} is taken"));
        assert!(found.contains(why), "{to}: {found}");
    }
}

#[test]
fn a_misspelt_row_or_list_is_invalid() {
    let row = "title = \"t\"\n[[count]]\ntitle = \"a\"\ncorpus = \"emodb\"\nlanguage = \"German\"\n";
    assert_eq!(refused(row), None);
    assert_eq!(refused(&row.replace("language", "langauge")).unwrap(), "spec.count[0]: no \"language\"");
    let list = "title = \"t\"\nexperiments = [\"a\"]\n";
    assert_eq!(refused(list), None);
    assert_eq!(refused(&format!("{list}x = 1")).unwrap(), "spec.x: unknown");
}

#[test]
fn every_field_says_what_it_is() {
    let schema: Value = serde_json::from_str(&text()).unwrap();
    let mut silent = Vec::new();
    let types = schema["$defs"].as_object().unwrap().iter();
    for (name, of) in types.map(|(n, t)| (n.as_str(), t)).chain([("Spec", &schema)]) {
        let fields = of["properties"].as_object().into_iter().flatten();
        silent.extend(fields.filter(|(_, f)| f["description"].is_null()).map(|(f, _)| format!("{name}.{f}")));
    }
    assert!(silent.is_empty(), "{silent:?}");
}
