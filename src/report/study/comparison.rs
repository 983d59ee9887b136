//! A comparison of a study: the difference on each corpus, and pooled over them.

use super::member::StudyMember;
use crate::analysis::aggregate::Unit;
use crate::stats::{Effect, Equivalence, PooledEffect, holm, pool};
use seraug_core::error::{Error, Result};
use seraug_core::spec::{Study, StudyPair};

/// One comparison over all corpora that have it.
#[derive(Debug, Clone)]
pub(super) struct StudyComparison {
    /// The names of the two conditions in the specs.
    pub(super) pair: StudyPair,
    /// What tables call the condition.
    pub(super) condition: String,
    /// What tables call the baseline.
    pub(super) baseline: String,
    /// Whether the study is about it.
    pub(super) is_primary: bool,
    /// The corpora that have it, in the order of the experiments.
    pub(super) rows: Vec<CorpusDifference>,
    /// The difference over the corpora with a standard error; `None` for fewer than two.
    pub(super) pooled: Option<PooledEffect>,
    /// Whether the pooled difference is shown to be smaller than the study's margin.
    pub(super) equivalence: Option<Equivalence>,
    /// The pooled p, corrected over the comparisons of its family.
    pub(super) holm: Option<f64>,
    /// The p of equivalence, corrected likewise.
    pub(super) equivalence_holm: Option<f64>,
    /// Number of comparisons in the family.
    pub(super) tests: usize,
}

/// The difference on one corpus.
#[derive(Debug, Clone)]
pub(super) struct CorpusDifference {
    /// Index of the member.
    pub(super) member: usize,
    /// Condition less baseline, percentage points.
    pub(super) difference: f64,
    /// Number of folds, or of seeds where there is one fold.
    pub(super) units: usize,
    /// What the units are.
    pub(super) unit: Unit,
    /// Pairs of fold and seed.
    pub(super) pairs: usize,
    /// Test speakers.
    pub(super) speakers: usize,
    /// The difference with its standard error; `None` where there is one unit or no variance.
    pub(super) effect: Option<Effect>,
    /// Whether the difference is shown to be small on this corpus.
    pub(super) equivalence: Option<Equivalence>,
    /// Share in the pooled difference, in [0, 1].
    pub(super) weight: Option<f64>,
    /// The p of the difference, corrected over what its family compares on this corpus.
    pub(super) holm: Option<f64>,
}

impl StudyComparison {
    /// The comparisons of a study in its order, the primary ones first.
    ///
    /// # Errors
    /// Members that are compared in different quantities.
    pub(super) fn all(study: &Study, members: &[StudyMember]) -> Result<Vec<StudyComparison>> {
        let mut all = Vec::new();
        for (is_primary, pairs) in [(true, &study.primary), (false, &study.secondary)] {
            let of = |pair| StudyComparison::of(pair, is_primary, study.equivalence, members);
            let mut family = pairs.iter().map(of).collect::<Result<Vec<StudyComparison>>>()?;
            correct(&mut family);
            (0..members.len()).for_each(|member| correct_on(member, &mut family));
            all.extend(family);
        }
        Ok(all)
    }

    fn of(
        pair: &StudyPair,
        is_primary: bool,
        margin: f64,
        members: &[StudyMember],
    ) -> Result<StudyComparison> {
        let mut rows = Vec::new();
        let mut quantity: Option<(&str, &str)> = None;
        for (i, member) in members.iter().enumerate() {
            let Some((contrast, turned)) = member.contrast(pair) else { continue };
            let (known, of) = *quantity.get_or_insert((contrast.quantity, &member.label));
            if known != contrast.quantity {
                return Err(Error::failed(format!(
                    "{}: is compared in {}, and {of} in {known}: they cannot be pooled",
                    member.name(),
                    contrast.quantity
                )));
            }
            let effect = contrast.test.map(|t| Effect::of(&t, turned));
            let sign = if turned { -1.0 } else { 1.0 };
            rows.push(CorpusDifference {
                member: i,
                difference: sign * contrast.difference,
                units: contrast.units,
                unit: contrast.unit,
                pairs: contrast.pairs,
                speakers: contrast.bootstrap.map_or(0, |b| b.speakers),
                equivalence: effect.map(|e| Equivalence::of(&e, margin)),
                effect,
                weight: None,
                holm: None,
            });
        }
        let measured: Vec<usize> = (0..rows.len()).filter(|&r| rows[r].effect.is_some()).collect();
        let effects: Vec<Effect> = rows.iter().filter_map(|r| r.effect).collect();
        let pooled = pool(&effects);
        for (&row, weight) in std::iter::zip(&measured, pooled.iter().flat_map(|p| &p.weights)) {
            rows[row].weight = Some(*weight);
        }
        let label = |name: &str| {
            let known = members.iter().find_map(|m| m.condition_label(name));
            known.unwrap_or(name).to_owned()
        };
        Ok(StudyComparison {
            condition: label(&pair.condition),
            baseline: label(&pair.baseline),
            pair: pair.clone(),
            is_primary,
            equivalence: pooled.as_ref().map(|p| Equivalence::of(&p.effect, margin)),
            rows,
            pooled,
            holm: None,
            equivalence_holm: None,
            tests: 0,
        })
    }

    /// `AUG − copies`.
    pub(super) fn name(&self) -> String {
        format!("{} − {}", self.condition, self.baseline)
    }

    /// Whether a difference is shown: p below 0.05 among the comparisons of its family.
    pub(super) fn shows_difference(&self) -> bool {
        self.holm.is_some_and(|p| p < 0.05)
    }

    /// Whether it is shown that the difference is smaller than the study's margin, likewise.
    pub(super) fn shows_equivalence(&self) -> bool {
        self.equivalence_holm.is_some_and(|p| p < 0.05)
    }
}

/// Holm's correction over a family as the spec fixed it: a comparison without a result counts among the tests.
fn correct(family: &mut [StudyComparison]) {
    let of = |p: fn(&StudyComparison) -> Option<f64>| -> Vec<f64> {
        holm(&family.iter().map(|c| p(c).unwrap_or(1.0)).collect::<Vec<f64>>())
    };
    let differences = of(|c| c.pooled.as_ref().map(|p| p.effect.p()));
    let equivalences = of(|c| c.equivalence.map(|e| e.p));
    let tests = family.len();
    for (c, (p, q)) in std::iter::zip(family, std::iter::zip(differences, equivalences)) {
        c.tests = tests;
        c.holm = c.pooled.as_ref().map(|_| p);
        c.equivalence_holm = c.equivalence.map(|_| q);
    }
}

/// The same on one corpus.
fn correct_on(member: usize, family: &mut [StudyComparison]) {
    let of = |c: &StudyComparison| {
        let row = c.rows.iter().find(|r| r.member == member);
        row.and_then(|r| r.effect).map_or(1.0, |e| e.p())
    };
    let corrected = holm(&family.iter().map(of).collect::<Vec<f64>>());
    for (c, p) in std::iter::zip(family, corrected) {
        let rows = c.rows.iter_mut().filter(|r| r.member == member && r.effect.is_some());
        rows.for_each(|r| r.holm = Some(p));
    }
}
