//! WAV: a complete file is read whatever its writer left out; a truncated or inconsistent one is refused.

use seraug_core::manifest::Channels;
use seraug_data::audio::decode::read;
use seraug_test_support::audio_writers::{Flac, Fmt, chunk, chunk_of, pcm16, riff, wav16};
use seraug_test_support::common::sine;
use std::io::Cursor;

fn decoded(bytes: &[u8], channels: Channels) -> Result<Vec<f32>, String> {
    read(Cursor::new(bytes), bytes.len() as u64, channels).map(|d| d.samples)
}

/// A thousand samples of a tone.
fn tone() -> Vec<i16> {
    sine(440.0, 16_000, 1000).into_iter().map(|s| (s * 32_767.0) as i16).collect()
}

fn floats(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|s| f32::from(*s) / 32_768.0).collect()
}

fn is_tone(bytes: &[u8], what: &str) {
    let found = decoded(bytes, Channels::Mean).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(found, floats(&tone()), "{what}");
}

#[test]
fn sizes_that_a_writer_could_not_go_back_to_write_are_not_believed() {
    let (data, fmt) = (pcm16(&tone()), chunk(b"fmt ", &Fmt::pcm(1, 16).bytes()));
    let unwritten = [
        0u32,
        0x7fff_f000,
        0x7fff_effc,
        0x8000_0000,
        0x7fff_ffff,
        0x7fff_ffdb,
        0x8000_0024,
        0xffff_ffff,
        0xffff_ffdb,
        0xffff_f000,
    ];
    for size in unwritten {
        for outer in [size, size.wrapping_add(36), 0, 4, u32::MAX, 1234] {
            for list in [vec![], chunk(b"LIST", b"INFOISFT\x06\0\0\0Lavf58")] {
                let mut wav = riff(&[list, fmt.clone(), chunk_of(b"data", size & !1, &data)]);
                let at = wav.len() - data.len() - 4;
                wav[at..at + 4].copy_from_slice(&size.to_le_bytes());
                wav[4..8].copy_from_slice(&outer.to_le_bytes());
                is_tone(&wav, &format!("data {size:#x}, RIFF {outer:#x}"));
            }
        }
    }
    // The size of the file is right, that of the samples is not.
    for wrong in [1, 8, 36, 44, 100_000] {
        let mut wav = wav16(&tone());
        wav[40..44].copy_from_slice(&(2000u32 + wrong).to_le_bytes());
        is_tone(&wav, "RIFF is right");
        // Nor is that of the file: the rest is missing.
        wav[4..8].copy_from_slice(&(2036 + wrong).to_le_bytes());
        let message = decoded(&wav, Channels::Mean);
        assert!(wrong == 1 || message.is_err_and(|m| m.contains("cut short")), "{wrong}");
    }
    // RIFF is off by a header, or counts what is not there: the samples say otherwise.
    for outer in [2000u32, 2044, 2052, 1_000_000, 1] {
        let mut wav = wav16(&tone());
        wav[4..8].copy_from_slice(&outer.to_le_bytes());
        is_tone(&wav, "RIFF is wrong");
    }
}

#[test]
fn no_samples_are_told_from_a_size_that_was_not_written() {
    let fmt = chunk(b"fmt ", &Fmt::pcm(1, 16).bytes());
    for tail in [vec![], chunk(b"LIST", b"INFO"), chunk(b"id3 ", b"ID3\x03")] {
        let wav = riff(&[fmt.clone(), chunk(b"data", &[]), tail]);
        assert!(decoded(&wav, Channels::Mean).unwrap_err().contains("no samples"));
    }
}

