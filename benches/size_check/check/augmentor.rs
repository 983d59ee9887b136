//! The augmentor and what guides it, trained without one training speaker.

use super::arguments::Arguments;
use super::csv_file::append;
use super::measures::{ask, mean_by_class, represent, train_classifier};
use super::stopwatch::Stopwatch;
use super::training_part::TrainingPart;
use seraug_core::error::{Error, Result};
use seraug_core::spec::{Augment, Condition, TripletGan};
use seraug_train::feature_bank::{Bank, indices};
use seraug_train::generators::augment;
use seraug_train::generators::triplet_gan::diagnostics::class_agreement;
use seraug_train::generators::triplet_gan::{AugmentorTask, Networks, train};
use seraug_train::history::LoggedRow;
use serde::Serialize;
use std::fmt::Write;
use tch::Device;

/// A row of the CSV file: one training. Empty where a quantity does not exist.
#[derive(Serialize)]
struct AugmentorRow {
    corpus: String,
    overrides: String,
    losses: String,
    fold: usize,
    seed: u64,
    unseen: String,
    utterances: usize,
    iterations: usize,
    seconds: f64,
    cpu_seconds: f64,
    seconds_iteration: f64,
    rep: Option<f64>,
    d_an_less_ap: Option<f64>,
    d_accuracy: Option<f64>,
    p_deviation: Option<f64>,
    p_moved: Option<f64>,
    two_noise_cosine: Option<f64>,
    knn_seen: Option<f64>,
    knn_unseen: Option<f64>,
    knn_augmentations: Option<f64>,
    judge_originals: Option<f64>,
    judge_augmentations: Option<f64>,
    judge_seconds: Option<f64>,
    passed: usize,
    criteria: usize,
    failed: String,
}

/// A criterion of a size: what is compared, its value where there is one, and the limit.
struct Criterion {
    name: &'static str,
    value: Option<f64>,
    limit: Limit,
}

enum Limit {
    Below(f64),
    Above(f64),
}

impl Criterion {
    fn holds(&self) -> Option<bool> {
        self.value.map(|value| match self.limit {
            Limit::Below(limit) => value < limit,
            Limit::Above(limit) => value > limit,
        })
    }
}

impl AugmentorRow {
    fn criteria(&self) -> [Criterion; 6] {
        let less = |a: Option<f64>, b: Option<f64>| Some(a? - b?);
        let criterion = |name, value, limit| Criterion { name, value, limit };
        [
            criterion("L_REP", self.rep, Limit::Below(1.0)),
            criterion("d(A,N) - d(A,P)", self.d_an_less_ap, Limit::Above(7.0)),
            criterion(
                "5-NN, unseen speaker - seen",
                less(self.knn_unseen, self.knn_seen),
                Limit::Above(-0.05),
            ),
            criterion("two-noise cosine", self.two_noise_cosine, Limit::Below(0.9)),
            criterion("p_moved", self.p_moved, Limit::Below(0.7)),
            criterion(
                "judge, augmentations - originals",
                less(self.judge_augmentations, self.judge_originals),
                Limit::Above(-0.05),
            ),
        ]
    }
}

/// The split of a training part: what the augmentor sees, who it does not, and what is augmented.
struct Split<'a> {
    unseen: (&'a str, &'a str),
    /// What the augmentor is trained on: what the fold's sees, without the speaker.
    rest: Vec<usize>,
    /// All utterances of the speaker, also those that the reduction removed.
    others: Vec<usize>,
    /// Those of `rest` that are augmented, as places in it: of the thinned classes, all where none is.
    sources: Vec<usize>,
}

