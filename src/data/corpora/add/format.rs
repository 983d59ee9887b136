//! The formats that can be added, and their names.

use seraug_core::suggest::hint;
use serde::{Serialize, Serializer};
use std::str::FromStr;

/// A format that `seraug corpus add` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFormat {
    /// A database of audformat: db.yaml and its tables.
    Audformat,
    /// A list as nkululeko reads it: a CSV with a row a recording.
    Nkululeko,
    /// Parquet files of a data set from the Hugging Face hub, with the audio inside.
    HfParquet,
    /// A folder with metadata.csv, metadata.jsonl or metadata.parquet, as the `audiofolder` of `datasets` reads it.
    AudioFolder,
    /// Lists of EmoBox with their folds.
    Emobox,
    /// A data directory of Kaldi.
    Kaldi,
    /// A folder for each class.
    ClassFolders,
}

impl SourceFormat {
    /// All of them.
    pub const ALL: [SourceFormat; 7] = [
        SourceFormat::Audformat,
        SourceFormat::Nkululeko,
        SourceFormat::HfParquet,
        SourceFormat::AudioFolder,
        SourceFormat::Emobox,
        SourceFormat::Kaldi,
        SourceFormat::ClassFolders,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SourceFormat::Audformat => "audformat",
            SourceFormat::Nkululeko => "nkululeko",
            SourceFormat::HfParquet => "hf-parquet",
            SourceFormat::AudioFolder => "audio-folder",
            SourceFormat::Emobox => "emobox",
            SourceFormat::Kaldi => "kaldi",
            SourceFormat::ClassFolders => "class-folders",
        }
    }
}

impl FromStr for SourceFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<SourceFormat, String> {
        let names = SourceFormat::ALL.map(SourceFormat::name);
        let found = SourceFormat::ALL.into_iter().find(|f| f.name() == name);
        found.ok_or_else(|| format!("unknown format `{name}`{}", hint(name, names)))
    }
}

impl Serialize for SourceFormat {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}
