//! What each condition costs: iterations, parameters, seconds, samples.

use super::loaded_run::LoadedRun;
use seraug_core::error::Result;
use seraug_core::run_files::{CellRecord, Outcome, TrainingSetSize};
use seraug_core::spec::{Generator, Spec};
use seraug_core::store::Stage;

/// The cost of a condition in a cell, a mean over its cells that have a result.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionCost {
    /// The condition, as an index into the spec.
    pub condition: usize,
    /// Iterations of its autoencoder and of its generator; none where nothing is trained.
    pub iterations: [Option<usize>; 2],
    /// Parameters of all networks that its generator trains, the autoencoder among them; none where run.toml does not say.
    pub parameters: Option<u64>,
    /// Wall seconds of the training of autoencoder, generator and classifier; a shared autoencoder counts for each condition.
    pub seconds: [f64; 3],
    /// Utterances that are added to the training set; for conversions, where no cell says how many there were, those that they stand for.
    pub added: f64,
    /// Their segments; none where a cell does not say.
    pub segments: Option<f64>,
    /// Percent of the training segments that each class has; none where a cell does not say.
    pub shares: Option<Vec<f64>>,
}

impl ConditionCost {
    /// Those of all conditions that have a result; empty where no generator of the spec is trained.
    ///
    /// # Errors
    /// An outcome.toml that does not read.
    pub fn of(run: &LoadedRun) -> Result<Vec<ConditionCost>> {
        let spec = &run.spec;
        if !spec.condition.iter().any(|c| c.augment.generator().is_some_and(|g| is_trained(g, spec))) {
            return Ok(Vec::new());
        }
        let mut costs = Vec::new();
        for (condition, c) in spec.condition.iter().enumerate() {
            let done: Vec<&Outcome> =
                run.outcomes.iter().filter(|o| o.cell.condition == c.name && o.confusion.is_some()).collect();
            if done.is_empty() {
                continue;
            }
            let mut seconds = [0.0; 3];
            let mut sizes: Vec<TrainingSetSize> = Vec::new();
            for outcome in &done {
                let record = CellRecord::load(&run.dir.cell_file(&outcome.cell, "outcome.toml"))?;
                seconds[0] += record.as_ref().map_or(0.0, |r| r.seconds(Stage::Autoencoder));
                sizes.extend(record.and_then(|r| r.training_set));
                seconds[1] += outcome.seconds_augmentor;
                seconds[2] += outcome.seconds_classifier;
            }
            let generator = c.augment.generator().filter(|g| is_trained(*g, spec));
            let names = generator.map_or(&[][..], |g| g.network_names());
            let size = |name: &&str| Some(run.info.network.iter().find(|n| n.name == **name)?.parameters);
            let encoded = generator.filter(|g| g.needs_autoencoder());
            let autoencoder = encoded.and(spec.autoencoder.as_ref()).map(|a| a.iterations);
            let own = generator.and_then(|g| g.work(spec)).map(|work| work.iterations);
            let all_say = sizes.len() == done.len();
            let mean =
                |of: &dyn Fn(&TrainingSetSize) -> f64| sizes.iter().map(of).sum::<f64>() / sizes.len() as f64;
            let added = done.iter().map(|o| o.n_augmented as f64).sum::<f64>() / done.len() as f64;
            costs.push(ConditionCost {
                condition,
                iterations: [autoencoder, own],
                parameters: names.iter().map(size).sum(),
                seconds: seconds.map(|sum| sum / done.len() as f64),
                added: if all_say { mean(&|s| s.added.iter().sum::<usize>() as f64) } else { added },
                segments: all_say.then(|| mean(&|s| s.added_segments.iter().sum::<usize>() as f64)),
                shares: all_say.then(|| (0..spec.classes.len()).map(|c| mean(&|s| s.shares()[c])).collect()),
            });
        }
        Ok(costs)
    }
}

/// Whether anything is trained before it makes samples.
fn is_trained(generator: &dyn Generator, spec: &Spec) -> bool {
    generator.needs_autoencoder() || generator.work(spec).is_some_and(|work| work.iterations > 0)
}
