//! docs/spec.md: every field of an experiment file, read from the JSON Schema of the spec's types. The schema has names,
//! types, bounds, defaults and descriptions; the order of a table's fields is that of its struct.

use super::field_groups::GROUPS;
use super::{cell, json_schema, opening};
use schemars::JsonSchema;
use seraug_core::error::Result;
use seraug_core::spec::{
    self, AddedNoise, Augmentor, Autoencoder, Bagan, BaganTraining, Classifier, Collection, Condition,
    Copies, Count, Counts, CrossLingual, Discriminator, Embedding, Features, FixedSplit, Judge, LatentCodes,
    LatentDiffusion, LatentGan, LeaveOneSessionOut, LeaveSpeakersOut, LeaveTextsOut, LossWeights, Mixup,
    Preset, Published, Reduction, Representation, Slurm, SpecAugment, SplitFile, StarGan, StarGanTraining,
    StarGanWeights, Study, StudyPair, TripletGan, Vgg, Viewmaker, ViewmakerTraining,
};
use serde::Deserializer;
use serde::de::value::Error as NameError;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Write;

const INTRODUCTION: &str = r#"An experiment is one TOML file. This is a whole one; what it does not state has the default of the tables below:

```toml
#:schema ./schema.json
title = "Does copying help on my recordings?"
preset = "tiny"
corpus = "mine"

[classes]
neutral = ["neutral"]
happy = ["happy", "excited"]

[protocol.leave-speakers-out]
folds = 5

[[condition]]
name = "no-aug"

[[condition]]
name = "copies"
augment = { copies = { copies = 4, of = "all" } }
```

- `--set KEY=VALUE` of `run` and `plan` lays one field over the file: `--set augmentor.margin=5`,
  `--set preset=tiny`. A field of a condition is named by the condition: `--set condition.copies.loss=weighted`.
- The first line, `#:schema`, lets an editor check the file and complete names: experiments/schema.json is the same as
  these tables, as JSON Schema (`seraug schema`).
- A wrong field, word or number ends the command with exit code 2 and its line and column, before anything is computed.
- In the column "default", *required* means that the file must state it; "small" and "tiny" are the defaults with that preset.
- A run writes every field with its value to RUN/spec.toml.

| preset | is for |
| :-- | :-- |
| `"tiny"` | tests and the quickstart: the whole path in minutes on two CPU cores. AUG is hardly more than an untrained augmentor there, so its tables say nothing of the method |
| `"small"` | the method's mechanics on two CPU cores: the augmentor moves away from its start, and the representation tells the classes apart |
| `"paper"`, the default | the paper's sizes and 30 000 iterations, for a GPU |

"#;

/// The whole document.
pub fn markdown() -> String {
    FieldsDocument::new().map_or_else(|e| format!("{e}\n"), FieldsDocument::text)
}

/// A table of fields: its heading and its type in the schema.
struct Section {
    heading: String,
    level: usize,
    about: String,
    schema: Value,
    path: String,
    /// The fields that are shown, where not all are.
    only: Option<&'static [&'static str]>,
}

struct FieldsDocument {
    schema: Value,
    order: HashMap<String, &'static [&'static str]>,
    /// The same experiment with each preset, the paper's sizes first, every default written out.
    presets: Vec<(&'static str, toml::Table)>,
    text: String,
}

impl FieldsDocument {
    fn new() -> Result<FieldsDocument> {
        let schema = serde_json::from_str(&json_schema::text()).expect("the schema is JSON");
        let text = opening("The experiment file", "the types in src/core/spec") + INTRODUCTION;
        let presets = Preset::ALL.map(|preset| Ok((preset.name(), resolved(preset.name())?)));
        let presets = presets.into_iter().collect::<Result<_>>()?;
        Ok(FieldsDocument { schema, order: order(), presets, text })
    }

    fn text(mut self) -> String {
        let spec = self.definition("Spec").clone();
        for (title, about, fields) in GROUPS {
            let heading = title.to_owned();
            let (about, schema, path) = (about.to_owned(), spec.clone(), String::new());
            self.section(&Section { heading, level: 2, about, schema, path, only: Some(fields) });
        }
        for (heading, name, about) in [
            (
                "Tables of counts",
                "Counts",
                "A file with `[[count]]` trains nothing: it counts the utterances of corpora, as Table 1 of the paper.",
            ),
            ("Collections", "Collection", "A file with `experiments` runs others, one after the other."),
        ] {
            let (schema, path) = (self.definition(name).clone(), String::new());
            self.section(&Section {
                heading: heading.to_owned(),
                level: 2,
                about: about.to_owned(),
                schema,
                path,
                only: None,
            });
        }
        self.emotions();
        self.text.truncate(self.text.trim_end().len());
        self.text + "\n"
    }

