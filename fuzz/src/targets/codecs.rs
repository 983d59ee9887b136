//! Codecs in their containers. The seeds are the tones of tests/golden/codecs, as encoders write them.

use super::sound::loaded;
use super::{Check, PLAIN, Target};
use crate::case::Case;
use rand::Rng;
use rand::rngs::SmallRng;
use std::path::Path;

/// The one file of a case; its contents decide what it is.
const FILE: &str = "a.m4a";

/// Corrects the checksums of the pages of an ogg.
fn mend(case: &mut Case, random: &mut SmallRng) {
    let Some(bytes) = case.0.get(FILE).filter(|b| b.starts_with(b"OggS")) else { return };
    if random.gen_ratio(1, 8) {
        return;
    }
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while bytes.get(at..at + 27).is_some_and(|head| head.starts_with(b"OggS")) {
        let segments = usize::from(bytes[at + 26]);
        let lengths = bytes.get(at + 27..at + 27 + segments).unwrap_or_default();
        let end = at + 27 + segments + lengths.iter().map(|n| usize::from(*n)).sum::<usize>();
        let Some(page) = bytes.get_mut(at..end) else { break };
        page[22..26].fill(0);
        let sum = page.iter().fold(0u32, |sum, byte| {
            let sum = sum ^ u32::from(*byte) << 24;
            (0..8).fold(sum, |s, _| if s >> 31 == 1 { s << 1 ^ 0x04c1_1db7 } else { s << 1 })
        });
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        at = end;
    }
    *case = std::mem::take(case).with(FILE, bytes);
}

/// The tones, the longest of them aside: a mutation of a short file reaches more.
fn tones() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/codecs");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.sort();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("tone-") && !name.ends_with(".npy") && !name.contains("48000")
    });
    paths.iter().filter_map(|path| Some(Case::of(FILE, std::fs::read(path).ok()?))).collect()
}

/// mp3, ogg, MPEG-4, AIFF, CAF and ADPCM.
pub(super) const CODECS: Target = Target {
    name: "codecs",
    main: FILE,
    made: tones,
    mend,
    prepare: |_| -> Check { Box::new(|case| loaded(&case.join(FILE), FILE)) },
    share: 10,
    slow: 6,
    ..PLAIN
};
