//! Utterances cut into the segments that the classifier sees (paper 3.1.1; FIDELITY.md row
//! "segments of 128 frames").

use seraug_core::spec::Classifier;

/// A stretch of one utterance of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The utterance's entry in the bank.
    pub item: usize,
    /// Its first frame.
    pub offset: usize,
}

/// The segments of `items` (entries into a bank of utterances of `lens` frames, repetitions allowed),
/// those of an item together and in order of time, as many as [`Classifier::segment_count`] says.
pub fn segments(spec: &Classifier, lens: &[usize], items: &[usize]) -> Vec<Segment> {
    let of = |&item: &usize| {
        (0..spec.segment_count(lens[item])).map(move |i| Segment { item, offset: i * spec.segment_hop })
    };
    items.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(segment_hop: usize, min_own_frames: usize) -> Classifier {
        Classifier { segment_frames: 128, segment_hop, min_own_frames, ..Classifier::default() }
    }

    #[test]
    fn counts() {
        let counts = |hop| [1, 127, 128, 129, 256, 257].map(|len| cut(hop, 1).segment_count(len));
        assert_eq!(counts(128), [1, 1, 1, 2, 2, 3]);
        assert_eq!(counts(64), [1, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn a_last_segment_of_too_few_own_frames_is_left_out_unless_it_is_the_only_one() {
        let counts =
            |least| [1, 31, 128, 129, 159, 160, 256, 257, 288].map(|len| cut(128, least).segment_count(len));
        assert_eq!(counts(32), [1, 1, 1, 1, 1, 2, 2, 2, 3]);
        assert_eq!(counts(128), [1, 1, 1, 1, 1, 1, 2, 2, 2]);
        // Segments that overlap: the last has more than 64 own frames in any case.
        assert_eq!([129, 191, 192].map(|len| cut(64, 65).segment_count(len)), [2, 2, 2]);
        assert_eq!([129, 191, 192, 193].map(|len| cut(64, 128).segment_count(len)), [1, 1, 2, 2]);
        for len in 1..700 {
            for (hop, least) in [(128, 32), (50, 100), (1, 128), (128, 1)] {
                let all = segments(&cut(hop, least), &[9, len], &[1]);
                let own: Vec<usize> = all.iter().map(|s| (len - s.offset).min(128)).collect();
                assert!(own.len() == 1 || own.iter().all(|&n| n >= least), "{len} {hop} {least}: {own:?}");
            }
        }
    }

    #[test]
    fn every_frame_is_in_a_segment_and_each_segment_has_frames_of_its_own() {
        for len in 1..600 {
            for hop in [1, 50, 128] {
                let all = segments(&cut(hop, 1), &[9, len], &[1]);
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
            segments(&cut(128, 1), &[100, 200], &[1, 0, 1]),
            [s(1, 0), s(1, 128), s(0, 0), s(1, 0), s(1, 128)]
        );
    }
}
