//! What an experiment has to train, counted in units of work whose time is measured.

use crate::plan::{Cell, CellAction, Plan};
use crate::worker_client::protocol::Timing;
use seraug_core::spec::{Augment, Autoencoder, FinalWeights, Pace, TrainingWork};
use seraug_core::store::Stage;
use std::collections::BTreeSet;

/// The work of an experiment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Demand {
    /// Name of the experiment.
    pub experiment: String,
    /// Index of its group of experiments whose networks have equal sizes.
    pub group: usize,
    /// Cells of which something is to be done.
    pub cells: Vec<CellWork>,
    /// Numbers of augmentors and of classifiers that are in the store or that another cell trains.
    pub kept: [usize; 2],
    /// Missing corpora, whose numbers are those of their manifests.
    pub absent: Vec<String>,
}

/// The work of a cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CellWork {
    /// The training of the autoencoder, if it is trained.
    pub autoencoder: Option<TrainingWork>,
    /// The generator, if it is trained, and how long: not one of 0 iterations, which takes no time.
    pub augmentor: Option<(Augment, TrainingWork)>,
    /// Batch size and steps of the classifier, if it is trained.
    pub classifier: Option<(usize, usize)>,
    /// Iterations of the judge, if it is trained.
    pub judge: usize,
    /// Windows to augment for the classifier.
    pub windows: usize,
    /// Segments to classify: those of the test, and those of the held-out speaker at each check.
    pub segments: usize,
}

impl CellWork {
    /// The kinds of work of the cell with the number of times each is done, which is not 0.
    pub fn parts(&self) -> Vec<(Timing, usize)> {
        let trained = self.autoencoder.iter().chain(self.augmentor.iter().map(|(_, work)| work));
        let trained = trained.map(|work| (Timing::Iteration(work.of.clone()), work.iterations));
        let classifier = self.classifier.iter().map(|&(batch, n)| (Timing::Step(batch), n));
        let rest = [
            (Timing::Window, self.windows),
            (Timing::Segment, self.segments),
            (Timing::JudgeIteration, self.judge),
        ];
        trained.chain(classifier).chain(rest).filter(|p| p.1 > 0).collect()
    }

    /// The kinds of work of the cell.
    pub fn timings(&self) -> Vec<Timing> {
        self.parts().into_iter().map(|p| p.0).collect()
    }
}

impl Demand {
    /// Counts what `actions` leave to do of `plan`, given the frames of each utterance. An interrupted training counts in
    /// full.
    pub(super) fn of(plan: &Plan, actions: &[CellAction], frames: &[usize], absent: Vec<String>) -> Demand {
        let mut demand = Demand { experiment: plan.experiment.clone(), absent, ..Demand::default() };
        for (cell, action) in plan.cells.iter().zip(actions) {
            let trains = |stage| action.to_run.contains(&stage);
            demand.kept[0] += usize::from(cell.augmentor.is_some() && !trains(Stage::Augmentor));
            demand.kept[1] += usize::from(!trains(Stage::Classifier));
            if !action.to_run.is_empty() {
                demand.cells.push(work(plan, cell, frames, &trains));
            }
        }
        demand
    }
}

fn work(plan: &Plan, cell: &Cell, frames: &[usize], trains: &dyn Fn(Stage) -> bool) -> CellWork {
    let (spec, c) = (&plan.spec, &plan.spec.classifier);
    let augment = &spec.condition[cell.condition].augment;
    let mut work = CellWork::default();
    let generator = augment.generator();
    let judge = spec.judge.as_ref().filter(|_| trains(Stage::Judge));
    work.judge = judge.map_or(0, |judge| judge.iterations);
    work.autoencoder = trains(Stage::Autoencoder).then(|| Autoencoder::work(spec));
    if trains(Stage::Augmentor) {
        let training = generator.and_then(|g| g.work(spec)).filter(|work| work.iterations > 0);
        work.augmentor = training.map(|work| (augment.clone(), work));
    }
    if trains(Stage::Classifier) {
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

/// Segments that the checks of a training of `steps` steps classify: every `log_every` steps and after the last step those of
/// one of `speakers` speakers, each of whom is assumed to have an equal share of `originals` segments.
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
