//! What the names of a corpus's recordings say of them, for lists of recordings that are not here.

use super::add::grid::Grid;
use super::importers::folder::{NamedUtterance, ReadName, RecordingPath};
use super::{synthetic, table};
use crate::audio::formats::{EXTENSIONS, NOT_READ};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::{Channels, Manifest};
use seraug_core::names::unicode::normalise;
use std::collections::HashMap;
use std::path::Path;

/// Files that stand for a recording in lists: its transcript, its features.
const STAND_INS: &[&str] =
    &["npy", "npz", "h5", "json", "txt", "lab", "webm", "mkv", "avi", "mov", "raw", "pcm"];

/// How the names of a corpus are read.
pub(super) enum NameRule {
    /// Each name says it all.
    Each(fn(&RecordingPath) -> ReadName),
    /// A table does, below the corpus's folder or in the program; `None` where it is not there.
    Listed(fn(&Path, &Manifest) -> Result<Option<Vec<NamedUtterance>>>),
}

/// Reads names of one corpus.
pub(crate) struct CorpusNaming {
    manifest: Manifest,
    rule: NameReader,
}

enum NameReader {
    Each(fn(&RecordingPath) -> ReadName),
    /// By id, and by path without its extension.
    Listed(HashMap<String, NamedUtterance>),
}

