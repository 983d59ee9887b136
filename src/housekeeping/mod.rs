//! What is in the store, whether it is as it was written, and what of it nothing needs any more.

mod inventory;
mod prune;
mod references;
mod verify;

pub use inventory::{Cache, Entry, Inventory, Trajectory, seconds_since};
pub use prune::{Pruned, Removal, Wanted, plan, remove};
pub use references::References;
pub use verify::{Broken, verify};