    /// A table, then the tables of the fields that are tables themselves.
    fn section(&mut self, section: &Section) {
        let names = self.names(&section.schema, section.only);
        let properties = section.schema["properties"].as_object().cloned().unwrap_or_default();
        let Section { heading, level, about, path, .. } = section;
        write!(self.text, "{} {heading}\n\n{about}\n\n", "#".repeat(*level)).expect("a string takes it");
        if !names.is_empty() {
            self.text += "| field | type | default | meaning |\n| :-- | :-- | :-- | :-- |\n";
        }
        for name in &names {
            let row = self.row(path, name, &properties[name], &section.schema);
            self.text += &row;
        }
        self.text += "\n";
        for name in &names {
            self.below(path, name, &properties[name], level + 1);
        }
    }

    /// The sections of a field whose value is a table or a list of tables, with headings of `level`.
    fn below(&mut self, parent: &str, name: &str, field: &Value, level: usize) {
        let path = joined(parent, name);
        let (target, is_list) = match &field["items"] {
            Value::Null => (field, false),
            items => (items, true),
        };
        let target = match &field["additionalProperties"] {
            inner @ Value::Object(_) if inner.get("$ref").is_some() => inner,
            _ => target,
        };
        let of = self.resolve(target).clone();
        let key = if target == field || is_list { path.clone() } else { format!("{path}.NAME") };
        if of["type"] == "object" && of.get("properties").is_some() {
            let heading = if is_list { format!("`[[{key}]]`") } else { format!("`[{key}]`") };
            let about = description(&of);
            self.section(&Section { heading, level, about, schema: of, path: key, only: None });
            return;
        }
        for variant in of["oneOf"].as_array().cloned().unwrap_or_default() {
            for (word, inner) in variant["properties"].as_object().into_iter().flatten() {
                let schema = self.resolve(inner).clone();
                let [mut about, more] = [&variant, &schema].map(description);
                if about != more {
                    write!(about, " {more}").expect("a string takes it");
                }
                let path = joined(&key, word);
                let heading = format!("`[{path}]`");
                self.section(&Section { heading, level, about, schema, path, only: None });
            }
        }
    }

    /// Field names of a table in the order of its struct; where that is not known, required ones first.
    fn names(&self, schema: &Value, only: Option<&[&str]>) -> Vec<String> {
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        if let Some(only) = only {
            return only.iter().map(|name| (*name).to_owned()).collect();
        }
        let defs = self.schema["$defs"].as_object().into_iter().flatten();
        let known = defs.filter(|(_, def)| *def == schema).find_map(|(name, _)| self.order.get(name));
        let mut names: Vec<String> = properties.keys().cloned().collect();
        let place = |name: &String| match known {
            Some(order) => order.iter().position(|field| field == name).unwrap_or(order.len()),
            None => usize::from(!is_required(schema, name)),
        };
        names.sort_by_key(place);
        names
    }

    fn row(&self, parent: &str, name: &str, field: &Value, table: &Value) -> String {
        let path = joined(parent, name);
        let mut meaning = description(field);
        let of = self.resolve(field);
        let words = words(of).or_else(|| words(self.resolve(&field["items"])));
        for (word, about) in words.into_iter().flatten() {
            write!(meaning, "<br>`\"{word}\"`: {}", about).expect("a string takes it");
        }
        if let Some(row) =
            description(of).split("FIDELITY.md row \"").nth(1).and_then(|r| r.split('"').next())
        {
            write!(meaning, "<br>[FIDELITY.md](../FIDELITY.md): {row}").expect("a string takes it");
        }
        let meaning = cell(&meaning).replace("&lt;br>", "<br>");
        let default =
            if is_required(table, name) { "*required*".to_owned() } else { self.default(&path, field) };
        format!("| `{name}` | {} | {default} | {meaning} |\n", self.kind(&path, field))
    }

    /// The default of the paper's sizes, and those of the other presets where they differ from it.
    fn default(&self, path: &str, field: &Value) -> String {
        let mut stated = match &field["default"] {
            Value::Null if field.get("anyOf").is_some() => "absent".to_owned(),
            Value::Null => "see there".to_owned(),
            Value::Object(fields) if !fields.is_empty() => return "its own defaults".to_owned(),
            Value::Object(_) => "`{}`".to_owned(),
            value => format!("`{}`", spaced(value)),
        };
        let paper = value_at(&self.presets[0].1, path);
        for (preset, fields) in &self.presets[1..] {
            let own = value_at(fields, path).filter(|own| paper.as_ref() != Some(own) && !own.is_table());
            if let Some(own) = own.filter(|_| path != "preset") {
                write!(stated, ", {preset}: `{own}`").expect("a string takes it");
            }
        }
        stated
    }