/// Trains the augmentor of `condition` without one speaker and measures it. What is printed.
///
/// # Errors
/// A speaker that is not there or cannot be spared, a training that fails, a file that cannot be written.
pub(crate) fn check(args: &Arguments, part: &TrainingPart, condition: &Condition) -> Result<String> {
    let Augment::TripletGan(gan) = &condition.augment else {
        return Err(Error::failed(format!("condition.{}: it has no augmentor", condition.name)));
    };
    let (spec, losses) = (part.spec, gan.sorted_losses());
    let split = Split::of(args, part)?;
    let standardiser = part.standardiser(&split.rest);
    let bank = part.bank(&split.rest, standardiser);
    let labels = part.classes(&split.rest);
    let seed = part.seed.child("augmentor");
    let task = AugmentorTask {
        spec,
        losses: &losses,
        bank: &bank,
        labels: &labels,
        classes: spec.classes.len(),
        seed,
    };
    let mut last = None;
    let watch = Stopwatch::start();
    let networks = train(task, &mut |row: LoggedRow| {
        last = Some(row);
        Ok(())
    })?;
    let (seconds, cpu_seconds) = watch.seconds();
    let iterations = spec.augmentor.iterations;
    let logged = |name: &str| last.as_ref().and_then(|row: &LoggedRow| row.get(name));
    let made = made(part, &split, &networks, &bank, gan);
    let near = gan.is_guided().then(|| neighbours(part, &split, &networks, &bank, &made));
    let judged = if args.no_judge { None } else { judge(part, &split, &bank, &made)? };
    let mut row = AugmentorRow {
        corpus: spec.corpora().join("+"),
        overrides: args.set.join(" "),
        losses: losses.iter().map(|l| format!("{l:?}").to_lowercase()).collect::<Vec<_>>().join("+"),
        fold: part.fold,
        seed: part.run_seed,
        unseen: split.unseen.1.to_owned(),
        utterances: split.rest.len(),
        iterations,
        seconds,
        cpu_seconds,
        seconds_iteration: seconds / iterations.max(1) as f64,
        rep: logged("rep"),
        d_an_less_ap: logged("d_an").zip(logged("d_ap")).map(|(n, p)| n - p),
        d_accuracy: logged("d_accuracy"),
        p_deviation: logged("p_deviation"),
        p_moved: logged("p_moved"),
        two_noise_cosine: logged("two_noise_cosine"),
        knn_seen: near.as_ref().map(|near| near[0]),
        knn_unseen: near.as_ref().map(|near| near[1]),
        knn_augmentations: near.as_ref().map(|near| near[2]),
        judge_originals: judged.as_ref().map(|j| j[0]),
        judge_augmentations: judged.as_ref().map(|j| j[1]),
        judge_seconds: judged.as_ref().map(|j| j[2]),
        passed: 0,
        criteria: 0,
        failed: String::new(),
    };
    let found = row.criteria();
    let of =
        |held: bool| found.iter().filter(|c| c.holds() == Some(held)).map(|c| c.name).collect::<Vec<_>>();
    (row.passed, row.criteria) = (of(true).len(), of(true).len() + of(false).len());
    row.failed = of(false).join("; ");
    append(&args.csv(), &row)?;
    Ok(said(&row, &found))
}

