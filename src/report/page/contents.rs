//! All that a report shows, made from a run before the first file is written.

use super::verdict::{self, Headline};
use super::{Page, counts, splice};
use crate::analysis::embedding::{self, EmbeddingReport};
use crate::analysis::history::{self, Curves};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::analysis::public::Private;
use crate::analysis::speakers::{self, SpeakerRecall};
use crate::compare::{self, Contrast};
use crate::figure::{self, Figure, png};
use crate::render::table::Table;
use crate::render::text_table::{TextTable, escape};
use crate::render::{latex, summary, table_text};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{RunDir, RunInfo};
use seraug_core::spec::Condition;
use seraug_core::terminal::line;

/// Whose curves are drawn, in this order.
const STAGES: [&str; 2] = ["classifier", "augmentor"];

/// Tables, figures and words of a run.
pub(crate) struct ReportContents {
    pub(crate) reading: LoadedRun,
    title: String,
    parts: Vec<LoadedRun>,
    tables: Vec<Table>,
    summary: Option<TextTable>,
    statistics: Vec<TextTable>,
    speakers: Vec<SpeakerRecall>,
    figures: Vec<Figure>,
    embedding: Option<EmbeddingReport>,
    verdict: Headline,
    notes: Vec<String>,
    /// run.toml as it is published, beside a page that does not lead to the run.
    provenance: Option<String>,
}

impl ReportContents {
    /// For the people of the run.
    pub(crate) fn of(run: &RunDir) -> Result<ReportContents> {
        ReportContents::from(LoadedRun::of(run)?)
    }

    /// For anybody: see [`Private`].
    pub(crate) fn public(run: &RunDir) -> Result<ReportContents> {
        let reading = LoadedRun::of(run)?;
        let private = Private::of(run, &reading.info);
        let mut contents = ReportContents::from(private.reading(reading))?;
        contents.notes.iter_mut().for_each(|note| *note = private.out_of(note));
        contents.provenance = Some(provenance_of(&contents.reading.info)?);
        Ok(contents)
    }

    fn from(reading: LoadedRun) -> Result<ReportContents> {
        let sets = reading.data_sets();
        let parts: Vec<LoadedRun> = sets.iter().map(|set| reading.only(set)).collect();
        let mut tables = parts.iter().map(Table::of).collect::<Result<Vec<Table>>>()?;
        if tables.len() > 1 {
            let named = std::iter::zip(&mut tables, &sets);
            named.for_each(|(t, set)| t.title = format!("{}: {}", t.title, summary::shown(set)));
        }
        let answers = RunPredictions::of(&reading)?;
        let speakers = speakers::speakers(&reading, &answers);
        let mut notes = without_predictions(&answers);
        let histories = history::histories(&reading, &mut notes);
        let [classifier, augmentor] = STAGES.map(|stage| history::curves(&histories, stage));
        let embedding = embedding::embedding(&reading)?;
        let contrasts = compare::within(&reading, &answers);
        Ok(ReportContents {
            title: heading(&reading),
            summary: summary::summary(&reading, &tables),
            statistics: statistics(&reading, &contrasts),
            figures: figures(&reading, &tables, &speakers, embedding.as_ref(), [&classifier, &augmentor])?,
            verdict: verdict::verdict(&reading, &tables, &contrasts)?,
            provenance: None,
            notes,
            speakers,
            embedding,
            tables,
            parts,
            reading,
        })
    }