#[test]
fn chunks_before_and_after_the_samples_do_not_matter() {
    let (data, fmt) = (chunk(b"data", &pcm16(&tone())), chunk(b"fmt ", &Fmt::pcm(1, 16).bytes()));
    let unpadded =
        |id: &[u8; 4], body: &[u8]| [id, (body.len() as u32).to_le_bytes().as_slice(), body].concat();
    let long_fmt = |n: usize| chunk(b"fmt ", &[Fmt::pcm(1, 16).bytes(), vec![0; n]].concat());
    let harmless = [
        ("odd LIST", chunk(b"LIST", b"INFOISFT\x05\0\0\0hello")),
        ("odd LIST without its pad byte", unpadded(b"LIST", b"INFOISFT\x05\0\0\0hello")),
        ("odd unknown chunk without its pad byte", unpadded(b"zzzz", b"12345")),
        ("an entry that says too much", chunk(b"LIST", b"INFOISFT\x90\x01\0\0hello ")),
        ("an entry without its pad byte", chunk(b"LIST", b"INFOISFT\x05\0\0\0helloIART\x04\0\0\0me\0\0")),
        ("empty LIST", chunk(b"LIST", b"")),
        ("LIST of a letter", chunk(b"LIST", b"I")),
        ("labels", chunk(b"LIST", b"adtllabl\x07\0\0\0\x01\0\0\0hi\0")),
        ("long fact", chunk(b"fact", &[0; 12])),
        ("empty fact", chunk(b"fact", &[])),
        ("a fact that is wrong", chunk(b"fact", &[9, 0, 0, 0])),
        ("JUNK", chunk(b"JUNK", &[0; 28])),
        ("a page of JUNK", chunk(b"JUNK", &[0; 9000])),
        ("bext", chunk(b"bext", &[b'x'; 603])),
        ("id3", chunk(b"id3 ", b"ID3\x03\0\0\0\0\0\0")),
        ("cue", chunk(b"cue ", &[0, 0, 0, 0])),
        ("a LIST that is too long", chunk_of(b"LIST", 70_000, b"INFO")),
        ("a LIST that never ends", chunk_of(b"LIST", 0xffff_fff0, b"INFO")),
        ("a LIST that is too short", chunk_of(b"LIST", 6, b"INFOISFT\x08\0\0\0somebody")),
        ("zeros", vec![0; 64]),
    ];
    for (name, odd) in &harmless {
        is_tone(&riff(&[fmt.clone(), odd.clone(), data.clone()]), &format!("{name} before the samples"));
        is_tone(&riff(&[odd.clone(), fmt.clone(), data.clone()]), &format!("{name} before fmt"));
        is_tone(&riff(&[fmt.clone(), data.clone(), odd.clone()]), &format!("{name} after the samples"));
    }
    for n in [0, 1, 2, 4, 24, 30, 100] {
        is_tone(&riff(&[long_fmt(n), data.clone()]), &format!("a fmt of {} bytes", 16 + n));
    }
    is_tone(&riff(&[data.clone(), fmt.clone()]), "fmt behind the samples");
    is_tone(&[b"ID3\x03\0\0\0\0\0\x0a0123456789".to_vec(), wav16(&tone())].concat(), "a tag in front");
    is_tone(&[vec![0; 128], wav16(&tone())].concat(), "MacBinary in front");
    let mut tagged = wav16(&tone());
    tagged.extend([b"TAG".as_slice(), &[0; 125]].concat());
    is_tone(&tagged, "a tag behind");
    let missing = decoded(&riff(&[fmt]), Channels::Mean).unwrap_err();
    assert!(missing.contains("without a data chunk") && !missing.contains("fresh"), "{missing}");
    assert!(decoded(&riff(&[data]), Channels::Mean).unwrap_err().contains("without a fmt chunk"));
}

