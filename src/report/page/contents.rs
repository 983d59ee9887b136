//! Everything that a report shows, made from a run before the first file is written.

use super::embedding::{self, EmbeddingReport};
use super::samples::{self, SampleReport};
use super::verdict::{self, Headline};
use super::{Page, counts, splice};
use crate::analysis::attributes::{self, AttributeRecalls};
use crate::analysis::gap::Gap;
use crate::analysis::history::{self, Curves};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::analysis::public::Private;
use crate::analysis::speakers::{self, SpeakerRecall};
use crate::analysis::utterances::{self, TestedUtterance};
use crate::compare::{self, Contrast};
use crate::figure::{self, Figure, png};
use crate::render::attribute_table::attribute_table;
use crate::render::cost_table::cost_table;
use crate::render::gap_table::gap_table;
use crate::render::result_table::ResultTable;
use crate::render::text::{data_set_label, wrap};
use crate::render::text_table::{TextTable, latex_file};
use crate::render::{csv, summary};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{RunDir, RunInfo};
use seraug_core::spec::Condition;
use seraug_core::terminal::line;

/// Stages whose learning curves are drawn, in this order.
const STAGES: [&str; 2] = ["classifier", "augmentor"];

/// Tables, figures and sentences of a run.
pub(crate) struct ReportContents {
    pub(crate) run: LoadedRun,
    /// The spec's title, marked when a corpus is synthetic.
    pub(super) title: String,
    /// The run, data set by data set.
    pub(super) parts: Vec<LoadedRun>,
    /// The table of each data set.
    pub(super) tables: Vec<ResultTable>,
    /// What other publications give beside recalls, of each data set.
    pub(super) other_measures: Vec<ResultTable>,
    /// The table over all data sets, where there are several.
    pub(super) summary: Option<TextTable>,
    /// What the conditions close of the gap to one on all data, where there is one.
    pub(super) gap: Option<TextTable>,
    /// What each condition costs, where a generator is trained.
    pub(super) cost: Option<TextTable>,
    /// Every pair of conditions, a table for each data set.
    pub(super) statistics: Vec<TextTable>,
    speakers: Vec<SpeakerRecall>,
    /// Recalls by gender, language and text; none where an earlier version wrote the run without.
    pub(super) attributes: Option<Vec<AttributeRecalls>>,
    pub(super) predictions: RunPredictions,
    /// Every test utterance under each condition.
    pub(super) utterances: Vec<TestedUtterance>,
    /// In the order of the page.
    pub(super) figures: Vec<Figure>,
    embedding: Option<EmbeddingReport>,
    /// What the judge says of generated samples, where there is one.
    samples: Option<SampleReport>,
    /// What the run shows.
    pub(super) verdict: Headline,
    /// What is missing, for the warnings.
    pub(super) notes: Vec<String>,
    /// run.toml as it is published, beside a page without links to the run.
    provenance: Option<String>,
}

impl ReportContents {
    /// For readers who have the run at hand.
    pub(crate) fn of(dir: &RunDir) -> Result<ReportContents> {
        ReportContents::from(LoadedRun::of(dir)?)
    }

    /// For publication: see [`Private`].
    pub(crate) fn public(dir: &RunDir) -> Result<ReportContents> {
        let run = LoadedRun::of(dir)?;
        let private = Private::of(dir, &run.info);
        let mut contents = ReportContents::from(private.run(run))?;
        contents.notes.iter_mut().for_each(|note| *note = private.out_of(note));
        contents.provenance = Some(provenance_of(&contents.run.info)?);
        Ok(contents)
    }

