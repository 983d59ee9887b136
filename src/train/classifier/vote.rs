//! From the logits of an utterance's segments to one class (paper 3.1.1: majority vote).

use seraug_core::metrics::first_largest;

/// What the classifier says of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The class with most segments; see [`vote`] for ties.
    pub class: usize,
    /// Mean over the segments of the softmax, one value a class. Its largest need not be `class`.
    pub probabilities: Vec<f64>,
    /// Number of segments.
    pub segments: usize,
}

/// Majority vote over segments, whose logits lie one after the other, `classes` a segment. Of classes
/// with equally many votes the one with the highest summed log-probability wins (FIDELITY.md row
/// "majority vote tie"), then the lower index.
pub fn vote(logits: &[f32], classes: usize) -> Prediction {
    let segments = logits.len() / classes;
    assert!(
        segments > 0 && logits.len() == segments * classes,
        "{} logits of {classes} classes",
        logits.len()
    );
    let (mut votes, mut sums, mut probabilities) =
        (vec![0usize; classes], vec![0.0; classes], vec![0.0; classes]);
    for row in logits.chunks(classes) {
        let log_probabilities = log_softmax(row);
        votes[first_largest(&log_probabilities)] += 1;
        for (class, l) in log_probabilities.iter().enumerate() {
            sums[class] += l;
            probabilities[class] += l.exp() / segments as f64;
        }
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    let tied: Vec<f64> =
        votes.iter().zip(&sums).map(|(&v, &s)| if v == most { s } else { f64::NEG_INFINITY }).collect();
    Prediction { class: first_largest(&tied), probabilities, segments }
}

/// Logarithms of the softmax of a segment's logits.
pub fn log_softmax(row: &[f32]) -> Vec<f64> {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let norm = row.iter().map(|&l| f64::from(l - top).exp()).sum::<f64>().ln();
    row.iter().map(|&l| f64::from(l - top) - norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majority_beats_confidence() {
        let p = vote(&[9.0, 0.0, 0.0, 0.1, 0.0, 0.2], 2);
        assert_eq!((p.class, p.segments), (1, 3));
        assert!(p.probabilities[0] > p.probabilities[1], "the mean probability says 0");
    }

    #[test]
    fn a_tie_goes_to_the_highest_summed_log_probability_of_the_tied() {
        // Class 2 has no vote but the best sum; of 0 and 1 it is 1.
        let p = vote(&[1.0, 0.0, 0.9, -9.0, 1.0, 0.9], 3);
        assert_eq!(p.class, 1);
        assert_eq!(vote(&[1.0, 0.0, 0.0, 1.0], 2).class, 0, "an exact tie goes to the lower index");
    }

    #[test]
    fn probabilities_are_mean_softmax() {
        let p = vote(&[0.0, 0.0, 3f32.ln(), 0.0], 2);
        assert!((p.probabilities[0] - 0.625).abs() < 1e-6 && (p.probabilities[1] - 0.375).abs() < 1e-6);
        let far = vote(&[1000.0, -1000.0], 2);
        assert_eq!(far.probabilities, [1.0, 0.0]);
    }
}
