//! Why a file is refused, and what the reader can do about it.

/// A result whose error says what is wrong and the next step, without naming the file.
pub(super) type Refusable<T> = std::result::Result<T, String>;

/// The next step for a damaged file; never for one that may be whole.
pub(super) const FRESH: &str = "get a fresh copy of it";
/// The next step for a file that another program may be able to read.
pub(super) const CONVERT: &str = "convert it to 16-bit PCM wav or flac";
