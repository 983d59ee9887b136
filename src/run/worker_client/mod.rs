//! The worker as the other commands know it: a program beside this one, the only one that links libtorch.

pub mod machine;
mod program;
pub mod protocol;

pub use program::{WorkerFault, ask, program};