#[test]
fn long_files_have_their_size_in_a_chunk_of_its_own() {
    let (data, fmt) = (pcm16(&tone()), chunk(b"fmt ", &Fmt::pcm(1, 16).bytes()));
    for form in [b"RF64", b"BW64"] {
        for (size, whole) in [(2000u64, true), (0, true), (u64::MAX, true), (2002, false), (1 << 40, false)] {
            let long = [2072u64.to_le_bytes(), size.to_le_bytes(), 1000u64.to_le_bytes()].concat();
            let ds64 = chunk(b"ds64", &[long, vec![0; 4]].concat());
            let mut wav = riff(&[ds64, fmt.clone(), chunk_of(b"data", 0xffff_fffe, &data)]);
            let at = wav.len() - 2004;
            wav[at..at + 4].fill(0xff);
            wav[..4].copy_from_slice(form);
            wav[4..8].fill(0xff);
            let result = decoded(&wav, Channels::Mean);
            assert_eq!(result.as_deref().ok(), whole.then_some(floats(&tone()).as_slice()), "{size}");
            assert!(whole || result.unwrap_err().contains("cut short"));
        }
    }
}

#[test]
fn a_wav_cut_anywhere_is_refused() {
    let fmt = chunk(b"fmt ", &Fmt::pcm(1, 16).bytes());
    let list = chunk(b"LIST", b"INFOISFT\x06\0\0\0Lavf58");
    for before in [vec![fmt.clone()], vec![list.clone(), fmt.clone()], vec![fmt, list]] {
        let wav = riff(&[before.concat(), chunk(b"data", &pcm16(&tone()))]);
        for keep in 1..wav.len() {
            let message = decoded(&wav[..keep], Channels::Mean).expect_err("a cut wav is taken");
            assert!(message.contains("fresh copy"), "{keep}: {message}");
        }
    }
}

/// A sample as an integer of `bits`.
fn int(v: f32, bits: u32) -> [u8; 8] {
    ((f64::from(v) * 2f64.powi(bits as i32 - 1)) as i64).to_le_bytes()
}

/// Every format a wav may have: its name, `fmt ` chunk, how a sample of full scale 1 is written and how exactly.
fn formats(channels: u16) -> Vec<(String, Vec<u8>, Encode, f32)> {
    let mut all: Vec<(String, Vec<u8>, Encode, f32)> = Vec::new();
    for bits in [16u16, 24, 32] {
        let encode = move |v| int(v, bits.into())[..usize::from(bits / 8)].to_vec();
        let step = 2f32.powi(2 - i32::from(bits)).max(1e-6);
        let fmt = Fmt::pcm(channels, bits);
        all.push((format!("PCM {bits}"), fmt.bytes(), Box::new(encode), step));
        all.push((format!("extensible {bits}"), fmt.extensible(bits), Box::new(encode), step));
    }
    let byte = |v: f32| vec![(i64::from_le_bytes(int(v, 8)) + 128) as u8];
    all.push(("PCM 8".into(), Fmt::pcm(channels, 8).bytes(), Box::new(byte), 0.016));
    // 20 bits in three bytes, 12 in two: high, the rest is 0.
    for (bits, width) in [(20u16, 3usize), (12, 2)] {
        let encode = move |v| {
            let value = i64::from_le_bytes(int(v, bits.into())) << (width * 8 - usize::from(bits));
            value.to_le_bytes()[..width].to_vec()
        };
        let fmt = Fmt { align: channels * width as u16, ..Fmt::pcm(channels, bits) };
        let name = format!("{bits} bits in {width} bytes");
        all.push((name.clone(), fmt.bytes(), Box::new(encode), 2f32.powi(2 - i32::from(bits))));
        let whole = Fmt { bits: 8 * width as u16, ..fmt };
        all.push((name, whole.extensible(bits), Box::new(encode), 2f32.powi(2 - i32::from(bits))));
    }
    // 24 and 20 bits in four bytes: low with sign, low with zeros, high.
    for bits in [20u16, 24] {
        let fmt = Fmt { align: channels * 4, ..Fmt::pcm(channels, bits) };
        let step = 2f32.powi(2 - i32::from(bits));
        let low = move |v| int(v, bits.into())[..4].to_vec();
        let zeros = move |v| {
            (i64::from_le_bytes(int(v, bits.into())) as u32 & ((1 << bits) - 1)).to_le_bytes().to_vec()
        };
        let high =
            move |v| (i64::from_le_bytes(int(v, bits.into())) << (32 - bits)).to_le_bytes()[..4].to_vec();
        all.push((format!("{bits} low in 4 bytes"), fmt.bytes(), Box::new(low), step));
        all.push((format!("{bits} low in 4 bytes, with zeros"), fmt.bytes(), Box::new(zeros), step));
        all.push((format!("{bits} high in 4 bytes"), fmt.bytes(), Box::new(high), step));
        let whole = Fmt { bits: 32, ..fmt };
        all.push((format!("extensible {bits} in 4 bytes"), whole.extensible(bits), Box::new(high), step));
    }
    for (bits, wide) in [(32u16, false), (64, true)] {
        let fmt = Fmt { tag: 3, ..Fmt::pcm(channels, bits) };
        let encode = move |v: f32| match wide {
            false => v.to_le_bytes().to_vec(),
            true => f64::from(v).to_le_bytes().to_vec(),
        };
        all.push((format!("float {bits}"), fmt.bytes(), Box::new(encode), 0.0));
        all.push((format!("extensible float {bits}"), fmt.extensible(bits), Box::new(encode), 0.0));
    }
    for (tag, bits) in [(6, 8), (7, 8), (6, 16), (7, 0)] {
        let fmt = Fmt { tag, align: channels, ..Fmt::pcm(channels, bits) };
        let encode = move |v| vec![if tag == 6 { a_law(v) } else { mu_law(v) }];
        all.push((format!("code {tag}, {bits} bits"), fmt.bytes(), Box::new(encode), 0.03));
        all.push((format!("extensible code {tag}"), fmt.extensible(bits), Box::new(encode), 0.03));
    }
    all
}

