//! Cached SHA-256 of recordings. Every process of a run imports its corpora, so unchanged files are not read again:
//! `CACHE/digests/NAME-<root>.txt` keeps digests by the metadata of each file, as git's index does.
//!
//! First line: `seraug digests 2 <sha256 of the rest>`. Then a line a file: sha256, size, mtime and ctime (nanoseconds),
//! inode, samples and hertz (both 0 where its header does not tell them), path below the corpus's folder. A file is there
//! only if its header is a recording's. A cache whose first line does not fit the rest counts as absent.
//!
//! The device number is not compared, because on a network file system it differs between machines.

#[cfg(test)]
mod tests;

use crate::audio::Length;
use crate::audio::probe::{probe, unreadable};
use seraug_core::digest::{digest_hex, hex};
use seraug_core::files::{self, write_atomic};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const HEADER: &str = "seraug digests 2";

/// A file that changed this recently could change again without its times moving (git calls it racily clean): clocks
/// of file systems are as coarse as two seconds.
const RACY_NS: i128 = 2_000_000_000;

/// Whether cached digests of an earlier import are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestPolicy {
    /// Unchanged recordings are not read again.
    Cached,
    /// Every recording is read, and cached digests are replaced.
    Afresh,
}

/// Metadata that changes whenever the content of a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    mtime_ns: i128,
    ctime_ns: i128,
    inode: u64,
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        Stamp {
            size: about.size(),
            mtime_ns: ns(about.mtime(), about.mtime_nsec()),
            ctime_ns: ns(about.ctime(), about.ctime_nsec()),
            inode: about.ino(),
        }
    }

    /// Whether the file was last changed long enough before `now_ns`. The ctime is the file system's own and
    /// no program sets it; the mtime is for those that keep none.
    fn settled(&self, now_ns: i128) -> bool {
        self.mtime_ns.max(self.ctime_ns) + RACY_NS < now_ns
    }
}

/// Digest and length of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    /// Lower-case hex.
    pub(super) sha256: String,
    /// `None` if the header does not state it.
    pub(super) length: Option<Length>,
}

/// The digests of a corpus's recordings.
#[derive(Debug)]
pub(super) struct Digests {
    root: PathBuf,
    file: PathBuf,
    reading: DigestPolicy,
    /// By path below `root`.
    known: HashMap<String, (Stamp, Fingerprint)>,
    new: Mutex<Vec<(String, Stamp, Fingerprint)>>,
    /// Nanoseconds since 1970 when the import began: a file that changes during it is too young to be kept.
    now_ns: i128,
}

impl Digests {
    /// Those of the corpus `name`, whose folder is `root`, as the last import left them below `cache`.
    pub(super) fn open(root: &Path, name: &str, cache: &Path, reading: DigestPolicy) -> Digests {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Digests::at(root, name, cache, reading, now.as_nanos().cast_signed())
    }

    fn at(root: &Path, name: &str, cache: &Path, reading: DigestPolicy, now_ns: i128) -> Digests {
        // Two corpora folders may share a results folder.
        let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let place = digest_hex(real.as_os_str().as_encoded_bytes());
        let file = cache.join("digests").join(format!("{name}-{}.txt", &place[..16]));
        let known = match reading {
            DigestPolicy::Cached => files::long_text(&file).ok().and_then(|text| parse(&text)),
            DigestPolicy::Afresh => None,
        };
        let known = known.unwrap_or_default();
        Digests { root: root.to_owned(), file, reading, known, new: Mutex::default(), now_ns }
    }

    /// SHA-256 and length of the recording at `path`, which is below the corpus's folder.
    ///
    /// # Errors
    /// As [`probe`]: why it is no recording, without the path.
    pub(super) fn fingerprint(&self, path: &Path) -> Result<Fingerprint, String> {
        let failed = |e: std::io::Error| unreadable(&e);
        let name = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
        let name = name.filter(|n| !n.contains(char::is_control));
        if let Some((stamp, seen)) = name.and_then(|n| self.known.get(n)) {
            let now = Stamp::of(&path.metadata().map_err(failed)?);
            if now == *stamp && now.settled(self.now_ns) {
                return Ok(seen.clone());
            }
        }
        let length = probe(path)?;
        let mut file = files::open(path).map_err(failed)?;
        let before = Stamp::of(&file.metadata().map_err(failed)?);
        let sha256 = sha256_of(&mut file).map_err(failed)?;
        let after = Stamp::of(&file.metadata().map_err(failed)?);
        let seen = Fingerprint { sha256, length };
        if let Some(name) = name
            && before == after
            && before.settled(self.now_ns)
        {
            let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
            new.push((name.to_owned(), before, seen.clone()));
        }
        Ok(seen)
    }

    /// Saves new digests for the next import. A cache that cannot be written only costs time: `plan` works in a read-only
    /// folder.
    pub(super) fn keep(self) {
        let Digests { root, file, reading, mut known, new, .. } = self;
        let new = new.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Reading a corpus afresh creates no new cache.
        if new.is_empty() || reading == DigestPolicy::Afresh && !file.exists() {
            return;
        }
        // Keeps other files of the corpus while they exist: an import of one language does not see them all.
        known.retain(|name, _| root.join(name).exists());
        known.extend(new.into_iter().map(|(name, stamp, seen)| (name, (stamp, seen))));
        let mut rows: Vec<_> = known.iter().collect();
        rows.sort_unstable_by_key(|(name, _)| *name);
        let mut body = String::new();
        for (name, (s, Fingerprint { sha256, length })) in rows {
            let (frames, rate) = length.map_or((0, 0), |l| (l.frames, l.rate));
            let Stamp { size, mtime_ns, ctime_ns, inode } = s;
            let _ = writeln!(body, "{sha256} {size} {mtime_ns} {ctime_ns} {inode} {frames} {rate} {name}");
        }
        let text = format!("{HEADER} {}\n{body}", digest_hex(body.as_bytes()));
        let _ = write_atomic(&file, text.as_bytes());
    }
}

/// Parses a cache file; `None` if it is incomplete or damaged.
fn parse(text: &str) -> Option<HashMap<String, (Stamp, Fingerprint)>> {
    let (first, body) = text.split_once('\n')?;
    if first.strip_prefix(HEADER)?.strip_prefix(' ')? != digest_hex(body.as_bytes()) {
        return None;
    }
    let row = |line: &str| {
        let mut cells = line.splitn(8, ' ');
        let sha256 = cells.next()?.to_owned();
        let stamp = Stamp {
            size: cells.next()?.parse().ok()?,
            mtime_ns: cells.next()?.parse().ok()?,
            ctime_ns: cells.next()?.parse().ok()?,
            inode: cells.next()?.parse().ok()?,
        };
        let (frames, rate) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
        let length = (rate > 0).then_some(Length { frames, rate });
        Some((cells.next()?.to_owned(), (stamp, Fingerprint { sha256, length })))
    };
    body.lines().map(row).collect()
}

/// SHA-256 of the rest of a reader as lower-case hex, without holding it in memory.
fn sha256_of(reader: &mut impl Read) -> std::io::Result<String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok(hex(&hash.finalize()))
}
