//! FLAC: every encoding gives back the samples that were written, every truncated or damaged file is refused, and what
//! other programs append does no harm.

use seraug_core::manifest::Channels;
use seraug_data::audio::decode::read;
use seraug_test_support::audio_writers::{Flac, Subframe};
use seraug_test_support::common::sine;
use std::io::Cursor;

fn decoded(bytes: &[u8], channels: Channels) -> Result<Vec<f32>, String> {
    read(Cursor::new(bytes), bytes.len() as u64, channels).map(|d| d.samples)
}

/// `n` samples of a tone with a little noise, for `bits`.
fn tone(n: usize, bits: u32) -> Vec<i64> {
    let full = 2f64.powi(bits as i32 - 1);
    let mut x = 1u64;
    let sample = |s: f32| {
        x = (1_103_515_245 * x + 12_345) % (1 << 31);
        let noise = x as f64 / f64::from(1 << 30) - 1.0;
        ((f64::from(s) + 0.01 * noise) * full) as i64
    };
    sine(440.0, 16_000, n).into_iter().map(sample).collect()
}

fn floats(samples: &[i64], bits: u32) -> Vec<f32> {
    samples.iter().map(|s| (*s as f64 / 2f64.powi(bits as i32 - 1)) as f32).collect()
}

#[test]
fn every_way_to_write_a_flac_gives_its_samples() {
    let kinds = [Subframe::Verbatim, Subframe::Fixed { order: 0, raw: true }].into_iter();
    let fixed = (0..=4).map(|order| Subframe::Fixed { order, raw: false });
    let kinds: Vec<Subframe> = kinds.chain(fixed).collect();
    for bits in [4, 8, 12, 16, 20, 24, 32] {
        for (c, kind) in (1..=8).flat_map(|c| kinds.iter().map(move |k| (c, *k))) {
            if matches!(kind, Subframe::Fixed { raw: true, .. }) && bits > 20 {
                continue;
            }
            let channels: Vec<Vec<i64>> = (0..c).map(|i| tone(700 + i, bits)[i..].to_vec()).collect();
            for layout in if c == 2 { vec![0, 8, 9, 10] } else { vec![0] } {
                for by_sample in [false, true] {
                    let flac = Flac { bits, layout, kind, by_sample, ..Flac::PLAIN };
                    let name = format!("{bits} bits, {c} channels, layout {layout}");
                    let bytes = flac.bytes(&channels);
                    let first = decoded(&bytes, Channels::First).unwrap_or_else(|e| panic!("{name}: {e}"));
                    assert_eq!(first, floats(&channels[0], bits), "{name}");
                }
            }
        }
    }
}

#[test]
fn samples_of_32_bits_may_differ_by_33() {
    // Opposite extremes: neither a channel of differences nor a sum fits into 32 bits.
    let left: Vec<i64> =
        (0..600).map(|i| if i % 3 == 0 { i32::MAX.into() } else { i64::from(i32::MIN) }).collect();
    let right: Vec<i64> = left.iter().map(|s| -1 - s).collect();
    for layout in [8, 9, 10] {
        let flac = Flac { bits: 32, layout, kind: Subframe::Verbatim, ..Flac::PLAIN };
        let bytes = flac.bytes(&[left.clone(), right.clone()]);
        assert_eq!(decoded(&bytes, Channels::First).unwrap(), floats(&left, 32), "layout {layout}");
    }
}

#[test]
fn what_follows_the_frames_takes_none_of_them() {
    let samples = tone(1000, 16);
    let id3 = [b"TAG".as_slice(), &[b'x'; 125]].concat();
    let ape = [b"APETAGEX\xd0\x07\0\0\x20\0\0\0\0\0\0\0\0\0\0\xa0".as_slice(), &[0; 8]].concat();
    // Only a footer, behind its items.
    let ape_footer = [b"\x04\0\0\0\0\0\0\0Title\0song".as_slice(), &ape].concat();
    let id3v2 = [b"ID3\x04\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0".as_slice()].concat();
    let lyrics = b"LYRICSBEGININD0000200000000036LYRICS200".to_vec();
    let tails = [
        vec![],
        vec![0; 1],
        vec![0; 500],
        vec![0xff; 300],
        id3.clone(),
        ape.clone(),
        ape_footer,
        id3v2,
        [ape, id3.clone()].concat(),
        [lyrics, id3.clone()].concat(),
        [vec![0; 64], id3].concat(),
    ];
    for (i, tail) in tails.iter().enumerate() {
        for flac in [Flac::PLAIN, Flac { summed: false, ..Flac::PLAIN }, Flac::PLAIN.piped()] {
            let bytes = [flac.bytes(std::slice::from_ref(&samples)), tail.clone()].concat();
            let found = decoded(&bytes, Channels::Mean).unwrap_or_else(|e| panic!("tail {i}: {e}"));
            assert_eq!(found, floats(&samples, 16), "tail {i}");
        }
    }
    // Whatever it is, where the samples are told or summed.
    for flac in [Flac { summed: false, ..Flac::PLAIN }, Flac { told: false, ..Flac::PLAIN }] {
        let bytes = [flac.bytes(std::slice::from_ref(&samples)), b"anything at all".to_vec()].concat();
        assert_eq!(decoded(&bytes, Channels::Mean).unwrap().len(), 1000);
    }
}