type Encode = Box<dyn Fn(f32) -> Vec<u8>>;

/// G.711 the long way: a segment is twice as coarse as the one below it.
fn mu_law(v: f32) -> u8 {
    let (sign, size) = (if v < 0.0 { 0x80 } else { 0 }, (v.abs() * 32_635.0) as i32 + 132);
    let segment = (0..8).rev().find(|s| size >= 128 << s).unwrap_or(0);
    !(sign | (segment << 4) as u8 | (size >> (segment + 3) & 15) as u8)
}

fn a_law(v: f32) -> u8 {
    let (sign, size) = (if v < 0.0 { 0 } else { 0x80 }, (v.abs() * 32_767.0) as i32);
    let segment = (1..8).rev().find(|s| size >= 256 << (s - 1)).unwrap_or(0);
    let low = if segment == 0 { size >> 4 } else { size >> (segment + 3) };
    (sign | (segment << 4) as u8 | (low & 15) as u8) ^ 0x55
}

#[test]
fn every_sample_format_gives_the_samples_that_were_written() {
    for channels in [1u16, 2, 5] {
        let tone = sine(440.0, 16_000, 600);
        for (name, fmt, encode, step) in formats(channels) {
            let every =
                |v: &f32| (0..channels).flat_map(|c| encode(v / f32::from(c + 1))).collect::<Vec<_>>();
            let data: Vec<u8> = tone.iter().flat_map(every).collect();
            let wav = riff(&[chunk(b"fmt ", &fmt), chunk(b"data", &data)]);
            let found = decoded(&wav, Channels::First).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(found.len(), tone.len(), "{name}, {channels} channels");
            let off = found.iter().zip(&tone).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= step, "{name}, {channels} channels: off by {off}");
        }
    }
}

