//! diagnostics.csv of a cell: what the judge of its fold says of the samples of its generator (docs/judge.md).

use super::judged_set::{JudgedSet, mean_recall};
use super::stage_entry::StageInfo;
use super::stored::MadeSamples;
use super::training_session::{PendingTraining, StageObserver, StageRequest, get_or_train};
use super::training_set::TrainingSet;
use super::{CellContext, CellJob, JudgeData};
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::run_files::{
    ALL_CLASSES, Diagnostic, DiagnosticRow, PointSpace, SampleKind, write_diagnostics, write_history,
};
use seraug_core::spec::{AddedNoise, Augment, CopySource};
use seraug_core::store::{Key, Stage};
use seraug_core::with_generator;
use seraug_data::judge::{
    LogisticRegression, MeasuredDiagnostic, Measurement, Point, classifier_test, copy_spread, copying,
    copying_of_training, coverage, density, mmd, neighbour_test, ripple, spread,
};
use seraug_train::generators::autoencoder::reconstructed;
use seraug_train::generators::{Generate, Sources, Trained, TrainingTask, Untrained};
use seraug_train::judge::{JudgeNet, changes};
use seraug_train::nets::autoencoder::AutoencoderNet;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Signal-to-noise ratio of the noise that samples are held against, decibels.
const NOISE_DB: f64 = 5.0;
/// Copies that are held against samples.
const COPIES: usize = 2;

/// What samples are held against, in both spaces.
struct Judgement<'a> {
    classes: &'a [&'a str],
    reduced: &'a [usize],
    /// All kept utterances of the fold.
    kept: JudgedSet,
    /// Those of the reduced classes.
    kept_reduced: JudgedSet,
    reference: JudgedSet,
    /// Of the training log-mels, decibels: the unit of standardised values.
    deviation: f64,
    seed: Seed,
    rows: Vec<DiagnosticRow>,
    /// What could not be measured, and why.
    notes: Vec<String>,
}

