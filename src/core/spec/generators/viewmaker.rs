//! Views by a network that is trained to make two of them hard to recognise as of one clip. Sizes and training are in
//! `[viewmaker]`, which the conditions share.

use super::{Augment, CopySource, Generator, TrainedOn, TrainingInputs, TrainingWork, four};
use crate::spec::bounds::{batch, multiple, rows, weights};
use crate::spec::located_error::{CheckResult, FieldPath, need};
use crate::spec::{Features, Precision, Spec, ViewmakerTraining, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Raised when the training computes something else from the same inputs.
const VERSION: u32 = 1;

/// Viewmaker networks (Tamkin et al., ICLR 2021) with their own contrastive objective, which sees no label (FIDELITY.md,
/// "Viewmaker").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Viewmaker {
    /// Views of each sample.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples views are made of.
    pub of: CopySource,
    /// Mean absolute change of a view, in standard deviations of the training set: a number, or the range that it is drawn
    /// from for each view.
    pub epsilon: ViewBudget,
    /// What the contrastive loss holds the similarity of two views against.
    pub denominator: Denominator,
}

/// A number, or a range [low, high] that is drawn from uniformly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number or a range [low, high]")]
pub enum ViewBudget {
    /// Always the same.
    Fixed(#[schemars(range(min = 0.0, max = limits::WEIGHT))] f64),
    /// Drawn for each view.
    Range(#[schemars(inner(range(min = 0.0, max = limits::WEIGHT)))] [f64; 2]),
}

impl ViewBudget {
    /// Its least and its largest value, which are equal where it is a number.
    pub fn range(self) -> [f64; 2] {
        match self {
            ViewBudget::Fixed(value) => [value, value],
            ViewBudget::Range(range) => range,
        }
    }
}

/// FIDELITY.md row "denominator of InfoNCE".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Denominator {
    /// The mean over all outputs of the batch, the anchor itself and its other view among them; anchors are the first views.
    #[default]
    Released,
    /// The sum over all outputs but the anchor itself; every view is an anchor (SimCLR).
    NtXent,
}

impl Default for Viewmaker {
    fn default() -> Viewmaker {
        Viewmaker {
            copies: four(),
            of: CopySource::default(),
            epsilon: ViewBudget::Fixed(0.05),
            denominator: Denominator::default(),
        }
    }
}

impl Generator for Viewmaker {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    /// The key of the trained viewmaker says the rest.
    fn settings(&self) -> Option<Augment> {
        None
    }

    fn tables(&self) -> &'static [&'static str] {
        &["viewmaker"]
    }

    fn check(&self, here: &FieldPath, spec: &Spec) -> CheckResult {
        let [low, high] = self.epsilon.range();
        let fits = low > 0.0 && low <= high && high <= limits::WEIGHT;
        need(fits, here.field("epsilon"), || {
            let shown = if low == high { format!("{low}") } else { format!("[{low}, {high}]") };
            format!(
                "= {shown}: must be above 0, at most {}, and the first not above the second",
                limits::WEIGHT
            )
        })?;
        let v = &spec.viewmaker();
        multiple("viewmaker.frames", v.frames)?;
        weights("viewmaker.widths", v.weights())?;
        weights("viewmaker.encoder-widths", v.encoder_weights())?;
        batch("viewmaker.batch", v.batch, v.frames)?;
        rows("viewmaker.log-every", v.log_every, v.iterations)
    }

    fn training(&self, spec: &Spec, on: &TrainedOn) -> Option<TrainingInputs> {
        let inputs = |viewmaker: ViewmakerTraining| {
            TrainingInputs::text(&ViewmakerKey {
                features: &spec.features,
                features_version: on.features_version,
                precision: spec.precision,
                viewmaker,
                augment: Augment::Viewmaker(Viewmaker {
                    copies: 1,
                    of: CopySource::default(),
                    epsilon: ViewBudget::Range(self.epsilon.range()),
                    ..self.clone()
                }),
                seen: on.seen,
                train: on.train,
                seed: on.seed,
                device: on.device,
            })
        };
        let settings = &spec.viewmaker();
        Some(TrainingInputs {
            version: VERSION,
            key: inputs(ViewmakerTraining { log_every: 1, ..settings.clone() }),
            // Iteration by iteration it does not matter how many there will be.
            trajectory: inputs(ViewmakerTraining { iterations: 0, ..settings.clone() }),
        })
    }

    fn work(&self, spec: &Spec) -> Option<TrainingWork> {
        Some(TrainingWork { of: vec!["viewmaker".to_owned()], iterations: spec.viewmaker().iterations })
    }

    fn set_iterations(&self, spec: &mut Spec, iterations: usize) {
        spec.viewmaker = Some(ViewmakerTraining { iterations, ..spec.viewmaker() });
    }

    fn batch_field(&self, spec: &Spec) -> Option<(&'static str, usize)> {
        Some(("viewmaker.batch", spec.viewmaker().batch))
    }

    fn network_names(&self) -> &'static [&'static str] {
        &["viewmaker", "viewmaker's encoder"]
    }
}

/// What the training reads, in the order in which its key holds it.
#[derive(Serialize)]
struct ViewmakerKey<'a> {
    features: &'a Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    viewmaker: ViewmakerTraining,
    augment: Augment,
    /// Digest of what it is trained on.
    seen: &'a str,
    /// Decides the statistics that the input is standardised with.
    train: &'a str,
    seed: u64,
    device: &'a str,
}