#[test]
fn formats_that_contradict_themselves_or_are_not_read_are_refused() {
    let data = chunk(b"data", &pcm16(&tone()));
    let with =
        |fmt: Vec<u8>| decoded(&riff(&[chunk(b"fmt ", &fmt), data.clone()]), Channels::Mean).unwrap_err();
    let pcm = Fmt::pcm(1, 16);
    for (fmt, part) in [
        (Fmt { channels: 0, ..pcm }, "0 channels"),
        (Fmt { channels: 65_535, align: 65_534, ..pcm }, "do not go together"),
        (Fmt { channels: 65_535, align: 65_535, bits: 8, ..pcm }, "65535 channels"),
        (Fmt { rate: 0, ..pcm }, "sample rate of 0 Hz"),
        (Fmt { rate: u32::MAX, ..pcm }, "sample rate of 4294967295 Hz"),
        (Fmt { align: 4, ..pcm }, "16 bits a sample, 1 channels and 4 bytes"),
        (Fmt { align: 3, ..pcm }, "do not go together"),
        (Fmt { bits: 0, ..pcm }, "0 bits"),
        (Fmt { bits: 65_535, ..pcm }, "65535 bits"),
        (Fmt { bits: 24, align: 2, ..pcm }, "24 bits a sample, 1 channels and 2 bytes"),
        (Fmt { bits: 24, align: 4, ..pcm }, "24 bits in 4 bytes"),
        (Fmt { tag: 3, ..pcm }, "do not go together"),
        (Fmt { tag: 3, bits: 32, align: 8, ..pcm }, "do not go together"),
        (Fmt { tag: 7, align: 2, ..pcm }, "do not go together"),
        (Fmt { tag: 2, bits: 4, ..pcm }, "ADPCM"),
        (Fmt { tag: 0x55, ..pcm }, "MPEG"),
        (Fmt { tag: 999, ..pcm }, "0x3e7"),
    ] {
        let message = with(fmt.bytes());
        assert!(message.contains(part) && !message.contains("fresh copy"), "{message}");
    }
}

/// Random numbers that are the same everywhere.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

#[test]
fn no_header_makes_the_decoder_panic_or_take_more_than_the_file_holds() {
    let stereo = Fmt::pcm(2, 24);
    let list = chunk(b"LIST", b"INFOISFT\x06\0\0\0Lavf58");
    let samples = vec![tone()[..300].iter().map(|s| i64::from(*s)).collect::<Vec<_>>(); 2];
    let flac = Flac { block: 64, layout: 10, ..Flac::PLAIN };
    let seeds = [
        wav16(&tone()[..300]),
        riff(&[list, chunk(b"fmt ", &stereo.extensible(24)), chunk(b"data", &pcm16(&tone()[..300]))]),
        flac.bytes(&samples),
        flac.piped().bytes(&samples),
    ];
    let words: [&[u8]; 9] = [
        &[0, 0, 0, 0],
        &[0xff; 4],
        &[0, 0, 0, 0x80],
        &[0xff, 0xff, 0xff, 0x7f],
        b"data",
        b"fmt ",
        b"LIST",
        b"fLaC",
        &[0xff, 0xf8],
    ];
    let mut draws = Draws(0x5eed);
    for i in 0..60_000 {
        let mut bytes = seeds[i % seeds.len()].clone();
        for _ in 0..1 + draws.below(4) {
            let within = if draws.below(3) == 0 { bytes.len() } else { bytes.len().min(100) };
            let (at, kind) = (draws.below(within), draws.below(5));
            match kind {
                0 => bytes[at] ^= 1 << draws.below(8),
                1 => bytes[at] = draws.below(256) as u8,
                2 => {
                    let word = words[draws.below(words.len())];
                    let end = (at + word.len()).min(bytes.len());
                    bytes[at..end].copy_from_slice(&word[..end - at]);
                }
                3 => bytes.truncate((at + 1).max(draws.below(bytes.len()))),
                _ => drop(bytes.remove(at)),
            }
            if bytes.len() < 2 {
                break;
            }
        }
        let policy = if i % 2 == 0 { Channels::Mean } else { Channels::First };
        match decoded(&bytes, policy) {
            Ok(samples) => assert!(samples.len() <= (512 * bytes.len()).max(1 << 20), "{i}"),
            Err(message) => assert!(!message.contains('\n') && message.contains("; "), "{i}: {message}"),
        }
    }
}
