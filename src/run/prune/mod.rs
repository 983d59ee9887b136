//! What is in the store, whether it is as it was written, and what of it nothing needs any more.

mod inventory;
mod references;
mod removal;
mod verify;

pub use inventory::{Cache, Inventory, StoreEntry, Trajectory, seconds_since};
pub use references::References;
pub use removal::{PruneOptions, Pruned, Removal, plan, remove};
pub use verify::{Broken, verify};
