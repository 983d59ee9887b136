//! A generator that is ready to make samples, by its cell or by its entry of the store alone.

use crate::cell::LoadedData;
use crate::cell::stored::StoredStages;
use crate::opened_run::{OpenedRun, read_spec};
use seraug_core::digest::digest_hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::rng::Seed;
use seraug_core::run_files::{AugmentorInfo, CellId, CorpusInfo, PlannedCell, RunDir, RunInfo, read_plan};
use seraug_core::spec::{Augment, Precision, Spec};
use seraug_core::store::{Key, Stage, Store};
use seraug_core::with_generator;
use seraug_data::features::Standardiser;
use seraug_run::augmentation::{AugmentRequest, GeneratorInfo, GeneratorPlace};
use seraug_run::options::Places;
use std::path::{Path, PathBuf};
use tch::Device;

/// A generator with all that it makes samples by.
pub(super) struct OpenGenerator {
    pub(super) spec: Spec,
    /// The condition's settings, with the number of copies that is asked for.
    pub(super) augment: Augment,
    /// Whether [`seraug_core::spec::Generator::reads_classes`].
    pub(super) reads_classes: bool,
    pub(super) stages: StoredStages,
    pub(super) standardiser: Standardiser,
    /// Of the draws of its samples.
    pub(super) seed: Seed,
    pub(super) info: GeneratorInfo,
}

/// The precision that the generator of a request computes in.
///
/// # Errors
/// Its spec.toml does not parse.
pub fn precision(request: &AugmentRequest) -> Result<Precision> {
    Ok(read_spec(&spec_path(&request.generator))?.precision)
}

fn spec_path(place: &GeneratorPlace) -> PathBuf {
    match place {
        GeneratorPlace::Cell { run, .. } => RunDir::at(run.clone()).spec(),
        GeneratorPlace::Entry(dir) => AugmentorInfo::spec(dir),
    }
}

/// What a cell's fold and seed give.
struct FoldBasis {
    standardiser: Standardiser,
    /// Root of the cell's draws.
    root: Seed,
    corpus: Vec<CorpusInfo>,
}

impl FoldBasis {
    fn of_entry(dir: &Path, info: AugmentorInfo) -> Result<FoldBasis> {
        Ok(FoldBasis {
            standardiser: Standardiser { mean: info.mean, deviation: info.deviation },
            root: info.root(dir)?,
            corpus: info.corpus,
        })
    }

    /// From the recordings of the cell's run.
    fn of_recordings(
        run: &RunDir,
        planned: &PlannedCell,
        results: &Path,
        request: &AugmentRequest,
        device: Device,
    ) -> Result<FoldBasis> {
        let places = Places { corpora: request.corpora.clone(), results: results.to_owned() };
        let mut opened = OpenedRun::open(run, &places, request.partial, device, None)?;
        let cell = opened.cell(planned)?.ok_or_else(|| opened.differs(&planned.cell))?;
        let mut loaded = LoadedData::default();
        let standardiser = loaded.data(&opened.context(), &cell.fold)?.standardiser;
        Ok(FoldBasis { standardiser, root: cell.seed, corpus: opened.info.corpus })
    }
}

