//! The recordings of a split: which file each utterance is, and which of them are the same sound.

mod near;
mod print;
mod recordings;
#[cfg(test)]
mod tests;

use super::utterances::AuditedUtterances;
use crate::audio::resample::resample;
use crate::audio::{Decoded, MelExtractor, SAMPLE_RATE, decode};
use crate::corpora::CorpusNaming;
use indicatif::ProgressBar;
use near::near_pairs;
use print::{SHORTEST, SoundPrint, extractor};
use rayon::prelude::*;
use recordings::RecordingFinder;
use seraug_core::digest::hex;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Channels;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Two utterances that sound alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LikeSound {
    pub(super) a: u32,
    pub(super) b: u32,
    /// Share of the fingerprints' signs that are equal.
    pub(super) share: f64,
}

/// What was heard of the utterances.
#[derive(Debug, Default)]
pub(super) struct HeardSounds {
    /// By utterance: an equal number for an equal sound; none where it was not heard.
    pub(super) same: Vec<Option<u32>>,
    /// Pairs of different sounds that are alike; each sound by its first utterance.
    pub(super) alike: Vec<LikeSound>,
    /// Utterances whose bytes and samples were compared.
    pub(super) heard: usize,
    /// Of those, those with a fingerprint.
    pub(super) printed: usize,
    /// What could not be compared, and why.
    pub(super) refused: Vec<(u32, String)>,
}

/// What one utterance sounds like.
struct OneSound {
    utterance: u32,
    /// Of the file's bytes, for a whole file.
    bytes: Option<String>,
    /// Of the decoded samples.
    samples: String,
    print: SoundPrint,
}

impl HeardSounds {
    /// The recordings of `utterances` below `folder`. Utterances that are not heard take the digests that their lists state.
    ///
    /// # Errors
    /// The folder cannot be read, or has no recording (usage).
    pub(super) fn of(
        utterances: &AuditedUtterances,
        folder: &Path,
        progress: &ProgressBar,
    ) -> Result<HeardSounds> {
        let recordings = RecordingFinder::below(folder, utterances.namings.values())?;
        let mut files: BTreeMap<PathBuf, Vec<u32>> = BTreeMap::new();
        let mut refused = Vec::new();
        for (i, u) in utterances.all.iter().enumerate() {
            match recordings.of(u) {
                Ok(path) => files.entry(path).or_default().push(i as u32),
                Err(why) => refused.push((i as u32, why)),
            }
        }
        if files.is_empty() {
            let first = refused.first().map_or("", |r| r.1.as_str());
            return Err(Error::usage(format!(
                "--audio: {}: no recording of the split in it ({first}); name the folder below which they are",
                folder.display()
            )));
        }
        progress.set_length(utterances.all.len() as u64);
        let extractor = extractor();
        let files: Vec<(PathBuf, Vec<u32>)> = files.into_iter().collect();
        let heard: Vec<(u32, Result<OneSound>)> = files
            .into_par_iter()
            .flat_map_iter(|(path, of_file)| {
                progress.inc(of_file.len() as u64);
                hear(utterances, &path, &of_file, &extractor)
            })
            .collect();
        let mut sounds = Vec::new();
        for (i, sound) in heard {
            match sound {
                Ok(sound) => sounds.push(sound),
                Err(e) => refused.push((i, e.to_string())),
            }
        }
        sounds.sort_unstable_by_key(|sound| sound.utterance);
        Ok(HeardSounds::compared(utterances, sounds, refused))
    }

    /// The sounds that are like each, with the share of their fingerprints that agrees.
    pub(super) fn neighbours(&self) -> HashMap<u32, Vec<(u32, f64)>> {
        let mut all: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
        for pair in &self.alike {
            let [a, b] = [pair.a, pair.b].map(|u| self.same[u as usize]);
            if let (Some(a), Some(b)) = (a, b) {
                all.entry(a).or_default().push((b, pair.share));
                all.entry(b).or_default().push((a, pair.share));
            }
        }
        all
    }

    /// Without a folder: equal digests that the lists state; `None` where they state none.
    pub(super) fn of_digests(utterances: &AuditedUtterances) -> Option<HeardSounds> {
        utterances.all.iter().any(|u| u.sha256.is_some()).then(|| {
            let heard = utterances.all.iter().filter(|u| u.sha256.is_some()).count();
            HeardSounds { heard, ..HeardSounds::compared(utterances, Vec::new(), Vec::new()) }
        })
    }

