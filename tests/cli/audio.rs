//! Decoding and resampling: all sample formats give the same samples, and every bad file is refused in one line.

use seraug_core::manifest::Channels;
use seraug_core::rng::Seed;
use seraug_data::audio::{decode, load};
use seraug_test_support::audio_writers::{Flac, Fmt, chunk};
use seraug_test_support::common::{seraug, sine, stderr, write_wav};
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
    let wave = |high: f32| (0..100).map(|i| if i % 2 == 0 { high } else { -high }).collect::<Vec<f32>>();
    let (left, right) = (wave(0.5), wave(-0.25));
    write_wav(&path, &[left.clone(), right], 16_000, Some(16));
    assert_eq!(load(&path, Channels::First).unwrap(), left);
    assert_eq!(load(&path, Channels::Mean).unwrap(), wave(0.125));

    let six = vec![wave(0.5); 6];
    write_wav(&path, &six, 16_000, Some(24));
    assert_eq!(load(&path, Channels::Mean).unwrap(), wave(0.5));
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
            .contains("text, not a recording (it begins `not audio at all")
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
fn what_is_no_sound_is_refused_whatever_its_offset() {
    let dir = folder();
    let path = dir.path().join("a.wav");
    let refused = |samples: Vec<f32>, bits| {
        write_wav(&path, &[samples], 16_000, bits);
        let message = refusal(&path);
        assert!(!message.contains("fresh copy"), "{message}");
        message
    };
    // A constant one off the middle of 8 bits, offsets, numbers too small for any converter.
    assert!(refused(vec![-1.0 / 128.0; 300], Some(8)).contains("all 300 samples are -0.0078125"));
    for offset in [0.5, -1.0, 1.0, 1e-40, 1e-6] {
        assert!(refused(vec![offset; 300], None).contains("silent: all 300 samples are"), "{offset}");
    }
    let tone = sine(440.0, 16_000, 300);
    for (scale, offset) in [(1e-40, 0.0), (1e-10, 0.0), (1e-8, 0.25)] {
        let faint: Vec<f32> = tone.iter().map(|s| s * scale + offset).collect();
        assert!(refused(faint, None).contains("silent: all 300 samples"), "{scale}");
    }
    // A tone that is loud enough stays one on an offset.
    let moved: Vec<f32> = tone.iter().map(|s| s * 0.01 + 0.3).collect();
    write_wav(&path, std::slice::from_ref(&moved), 16_000, None);
    assert_eq!(load(&path, Channels::Mean).unwrap(), moved);
}

#[test]
fn floats_that_are_integers_are_told_from_a_loud_recording() {
    let dir = folder();
    let path = dir.path().join("a.wav");
    let tone = sine(440.0, 16_000, 400);
    let written = |scale: f32| {
        let samples: Vec<f32> = tone.iter().map(|s| s * scale).collect();
        write_wav(&path, std::slice::from_ref(&samples), 16_000, None);
        samples
    };
    // Clipped in no converter, of unit variance, mixed without a limiter.
    for scale in [1.0, 2.0, 3.0, 20.0, 60.0] {
        let samples = written(scale);
        assert_eq!(load(&path, Channels::Mean).unwrap(), samples, "{scale}");
    }
    for (scale, next) in [
        (80.0, "divide them by 32768"),
        (1000.0, "divide them by 32768"),
        (2.0 * 6543.0, "divide them by 32768"),
        (65_536.0, "divide them by 32768"),
        (1e7, "divide them by 8388608"),
        (4e9, "divide them by 2147483648"),
        (3e38, "mend what wrote it"),
    ] {
        written(scale);
        let message = refusal(&path);
        assert!(message.contains("full scale") && message.contains(next), "{message}");
    }
}

