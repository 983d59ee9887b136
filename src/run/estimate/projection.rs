//! Projects hours from the number of steps and the seconds of each.

use super::demand::{CellWork, Demand};
use crate::worker_client::protocol::{Timed, Timing};
use indexmap::IndexMap;
use seraug_core::error::{Error, Result};

/// The least, the median and the most seconds of each kind of work.
#[derive(Debug, Clone, Default)]
pub struct Seconds(IndexMap<Timing, [f64; 3]>);

impl Seconds {
    /// The seconds that a worker has timed.
    pub fn of(timed: &[Timed]) -> Seconds {
        let spread = |seconds: &[f64]| {
            let mut sorted = seconds.to_vec();
            sorted.sort_by(f64::total_cmp);
            let n = sorted.len();
            let middle = || f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
            (n > 0).then(|| [sorted[0], middle(), sorted[n - 1]])
        };
        Seconds(timed.iter().filter_map(|t| Some((t.work.clone(), spread(&t.seconds)?))).collect())
    }

    /// The seconds of one kind of work.
    ///
    /// # Errors
    /// It was not timed, which does not mean that it takes no time.
    pub fn one(&self, work: &Timing) -> Result<[f64; 3]> {
        let unknown = || Error::failed(format!("`{work}` was not timed; please report it"));
        self.0.get(work).copied().ok_or_else(unknown)
    }
}

/// A row of the table: a kind of work in an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectionRow {
    /// Name of the experiment.
    pub experiment: String,
    /// The kind of work.
    pub work: Timing,
    /// Number of cells that do it.
    pub cells: usize,
    /// The least and the most times that a cell does it.
    pub each: [usize; 2],
    /// The number of times in all cells.
    pub times: usize,
    /// Median seconds of doing it once.
    pub seconds: f64,
    /// Hours with one worker.
    pub hours: f64,
}

/// The projected hours of experiments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Projection {
    /// The rows of the table, experiment by experiment.
    pub rows: Vec<ProjectionRow>,
    /// Hours with one worker, from the least, the median and the most seconds of each step.
    pub one_worker: [f64; 3],
    /// Hours with all workers at once: those of one worker divided by their number, but no less than the longest cell.
    pub all_workers: [f64; 3],
}

impl Projection {
    /// Projects the hours with `jobs` workers; `seconds` has the timings of each group of experiments.
    ///
    /// # Errors
    /// A kind of work that was not timed.
    pub fn new(demands: &[Demand], seconds: &[Seconds], jobs: usize) -> Result<Projection> {
        let mut projection = Projection::default();
        let mut longest = [0f64; 3];
        for demand in demands {
            let seconds = &seconds[demand.group];
            let mut rows: IndexMap<Timing, ProjectionRow> = IndexMap::new();
            for cell in &demand.cells {
                let hours = hours(cell, seconds)?;
                for i in 0..3 {
                    projection.one_worker[i] += hours[i];
                    longest[i] = longest[i].max(hours[i]);
                }
                for (work, times) in cell.parts() {
                    let median = seconds.one(&work)?[1];
                    let row = rows.entry(work.clone()).or_insert_with(|| ProjectionRow {
                        experiment: demand.experiment.clone(),
                        work,
                        cells: 0,
                        each: [usize::MAX, 0],
                        times: 0,
                        seconds: median,
                        hours: 0.0,
                    });
                    row.cells += 1;
                    row.each = [row.each[0].min(times), row.each[1].max(times)];
                    row.times += times;
                    row.hours += times as f64 * median / 3600.0;
                }
            }
            rows.sort_by(|a, _, b, _| place(a).cmp(&place(b)));
            projection.rows.extend(rows.into_values());
        }
        let shared = projection.one_worker.map(|hours| hours / jobs.max(1) as f64);
        projection.all_workers = std::array::from_fn(|i| shared[i].max(longest[i]));
        Ok(projection)
    }
}

/// Hours of a cell, from the least, the median and the most seconds.
fn hours(cell: &CellWork, seconds: &Seconds) -> Result<[f64; 3]> {
    let mut hours = [0f64; 3];
    for (work, times) in cell.parts() {
        let one = seconds.one(&work)?;
        (0..3).for_each(|i| hours[i] += times as f64 * one[i] / 3600.0);
    }
    Ok(hours)
}

