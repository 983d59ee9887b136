//! The store results/.store: results of stages by key, leases of the processes that compute them, and checkpoints.

pub mod checkpoints;
pub mod entries;
pub mod key;
pub mod lease;
pub mod seal;
mod stage;
pub mod stage_toml;

pub use checkpoints::Checkpoints;
pub use entries::Store;
pub use key::Key;
pub use lease::{Claim, Holder, Lease, LeaseObserver, LeaseProgress, StageTask};
pub use seal::{SEAL, broken, write_sealed};
pub use stage::Stage;
pub use stage_toml::Making;
