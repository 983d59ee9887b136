//! The differences between two specs, in terms of the file that a user writes.

use super::keys;
use seraug_core::spec::difference::{Change, compare};
use seraug_core::spec::{Condition, Loss, Spec};
use serde_json::{Map, Value};

/// The changes that matter to a condition, each as `augmentor.iterations 30000 → 40000`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Changes {
    /// Changes of fields that its autoencoder reads.
    pub(super) autoencoder: Vec<String>,
    /// Changes of fields that its augmentor reads.
    pub(super) augmentor: Vec<String>,
    /// Changes of fields that its classifier reads.
    pub(super) classifier: Vec<String>,
    /// Changes of fields that decide the utterances of both.
    pub(super) data: Vec<String>,
}

/// Fields that decide which utterances an experiment has and how they are split into folds.
const DATA: [&str; 8] =
    ["corpus", "languages", "languages-of", "label", "classes", "valence", "protocol", "reduction"];

/// The changes from `old` to `new` for the condition `name`; none where one of them lacks the condition.
pub(super) fn changes(old: &Spec, new: &Spec, name: &str) -> Changes {
    let condition = |spec: &Spec| spec.condition.iter().find(|c| c.name == name).cloned();
    let (Some(before), Some(now)) = (condition(old), condition(new)) else { return Changes::default() };
    let mut written = Vec::new();
    compare(&as_written(old, &before), &as_written(new, &now), &mut Vec::new(), &mut written);
    let order = |spec: &Spec| spec.class_names().join(", ");
    if order(old) != order(new) && written.iter().all(|c| c.path[0] != "classes") {
        let [from, to] = [old, new].map(|s| Value::String(order(s)));
        written.push(Change { path: vec!["classes".into()], from, to });
    }
    let read = |stage: usize| -> Vec<Vec<String>> {
        let [before, now_reads] = [keys::reads(old, &before), keys::reads(new, &now)];
        let mut differ = Vec::new();
        match (&before[stage], &now_reads[stage]) {
            (Value::Null, Value::Null) => {}
            (Value::Null, _) | (_, Value::Null) => differ.push(augment(&now, &[])),
            (b, n) => {
                let mut found = Vec::new();
                compare(b, n, &mut Vec::new(), &mut found);
                differ.extend(found.iter().map(|c| field(stage, &c.path, &now)));
            }
        }
        differ
    };
    let kind = kind(&now);
    let (autoencoder, mut augmentor, mut classifier) = (read(0), read(1), read(2));
    if kind == "triplet-gan" {
        // What it decides is spread over the key.
        augmentor.push(augment(&now, &[&kind, "trained"]));
    }
    // `of` is not in the key, which has the utterances that it chooses.
    classifier.push(augment(&now, &[&kind, "of"]));
    let of = |paths: &[Vec<String>]| -> Vec<String> {
        written.iter().filter(|c| paths.iter().any(|p| related(p, &c.path))).map(Change::to_string).collect()
    };
    let sees = |path: &[String]| path.last().is_some_and(|p| p == "augmentor-sees");
    let data = |c: &&Change| {
        let own =
            c.path[0] == "condition" && c.path.last().is_some_and(|p| p == "target" || p == "unreduced");
        let left_out = sees(&c.path) || c.path.last().is_some_and(|p| p == "only");
        own || (DATA.contains(&c.path[0].as_str()) && !left_out)
    };
    let mut changes = Changes {
        autoencoder: of(&autoencoder),
        augmentor: of(&augmentor),
        classifier: of(&classifier),
        data: written.iter().filter(data).map(Change::to_string).collect(),
    };
    let [autoencoder, augmentor, _] = keys::reads(new, &now);
    for (read, of) in [(autoencoder, &mut changes.autoencoder), (augmentor, &mut changes.augmentor)] {
        if !read.is_null() {
            of.extend(written.iter().filter(|c| sees(&c.path)).map(Change::to_string));
        }
    }
    changes
}

