//! results/.store: what stages made, who makes one now, and the states of trainings that go on.

pub mod checkpoints;
pub mod entries;
pub mod key;
pub mod lease;
pub mod seal;
pub mod stage_toml;

pub use checkpoints::Checkpoints;
pub use entries::{Stage, Store};
pub use key::Key;
pub use lease::{Claim, Holder, Lease, LeaseObserver, LeaseProgress, StageTask};
pub use seal::{broken, write_sealed};
pub use stage_toml::Making;
