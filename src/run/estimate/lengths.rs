//! Lengths of utterances, estimated without decoding all of them.

use rayon::prelude::*;
use seraug_data::audio::decode;
use seraug_data::corpora::Utterance;

/// Most recordings of a corpus that are decoded; the lengths of the others are assumed to repeat them.
const SAMPLED: usize = 128;

/// Assumed mean length in seconds of an utterance of a missing corpus whose manifest states none.
pub(super) const MEAN_SECONDS: f64 = 3.0;

/// Lengths of placeholder utterances relative to their mean: spread as in spontaneous speech, with mean 1.
const SPREAD: [f64; 8] = [0.35, 0.5, 0.65, 0.8, 0.95, 1.15, 1.45, 2.15];

/// Frames of each of `utterances` for a hop of `hop` seconds, and the corpora of unknown lengths, for which [`MEAN_SECONDS`] are
/// assumed. `absent` are missing corpora with the mean length of an utterance in seconds where their manifests state it.
pub(super) fn frames(
    utterances: &[Utterance],
    hop: f64,
    absent: &[(String, Option<f64>)],
) -> (Vec<usize>, Vec<String>) {
    let mut assumed = Vec::new();
    let mut seconds = vec![MEAN_SECONDS; utterances.len()];
    let mut names: Vec<&str> = utterances.iter().map(|u| &*u.corpus).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of: Vec<usize> = (0..utterances.len()).filter(|&i| &*utterances[i].corpus == name).collect();
        let known = match absent.iter().find(|a| a.0 == name) {
            Some((_, mean)) => {
                if mean.is_none() {
                    assumed.push(name.to_owned());
                }
                SPREAD.iter().map(|share| share * mean.unwrap_or(MEAN_SECONDS)).collect()
            }
            None => sampled(utterances, &of),
        };
        if known.is_empty() {
            assumed.push(name.to_owned());
        } else {
            of.iter().enumerate().for_each(|(n, &i)| seconds[i] = known[n % known.len()]);
        }
    }
    (seconds.into_iter().map(|s| 1 + (s / hop) as usize).collect(), assumed)
}

/// Seconds of at most [`SAMPLED`] of `items`, evenly spaced; unreadable recordings are left out.
fn sampled(utterances: &[Utterance], items: &[usize]) -> Vec<f64> {
    let every = items.len().div_ceil(SAMPLED).max(1);
    let picked: Vec<usize> = items.iter().copied().step_by(every).collect();
    let length = |&i: &usize| {
        let u = &utterances[i];
        match u.excerpt {
            Some(e) => Some(e.end - e.start),
            None => decode(&u.path, u.channels).ok().map(|d| d.seconds()),
        }
    };
    picked.par_iter().filter_map(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_data::corpora;
    use std::path::Path;

    #[test]
    fn placeholder_utterances_have_the_stated_mean() {
        assert!((SPREAD.iter().sum::<f64>() / SPREAD.len() as f64 - 1.0).abs() < 1e-12);
        let emodb = crate::estimate::placeholder_corpus::corpus(
            corpora::manifest("emodb", Path::new("none")).unwrap(),
        );
        let of = |mean| frames(&emodb.utterances, 0.025, &[("emodb".to_owned(), mean)]);
        for (stated, expected, assumed) in
            [(Some(4.5), 180.5, vec![]), (None, 120.5, vec!["emodb".to_owned()])]
        {
            let (frames, of_nothing) = of(stated);
            let mean = frames.iter().sum::<usize>() as f64 / frames.len() as f64;
            assert!((mean - expected).abs() < 3.0 && frames.iter().max() > frames.iter().min(), "{mean}");
            assert_eq!(of_nothing, assumed);
        }
        let unread = frames(&emodb.utterances[..1], 0.025, &[]);
        assert_eq!(unread, (vec![121], vec!["emodb".to_owned()]), "nothing to read: 3 s");
    }
}
