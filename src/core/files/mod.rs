//! Reading files whose names come from outside: from a person or from another file. Only regular files are read, because a
//! named pipe or a device may never end, and only up to the size that such a file can have.

pub mod atomic;
pub mod given;
pub mod npy;

pub use atomic::{
    is_temporary, left_over, new_folder, remove_aside, sweep, sweep_folder, write_atomic, write_cached,
};
pub use given::write_given;
pub use npy::{open_array, values};

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// Most bytes of a spec, manifest, seal, record or run.toml; the largest, of ten thousand cells with warnings, has a few MB.
pub const TEXT: u64 = 64 << 20;
/// Most bytes of a table or array that is read at once; nine hours of log-mels have 1 GB.
pub const DATA: u64 = 4 << 30;
/// How long to wait for the next bytes of a pipe.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a regular file for reading; links are followed.
///
/// # Errors
/// As [`File::open`]; anything but a regular file.
pub fn open(path: &Path) -> Result<File> {
    // Checked before opening: opening and closing a pipe would end its writer.
    regular(&std::fs::metadata(path)?)?;
    let file = open_now(path)?;
    // The file may have been replaced in between.
    regular(&file.metadata()?)?;
    Ok(file)
}

/// The content of a regular file.
///
/// # Errors
/// As [`open`]; a file of more than `most` bytes.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    if length > most {
        return Err(too_long(most));
    }
    let mut bytes = Vec::new();
    // Too little memory is an error, not the end of the process.
    bytes.try_reserve(usize::try_from(length).unwrap_or(usize::MAX))?;
    // Files in /proc and /sys state a length of 0.
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long(most)) } else { Ok(bytes) }
}

/// The content of a regular file as text of at most [`TEXT`] bytes.
///
/// # Errors
/// As [`read`]; bytes that are not UTF-8.
pub fn text(path: &Path) -> Result<String> {
    utf8(read(path, TEXT)?)
}

/// As [`text`], of at most [`DATA`] bytes: for files that grow with the cells of a run or the files of a corpus.
///
/// # Errors
/// As [`text`].
pub fn long_text(path: &Path) -> Result<String> {
    utf8(read(path, DATA)?)
}

/// As [`text`], for an argument of the command line, which may be a pipe: `<(…)`, /dev/stdin.
///
/// # Errors
/// As [`text`]; a pipe from which nothing comes for ten seconds.
pub fn text_given(path: &Path) -> Result<String> {
    if !is_pipe(path) {
        return text(path);
    }
    let mut pipe = open_now(path)?;
    let mut bytes = Vec::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let time = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        if poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&time)) == Ok(0) {
            return Err(Error::new(ErrorKind::TimedOut, "a pipe from which nothing came for ten seconds"));
        }
        match pipe.read(&mut part) {
            Ok(0) => return utf8(bytes),
            Ok(n) => bytes.extend_from_slice(&part[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        if bytes.len() as u64 > TEXT {
            return Err(too_long(TEXT));
        }
    }
}

/// Whether `path` is a pipe: `<(…)`, a named one.
pub fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

/// A name for `kind`; `None` for files and folders.
pub fn special(kind: std::fs::FileType) -> Option<&'static str> {
    match kind {
        k if k.is_fifo() => Some("a named pipe"),
        k if k.is_socket() => Some("a socket"),
        k if k.is_char_device() => Some("a device"),
        k if k.is_block_device() => Some("a disk"),
        _ => None,
    }
}

/// Opens without waiting for a writer if the path is a pipe.
fn open_now(path: &Path) -> Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

fn regular(about: &std::fs::Metadata) -> Result<()> {
    let kind = about.file_type();
    match special(kind) {
        _ if kind.is_file() => Ok(()),
        Some(what) => Err(Error::new(ErrorKind::InvalidInput, format!("{what}, not a file"))),
        None => Err(Error::new(ErrorKind::IsADirectory, "a folder, not a file")),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|e| {
        Error::new(ErrorKind::InvalidData, format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to()))
    })
}

fn too_long(most: u64) -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!("has more than {} MiB, so it is not what it should be", most >> 20),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn fifo(path: &Path) {
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    }

    #[test]
    fn only_regular_files_are_read_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        symlink("file", at("link")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        symlink("gone", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        fifo(&at("pipe"));
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert_eq!(text(&at("link")).unwrap(), "x");
        for (name, why) in [
            ("pipe", "a named pipe, not a file"),
            ("zero", "a device, not a file"),
            ("socket", "a socket, not a file"),
            ("", "a folder, not a file"),
            ("dangling", "No such file"),
            ("loop", "symbolic links"),
        ] {
            let said = text(&at(name)).unwrap_err().to_string();
            assert!(said.contains(why), "{name}: {said}");
            if name != "pipe" {
                let said = text_given(&at(name)).unwrap_err().to_string();
                assert!(said.contains(why), "{name}: {said}");
            }
        }
    }

    #[test]
    fn a_file_is_read_up_to_what_it_can_have() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, [b'a'; 5]).unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"aaaaa");
        assert!(read(&path, 4).unwrap_err().to_string().contains("has more than"));
        // A sparse file of a terabyte is refused by its length.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(text(&path).unwrap_err().to_string().contains("has more than 64 MiB"));
        std::fs::write(&path, b"a\xff").unwrap();
        assert_eq!(text(&path).unwrap_err().to_string(), "not UTF-8 at byte 1");
    }

    #[test]
    fn a_pipe_on_the_command_line_is_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        fifo(&path);
        let writer = path.clone();
        let writing = std::thread::spawn(move || std::fs::write(writer, "title = 'x'\n".repeat(9999)));
        assert_eq!(text_given(&path).unwrap().len(), 12 * 9999);
        writing.join().unwrap().unwrap();
    }
}
