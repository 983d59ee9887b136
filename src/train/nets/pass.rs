//! A forward pass that is gone back through: by the library's graph, or on a CPU by our kernels up to a leaf of it.

use tch::Tensor;

/// What a gradient will be asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The parameters.
    Parameters,
    /// What goes in.
    Input,
}

impl Wanted {
    /// `x` as the library's graph is to begin with it.
    pub fn leaf(self, x: &Tensor) -> Tensor {
        match self {
            Wanted::Parameters => x.shallow_clone(),
            Wanted::Input => x.detach().set_requires_grad(true),
        }
    }
}

/// A forward pass, with what our kernels keep of it.
#[derive(Debug)]
pub struct EncoderPass<T> {
    /// What came out, to take a loss of.
    pub out: Tensor,
    /// Where the library's graph begins: what our kernels gave, or what went in.
    pub(super) leaf: Tensor,
    /// Of our kernels, where they were asked.
    pub(super) tape: Option<T>,
}