impl OpenGenerator {
    /// Finds the generator of `request`. The recordings that it was trained on are read only where the store does not say what they
    /// come to.
    ///
    /// # Errors
    /// A run or an entry that cannot be read; a condition that makes no samples; a stage that is not in the store any more.
    pub(super) fn open(request: &AugmentRequest, device: Device) -> Result<OpenGenerator> {
        let spec_path = spec_path(&request.generator);
        let spec = read_spec(&spec_path)?;
        let condition = |name: &str| spec.condition.iter().find(|c| c.name == name);
        let (name, cell, run, stages, keys, basis) = match &request.generator {
            GeneratorPlace::Entry(dir) => {
                let info = AugmentorInfo::load(dir)?;
                let autoencoder = info.autoencoder.as_ref().map(|key| beside(dir, key)).transpose()?;
                let stages = StoredStages { augmentor: Some(dir.clone()), autoencoder };
                let keys = (Some(info.key.clone()), info.autoencoder.clone());
                let names = (info.condition.clone(), info.cell.clone(), info.run.clone());
                (names.0, names.1, names.2, stages, keys, FoldBasis::of_entry(dir, info)?)
            }
            GeneratorPlace::Cell { run, cell, results } => {
                let run = RunDir::at(run.clone());
                let planned = planned(&run, cell)?;
                let keys = (planned.key_augmentor.clone(), planned.key_autoencoder.clone());
                let makes = condition(&cell.condition).is_some_and(|c| c.augment.copies().is_some());
                if !makes {
                    return Err(makes_none(
                        &cell.to_string(),
                        condition(&cell.condition).map(|c| &c.augment),
                    ));
                }
                let stages = StoredStages::of(&Store::of(results), keys.0.as_ref(), keys.1.as_ref())?;
                let basis = match stages.augmentor.as_ref().filter(|dir| AugmentorInfo::is_in(dir)) {
                    Some(dir) => FoldBasis::of_entry(dir, AugmentorInfo::load(dir)?)?,
                    None => FoldBasis::of_recordings(&run, &planned, results, request, device)?,
                };
                let experiment = RunInfo::load(&run.info())?.experiment;
                (cell.condition.clone(), cell.to_string(), run.name(&experiment), stages, keys, basis)
            }
        };
        let Some(found) = condition(&name) else {
            return Err(Error::at(&spec_path, format!("no condition `{name}`")));
        };
        let mut augment = found.augment.clone();
        let copies = with_generator!(&mut augment, g => set_copies(g, request.copies), none => 0);
        let reads_classes = augment.generator().is_some_and(|g| g.reads_classes());
        let root = request.seed.map_or(basis.root, Seed::new);
        let seed = root.child("augment");
        let text = files::text(&spec_path).at(&spec_path)?;
        let info = GeneratorInfo {
            title: spec.title.clone(),
            generator: augment.name().to_owned(),
            condition: name,
            cell,
            run,
            key_augmentor: keys.0,
            key_autoencoder: keys.1,
            spec_sha256: digest_hex(text.as_bytes()),
            precision: spec.precision,
            copies,
            seed: request.seed.map_or("of the cell".to_owned(), |seed| seed.to_string()),
            draws: seed.hex(),
            mean: basis.standardiser.mean,
            deviation: basis.standardiser.deviation,
            classes: spec.class_names().into_iter().map(str::to_owned).collect(),
            features: spec.features.clone(),
            settings: augment.clone(),
            corpus: basis.corpus,
        };
        Ok(OpenGenerator {
            spec,
            augment,
            reads_classes,
            stages,
            standardiser: basis.standardiser,
            seed,
            info,
        })
    }
}

/// Has `generator` make `copies`, or as many as it does; one where a recording can be converted once.
fn set_copies(generator: &mut impl seraug_core::spec::Generator, copies: Option<usize>) -> usize {
    let own = generator.copies().map_or(0, |(copies, _)| copies);
    let copies = copies.unwrap_or(if generator.converts().is_some() { 1 } else { own });
    generator.set_copies(copies);
    copies
}

/// The folder of the autoencoder `key` of the generator in `dir`.
fn beside(dir: &Path, key: &Key) -> Result<PathBuf> {
    let found = dir.with_file_name(format!("{}-{key}", Stage::Autoencoder.name()));
    match found.is_dir() {
        true => Ok(found),
        false => Err(Error::failed(format!(
            "{}: not there, and the generator {} makes its samples by it; name a cell that uses it, or put it back",
            found.display(),
            dir.display()
        ))),
    }
}

fn planned(run: &RunDir, cell: &CellId) -> Result<PlannedCell> {
    let found = read_plan(&run.plan())?.into_iter().find(|row| row.cell == *cell);
    found.ok_or_else(|| Error::at(run.plan(), format!("no cell {cell}")))
}

/// Why a condition without samples cannot be used.
fn makes_none(cell: &str, augment: Option<&Augment>) -> Error {
    Error::usage(match augment {
        Some(Augment::Mixup(_)) => {
            format!(
                "{cell}: mixup makes no samples: it mixes the batches of a classifier while that is trained"
            )
        }
        _ => format!("{cell}: its condition has no generator; name a cell of one that has"),
    })
}
