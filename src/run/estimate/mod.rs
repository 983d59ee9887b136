//! `plan --estimate`: the hours that what is to run would take, from steps that are timed now.

mod apportion;
mod demand;
mod lengths;
mod placeholder_corpus;
mod projection;
mod text;

pub use demand::{CellWork, Demand};
pub use projection::{Projection, ProjectionRow, Seconds};
pub use text::{json, text};

use crate::options::{Compute, Places};
use crate::plan::{Makers, Plan, cell_actions};
use crate::progress::Display;
use crate::worker_client::protocol::{BenchmarkRequest, ProbeQuestion, Timed, Timing};
use crate::worker_client::{self, machine};
use crate::{inputs, supervise};
use lengths::MEAN_SECONDS;
use seraug_core::device::{DeviceChoice, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::spec::Spec;
use seraug_data::corpora::{self, Corpus, DigestPolicy};

/// Least percentage of the processor time they ask for with which the worker's threads count as undisturbed.
const ENOUGH: f64 = 70.0;

/// The projected hours and what they are based on.
#[derive(Debug)]
pub struct Estimate {
    /// The device that the steps were timed on.
    pub machine: DeviceInfo,
    /// The precisions of the experiments, each once.
    pub precisions: Vec<&'static str>,
    /// Number of cells at once.
    pub jobs: usize,
    /// The work of each experiment, in the order of the file.
    pub demands: Vec<Demand>,
    /// The timings for each group of experiments whose networks have equal sizes.
    pub timed: Vec<Vec<Timed>>,
    /// The projected hours.
    pub projection: Projection,
    /// Reasons for doubt, one line each.
    pub notes: Vec<String>,
}

impl Estimate {
    /// The missing corpora, each once.
    pub fn absent(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.demands.iter().flat_map(|d| &d.absent) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }
}

/// Times steps of the trainings that `experiments` (name and spec) have to run and projects the hours. An experiment finds what
/// those before it make.
///
/// # Errors
/// The errors of a plan except missing corpora; a worker that does not answer; a step that fails.
pub fn estimate(
    experiments: Vec<(String, Spec)>,
    places: &Places,
    partial: bool,
    compute: &Compute,
    display: &Display,
) -> Result<Estimate> {
    let (machine, devices) = machine::open(&compute.devices, compute.threads)?;
    let store = places.store();
    let mut makers = Makers::default();
    let mut demands = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut precisions = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for (name, spec) in experiments {
        let EstimateInputs { corpora, absent, notes: mut about } = find(&spec, places, partial, display)?;
        let plan = Plan::new(spec, name, corpora, machine.numeric())?;
        let actions = cell_actions(&plan, &machine, &store, &places.results, &mut makers);
        let hop = f64::from(plan.spec.features.hop_ms) / 1000.0;
        let (frames, assumed) = lengths::frames(&plan.selection.utterances, hop, &absent);
        about.extend(assumed.iter().map(|n| format!("{n}: {MEAN_SECONDS} s an utterance assumed")));
        for note in about {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let absent = absent.into_iter().map(|a| a.0).collect();
        let mut demand = Demand::of(&plan, &actions, &frames, absent);
        if !precisions.contains(&plan.spec.precision.name()) {
            precisions.push(plan.spec.precision.name());
        }
        demand.group = Group::of(&mut groups, &plan.spec);
        groups[demand.group].ask(&demand);
        demands.push(demand);
    }
    let program = worker_client::program()?;
    let mut timed = Vec::new();
    for group in groups {
        if group.asks_nothing() {
            timed.push(Vec::new());
            continue;
        }
        display.note("timing training steps; this takes about a minute for the paper's sizes on a CPU");
        let benchmark = BenchmarkRequest { device: devices[0], ..group.benchmark };
        let question = ProbeQuestion {
            threads: compute.threads,
            benchmark: Some(benchmark),
            ..ProbeQuestion::default()
        };
        timed.push(worker_client::ask(&program, &question)?.timed);
    }
    let cells = demands.iter().map(|d| d.cells.len()).sum();
    let jobs = supervise::jobs(compute, machine.class, devices.len(), cells);
    let seconds: Vec<Seconds> = timed.iter().map(|t| Seconds::of(t)).collect();
    let projection = Projection::new(&demands, &seconds, jobs)?;
    notes.extend(busy(&timed));
    Ok(Estimate { machine, precisions, jobs, demands, timed, projection, notes })
}

/// A warning where other processes computed while steps were timed, so that the worker's threads had to wait.
fn busy(timed: &[Vec<Timed>]) -> Option<String> {
    let sum = |i: usize| timed.iter().flatten().filter_map(|t| t.processor).map(|p| p[i]).sum::<f64>();
    let (had, waited) = (sum(0), sum(1));
    let share = 100.0 * had / (had + waited);
    (share < ENOUGH).then(|| {
        format!(
            "the machine was busy while steps were timed ({share:.0} % of a processor): the hours are too long"
        )
    })
}

/// Experiments that are timed together because their networks have equal sizes.
struct Group {
    sizes: String,
    /// Of the generators of `benchmark`: see [`seraug_core::spec::TrainingWork::of`].
    iterations: Vec<Vec<String>>,
    benchmark: BenchmarkRequest,
}

impl Group {
    /// The index of the group of `spec`, which is new if the spec is the first of its sizes.
    fn of(groups: &mut Vec<Group>, spec: &Spec) -> usize {
        let c = &spec.classifier;
        let sizes = (
            (spec.precision, spec.features.mels, &spec.augmentor, &spec.discriminator, &spec.representation),
            (&spec.viewmaker, &spec.stargan),
            (&c.network, c.segment_frames),
            (&spec.autoencoder, &spec.bagan, &spec.latent_gan, &spec.latent_diffusion, &spec.judge),
        );
        let sizes = serde_json::to_string(&sizes).expect("a spec is plain data");
        groups.iter().position(|g| g.sizes == sizes).unwrap_or_else(|| {
            let benchmark = BenchmarkRequest {
                spec: spec.to_toml(),
                precision: spec.precision,
                device: DeviceChoice::Auto,
                generators: Vec::new(),
                autoencoder: false,
                batches: Vec::new(),
                windows: false,
                judge: false,
            };
            groups.push(Group { sizes, iterations: Vec::new(), benchmark });
            groups.len() - 1
        })
    }

    fn asks_nothing(&self) -> bool {
        let b = &self.benchmark;
        b.generators.is_empty() && b.batches.is_empty() && !b.autoencoder && !b.judge
    }

    /// Adds the kinds of work of `demand` to the benchmark.
    fn ask(&mut self, demand: &Demand) {
        for (augment, work) in demand.cells.iter().filter_map(|cell| cell.augmentor.as_ref()) {
            if !self.iterations.contains(&work.of) {
                self.iterations.push(work.of.clone());
                self.benchmark.generators.push(augment.clone());
            }
        }
        self.benchmark.autoencoder |= demand.cells.iter().any(|cell| cell.autoencoder.is_some());
        for work in demand.cells.iter().flat_map(CellWork::timings) {
            match work {
                Timing::Step(batch) if !self.benchmark.batches.contains(&batch) => {
                    self.benchmark.batches.push(batch)
                }
                // The augmentor may be trained here or come from the store.
                Timing::Window => self.benchmark.windows = true,
                Timing::JudgeIteration => self.benchmark.judge = true,
                _ => {}
            }
        }
    }
}

struct EstimateInputs {
    corpora: Vec<Corpus>,
    /// Missing corpora, each with the mean length of an utterance in seconds where its manifest states it.
    absent: Vec<(String, Option<f64>)>,
    /// What is incomplete, one sentence for each corpus.
    notes: Vec<String>,
}

/// The corpora of `spec`. A missing one is replaced by a placeholder with the numbers of its manifest; an incomplete one is
/// refused as by a plan.
fn find(spec: &Spec, places: &Places, partial: bool, display: &Display) -> Result<EstimateInputs> {
    let store = places.store();
    let mut found = EstimateInputs { corpora: Vec::new(), absent: Vec::new(), notes: Vec::new() };
    for name in spec.corpora() {
        let bar = display.bar(name, 0);
        let languages = spec.languages_of(name);
        let read =
            corpora::import(name, languages, &places.corpora, store.root(), DigestPolicy::Cached, &bar);
        bar.finish_and_clear();
        match read {
            Ok(corpus) => {
                found.notes.extend(inputs::incomplete(&corpus, partial)?);
                found.corpora.push(corpus);
            }
            Err(Error::Missing(_)) => {
                let manifest = corpora::manifest(name, &places.corpora)?;
                found.absent.push((name.to_owned(), manifest.expected.mean_seconds));
                found.corpora.push(placeholder_corpus::corpus(manifest));
            }
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::device::NumericClass;
    use seraug_core::spec;
    use std::path::Path;

    #[test]
    fn windows_are_timed_where_the_augmentor_is_in_the_store() {
        let text = r#"title = "t"
preset = "tiny"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
"#;
        let spec = spec::parse(text, "x.toml", &[]).unwrap();
        let asked = |windows: usize| {
            let work = CellWork { classifier: Some((16, 9)), windows, segments: 12, ..CellWork::default() };
            let mut groups = Vec::new();
            assert_eq!(Group::of(&mut groups, &spec), 0);
            groups[0].ask(&Demand { cells: vec![work], ..Demand::default() });
            let BenchmarkRequest { generators, batches, windows, .. } = groups.remove(0).benchmark;
            assert_eq!((generators.len(), batches), (0, vec![16]));
            windows
        };
        assert!(asked(24));
        assert!(!asked(0));
    }

    /// A plan of `spec` with every corpus made up, `change`d before.
    fn made_up(spec: &Spec, change: &dyn Fn(&mut seraug_core::manifest::Manifest)) -> Result<Plan> {
        let make = |name: &&str| {
            let mut manifest = corpora::manifest(name, Path::new("nowhere"))?;
            change(&mut manifest);
            Ok(placeholder_corpus::corpus(manifest))
        };
        let corpora: Result<Vec<Corpus>> = spec.corpora().iter().map(make).collect();
        let plan = Plan::new(spec.clone(), "x".into(), corpora?, NumericClass::CPU)?;
        plan.audit()?;
        Ok(plan)
    }

    /// Every experiment that trains on corpora which are not made here, with its path.
    fn shipped() -> Vec<(String, Spec)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let files =
            walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|e| e.unwrap().into_path());
        let files = files.filter(|path| path.extension().is_some_and(|e| e == "toml"));
        let read = |path: std::path::PathBuf| match spec::load_file(&path, &["preset=tiny".to_owned()]) {
            Ok(spec::File::Experiment(spec)) => Some((path.display().to_string(), *spec)),
            // One of counts trains nothing and takes no preset, a collection names others that are here too.
            _ => None,
        };
        let specs: Vec<_> = files.filter_map(read).filter(|(_, s)| s.corpora() != ["synthetic"]).collect();
        assert!(specs.len() >= 9, "{}", specs.len());
        specs
    }

    #[test]
    fn every_shipped_experiment_is_estimated_without_its_corpora() {
        for (path, spec) in shipped() {
            made_up(&spec, &|_| ()).unwrap_or_else(|e| panic!("{path}: {e}"));
            // Each speaker by himself, and everything between that and two halves, unless the spec has to say who goes together.
            if let spec::Protocol::LeaveSpeakersOut(protocol) = &spec.protocol
                && protocol.groups.is_empty()
            {
                let named = corpora::manifest(&spec.corpus, Path::new("nowhere")).unwrap().speakers.len();
                let speakers = named - protocol.without.len();
                for folds in (2..=speakers).rev().take(23) {
                    let without = protocol.without.clone();
                    let protocol =
                        spec::LeaveSpeakersOut { folds, without, ..spec::LeaveSpeakersOut::default() };
                    let spec = Spec {
                        protocol: spec::Protocol::LeaveSpeakersOut(protocol),
                        seeds: vec![1],
                        ..spec.clone()
                    };
                    let plan =
                        made_up(&spec, &|_| ()).unwrap_or_else(|e| panic!("{path}, {folds} folds: {e}"));
                    assert_eq!(plan.cells.len(), folds * spec.condition.len(), "{path}");
                }
            }
        }
    }

    #[test]
    fn made_up_speakers_have_every_class_however_many_and_however_unequal_they_are() {
        let (_, spec) =
            shipped().into_iter().find(|(path, _)| path.ends_with("open/table2-emodb.toml")).unwrap();
        for speakers in 2..=10 {
            for unequal in [false, true] {
                let protocol =
                    spec::LeaveSpeakersOut { folds: speakers, ..spec::LeaveSpeakersOut::default() };
                let spec = Spec {
                    protocol: spec::Protocol::LeaveSpeakersOut(protocol),
                    seeds: vec![1],
                    ..spec.clone()
                };
                let fewer = |m: &mut seraug_core::manifest::Manifest| {
                    m.speakers.truncate(speakers);
                    let weight = |i: usize| if unequal { 1 + i } else { 1 };
                    let names = m.speakers.keys().cloned().enumerate();
                    m.expected.speakers = names.map(|(i, name)| (name, 9 * weight(i))).collect();
                };
                let plan = made_up(&spec, &fewer).unwrap_or_else(|e| panic!("{speakers} {unequal}: {e}"));
                assert_eq!(plan.selection.utterances.len(), 127 + 71 + 62 + 79);
            }
        }
    }

    #[test]
    fn a_busy_machine_is_told() {
        let timed = |processor: &[Option<[f64; 2]>]| -> Vec<Vec<Timed>> {
            let of = |&processor| Timed { work: Timing::Window, seconds: vec![1.0; 2], processor };
            processor.iter().map(|p| vec![of(p)]).collect()
        };
        let line = busy(&timed(&[Some([2.0, 2.0]), None, Some([4.0, 3.5])])).unwrap();
        assert_eq!(
            line,
            "the machine was busy while steps were timed (52 % of a processor): the hours are too long"
        );
        assert_eq!(busy(&timed(&[Some([2.0, 2.0]), Some([8.0, 0.0])])), None, "83 % in all");
        assert_eq!(busy(&timed(&[None])), None);
        assert_eq!(busy(&timed(&[Some([0.0; 2])])), None, "the system does not tell");
    }
}