#[test]
fn channels_are_heard_before_they_are_mixed() {
    let dir = folder();
    let path = dir.path().join("stereo.wav");
    let tone = sine(440.0, 16_000, 2000);
    let scaled = |by: f32| tone.iter().map(|s| s * by).collect::<Vec<f32>>();
    let write = |channels: &[Vec<f32>], bits| write_wav(&path, channels, 16_000, bits);
    // One is the other's opposite, to the bit, after rounding, or almost.
    for (by, bits) in [(-1.0, None), (-1.0, Some(16)), (-0.99, None), (-1.01, Some(24))] {
        write(&[tone.clone(), scaled(by)], bits);
        let message = refusal(&path);
        assert!(
            message.contains("cancel each other") && message.contains("channels = \"first\""),
            "{message}"
        );
        assert_eq!(load(&path, Channels::First).unwrap().len(), 2000);
    }
    write(&[tone.clone(), scaled(0.5), scaled(-0.5), scaled(-1.0)], None);
    assert!(refusal(&path).contains("its 4 channels cancel"));
    // Microphones of opposite sign at other distances, two sounds, a channel without one.
    for other in [scaled(-0.8), sine(700.0, 16_000, 2000), vec![0.0; 2000], vec![0.25; 2000]] {
        write(&[tone.clone(), other], None);
        load(&path, Channels::Mean).unwrap();
    }
    let mut eight = vec![vec![0.0; 2000]; 8];
    eight[5] = tone.clone();
    write(&eight, Some(16));
    load(&path, Channels::Mean).unwrap();
    // The first is wanted, and is not the one that sounds.
    let message = load(&path, Channels::First).unwrap_err().to_string();
    assert!(message.contains("channel 6 is not") && message.contains("channels = \"mean\""), "{message}");
    write(&vec![vec![0.0; 300]; 3], Some(16));
    assert!(refusal(&path).contains("silent: all 300 samples of 3 channels are 0"));
    // What is wrong with one channel is not hidden in the mean.
    write(&[tone.clone(), scaled(40_000.0)], None);
    assert!(refusal(&path).contains("channel 2: peaks at 2"));
    let mut flawed = tone.clone();
    flawed[77] = f32::NAN;
    write(&[tone.clone(), flawed], None);
    assert!(refusal(&path).contains("channel 2: sample 77 is NaN"));
    assert_eq!(load(&path, Channels::First).unwrap(), tone);
}

#[test]
fn a_recording_longer_than_is_read_is_refused_before_it_is_read() {
    let dir = folder();
    let path = dir.path().join("long.wav");
    for (rate, bits) in [(16_000, 16), (1_000, 8), (192_000, 24)] {
        let longest = (1u64 << 28) * u64::from(rate) / u64::from(rate.max(16_000));
        let fmt = Fmt { rate, ..Fmt::pcm(1, bits) };
        let bytes = (longest + 1) * u64::from(bits / 8);
        let head = [
            b"RF64\xff\xff\xff\xffWAVE".to_vec(),
            chunk(b"ds64", &[0, bytes, 0].map(u64::to_le_bytes).concat()),
            chunk(b"fmt ", &fmt.bytes()),
            b"data\xff\xff\xff\xff".to_vec(),
        ];
        std::fs::write(&path, head.concat()).unwrap();
        // Sparse: nothing of it is on the disk.
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(head.concat().len() as u64 + bytes).unwrap();
        let message = refusal(&path);
        assert!(message.contains("hours are read") && message.contains("several files"), "{message}");
    }
}

#[test]
fn of_several_files_each_bad_one_is_named_and_the_others_are_written() {
    let dir = folder();
    for name in ["a.wav", "b.wav"] {
        write_wav(&dir.path().join(name), &[sine(440.0, 16_000, 4000)], 16_000, Some(16));
    }
    written(&dir, "text.wav", b"some text that is no audio at all");
    written(&dir, "empty.wav", b"");
    let names = ["features", "text.wav", "a.wav", "..", "none.wav", "empty.wav", "b.wav", "--out", "o"];
    let output = seraug(dir.path(), &names);
    assert_eq!(output.status.code(), Some(1));
    let errors = stderr(&output);
    for bad in ["text.wav: ", "..: ", "none.wav: ", "empty.wav: "] {
        assert_eq!(errors.lines().filter(|l| l.contains(bad)).count(), 1, "{errors}");
    }
    assert_eq!(errors.lines().filter(|l| l.starts_with("error: ")).count(), 4, "{errors}");
    for good in ["a", "b"] {
        assert!(dir.path().join(format!("o/{good}.npy")).is_file(), "{errors}");
    }
    // Channels that cancel are taken by name.
    let tone = sine(440.0, 16_000, 4000);
    let opposite = tone.iter().map(|s| -s).collect();
    write_wav(&dir.path().join("c.wav"), &[tone, opposite], 16_000, Some(16));
    assert_eq!(seraug(dir.path(), &["features", "c.wav", "--out", "o"]).status.code(), Some(1));
    let first = seraug(dir.path(), &["features", "c.wav", "--out", "o", "--channels", "first"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
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
    let dir = folder();
    let mut draws = Seed::new(1).draws();
    let samples: Vec<i64> = (0..20_000).map(|_| draws.below(20_000) as i64 - 10_000).collect();
    let bytes = Flac::PLAIN.bytes(&[samples]);
    assert_eq!(decode(&written(&dir, "whole.flac", &bytes), Channels::First).unwrap().samples.len(), 20_000);
    assert!(bytes.len() > 20_000);
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