impl<'a> Split<'a> {
    fn of(args: &Arguments, part: &'a TrainingPart) -> Result<Split<'a>> {
        let without = |speaker: (&str, &str)| -> Vec<usize> {
            part.seen.iter().copied().filter(|&i| part.speaker(i) != speaker).collect()
        };
        let mut speakers = part.speakers(&part.seen);
        part.seed.child("unseen").draws().shuffle(&mut speakers);
        let named = |speaker: &(&str, &str)| args.unseen.as_ref().is_none_or(|name| name == speaker.1);
        let spared = |speaker: &&(&str, &str)| named(speaker) && part.has_every_class(&without(**speaker));
        let unseen = *speakers.iter().find(spared).ok_or_else(|| {
            let name = args.unseen.as_ref().map_or(String::new(), |name| format!("--unseen {name}: "));
            let known: Vec<&str> = part.speakers(&part.seen).iter().map(|(_, speaker)| *speaker).collect();
            Error::usage(format!(
                "{name}no such training speaker of fold {} can be spared without losing a class; they are {}",
                part.fold,
                known.join(", ")
            ))
        })?;
        let rest = without(unseen);
        let others = (0..part.utterances.len()).filter(|&i| part.speaker(i) == unseen).collect();
        let thinned = |i: usize| part.reduced.is_empty() || part.reduced.contains(&part.labels[i]);
        let sources = (0..rest.len()).filter(|&place| thinned(rest[place])).collect();
        Ok(Split { unseen, rest, others, sources })
    }
}

/// Augmentations of the sources, `copies` of each.
fn made(
    part: &TrainingPart,
    split: &Split,
    networks: &Networks,
    bank: &Bank,
    gan: &TripletGan,
) -> Augmentations {
    let names: Vec<&str> =
        split.sources.iter().map(|&place| part.utterances[split.rest[place]].sha256.as_str()).collect();
    let seed = part.seed.child("augment");
    let own: Vec<usize> =
        split.sources.iter().flat_map(|&place| std::iter::repeat_n(place, gan.copies)).collect();
    Augmentations {
        bank: augment(&networks.augmentor, part.spec, bank, &split.sources, &names, gan.copies, seed),
        classes: own.iter().map(|&place| part.labels[split.rest[place]]).collect(),
        own,
    }
}

/// Augmentations, the class of each and the place of its source in the rest.
struct Augmentations {
    bank: Bank,
    classes: Vec<usize>,
    own: Vec<usize>,
}

/// 5-NN agreement among the rest: of the rest, of the unseen speaker, of augmentations; each a mean over classes, the first two
/// over those that the speaker has.
fn neighbours(
    part: &TrainingPart,
    split: &Split,
    networks: &Networks,
    bank: &Bank,
    made: &Augmentations,
) -> [f64; 3] {
    let (spec, kind) = (part.spec, part.spec.augmentor.distance);
    let pool = represent(networks, spec, bank);
    let (labels, others) = (part.classes(&split.rest), part.classes(&split.others));
    let long = |values: &[usize]| indices(values, Device::Cpu);
    let pool_classes = long(&labels);
    let all: Vec<usize> = (0..split.rest.len()).collect();
    let unseen = part.bank(&split.others, part.standardiser(&split.rest));
    let shares = |bank: &Bank, classes: &[usize], own: Option<&[usize]>| {
        let own = own.map(long);
        let r = represent(networks, spec, bank);
        class_agreement(&r, &long(classes), own.as_ref(), &pool, &pool_classes, kind)
    };
    let every: Vec<usize> = (0..spec.classes.len()).collect();
    let common: Vec<usize> = every.iter().copied().filter(|class| others.contains(class)).collect();
    [
        mean_by_class(&shares(bank, &labels, Some(&all)), &labels, &common),
        mean_by_class(&shares(&unseen, &others, None), &others, &common),
        mean_by_class(&shares(&made.bank, &made.classes, Some(&made.own)), &made.classes, &every),
    ]
}

/// The judge is a classifier of the spec that has heard what the reduction removed, and of the classes that it left alone all:
/// none of what is augmented. Its share of right answers on sources and on augmentations, and the seconds of its training;
/// none where nothing was removed.
fn judge(part: &TrainingPart, split: &Split, bank: &Bank, made: &Augmentations) -> Result<Option<[f64; 3]>> {
    if part.removed.is_empty() {
        return Ok(None);
    }
    let heard = |i: &usize| !part.reduced.contains(&part.labels[*i]) || part.removed.binary_search(i).is_ok();
    let items: Vec<usize> = (0..part.utterances.len()).filter(heard).collect();
    let of_judge = part.bank(&items, part.standardiser(&split.rest));
    let watch = Stopwatch::start();
    let net = train_classifier(part, &of_judge, &items, part.seed.child("judge"))?;
    let seconds = watch.seconds().0;
    let truths: Vec<usize> = split.sources.iter().map(|&place| part.labels[split.rest[place]]).collect();
    let right =
        |bank: &Bank, truths: &[usize]| ask(&net, part.spec, bank, truths).accuracy().unwrap_or(f64::NAN);
    Ok(Some([right(&bank.pick(&split.sources), &truths), right(&made.bank, &made.classes), seconds]))
}

/// The row for a reader: the criteria, then what stands beside them.
fn said(row: &AugmentorRow, found: &[Criterion]) -> String {
    let mut said = format!(
        "{} {}, fold {}, seed {}, without speaker {}: {} iterations in {:.1} s ({:.1} s on processors, {:.0} ms each)\n",
        row.corpus,
        row.losses,
        row.fold,
        row.seed,
        row.unseen,
        row.iterations,
        row.seconds,
        row.cpu_seconds,
        row.seconds_iteration * 1e3
    );
    for criterion in found {
        let limit = match criterion.limit {
            Limit::Below(limit) => format!("< {limit}"),
            Limit::Above(limit) => format!("> {limit}"),
        };
        let verdict = criterion.holds().map_or("not measured", |held| if held { "pass" } else { "FAIL" });
        let _ =
            writeln!(said, "  {:34} {:>7} {limit:>8}  {verdict}", criterion.name, number(criterion.value));
    }
    for (name, value) in [
        ("discriminator right", row.d_accuracy),
        ("deviation of P", row.p_deviation),
        ("5-NN, seen", row.knn_seen),
        ("5-NN, unseen speaker", row.knn_unseen),
        ("5-NN, augmentations", row.knn_augmentations),
        ("judge, originals", row.judge_originals),
        ("judge, augmentations", row.judge_augmentations),
    ] {
        let _ = writeln!(said, "  {name:34} {:>7}", number(value));
    }
    let _ = writeln!(said, "  {} of {} criteria hold", row.passed, row.criteria);
    said
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}