    /// Every file of the report, the page last. `run` leads from the report's folder to the run's; a public one does not go
    /// there.
    pub(crate) fn files(&self, run: &str) -> Result<counts::ReportFiles> {
        let mut files: Vec<(String, &'static str, Vec<u8>)> = Vec::new();
        let mut put = |name: String, what: &'static str, bytes: Vec<u8>| files.push((name, what, bytes));
        put("table.md".into(), "the tables as Markdown", self.markdown().into_bytes());
        let csv = table_text::csv(&self.reading.data_sets(), &self.tables)?;
        put("table.csv".into(), "the tables, numbers not rounded", csv);
        let tex = latex::latex(&self.title, self.summary.as_ref(), &self.tables);
        put("table.tex".into(), "the tables for LaTeX", tex.into_bytes());
        if !self.speakers.is_empty() {
            let csv = speakers::csv(&self.reading, &self.speakers)?;
            put("speakers.csv".into(), "every test speaker", csv);
        }
        for (name, bytes) in self.embedding.iter().flat_map(|e| &e.files) {
            put(name.display().to_string(), "the points and measures of the t-SNE", bytes.clone());
        }
        for (figure, png) in std::iter::zip(&self.figures, png::of_all(&self.figures)?) {
            put(format!("figures/{}.svg", figure.name), "figure", figure.svg.clone().into_bytes());
            put(format!("figures/{}.png", figure.name), "the same, for what takes no SVG", png);
        }
        if let Some(text) = &self.provenance {
            put(
                "provenance.toml".into(),
                "run.toml without hosts, users and paths",
                text.clone().into_bytes(),
            );
        }
        let measures = self.measures();
        let page = Page {
            reading: &self.reading,
            title: &self.title,
            parts: &self.parts,
            tables: &self.tables,
            summary: self.summary.as_ref(),
            statistics: &self.statistics,
            figures: &self.figures,
            measures: &measures,
            verdict: &self.verdict,
            notes: &self.notes,
            files: &files.iter().map(|(name, what, _)| (name.clone(), *what)).collect::<Vec<_>>(),
            run: self.provenance.is_none().then_some(run),
        };
        let page = page.html().into_bytes();
        let mut contents: counts::ReportFiles =
            files.into_iter().map(|(name, _, bytes)| (name.into(), bytes)).collect();
        contents.push(("index.html".into(), page));
        Ok(contents)
    }

    /// What a terminal shows.
    pub(crate) fn terminal(&self) -> String {
        let table = match &self.summary {
            None => self.tables.first().map(table_text::terminal).unwrap_or_default(),
            Some(s) => format!("{}\n{}", line(&self.title), s.terminal()),
        };
        format!("{table}\n{}{}", table_text::wrap(&self.verdict.ran), table_text::wrap(&self.verdict.shows))
    }

    /// Table and figure for a Markdown file from which `page` and `run` lead to the two folders.
    pub(crate) fn markdown_excerpt(&self, page: &str, run: &str) -> String {
        splice::content(&self.title, self.summary.as_ref(), &self.tables, &self.figures, page, run)
    }

    /// What belongs to the figures, in numbers.
    fn measures(&self) -> Vec<TextTable> {
        self.embedding.iter().map(|e| e.table.clone()).collect()
    }

    fn markdown(&self) -> String {
        let overview = |s: &TextTable| {
            format!("# {}\n\n{}\n{}\n", escape(&self.title), s.markdown(), escape(&s.caption))
        };
        let mut parts: Vec<String> = self.summary.as_ref().map(overview).into_iter().collect();
        parts.extend(self.tables.iter().map(table_text::markdown));
        parts.extend(self.statistics.iter().chain(&self.measures()).map(TextTable::chapter));
        parts.join("\n")
    }
}

/// run.toml as text.
pub(crate) fn provenance_of(info: &RunInfo) -> Result<String> {
    toml::to_string(info).map_err(|e| Error::failed(format!("provenance.toml: {e}")))
}

/// Cells with a result and without its predictions, in words.
fn without_predictions(answers: &RunPredictions) -> Vec<String> {
    if answers.missing.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = answers.missing.iter().take(3).map(ToString::to_string).collect();
    vec![format!(
        "{} of the cells with a result have no predictions.csv ({}{}): speakers, the bootstrap and McNemar's test are \
         without them.",
        answers.missing.len(),
        named.join(", "),
        if answers.missing.len() > 3 { ", …" } else { "" }
    )]
}

/// Every pair of conditions, a table for each data set that has one.
fn statistics(reading: &LoadedRun, contrasts: &[Contrast]) -> Vec<TextTable> {
    let of = |set: &str| contrasts.iter().filter(|c| c.data_set == set).cloned().collect::<Vec<_>>();
    let sets = reading.data_sets().into_iter().map(of).filter(|c| !c.is_empty());
    sets.map(|c| TextTable { notes: compare::sentences(&c), ..compare::table(&c) }).collect()
}

/// The spec's title, marked when a corpus is synthetic.
pub(crate) fn heading(reading: &LoadedRun) -> String {
    let synthetic = if reading.synthetic() { " (synthetic corpus)" } else { "" };
    format!("{}{synthetic}", reading.spec.title)
}

fn figures(
    reading: &LoadedRun,
    tables: &[Table],
    speakers: &[SpeakerRecall],
    embedding: Option<&EmbeddingReport>,
    curves: [&Curves; 2],
) -> Result<Vec<Figure>> {
    let labels: Vec<&str> = reading.spec.condition.iter().map(Condition::label).collect();
    let mut figures = Vec::new();
    figures.extend(figure::bars(reading, tables)?);
    if let [table] = tables {
        figures.push(figure::recall(table, reading.spec.classes.len())?);
        figures.extend(figure::difference(table)?);
    }
    figures.extend(embedding.map(|e| e.figure.clone()));
    figures.extend(figure::galleries(reading)?);
    figures.extend(figure::speakers(reading, speakers)?);
    figures.extend(figure::confusion(reading)?);
    let several = tables.len() > 1;
    for (stage, curves) in std::iter::zip(STAGES, curves) {
        figures.extend(figure::curves(stage, curves, &labels, several)?);
    }
    Ok(figures)
}
