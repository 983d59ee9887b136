//! Tests and effect sizes for paired results, as scipy, statsmodels and scikit-learn give them
//! (tests/golden/statistics). Where a sample is too small or has no variance, the result is `None`, never NaN.

mod bootstrap;
mod holm;
pub mod interval;
mod mcnemar;
mod mixed_model;
mod permutation;
mod power;
mod speaker_shares;
mod t_test;
mod wilcoxon;

pub use bootstrap::{Bootstrap, MIN_SPEAKERS, RESAMPLES, SpeakerTally, bootstrap, recall_difference};
pub use holm::holm;
pub use mcnemar::{McNemar, mcnemar};
pub use mixed_model::{MixedModel, mixed_model};
pub use permutation::{DRAWS, Exchanges, FEWEST, MOST_EXACT, Permutation, UnitShare};
pub use power::{detectable, noncentrality};
pub use speaker_shares::{SpeakerShares, TestedSpeaker};
pub use t_test::{TTest, cohen_dz, corrected_t, speaker_t};
pub use wilcoxon::{Wilcoxon, rank_biserial, wilcoxon};

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;

/// P(|T| > |t|) of Student's t with `df` degrees of freedom.
fn t_two_sided(t: f64, df: f64) -> f64 {
    beta_reg(df / 2.0, 0.5, (df / (df + t * t)).clamp(0.0, 1.0))
}

/// P(|Z| > |z|) of the standard normal.
fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).min(1.0)
}
