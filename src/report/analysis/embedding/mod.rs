//! Fig. 3 of the paper: representations of originals and of their augmentations by t-SNE, and what the maps are worth.

pub mod map;
pub mod measures;
pub mod points;

use super::loaded_run::LoadedRun;
use crate::figure::{self, Figure};
use crate::render::csv;
use crate::render::text_table::TextTable;
use measures::{divergence, joint_probabilities, neighbours, silhouette, squared_distances, trustworthiness};
use points::{Point, PointKind};
use rayon::prelude::*;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::CellId;
use seraug_core::spec::EmbeddingSource;
use std::path::PathBuf;

/// Neighbours that a point is judged by.
const NEIGHBOURS: usize = 5;
/// Trustworthiness wants more than twice the neighbours.
const LEAST: usize = 2 * NEIGHBOURS + 1;

/// The representations under one condition.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The condition's label.
    pub label: String,
    /// Its points.
    pub points: Vec<Point>,
    /// Where they are in the plane; `None` where all representations are the same.
    pub map: Option<Vec<[f64; 2]>>,
    /// What the map is worth.
    pub measures: Measures,
}

/// Numbers beside a map; absent where all representations are the same, so that nothing is near.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Of t-SNE.
    pub perplexity: f64,
    /// Kullback-Leibler divergence of the map, nats.
    pub divergence: Option<f64>,
    /// Share of neighbours in the map that are neighbours in r, in [0, 1].
    pub trustworthiness: Option<f64>,
    /// Silhouette of the classes in r, in [-1, 1].
    pub silhouette_r: Option<f64>,
    /// The same in the map.
    pub silhouette_map: Option<f64>,
    /// Share of augmentations among originals of their class, in [0, 1].
    pub augmentations: Option<f64>,
    /// The same of originals, for comparison.
    pub originals: Option<f64>,
}