    /// A field's type with its bounds; a link where it is a table of its own.
    fn kind(&self, path: &str, field: &Value) -> String {
        if field.get("anyOf").is_some() || field.get("$ref").is_some() {
            let of = self.resolve(field);
            if words(of).is_some() {
                return "word".to_owned();
            }
            if let Some(choices) = of["anyOf"].as_array() {
                return choices.iter().map(|choice| self.kind(path, choice)).collect::<Vec<_>>().join(" or ");
            }
            let tables =
                of["oneOf"].as_array().into_iter().flatten().filter(|v| v["properties"].is_object()).count();
            let noun = if tables > 1 { format!("one of {tables} tables") } else { "table".to_owned() };
            return format!("[{noun}](#{})", anchor(self.first_heading(path, of)));
        }
        match field["type"].as_str().unwrap_or_default() {
            "array" => self.list(path, field),
            "object" => match self.resolve(&field["additionalProperties"]) {
                of if of.get("properties").is_some() => {
                    format!("table of [tables](#{})", anchor(format!("{path}.NAME")))
                }
                of => format!("table of {}", plural(&self.inner(of))),
            },
            _ => self.inner(field),
        }
    }

    fn list(&self, path: &str, field: &Value) -> String {
        let items = self.resolve(&field["items"]);
        if items.get("properties").is_some() {
            return format!("list of [tables](#{})", anchor(path.to_owned()));
        }
        let of = plural(&self.inner(items));
        match (field["minItems"].as_u64(), field["maxItems"].as_u64()) {
            (Some(least), Some(most)) if least == most => format!("{least} {of}"),
            (Some(1), _) => format!("list of {of}, at least one"),
            _ => format!("list of {of}"),
        }
    }

    /// A type that is no table.
    fn inner(&self, of: &Value) -> String {
        if words(of).is_some() {
            return "word".to_owned();
        }
        if of.get("examples").is_some() {
            return "[emotion](#emotions)".to_owned();
        }
        // An optional value has two types, the other being null.
        match of["type"].as_str().or_else(|| of["type"][0].as_str()).unwrap_or_default() {
            "array" => format!("list of {}", plural(&self.inner(self.resolve(&of["items"])))),
            "boolean" => "`true` or `false`".to_owned(),
            kind @ ("integer" | "number") => format!("{kind}{}", bounds(of)),
            kind => kind.to_owned(),
        }
    }

    /// The path of the section that a link to a table leads to.
    fn first_heading(&self, path: &str, of: &Value) -> String {
        let variants = of["oneOf"].as_array().into_iter().flatten();
        let first = variants.filter_map(|v| v["properties"].as_object()?.keys().next()).next();
        first.map_or(path.to_owned(), |word| joined(path, word))
    }

    /// What a reference leads to; of an optional value, the value.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().or_else(|| schema["anyOf"][0]["$ref"].as_str());
        match reference.and_then(|r| self.schema.pointer(r.trim_start_matches('#'))) {
            Some(definition) => definition,
            None => schema,
        }
    }

    fn definition(&self, name: &str) -> &Value {
        &self.schema["$defs"][name]
    }

    fn emotions(&mut self) {
        let words = self.definition("Emotion")["examples"].as_array().cloned().unwrap_or_default();
        let words: Vec<String> = words.iter().filter_map(|w| Some(format!("`{}`", w.as_str()?))).collect();
        write!(
            self.text,
            "## Emotions\n\nAny word that a corpus of the experiment has. Known, with a valence: {}\n",
            words.join(", ")
        )
        .expect("a string takes it");
    }
}

