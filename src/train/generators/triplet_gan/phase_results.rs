//! What the phases of an iteration give: losses, distances and logits, all detached and left on the device.

use tch::Tensor;

/// Of phase 1, all detached: L_REP and the distances [batch] from anchor to positive and to negative.
#[derive(Debug)]
pub struct Represented {
    /// L_REP.
    pub loss: Tensor,
    /// dist(A, P).
    pub positive: Tensor,
    /// dist(A, N).
    pub negative: Tensor,
}

/// Of phase 2, all detached: the loss and the logits [batch].
#[derive(Debug)]
pub struct Discriminated {
    /// softplus(-D(X_2)) + softplus(D(augmented)).
    pub loss: Tensor,
    /// D(X_2).
    pub original: Tensor,
    /// D(augmented).
    pub augmented: Tensor,
}

/// Of phase 4, detached.
#[derive(Debug)]
pub struct Preserved {
    /// The augmentor's L_GAN.
    pub gan: Tensor,
    /// L_EMO, unless L_GAN is alone.
    pub emo: Option<Tensor>,
    /// L_BAL, where it is trained with.
    pub bal: Option<Tensor>,
}

/// What the phases of an iteration gave; the losses are scalars, in the order of a row.
#[derive(Debug)]
pub(crate) struct PhaseResults {
    pub losses: Vec<(&'static str, Tensor)>,
    pub represented: Option<Represented>,
    pub discriminated: Discriminated,
}
