//! Names: those that people type, and those that become folders.

pub mod folders;
pub mod unicode;
