//! Names of utterances as a run keeps them: without the folders of the machine that made the predictions.

use super::ForeignUtterance;
use std::collections::HashSet;

/// Both separators of folders.
const SEPARATORS: [char; 2] = ['/', '\\'];

/// The name of a file without its folder; also of `FILE:LINE`.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(SEPARATORS).next().unwrap_or(path)
}

/// Cuts the folder that all absolute paths among the names share, where names stay different; returns a note.
pub(super) fn cut_folder(utterances: &mut [ForeignUtterance]) -> Option<String> {
    let absolute: Vec<&str> = utterances.iter().map(|u| u.id.as_str()).filter(|id| is_absolute(id)).collect();
    let folder = common_folder(&absolute)?.to_owned();
    if folder.len() < 2 {
        return Some(
            "Names of utterances are absolute paths without a folder in common: the run and its archive have them whole.".into(),
        );
    }
    let short = |id: &str| match is_absolute(id) {
        true => id[folder.len()..].to_owned(),
        false => id.to_owned(),
    };
    let shorter: HashSet<String> = utterances.iter().map(|u| short(&u.id)).collect();
    if shorter.len() != utterances.len() {
        return Some(
            "Names of utterances are absolute paths, and without their folder they would not differ: the run and its archive have them whole."
                .into(),
        );
    }
    utterances.iter_mut().for_each(|u| u.id = short(&u.id));
    Some(
        "Names of utterances are absolute paths: they are kept without the folder that all have in common."
            .into(),
    )
}

/// `/a`, `~/a`, `C:\\a`.
fn is_absolute(id: &str) -> bool {
    let drive = id.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && (id[1..].starts_with(":\\") || id[1..].starts_with(":/"));
    id.starts_with(SEPARATORS) || id.starts_with("~/") || drive
}

/// The longest folder that every path begins with, with its last separator; none of no path.
fn common_folder<'a>(paths: &[&'a str]) -> Option<&'a str> {
    let (first, rest) = paths.split_first()?;
    let mut folder = &first[..=first.rfind(SEPARATORS)?];
    for path in rest {
        while !path.starts_with(folder) {
            let above = folder.trim_end_matches(SEPARATORS);
            folder = &folder[..above.rfind(SEPARATORS).map_or(0, |at| at + 1)];
        }
    }
    Some(folder)
}
