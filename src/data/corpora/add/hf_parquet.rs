//! Parquet files of a data set from the Hugging Face hub: the audio is inside, and is written to files of its own.

use super::audio_folder;
use super::columns::{Role, Roles, add_rows};
use super::grid::Grid;
use super::listing::{entries, file_name, folder_of, is_part};
use super::parquet_file::{ParquetCell, ParquetColumn, ParquetFile};
use super::row::{Reading, SourcePlace, SourceRow, Taken};
use crate::audio::formats::EXTENSIONS;
use crate::corpora::table::row::stem;
use crate::corpora::walk::extension;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::names::unicode::fold_case;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most letters of the name of a file that is written.
const LONGEST: usize = 80;

/// Reads the parquet files at or below the source, each with the part of the split that its name or folder says.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let files = files(reading.source)?;
    let base = folder_of(reading.source);
    let mut taken = Taken::default();
    let mut inside = None;
    for path in &files {
        let shown = path.strip_prefix(base).unwrap_or(path).display().to_string();
        let file = ParquetFile::open(path, &shown)?;
        let audio = file.columns().into_iter().find(|(_, kind)| *kind == ParquetColumn::Audio);
        if inside.replace(audio.is_some()).is_some_and(|before| before != audio.is_some()) {
            return Err(Error::at(
                path,
                "one file has audio inside and another has not; add them one by one",
            ));
        }
        match audio {
            Some((audio, _)) => shard(&file, &audio, path, &shown, reading, &mut taken)?,
            None => {
                taken.audio = Some(base.to_owned());
                add_rows(Grid::read(path, &shown)?, reading.choices, "", part(path).as_deref(), &mut taken)?;
            }
        }
    }
    if taken.audio.is_none() {
        named(&mut taken.rows);
        taken.notes.push(format!("audio of {} files is inside and was written to files", files.len()));
    }
    Ok(taken)
}

/// The parquet files of a source, in order.
fn files(source: &Path) -> Result<Vec<PathBuf>> {
    if !source.is_dir() {
        return Ok(vec![source.to_owned()]);
    }
    let wanted = |path: &PathBuf| {
        extension(path) == "parquet"
            && !audio_folder::FILES.contains(&file_name(path).as_str())
            && path.is_file()
    };
    let files: Vec<PathBuf> = entries(source, 3)?.into_iter().filter(wanted).collect();
    match files.is_empty() {
        true => Err(Error::at(source, "no .parquet in it")),
        false => Ok(files),
    }
}

/// `train` of `data/train-00000-of-00002.parquet` and of `train/0000.parquet`.
fn part(path: &Path) -> Option<String> {
    let name = file_name(path);
    let first = name.split(['-', '.', '_']).next().unwrap_or_default();
    let folder = path.parent().map(file_name).unwrap_or_default();
    [first, &folder].into_iter().find(|word| is_part(word)).map(str::to_owned)
}

/// The rows of one file; its recordings are written as they come.
fn shard(
    file: &ParquetFile,
    audio: &str,
    path: &Path,
    shown: &str,
    reading: &Reading,
    taken: &mut Taken,
) -> Result<()> {
    let scalars = file.columns().into_iter().filter(|(_, kind)| *kind == ParquetColumn::Scalar);
    let columns: Vec<String> = scalars.map(|(name, _)| name).collect();
    let roles = Roles::find(&columns, reading.choices, shown, taken)?;
    roles.emotion(shown, &columns)?;
    taken.told.retain(|(column, _)| *column != "path");
    taken.told.insert(0, ("path", format!("audio inside column `{audio}`")));
    let mut wanted = columns.clone();
    wanted.push(audio.to_owned());
    let part = part(path);
    let folder = plain(stem(&file_name(path)), "audio");
    let mut writer = AudioWriter { staging: reading.staging, folder, names: HashSet::new() };
    let place: Arc<str> = shown.into();
    reading.progress.inc_length(file.rows());
    file.each(&wanted, |number, mut cells| {
        reading.progress.inc(1);
        let place = SourcePlace { file: Arc::clone(&place), row: number };
        let (bytes, name) = match cells.pop() {
            Some(ParquetCell::Audio { bytes: Some(bytes), name }) => (bytes, name),
            Some(ParquetCell::Audio { bytes: None, name }) => {
                let name = name.unwrap_or_default();
                taken.fault(
                    &place,
                    format!("no audio inside, only the path `{name}`; get the data set with its audio"),
                );
                return Ok(());
            }
            _ => {
                taken.fault(&place, "no audio");
                return Ok(());
            }
        };
        let mut cells: Vec<Option<String>> = cells.into_iter().map(ParquetCell::text).collect();
        let mut row = SourceRow { place: place.clone(), split: part.clone(), ..SourceRow::default() };
        if let Err(why) = roles.fill(&mut row, &mut cells) {
            taken.fault(&place, why);
            return Ok(());
        }
        match writer.write(number, name.as_deref(), bytes.data())? {
            Ok(path) => taken.rows.push(SourceRow { path, ..row }),
            Err(why) => taken.fault(&place, why),
        }
        Ok(())
    })?;
    if roles.at(Role::Path).is_some_and(|i| columns.get(i).is_some()) {
        taken.notes.push(format!("{shown}: the audio inside counts, not the paths beside it"));
    }
    Ok(())
}