/// A spec with a single condition, which is found by its name.
fn as_written(spec: &Spec, condition: &Condition) -> Value {
    let plain = "a spec is plain data";
    let mut value = serde_json::to_value(spec).expect(plain);
    let own = serde_json::to_value(condition).expect(plain);
    let named: Map<String, Value> = [(condition.name.clone(), own)].into_iter().collect();
    value["condition"] = Value::Object(named);
    value
}

/// The field of a spec that the input `path` of a stage (its place among the stages) comes from.
fn field(stage: usize, path: &[String], condition: &Condition) -> Vec<String> {
    let rest: Vec<&str> = path.iter().map(String::as_str).collect();
    match (stage, rest.as_slice()) {
        (1, ["losses", ..]) => augment(condition, &["triplet-gan", "losses"]),
        (1, ["settings", rest @ ..]) => augment(condition, &[&[kind(condition).as_str()], rest].concat()),
        (1, ["augment", rest @ ..]) => augment(condition, rest),
        // The keys of earlier stages within the inputs of a later one.
        (1, ["autoencoder"]) | (2, ["augmentor" | "autoencoder", ..]) => augment(condition, &[]),
        (2, ["augment", rest @ ..]) => augment(condition, rest),
        (2, ["copies", ..]) => augment(condition, &[&kind(condition), "copies"]),
        (2, ["loss_number"]) => match condition.loss {
            Loss::Focal => of_condition(condition, &["gamma"]),
            _ => of_condition(condition, &["tau"]),
        },
        (2, [own @ ("loss" | "sampling"), ..]) => of_condition(condition, &[own]),
        _ => path.to_vec(),
    }
}

/// The name of a condition's augmentation, such as `triplet-gan` or `none`.
fn kind(condition: &Condition) -> String {
    match serde_json::to_value(&condition.augment) {
        Ok(Value::Object(o)) => o.keys().next().cloned().unwrap_or_default(),
        Ok(Value::String(s)) => s,
        _ => String::new(),
    }
}

fn augment(condition: &Condition, rest: &[&str]) -> Vec<String> {
    of_condition(condition, &[&["augment"], rest].concat())
}

fn of_condition(condition: &Condition, rest: &[&str]) -> Vec<String> {
    [&["condition", condition.name.as_str()], rest].concat().into_iter().map(str::to_owned).collect()
}

