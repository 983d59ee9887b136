//! The formats of recordings by name.

/// Extensions of recordings that are read, in lower case. The contents decide how.
pub const EXTENSIONS: &[&str] =
    &["wav", "wave", "flac", "mp3", "ogg", "oga", "m4a", "mp4", "aif", "aiff", "aifc", "caf"];

/// Extensions of recordings that are not read, in lower case.
pub const NOT_READ: &[&str] = &["aac", "amr", "opus", "sph", "wma"];

/// The formats that are read, as a message has them.
pub const FORMATS: &str = "wav, flac, mp3, ogg, m4a, aiff or caf";
