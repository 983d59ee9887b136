//! Signs that a training went wrong: each was seen to spoil a result on small data
//! (the "Measured" notes of FIDELITY.md).

use seraug_core::run_files::HistoryRow;
use seraug_core::spec::{Augment, Spec};
use seraug_core::store::Stage;

/// Warnings that follow from the history and the predictions of a cell, as sentences.
///
/// `shares` are the shares of the classes among the test predictions, `truths` those among the test labels.
pub fn of_cell(history: &[HistoryRow], classes: &[&str], shares: &[f64], truths: &[f64]) -> Vec<String> {
    let mut found = Vec::new();
    for (class, (&predicted, &truth)) in classes.iter().zip(shares.iter().zip(truths)) {
        if predicted > 0.9 && predicted > truth + 0.2 {
            found.push(format!(
                "collapse: {:.0} % of the predictions are `{class}` ({:.0} % of the test set is): the classifier may need more steps",
                predicted * 100.0,
                truth * 100.0
            ));
        }
    }
    let last = |stage: Stage| history.iter().rev().find(|r| r.stage == stage.name());
    let Some(row) = last(Stage::Augmentor) else { return found };
    if let Some(moved) = row.get("p_moved").filter(|c| *c > 0.8) {
        found.push(format!(
            "the augmentor is hardly more than its random start: cosine of P and P before the first step is {moved:.2}, so \
             its result says nothing of the method; raise augmentor.iterations or augmentor.learning-rate, or use \
             preset = \"small\""
        ));
    }
    if let Some(cosine) = row.get("two_noise_cosine").filter(|c| *c > 0.9) {
        found.push(format!(
            "the noise hardly reaches the output: two perturbations of one input have cosine {cosine:.3}; lower \
             augmentor.iterations or augmentor.learning-rate, or raise augmentor.weights.var"
        ));
    }
    found.extend(lost_class(row, classes.len()));
    if let (Some(mean), Some(deviation)) = (row.get("p_mean"), row.get("p_deviation"))
        && deviation < 0.05 * mean.abs()
    {
        found.push(format!(
            "P is nearly constant (mean {mean:.4}, deviation {deviation:.4}): it only shifts the loudness"
        ));
    }
    if let (Some(positive), Some(negative)) = (row.get("d_ap"), row.get("d_an"))
        && positive >= negative
    {
        found.push(format!(
            "the representation does not tell the classes apart: d(A,P) {positive:.2}, d(A,N) {negative:.2}"
        ));
    }
    if let Some(accuracy) = row.get("d_accuracy").filter(|a| *a > 0.98) {
        found.push(format!(
            "the discriminator tells {:.0} % of originals and augmentations apart: its gradient says little",
            accuracy * 100.0
        ));
    }
    found
}

/// Augmentations that have lost more than half of the agreement with their neighbours that originals have above chance.
fn lost_class(row: &HistoryRow, classes: usize) -> Option<String> {
    let (originals, augmentations) = (row.get("knn_originals")?, row.get("knn_augmentations")?);
    let chance = 1.0 / classes.max(1) as f64;
    (originals > chance + 0.1 && augmentations < f64::midpoint(originals, chance)).then(|| {
        format!(
            "augmentations lose their class: {:.0} % of their neighbours in r have it, {:.0} % of those of originals; lower \
             augmentor.epsilon or raise augmentor.weights.emo",
            augmentations * 100.0,
            originals * 100.0
        )
    })
}

/// Warnings that follow from the spec alone.
pub fn of_spec(spec: &Spec) -> Vec<String> {
    let mut found = Vec::new();
    let a = &spec.augmentor;
    let product = a.learning_rate * a.iterations as f64;
    let trains = spec.condition.iter().any(|c| matches!(&c.augment, Augment::TripletGan(a) if a.trained));
    if trains && product < 0.003 {
        found.push(format!(
            "augmentor.learning-rate x iterations = {product:.4}, the paper's is 0.03: the augmentor will hardly move"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stage: &str, values: &[(&str, f64)]) -> HistoryRow {
        let values = values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect();
        HistoryRow { stage: stage.into(), step: 1, values }
    }

    #[test]
    fn each_sign_is_named_and_health_is_silent() {
        let sick = row(
            "augmentor",
            &[
                ("two_noise_cosine", 0.93),
                ("p_moved", 0.88),
                ("knn_originals", 0.9),
                ("knn_augmentations", 0.6),
                ("p_mean", 0.08),
                ("p_deviation", 0.0008),
                ("d_ap", 2.0),
                ("d_an", 1.9),
                ("d_accuracy", 1.0),
            ],
        );
        let found = of_cell(&[sick], &["neutral", "sad"], &[0.95, 0.05], &[0.4, 0.6]);
        for word in [
            "collapse: 95 %",
            "before the first step is 0.88",
            "cosine 0.930",
            "60 % of their neighbours in r have it, 90 %",
            "nearly constant",
            "does not tell",
            "discriminator",
        ] {
            assert!(found.iter().any(|f| f.contains(word) && !f.contains('\n')), "{word}: {found:?}");
        }
        assert_eq!(found.len(), 7);
        let well = row(
            "augmentor",
            &[
                ("two_noise_cosine", 0.85),
                ("p_moved", 0.7),
                ("knn_originals", 0.9),
                ("knn_augmentations", 0.75),
                ("p_mean", 0.0),
                ("p_deviation", 0.5),
                ("d_ap", 2.0),
                ("d_an", 9.0),
                ("d_accuracy", 0.6),
            ],
        );
        assert!(of_cell(&[well], &["neutral", "sad"], &[0.5, 0.5], &[0.4, 0.6]).is_empty());
        // Where r tells nothing, augmentations have nothing to lose; a history of before these columns says nothing of them.
        let chance = row("augmentor", &[("knn_originals", 0.55), ("knn_augmentations", 0.4)]);
        let old = row("augmentor", &[("two_noise_cosine", 0.3), ("d_ap", 2.0), ("d_an", 9.0)]);
        for row in [chance, old] {
            assert!(of_cell(&[row], &["neutral", "sad"], &[0.5, 0.5], &[0.4, 0.6]).is_empty());
        }
        assert!(of_cell(&[], &["neutral"], &[1.0], &[1.0]).is_empty());
    }
}