    fn from(mut run: LoadedRun) -> Result<ReportContents> {
        let predictions = RunPredictions::of(&run)?;
        predictions.calibrate(&mut run);
        let sets = run.data_sets();
        let parts: Vec<LoadedRun> = sets.iter().map(|set| run.only(set)).collect();
        let mut tables = parts.iter().map(ResultTable::of).collect::<Result<Vec<ResultTable>>>()?;
        let mut other_measures =
            parts.iter().map(ResultTable::other_measures).collect::<Result<Vec<ResultTable>>>()?;
        if tables.len() > 1 {
            let sets = sets.iter().chain(&sets);
            let named = std::iter::zip(tables.iter_mut().chain(&mut other_measures), sets);
            named.for_each(|(t, set)| t.title = format!("{}: {}", t.title, data_set_label(set)));
        }
        let attributes = attributes::attribute_rows(&run)?
            .map(|rows| attributes::attribute_recalls(&run, &predictions, &rows));
        let utterances = utterances::tested_utterances(&run, &predictions);
        let speakers = speakers::speakers(&run, &predictions);
        let mut notes = without_predictions(&predictions);
        let histories = history::histories(&run, &mut notes);
        let [classifier, augmentor] = STAGES.map(|stage| history::curves(&histories, stage));
        let embedding = embedding::embedding(&run)?;
        let samples = samples::samples(&run)?;
        let drawn =
            [embedding.as_ref().map(|e| e.figure.clone()), samples.as_ref().and_then(|s| s.figure.clone())];
        let contrasts = compare::within(&run, &predictions);
        Ok(ReportContents {
            title: run.title(),
            summary: summary::summary(&run, &tables),
            gap: Gap::of(&run)?.map(|gap| gap_table(&run, &gap)),
            cost: cost_table(&run)?,
            statistics: statistics(&run, &contrasts),
            figures: figures(&run, &tables, &speakers, drawn, [&classifier, &augmentor])?,
            verdict: verdict::verdict(&run, &tables, &contrasts)?,
            provenance: None,
            notes,
            speakers,
            attributes,
            predictions,
            utterances,
            other_measures,
            embedding,
            samples,
            tables,
            parts,
            run,
        })
    }