impl CellJob<'_> {
    /// Writes diagnostics.csv where the cell's samples are judged; gives the judge's entry of the store.
    pub(super) fn diagnose(&mut self, watch: &mut dyn StageObserver) -> Result<Option<PathBuf>> {
        let (context, cell) = (self.context, self.cell);
        let CellContext { spec, selection, run, device, .. } = *context;
        let (Some(key), Some(trajectory), Some(halves)) = (&cell.judge, &cell.judge_trajectory, &cell.halves)
        else {
            return Ok(None);
        };
        let Some(data) = self.loaded.judge_data(context, cell)? else { return Ok(None) };
        let task = self.task.clone();
        let wanted = StageRequest {
            store: context.store,
            stage: Stage::Judge,
            key,
            trajectory,
            task: &task,
            with_model: false,
            checkpoint_every: context.checkpoint_every,
        };
        let dir = get_or_train(wanted, watch, |training| self.train_judge(key, &data, training))?;
        let net = JudgeNet::load(spec, &dir, device)?;
        let classes = spec.class_names();
        let train = &cell.fold.train;
        let labels: Vec<usize> = train.iter().map(|&i| selection.labels[i]).collect();
        let fold_data = self.loaded.data(context, &cell.fold)?;
        let kept = JudgedSet::of(&net, &fold_data.train, labels, (0..train.len()).collect());
        let of_reference = halves.reference.labels(selection);
        let n = of_reference.len();
        let reduced = &cell.fold.reduced;
        let mut judgement = Judgement {
            classes: &classes,
            reduced,
            kept_reduced: kept.of_classes(reduced),
            kept,
            reference: JudgedSet::of(&net, &data.reference, of_reference, (0..n).collect()),
            deviation: f64::from(fold_data.standardiser.deviation),
            seed: judge_seed(cell.seed).child("measures"),
            rows: Vec::new(),
            notes: Vec::new(),
        };
        let augment = &spec.condition[cell.condition].augment;
        let made = match augment {
            // Those are known, to the last bit.
            Augment::Copies(copies) => Some(judgement.copies(copies.copies)),
            _ => with_generator!(augment, g => self.samples(g, &net, watch)?, none => None),
        };
        if let Some(made) = made {
            judgement.measure(SampleKind::Generated, &made);
        }
        if context.reconstruction
            && let Some(autoencoder) = self.autoencoder(watch)?
        {
            self.reconstruction(&net, &autoencoder, &mut judgement)?;
        }
        if context.references {
            self.references(&net, &mut judgement)?;
        }
        self.log.extend(judgement.notes.iter().map(|note| format!("judge: {note}")));
        write_diagnostics(&run.cell_file(&cell.id, "diagnostics.csv"), &judgement.rows)?;
        Ok(Some(dir))
    }

    /// Trains the judge into the store.
    fn train_judge(&self, key: &Key, data: &JudgeData, training: &mut PendingTraining) -> Result<PathBuf> {
        let (context, cell) = (self.context, self.cell);
        let Some(settings) = &context.spec.judge else {
            return Err(Error::failed(format!(
                "{}: the plan gave it a judge that the spec has not",
                cell.id
            )));
        };
        let labels: Vec<usize> = cell.judge_sees().iter().map(|&i| context.selection.labels[i]).collect();
        let task = TrainingTask {
            spec: context.spec,
            bank: &data.training,
            labels: &labels,
            autoencoder: None,
            seed: judge_seed(cell.seed),
        };
        let mut control = training.control(settings.iterations, true);
        let net = JudgeNet::train(settings, &task, &mut control)?;
        let info = StageInfo::new(&self.task, control.seconds(), net.params().flat());
        let dir = context.store.put(Stage::Judge, key, |dir| {
            net.save(dir)?;
            write_history(&dir.join("history.csv"), control.history())?;
            info.save(dir)
        })?;
        control.finish();
        Ok(dir)
    }

    /// What the cell's generator makes once more, as for its classifier; none where it adds nothing.
    fn samples<G: Generate>(
        &mut self,
        generator: &G,
        net: &JudgeNet,
        watch: &mut dyn StageObserver,
    ) -> Result<Option<JudgedSet>> {
        let MadeSamples { made, sources, copies } = self.made(generator, watch)?;
        let (context, cell) = (self.context, self.cell);
        let known: Vec<usize> = cell.fold.train.iter().map(|&i| context.selection.labels[i]).collect();
        let data = self.loaded.data(context, &cell.fold)?;
        let set = TrainingSet::with(&data.train, &known, made, &sources, copies);
        let items = &set.items[cell.fold.train.len().min(set.items.len())..];
        if items.is_empty() {
            return Ok(None);
        }
        let sources: Vec<usize> = items.iter().map(|&i| set.origin[i]).collect();
        let labels = items.iter().map(|&i| set.labels[i]).collect();
        Ok(Some(JudgedSet::made_of(net, &data.train, &set.bank().pick(items), labels, sources)))
    }

    /// Kept real utterances through the autoencoder: what decoding alone does to a sample.
    fn reconstruction(
        &mut self,
        net: &JudgeNet,
        autoencoder: &AutoencoderNet,
        judgement: &mut Judgement,
    ) -> Result<()> {
        let data = self.loaded.data(self.context, &self.cell.fold)?;
        let kept = &judgement.kept_reduced;
        let bank = reconstructed(autoencoder, &data.train, &kept.sources);
        let originals = data.train.lens().len();
        let made: Vec<usize> = (originals..originals + kept.sources.len()).collect();
        let (labels, sources) = (kept.labels.clone(), kept.sources.clone());
        let made = JudgedSet::made_of(net, &data.train, &bank.pick(&made), labels, sources);
        judgement.measure(SampleKind::Reconstructed, &made);
        Ok(())
    }

    /// Kept real utterances, copies and noise, and the reference itself.
    fn references(&mut self, net: &JudgeNet, judgement: &mut Judgement) -> Result<()> {
        let (context, cell) = (self.context, self.cell);
        let data = self.loaded.data(context, &cell.fold)?;
        let mut kept = judgement.kept_reduced.clone();
        // How far two real ones of a class are apart.
        if let Some(next) = kept.next_of_class() {
            kept.changes = changes(&data.train.pick(&kept.sources), &data.train, &next);
        }
        judgement.measure(SampleKind::KeptReal, &kept);
        judgement.measure(SampleKind::Copies, &judgement.copies(COPIES));
        let utterances: Vec<_> = cell.fold.train.iter().map(|&i| &context.selection.utterances[i]).collect();
        let noise = AddedNoise { snr_db: [NOISE_DB; 2], copies: 1, of: CopySource::Reduced };
        let from = Sources {
            spec: context.spec,
            bank: &data.train,
            standardiser: data.standardiser,
            utterances: &utterances,
            labels: &judgement.kept.labels,
            autoencoder: None,
            items: &kept.sources,
            seed: judge_seed(cell.seed).child("noise"),
        };
        let fresh = <Untrained as Trained<AddedNoise>>::fresh(&noise, context.spec, context.device);
        let made = noise.make(&from, &fresh)?;
        let set = TrainingSet::with(&data.train, &judgement.kept.labels, made, &kept.sources, 1);
        let noisy = set.bank().pick(&set.items[cell.fold.train.len()..]);
        let noisy = JudgedSet::made_of(net, &data.train, &noisy, kept.labels, kept.sources);
        judgement.measure(SampleKind::Noise, &noisy);
        judgement.recalls(SampleKind::Reference, &judgement.reference.clone());
        Ok(())
    }
}

