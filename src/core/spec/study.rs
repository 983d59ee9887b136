//! A study: which differences a collection pools over the corpora of its experiments.

use super::located_error::{CheckResult, FieldPath, LocatedError, at, need};
use super::{ReductionMode, Spec, load};
use crate::error::{Error, Result};
use crate::suggest::hint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which differences are pooled over the corpora of the experiments, one corpus an experiment. It is written before the first
/// run, so that what is tested does not depend on what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Study {
    /// Percentage points: a difference smaller than this in size counts as none.
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    pub equivalence: f64,
    /// What the study is about. Holm's correction is over these comparisons, also where some have no result.
    #[schemars(length(min = 1, max = 20))]
    pub primary: Vec<StudyPair>,
    /// Told after the primary ones, with a correction of their own.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub secondary: Vec<StudyPair>,
}

/// A comparison of a study: `condition` less `baseline`, in every experiment that has both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StudyPair {
    /// Name of a condition.
    pub condition: String,
    /// Name of the condition that it is compared with.
    pub baseline: String,
}

impl StudyPair {
    /// Whether an experiment has both conditions.
    pub fn is_in(&self, spec: &Spec) -> bool {
        let has = |name: &String| spec.condition.iter().any(|c| c.name == *name);
        has(&self.condition) && has(&self.baseline)
    }
}

impl Study {
    /// Checks the study against its experiments, each a name with its file.
    ///
    /// # Errors
    /// `told` of the first thing that is wrong in the collection's file; as [`super::load`] for an experiment.
    pub(super) fn check(
        &self,
        experiments: &[(&str, PathBuf)],
        told: impl Fn(LocatedError) -> Error,
    ) -> Result<()> {
        let mut members: Vec<(&str, Spec)> = Vec::new();
        for (i, (name, path)) in experiments.iter().enumerate() {
            let here = at("experiments").element(i, "");
            let text = load::read(path)?;
            let table: toml::Table = toml::from_str(&text).unwrap_or_default();
            let other = [("experiments", "a collection"), ("count", "a table of counts")];
            let other = other.iter().find(|(key, _)| table.contains_key(*key));
            need(other.is_none(), &here, || {
                format!("`{name}` is {}, and a [study] takes experiments", other.map_or("", |o| o.1))
            })
            .map_err(&told)?;
            let spec = load::parse(&text, &path.display().to_string(), &[])?;
            check_member(&here, (*name, &spec), &members).map_err(&told)?;
            members.push((*name, spec));
        }
        self.check_pairs(&members).map_err(told)
    }

    fn check_pairs(&self, members: &[(&str, Spec)]) -> CheckResult {
        let mut names: Vec<&str> =
            members.iter().flat_map(|(_, s)| &s.condition).map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut seen: Vec<[&str; 2]> = Vec::new();
        for (field, pairs) in [("primary", &self.primary), ("secondary", &self.secondary)] {
            for (i, pair) in pairs.iter().enumerate() {
                let here = at("study").field(field).element(i, "");
                for (field, name) in [("condition", &pair.condition), ("baseline", &pair.baseline)] {
                    need(names.contains(&name.as_str()), here.field(field), || {
                        format!("no experiment has a condition `{name}`{}", hint(name, names.iter().copied()))
                    })?;
                }
                let (condition, baseline) = (&pair.condition, &pair.baseline);
                need(condition != baseline, here.field("baseline"), || {
                    format!("`{baseline}` is compared with itself")
                })?;
                need(members.iter().any(|(_, spec)| pair.is_in(spec)), &here, || {
                    format!("no experiment has both `{condition}` and `{baseline}`")
                })?;
                let mut both = [condition.as_str(), baseline.as_str()];
                both.sort_unstable();
                need(!seen.contains(&both), &here, || {
                    format!("`{condition}` and `{baseline}` are compared already")
                })?;
                seen.push(both);
            }
        }
        Ok(())
    }
}

/// Checks that the results of an experiment are of the same kind as those of the ones `before` it, and of another corpus.
fn check_member(here: &FieldPath, (name, spec): (&str, &Spec), before: &[(&str, Spec)]) -> CheckResult {
    let corpora = spec.corpora();
    need(corpora.len() == 1, here, || {
        format!(
            "`{name}` is about {} corpora ({}), and a [study] pools experiments of one corpus each",
            corpora.len(),
            corpora.join(", ")
        )
    })?;
    for (other, known) in before {
        need(!shares_recordings(spec, known), here, || {
            format!("`{name}` and `{other}` are both of {}: a corpus counts once", corpora[0])
        })?;
    }
    if let Some((other, known)) = before.first() {
        need(quantity(spec) == quantity(known), here, || {
            format!(
                "`{name}` is compared in the {} and `{other}` in the {}: they cannot be pooled",
                quantity(spec),
                quantity(known)
            )
        })?;
    }
    Ok(())
}

/// Whether two experiments of one corpus may use the same recordings; they do not where each keeps other languages.
fn shares_recordings(first: &Spec, second: &Spec) -> bool {
    let corpus = first.corpora()[0];
    let [own, other] = [first, second].map(|spec| spec.languages_of(corpus));
    second.corpora()[0] == corpus
        && (own.is_empty() || other.is_empty() || own.iter().any(|l| other.contains(l)))
}

