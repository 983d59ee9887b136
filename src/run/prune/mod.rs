//! Lists and verifies the store, and removes what no run needs any more.

mod inventory;
mod references;
mod removal;
mod verify;

pub use inventory::{Cache, Inventory, StoreEntry, Trajectory, seconds_since};
pub use references::References;
pub use removal::{PruneOptions, Pruned, Removal, plan, remove};
pub use verify::{Broken, verify};