/// The place of a kind of work in the order of the table.
fn place(work: &Timing) -> (usize, usize) {
    match work {
        Timing::Iteration(of) => (0, of.len()),
        Timing::Window => (1, 0),
        Timing::Step(batch) => (2, *batch),
        Timing::Segment => (3, 0),
        Timing::JudgeIteration => (4, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec::{Augment, TrainingWork};

    fn timed(work: Timing, seconds: &[f64]) -> Timed {
        Timed { work, seconds: seconds.to_vec(), processor: None }
    }

    #[test]
    fn hours_are_counts_times_seconds_over_the_workers() {
        let [model, all] = [&["model"] as &[&str], &["model", "var", "bal"]]
            .map(|of| of.iter().map(|l| (*l).to_owned()).collect::<Vec<String>>());
        let trained =
            |of: &Vec<String>, iterations| Some((Augment::None, TrainingWork { of: of.clone(), iterations }));
        let seconds = Seconds::of(&[
            timed(Timing::Iteration(all.clone()), &[4.0, 1.0, 2.0]),
            timed(Timing::Iteration(model.clone()), &[1.0, 1.0]),
            timed(Timing::Step(16), &[3.0, 5.0]),
            timed(Timing::Window, &[0.5; 2]),
            timed(Timing::Segment, &[0.1; 2]),
        ]);
        let aug = CellWork {
            autoencoder: None,
            augmentor: trained(&all, 3600),
            classifier: Some((16, 900)),
            windows: 7200,
            segments: 0,
            judge: 0,
        };
        let plain = CellWork { classifier: Some((16, 1800)), segments: 36_000, ..CellWork::default() };
        let first = Demand { experiment: "a".into(), cells: vec![aug.clone(), plain], ..Demand::default() };
        let second = Demand {
            experiment: "b".into(),
            cells: vec![CellWork { augmentor: trained(&model, 1800), ..CellWork::default() }],
            ..Demand::default()
        };
        let demands = [first, second];
        let two = Projection::new(&demands, std::slice::from_ref(&seconds), 2).unwrap();
        // Augmentor 1, 2 or 4 hours; its classifier 900 steps of 3, 4 or 5 s, its windows one hour; the plain one twice
        // the steps and an hour of segments; half an hour of the model alone.
        assert_eq!(
            two.one_worker,
            [1.0 + 1.0 + 0.75 + 2.5 + 0.5, 2.0 + 1.0 + 1.0 + 3.0 + 0.5, 4.0 + 1.0 + 1.25 + 3.5 + 0.5]
        );
        assert_eq!(two.all_workers, [5.75 / 2.0, 4.0, 6.25], "no faster than the longest cell");
        assert_eq!(
            Projection::new(&demands, std::slice::from_ref(&seconds), 1).unwrap().all_workers,
            two.one_worker
        );
        let rows: Vec<_> =
            two.rows.iter().map(|r| (r.experiment.as_str(), &r.work, r.cells, r.each, r.hours)).collect();
        let (iteration, model) = (Timing::Iteration(all), Timing::Iteration(model.clone()));
        assert_eq!(
            rows,
            [
                ("a", &iteration, 1, [3600, 3600], 2.0),
                ("a", &Timing::Window, 1, [7200, 7200], 1.0),
                ("a", &Timing::Step(16), 2, [900, 1800], 3.0),
                ("a", &Timing::Segment, 1, [36_000, 36_000], 1.0),
                ("b", &model, 1, [1800, 1800], 0.5),
            ]
        );
        assert_eq!(Projection::new(&[], &[], 2), Ok(Projection::default()));
    }

    #[test]
    fn what_was_not_timed_is_not_free() {
        let work = CellWork { classifier: Some((16, 9)), windows: 24, ..CellWork::default() };
        let demands = [Demand { experiment: "a".into(), cells: vec![work], ..Demand::default() }];
        let step = timed(Timing::Step(16), &[1.0, 1.0]);
        for all in [vec![step.clone()], vec![step.clone(), timed(Timing::Window, &[])]] {
            let error = Projection::new(&demands, &[Seconds::of(&all)], 1).unwrap_err().to_string();
            assert_eq!(error, "`augmenting` was not timed; please report it");
        }
        let both = Seconds::of(&[step, timed(Timing::Window, &[150.0, 150.0])]);
        assert_eq!(Projection::new(&demands, &[both], 1).unwrap().one_worker, [1.0 + 0.0025; 3]);
    }
}