    fn compared(
        utterances: &AuditedUtterances,
        sounds: Vec<OneSound>,
        mut refused: Vec<(u32, String)>,
    ) -> HeardSounds {
        let same = same_sounds(utterances, &sounds);
        // One for all that are the same.
        let mut first: HashMap<u32, ()> = HashMap::new();
        let (mut owners, mut prints) = (Vec::new(), Vec::new());
        let (heard, mut printed) = (sounds.len(), 0);
        for sound in sounds {
            if sound.print.frames.len() < SHORTEST || sound.print.clear() < 300 {
                let why =
                    "too short or too steady for a fingerprint; compared by its bytes and samples alone";
                refused.push((sound.utterance, why.to_owned()));
                continue;
            }
            printed += 1;
            if same[sound.utterance as usize].is_none_or(|group| first.insert(group, ()).is_none()) {
                owners.push(sound.utterance);
                prints.push(sound.print);
            }
        }
        let like = |pair: near::NearPair| LikeSound {
            a: owners[pair.a as usize],
            b: owners[pair.b as usize],
            share: pair.share,
        };
        let alike = near_pairs(&prints).into_iter().map(like).collect();
        HeardSounds { same, alike, heard, printed, refused }
    }
}

/// A number for each sound: equal bytes, equal samples, or equal digests of the lists.
fn same_sounds(utterances: &AuditedUtterances, sounds: &[OneSound]) -> Vec<Option<u32>> {
    let n = utterances.all.len();
    let mut group: Vec<u32> = (0..n as u32).collect();
    fn root(group: &mut [u32], mut i: u32) -> u32 {
        while group[i as usize] != i {
            group[i as usize] = group[group[i as usize] as usize];
            i = group[i as usize];
        }
        i
    }
    let mut known = vec![false; n];
    let mut first: HashMap<(&str, &str), u32> = HashMap::new();
    let stated = utterances
        .all
        .iter()
        .enumerate()
        .filter_map(|(i, u)| Some((("bytes", u.sha256.as_deref()?), i as u32)));
    let heard = sounds.iter().flat_map(|s| {
        let bytes = s.bytes.as_deref().map(|bytes| (("bytes", bytes), s.utterance));
        [bytes, Some((("samples", s.samples.as_str()), s.utterance))].into_iter().flatten()
    });
    for (digest, i) in stated.chain(heard) {
        known[i as usize] = true;
        let other = *first.entry(digest).or_insert(i);
        let (a, b) = (root(&mut group, i), root(&mut group, other));
        group[a.max(b) as usize] = a.min(b);
    }
    (0..n as u32).map(|i| known[i as usize].then(|| root(&mut group, i))).collect()
}

/// Each utterance of the file at `path`.
fn hear(
    utterances: &AuditedUtterances,
    path: &Path,
    of_file: &[u32],
    extractor: &MelExtractor,
) -> Vec<(u32, Result<OneSound>)> {
    let channels = of_file.first().and_then(|i| {
        let corpus = utterances.all[*i as usize].corpus.as_ref()?;
        utterances.namings.get(corpus).map(CorpusNaming::channels)
    });
    let decoded = decode(path, channels.unwrap_or(Channels::Mean));
    let one = |&i: &u32| {
        let sound = decoded
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|decoded| sound_of(utterances, i, path, decoded, extractor));
        (i, sound)
    };
    of_file.iter().map(one).collect()
}

fn sound_of(
    utterances: &AuditedUtterances,
    i: u32,
    path: &Path,
    decoded: &Decoded,
    extractor: &MelExtractor,
) -> Result<OneSound> {
    let span = utterances.all[i as usize].span;
    let Decoded { samples, rate } = decoded;
    let part = match span {
        None => &samples[..],
        Some((start, end)) => {
            let at = |seconds: f64| ((seconds * f64::from(*rate)).round() as usize).min(samples.len());
            &samples[at(start).min(at(end))..at(end)]
        }
    };
    if part.is_empty() {
        return Err(Error::at(path, "nothing in this stretch; correct its start and end"));
    }
    let mut hash = Sha256::new();
    hash.update(rate.to_le_bytes());
    part.iter().for_each(|sample| hash.update(sample.to_bits().to_le_bytes()));
    let bytes = match span {
        None => Some(file_digest(path).map_err(|e| Error::at(path, e))?),
        Some(_) => None,
    };
    let print = match *rate == SAMPLE_RATE {
        true => SoundPrint::of(part, extractor),
        false => {
            let resampled = resample(part, *rate).map_err(|why| Error::at(path, why))?;
            SoundPrint::of(&resampled, extractor)
        }
    };
    Ok(OneSound { utterance: i, bytes, samples: hex(&hash.finalize()), print })
}

/// SHA-256 of a file.
fn file_digest(path: &Path) -> std::io::Result<String> {
    let mut file = seraug_core::files::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}
