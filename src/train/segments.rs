//! Utterances cut into the segments that the classifier sees (paper 3.1.1; FIDELITY.md row
//! "segments of 128 frames").

pub use crate::spec::segment_count as count;

/// A stretch of one utterance of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The utterance's entry in the bank.
    pub item: usize,
    /// Its first frame.
    pub offset: usize,
}

/// The segments of `items` (entries into a bank of utterances of `lens` frames, repetitions allowed),
/// those of an item together and in order of time.
pub fn segments(lens: &[usize], items: &[usize], frames: usize, hop: usize) -> Vec<Segment> {
    items
        .iter()
        .flat_map(|&item| (0..count(lens[item], frames, hop)).map(move |i| Segment { item, offset: i * hop }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let counts = |hop| [1, 127, 128, 129, 256, 257].map(|len| count(len, 128, hop));
        assert_eq!(counts(128), [1, 1, 1, 2, 2, 3]);
        assert_eq!(counts(64), [1, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn every_frame_is_in_a_segment_and_each_segment_has_frames_of_its_own() {
        for len in 1..600 {
            for hop in [1, 50, 128] {
                let all = segments(&[9, len], &[1], 128, hop);
                let last = all.last().unwrap();
                assert!(last.offset + 128 >= len && (last.offset < len), "{len} {hop}");
                assert!(all.iter().rev().skip(1).all(|s| s.offset + 128 < len), "{len} {hop}: one too many");
            }
        }
    }

    #[test]
    fn repeated_items_are_repeated() {
        let s = |item, offset| Segment { item, offset };
        assert_eq!(
            segments(&[100, 200], &[1, 0, 1], 128, 128),
            [s(1, 0), s(1, 128), s(0, 0), s(1, 0), s(1, 128)]
        );
    }
}
