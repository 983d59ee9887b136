//! The length of a wav, by its chunks. Sizes that a writer could not know, or got wrong, are taken for what they are.

use super::{FRESH, HEAD, Length, Source};

/// Sizes from here on are those of writers that could not go back to put in the right one (espeak-ng 0x7ffff000, sox
/// 0x7fffffff less the header, arecord 0x80000000, ffmpeg 0xffffffff).
const UNKNOWN: u64 = 0x7fff_0000;
/// Bytes that a stated size may be beyond the end: some writers count the header.
const SLACK: u64 = 64;
/// A file of more chunks before its sound is left to the decoder.
const CHUNKS: usize = 256;

/// Formats whose blocks are frames: PCM, float, A-law, mu-law, extensible.
const FRAMED: [u16; 5] = [1, 3, 6, 7, 0xfffe];

/// Chunks that stand before the sound in what writers make.
const KNOWN: [&[u8; 4]; 8] = [b"data", b"fmt ", b"fact", b"LIST", b"bext", b"JUNK", b"PEAK", b"cue "];

struct Format {
    tag: u16,
    channels: u16,
    rate: u32,
    align: u16,
    bits: u16,
}

impl Format {
    fn parse(b: &[u8]) -> Option<Format> {
        let half = |at: usize| Some(u16::from_le_bytes(b.get(at..at + 2)?.try_into().ok()?));
        let rate = u32::from_le_bytes(b.get(4..8)?.try_into().ok()?);
        Some(Format { tag: half(0)?, channels: half(2)?, rate, align: half(12)?, bits: half(14)? })
    }

    /// Bytes of a frame, where its frames have one size.
    fn frame(&self) -> Option<u64> {
        let packed = u64::from(self.channels) * u64::from(self.bits.div_ceil(8));
        let align = if self.align > 0 { u64::from(self.align) } else { packed };
        (FRAMED.contains(&self.tag) && align > 0 && self.rate > 0).then_some(align)
    }
}

/// As [`super::probe`], of a file that begins as a RIFF.
pub(super) fn length(source: &Source, head: &[u8]) -> Result<Option<Length>, String> {
    // Not even the header of a PCM wav.
    if source.len < 44 {
        return Err(format!("cut short within its header; {FRESH}"));
    }
    if &head[8..12] != b"WAVE" {
        let form: String =
            head[8..12].iter().map(|b| char::from(*b)).filter(char::is_ascii_graphic).collect();
        return Err(format!("a RIFF file of the kind `{form}`, not a wav; {FRESH}"));
    }
    if &head[..4] == b"RIFX" {
        return Ok(None);
    }
    let bytes = |at: u64, n: usize| -> Result<Vec<u8>, String> {
        let inside = usize::try_from(at).ok().filter(|at| at + n <= head.len().min(HEAD));
        inside.map_or_else(|| source.read(at, n), |at| Ok(head[at..at + n].to_vec()))
    };
    let (mut at, mut format, mut wide) = (12u64, None, None);
    for _ in 0..CHUNKS {
        let chunk = bytes(at, 8)?;
        let Ok([a, b, c, d, s0, s1, s2, s3]) = <[u8; 8]>::try_from(chunk) else { return Ok(None) };
        let size = u64::from(u32::from_le_bytes([s0, s1, s2, s3]));
        let body = at + 8;
        match &[a, b, c, d] {
            b"fmt " => format = Format::parse(&bytes(body, 16)?),
            // RF64: sizes in 64 bits; the second is that of the sound.
            b"ds64" => {
                let sizes = bytes(body, 16)?;
                wide = sizes.get(8..16).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
            }
            b"data" => {
                let stated = if size == 0xffff_ffff { wide.unwrap_or(size) } else { size };
                return sound(source.len - body.min(source.len), stated, wide.is_some(), format.as_ref());
            }
            _ => {}
        }
        let Some(next) = following(&bytes, body, size, source.len)? else { return Ok(None) };
        at = next;
    }
    Ok(None)
}

