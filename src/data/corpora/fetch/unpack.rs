//! Unpacks a verified archive into the folder of a corpus. The checksum proves that the archive is the published one, not that
//! it is harmless: entries that could write elsewhere or fill the disk are refused.

use super::need_space;
use flate2::read::GzDecoder;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::manifest::{Fetch, Unpack};
use seraug_core::names::unicode::{escape_unprintable, is_unprintable};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tar::EntryType;
use walkdir::WalkDir;

const MOST_ENTRIES: usize = 100_000;
/// Longest name of a file or folder, bytes, as file systems have it, and of a path with all its folders.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 4096;
/// Largest single file, bytes: far above any recording.
const LARGEST_FILE: u64 = 1 << 30;

/// Unpacks `archive` by way of the folder `aside` into `target`; (files that are new, files that were there).
/// Nothing is placed unless all of it can be.
///
/// # Errors
/// Names the entry and what is wrong with it; a recording that exists with other content.
pub fn unpack(file: &Fetch, archive: &Path, aside: &Path, target: &Path) -> Result<(usize, usize)> {
    let clear = || match fs::remove_dir_all(aside) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.cannot("be written", aside),
    };
    clear()?;
    fs::create_dir_all(aside).cannot("be written", aside)?;
    let mut out = Out { aside, strip: file.strip, left: file.largest(), entries: 0, seen: HashSet::new() };
    let unpacked = match file.unpack {
        Unpack::Zip => zip(archive, &mut out),
        Unpack::TarGz => tar_gz(archive, &mut out),
        Unpack::None => fs::copy(archive, aside.join(&file.file)).map(drop).map_err(|e| e.to_string()),
    };
    let placed = unpacked
        .map_err(|why| Error::at(archive, format!("{why}; nothing of it was placed")))
        .and_then(|()| place(aside, &target.join(&file.into)));
    clear()?;
    placed
}

/// The destination of an archive, and how much may still be written.
struct Out<'a> {
    aside: &'a Path,
    strip: usize,
    left: u64,
    entries: usize,
    seen: HashSet<PathBuf>,
}

impl Out<'_> {
    /// Counts an entry and returns its destination; `None` for entries that are skipped.
    fn entry(&mut self, name: &str) -> std::result::Result<Option<PathBuf>, String> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES {
            return Err(format!("more than {MOST_ENTRIES} entries"));
        }
        let inside = inside(name)?;
        // Metadata that macOS and other tools add to archives.
        let litter = inside.iter().any(|part| part.starts_with('.') || *part == "__MACOSX");
        if litter || inside.len() <= self.strip {
            return Ok(None);
        }
        Ok(Some(inside[self.strip..].iter().collect()))
    }

    /// Writes one file within the limits, without relying on the lengths that the archive states.
    fn write(&mut self, name: &str, place: &Path, content: impl Read) -> std::result::Result<(), String> {
        if !self.seen.insert(place.to_owned()) {
            return Err(format!("`{name}` is there twice"));
        }
        let path = self.aside.join(place);
        let most = self.left.min(LARGEST_FILE);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(self.aside))?;
            io::copy(&mut content.take(most + 1), &mut File::create_new(&path)?)
        };
        let written = write().map_err(|e| format!("`{name}`: {e}"))?;
        if written > most {
            return Err(format!("`{name}` goes beyond the {most} bytes that are left to it"));
        }
        self.left -= written;
        Ok(())
    }
}

/// The components of a path in an archive, if it stays inside.
fn inside(name: &str) -> std::result::Result<Vec<&str>, String> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if name.starts_with('/') || name.contains(['\\', '\0']) || drive || parts.contains(&"..") {
        return Err(format!("`{name}` could be written outside the corpus"));
    }
    if name.contains(is_unprintable) {
        return Err(format!("`{}` has control characters", escape_unprintable(name)));
    }
    if name.len() > LONGEST_PATH || parts.iter().any(|part| part.len() > LONGEST_NAME) {
        let begin: String = name.chars().take(40).collect();
        return Err(format!("a name that begins with `{begin}` is longer than a file system takes"));
    }
    Ok(parts)
}

fn zip(archive: &Path, out: &mut Out) -> std::result::Result<(), String> {
    let file = files::open(archive).map_err(|e| e.to_string())?;
    let mut zip =
        zip::ZipArchive::new(io::BufReader::new(file)).map_err(|e| format!("not a zip archive: {e}"))?;
    if zip.len() > MOST_ENTRIES {
        return Err(format!("more than {MOST_ENTRIES} entries"));
    }
    let mut stated = 0u64;
    for index in 0..zip.len() {
        stated = stated.saturating_add(zip.by_index_raw(index).map_err(|e| e.to_string())?.size());
    }
    if stated > out.left {
        return Err(format!("unpacks to {stated} bytes, and {} are allowed", out.left));
    }
    need_space(out.aside, stated, "unpacking").map_err(|e| e.to_string())?;
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|e| format!("entry {index}: {e}"))?;
        let name = entry.name().to_owned();
        // The upper bits of a Unix mode say what it is; 0 where the archive was not made on Unix.
        let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
        let place = out.entry(&name)?;
        match (kind, entry.is_dir()) {
            (0 | 0o040_000, true) => {}
            (0 | 0o100_000, false) => {
                if let Some(place) = place {
                    out.write(&name, &place, entry)?;
                }
            }
            _ => return Err(format!("`{name}` is a link or a device")),
        }
    }
    Ok(())
}