/// What the conditions of an experiment are compared in, in words.
fn quantity(spec: &Spec) -> String {
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.join(", ")
    };
    let names = spec.class_names();
    let reduced: Vec<&str> = spec.reduced_classes().iter().map(|&c| names[c]).collect();
    let per_class = spec.reduction.as_ref().is_some_and(|r| r.mode == ReductionMode::PerClass);
    let among = sorted(names);
    match (reduced.is_empty(), per_class) {
        (true, _) => format!("UAR over {among}"),
        (false, true) => format!("mean UAR over {among} with {} reduced in turn", sorted(reduced)),
        (false, false) => format!("mean recall of {} among {among}", sorted(reduced)),
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::{File, load_file};

    const MEMBER: &str = "title = \"t\"\ncorpus = \"emodb\"\nclasses = { neutral = [\"neutral\"], sad = [\"sad\"] }\n\
                          protocol.leave-speakers-out.folds = 5\nreduction = { share = 0.8, keep = [\"neutral\"] }\n\
                          condition = [{ name = \"no-aug\" }, { name = \"copies\", augment.copies.copies = 4 }]\n";
    const STUDY: &str = "title = \"t\"\nexperiments = [\"s/a\", \"s/b\"]\n[study]\nequivalence = 2.0\n\
                         primary = [{ condition = \"copies\", baseline = \"no-aug\" }]\n";

    /// Reads a study of two experiments, the second a file of these words.
    fn read(study: &str, second: &str) -> crate::error::Result<File> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("s")).unwrap();
        std::fs::write(folder.path().join("s/a.toml"), MEMBER).unwrap();
        std::fs::write(folder.path().join("s/b.toml"), second).unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, study).unwrap();
        load_file(&path, &[]).map_err(|e| {
            let here = format!("{}/", folder.path().display());
            crate::error::Error::usage(e.to_string().replace(&here, ""))
        })
    }

    fn refused(study: &str, second: &str) -> String {
        read(study, second).unwrap_err().to_string()
    }

    fn other() -> String {
        MEMBER.replace("emodb", "emovo")
    }

    #[test]
    fn a_study_is_read_with_its_family_of_tests() {
        let File::Collection(found) = read(STUDY, &other()).unwrap() else { panic!("no collection") };
        let study = found.study.unwrap();
        assert_eq!((study.equivalence, study.primary.len(), study.secondary.len()), (2.0, 1, 0));
        assert_eq!(
            (study.primary[0].condition.as_str(), study.primary[0].baseline.as_str()),
            ("copies", "no-aug")
        );
        // A comparison that one corpus lacks is one of the others.
        let lacking = other().replace("\"copies\"", "\"more\"");
        assert!(read(STUDY, &lacking).is_ok());
    }

    #[test]
    fn a_wrong_comparison_is_pointed_at() {
        let with = |from: &str, to: &str| refused(&STUDY.replace(from, to), &other());
        assert_eq!(
            with("condition = \"copies\"", "condition = \"copeis\""),
            "x.toml:5:14: study.primary.condition: no experiment has a condition `copeis`, did you mean `copies`?"
        );
        assert_eq!(
            with("\"no-aug\"", "\"copies\""),
            "x.toml:5:36: study.primary.baseline: `copies` is compared with itself"
        );
        assert_eq!(with("2.0", "0.0"), "x.toml:4:1: study.equivalence = 0: must be above 0 and at most 100");
        let again = format!("{STUDY}secondary = [{{ condition = \"no-aug\", baseline = \"copies\" }}]\n");
        assert_eq!(
            refused(&again, &other()),
            "x.toml:6:14: study.secondary: `no-aug` and `copies` are compared already"
        );
        let none = STUDY.split("primary").next().unwrap();
        assert_eq!(
            refused(&format!("{none}primary = []"), &other()),
            "x.toml:5:1: study.primary: at least 1 is needed"
        );
        assert_eq!(refused(none, &other()), "x.toml:3:1: study: missing field `primary`");
        let apart = other().replace("\"copies\"", "\"more\"").replace("\"no-aug\"", "\"none\"");
        let mixed = STUDY.replace("\"no-aug\"", "\"more\"");
        assert_eq!(
            refused(&mixed, &apart),
            "x.toml:5:12: study.primary: no experiment has both `copies` and `more`"
        );
    }

    #[test]
    fn experiments_that_cannot_be_pooled_are_pointed_at() {
        let two = |second: &str| refused(STUDY, second);
        assert_eq!(
            two(MEMBER),
            "x.toml:2:23: experiments: `s/b` and `s/a` are both of emodb: a corpus counts once"
        );
        let counts = "title = \"t\"\n[[count]]\ntitle = \"a\"\ncorpus = \"emodb\"\nlanguage = \"German\"\n";
        assert_eq!(
            two(counts),
            "x.toml:2:23: experiments: `s/b` is a table of counts, and a [study] takes experiments"
        );
        // It would read itself without end.
        assert_eq!(
            two(STUDY),
            "x.toml:2:23: experiments: `s/b` is a collection, and a [study] takes experiments"
        );
        let whole = other().replace("reduction = { share = 0.8, keep = [\"neutral\"] }\n", "");
        let whole = whole.replace("copies = 4", "of = \"all\"");
        assert_eq!(
            two(&whole),
            "x.toml:2:23: experiments: `s/b` is compared in the UAR over neutral, sad and `s/a` in the mean recall of sad \
             among neutral, sad: they cannot be pooled"
        );
        assert_eq!(
            two(&other().replace("folds", "fold")).split(':').next(),
            Some("s/b.toml"),
            "its own file"
        );
        // The two languages of one corpus have other speakers.
        let [de, it] =
            ["de", "it"].map(|l| MEMBER.replace("corpus =", &format!("languages = [\"{l}\"]\ncorpus =")));
        assert!(super::shares_recordings(&parsed(&de), &parsed(MEMBER)));
        assert!(!super::shares_recordings(&parsed(&de), &parsed(&it)));
    }

    fn parsed(text: &str) -> crate::spec::Spec {
        crate::spec::parse(text, "x.toml", &[]).unwrap()
    }
}
