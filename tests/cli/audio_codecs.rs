//! Codecs against reference decoders (tests/golden/codecs/generate.py): every recording is aligned to the sample, has its length and
//! its sound; what is cut short, damaged or of another codec is refused in one line.

use seraug_core::manifest::Channels;
use seraug_data::audio::Decoded;
use seraug_data::audio::decode::{decode, read};
use seraug_data::audio::probe::probe;
use seraug_test_support::common::{one_line, root, seraug, stderr, stdout};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

/// Every how many samples the references have one.
const STEP: usize = 8;
/// Most samples that a decoder could be late by.
const LAGS: usize = 1200;

fn folder() -> PathBuf {
    root().join("tests/golden/codecs")
}

/// A line of cases.tsv.
struct Case {
    name: String,
    rate: u32,
    channels: usize,
    /// Samples that were encoded, and that the reference decoder gives.
    encoded: usize,
    reference: usize,
}

impl Case {
    fn all() -> Vec<Case> {
        let text = fs::read_to_string(folder().join("cases.tsv")).unwrap();
        let number = |cell: &str| cell.parse().unwrap();
        let case = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [channels, encoded, reference] = [2, 3, 4].map(|i| number(cells[i]));
            Case { name: cells[0].to_owned(), rate: number(cells[1]) as u32, channels, encoded, reference }
        };
        text.lines().skip(1).map(case).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(folder().join(&self.name)).unwrap()
    }

    /// Samples that the recording should have: what was encoded, where the file says how much that is.
    fn length(&self) -> usize {
        // ffmpeg counts whole blocks of ADPCM; sox does not.
        let whole = ["tone-untagged.mp3", "tone-ms-2.wav", "tone-ima-2.wav"];
        if whole.contains(&self.name.as_str()) { self.reference } else { self.encoded }
    }

    fn is_lossy(&self) -> bool {
        let ends = ["mp3", "ogg", "oga", "mp4", "000-1.m4a", "100-2.m4a", "aac.caf"];
        ends.iter().any(|end| self.name.ends_with(end))
    }
}

/// Every [`STEP`]th sample of the reference.
fn reference(name: &str) -> Vec<f64> {
    let npy = fs::read(folder().join(format!("{name}.npy"))).unwrap();
    npy[128..].chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect()
}

fn decoded(bytes: &[u8], channels: Channels) -> Result<Decoded, String> {
    read(Cursor::new(bytes), bytes.len() as u64, channels)
}

/// Energy of `samples`, `lag` later, less `reference`, over that of `reference`, in dB.
fn error(samples: &[f32], reference: &[f64], lag: isize) -> f64 {
    let (mut off, mut all) = (0.0, 1e-12);
    for (i, expected) in reference.iter().enumerate() {
        let Some(at) = (i * STEP).checked_add_signed(lag) else { continue };
        let Some(found) = samples.get(at) else { continue };
        off += (f64::from(*found) - expected).powi(2);
        all += expected.powi(2);
    }
    10.0 * (off / all).log10()
}

