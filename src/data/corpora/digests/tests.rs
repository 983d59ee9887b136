//! Digests that are kept, and those that are not believed.

use super::*;
use std::fs;
use std::time::Duration;

/// A wav of 8 kHz whose two samples are the bytes of `sound` and a zero.
fn clip(sound: &[u8; 3]) -> Vec<u8> {
    let format = *b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0";
    [&b"RIFF\x28\0\0\0"[..], &format, sound, b"\0"].concat()
}

/// A corpus of one file, and imports of it.
struct Fixture {
    dir: tempfile::TempDir,
    root: PathBuf,
    wav: PathBuf,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("corpora/x");
        fs::create_dir_all(root.join("wav")).unwrap();
        let wav = root.join("wav/a b.wav");
        fs::write(&wav, clip(b"one")).unwrap();
        Fixture { dir, root, wav }
    }

    /// The digest in an import that begins `seconds` after the last change of the file, and which is kept.
    fn import(&self, seconds: i128, reading: DigestPolicy) -> String {
        let stamp = Stamp::of(&self.wav.metadata().unwrap());
        let now = stamp.mtime_ns.max(stamp.ctime_ns) + seconds * 1_000_000_000;
        let digests = Digests::at(&self.root, "x", self.dir.path(), reading, now);
        let seen = digests.fingerprint(&self.wav).unwrap();
        digests.keep();
        assert_eq!(seen.length, Some(Length { frames: 2, rate: 8000 }));
        seen.sha256
    }

    fn cache(&self) -> Option<PathBuf> {
        let files = fs::read_dir(self.dir.path().join("digests")).ok()?;
        let files: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.into_iter().next()
    }

    /// Lets the cache say `poison` of every file, under a first line that fits.
    fn poison(&self, poison: &str) {
        let path = self.cache().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let rows = text.lines().skip(1).map(|l| format!("{poison} {}\n", l.split_once(' ').unwrap().1));
        let body: String = rows.collect();
        fs::write(path, format!("{HEADER} {}\n{body}", digest_hex(body.as_bytes()))).unwrap();
    }
}

#[test]
fn an_unchanged_file_is_not_read_again() {
    let f = Fixture::new();
    assert_eq!(f.import(10, DigestPolicy::Afresh), digest_hex(&clip(b"one")));
    assert_eq!(f.cache(), None);
    assert_eq!(f.import(10, DigestPolicy::Cached), digest_hex(&clip(b"one")));
    f.poison("0123");
    assert_eq!(f.import(10, DigestPolicy::Cached), "0123");
    assert_eq!(
        f.import(10, DigestPolicy::Afresh),
        digest_hex(&clip(b"one")),
        "it is read where that is asked for"
    );
    assert_eq!(f.import(10, DigestPolicy::Cached), digest_hex(&clip(b"one")), "which puts the cache right");
}

#[test]
fn a_file_of_this_moment_is_neither_kept_nor_believed() {
    let f = Fixture::new();
    f.import(1, DigestPolicy::Cached);
    assert_eq!(f.cache(), None);
    f.import(10, DigestPolicy::Cached);
    f.poison("0123");
    assert_eq!(f.import(2, DigestPolicy::Cached), digest_hex(&clip(b"one")));
}

#[test]
fn a_change_of_the_same_size_is_seen_though_its_time_was_put_back() {
    let f = Fixture::new();
    let before = f.wav.metadata().unwrap();
    f.import(10, DigestPolicy::Cached);
    // The ctime of a change in the same tick of the clock would be the same.
    std::thread::sleep(Duration::from_millis(50));
    fs::write(&f.wav, clip(b"two")).unwrap();
    fs::File::options().write(true).open(&f.wav).unwrap().set_modified(before.modified().unwrap()).unwrap();
    let after = f.wav.metadata().unwrap();
    assert_eq!((after.len(), after.modified().unwrap()), (before.len(), before.modified().unwrap()));
    assert_eq!(f.import(10, DigestPolicy::Cached), digest_hex(&clip(b"two")));
}

#[test]
fn a_torn_or_foreign_cache_counts_as_absent() {
    let f = Fixture::new();
    f.import(10, DigestPolicy::Cached);
    f.poison("0123");
    let path = f.cache().unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    for wrong in [
        &whole[..whole.len() - 2],
        "",
        "something else\n",
        &whole.replace("digests 2", "digests 1"),
        &whole.replace("0123", "4567"),
        // A row that is none, under a first line that fits.
        &format!("{HEADER} {}\nx\n", digest_hex(b"x\n")),
    ] {
        fs::write(&path, wrong).unwrap();
        assert_eq!(f.import(10, DigestPolicy::Cached), digest_hex(&clip(b"one")), "{wrong}");
    }
}

#[test]
fn the_cache_is_written_when_something_is_new_and_forgets_what_is_gone() {
    let f = Fixture::new();
    let other = f.root.join("wav/b.wav");
    fs::write(&other, clip(b"two")).unwrap();
    let digests = Digests::at(&f.root, "x", f.dir.path(), DigestPolicy::Cached, i128::MAX);
    digests.fingerprint(&other).unwrap();
    digests.keep();
    f.import(10, DigestPolicy::Cached);
    let path = f.cache().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3, "both files");
    let written = path.metadata().unwrap().ino();
    f.import(10, DigestPolicy::Cached);
    assert_eq!(path.metadata().unwrap().ino(), written, "nothing was new");
    fs::remove_file(&other).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    fs::write(&f.wav, clip(b"six")).unwrap();
    f.import(10, DigestPolicy::Cached);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
}

#[test]
fn a_cache_that_cannot_be_written_is_no_error() {
    let f = Fixture::new();
    fs::write(f.dir.path().join("digests"), "a file where the folder should be").unwrap();
    assert_eq!(f.import(10, DigestPolicy::Cached), digest_hex(&clip(b"one")));
}
