//! What is to run of an experiment, counted in what can be timed.

use crate::plan::{Cell, CellAction, Plan};
use crate::worker_client::protocol::Timing;
use seraug_core::spec::{Augment, FinalWeights, Pace, TrainingWork};
use seraug_core::store::Stage;
use std::collections::BTreeSet;

/// What an experiment has to do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Demand {
    /// Its name.
    pub experiment: String,
    /// Which of the groups of equal sizes it is of.
    pub group: usize,
    /// Cells that have something to do.
    pub cells: Vec<CellWork>,
    /// Augmentors and classifiers of its cells that are in the store, or that another cell makes.
    pub kept: [usize; 2],
    /// Corpora that are not here: their numbers are the manifest's.
    pub absent: Vec<String>,
}

/// What a cell has to do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CellWork {
    /// The generator that it trains, and how long.
    pub augmentor: Option<(Augment, TrainingWork)>,
    /// Batch and steps of the classifier that it trains.
    pub classifier: Option<(usize, usize)>,
    /// Windows that it augments for the classifier.
    pub windows: usize,
    /// Segments that it classifies: at the end, and of a speaker who is held out at each check.
    pub segments: usize,
}

impl CellWork {
    /// What is timed for it, with how often it comes: at least once.
    pub fn parts(&self) -> Vec<(Timing, usize)> {
        let augmentor =
            self.augmentor.iter().map(|(_, work)| (Timing::Iteration(work.of.clone()), work.iterations));
        let classifier = self.classifier.iter().map(|&(batch, n)| (Timing::Step(batch), n));
        let rest = [(Timing::Window, self.windows), (Timing::Segment, self.segments)];
        augmentor.chain(classifier).chain(rest).filter(|p| p.1 > 0).collect()
    }

    /// What is timed for it.
    pub fn timings(&self) -> Vec<Timing> {
        self.parts().into_iter().map(|p| p.0).collect()
    }
}

impl Demand {
    /// Counts what `verdicts` leave to do of `plan`, whose utterances have so many `frames`. A training that was
    /// interrupted counts whole.
    pub(super) fn of(plan: &Plan, verdicts: &[CellAction], frames: &[usize], absent: Vec<String>) -> Demand {
        let mut demand = Demand { experiment: plan.experiment.clone(), absent, ..Demand::default() };
        for (cell, verdict) in plan.cells.iter().zip(verdicts) {
            let trains = |stage| verdict.to_run.contains(&stage);
            let (augmentor, classifier) = (trains(Stage::Augmentor), trains(Stage::Classifier));
            demand.kept[0] += usize::from(cell.augmentor.is_some() && !augmentor);
            demand.kept[1] += usize::from(!classifier);
            if augmentor || classifier {
                demand.cells.push(work(plan, cell, frames, augmentor, classifier));
            }
        }
        demand
    }
}

fn work(plan: &Plan, cell: &Cell, frames: &[usize], augmentor: bool, classifier: bool) -> CellWork {
    let (spec, c) = (&plan.spec, &plan.spec.classifier);
    let augment = &spec.condition[cell.condition].augment;
    let mut work = CellWork::default();
    let generator = augment.generator();
    if augmentor {
        work.augmentor = generator.and_then(|g| g.work(spec)).map(|work| (augment.clone(), work));
    }
    if classifier {
        let sum = |items: &[usize], of: &dyn Fn(usize) -> usize| {
            items.iter().map(|&i| of(frames[i])).sum::<usize>()
        };
        let segments = |len| c.segment_count(len);
        let copies = augment.copies().map_or(0, |(copies, _)| copies);
        let originals = sum(&cell.fold.train, &segments);
        let own = originals + copies * sum(&cell.sources, &segments);
        let Pace { batch, steps } = Pace::new(c, originals, own);
        work.classifier = Some((batch, steps));
        work.segments = sum(&cell.fold.test, &segments);
        if c.weights == FinalWeights::HeldOut {
            let speaker = |&i: &usize| {
                let u = &plan.selection.utterances[i];
                (&*u.corpus, u.speaker.as_str())
            };
            let speakers: BTreeSet<(&str, &str)> = cell.fold.train.iter().map(speaker).collect();
            work.segments += checked(steps, c.log_every, originals, speakers.len());
        }
        work.windows = copies * sum(&cell.sources, &|len| generator.map_or(0, |g| g.windows(spec, len)));
    }
    work
}

/// Segments that the checks of a training of `steps` classify: every `log_every` steps and after the last, those of one of
/// its `speakers`, who is taken to have an equal share of its `originals`.
fn checked(steps: usize, log_every: usize, originals: usize, speakers: usize) -> usize {
    steps.div_ceil(log_every) * originals.div_ceil(speakers.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_is_checked_at_each_row_and_at_the_end() {
        assert_eq!(checked(100, 50, 80, 8), 2 * 10);
        assert_eq!(checked(101, 50, 81, 8), 3 * 11, "a row off the interval; not less than a speaker has");
        assert_eq!(checked(9, 50, 12, 2), 6, "once at least");
        assert_eq!(checked(9, 50, 0, 0), 0);
    }

    #[test]
    fn what_a_cell_does_not_do_is_not_asked_for() {
        let stored = CellWork { classifier: Some((16, 9)), windows: 24, segments: 12, ..CellWork::default() };
        assert_eq!(stored.parts(), [(Timing::Step(16), 9), (Timing::Window, 24), (Timing::Segment, 12)]);
        let plain = CellWork { windows: 0, ..stored };
        assert_eq!(plain.timings(), [Timing::Step(16), Timing::Segment]);
    }
}
