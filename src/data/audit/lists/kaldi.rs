//! A data directory of Kaldi as a list: utterances with speaker, text and label, each from a file of its own.

use crate::corpora::add::grid::{Grid, GridRow};
use seraug_core::error::{AtPath, Error, Result};
use std::collections::HashMap;
use std::path::Path;

/// Files that list the utterances; the first that is there does.
const UTTERANCES: [&str; 3] = ["utt2spk", "segments", "wav.scp"];
/// Files and the columns that they become.
const VALUES: [(&str, &[&str]); 3] =
    [("speaker", &["utt2spk"]), ("text", &["text"]), ("emotion", &["utt2emo", "utt2emotion", "utt2label"])];

/// Whether a folder is one.
pub(super) fn is(folder: &Path) -> bool {
    folder.join("wav.scp").is_file() || folder.join("utt2spk").is_file()
}

/// Reads the directory.
///
/// # Errors
/// None of the files that list utterances is there, or one cannot be read.
pub(super) fn read(folder: &Path, shown: &str) -> Result<Grid> {
    let Some(main) = UTTERANCES.into_iter().find(|name| folder.join(name).is_file()) else {
        return Err(Error::usage(format!(
            "{shown}: a folder without lists: no {} in it; give the lists themselves",
            UTTERANCES.join(", ")
        )));
    };
    let mut columns = vec!["id".to_owned()];
    let mut values: Vec<HashMap<String, String>> = Vec::new();
    for (column, files) in VALUES {
        if let Some(file) = files.iter().find(|name| folder.join(name).is_file()) {
            columns.push(column.to_owned());
            values.push(pairs(folder, file)?.into_iter().map(|(_, name, value)| (name, value)).collect());
        }
    }
    let row = |(number, name, _): (u64, String, String)| {
        let others = values.iter().map(|of| of.get(&name).filter(|value| !value.is_empty()).cloned());
        let cells: Vec<Option<String>> = [Some(name.clone())].into_iter().chain(others).collect();
        GridRow { number, cells }
    };
    let rows = pairs(folder, main)?.into_iter().map(row).collect();
    Ok(Grid { file: format!("{shown}/{main}").into(), columns, rows })
}

/// Number, name and rest of each line.
fn pairs(folder: &Path, file: &str) -> Result<Vec<(u64, String, String)>> {
    let path = folder.join(file);
    let text = seraug_core::files::text(&path).cannot("be read", &path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let pair = |(i, line): (usize, &str)| {
        let (name, rest) = line.trim().split_once([' ', '\t']).unwrap_or((line.trim(), ""));
        (i as u64 + 1, name.to_owned(), rest.trim().to_owned())
    };
    Ok(lines.map(pair).collect())
}
