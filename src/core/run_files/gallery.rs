//! gallery.csv and gallery.npy: log-mels of a few utterances and of their augmentations.

use super::csv_rows::{CsvFile, csv_text};
use crate::error::{AtPath, Error, Result};
use crate::files::npy::{open_array, values};
use crate::files::{self, write_atomic};
use npyz::WriterBuilder;
use serde::{Deserialize, Serialize};
use std::path::Path;

const COLUMNS: [&str; 7] = ["item", "utterance", "speaker", "class", "frames", "mean_db", "deviation_db"];

/// Values of gallery.npy a unit.
const SCALE: f32 = 1000.0;

/// An utterance and one augmentation of it, in standard deviations of the fold's training log-mels.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its row of gallery.csv.
    pub about: About,
    /// [frames, mels], in the order of time; low bands first.
    pub original: Vec<f32>,
    /// The same of its augmentation.
    pub augmentation: Vec<f32>,
}

/// A row of gallery.csv.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Entry of the first axis of gallery.npy.
    pub item: usize,
    /// Utterance id.
    pub utterance: String,
    /// Speaker id.
    pub speaker: String,
    /// Class name.
    pub class: String,
    /// Frames that are the utterance's own, of the augmentor's first window. What follows them is 0.
    pub frames: usize,
    /// Decibels at 0.
    pub mean_db: f32,
    /// Decibels a unit.
    pub deviation_db: f32,
}

/// Writes gallery.csv and gallery.npy into `dir`: int16 [items, 2, frames, mels], thousandths of a unit, the original
/// before the augmentation, each whole or not at all. `mels` is the number of bands.
///
/// # Errors
/// Names the file that cannot be written.
pub fn write_gallery(dir: &Path, shown: &[Shown], mels: usize) -> Result<()> {
    let (table, array) = (dir.join("gallery.csv"), dir.join("gallery.npy"));
    let rows = csv_text(&table, COLUMNS, shown.iter().map(|s| &s.about))?;
    let longest = shown.iter().map(|s| s.about.frames).max().unwrap_or(0);
    let mut values = Vec::with_capacity(shown.len() * 2 * longest * mels);
    for mel in shown.iter().flat_map(|s| [&s.original, &s.augmentation]) {
        values.extend(mel.iter().map(|v| (v * SCALE).round() as i16));
        values.resize(values.len() + longest * mels - mel.len(), 0);
    }
    let mut bytes = Vec::with_capacity(128 + 2 * values.len());
    npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[shown.len() as u64, 2, longest as u64, mels as u64])
        .writer(&mut bytes)
        .begin_nd()
        .and_then(|mut w| w.extend(values).and_then(|()| w.finish()))
        .at(&array)?;
    write_atomic(&array, &bytes)?;
    // The table last: if it exists, so does the array.
    write_atomic(&table, &rows)
}

/// Reads what [`write_gallery`] wrote, and the number of bands; `None` where `dir` has no gallery.csv.
///
/// # Errors
/// Names the file: a row that does not read, an array that is not of these rows.
pub fn read_gallery(dir: &Path) -> Result<Option<(Vec<Shown>, usize)>> {
    let (table, array) = (dir.join("gallery.csv"), dir.join("gallery.npy"));
    if !table.is_file() {
        return Ok(None);
    }
    let csv = CsvFile::read(&table)?;
    let rows: Vec<About> = csv.rows()?;
    let bytes = files::read(&array, files::DATA).at(&array)?;
    let npy = open_array(&bytes, 2).at(&array)?;
    let shape = npy.shape().to_vec();
    let &[items, 2, frames, mels] = shape.as_slice() else {
        return Err(Error::at(&array, format!("shape {shape:?}, expected [items, 2, frames, mels]")));
    };
    let values = values::<i16>(npy).cannot("be read as int16", &array)?;
    let (frames, mels) = (frames as usize, mels as usize);
    let mel = |at: usize, own: usize| {
        let own = &values[at * frames * mels..][..own * mels];
        own.iter().map(|&v| f32::from(v) / SCALE).collect()
    };
    let shown = |(i, about): (usize, About)| {
        if about.item as u64 >= items || about.frames > frames || about.frames == 0 {
            let why = format!("item {}, {} frames: not in gallery.npy", about.item, about.frames);
            return Err(csv.wrong(i, why));
        }
        let (item, own) = (2 * about.item, about.frames);
        Ok(Shown { original: mel(item, own), augmentation: mel(item + 1, own), about })
    };
    let shown = rows.into_iter().enumerate().map(shown).collect::<Result<_>>()?;
    Ok(Some((shown, mels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(item: usize, frames: usize) -> Shown {
        let about = About {
            item,
            utterance: format!("u{item}, \"the\" one"),
            speaker: "s".into(),
            class: "angry".into(),
            frames,
            mean_db: -40.5,
            deviation_db: 17.25,
        };
        let mel = |from: f32| (0..frames * 3).map(|i| from + i as f32 / 8.0).collect();
        Shown { about, original: mel(-2.0), augmentation: mel(1.5) }
    }

    #[test]
    fn a_gallery_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_gallery(dir.path()).unwrap(), None);
        let both = vec![shown(0, 5), shown(1, 2)];
        write_gallery(dir.path(), &both, 3).unwrap();
        assert_eq!(read_gallery(dir.path()).unwrap(), Some((both, 3)));
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let error = || read_gallery(dir.path()).unwrap_err().to_string();
        write_gallery(dir.path(), &[shown(0, 2)], 3).unwrap();
        let small = std::fs::read(dir.path().join("gallery.npy")).unwrap();
        write_gallery(dir.path(), &[shown(0, 5), shown(1, 2)], 3).unwrap();
        std::fs::write(dir.path().join("gallery.npy"), &small).unwrap();
        assert!(error().contains("gallery.csv:2: item 0, 5 frames"), "{}", error());
        std::fs::write(dir.path().join("gallery.npy"), &small[..small.len() - 4]).unwrap();
        assert!(error().contains("gallery.npy: cannot be read as int16: "), "{}", error());
        let table = dir.path().join("gallery.csv");
        let text = std::fs::read_to_string(&table).unwrap().replace("17.25", "loud");
        std::fs::write(&table, text).unwrap();
        assert!(error().contains("gallery.csv:2: "), "{}", error());
    }
}
