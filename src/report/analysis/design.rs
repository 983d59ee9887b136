//! What a design can see before it is run: the true difference of two conditions that it would usually find.

use super::aggregate::{Unit, differences, main_column, samples, unit};
use super::loaded_run::LoadedRun;
use crate::stats::{chance, noncentrality};
use std::collections::BTreeMap;

/// How much the difference of two conditions varies, in percentage points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Standard deviation of the true differences between units: groups of test speakers, or splits.
    pub units: f64,
    /// Standard deviation of the difference of one pair of trainings around that of its unit.
    pub trainings: f64,
}

impl Spread {
    /// About that of two runs of three seeds at `small`: 3.1 and 10.0 on EMOVO (open/study/emovo, six folds), 1.1 and 11.2 on EMO-DB
    /// (open/table2-emodb, five folds).
    pub const TYPICAL: Spread = Spread { units: 3.0, trainings: 10.0 };

    /// Of differences, a list for each unit with one for each training; `None` for a single unit.
    pub fn of_units(units: &[Vec<f64>]) -> Option<Spread> {
        variances(units).map(|v| Spread { units: v[0].sqrt(), trainings: v[1].sqrt() })
    }

    /// The spread between folds that test `factor` times as many speakers: a fold is the mean of its speakers, whose number the chance of
    /// a training is spread over as well (docs/statistics.md).
    pub fn of_folds_with(&self, factor: f64) -> Spread {
        Spread { units: self.units / factor.sqrt(), trainings: self.trainings / factor.sqrt() }
    }

    /// That of a run: of every condition with a baseline, and averaged over them and over data sets. With one seed a run cannot tell
    /// the two apart; all of it is taken to be between units, so that more seeds promise nothing.
    ///
    /// `None` where no difference has two units.
    pub fn of(run: &LoadedRun) -> Option<Spread> {
        let mut found = Vec::new();
        for set in run.data_sets() {
            let part = run.only(set);
            let (samples, main) = (samples(&part), main_column(&part));
            let unit = unit(&part);
            for (c, condition) in run.spec.condition.iter().enumerate() {
                let base = run.spec.baseline_of(c);
                if base == c || condition.unreduced || run.spec.condition[base].unreduced {
                    continue;
                }
                let mut units: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
                for d in differences(&samples, main, c, base) {
                    let of = if unit == Unit::Fold { d.fold as u64 } else { d.seed };
                    units.entry(of).or_default().push(d.value);
                }
                found.extend(variances(&units.into_values().collect::<Vec<_>>()));
            }
        }
        let mean = |of: fn(&[f64; 2]) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
        (!found.is_empty()).then(|| Spread { units: mean(|v| v[0]).sqrt(), trainings: mean(|v| v[1]).sqrt() })
    }
}

/// Variance between units and within them, by the analysis of variance.
fn variances(units: &[Vec<f64>]) -> Option<[f64; 2]> {
    if units.len() < 2 {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let squares = |values: &[f64]| {
        let m = mean(values);
        values.iter().map(|v| (v - m).powi(2)).sum::<f64>()
    };
    let means: Vec<f64> = units.iter().map(|u| mean(u)).collect();
    let of_means = squares(&means) / (means.len() - 1) as f64;
    let free = units.iter().map(Vec::len).sum::<usize>() - units.len();
    if free == 0 {
        return Some([of_means, 0.0]);
    }
    let within = units.iter().map(|u| squares(u)).sum::<f64>() / free as f64;
    let seeds = units.iter().map(|u| 1.0 / u.len() as f64).sum::<f64>() / units.len() as f64;
    Some([(of_means - within * seeds).max(0.0), within])
}

/// The size of an experiment, as its differences are tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// Folds, or seeds where each splits anew or there is one fold.
    pub units: usize,
    /// Trainings of each unit: the seeds of a fold.
    pub trainings: usize,
    /// Test over training utterances, by which the test is corrected; 0 where it is not.
    pub ratio: f64,
}

impl Design {
    /// The true difference, in points, that four of five such experiments would find at 0.05; `None` for a single unit.
    pub fn detectable(&self, spread: &Spread) -> Option<f64> {
        Some(noncentrality(self.units.checked_sub(1)?)? * self.standard_error(spread))
    }

