//! A table of the SHA-256 of recordings by their ids, `id,sha256`.

use seraug_core::error::Result;
use seraug_core::files::{self, write_atomic};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// Maps ids to SHA-256; empty if there is no index. A torn index only means that files are generated again.
pub(super) fn read_index(path: &Path) -> HashMap<String, String> {
    let text = files::text(path).unwrap_or_default();
    text.lines().filter_map(|l| l.split_once(',')).map(|(id, sha)| (id.to_owned(), sha.to_owned())).collect()
}

/// Writes the index of `rows`, each an id and its SHA-256.
pub(super) fn write_index<'a>(path: &Path, rows: impl Iterator<Item = (&'a str, &'a str)>) -> Result<()> {
    let mut text = String::from("id,sha256\n");
    for (id, sha256) in rows {
        let _ = writeln!(text, "{id},{sha256}");
    }
    write_atomic(path, text.as_bytes())
}