/// Fig. 3 and its numbers.
#[derive(Debug, Clone)]
pub struct EmbeddingReport {
    /// The maps side by side.
    pub figure: Figure,
    /// The measures, a row a condition.
    pub table: TextTable,
    /// Files below the report's folder: embedding.csv, measures.csv.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// Of the first seed and fold in which some condition has an embedding.csv; `None` where none has one of at least 11
/// points. The same run gives the same report.
///
/// # Errors
/// An embedding.csv that does not read: see [`points::read`].
pub fn embedding(reading: &LoadedRun) -> Result<Option<EmbeddingReport>> {
    let Some(settings) = &reading.spec.embedding else { return Ok(None) };
    let places = reading.spec.seeds.iter().flat_map(|&s| reading.info.fold.iter().map(move |f| (s, f)));
    for (seed, fold) in places {
        let panels = panels(reading, fold.number, seed)?;
        if panels.is_empty() {
            continue;
        }
        let side = match settings.of {
            EmbeddingSource::Train => "training",
            EmbeddingSource::Test => "test",
        };
        let of = format!("{side} utterances of {}, fold {}, seed {seed}", fold.corpus, fold.number);
        return report(reading, &panels, &of).map(Some);
    }
    Ok(None)
}

fn panels(reading: &LoadedRun, fold: usize, seed: u64) -> Result<Vec<Panel>> {
    let classes = reading.spec.class_names();
    let mut found = Vec::new();
    for c in &reading.spec.condition {
        let experiment = reading.info.experiment.clone();
        let cell = CellId { experiment, condition: c.name.clone(), fold, seed };
        let path = reading.run.cell_file(&cell, "embedding.csv");
        if !path.is_file() {
            continue;
        }
        let points = points::read(&path, &classes)?;
        if points.len() >= LEAST {
            found.push((c.label(), points));
        }
    }
    // A map is made by one thread, and takes seconds.
    found.into_par_iter().map(|(label, points)| panel(label, points, seed)).collect()
}

fn panel(label: &str, points: Vec<Point>, seed: u64) -> Result<Panel> {
    let rows: Vec<&[f64]> = points.iter().map(|p| p.r.as_slice()).collect();
    let map = map::map(&rows, Seed::new(seed).child("t-sne"))?;
    let squared = squared_distances(&rows);
    let classes: Vec<usize> = points.iter().map(|p| p.class).collect();
    let perplexity = map::perplexity(points.len());
    let joint = || joint_probabilities(&squared, points.len(), perplexity);
    let near = |kind| neighbours(&points, &squared, kind, NEIGHBOURS);
    let measures = Measures {
        perplexity,
        divergence: map.as_ref().map(|m| divergence(&joint(), m)),
        trustworthiness: map.as_ref().map(|m| trustworthiness(&squared, m, NEIGHBOURS)),
        silhouette_r: map.as_ref().and_then(|_| silhouette(&squared, &classes)),
        silhouette_map: map.as_ref().and_then(|m| silhouette(&squared_distances(m), &classes)),
        augmentations: map.as_ref().and_then(|_| near(PointKind::Augmentation)),
        originals: map.as_ref().and_then(|_| near(PointKind::Original)),
    };
    Ok(Panel { label: label.to_owned(), points, map, measures })
}

fn report(reading: &LoadedRun, panels: &[Panel], of: &str) -> Result<EmbeddingReport> {
    let classes = reading.spec.class_names();
    let counts: Vec<String> = (0..classes.len())
        .map(|c| {
            let here = |p: &&Point| p.class == c && p.kind == PointKind::Original;
            format!("{} {}", panels[0].points.iter().filter(here).count(), classes[c])
        })
        .collect();
    let copies = reading.spec.embedding.as_ref().map_or(0, |e| e.copies);
    let perplexity = panels[0].measures.perplexity;
    let about = format!(
        "{of}: {}, and {copies} augmentations of each. Exact t-SNE (perplexity {perplexity:.0}, {} iterations, the first {} \
         with P exaggerated by 12, learning rate 200, random start of one seed), turned to lie on its longer side. Axes and \
         size of such a map have no meaning: nearness has.",
        counts.join(", "),
        map::ITERATIONS,
        map::EXAGGERATED,
    );
    let number = |v: Option<f64>| v.map_or("–".into(), |v| format!("{v:.2}").replace('-', "−"));
    let percent = |v: Option<f64>| v.map_or("–".into(), |v| format!("{:.0} %", 100.0 * v));
    let row = |p: &Panel| {
        let m = &p.measures;
        vec![
            p.label.clone(),
            percent(m.augmentations),
            percent(m.originals),
            number(m.silhouette_r),
            number(m.silhouette_map),
            number(m.trustworthiness),
            number(m.divergence),
        ]
    };
    let headings = [
        "condition",
        "augmentations near their class",
        "originals near their class",
        "silhouette in r",
        "silhouette in the map",
        "trustworthiness",
        "KL divergence",
    ];
    let caption = format!(
        "Near their class: of the {NEIGHBOURS} nearest originals in r, their own original left out, most are of their class \
         (of an original, the same: what the representation can tell at all). Silhouette: −1 to 1, above 0 where points are \
         nearer to their own class than to the next. Trustworthiness (k = {NEIGHBOURS}): 1 where neighbours in the map are \
         neighbours in r. KL divergence: what t-SNE minimises, nats."
    );
    Ok(EmbeddingReport {
        figure: figure::embedding(panels, &classes, about)?,
        table: TextTable {
            title: "What the maps are worth".into(),
            caption,
            headings: headings.map(str::to_owned).to_vec(),
            rows: panels.iter().map(row).collect(),
            words: 1,
            ..TextTable::default()
        },
        files: vec![
            ("embedding.csv".into(), table(panels, &classes)?),
            ("measures.csv".into(), measures_csv(panels)?),
        ],
    })
}

/// Every point of every map.
fn table(panels: &[Panel], classes: &[&str]) -> Result<Vec<u8>> {
    let header = ["utterance", "condition", "class", "kind", "x", "y"].map(str::to_owned).to_vec();
    let places = panels.iter().filter_map(|p| p.map.as_ref().map(|m| (p, m)));
    let rows = places.flat_map(|(panel, map)| {
        std::iter::zip(&panel.points, map).map(|(p, [x, y])| {
            let (class, kind) = (classes[p.class].to_owned(), p.kind.name().to_owned());
            vec![p.utterance.clone(), panel.label.clone(), class, kind, format!("{x:.6}"), format!("{y:.6}")]
        })
    });
    csv::bytes("embedding.csv", std::iter::once(header).chain(rows))
}

fn measures_csv(panels: &[Panel]) -> Result<Vec<u8>> {
    let header = [
        "condition",
        "points",
        "perplexity",
        "augmentations_near_class",
        "originals_near_class",
        "silhouette_r",
        "silhouette_map",
        "trustworthiness",
        "kl",
    ];
    let rows = panels.iter().map(|p| {
        let m = &p.measures;
        let sizes = [p.label.clone(), p.points.len().to_string(), m.perplexity.to_string()];
        let shares = [m.augmentations, m.originals, m.silhouette_r, m.silhouette_map];
        let of_map = [m.trustworthiness, m.divergence];
        sizes.into_iter().chain(shares.into_iter().chain(of_map).map(csv::number)).collect()
    });
    csv::bytes("measures.csv", std::iter::once(header.map(str::to_owned).to_vec()).chain(rows))
}