#[test]
fn a_flac_cut_anywhere_is_refused_even_where_its_length_is_not_told() {
    let samples = vec![tone(1000, 16)];
    for flac in [Flac::PLAIN, Flac { summed: false, ..Flac::PLAIN }, Flac::PLAIN.piped()] {
        let (bytes, header) = (flac.bytes(&samples), flac.header(&samples).len());
        let mut ends = vec![header];
        for frame in flac.frames(&samples) {
            ends.push(ends[ends.len() - 1] + frame.len());
        }
        for keep in 1..bytes.len() {
            let result = decoded(&bytes[..keep], Channels::Mean);
            // Between two frames nothing tells that there were more.
            if !flac.told && keep > header && ends.contains(&keep) {
                assert!(result.is_ok(), "{keep}");
                continue;
            }
            let message = result.expect_err("a cut flac is taken");
            assert!(message.contains("fresh copy"), "{keep}: {message}");
        }
    }
}

#[test]
fn damage_within_a_flac_is_refused() {
    let samples = vec![tone(1000, 16)];
    for flac in [Flac::PLAIN, Flac::PLAIN.piped()] {
        let bytes = flac.bytes(&samples);
        for at in flac.header(&samples).len()..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            decoded(&damaged, Channels::Mean).expect_err("a damaged flac is taken");
        }
        // A frame that is not there, or there twice.
        let frames = flac.frames(&samples);
        for order in [vec![0, 2, 3], vec![0, 1, 1, 2, 3], vec![0, 2, 1, 3]] {
            let order: Vec<u8> = order.into_iter().flat_map(|i: usize| frames[i].clone()).collect();
            decoded(&[flac.header(&samples), order].concat(), Channels::Mean).expect_err("a gap is taken");
        }
    }
}

#[test]
fn fields_of_the_header_that_nothing_needs_may_be_wrong() {
    let samples = tone(1000, 16);
    for smallest_block in [0, 1, 15, 16, 4096, u16::MAX] {
        let flac = Flac { smallest_block, ..Flac::PLAIN };
        let bytes = flac.bytes(std::slice::from_ref(&samples));
        assert_eq!(decoded(&bytes, Channels::Mean).unwrap(), floats(&samples, 16), "{smallest_block}");
    }
    let mut whole = Flac::PLAIN.bytes(&[samples]);
    // The sizes of blocks and frames.
    whole[8..18].fill(0);
    assert_eq!(decoded(&whole, Channels::Mean).unwrap().len(), 1000);
    // Blocks of metadata that are nonsense, one that is longer than it says, a tag in front.
    whole[4] = 0;
    for (block, more) in
        [(vec![4, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 9, 9, 9, 9], vec![]), (vec![6, 0, 0, 0], vec![7; 90])]
    {
        let mut last = block;
        last[0] |= 0x80;
        let tag = b"ID3\x03\0\0\0\0\0\x05hello".to_vec();
        let bytes = [tag, whole[..42].to_vec(), last, more, whole[42..].to_vec()].concat();
        assert_eq!(decoded(&bytes, Channels::Mean).unwrap().len(), 1000);
    }
}

#[test]
fn a_small_flac_does_not_fill_the_memory() {
    let constant = Flac { kind: Subframe::Constant, block: 65_535, ..Flac::PLAIN.piped() };
    let frame = constant.frames(&[(0..65_535).map(|i| i % 7).collect()]).remove(0);
    let start = |told: u64| {
        let mut header = constant.header(&[vec![1]]);
        let packed = u64::from(constant.rate) << 44 | 15 << 36 | told;
        header[18..26].copy_from_slice(&packed.to_be_bytes());
        header
    };
    // 7500 frames would be 490 million samples, 2 GB.
    let frames = frame.repeat(7500);
    for told in [0, 7500 * 65_535, (1 << 36) - 1] {
        let message = decoded(&[start(told), frames.clone()].concat(), Channels::Mean).unwrap_err();
        assert!(message.contains("at most") || message.contains("more than"), "{message}");
    }
    let message = decoded(&[start(10), frames].concat(), Channels::Mean).unwrap_err();
    assert!(message.contains("more than the 10 samples"), "{message}");
}