/// Writes the recordings of one file into a folder of the corpus.
struct AudioWriter<'a> {
    staging: &'a Path,
    folder: String,
    /// Those that are there, as a file system compares them that ignores case.
    names: HashSet<String>,
}

impl AudioWriter<'_> {
    /// Writes the recording of row `number`, which was called `name`; returns its path below the corpus's folder, or why it is
    /// no recording that is read.
    fn write(
        &mut self,
        number: u64,
        name: Option<&str>,
        bytes: &[u8],
    ) -> Result<std::result::Result<String, String>> {
        let Some(extension) = extension_of(bytes).filter(|e| EXTENSIONS.contains(e)) else {
            let found =
                extension_of(bytes).map_or("of no format that is known".to_owned(), |e| format!(".{e}"));
            return Ok(Err(format!("audio inside: {found}; {} are read: convert it", EXTENSIONS.join(", "))));
        };
        let name = name.unwrap_or_default();
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut name = plain(stem(name), &format!("{number:06}"));
        if !self.names.insert(fold_case(&name)) {
            name = format!("{name}-{number:06}");
            self.names.insert(fold_case(&name));
        }
        let relative = format!("{}/{name}.{extension}", self.folder);
        let path = self.staging.join(&relative);
        let folder = self.staging.join(&self.folder);
        std::fs::create_dir_all(&folder).cannot("be written", &folder)?;
        let mut file = std::fs::File::create_new(&path).cannot("be written", &path)?;
        file.write_all(bytes).cannot("be written", &path)?;
        Ok(Ok(relative))
    }
}

/// The extension that the first bytes of a recording stand for.
fn extension_of(bytes: &[u8]) -> Option<&'static str> {
    let at = |i: usize, magic: &[u8]| bytes.get(i..i + magic.len()) == Some(magic);
    match () {
        () if at(0, b"fLaC") => Some("flac"),
        () if at(0, b"RIFF") || at(0, b"RF64") || at(0, b"BW64") => Some("wav"),
        () if at(0, b"OggS") => Some("ogg"),
        () if at(0, b"ID3") || matches!(bytes, [0xff, b, ..] if b & 0xe0 == 0xe0) => Some("mp3"),
        () if at(4, b"ftyp") => Some("m4a"),
        () => None,
    }
}

/// `name` as a file may be called on any system, or `other` where nothing of it is left.
fn plain(name: &str, other: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() || "-_.@+ ".contains(c) { c } else { '_' };
    let name: String = name.chars().take(LONGEST).map(letter).collect();
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { other.to_owned() } else { name.to_owned() }
}

/// Gives each row its id: the name that its file had, and where two had the same, the folder too.
fn named(rows: &mut [SourceRow]) {
    let mut known: HashMap<String, usize> = HashMap::new();
    let name = |row: &SourceRow| stem(row.path.rsplit('/').next().unwrap_or_default()).to_owned();
    rows.iter().for_each(|row| *known.entry(name(row)).or_default() += 1);
    let unique = known.values().all(|n| *n == 1);
    for row in rows.iter_mut().filter(|row| row.id.is_none() && unique) {
        row.id = Some(name(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_those_that_any_system_takes() {
        for (name, expected) in [
            ("a b", "a b"),
            ("..", "x"),
            ("a:b*c", "a_b_c"),
            ("\u{7}", "_"),
            ("", "x"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(plain(name, "x"), expected, "{name}");
        }
    }

    #[test]
    fn the_part_is_that_of_the_name_or_the_folder() {
        for (path, expected) in [
            ("data/train-00000-of-00001.parquet", Some("train")),
            ("validation/0000.parquet", Some("validation")),
            ("data/trainer-0.parquet", None),
        ] {
            assert_eq!(part(Path::new(path)).as_deref(), expected, "{path}");
        }
    }
}