/// Field names in the order of their struct, by the name that the schema gives to the type.
fn order() -> HashMap<String, &'static [&'static str]> {
    fn of<T: DeserializeOwned + JsonSchema>() -> (String, &'static [&'static str]) {
        let mut fields: &'static [&'static str] = &[];
        // It always ends with an error: the names are known by then.
        drop(T::deserialize(FieldNames(&mut fields)));
        (T::schema_name().into_owned(), fields)
    }
    HashMap::from([
        of::<AddedNoise>(),
        of::<Augmentor>(),
        of::<Autoencoder>(),
        of::<Bagan>(),
        of::<BaganTraining>(),
        of::<Classifier>(),
        of::<Collection>(),
        of::<Condition>(),
        of::<Copies>(),
        of::<Count>(),
        of::<Counts>(),
        of::<CrossLingual>(),
        of::<Discriminator>(),
        of::<Embedding>(),
        of::<Features>(),
        of::<FixedSplit>(),
        of::<Judge>(),
        of::<LatentCodes>(),
        of::<LatentDiffusion>(),
        of::<LatentGan>(),
        of::<LeaveOneSessionOut>(),
        of::<LeaveSpeakersOut>(),
        of::<LeaveTextsOut>(),
        of::<LossWeights>(),
        of::<Mixup>(),
        of::<Published>(),
        of::<Reduction>(),
        of::<Representation>(),
        of::<Slurm>(),
        of::<SpecAugment>(),
        of::<SplitFile>(),
        of::<StarGan>(),
        of::<StarGanTraining>(),
        of::<StarGanWeights>(),
        of::<Study>(),
        of::<StudyPair>(),
        of::<TripletGan>(),
        of::<Vgg>(),
        of::<Viewmaker>(),
        of::<ViewmakerTraining>(),
    ])
}

/// Takes the names of the fields that a struct asks for, and gives nothing.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = NameError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> std::result::Result<V::Value, NameError> {
        Err(NameError::custom("only the names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, NameError> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A small experiment with every default written out.
fn resolved(preset: &str) -> Result<toml::Table> {
    let text = "title = \"t\"\ncorpus = \"c\"\nclasses = { a = [\"sad\"], b = [\"happy\"] }\n\
                protocol.leave-speakers-out.folds = 5\ncondition = [{ name = \"a\" }]\n\
                viewmaker = {}\nstargan = {}\nautoencoder = {}\nbagan = {}\nlatent-gan = {}\nlatent-diffusion = {}\n";
    let spec = spec::parse(text, "defaults", &[format!("preset={preset}")])?;
    Ok(toml::from_str(&spec.to_toml()).expect("a resolved spec is TOML"))
}

fn value_at(table: &toml::Table, path: &str) -> Option<toml::Value> {
    let mut parts = path.split('.');
    let first = table.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part)).cloned()
}

fn joined(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn is_required(table: &Value, name: &str) -> bool {
    table["required"].as_array().is_some_and(|required| required.iter().any(|r| r == name))
}

fn description(of: &Value) -> String {
    // Links of rustdoc lead nowhere here.
    of["description"].as_str().unwrap_or_default().replace('\n', " ").replace("[`", "`").replace("`]", "`")
}

/// The words that an enum takes, each with its description; none where it is no enum of words.
fn words(of: &Value) -> Option<Vec<(String, String)>> {
    let variants = of["oneOf"].as_array()?;
    let word = |v: &Value| v["const"].as_str().map(|word| (word.to_owned(), description(v)));
    let words: Vec<(String, String)> = variants.iter().filter_map(word).collect();
    (words.len() == variants.len()).then_some(words)
}

/// `integers, 1 to 10` for `integer, 1 to 10`.
fn plural(kind: &str) -> String {
    match kind.split_once(',') {
        Some((noun, rest)) => format!("{noun}s,{rest}"),
        None if kind == "[emotion](#emotions)" => "[emotions](#emotions)".to_owned(),
        None if kind.starts_with("list of") => kind.replacen("list", "lists", 1),
        None => format!("{kind}s"),
    }
}

/// `, 1 to 1000`, `, above 0 and at most 1`; nothing where any number will do.
fn bounds(of: &Value) -> String {
    let [least, above, most, below] =
        ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"].map(|key| of.get(key).map(number));
    match (least, above, most, below) {
        (Some(least), _, Some(most), _) if least == most => format!(", {least}"),
        (Some(least), _, Some(most), _) => format!(", {least} to {most}"),
        (Some(least), _, _, Some(below)) => format!(", from {least}, below {below}"),
        (_, Some(above), Some(most), _) => format!(", above {above}, at most {most}"),
        (_, Some(above), _, Some(below)) => format!(", above {above}, below {below}"),
        (Some(least), _, _, _) => format!(", at least {least}"),
        _ => String::new(),
    }
}

fn number(value: &Value) -> String {
    match value.as_u64() {
        Some(largest) if largest == i64::MAX as u64 => "2^63 - 1".to_owned(),
        _ => value.to_string().trim_end_matches(".0").to_owned(),
    }
}

/// JSON as TOML has it, with a space after each comma.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            format!("[{}]", values.iter().map(spaced).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => object(fields),
        value => value.to_string(),
    }
}

fn object(fields: &Map<String, Value>) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name} = {}", spaced(value))).collect();
    format!("{{ {} }}", fields.join(", "))
}

/// The anchor that a heading of code gets.
fn anchor(heading: String) -> String {
    heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}
