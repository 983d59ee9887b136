//! Which build this is. The two programs know the revision that they were compiled from and hand it down here, so that no
//! library is compiled again when only the revision changes.

use std::sync::OnceLock;

/// Version of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

static REVISION: OnceLock<&str> = OnceLock::new();

/// Sets the revision that this process reports; the first lines of a program. Later calls change nothing.
pub fn set(revision: &'static str) {
    REVISION.get_or_init(|| revision);
}

/// Short git revision, `+dirty` when the tree had changes, `unknown` without git and where no program has set it.
pub fn revision() -> &'static str {
    REVISION.get().copied().unwrap_or("unknown")
}
