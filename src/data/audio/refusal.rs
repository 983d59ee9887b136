//! Why a file is refused, and what the reader can do about it.

use std::path::Path;

/// A result whose error says what is wrong and the next step, without naming the file.
pub(super) type Refusable<T> = std::result::Result<T, String>;

/// The next step for a damaged file; never for one that may be whole.
pub(super) const FRESH: &str = "get a fresh copy of it";
/// The next step for a file that another program may be able to read.
pub(super) const CONVERT: &str = "convert it to 16-bit PCM wav or flac";

/// What a message says before the names of files in [`by_ffmpeg`].
const FFMPEG: &str = "convert it: ffmpeg -i ";

/// The next step for a codec that ffmpeg decodes: a line that is ready but for the name `x`, with the extension that such files
/// have. [`named`] puts the file's own name there.
pub(super) fn by_ffmpeg(extension: &str) -> String {
    format!("{FFMPEG}x.{extension} -ar 16000 -ac 1 x.wav")
}

/// `why` with the names of `path` in its line for ffmpeg, where it has one.
pub(super) fn named(why: String, path: &Path) -> String {
    match why.split_once(FFMPEG) {
        Some((before, _)) => before.to_owned() + &by_ffmpeg_to_wav(path),
        None => why,
    }
}

/// The next step for the recording at `path`, of a codec that ffmpeg decodes.
pub(crate) fn by_ffmpeg_to_wav(path: &Path) -> String {
    // Beside the file: one that is called .wav already is not written over.
    let taken = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wav"));
    let to = path.with_extension(if taken { "pcm.wav" } else { "wav" });
    format!("{FFMPEG}{} -ar 16000 -ac 1 {}", quoted(path), quoted(&to))
}

/// `path` as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    match text.chars().all(plain) && !text.starts_with('-') {
        true => text,
        false if text.starts_with('-') => quoted(&Path::new(".").join(path)),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_for_ffmpeg_has_the_names_of_the_file() {
        let line =
            |path: &str| named(format!("Opus, which is not read; {}", by_ffmpeg("opus")), Path::new(path));
        let start = "Opus, which is not read; convert it: ffmpeg -i ";
        assert_eq!(line("a/b.opus"), format!("{start}a/b.opus -ar 16000 -ac 1 a/b.wav"));
        assert_eq!(line("a b's.ogg"), format!("{start}'a b'\\''s.ogg' -ar 16000 -ac 1 'a b'\\''s.wav'"));
        assert_eq!(line("b.WAV"), format!("{start}b.WAV -ar 16000 -ac 1 b.pcm.wav"));
        assert_eq!(line("-y.opus"), format!("{start}./-y.opus -ar 16000 -ac 1 ./-y.wav"));
        assert_eq!(named("empty".into(), Path::new("a")), "empty");
    }
}