/// Where the next chunk begins; nothing where none does. Odd chunks are padded, but not by every writer.
fn following(
    bytes: &impl Fn(u64, usize) -> Result<Vec<u8>, String>,
    body: u64,
    size: u64,
    len: u64,
) -> Result<Option<u64>, String> {
    let (padded, plain) = (body + size + size % 2, body + size);
    let id = |at: u64| if at + 8 <= len { bytes(at, 4) } else { Ok(Vec::new()) };
    let (first, second) = (id(padded)?, id(plain)?);
    if KNOWN.iter().any(|known| second == *known) && !KNOWN.iter().any(|known| first == *known) {
        return Ok(Some(plain));
    }
    let is_chunk = first.len() == 4 && first.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    Ok(is_chunk.then_some(padded))
}

/// Of sound of which `there` bytes are in the file and `stated` should be; `sure`: the size is one of 64 bits.
fn sound(there: u64, stated: u64, sure: bool, format: Option<&Format>) -> Result<Option<Length>, String> {
    if there == 0 {
        return Err(format!("has no samples; {FRESH}"));
    }
    let unknown = !sure && (stated == 0 || stated >= UNKNOWN);
    if !unknown && stated > there.saturating_add(SLACK) {
        return Err(format!(
            "cut short: {there} of the {stated} bytes of sound that its header states; {FRESH}"
        ));
    }
    // 0 is either not known or true: the decoder knows.
    if stated == 0 {
        return Ok(None);
    }
    let sounding = if unknown { there } else { stated.min(there) };
    let length = |f: &Format| Some(Length { frames: sounding / f.frame()?, rate: f.rate });
    Ok(format.and_then(length))
}

#[cfg(test)]
mod tests {
    use crate::audio::probe::{Length, probe};

    fn chunk(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
        [&id[..], &size.to_le_bytes(), body].concat()
    }

    /// A wav of `chunks` after its format (16 bits, one channel, 8 kHz).
    fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
        let format = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];
        let body = [chunk(b"fmt ", 16, &format), chunks.concat()].concat();
        [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WAVE", &body].concat()
    }

    fn of(bytes: &[u8]) -> Result<Option<Length>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        probe(file.path())
    }

    #[test]
    fn a_length_is_that_of_the_sound_that_is_there() {
        let sound = [1; 100];
        let known = Ok(Some(Length { frames: 50, rate: 8000 }));
        assert_eq!(of(&wav(&[chunk(b"data", 100, &sound)])), known);
        for size in [0x7fff_f000, 0x8000_0000, 0x7fff_ffdb, 0xffff_ffff, 0xffff_ffdb] {
            assert_eq!(of(&wav(&[chunk(b"data", size, &sound)])), known, "{size:x}");
        }
        assert_eq!(of(&wav(&[chunk(b"LIST", 3, b"abc\0"), chunk(b"data", 100, &sound)])), known);
        assert_eq!(of(&wav(&[chunk(b"LIST", 3, b"abc"), chunk(b"data", 100, &sound)])), known, "not padded");
        let long = vec![0; 9000];
        assert_eq!(of(&wav(&[chunk(b"bext", 9000, &long), chunk(b"data", 100, &sound)])), known);
        let more = wav(&[chunk(b"data", 100, &sound), chunk(b"LIST", 4, b"abcd")]);
        assert_eq!(of(&more), known, "what follows is not sound");
        for lost in [chunk(b"LIST", 5000, b"abc"), chunk(b"data", 0, &sound)] {
            assert_eq!(of(&wav(&[lost])), Ok(None), "left to the decoder");
        }
    }

    #[test]
    fn what_is_cut_short_or_empty_is_refused() {
        let cut = of(&wav(&[chunk(b"data", 1000, &[1; 100])])).unwrap_err();
        assert!(cut.starts_with("cut short: 100 of the 1000 bytes"), "{cut}");
        assert!(of(&wav(&[chunk(b"data", 0, b"")])).unwrap_err().starts_with("has no samples"));
        assert!(of(b"RIFF").unwrap_err().starts_with("cut short within its header"));
        let avi = [b"RIFF\x40\0\0\0AVI ", &[0u8; 64][..]].concat();
        assert!(of(&avi).unwrap_err().starts_with("a RIFF file of the kind `AVI`"));
    }
}