type Tar = tar::Archive<GzDecoder<io::BufReader<File>>>;

fn open_tar(archive: &Path) -> std::result::Result<Tar, String> {
    let file = files::open(archive).map_err(|e| e.to_string())?;
    Ok(tar::Archive::new(GzDecoder::new(io::BufReader::new(file))))
}

/// Checks the length of entries that hold long names or extended headers: the tar library reads them into memory whatever
/// length they state.
fn names_fit(archive: &Path) -> std::result::Result<(), String> {
    let mut tar = open_tar(archive)?;
    let entries = tar.entries().map_err(|e| e.to_string())?.raw(true);
    for (count, entry) in entries.enumerate() {
        let entry = entry.map_err(|e| format!("not a whole .tar.gz archive: {e}"))?;
        let kind = entry.header().entry_type();
        let of_next = kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions();
        if of_next && entry.size() > 4 * LONGEST_PATH as u64 {
            return Err(format!("a name of {} bytes is longer than a file system takes", entry.size()));
        }
        // Each file has up to two such entries.
        if count > 3 * MOST_ENTRIES {
            return Err(format!("more than {MOST_ENTRIES} entries"));
        }
    }
    Ok(())
}

fn tar_gz(archive: &Path, out: &mut Out) -> std::result::Result<(), String> {
    names_fit(archive)?;
    let mut tar = open_tar(archive)?;
    for entry in tar.entries().map_err(|e| e.to_string())? {
        let entry = entry.map_err(|e| format!("not a whole .tar.gz archive: {e}"))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::Directory => drop(out.entry(&name)?),
            EntryType::Regular | EntryType::Continuous => {
                if let Some(place) = out.entry(&name)? {
                    out.write(&name, &place, entry)?;
                }
            }
            // A comment on the whole archive, as git writes it.
            EntryType::XGlobalHeader => {}
            _ => return Err(format!("`{name}` is a link or a device")),
        }
    }
    Ok(())
}

/// Moves every file below `aside` to the same place below `target`; (new, there already).
fn place(aside: &Path, target: &Path) -> Result<(usize, usize)> {
    let mut moves = Vec::new();
    let mut same = 0;
    for entry in WalkDir::new(aside).sort_by_file_name() {
        let entry = entry.at(aside)?;
        if !entry.file_type().is_file() {
            continue;
        }
        let to = target.join(entry.path().strip_prefix(aside).unwrap_or(entry.path()));
        match fs::symlink_metadata(&to) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => moves.push((entry.into_path(), to)),
            Err(e) => return Err(Error::at(&to, e)),
            Ok(_) if equal(entry.path(), &to).at(&to)? => same += 1,
            Ok(_) => {
                return Err(Error::at(&to, "exists with other content; move it away, nothing was changed"));
            }
        }
    }
    if moves.is_empty() && same == 0 {
        return Err(Error::at(aside, "the archive holds no file"));
    }
    for (from, to) in &moves {
        fs::create_dir_all(to.parent().unwrap_or(target)).at(to)?;
        fs::rename(from, to)
            .or_else(|e| match e.kind() {
                // The corpus's folder is a link to another disk.
                io::ErrorKind::CrossesDevices => fs::copy(from, to).map(drop),
                _ => Err(e),
            })
            .at(to)?;
    }
    Ok((moves.len(), same))
}

fn equal(a: &Path, b: &Path) -> io::Result<bool> {
    Ok(fs::metadata(a)?.len() == fs::metadata(b)?.len() && fs::read(a)? == fs::read(b)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_are_inside() {
        assert_eq!(inside("./a/b.wav").unwrap(), ["a", "b.wav"]);
        for name in ["../a", "a/../../b", "/etc/passwd", "C:/a", "a\\..\\b", "a\0b", "a/.."] {
            assert!(inside(name).is_err(), "{name}");
        }
        for name in ["a\nb", "a\u{1b}[2J", &"x".repeat(256), &"x/".repeat(2049)] {
            let e = inside(name).unwrap_err();
            assert!(!e.contains(is_unprintable) && e.len() < 200, "{e}");
        }
    }

    /// A name of gigabytes takes a few kilobytes in an archive.
    #[test]
    fn a_name_without_end_is_refused_before_it_is_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar.gz");
        let gz = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::GNULongName);
        header.set_path("././@LongLink").unwrap();
        header.set_size(1 << 20);
        header.set_cksum();
        tar.append(&header, io::repeat(b'x').take(1 << 20)).unwrap();
        let mut file = tar::Header::new_gnu();
        file.set_size(1);
        file.set_cksum();
        tar.append_data(&mut file, "b.wav", &b"x"[..]).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        let e = names_fit(&path).unwrap_err();
        assert!(e.contains("a name of 1048576 bytes"), "{e}");
    }
}