    /// The chance that such an experiment shows a true difference of `points` at 0.05, by the same test; `None` for a single unit.
    pub fn power(&self, spread: &Spread, points: f64) -> Option<f64> {
        chance(points, self.standard_error(spread), self.units.checked_sub(1)?)
    }

    /// Of the mean difference over the units, in points.
    fn standard_error(&self, spread: &Spread) -> f64 {
        let variance = spread.units.powi(2) + spread.trainings.powi(2) / self.trainings.max(1) as f64;
        (variance * (1.0 / self.units as f64 + self.ratio)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::corrected_t;
    use seraug_core::rng::Seed;

    /// Python's statistics.variance: 26 / 3 of the four means, and 2.5 on average within the units of three.
    #[test]
    fn variances_between_and_within_units() {
        let units = [[1.0, 2.0, 3.0], [4.0, 6.0, 8.0], [0.0, 2.0, 1.0], [5.0, 9.0, 7.0]].map(Vec::from);
        let [between, within] = variances(&units).unwrap();
        assert!((within - 2.5).abs() < 1e-12 && (between - (26.0 - 2.5) / 3.0).abs() < 1e-12);
        assert_eq!(variances(&[vec![1.0], vec![3.0]]), Some([2.0, 0.0]));
        assert_eq!(variances(&[vec![1.0, 2.0]]), None);
    }

    /// statsmodels: TTestPower().power(6 / (6 sqrt(2)), nobs=10, alpha=0.05).
    #[test]
    fn power_is_that_of_the_t_test() {
        let spread = Spread { units: 6.0, trainings: 6.0 };
        let design = |units| Design { units, trainings: 1, ratio: 0.0 };
        assert!(
            (design(10).power(&spread, 6.0).unwrap() - 0.514_351).abs() < 1e-3,
            "{:?}",
            design(10).power(&spread, 6.0)
        );
        assert!((design(10).power(&spread, 0.0).unwrap() - 0.05).abs() < 1e-6);
        assert_eq!(design(1).power(&spread, 6.0), None);
        assert!(design(10).power(&spread, 1e9).unwrap() > 0.999_999);
    }

    /// Experiments that are drawn as the design says, and tested as those of a run are.
    #[test]
    fn power_is_what_simulated_experiments_show() {
        let spread = Spread { units: 3.0, trainings: 9.0 };
        for (units, trainings, ratio, points) in
            [(5, 1, 0.0, 8.0), (10, 3, 0.0, 5.0), (24, 5, 0.0, 3.0), (6, 1, 0.3, 20.0), (12, 1, 0.3, 12.0)]
        {
            let design = Design { units, trainings, ratio };
            let predicted = design.power(&spread, points).unwrap();
            let seed = Seed::new(7).child("power").at(units as u64);
            let trials = 4000;
            let shows = |trial: u64| {
                let mut draws = seed.at(trial).draws();
                let mut normal = || f64::from(draws.normal());
                // What the units share where their training sets overlap: the correlation of Nadeau and Bengio.
                let correlation = ratio / (1.0 + ratio);
                let (own, shared) = ((1.0 - correlation).sqrt(), correlation.sqrt() * normal());
                let deviation = (spread.units.powi(2) + spread.trainings.powi(2) / trainings as f64).sqrt();
                let scale = deviation * (1.0 + ratio).sqrt();
                let differences: Vec<f64> =
                    (0..units).map(|_| points + scale * (own * normal() + shared)).collect();
                corrected_t(&differences, ratio).is_some_and(|t| t.p < 0.05)
            };
            let shown = (0..trials).filter(|t| shows(*t)).count() as f64 / trials as f64;
            assert!((shown - predicted).abs() < 0.03, "{design:?}: {shown}, but {predicted}");
        }
    }

    #[test]
    fn more_folds_and_more_seeds_see_more() {
        let spread = Spread { units: 6.0, trainings: 6.0 };
        let see = |units, trainings| Design { units, trainings, ratio: 0.0 }.detectable(&spread);
        // statsmodels: TTestPower().solve_power(nobs=10, alpha=0.05, power=0.8) times a deviation of 6 sqrt(2).
        assert!((see(10, 1).unwrap() - 8.4514).abs() < 1e-3);
        assert!(see(10, 3) < see(10, 1) && see(20, 1) < see(10, 1) && see(1, 5).is_none());
    }
}