impl CorpusNaming {
    /// That of the corpus with an importer of its own.
    ///
    /// # Errors
    /// The corpus's names do not say who speaks, and its labels are not below `root`.
    pub(super) fn known(manifest: Manifest, rule: &NameRule, root: &Path) -> Result<CorpusNaming> {
        let rule = match rule {
            NameRule::Each(read) => NameReader::Each(*read),
            NameRule::Listed(read) => {
                let rows = read(root, &manifest)?.ok_or_else(|| {
                    Error::usage(format!(
                        "corpus {}: its names do not say who speaks, and its labels are not in {}; give the list a column `speaker`",
                        manifest.name,
                        root.display()
                    ))
                })?;
                NameReader::Listed(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
            }
        };
        Ok(CorpusNaming { manifest, rule })
    }

    /// That of a table.csv, whose recordings need not be there.
    ///
    /// # Errors
    /// A table that cannot be read, or without a column `path` or `speaker`.
    pub(super) fn of_table(manifest: Manifest, folder: &Path) -> Result<CorpusNaming> {
        let path = folder.join(table::FILE);
        let grid = Grid::read(&path, &path.display().to_string())?;
        let names: Vec<String> = grid.columns.iter().map(|c| c.to_lowercase()).collect();
        let at = |name: &str| names.iter().position(|n| n == name);
        let needed = |name: &str| at(name).ok_or_else(|| Error::at(&path, format!("no column `{name}`")));
        let (path_at, speaker_at) = (needed("path")?, needed("speaker")?);
        let mut rows: HashMap<String, NamedUtterance> = HashMap::new();
        for row in &grid.rows {
            let cell = |at: Option<usize>| -> Option<String> {
                Some(normalise(row.cells.get(at?)?.as_deref()?).into_owned()).filter(|cell| !cell.is_empty())
            };
            let Some(place) = cell(Some(path_at)).map(|path| path_key(&path)) else { continue };
            let span = [cell(at("start")), cell(at("end"))];
            let own = match &span {
                [None, None] => place.clone(),
                [start, end] => {
                    let [start, end] = [start, end].map(|s| s.as_deref().unwrap_or_default());
                    format!("{place}@{start}-{end}")
                }
            };
            let named = NamedUtterance {
                id: cell(at("id")).unwrap_or(own),
                speaker: cell(Some(speaker_at)),
                text: cell(at("text")),
                emotion: cell(at("emotion")).and_then(|label| match manifest.labels.get(&label) {
                    Some(emotion) => Some(*emotion),
                    None => label.parse().ok(),
                }),
            };
            if span == [None, None] {
                rows.insert(place, named.clone());
            }
            rows.insert(named.id.clone(), named);
        }
        Ok(CorpusNaming { manifest, rule: NameReader::Listed(rows) })
    }

    /// The corpus's name.
    pub(crate) fn corpus(&self) -> &str {
        &self.manifest.name
    }

    /// How its channels become one.
    pub(crate) fn channels(&self) -> Channels {
        self.manifest.channels
    }

    /// What `name` says, a path of any folders around the corpus or an id; the corpus's name may stand before it (`emodb-03a01Fa`).
    ///
    /// # Errors
    /// It is no name of the corpus; why.
    pub(crate) fn read(&self, name: &str) -> std::result::Result<NamedUtterance, String> {
        let key = path_key(name);
        let parts: Vec<&str> = key.split('/').collect();
        let found = self.of_parts(&parts);
        let front = format!("{}-", self.manifest.name);
        let bare = || {
            let (stem, folders) = parts.split_last()?;
            self.of_parts(&[folders, &[stem.strip_prefix(&front)?]].concat()).ok()
        };
        found.or_else(|why| bare().ok_or(why))
    }

    /// Leading folders are left away until the corpus's own are left.
    fn of_parts(&self, parts: &[&str]) -> std::result::Result<NamedUtterance, String> {
        let mut why = String::new();
        for first in 0..parts.len() {
            let read = match &self.rule {
                NameReader::Each(read) => self.by_path(&parts[first..], *read),
                NameReader::Listed(rows) => {
                    let found = rows.get(&parts[first..].join("/")).cloned();
                    found.ok_or_else(|| format!("no utterance of {}", self.manifest.name))
                }
            };
            match read {
                Ok(named) => return Ok(named),
                Err(e) => why = e,
            }
        }
        Err(why)
    }

    fn by_path(
        &self,
        parts: &[&str],
        read: fn(&RecordingPath) -> ReadName,
    ) -> std::result::Result<NamedUtterance, String> {
        let Some((stem, folders)) = parts.split_last() else { return Err("no name".to_owned()) };
        let folders = folders.iter().map(|folder| folder.to_lowercase()).collect();
        let place = RecordingPath { manifest: &self.manifest, folders, stem: (*stem).to_owned() };
        read(&place)?.ok_or_else(|| format!("not of the part of {} that is read", self.manifest.name))
    }
}

/// A path as names are compared: normalised, `/` between its parts, without `.` and empty parts and without the extension of a
/// recording or of what stands for one.
pub(crate) fn path_key(name: &str) -> String {
    let name = normalise(name).replace('\\', "/");
    let mut parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if let Some(last) = parts.last_mut()
        && let Some((stem, extension)) = last.rsplit_once('.')
        && !stem.is_empty()
    {
        let extension = extension.to_lowercase();
        if [EXTENSIONS, NOT_READ, STAND_INS].iter().any(|known| known.contains(&extension.as_str())) {
            *last = stem;
        }
    }
    parts.join("/")
}

/// Those of the synthetic corpus, which need not be generated.
pub(super) fn synthetic(_: &Path, _: &Manifest) -> Result<Option<Vec<NamedUtterance>>> {
    let of_take = |take: synthetic::Take| NamedUtterance {
        id: take.id(),
        speaker: Some(take.speaker.id.clone()),
        text: Some(take.text()),
        emotion: Some(take.emotion),
    };
    let speakers = synthetic::sentences::Language::ALL.into_iter().flat_map(synthetic::speakers::of);
    Ok(Some(speakers.flat_map(|s| synthetic::takes(&s).map(of_take).collect::<Vec<_>>()).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::naming as of_corpus;
    use super::*;

    /// `speaker text emotion` of `name`, `-` for what it does not say.
    fn read(corpus: &str, name: &str) -> String {
        let named = of_corpus(corpus, Path::new("none")).unwrap().read(name).unwrap();
        let [speaker, text] = [named.speaker, named.text].map(|v| v.unwrap_or_else(|| "-".to_owned()));
        format!("{speaker} {text} {}", named.emotion.map_or("-", |e| e.name()))
    }

    #[test]
    fn names_of_lists_are_read_as_those_of_the_corpus_whatever_is_around_them() {
        for (corpus, name, said) in [
            ("emodb", "downloads/emodb/wav/03a02Wb.wav", "03 a02 angry"),
            ("emodb", "03A02WB", "03 a02 angry"),
            ("emodb", "emodb-03a02Wb", "03 a02 angry"),
            ("emodb", "C:\\data\\emodb\\wav\\03a02Wb.WAV", "03 a02 angry"),
            (
                "ravdess",
                "downloads/ravdess/audio/Audio_Speech_Actors_01-24/Actor_11/03-01-07-02-02-02-11.wav",
                "11 02 disgusted",
            ),
            ("ravdess", "ravdess-03-01-07-02-02-02-11", "11 02 disgusted"),
            ("savee", "x/AudioData/DC/a01.wav", "DC a01 angry"),
            ("savee", "DC_a01", "DC a01 angry"),
            ("esd", "/data/esd/0011/Angry/train/0011_000351.wav", "0011 en001 angry"),
            (
                "iemocap",
                "Session1/sentences/wav/Ses01F_script01_1b/Ses01F_script01_1b_M003.wav",
                "Ses01M script01_1 -",
            ),
            ("iemocap", "Ses05M_impro01_F000", "Ses05F - -"),
            ("cremad", "AudioWAV/1001_DFA_ANG_XX.wav", "1001 DFA angry"),
            ("urdu", "Angry/SM1_F10_A010.wav", "SM1 - angry"),
        ] {
            assert_eq!(read(corpus, name), said, "{name}");
        }
        assert!(read("synthetic", "en-f01-angry-03").starts_with("en-f01 "));
        let emodb = of_corpus("emodb", Path::new("none")).unwrap();
        assert_eq!(
            emodb.read("wav/99a02Wb.wav").unwrap_err().split(',').next(),
            Some("unknown speaker `99`")
        );
        assert_eq!(emodb.read("03-01-07").unwrap_err(), "not a name like 03a01Fa");
    }

    #[test]
    fn a_table_says_of_its_rows_and_msp_podcast_of_none_without_its_labels() {
        let dir = tempfile::tempdir().unwrap();
        let corpora = dir.path();
        let table = "path,emotion,speaker,text,id,start,end\n\
            anna/1.wav,angry,anna,hello,,,\n\
            long.wav,sad,ben,,cut,0,1.5\n\
            long.wav,sad,cleo,,,1.5,2\n";
        std::fs::create_dir(corpora.join("mine")).unwrap();
        std::fs::write(corpora.join("mine/table.csv"), table).unwrap();
        let mine = of_corpus("mine", corpora).unwrap();
        let speaker = |name: &str| mine.read(name).ok().and_then(|n| n.speaker);
        assert_eq!(speaker("/x/mine/anna/1.flac").as_deref(), Some("anna"));
        assert_eq!([speaker("cut"), speaker("long@1.5-2")].map(|s| s.unwrap()), ["ben", "cleo"]);
        assert_eq!(speaker("long.wav"), None, "two people speak in it");
        let e = of_corpus("msppodcast", corpora).err().unwrap().to_string();
        assert!(e.contains("its names do not say who speaks"), "{e}");
        std::fs::create_dir_all(corpora.join("msppodcast/Labels")).unwrap();
        let labels =
            "FileName,EmoClass,SpkrID,Gender,Split_Set\nMSP-PODCAST_0001_0008.wav,A,127,Male,Train\n";
        std::fs::write(corpora.join("msppodcast/Labels/labels_consensus.csv"), labels).unwrap();
        let msp = of_corpus("msppodcast", corpora).unwrap();
        assert_eq!(msp.read("Audios/MSP-PODCAST_0001_0008.wav").unwrap().speaker.as_deref(), Some("127"));
    }
}
