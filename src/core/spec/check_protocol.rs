//! Checks of a protocol that its type cannot express.

use super::located_error::{CheckResult, FieldPath, at, need};
use super::{CrossLingual, FixedSplit, LeaveSpeakersOut, Protocol, Spec, SplitFile};
use crate::suggest::hint;
use std::collections::HashSet;
use std::path::{Component, Path};

impl Spec {
    pub(super) fn check_protocol(&self) -> CheckResult {
        self.check_corpora()?;
        let mut seen = HashSet::new();
        let twice = self.protocol.only().iter().find(|fold| !seen.insert(**fold));
        need(twice.is_none(), "protocol", || format!("only: {} is listed twice", twice.unwrap_or(&0)))?;
        match &self.protocol {
            Protocol::LeaveOneSessionOut(_) | Protocol::Scored(_) => Ok(()),
            Protocol::LeaveTextsOut(p) => need(p.folds != 1, at("protocol.leave-texts-out.folds"), || {
                "at least 2, or 0 for one fold a text".into()
            }),
            Protocol::LeaveSpeakersOut(p) => leave_speakers_out(p, &at("protocol.leave-speakers-out")),
            Protocol::FixedSplit(p) => fixed_split(p, &at("protocol.fixed-split")),
            Protocol::SplitFile(p) => self.split_file(p),
            Protocol::CrossLingual(p) => self.cross_lingual(p, &at("protocol.cross-lingual")),
        }?;
        self.check_reduction()
    }

    fn check_corpora(&self) -> CheckResult {
        let several = match &self.protocol {
            Protocol::CrossLingual(_) => true,
            Protocol::SplitFile(p) => !p.corpora.is_empty(),
            _ => false,
        };
        need(!several || self.corpus.is_empty(), "corpus", || {
            "the protocol names the corpora; leave it out".into()
        })?;
        need(several || !self.corpus.is_empty(), "corpus", || {
            "is missing; `seraug corpus list` shows what there is".into()
        })?;
        need(!several || self.languages.is_empty(), "languages", || {
            "is for a single corpus; use languages-of".into()
        })?;
        let (valence, languages) = (at("valence"), at("languages-of"));
        let named = self.valence.keys().map(|c| (&valence, c));
        for (key, corpus) in named.chain(self.languages_of.keys().map(|c| (&languages, c))) {
            need(self.corpora().contains(&corpus.as_str()), key.field(corpus), || {
                format!("`{corpus}` is no corpus of this experiment{}", hint(corpus, self.corpora()))
            })?;
        }
        Ok(())
    }

    fn check_reduction(&self) -> CheckResult {
        let Some(r) = &self.reduction else { return Ok(()) };
        let keep = at("reduction.keep");
        for (i, k) in r.keep.iter().enumerate() {
            need(self.classes.contains_key(k), keep.element(i, ""), || {
                format!("`{k}` is not in classes{}", hint(k, self.class_names()))
            })?;
        }
        need(!self.reduced_classes().is_empty(), keep, || "nothing is left to reduce".into())
    }

    fn split_file(&self, p: &SplitFile) -> CheckResult {
        let below = Path::new(&p.path).components().all(|c| matches!(c, Component::Normal(_)));
        need(below && !p.path.is_empty(), "protocol.split-file.path", || {
            format!("= {:?}: must lie below the working directory", p.path)
        })?;
        need(self.reduction.is_none(), "reduction", || "split.csv says what was removed; leave it out".into())
    }

    fn cross_lingual(&self, p: &CrossLingual, key: &FieldPath) -> CheckResult {
        need(self.reduction.is_none(), "reduction", || "is not for protocol.cross-lingual".into())?;
        for (name, corpora) in [("sources", &p.sources), ("targets", &p.targets)] {
            let distinct: HashSet<_> = corpora.iter().collect();
            need(!corpora.is_empty() && distinct.len() == corpora.len(), key.field(name), || {
                "at least one corpus, each once".into()
            })?;
        }
        need(!p.pairs().is_empty(), key.field("targets"), || {
            "none is another corpus than its source".into()
        })?;
        need(p.low <= p.full, key.field("low"), || format!("= {}: is above full = {}", p.low, p.full))?;
        need(p.test + p.full <= 1.0 + 1e-9, key.field("full"), || {
            format!("= {}: with test = {} it is above 1", p.full, p.test)
        })?;
        let subset = key.field("subset");
        for corpus in p.subset.keys() {
            need(p.targets.contains(corpus), subset.field(corpus), || {
                let targets = p.targets.iter().map(String::as_str);
                format!("`{corpus}` is no target{}", hint(corpus, targets))
            })?;
        }
        within(&p.only, p.pairs().len(), key)
    }
}

fn leave_speakers_out(p: &LeaveSpeakersOut, key: &FieldPath) -> CheckResult {
    need(p.folds != 1, key.field("folds"), || "= 1: at least 2, or 0 for one a speaker".into())?;
    let given = [p.folds > 0, p.speakers > 0, !p.groups.is_empty()];
    let last = if p.groups.is_empty() { "speakers" } else { "groups" };
    need(given.into_iter().filter(|g| *g).count() < 2, key.field(last), || {
        "give one of folds, speakers and groups".into()
    })?;
    let mut seen = HashSet::new();
    for (i, group) in p.groups.iter().enumerate() {
        let here = key.field("groups").element(i, "");
        need(!group.is_empty(), &here, || "a group has no speaker".into())?;
        for (s, speaker) in group.iter().enumerate() {
            need(seen.insert(speaker), here.element(s, ""), || format!("`{speaker}` is in two groups"))?;
            need(!p.without.contains(speaker), here.element(s, ""), || {
                format!("`{speaker}` is in without too")
            })?;
        }
    }
    match p.folds.max(p.groups.len()) {
        0 => Ok(()),
        folds => within(&p.only, folds, key),
    }
}

fn fixed_split(p: &FixedSplit, key: &FieldPath) -> CheckResult {
    for (name, parts) in [("train", &p.train), ("test", &p.test)] {
        need(!parts.is_empty(), key.field(name), || "names no part".into())?;
    }
    let both = p.train.iter().find(|t| p.test.contains(t));
    need(both.is_none(), key.field("test"), || {
        format!("`{}` is in train too", both.map_or("", String::as_str))
    })
}

fn within(only: &[usize], folds: usize, key: &FieldPath) -> CheckResult {
    for (i, fold) in only.iter().enumerate() {
        need((1..=folds).contains(fold), key.field("only").element(i, ""), || {
            format!("{fold} is not in 1..={folds}")
        })?;
    }
    Ok(())
}