#[test]
fn every_format_is_aligned_to_the_sample_and_sounds_as_a_reference_decoder_has_it() {
    for case in Case::all() {
        let (name, golden) = (&case.name, reference(&case.name));
        let sound = decoded(&case.bytes(), Channels::Mean).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((sound.rate, sound.samples.len()), (case.rate, case.length()), "{name}");
        if name.ends_with("mp3") || name.contains(".og") {
            assert_eq!(case.length(), case.reference, "{name}: the reference trims as we do");
        }
        let off = |lag: isize| error(&sound.samples, &golden, lag);
        // Where little is compared, little can differ.
        let lags =
            (-(LAGS as isize)..=LAGS as isize).filter(|lag| lag.unsigned_abs() * 4 < sound.samples.len());
        let (best, least) = lags.map(|lag| (lag, off(lag))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(best, 0, "{name}: {least:.1} dB there, {:.1} dB at 0", off(0));
        assert!(off(0) < -60.0, "{name}: {:.1} dB", off(0));
        if !case.is_lossy() {
            // The mean of two channels may lie between two steps.
            let within = if case.channels == 1 { 0.0 } else { 0.5 };
            for (i, (found, expected)) in sound.samples.iter().step_by(STEP).zip(&golden).enumerate() {
                let steps = (f64::from(*found) - expected).abs() * 32_768.0;
                assert!(steps <= within, "{name}: sample {} is {steps} steps off", i * STEP);
            }
        }
    }
}

#[test]
fn what_was_encoded_by_lame_begins_where_it_began() {
    // Where the header is missing, what the encoder put in front stays.
    let with = decoded(&fs::read(folder().join("tone-22050-1-cbr.mp3")).unwrap(), Channels::Mean).unwrap();
    let without = decoded(&fs::read(folder().join("tone-untagged.mp3")).unwrap(), Channels::Mean).unwrap();
    // The same sweep is faster in the shorter file, so only its quiet beginning can be compared: where it rises.
    let rise = |sound: &Decoded| sound.samples.iter().position(|s| s.abs() > 0.02).unwrap();
    let late = rise(&without) - rise(&with);
    assert!((1090..1120).contains(&late), "{late}");
}

#[test]
fn the_same_sound_is_the_same_in_every_container_that_keeps_it_whole() {
    let sound =
        |name: &str| decoded(&fs::read(folder().join(name)).unwrap(), Channels::Mean).unwrap().samples;
    let wav = sound("tone-rf64.wav");
    for name in ["tone-s16.aiff", "tone-sowt.aifc", "tone-s16le.caf"] {
        assert!(sound(name) == wav, "{name}");
    }
    assert!(sound("tone-alac.caf") == sound("tone-alac-1.m4a"));
    let left =
        |name: &str| decoded(&fs::read(folder().join(name)).unwrap(), Channels::First).unwrap().samples;
    assert!(left("tone-alac-2.m4a") != sound("tone-alac-2.m4a"));
}

#[test]
fn an_import_knows_the_length_that_decoding_gives() {
    for case in Case::all() {
        let path = folder().join(&case.name);
        let length = probe(&path).unwrap_or_else(|e| panic!("{}: {e}", case.name)).unwrap();
        assert_eq!((length.frames as usize, length.rate), (case.length(), case.rate), "{}", case.name);
    }
}

#[test]
fn the_contents_decide_and_tags_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let mp3 = fs::read(folder().join("tone-16000-1-vbr.mp3")).unwrap();
    let sound = decoded(&mp3, Channels::Mean).unwrap();
    let path = dir.path().join("named.wav");
    fs::write(&path, &mp3).unwrap();
    assert_eq!(decode(&path, Channels::Mean).unwrap(), sound);
    let front = [b"ID3\x04\0\0\0\0\0\x64".as_slice(), &[7; 100]].concat();
    let old = [b"TAG".as_slice(), &[b' '; 125]].concat();
    let ape = [&b"APETAGEX\xd0\x07\0\0"[..], &[0; 20], &[1; 40], b"APETAGEX\xd0\x07\0\0", &[0; 20]].concat();
    let bare = fs::read(folder().join("tone-untagged.mp3")).unwrap();
    let plain = decoded(&bare, Channels::Mean).unwrap();
    for (what, before, after) in [
        ("ID3v2", &front, &vec![]),
        ("ID3v1", &vec![], &old),
        ("APE", &vec![], &ape),
        ("zeros", &vec![], &vec![0; 500]),
        ("all", &front, &[ape.clone(), old.clone()].concat()),
        ("junk in front", &vec![0; 700], &vec![]),
    ] {
        for (mp3, sound) in [(&mp3, &sound), (&bare, &plain)] {
            let bytes = [&before[..], mp3, after].concat();
            let found = decoded(&bytes, Channels::Mean).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert!(found == *sound, "{what}");
        }
    }
    for junk in [&b"some words that are no tag"[..], &[0xff, 0xfb, 0x90, 0, 1, 2, 3, 4]] {
        let message = decoded(&[&bare[..], junk].concat(), Channels::Mean).unwrap_err();
        assert!(
            message.contains("no frame where one should begin") || message.contains("cut short"),
            "{message}"
        );
    }
}

#[test]
fn a_recording_cut_anywhere_is_refused() {
    for case in Case::all() {
        let bytes = case.bytes();
        // An mp3 whose header does not say how long it is may end between two frames.
        let frames = case.name == "tone-untagged.mp3";
        for keep in (0..bytes.len()).step_by(61).chain(bytes.len() - 20..bytes.len()) {
            match decoded(&bytes[..keep], Channels::Mean) {
                Ok(sound) => {
                    let whole = frames && sound.samples.len().is_multiple_of(576);
                    assert!(whole, "{}: {keep} of {} bytes are taken", case.name, bytes.len());
                }
                Err(message) => {
                    assert!(!message.contains('\n') && message.contains("; "), "{}: {message}", case.name);
                }
            }
        }
    }
}

/// Random numbers that are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