/// The same for all conditions of a fold and seed.
fn judge_seed(cell: Seed) -> Seed {
    cell.child("judge")
}

impl Judgement<'_> {
    /// Copies of the kept utterances of the reduced classes, `copies` of each.
    fn copies(&self, copies: usize) -> JudgedSet {
        let n = self.kept_reduced.labels.len();
        let items: Vec<usize> = (0..n).flat_map(|i| std::iter::repeat_n(i, copies)).collect();
        JudgedSet { changes: vec![0.0; items.len()], ..self.kept_reduced.pick(&items) }
    }

    /// Every measure of `made`, of each reduced class and of all together.
    fn measure(&mut self, samples: SampleKind, made: &JudgedSet) {
        let made = made.of_classes(self.reduced);
        let each = self.reduced.iter().map(|&c| (self.classes[c], vec![c]));
        let groups: Vec<(&str, Vec<usize>)> = each.chain([(ALL_CLASSES, self.reduced.to_vec())]).collect();
        for (class, of) in &groups {
            let (all, reference) = (made.of_classes(of), self.reference.of_classes(of));
            let kept = self.kept_reduced.of_classes(of);
            let first = all.independent(&self.kept_reduced, self.seed.child("independent"));
            // Of most generators they are `kept`; a conversion's are utterances of other classes.
            let own: BTreeSet<usize> = first.sources.iter().copied().collect();
            let own = self.kept.pick(&own.into_iter().collect::<Vec<_>>());
            for space in [PointSpace::Embedding, PointSpace::Bands] {
                let [points, ours, theirs, trained_on, sources] =
                    [&all, &first, &reference, &kept, &own].map(|set| set.points(space));
                let seed = self.seed.child(class);
                // Of one source one sample, and as many of both sets: what the tests take as given.
                let (g, r) = equal(ours, theirs, seed.child("equal"));
                let near = match samples {
                    SampleKind::KeptReal => copying_of_training(trained_on, theirs, seed.child("cells")),
                    _ => copying(ours, theirs, trained_on, seed.child("cells")),
                };
                let mut found = vec![
                    (Diagnostic::Mmd, mmd(ours, theirs, seed.child("mmd"))),
                    (Diagnostic::ClassifierTest, classifier_test(&g, &r, seed.child("folds"))),
                    (Diagnostic::NeighbourTest, neighbour_test(&g, &r)),
                    (Diagnostic::Copying, near),
                    (Diagnostic::Density, density(&g, &r)),
                    (Diagnostic::Coverage, coverage(&g, &r)),
                    (Diagnostic::Spread, spread(ours, theirs)),
                ];
                if samples != SampleKind::KeptReal {
                    let (g, s) = equal(ours, sources, seed.child("sources"));
                    found.push((Diagnostic::SourceTest, neighbour_test(&g, &s)));
                }
                if all.sources.len() > all.firsts().len() {
                    found.push((Diagnostic::CopySpread, copy_spread(points, &all.sources)));
                }
                for (measure, measurement) in found {
                    self.add(samples, space, measure, class, measurement);
                }
            }
            let n = all.changes.len();
            let mean = (n > 0).then(|| self.deviation * all.changes.iter().sum::<f64>() / n as f64);
            self.put(samples, PointSpace::Bands, Diagnostic::Change, class, mean, n);
        }
        self.ripples(samples, &made);
        self.recalls(samples, &made);
        self.useful(samples, &made);
    }

    /// What repeats in the samples of each class; of all together the root mean square over classes, each by its number: their patterns need not be
    /// the same, and would cancel in a mean.
    fn ripples(&mut self, samples: SampleKind, made: &JudgedSet) {
        for (along, measure) in [Diagnostic::RippleTime, Diagnostic::RippleBands].into_iter().enumerate() {
            let (mut squares, mut n) = (0.0, 0);
            for &c in self.reduced {
                let own =
                    made.of_classes(&[c]).independent(&self.kept_reduced, self.seed.child("independent"));
                let decibels =
                    |m: MeasuredDiagnostic| MeasuredDiagnostic { value: m.value * self.deviation, ..m };
                let found = ripple(&own.patterns[along]).map(decibels);
                if let Ok(m) = found {
                    squares += m.n as f64 * m.value.powi(2);
                    n += m.n;
                }
                self.add(samples, PointSpace::Bands, measure, self.classes[c], found);
            }
            let all = (n > 0).then(|| (squares / n as f64).sqrt());
            self.put(samples, PointSpace::Bands, measure, ALL_CLASSES, all, n);
        }
    }

    /// For what the judge takes `set`: its recall, and the share that it takes for classes of which nothing was removed.
    fn recalls(&mut self, samples: SampleKind, set: &JudgedSet) {
        let mut others = Vec::new();
        for &c in self.reduced {
            let n = set.labels.iter().filter(|l| **l == c).count();
            let taken = set.taken_for_others(c, self.reduced);
            others.extend(taken);
            for (measure, value) in
                [(Diagnostic::Recall, set.recall(&[c])), (Diagnostic::TakenForKept, taken)]
            {
                self.put(samples, PointSpace::Embedding, measure, self.classes[c], value, n);
            }
        }
        let mean = (!others.is_empty()).then(|| others.iter().sum::<f64>() / others.len() as f64);
        let n = set.labels.len();
        for (measure, value) in
            [(Diagnostic::Recall, set.recall(self.reduced)), (Diagnostic::TakenForKept, mean)]
        {
            self.put(samples, PointSpace::Embedding, measure, ALL_CLASSES, value, n);
        }
    }

    /// Recall on the reference of a regression that knows the reduced classes from `made` alone, the others from kept utterances.
    fn useful(&mut self, samples: SampleKind, made: &JudgedSet) {
        let whole: Vec<usize> = (0..self.classes.len()).filter(|c| !self.reduced.contains(c)).collect();
        let real = self.kept.of_classes(&whole);
        if made.labels.is_empty() {
            return;
        }
        for space in [PointSpace::Embedding, PointSpace::Bands] {
            let points = [made.points(space), real.points(space)].concat();
            let labels = [made.labels.as_slice(), &real.labels].concat();
            let fitted = LogisticRegression::fit(&points, &labels, self.classes.len(), true);
            let said: Vec<usize> = self.reference.points(space).iter().map(|x| fitted.class(x)).collect();
            let of = |classes: &[usize]| mean_recall(&self.reference.labels, &said, classes);
            let mut values: Vec<(&str, Option<f64>)> =
                self.reduced.iter().map(|&c| (self.classes[c], of(&[c]))).collect();
            values.push((ALL_CLASSES, of(self.reduced)));
            for (class, value) in values {
                self.put(samples, space, Diagnostic::Usefulness, class, value, made.labels.len());
            }
        }
    }

    fn put(
        &mut self,
        samples: SampleKind,
        space: PointSpace,
        measure: Diagnostic,
        class: &str,
        value: Option<f64>,
        n: usize,
    ) {
        let row =
            |value| DiagnosticRow { samples, space, measure, class: class.to_owned(), value, p: None, n };
        self.rows.extend(value.map(row));
    }

    fn add(
        &mut self,
        samples: SampleKind,
        space: PointSpace,
        measure: Diagnostic,
        class: &str,
        found: Measurement,
    ) {
        match found {
            Ok(m) => {
                let (class, value) = (class.to_owned(), m.value);
                self.rows.push(DiagnosticRow { samples, space, measure, class, value, p: m.p, n: m.n });
            }
            Err(why) => self.notes.push(format!(
                "no {} of {} samples of {class} in {}: {why}",
                measure.name(),
                samples.name(),
                space.name()
            )),
        }
    }
}

