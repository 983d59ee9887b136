//! A study: comparisons pooled over the corpora of a collection's experiments, from their run directories to a page.

mod alike;
mod comparison;
mod csv;
mod forest;
mod json;
mod member;
mod page;
mod plan;
mod sentences;
mod tables;
mod write;

pub use plan::{MemberRun, PlannedMember, StudyPlan};
pub use write::{WrittenStudy, study, study_into};

use crate::analysis::aggregate::{Column, main_column};
use crate::figure::Figure;
use crate::render::text_table::TextTable;
use comparison::StudyComparison;
use member::StudyMember;
use seraug_core::error::{Error, Result};
use seraug_core::text::plural;

/// Everything that the page of a study shows, made before the first file is written.
pub(crate) struct StudyContents {
    /// The collection's title, marked where a corpus is synthetic.
    title: String,
    /// Name of the collection.
    name: String,
    /// Percentage points below which a difference counts as none.
    margin: f64,
    /// What is compared, in words.
    quantity: Option<String>,
    /// The experiments that have a run, in the order of the collection.
    members: Vec<StudyMember>,
    /// Number of experiments of the collection.
    planned: usize,
    /// The experiments without a finished run, each with the reason.
    missing: Vec<String>,
    /// What differs between the members beside their corpus.
    warnings: Vec<String>,
    comparisons: Vec<StudyComparison>,
    /// Conditions of any member, by name, with what tables call them.
    conditions: Vec<(String, String)>,
    /// Tables after the pooled one, in the order of the page.
    tables: Vec<TextTable>,
    figures: Vec<Figure>,
    /// One sentence a comparison.
    verdict: Vec<String>,
}

impl StudyContents {
    /// Reads the runs and computes everything.
    ///
    /// # Errors
    /// A study without any run; a run that cannot be read; runs that cannot be pooled.
    pub(crate) fn of(plan: &StudyPlan, runs: &[MemberRun]) -> Result<StudyContents> {
        let mut members = Vec::new();
        let mut missing = Vec::new();
        for (planned, run) in std::iter::zip(&plan.members, runs) {
            match run {
                MemberRun::Finished(dir) => members.push(StudyMember::of(dir, true)?),
                MemberRun::Unfinished(dir) => {
                    missing.push(format!("{}: its run {} is not finished", planned.experiment, dir.id()));
                    members.push(StudyMember::of(dir, false)?);
                }
                MemberRun::Missing(why) => missing.push(format!("{}: {why}", planned.experiment)),
            }
        }
        if members.is_empty() {
            return Err(Error::failed(format!(
                "{}: none of its {} has a run: {}; `seraug run` with the file of the study makes them",
                plan.name,
                plural(plan.members.len(), "experiment"),
                missing.join("; ")
            )));
        }
        let comparisons = StudyComparison::all(&plan.study, &members)?;
        let synthetic = if members.iter().any(|m| m.run.synthetic()) { " (synthetic corpus)" } else { "" };
        let margin = plan.study.equivalence;
        let mut contents = StudyContents {
            title: format!("{}{synthetic}", plan.title),
            name: plan.name.clone(),
            margin,
            quantity: members.first().map(|m| quantity(m).to_owned()),
            planned: plan.members.len(),
            warnings: alike::warnings(&members),
            conditions: conditions(&members),
            verdict: comparisons.iter().map(|c| sentences::sentence(c, &members, margin)).collect(),
            tables: Vec::new(),
            figures: Vec::new(),
            missing,
            comparisons,
            members,
        };
        contents.tables = std::iter::once(tables::each_corpus(&contents))
            .chain(
                contents
                    .comparisons
                    .iter()
                    .filter(|c| !c.rows.is_empty())
                    .map(|c| tables::detail(c, &contents)),
            )
            .chain([tables::conditions(&contents)])
            .collect();
        contents.tables.extend(tables::shares(&contents));
        contents.figures = forest::figures(&contents)?;
        Ok(contents)
    }

    /// Whether some corpus was made by a program.
    fn is_synthetic(&self) -> bool {
        self.members.iter().any(|m| m.run.synthetic())
    }

    /// What the study is, in a sentence.
    fn about(&self) -> String {
        let primary = self.comparisons.iter().filter(|c| c.is_primary).count();
        let corpora: Vec<&str> = self.members.iter().map(|m| m.label.as_str()).collect();
        format!(
            "{} and {} secondary, fixed in the spec before the first run, in {}, on {} of {} corpora: {}.",
            plural(primary, "primary comparison"),
            self.comparisons.len() - primary,
            self.quantity.as_deref().unwrap_or("the main column"),
            self.members.len(),
            self.planned,
            crate::render::caption::list(&corpora)
        )
    }
}

/// What the conditions of a member are compared in.
fn quantity(member: &StudyMember) -> &'static str {
    match main_column(&member.run) {
        Column::Reduced if member.run.per_class() => "mean UAR of the reduced data sets",
        Column::Reduced => "mean recall of the reduced classes",
        _ => "UAR",
    }
}

/// The conditions of all members: those of the first in its order, then what the others have besides.
fn conditions(members: &[StudyMember]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for c in members.iter().flat_map(|m| &m.run.spec.condition) {
        if !found.iter().any(|(name, _)| *name == c.name) {
            found.push((c.name.clone(), c.label().to_owned()));
        }
    }
    found
}