#[test]
fn damage_is_one_line_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(0x5eed);
    let (mut taken, mut refused) = (0, 0);
    for case in Case::all() {
        let whole = case.bytes();
        let path = dir.path().join(&case.name);
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..1 + numbers.below(6) {
                let within = if numbers.below(2) == 0 { bytes.len() } else { bytes.len().min(700) };
                let at = numbers.below(within);
                match numbers.below(4) {
                    0 => bytes[at] ^= 1 << numbers.below(8),
                    1 => bytes[at] = numbers.below(256) as u8,
                    2 => bytes[at..].iter_mut().take(4).for_each(|b| *b = 0xff),
                    _ => bytes[at..].iter_mut().take(4).for_each(|b| *b = 0),
                }
            }
            fs::write(&path, &bytes).unwrap();
            match decode(&path, Channels::Mean) {
                Ok(sound) => {
                    taken += 1;
                    assert!(sound.samples.iter().all(|s| s.is_finite()), "{}", case.name);
                    let length = probe(&path).unwrap().unwrap();
                    assert_eq!(length.frames as usize, sound.samples.len(), "{}", case.name);
                    assert!(!case.name.contains(".og") || bytes == whole, "{}: a page is damaged", case.name);
                }
                Err(e) => {
                    refused += 1;
                    let message = e.to_string();
                    assert!(message.contains(&case.name) && !message.contains('\n'), "{message}");
                    assert!(!message.contains("the decoder gave up"), "{message}");
                }
            }
        }
    }
    // Neither is everything taken nor everything refused.
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

#[test]
fn codecs_that_are_not_read_are_named_with_the_line_that_converts_them() {
    let dir = tempfile::tempdir().unwrap();
    for (name, what) in [
        ("opus.ogg", "Opus, which is not read"),
        ("opus.webm", "Matroska or WebM (often Opus), which is not read"),
        ("opus.m4a", "Opus, which is not read"),
        ("windows.wma", "Windows Media (WMA), which is not read"),
        ("stream.aac", "AAC outside of MPEG-4, which is not read"),
        ("fragments.mp4", "MPEG-4 in fragments, which is not read"),
        ("flac.oga", "flac in ogg, which is not read"),
        ("ima4.caf", "a CAF of the codec `ima4`, which is not read"),
        ("ima4.aifc", "an AIFF of the codec `ima4` in 4 bits, which is not read"),
        ("layer-2.mp2", "MPEG audio of layer II, which is not read"),
        ("surround.m4a", "AAC of 6 channels, 1 or 2 are read"),
    ] {
        fs::copy(folder().join("refused").join(name), dir.path().join(name)).unwrap();
        let line = one_line(&seraug(dir.path(), &["features", name, "--out", "made"]));
        let stem = name.split('.').next().unwrap();
        let next = format!("; convert it: ffmpeg -i {name} -ar 16000 -ac 1 {stem}.wav");
        assert!(line.contains(&format!("{name}: {what}")) && line.ends_with(&next), "{line}");
    }
}

#[test]
fn a_folder_of_mp3_is_a_corpus() {
    let dir = tempfile::tempdir().unwrap();
    let mine = dir.path().join("mine");
    fs::create_dir(&mine).unwrap();
    let files = ["tone-16000-1-cbr.mp3", "tone-44100-2-vbr.mp3", "tone-22050-1-vbr.mp3", "tone-44100-2.ogg"];
    for (n, file) in files.iter().enumerate() {
        fs::copy(folder().join(file), mine.join(format!("{n}.{}", &file[file.len() - 3..]))).unwrap();
    }
    let rows = "path,emotion,speaker\n0.mp3,happy,anna\n1.mp3,sad,anna\n2.mp3,happy,ben\n3.ogg,sad,ben\n";
    fs::write(mine.join("table.csv"), rows).unwrap();
    let output = seraug(dir.path(), &["corpus", "check", "mine", "--corpora", "."]);
    assert!(
        stdout(&output).starts_with("complete: 4 utterances\n"),
        "{} {}",
        stdout(&output),
        stderr(&output)
    );
    let output = seraug(dir.path(), &["corpus", "import", "mine", "--corpora", ".", "--out", "index.csv"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let index = fs::read_to_string(dir.path().join("index.csv")).unwrap();
    let seconds: Vec<&str> = index.lines().skip(1).filter_map(|l| l.split(',').nth(8)).collect();
    assert_eq!(seconds, ["0.3"; 4], "{index}");

    // A file that is cut short is a problem that names it.
    let whole = fs::read(mine.join("1.mp3")).unwrap();
    fs::write(mine.join("1.mp3"), &whole[..whole.len() / 2]).unwrap();
    let output = seraug(dir.path(), &["corpus", "check", "mine", "--corpora", "."]);
    let said = stdout(&output) + &stderr(&output);
    assert!(!output.status.success() && said.contains("`1.mp3`: cut short within a frame"), "{said}");
}
