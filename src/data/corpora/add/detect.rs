//! Which format a source has, by what is there; and its reader.

use super::format::SourceFormat;
use super::listing::{entries, file_name};
use super::row::{Reading, Taken};
use super::{audformat, audio_folder, class_folders, emobox, hf_parquet, kaldi, nkululeko};
use crate::audio::formats::EXTENSIONS;
use crate::corpora::walk::extension;
use seraug_core::error::{Error, Result};
use std::path::Path;

/// Reads a source of `format`.
///
/// # Errors
/// A source that is not of this format, or damaged; the reason names the file.
pub(super) fn read(format: SourceFormat, reading: &Reading) -> Result<Taken> {
    match format {
        SourceFormat::Audformat => audformat::read(reading),
        SourceFormat::Nkululeko => nkululeko::read(reading),
        SourceFormat::HfParquet => hf_parquet::read(reading),
        SourceFormat::AudioFolder => audio_folder::read(reading),
        SourceFormat::Emobox => emobox::read(reading),
        SourceFormat::Kaldi => kaldi::read(reading),
        SourceFormat::ClassFolders => class_folders::read(reading),
    }
}

/// The format of `source`.
///
/// # Errors
/// It has none of them, or could be several (usage).
pub(super) fn detect(source: &Path) -> Result<SourceFormat> {
    let found = candidates(source)?;
    let names = |formats: &[SourceFormat]| formats.iter().map(|f| f.name()).collect::<Vec<_>>().join(", ");
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::usage(format!(
            "{}: of no format that is known: no db.yaml, list (.csv), .parquet, metadata.csv, metadata.jsonl, fold_1 with .jsonl, wav.scp, or folders with recordings ({}); --format with one of {} says which it is",
            source.display(),
            EXTENSIONS.join(", "),
            names(&SourceFormat::ALL)
        ))),
        several => Err(Error::usage(format!(
            "{}: could be {}; say which with --format",
            source.display(),
            names(several)
        ))),
    }
}

/// The formats that `source` could have.
fn candidates(source: &Path) -> Result<Vec<SourceFormat>> {
    if !source.is_dir() {
        let format = match (file_name(source).as_str(), extension(source).as_str()) {
            ("db.yaml", _) => Some(SourceFormat::Audformat),
            ("wav.scp", _) => Some(SourceFormat::Kaldi),
            (_, "csv" | "tsv") => Some(SourceFormat::Nkululeko),
            (_, "parquet") => Some(SourceFormat::HfParquet),
            (_, "jsonl") => Some(SourceFormat::Emobox),
            _ => None,
        };
        return Ok(format.into_iter().collect());
    }
    if source.join("db.yaml").is_file() {
        // Its tables are .csv and .parquet.
        return Ok(vec![SourceFormat::Audformat]);
    }
    let near = entries(source, 2)?;
    let any = |wanted: &dyn Fn(&str, &str) -> bool| {
        near.iter().any(|path| wanted(&file_name(path), &extension(path)) && path.is_file())
    };
    let mut found = Vec::new();
    if any(&|name, _| audio_folder::FILES.contains(&name)) {
        found.push(SourceFormat::AudioFolder);
    }
    if any(&|name, ext| ext == "parquet" && !audio_folder::FILES.contains(&name)) {
        found.push(SourceFormat::HfParquet);
    }
    if any(&|name, _| name == "wav.scp") {
        found.push(SourceFormat::Kaldi);
    }
    if any(&|name, ext| ext == "jsonl" && !audio_folder::FILES.contains(&name)) {
        found.push(SourceFormat::Emobox);
    }
    if !nkululeko::lists(source)?.is_empty() {
        found.push(SourceFormat::Nkululeko);
    }
    if found.is_empty() && class_folders::is(source) {
        found.push(SourceFormat::ClassFolders);
    }
    Ok(found)
}