/// Whether one of two paths is a prefix of the other.
fn related(a: &[String], b: &[String]) -> bool {
    std::iter::zip(a, b).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec::parse;

    const SPEC: &str = r#"title = "t"
corpus = "emodb"
classes = { neutral = ["neutral"], angry = ["angry"], sad = ["sad"] }
protocol.leave-speakers-out.folds = 5
reduction = { share = 0.8, keep = ["neutral"] }
[[condition]]
name = "no-aug"
[[condition]]
name = "copies"
augment.copies.copies = 4
[[condition]]
name = "noise"
augment.noise = {}
[[condition]]
name = "model"
augment.triplet-gan.losses = ["model"]
[[condition]]
name = "aug"
augment.triplet-gan = {}
"#;

    fn with(sets: &[&str]) -> Spec {
        parse(SPEC, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    /// Changes of augmentor, classifier and data for `condition` when `sets` are laid over the spec.
    fn of(sets: &[&str], condition: &str) -> [Vec<String>; 3] {
        let Changes { augmentor, classifier, data, .. } = changes(&with(&[]), &with(sets), condition);
        [augmentor, classifier, data]
    }

    fn lists(expected: [&[&str]; 3]) -> [Vec<String>; 3] {
        expected.map(|list| list.iter().map(|s| (*s).to_owned()).collect())
    }

    #[test]
    fn a_stage_reports_changes_of_the_fields_that_it_reads_and_no_others() {
        let iterations = "augmentor.iterations 30000 → 40000";
        let epochs = "classifier.epochs 30 → 31";
        let sets = ["augmentor.iterations=40000", "classifier.epochs=31", "title=x", "seeds=[1,2]"];
        assert_eq!(of(&sets, "aug"), lists([&[iterations], &[epochs], &[]]));
        assert_eq!(of(&sets, "no-aug"), lists([&[], &[epochs], &[]]));
        assert_eq!(of(&["features.mel-scale=htk"], "model")[0], ["features.mel-scale slaney → htk"]);
        // L_BAL's weight is read where L_BAL is trained with; a change of the losses changes no weight.
        assert_eq!(of(&["augmentor.weights.bal=0.3"], "aug")[0], ["augmentor.weights.bal 8.0 → 0.3"]);
        assert_eq!(of(&["augmentor.weights.bal=0.3"], "model"), lists([&[], &[], &[]]));
        assert_eq!(
            of(&["condition.model.augment.triplet-gan.losses=[\"model\", \"bal\"]"], "model"),
            lists([&["condition.model.augment.triplet-gan.losses [model] → [model, bal]"], &[], &[]])
        );
        assert_eq!(of(&["classifier.log-every=7"], "aug"), lists([&[], &[], &[]]));
        let bf16 = "precision f32 → bf16";
        assert_eq!(of(&["precision=bf16"], "aug"), lists([&[bf16], &[bf16], &[]]));
        assert_eq!(of(&["precision=bf16"], "no-aug"), lists([&[], &[bf16], &[]]));
        assert_eq!(of(&["condition.aug.loss=weighted"], "aug")[1], ["condition.aug.loss plain → weighted"]);
    }

    #[test]
    fn an_augmentation_is_named_as_it_is_written() {
        assert_eq!(
            of(&["condition.noise.augment.noise.snr-db=[5.0, 21.0]"], "noise")[1],
            ["condition.noise.augment.noise.snr-db [5.0, 20.0] → [5.0, 21.0]"]
        );
        let copies = ["condition.copies.augment.copies.copies=8", "condition.copies.augment.copies.of=all"];
        assert_eq!(
            of(&copies, "copies")[1],
            [
                "condition.copies.augment.copies.copies 4 → 8",
                "condition.copies.augment.copies.of reduced → all"
            ]
        );
        let gan = ["condition.copies.augment={ triplet-gan = { copies = 2 } }"];
        let change = "condition.copies.augment copies → triplet-gan";
        assert_eq!(of(&gan, "copies"), lists([&[change], &[change], &[]]));
        assert_eq!(of(&["condition.no-aug.augment.mixup.alpha=0.2"], "no-aug")[1].len(), 1);
        let trained = ["condition.aug.augment.triplet-gan.trained=false"];
        let change = "condition.aug.augment.triplet-gan.trained none → false";
        assert_eq!(of(&trained, "aug"), lists([&[change], &[], &[]]));
    }

    #[test]
    fn what_decides_the_data_is_told_apart() {
        let sets = ["reduction.share=0.5", "protocol.leave-speakers-out.only=[1]"];
        assert_eq!(of(&sets, "aug"), lists([&[], &[], &["reduction.share 0.8 → 0.5"]]));
        let fixed = ["protocol={ fixed-split = {} }"];
        assert_eq!(of(&fixed, "no-aug")[2], ["protocol leave-speakers-out → fixed-split"]);
        let more =
            ["classes={ neutral = [\"neutral\"], angry = [\"angry\", \"frustrated\"], sad = [\"sad\"] }"];
        assert_eq!(of(&more, "no-aug")[2], ["classes.angry [angry] → [angry, frustrated]"]);
        let order = ["classes={ angry = [\"angry\"], neutral = [\"neutral\"], sad = [\"sad\"] }"];
        assert_eq!(of(&order, "no-aug")[2], ["classes neutral, angry, sad → angry, neutral, sad"]);
        assert_eq!(of(&["languages=[\"de\"]"], "no-aug")[2], ["languages [] → [de]"]);
    }
}
