//! Version and revision of this build. The two programs know the revision that they were compiled from and set it here, so
//! that no library is recompiled when only the revision changes.

use std::sync::OnceLock;

/// Version of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

static REVISION: OnceLock<&str> = OnceLock::new();

/// Sets the revision that this process reports. Programs call it first; later calls have no effect.
pub fn set(revision: &'static str) {
    REVISION.get_or_init(|| revision);
}

/// Short git revision, `+dirty` when the tree had changes, `unknown` without git and where no program has set it.
pub fn revision() -> &'static str {
    REVISION.get().copied().unwrap_or("unknown")
}
