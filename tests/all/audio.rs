//! Decoding and resampling: every sample format comes out alike, every bad file is refused with one line.

use crate::common::{sine, write_wav};
use seraug::audio::{decode, load};
use seraug::manifest::Channels;
use std::path::{Path, PathBuf};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_sample_format_gives_the_same_samples() {
    let dir = folder();
    let tone = sine(440.0, 16_000, 4000);
    for (bits, step) in
        [(Some(8), 1.0 / 128.0), (Some(16), 1.0 / 32_768.0), (Some(24), 1e-6), (Some(32), 1e-7), (None, 0.0)]
    {
        let path = dir.path().join("tone.wav");
        write_wav(&path, std::slice::from_ref(&tone), 16_000, bits);
        let samples = load(&path, Channels::Mean).unwrap();
        assert!(largest_difference(&samples, &tone) <= step, "{bits:?}");
    }
}

#[test]
fn channels_are_averaged_or_the_first_is_taken() {
    let dir = folder();
    let path = dir.path().join("stereo.WAV");
    let (left, right) = (vec![0.5f32; 100], vec![-0.25f32; 100]);
    write_wav(&path, &[left.clone(), right], 16_000, Some(16));
    assert_eq!(load(&path, Channels::First).unwrap(), left);
    assert_eq!(load(&path, Channels::Mean).unwrap(), vec![0.125f32; 100]);

    let six = vec![vec![0.5f32; 10]; 6];
    write_wav(&path, &six, 16_000, Some(24));
    assert_eq!(load(&path, Channels::Mean).unwrap(), vec![0.5f32; 10]);
}

#[test]
fn a_resampled_tone_keeps_its_pitch_level_and_place() {
    let dir = folder();
    for rate in [8_000, 11_025, 22_050, 44_100, 44_101, 48_000, 96_000, 192_000] {
        let path = dir.path().join("tone.wav");
        let n = rate as usize + 17;
        write_wav(&path, &[sine(1000.0, rate, n)], rate, None);
        let samples = load(&path, Channels::Mean).unwrap();
        let expected = sine(1000.0, 16_000, (n * 16_000).div_ceil(rate as usize));
        assert_eq!(samples.len(), expected.len(), "{rate} Hz");
        // Away from both ends, where the tone is switched on and off.
        let middle = 2000..14_000;
        let off = largest_difference(&samples[middle.clone()], &expected[middle]);
        assert!(off < 1e-4, "{rate} Hz: off by {off}");
    }
}

#[test]
fn a_tone_above_8_khz_is_removed_rather_than_folded_down() {
    let dir = folder();
    let path = dir.path().join("high.wav");
    write_wav(&path, &[sine(9000.0, 48_000, 48_000)], 48_000, None);
    let samples = load(&path, Channels::Mean).unwrap();
    let loudest = samples[2000..14_000].iter().fold(0f32, |a, s| a.max(s.abs()));
    assert!(loudest < 1e-4, "{loudest} of 0.5 is left");
}

/// The one line with which a file is refused; it must name the file and not be a fault of ours.
fn refusal(path: &Path) -> String {
    let message = load(path, Channels::Mean).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}: ", path.display())), "{message}");
    assert!(!message.contains('\n') && !message.contains("gave up"), "{message}");
    message
}

fn written(dir: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn files_without_audio_are_refused() {
    let dir = folder();
    assert!(refusal(&dir.path().join("none.wav")).contains("no such file"));
    assert!(refusal(dir.path()).contains("is not a file"));
    assert!(refusal(&written(&dir, "empty.wav", b"")).contains("empty, 0 bytes"));
    assert!(
        refusal(&written(&dir, "text.wav", b"not audio at all, but text that is long enough"))
            .contains("convert it")
    );
    assert!(refusal(&written(&dir, "short.flac", b"fLaC")).contains("header"));
    let path = dir.path().join("header.wav");
    write_wav(&path, &[vec![]], 16_000, Some(16));
    assert!(refusal(&path).contains("no samples"));
    write_wav(&path, &[vec![0.1; 50]], 10, Some(16));
    assert!(refusal(&path).contains("sample rate of 10 Hz"));
}

#[test]
fn silent_and_non_finite_audio_is_refused_and_quiet_audio_is_not() {
    let dir = folder();
    let path = dir.path().join("a.wav");
    for bits in [Some(8), Some(16), None] {
        write_wav(&path, &[vec![0.0; 500]], 16_000, bits);
        assert!(refusal(&path).contains("silent: all 500 samples"));
    }
    for bad in [f32::NAN, f32::INFINITY] {
        let mut samples = sine(440.0, 16_000, 500);
        samples[321] = bad;
        write_wav(&path, &[samples], 16_000, None);
        assert!(refusal(&path).contains("sample 321 is"));
    }
    // Some clips of RAVDESS peak at 500 of 32768; one step of 16 bits is still not silence.
    let mut quiet = vec![0.0; 500];
    quiet[250] = 1.0 / 32_768.0;
    write_wav(&path, &[quiet], 16_000, Some(16));
    assert_eq!(load(&path, Channels::Mean).unwrap()[250], 1.0 / 32_768.0);
}

#[test]
fn a_wav_cut_anywhere_is_refused() {
    let dir = folder();
    let path = dir.path().join("whole.wav");
    write_wav(&path, &[sine(440.0, 16_000, 3000), sine(660.0, 16_000, 3000)], 16_000, Some(16));
    let bytes = std::fs::read(&path).unwrap();
    for keep in [1, 11, 12, 30, 44, 45, 46, 48, 5000, bytes.len() - 4, bytes.len() - 2, bytes.len() - 1] {
        refusal(&written(&dir, "cut.wav", &bytes[..keep]));
    }
    assert!(refusal(&written(&dir, "cut.wav", &bytes[..5000])).contains("of the 3000 samples"));
    // What follows the samples is no part of them.
    let longer = written(&dir, "tail.wav", &[bytes.as_slice(), b"LIST\x04\0\0\0INFO"].concat());
    assert_eq!(decode(&longer, Channels::First).unwrap().samples.len(), 3000);
    // A wav from a pipe states no length; it is as long as it is.
    let mut piped = bytes;
    let data = piped.windows(4).position(|w| w == b"data").unwrap();
    piped[4..8].fill(0xff);
    piped[data + 4..data + 8].fill(0xff);
    assert_eq!(decode(&written(&dir, "piped.wav", &piped), Channels::First).unwrap().samples.len(), 3000);
}

#[test]
fn damaged_bytes_never_panic_and_flac_damage_is_noticed() {
    let Some(corpora) = crate::common::corpora_with("emodb") else { return };
    let dir = folder();
    let whole = walkdir::WalkDir::new(corpora.join("emodb/wav")).sort_by_file_name().into_iter().flatten();
    let whole = whole.map(|e| e.into_path()).find(|p| p.extension().is_some_and(|e| e == "flac"));
    let Some(whole) = whole else {
        eprintln!("SKIPPED: emodb is not in flac");
        return;
    };
    let bytes = std::fs::read(&whole).unwrap();
    for keep in [10, 42, 100, bytes.len() / 2, bytes.len() - 1] {
        refusal(&written(&dir, "cut.flac", &bytes[..keep]));
    }
    // One flipped bit in the samples, anywhere: refused by a count or by the checksum.
    for at in (10_000..bytes.len()).step_by(1777) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        refusal(&written(&dir, "damaged.flac", &damaged));
    }
    // Damaged headers: refused or decoded, but never a panic that gets out.
    for at in 0..200 {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        let _ = load(&written(&dir, "header.flac", &damaged), Channels::Mean);
    }
}