    /// Every file of the report, the page last. `to_run` leads from the folder of the report to that of the run; a published page has no
    /// such links.
    pub(crate) fn files(&self, to_run: &str) -> Result<counts::ReportFiles> {
        let mut files: Vec<(String, &'static str, Vec<u8>)> = Vec::new();
        let mut put = |name: String, what: &'static str, bytes: Vec<u8>| files.push((name, what, bytes));
        put("table.md".into(), "the tables as Markdown", self.markdown().into_bytes());
        let csv = csv::tables(&self.run.data_sets(), &self.tables)?;
        put("table.csv".into(), "the tables, numbers not rounded", csv);
        put("table.tex".into(), "the tables for LaTeX", self.latex().into_bytes());
        let csv = csv::other_measures(&self.run.data_sets(), &self.other_measures)?;
        put("other-measures.csv".into(), "accuracy, F1, ECE and Brier score", csv);
        if !self.speakers.is_empty() {
            let csv = csv::speakers(&self.run, &self.speakers)?;
            put("speakers.csv".into(), "every test speaker", csv);
        }
        if let Some(found) = self.attributes.as_ref().filter(|found| !found.is_empty()) {
            put(
                "by-attribute.csv".into(),
                "by gender, language and text",
                csv::by_attribute(&self.run, found)?,
            );
        }
        if !self.utterances.is_empty() {
            let csv = csv::utterances(&self.run, &self.predictions, &self.utterances)?;
            put("utterances.csv".into(), "every test utterance", csv);
        }
        for (name, bytes) in self.embedding.iter().flat_map(|e| &e.files) {
            put(name.display().to_string(), "the points and measures of the t-SNE", bytes.clone());
        }
        if let Some(s) = &self.samples {
            put(samples::FILE.into(), "every measure of the judge, cell by cell", s.csv.clone());
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
        let listed: Vec<(String, &str)> = files.iter().map(|(name, what, _)| (name.clone(), *what)).collect();
        let page =
            Page { contents: self, files: &listed, to_run: self.provenance.is_none().then_some(to_run) };
        let page = page.html().into_bytes();
        let mut contents: counts::ReportFiles =
            files.into_iter().map(|(name, _, bytes)| (name.into(), bytes)).collect();
        contents.push(("index.html".into(), page));
        Ok(contents)
    }

    /// What a terminal shows.
    pub(crate) fn terminal(&self) -> String {
        let table = match &self.summary {
            None => {
                let first = self.tables.first().map(ResultTable::terminal).unwrap_or_default();
                let other = self.other_measures.first().map(ResultTable::brief).unwrap_or_default();
                format!("{first}\n{other}")
            }
            Some(s) => format!("{}\n{}", line(&self.title), s.terminal()),
        };
        format!("{table}\n{}{}", wrap(&self.verdict.ran), wrap(&self.verdict.shows))
    }

    /// Table and figure for a Markdown file from which `to_page` and `to_run` lead to the two folders; of a run with a judge also, folded, what
    /// it says, what the conditions cost and what they close of the gap.
    pub(crate) fn markdown_excerpt(&self, to_page: &str, to_run: &str) -> String {
        let table = self.overview().or_else(|| Some(self.tables.first()?.text()));
        let text = splice::content(&self.title, table.as_ref(), self.figures.first(), to_page, Some(to_run));
        let judged = self.samples.iter().flat_map(|s| s.tables.iter());
        let more = self.samples.iter().flat_map(|_| self.gap.iter().chain(&self.cost));
        more.chain(judged).fold(text, |text, table| text + "\n" + &table.folded_chapter())
    }

    /// Tables that belong to the figures.
    pub(super) fn measures(&self) -> Vec<TextTable> {
        let embedding = self.embedding.iter().map(|e| e.table.clone());
        embedding.chain(self.samples.iter().flat_map(|s| s.tables.clone())).collect()
    }

    /// Recalls by gender, language and text.
    pub(super) fn by_attribute(&self) -> Vec<TextTable> {
        self.attributes.iter().flatten().map(|found| attribute_table(&self.run, found)).collect()
    }

    /// The table over the data sets, under the title of the run.
    fn overview(&self) -> Option<TextTable> {
        self.summary.clone().map(|s| TextTable { title: self.title.clone(), ..s })
    }

    fn markdown(&self) -> String {
        let tables = self.overview().into_iter().chain(self.tables.iter().map(ResultTable::text));
        let all = tables
            .chain(self.other_measures.iter().map(ResultTable::text))
            .chain(self.gap.clone())
            .chain(self.cost.clone())
            .chain(self.statistics.iter().cloned())
            .chain(self.measures())
            .chain(self.by_attribute());
        all.map(|table| table.chapter(1)).collect::<Vec<_>>().join("\n")
    }

    fn latex(&self) -> String {
        let overview = self.overview().map(|table| table.latex("overview"));
        let details = (1..).zip(&self.tables).map(|(i, table)| table.text().latex(&format!("results-{i}")));
        let other = (1..)
            .zip(&self.other_measures)
            .map(|(i, table)| table.text().latex(&format!("other-measures-{i}")));
        latex_file(&overview.into_iter().chain(details).chain(other).collect::<Vec<_>>())
    }
}

/// provenance.toml: a run.toml without hosts, users and paths, as text.
pub(crate) fn provenance_of(info: &RunInfo) -> Result<String> {
    toml::to_string(info).map_err(|e| Error::failed(format!("provenance.toml: {e}")))
}

/// A sentence on the cells that have a result and no predictions.
fn without_predictions(predictions: &RunPredictions) -> Vec<String> {
    if predictions.missing.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = predictions.missing.iter().take(3).map(ToString::to_string).collect();
    vec![format!(
        "{} of the cells with a result have no predictions.csv ({}{}): speakers, the bootstrap and McNemar's test \
         leave them out.",
        predictions.missing.len(),
        named.join(", "),
        if predictions.missing.len() > 3 { ", …" } else { "" }
    )]
}

/// The comparisons of all pairs of conditions, one table for each data set that has some.
fn statistics(run: &LoadedRun, contrasts: &[Contrast]) -> Vec<TextTable> {
    let of = |set: &str| contrasts.iter().filter(|c| c.data_set == set).cloned().collect::<Vec<_>>();
    let sets = run.data_sets().into_iter().map(of).filter(|c| !c.is_empty());
    sets.map(|c| TextTable { sentences: compare::sentences(&c), ..compare::table(&c) }).collect()
}

fn figures(
    run: &LoadedRun,
    tables: &[ResultTable],
    speakers: &[SpeakerRecall],
    drawn: [Option<Figure>; 2],
    curves: [&Curves; 2],
) -> Result<Vec<Figure>> {
    let labels: Vec<&str> = run.spec.condition.iter().map(Condition::label).collect();
    let mut figures = Vec::new();
    figures.extend(figure::bars(run, tables)?);
    if let [table] = tables {
        figures.push(figure::recall(table, run.spec.classes.len())?);
        figures.extend(figure::difference(table)?);
    }
    figures.extend(drawn.into_iter().flatten());
    figures.extend(figure::galleries(run)?);
    figures.extend(figure::speakers(run, speakers)?);
    figures.extend(figure::confusion(run)?);
    let several = tables.len() > 1;
    for (stage, curves) in std::iter::zip(STAGES, curves) {
        figures.extend(figure::curves(stage, curves, &labels, several)?);
    }
    Ok(figures)
}
