//! Representations of originals and of their augmentations (Fig. 3 of the paper): their maps by t-SNE, and measures of how
//! far the maps can be trusted.

pub mod map;
pub mod measures;
pub mod points;

use super::loaded_run::LoadedRun;
use measures::{divergence, joint_probabilities, neighbours, silhouette, squared_distances, trustworthiness};
use points::{Point, PointKind};
use rayon::prelude::*;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::CellId;
use seraug_core::spec::EmbeddingSource;

/// Nearest neighbours that each point is judged by.
pub const NEIGHBOURS: usize = 5;
/// Fewest points of a map: trustworthiness is defined for more than twice the neighbours.
const FEWEST_POINTS: usize = 2 * NEIGHBOURS + 1;

/// The representations of a fold under one condition, and their map.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What tables call the condition.
    pub label: String,
    /// Originals and augmentations, in the order of embedding.csv.
    pub points: Vec<Point>,
    /// Their places in the plane; `None` where all representations are equal, so that there is no map.
    pub map: Option<Vec<[f64; 2]>>,
    /// How good the map and the representation are.
    pub measures: Measures,
}

/// Measures of a map and of the representation r; `None` where all representations are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Perplexity of the t-SNE.
    pub perplexity: f64,
    /// Kullback-Leibler divergence that t-SNE minimises, in nats.
    pub divergence: Option<f64>,
    /// Share of neighbours in the map that are neighbours in r, in [0, 1].
    pub trustworthiness: Option<f64>,
    /// Silhouette of the classes in r, in [-1, 1].
    pub silhouette_r: Option<f64>,
    /// Silhouette of the classes in the map, in [-1, 1].
    pub silhouette_map: Option<f64>,
    /// Share of augmentations whose nearest originals are mostly of their own class, in [0, 1].
    pub augmentations: Option<f64>,
    /// The same share of originals, for comparison.
    pub originals: Option<f64>,
}

/// The maps of a run and what they are of.
#[derive(Debug, Clone)]
pub struct EmbeddingMaps {
    /// One map for each condition that has an embedding.csv, in the order of the spec.
    pub panels: Vec<Panel>,
    /// Which utterances are shown, as a phrase: `test utterances of emodb, fold 1, seed 1`.
    pub source: String,
}

/// Maps the first seed and fold in which some condition has an embedding.csv; `None` where none has one of at least 11
/// points. The same run gives the same maps.
///
/// # Errors
/// An embedding.csv that cannot be read: see [`points::read`].
pub fn maps(run: &LoadedRun) -> Result<Option<EmbeddingMaps>> {
    let Some(settings) = &run.spec.embedding else { return Ok(None) };
    let places = run.spec.seeds.iter().flat_map(|&s| run.info.fold.iter().map(move |f| (s, f)));
    for (seed, fold) in places {
        let panels = panels(run, fold.number, seed)?;
        if panels.is_empty() {
            continue;
        }
        let side = match settings.of {
            EmbeddingSource::Train => "training",
            EmbeddingSource::Test => "test",
        };
        let source = format!("{side} utterances of {}, fold {}, seed {seed}", fold.corpus, fold.number);
        return Ok(Some(EmbeddingMaps { panels, source }));
    }
    Ok(None)
}

fn panels(run: &LoadedRun, fold: usize, seed: u64) -> Result<Vec<Panel>> {
    let classes = run.spec.class_names();
    let mut found = Vec::new();
    for c in &run.spec.condition {
        let experiment = run.info.experiment.clone();
        let cell = CellId { experiment, condition: c.name.clone(), fold, seed };
        let path = run.dir.cell_file(&cell, "embedding.csv");
        if !path.is_file() {
            continue;
        }
        let points = points::read(&path, &classes)?;
        if points.len() >= FEWEST_POINTS {
            found.push((c.label(), points));
        }
    }
    // t-SNE runs on one thread and takes seconds: the conditions run in parallel.
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
