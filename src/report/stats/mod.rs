//! Tests and effect sizes for paired results, as scipy, statsmodels and scikit-learn give them
//! (tests/golden/statistics). Where a sample is too small or has no variance, the result is `None`, never NaN.

mod bootstrap;
mod effect;
mod equivalence;
mod fieller;
mod holm;
pub mod interval;
mod mcnemar;
mod mixed_model;
mod permutation;
mod pooling;
mod power;
mod speaker_shares;
mod t_test;
mod wilcoxon;

pub use bootstrap::{
    Bootstrap, MIN_SPEAKERS, RESAMPLES, SpeakerTally, bootstrap, group_bootstrap, recall_bootstrap,
    recall_difference,
};
pub use effect::Effect;
pub use equivalence::Equivalence;
pub use fieller::{Fieller, fieller};
pub use holm::holm;
pub use mcnemar::{McNemar, mcnemar};
pub use mixed_model::{MixedModel, mixed_model};
pub use permutation::{DRAWS, Exchanges, FEWEST, MOST_EXACT, Permutation, UnitShare};
pub use pooling::{PooledEffect, pool};
pub use power::{chance, detectable, noncentrality};
pub use speaker_shares::{SpeakerShares, TestedSpeaker};
pub use t_test::{TTest, cohen_dz, corrected_t, speaker_t};
pub use wilcoxon::{Wilcoxon, rank_biserial, wilcoxon};

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;

/// P(|T| > |t|) of Student's t with `df` degrees of freedom.
fn t_two_sided(t: f64, df: f64) -> f64 {
    beta_reg(df / 2.0, 0.5, (df / (df + t * t)).clamp(0.0, 1.0))
}

/// The value below which Student's t with `df` degrees of freedom (above zero) lies with probability `p`.
fn t_quantile(p: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| d.inverse_cdf(p))
}

/// P(|Z| > |z|) of the standard normal.
fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).min(1.0)
}
