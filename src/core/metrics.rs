//! Confusion matrices and the metrics computed from them. Rows are true classes, columns predicted classes.

/// The place of the largest of `values`, the first of several; 0 where there is none.
pub fn first_largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

/// Counts of (truth, predicted) over a test set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    /// A matrix of zeros over `classes` classes.
    pub fn new(classes: usize) -> Confusion {
        Confusion { classes, counts: vec![0; classes * classes] }
    }

    /// Counts (truth, predicted) pairs of class indices below `classes`.
    pub fn from_pairs(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Confusion {
        let mut confusion = Confusion::new(classes);
        for (truth, predicted) in pairs {
            confusion.add(truth, predicted);
        }
        confusion
    }

    /// From counts with one row a true class; `None` unless they are square.
    pub fn from_rows(rows: &[Vec<u64>]) -> Option<Confusion> {
        let square = rows.iter().all(|row| row.len() == rows.len());
        square.then(|| Confusion { classes: rows.len(), counts: rows.concat() })
    }

    /// The counts, one row a true class.
    pub fn rows(&self) -> Vec<Vec<u64>> {
        self.counts.chunks(self.classes.max(1)).map(<[u64]>::to_vec).collect()
    }

    /// Counts one item.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        assert!(truth < self.classes && predicted < self.classes);
        self.counts[truth * self.classes + predicted] += 1;
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of items of class `truth` that were classified as `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    /// Number of items.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Recall of `class`, in [0, 1]; `None` if the test set has no item of it.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let row = &self.counts[class * self.classes..(class + 1) * self.classes];
        let support: u64 = row.iter().sum();
        (support > 0).then(|| row[class] as f64 / support as f64)
    }

    /// Unweighted average recall over the classes that occur in the test set, in [0, 1]
    /// (scikit-learn's `balanced_accuracy_score`); `None` for an empty test set.
    pub fn uar(&self) -> Option<f64> {
        self.mean_recall(&(0..self.classes).collect::<Vec<_>>())
    }

    /// Mean recall over those of `classes` that occur in the test set, in [0, 1].
    pub fn mean_recall(&self, classes: &[usize]) -> Option<f64> {
        let recalls: Vec<f64> = classes.iter().filter_map(|&c| self.recall(c)).collect();
        (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
    }

    /// Share of items classified correctly (weighted accuracy), in [0, 1].
    pub fn accuracy(&self) -> Option<f64> {
        let right: u64 = (0..self.classes).map(|c| self.count(c, c)).sum();
        (self.total() > 0).then(|| right as f64 / self.total() as f64)
    }

    /// F1 of `class`, the harmonic mean of its recall and precision, in [0, 1]; 0 where it was never predicted rightly, `None` where it
    /// neither occurs in the test set nor among the predictions.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let right = self.count(class, class);
        let support: u64 = (0..self.classes).map(|p| self.count(class, p)).sum();
        let predicted: u64 = (0..self.classes).map(|t| self.count(t, class)).sum();
        let both = support + predicted;
        (both > 0).then(|| 2.0 * right as f64 / both as f64)
    }

    /// Mean F1 over the classes that occur in the test set or among the predictions, in [0, 1] (scikit-learn's
    /// `f1_score(average="macro")`); `None` for an empty test set.
    pub fn macro_f1(&self) -> Option<f64> {
        let all: Vec<f64> = (0..self.classes).filter_map(|c| self.f1(c)).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }

    /// Mean F1 weighted by the number of items of each class, in [0, 1] (`average="weighted"`).
    pub fn weighted_f1(&self) -> Option<f64> {
        let weighted = (0..self.classes).map(|class| {
            let support: u64 = (0..self.classes).map(|p| self.count(class, p)).sum();
            support as f64 * self.f1(class).unwrap_or(0.0)
        });
        (self.total() > 0).then(|| weighted.sum::<f64>() / self.total() as f64)
    }

    /// Share of the predictions that each class got; shows a collapse to one class.
    pub fn predicted_shares(&self) -> Vec<f64> {
        let total = self.total().max(1) as f64;
        (0..self.classes)
            .map(|p| (0..self.classes).map(|t| self.count(t, p)).sum::<u64>() as f64 / total)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.5: recall_score(average="macro"), accuracy_score; macro precision is 0.5.
    #[test]
    fn uar_is_macro_recall_not_precision() {
        let truth = [0, 0, 0, 0, 1, 1, 2, 2];
        let predicted = [0, 0, 0, 2, 1, 0, 2, 0];
        let c = Confusion::from_pairs(3, truth.into_iter().zip(predicted));
        assert!((c.uar().unwrap() - 0.583_333_333).abs() < 1e-9);
        assert_eq!(c.accuracy(), Some(0.625));
        assert_eq!(c.recall(0), Some(0.75));
        assert_eq!(c.mean_recall(&[1, 2]), Some(0.5));
        assert_eq!(c.predicted_shares(), vec![0.625, 0.125, 0.25]);
    }

    /// scikit-learn 1.9.1: f1_score(average="macro") and (average="weighted").
    #[test]
    fn f1_is_scikit_learns() {
        let truth = [0, 0, 0, 0, 1, 1, 2, 2];
        let predicted = [0, 0, 0, 2, 1, 0, 2, 0];
        let c = Confusion::from_pairs(4, truth.into_iter().zip(predicted));
        assert!((c.macro_f1().unwrap() - 0.611_111_111_111).abs() < 1e-9, "{:?}", c.macro_f1());
        assert!((c.weighted_f1().unwrap() - 0.625).abs() < 1e-9, "{:?}", c.weighted_f1());
        let never = Confusion::from_pairs(3, [(0, 2), (1, 1)]);
        assert!((never.macro_f1().unwrap() - 0.333_333_333_333).abs() < 1e-9);
        assert_eq!((Confusion::new(2).macro_f1(), Confusion::new(2).weighted_f1()), (None, None));
    }

    #[test]
    fn absent_classes_are_left_out() {
        let c = Confusion::from_pairs(3, [(0, 0), (1, 0)]);
        assert_eq!((c.recall(2), c.uar()), (None, Some(0.5)));
        assert_eq!(Confusion::new(2).uar(), None);
    }
}