/// As many points of both sets: those of the larger one are drawn.
fn equal(a: &[Point], b: &[Point], seed: Seed) -> (Vec<Point>, Vec<Point>) {
    let n = a.len().min(b.len());
    let drawn = |set: &[Point]| -> Vec<Point> {
        let mut order: Vec<usize> = (0..set.len()).collect();
        if set.len() > n {
            seed.draws().shuffle(&mut order);
        }
        order[..n].iter().map(|&i| set[i].clone()).collect()
    };
    (drawn(a), drawn(b))
}

#[cfg(test)]
mod tests {
    use super::super::judged_set::tests::set;
    use super::*;

    #[test]
    fn as_many_points_are_taken_of_both_sets() {
        let all = set(8);
        let (a, b) = equal(&all.bands[..3], &all.bands, Seed::new(1));
        assert_eq!((a.len(), b.len(), &a[..]), (3, 3, &all.bands[..3]));
    }

    /// Measures against four utterances of two classes; log-mels deviate by 10 dB.
    fn judgement<'a>(classes: &'a [&'a str], kept: JudgedSet) -> Judgement<'a> {
        Judgement {
            classes,
            reduced: &[1, 2],
            kept_reduced: kept.clone(),
            kept,
            reference: set(4),
            deviation: 10.0,
            seed: Seed::new(1),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    const CLASSES: [&str; 3] = ["neutral", "angry", "sad"];

    #[test]
    fn changes_and_ripples_are_in_decibels_and_patterns_of_classes_do_not_cancel() {
        let mut made = set(12);
        made.sources = (0..12).collect();
        let mut judgement = judgement(&CLASSES, made.clone());
        made.changes = (0..12).map(|i: usize| if i.is_multiple_of(2) { 0.5 } else { 1.5 }).collect();
        // Of class 2 that of class 1 upside down, and twice as deep.
        let deep = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -2.0 };
        made.patterns[1] = (0..12).map(|i| [deep(i), -deep(i)].repeat(4)).collect();
        judgement.measure(SampleKind::Generated, &made);
        let value = |measure, class: &str| {
            let is = |r: &&DiagnosticRow| (r.measure, r.class.as_str()) == (measure, class);
            judgement.rows.iter().find(is).map(|r| (r.space, r.value, r.n))
        };
        for (measure, class, expected, n) in [
            (Diagnostic::Change, "angry", 5.0, 6),
            (Diagnostic::Change, "all", 10.0, 12),
            (Diagnostic::RippleBands, "angry", 10.0, 6),
            (Diagnostic::RippleBands, "sad", 20.0, 6),
            (Diagnostic::RippleBands, "all", 250f64.sqrt(), 12),
        ] {
            let (space, found, of) = value(measure, class).unwrap();
            assert!((found - expected).abs() < 1e-9 && of == n, "{measure:?} {class}: {found} of {of}");
            assert_eq!(space, PointSpace::Bands);
        }
    }

    #[test]
    fn a_measure_that_cannot_be_had_is_a_note_and_no_row() {
        let mut kept = set(8);
        // Each its own source, so that two of one are copies.
        kept.sources = (0..8).collect();
        let mut judgement = judgement(&CLASSES, kept);
        judgement.measure(SampleKind::Copies, &judgement.copies(2));
        let value = |measure, class: &str| {
            let is = |r: &&DiagnosticRow| {
                (r.measure, r.space, r.class.as_str()) == (measure, PointSpace::Embedding, class)
            };
            judgement.rows.iter().find(is).map(|r| r.value)
        };
        assert_eq!(value(Diagnostic::CopySpread, "all"), Some(0.0));
        assert_eq!(value(Diagnostic::SourceTest, "angry"), Some(0.0), "each beside its source");
        assert_eq!(value(Diagnostic::Recall, "all"), Some(0.75));
        assert_eq!(value(Diagnostic::TakenForKept, "angry"), Some(0.5));
        assert_eq!(value(Diagnostic::ClassifierTest, "angry"), None);
        let note = "no classifier-test of copies samples of angry in embedding: 2 generated points, at least 5 are needed";
        assert!(judgement.notes.iter().any(|n| n == note), "{:?}", judgement.notes);
    }
}
