//! The spec of the model that is trained on everything, once the protocol has said how good such models are.

use super::{Protocol, Spec, TargetShare};
use crate::error::{Error, Result};
use crate::suggest::hint;

impl Spec {
    /// This experiment with one condition and its last seed, trained on every utterance of its folds: what `seraug train-final` runs.
    ///
    /// # Errors
    /// A condition that the spec lacks, or none where it has several; one that trains on a part of the target.
    pub fn on_everything(&self, condition: Option<&str>) -> Result<Spec> {
        let names = || self.condition.iter().map(|c| c.name.as_str());
        let listed = || names().collect::<Vec<_>>().join(", ");
        let named = match condition {
            Some(name) => self.condition.iter().find(|c| c.name == name).ok_or_else(|| {
                Error::usage(format!("--condition {name}: not in the spec{}", hint(name, names())))
            })?,
            None if self.condition.len() == 1 => &self.condition[0],
            None => return Err(Error::usage(format!("name a condition with --condition: {}", listed()))),
        };
        if named.target == TargetShare::Low {
            return Err(Error::usage(format!(
                "--condition {}: target = \"low\" leaves a part of the target out on purpose; name a condition that has all of it",
                named.name
            )));
        }
        let mut spec = self.clone();
        spec.title = format!("{}: {}, trained on everything", self.title, named.label());
        let mut named = named.clone();
        // It is the only one, and there is nothing to compare or to judge.
        named.baseline.clear();
        named.published.clear();
        spec.condition = vec![named];
        spec.seeds = self.seeds.last().copied().into_iter().collect();
        spec.train_on_all = true;
        spec.note.clear();
        spec.counterpart.clear();
        spec.published.clear();
        (spec.embedding, spec.judge) = (None, None);
        match &mut spec.protocol {
            Protocol::LeaveOneSessionOut(p) => p.only.clear(),
            Protocol::LeaveSpeakersOut(p) => p.only.clear(),
            Protocol::LeaveTextsOut(p) => p.only.clear(),
            Protocol::SplitFile(p) => p.only.clear(),
            Protocol::CrossLingual(p) => p.only.clear(),
            Protocol::FixedSplit(_) | Protocol::Scored(_) => {}
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::parse;

    const SPEC: &str = r#"title = "t"
corpus = "emodb"
seeds = [4, 7]
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out = { folds = 5, only = [2] }
reduction = { share = 0.8, keep = ["neutral"] }
[[condition]]
name = "no-aug"
[[condition]]
name = "copies"
title = "Copies"
baseline = "no-aug"
augment.copies.copies = 4
"#;

    #[test]
    fn it_has_one_condition_and_the_last_seed_and_can_be_read_again() {
        let spec = parse(SPEC, "x.toml", &[]).unwrap();
        let all = spec.on_everything(Some("copies")).unwrap();
        assert_eq!(
            (all.title.as_str(), all.seeds.as_slice()),
            ("t: Copies, trained on everything", &[7][..])
        );
        assert_eq!(parse(&all.to_toml(), "y.toml", &[]).unwrap(), all);
        assert!(all.train_on_all && all.protocol.only().is_empty() && all.reduction == spec.reduction);
    }

    #[test]
    fn a_shortage_that_is_made_is_no_final_model() {
        let text = r#"title = "t"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.cross-lingual = { sources = ["emodb"], targets = ["emovo"] }
[[condition]]
name = "lt"
target = "low"
"#;
        let e = parse(text, "x.toml", &[]).unwrap().on_everything(None).unwrap_err().to_string();
        assert!(e.contains("--condition lt: target = \"low\""), "{e}");
    }

    #[test]
    fn a_condition_must_be_named_where_there_are_several() {
        let spec = parse(SPEC, "x.toml", &[]).unwrap();
        let of = |name| spec.on_everything(name).unwrap_err().to_string();
        assert!(of(None).contains("name a condition with --condition: no-aug, copies"), "{}", of(None));
        assert!(of(Some("copie")).contains("did you mean `copies`"), "{}", of(Some("copie")));
    }
}
