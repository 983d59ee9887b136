//! The worker as the other crates know it: a program next to this one, the only one that links libtorch.

pub mod answers;
mod args;
pub mod machine;
mod program;
pub mod protocol;

pub use args::WorkerArgs;
pub use program::{WorkerFault, ask, program};
