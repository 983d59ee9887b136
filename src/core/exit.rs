//! Exit codes of the programs.

/// Everything that was asked for is done.
pub const DONE: u8 = 0;
/// Something failed; the message says what.
pub const FAILED: u8 = 1;
/// The command line or the experiment file is wrong, or a corpus is missing.
pub const USAGE: u8 = 2;
/// The run went through, but cells failed or are not finished.
pub const CELLS_FAILED: u8 = 3;
/// Numbers of a run contradict each other.
pub const CONTRADICTION: u8 = 4;
/// `audit` found a leak that is not allowed.
pub const LEAK: u8 = 4;
/// Somebody requested a stop (Ctrl-C, SIGTERM); what was done is kept.
pub const INTERRUPTED: u8 = 130;
