//! Which tables and columns of a database have the labels.

use super::header::{ColumnHeader, DatabaseHeader};
use crate::corpora::add::choices::AddChoices;
use crate::corpora::add::columns::{Role, is_named};
use seraug_core::error::{Error, Result};
use seraug_core::suggest::hint;
use std::collections::BTreeMap;

/// A table that labels are taken from.
pub(super) struct LabelTable {
    pub(super) name: String,
    /// One, or those of several raters.
    pub(super) columns: Vec<String>,
}

impl LabelTable {
    /// For a person.
    pub(super) fn told(&self) -> String {
        match self.columns.as_slice() {
            [one] => format!("table `{}`, column `{one}`", self.name),
            several => format!("table `{}`, majority of `{}`", self.name, several.join("`, `")),
        }
    }
}

/// The tables with labels: those that `choices` names, or the gold standard, or the only ones that there are.
///
/// # Errors
/// There are none, or several that are no parts of one split (usage).
pub(super) fn choose(header: &DatabaseHeader, choices: &AddChoices) -> Result<Vec<LabelTable>> {
    if let Some(unknown) = choices.tables.iter().find(|t| !header.tables.contains_key(*t)) {
        let near = hint(unknown, header.tables.keys().map(String::as_str));
        return Err(Error::usage(format!("--table: db.yaml has no table `{unknown}`{near}")));
    }
    let mut found: Vec<LabelTable> = Vec::new();
    for (name, table) in &header.tables {
        if !choices.tables.is_empty() && !choices.tables.contains(name) {
            continue;
        }
        let is_label = |(column, about): &(&String, &ColumnHeader)| match &choices.emotion {
            Some(chosen) => *column == chosen || about.scheme_id.as_ref() == Some(chosen),
            None => {
                about.scheme_id.as_ref().is_some_and(|s| is_named(Role::Emotion, s))
                    || is_named(Role::Emotion, column)
            }
        };
        let columns: Vec<(&String, &ColumnHeader)> = table.columns.iter().filter(is_label).collect();
        let exact = columns.iter().find(|(c, _)| choices.emotion.as_ref() == Some(c));
        let gold =
            columns.iter().find(|(c, about)| is_gold(c) || about.rater_id.as_deref().is_some_and(is_gold));
        let columns: Vec<String> = match exact.or(gold) {
            Some((one, _)) => vec![(*one).clone()],
            None => columns.into_iter().map(|(c, _)| c.clone()).collect(),
        };
        if !columns.is_empty() {
            found.push(LabelTable { name: name.clone(), columns });
        }
    }
    if choices.tables.is_empty() {
        let gold = |t: &LabelTable| {
            let column = header.tables.get(&t.name).and_then(|h| h.columns.get(t.columns.first()?));
            let rater = column.and_then(|c| c.rater_id.as_deref()).is_some_and(is_gold);
            rater || is_gold(&t.name) || t.columns.iter().all(|c| is_gold(c))
        };
        if found.iter().any(gold) {
            found.retain(gold);
        }
    }
    let names = |tables: &[LabelTable]| tables.iter().map(|t| t.name.clone()).collect::<Vec<_>>().join(", ");
    let splits: Vec<_> =
        found.iter().map(|t| header.tables.get(&t.name).and_then(|h| h.split_id.as_ref())).collect();
    let distinct = splits.iter().enumerate().all(|(i, s)| s.is_some() && !splits[..i].contains(s));
    match found.as_slice() {
        [] => {
            let all: Vec<String> = header
                .tables
                .iter()
                .map(|(name, t)| {
                    format!("{name} ({})", t.columns.keys().cloned().collect::<Vec<_>>().join(", "))
                })
                .collect();
            Err(Error::usage(format!(
                "db.yaml: no column that is called like a label; say which with --table and --emotion: {}",
                all.join("; ")
            )))
        }
        [_] => Ok(found),
        // A table for each part of the split.
        _ if distinct || !choices.tables.is_empty() => Ok(found),
        several => Err(Error::usage(format!(
            "db.yaml: several tables have labels: {}; say which with --table",
            names(several)
        ))),
    }
}

/// Whether a table, column or rater is called a gold standard.
fn is_gold(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("gold") || name == "consensus"
}

/// The label that most votes are for; `None` without votes.
///
/// # Errors
/// Several labels have the most.
pub(super) fn majority(votes: &[String]) -> std::result::Result<Option<&str>, ()> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    votes.iter().for_each(|vote| *counts.entry(vote).or_default() += 1);
    let most = counts.values().max().copied().unwrap_or(0);
    let mut winners = counts.iter().filter(|(_, n)| **n == most).map(|(label, _)| *label);
    match (winners.next(), winners.next()) {
        (winner, None) => Ok(winner),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_counts_and_a_tie_is_one() {
        let of = |votes: &[&str]| {
            let votes: Vec<String> = votes.iter().map(|v| (*v).to_owned()).collect();
            majority(&votes).map(|winner| winner.map(str::to_owned))
        };
        assert_eq!(of(&["sad", "happy", "sad"]), Ok(Some("sad".to_owned())));
        assert_eq!(of(&["sad", "happy"]), Err(()));
        assert_eq!(of(&[]), Ok(None));
    }
}
