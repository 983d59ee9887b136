//! A stopped and resumed training equals an uninterrupted one, bit for bit.

use crate::fixtures::augmentor::{ALL, LABELS, bank, flats, task, tiny};
use crate::fixtures::classifier::{Toy, toy_spec};
use crate::rivals::{small, trained};
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::{
    self, Adversarial, Augment, Bagan, ClassifierLoss, CopySource, FinalWeights, GanLoss, LatentCodes,
    LatentDiffusion, LatentSampler, Network, Precision, RealBatch, Sampling, Schedule, Spec, StarGan,
    Viewmaker,
};
use seraug_core::with_generator;
use seraug_train::classifier::{self, ClassifierTask};
use seraug_train::control::{Action, Control};
use seraug_train::generators::autoencoder;
use seraug_train::generators::triplet_gan;
use seraug_train::generators::{Generate, Trained, TrainingTask};
use seraug_train::history::LoggedRow;
use seraug_train::nets::autoencoder::AutoencoderNet;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::Tensor;

/// A control that saves, stops and resumes as scripted.
#[derive(Default)]
struct Script {
    folder: PathBuf,
    /// Resumes from the checkpoint of this step in `folder`.
    from: Option<usize>,
    save_at: Vec<usize>,
    stop_at: Option<usize>,
    rows: Vec<LoggedRow>,
    /// The number of rows logged before each checkpoint.
    saved: BTreeMap<usize, usize>,
    turns: Vec<usize>,
}

impl Script {
    fn of(folder: &Path) -> Script {
        Script { folder: folder.to_owned(), ..Script::default() }
    }
}

impl Control for Script {
    fn resume(&mut self) -> Option<PathBuf> {
        self.from.map(|step| self.folder.join(step.to_string()))
    }

    fn row(&mut self, row: LoggedRow) -> Result<()> {
        self.rows.push(row);
        Ok(())
    }

    fn action(&mut self, step: usize, _steps: usize) -> Action {
        self.turns.push(step);
        if self.stop_at == Some(step) {
            Action::Stop
        } else if self.save_at.contains(&step) {
            Action::Save
        } else {
            Action::Continue
        }
    }

    fn save(&mut self, step: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let dir = self.folder.join(step.to_string());
        std::fs::create_dir_all(&dir).unwrap();
        self.saved.insert(step, self.rows.len());
        write(&dir)
    }
}

/// Trains under a script; the weights that it ends with.
type Training<'a> = &'a dyn Fn(usize, &mut Script) -> Result<Vec<Tensor>>;

const STEPS: usize = 12;
/// On the interval of 5, off it before and in an average of the last quarter, and the end.
const RESUMED: [usize; 4] = [5, 9, 11, 12];

/// A training of 12 steps, and the folder with its checkpoint of every step.
struct Whole {
    folder: tempfile::TempDir,
    rows: Vec<LoggedRow>,
    weights: Vec<Tensor>,
}

/// Undisturbed; saved after every step; resumed from some of them.
fn check(name: &str, train: Training) -> Whole {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = Script::of(folder.path());
    let weights = train(STEPS, &mut whole).unwrap();
    assert_eq!(whole.rows.iter().map(|r| r.step).collect::<Vec<_>>(), [5, 10, 12], "{name}");
    assert_eq!(whole.turns, (1..=STEPS).collect::<Vec<_>>(), "{name}");

    let mut saving = Script { save_at: (1..=STEPS).collect(), ..Script::of(folder.path()) };
    assert_eq!(train(STEPS, &mut saving).unwrap(), weights, "{name}: saving moves the weights");
    assert_eq!(saving.rows, whole.rows, "{name}: saving moves the rows");
    for (&step, &before) in &saving.saved {
        assert_eq!(
            before,
            step / 5,
            "{name}: the row of an interval is before its checkpoint, the last after"
        );
    }
    for step in RESUMED {
        let before = saving.saved[&step];
        let mut late = Script { from: Some(step), ..Script::of(folder.path()) };
        assert_eq!(train(STEPS, &mut late).unwrap(), weights, "{name}: weights, resumed at {step}");
        assert_eq!(late.rows, whole.rows[before..], "{name}: rows, resumed at {step}");
        assert_eq!(late.turns, (step + 1..=STEPS).collect::<Vec<_>>(), "{name}: {step}");
    }
    Whole { folder, rows: whole.rows, weights }
}

/// Stopped twice and resumed; a stop at the last step ends the training.
fn check_stopped(name: &str, train: Training, whole: &Whole) {
    let mut rows = Vec::new();
    let mut from = None;
    for stop in [3, 10] {
        let mut script = Script { from, stop_at: Some(stop), ..Script::of(whole.folder.path()) };
        let error = train(STEPS, &mut script).unwrap_err();
        assert_eq!(error, Error::interrupted(format!("stopped at step {stop} of 12")), "{name}");
        rows.extend(script.rows);
        from = Some(stop);
    }
    let mut last = Script { from, stop_at: Some(STEPS), ..Script::of(whole.folder.path()) };
    assert_eq!(train(STEPS, &mut last).unwrap(), whole.weights, "{name}: stopped twice");
    rows.extend(last.rows);
    assert_eq!(rows, whole.rows, "{name}: stopped twice");
}

/// 7 steps of those 12 make a training of 7; and that, with the checkpoint of its last step, one of 12.
fn check_continued(name: &str, train: Training, whole: &Whole) {
    let mut cut = Script { from: Some(7), ..Script::of(whole.folder.path()) };
    let cut_weights = train(7, &mut cut).unwrap();

    let mut short = Script { save_at: vec![7], ..Script::of(whole.folder.path()) };
    let weights = train(7, &mut short).unwrap();
    assert_eq!(short.rows.iter().map(|r| (r.step, r.steps)).collect::<Vec<_>>(), [(5, 7), (7, 7)], "{name}");
    assert_eq!(cut_weights, weights, "{name}: weights of fewer steps");
    assert_eq!(cut.rows, short.rows[1..], "{name}: rows of fewer steps");

    let mut on = Script { from: Some(7), ..Script::of(whole.folder.path()) };
    assert_eq!(train(STEPS, &mut on).unwrap(), whole.weights, "{name}: weights of more steps");
    assert_eq!(on.rows, whole.rows[1..], "{name}: rows of more steps");
    assert_eq!(on.rows.iter().map(|r| r.step).collect::<Vec<_>>(), [10, 12], "{name}");

    let mut over = Script { from: Some(7), ..Script::of(whole.folder.path()) };
    let error = train(6, &mut over).unwrap_err().to_string();
    assert!(error.contains("state.toml: is at step 7 of a training of 6"), "{name}: {error}");
}

fn augmentor_spec(steps: usize, sets: &[&str]) -> Spec {
    let steps = format!("augmentor.iterations={steps}");
    let small = [
        "augmentor.widths=[2,2,2]",
        "augmentor.decoder-width=2",
        "augmentor.batch=3",
        "augmentor.log-every=5",
        "discriminator.widths=[2,2,2,2]",
        "discriminator.lstm=2",
        "representation.widths=[2,2,2,2,2]",
        "representation.lstm=2",
        &steps,
    ];
    tiny(&[&small, sets].concat())
}

fn train_augmentor(
    steps: usize,
    sets: &[&str],
    losses: &[GanLoss],
    script: &mut Script,
) -> Result<Vec<Tensor>> {
    let (spec, bank) = (augmentor_spec(steps, sets), bank());
    triplet_gan::train(task(&spec, &bank, losses), script).map(|networks| flats(&networks).into())
}

#[test]
fn the_augmentor_resumes_bit_for_bit() {
    for (name, sets, losses) in [
        ("all losses", &[][..], &ALL[..]),
        ("without var", &["augmentor.clip-norm=0.5"], &[GanLoss::Model, GanLoss::Bal]),
        ("gan alone", &["augmentor.attention=shared"], &[GanLoss::Gan]),
        (
            "per phase, semi-hard",
            &["augmentor.optimisers=per-phase", "augmentor.negatives=semi-hard", "augmentor.latent=map"],
            &ALL,
        ),
        ("bf16", &["precision=bf16"], &ALL),
    ] {
        let train = |steps: usize, script: &mut Script| train_augmentor(steps, sets, losses, script);
        let whole = check(name, &train);
        check_continued(name, &train, &whole);
        if name == "all losses" {
            check_stopped(name, &train, &whole);
        }
    }
}

#[test]
fn viewmaker_and_stargan_resume_bit_for_bit() {
    for sets in [&[][..], &["precision=bf16"]] {
        let name = format!("viewmaker {sets:?}");
        let train = |steps: usize, script: &mut Script| {
            let steps = format!("viewmaker.iterations={steps}");
            let settings = Viewmaker { of: CopySource::All, ..Viewmaker::default() };
            let networks = trained(&settings, &small(&[sets, &[&steps]].concat()), script)?;
            Ok(vec![networks.viewmaker.params.flat().copy(), networks.encoder.params.flat().copy()])
        };
        let whole = check(&name, &train);
        check_continued(&name, &train, &whole);
        check_stopped(&name, &train, &whole);
    }
    for (adversarial, sets) in
        [(Adversarial::Ns, &[][..]), (Adversarial::WganGp, &[]), (Adversarial::Ns, &["precision=bf16"])]
    {
        let name = format!("stargan {adversarial:?} {sets:?}");
        // The classifier's part ends at 5, the warm-up at 10; no training continues one of other parts.
        let train = |_: usize, script: &mut Script| {
            let parts = ["stargan.classifier-iterations=5", "stargan.iterations=7"];
            let settings =
                StarGan { adversarial, warm_up: 5.0 / 7.0, of: CopySource::All, ..StarGan::default() };
            let n = trained(&settings, &small(&[sets, &parts].concat()), script)?;
            let all = [&n.generator.params, &n.critic.params, &n.classifier.params];
            Ok(all.map(|p| p.flat().copy()).into())
        };
        let whole = check(&name, &train);
        check_stopped(&name, &train, &whole);
    }
}

#[test]
fn a_checkpoint_of_another_augmentor_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let train = |sets: &[&str], losses: &[GanLoss], script: Script| {
        let mut script = Script { folder: dir.path().to_owned(), ..script };
        train_augmentor(STEPS, sets, losses, &mut script)
    };
    let stop = || Script { stop_at: Some(2), ..Script::default() };
    let from = || Script { from: Some(2), ..Script::default() };
    let refused = |sets: &[&str], losses: &[GanLoss], what: &str| {
        let error = train(sets, losses, from()).unwrap_err().to_string();
        let (file, folder) = (dir.path().join("2"), dir.path().join("2"));
        assert!(error.starts_with(&file.display().to_string()), "{error}");
        assert!(error.contains(what), "{error}");
        assert!(error.ends_with(&format!("delete {} and run again", folder.display())), "{error}");
    };
    train(&[], &[GanLoss::Gan], stop()).unwrap_err();
    // L_GAN alone does not read the representation learner: neither does its checkpoint.
    train(&["representation.lstm=4"], &[GanLoss::Gan], from()).unwrap();
    refused(&[], &ALL, "state.safetensors: has no representation.");
    train(&[], &ALL, stop()).unwrap_err();
    refused(&["discriminator.lstm=4"], &ALL, "state.safetensors: discriminator.");
    refused(&["augmentor.optimisers=per-phase"], &ALL, "state.safetensors: has no preservation-adam.first");

    let file = dir.path().join("2/state.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    refused(&[], &ALL, "state.safetensors: ");
    std::fs::remove_dir_all(dir.path().join("2")).unwrap();
    refused(&[], &ALL, "state.toml: ");
}

fn rival_spec(steps: usize) -> Spec {
    let iterations = ["autoencoder", "bagan", "latent-gan", "latent-diffusion"]
        .map(|table| [format!("{table}.iterations={steps}"), format!("{table}.log-every=5")])
        .concat();
    let sizes = [
        "autoencoder.frames=32",
        "autoencoder.widths=[2,2,3,3]",
        "autoencoder.latent=4",
        "autoencoder.batch=3",
        "bagan.batch=4",
        "latent-gan.batch=4",
        "latent-diffusion.batch=4",
        "latent-diffusion.steps=6",
    ];
    tiny(&iterations.iter().map(String::as_str).chain(sizes).collect::<Vec<_>>())
}

fn train_rival<G: Generate>(generator: &G, spec: &Spec, script: &mut Script) -> Result<Vec<Tensor>> {
    let bank = bank();
    let net = AutoencoderNet::new(spec, Seed::new(3), bank.device());
    net.fit_scale(bank.frames());
    let autoencoder = Some(&net);
    let task = TrainingTask { spec, bank: &bank, labels: &LABELS, autoencoder, seed: Seed::new(11) };
    G::Trained::train(generator, &task, script).map(|trained| vec![trained.weights().copy()])
}

#[test]
fn the_autoencoder_resumes_bit_for_bit() {
    let train = |steps: usize, script: &mut Script| {
        let (spec, bank) = (rival_spec(steps), bank());
        let (labels, seed) = (&LABELS, Seed::new(11));
        let task = TrainingTask { spec: &spec, bank: &bank, labels, autoencoder: None, seed };
        autoencoder::train(&task, script).map(|net| vec![net.weights()])
    };
    let whole = check("autoencoder", &train);
    check_continued("autoencoder", &train, &whole);
    check_stopped("autoencoder", &train, &whole);
    assert_eq!(whole.rows[0].values.iter().map(|v| v.0).collect::<Vec<_>>(), ["mse", "balanced_mse"]);
}

#[test]
fn generators_of_codes_resume_bit_for_bit() {
    let latent = |sampler, mixup| LatentCodes { sampler, mixup, ..LatentCodes::default() };
    for (name, generator) in [
        ("bagan", Augment::Bagan(Bagan::default())),
        ("bagan, balanced", Augment::Bagan(Bagan { real_batch: RealBatch::Balanced, ..Bagan::default() })),
        ("gan", Augment::Latent(latent(LatentSampler::Gan, 0.0))),
        ("gan with mixup", Augment::Latent(latent(LatentSampler::Gan, 0.2))),
        ("diffusion", Augment::Latent(latent(LatentSampler::Diffusion, 0.0))),
    ] {
        let train = |steps: usize, script: &mut Script| with_generator!(&generator, g => train_rival(g, &rival_spec(steps), script), none => Ok(Vec::new()));
        let whole = check(name, &train);
        check_continued(name, &train, &whole);
        check_stopped(name, &train, &whole);
    }
}

/// After one iteration the mean of the weights is those of that iteration, whatever its decay.
#[test]
fn the_mean_of_the_weights_of_the_diffusion_has_nothing_of_their_start() {
    let diffusion = LatentCodes { sampler: LatentSampler::Diffusion, ..LatentCodes::default() };
    let after_one = |decay| {
        let mut spec = rival_spec(1);
        spec.latent_diffusion = Some(LatentDiffusion { decay, log_every: 1, ..spec.latent_diffusion() });
        train_rival(&diffusion, &spec, &mut Script::default()).unwrap().remove(0)
    };
    let (last, mean) = (after_one(0.0), after_one(0.999));
    let worst = (&last - mean).abs().max().double_value(&[]) / last.abs().max().double_value(&[]);
    assert!(worst < 1e-5, "{worst}");
}

/// What distinguishes one case of the classifier from the next.
struct Case {
    name: &'static str,
    schedule: Schedule,
    weights: FinalWeights,
    batch_norm: bool,
    mixup: Option<f64>,
    sampling: Sampling,
    loss: ClassifierLoss,
    precision: Precision,
    widths: [usize; 5],
}

const PLAIN: Case = Case {
    name: "last",
    schedule: Schedule::Cosine,
    weights: FinalWeights::Last,
    batch_norm: false,
    mixup: None,
    sampling: Sampling::Uniform,
    loss: ClassifierLoss::Plain,
    precision: Precision::F32,
    widths: [2, 2, 3, 4, 4],
};

impl Case {
    fn spec(&self, steps: usize) -> spec::Classifier {
        let vgg = spec::Vgg {
            widths: self.widths,
            depths: [1; 5],
            pooled: 1,
            head: 8,
            dropout: 0.2,
            batch_norm: self.batch_norm,
            shrink: 2,
            ..spec::Vgg::default()
        };
        let (schedule, weights) = (self.schedule, self.weights);
        spec::Classifier {
            network: Network::Vgg(vgg),
            schedule,
            weights,
            small_batch: 7,
            log_every: 5,
            ..toy_spec(steps)
        }
    }

    /// 14 segments or more, so that the 12 steps of 7 go through several passes.
    fn train(&self, toy: &Toy, steps: usize, script: &mut Script) -> Result<Vec<Tensor>> {
        let spec = self.spec(steps);
        let items: Vec<usize> = toy.originals.iter().copied().chain([0, 5]).collect();
        let task = ClassifierTask {
            mixup: self.mixup,
            sampling: self.sampling,
            loss: self.loss,
            precision: self.precision,
            ..toy.task(&spec, &items)
        };
        let net = classifier::train(&task, script)?;
        Ok(vec![net.params().flat().copy(), net.buffers().flat().copy()])
    }
}

#[test]
fn the_classifier_resumes_bit_for_bit() {
    let toy = Toy::new(1, [6, 5, 4], 3, 0);
    for case in [
        PLAIN,
        Case { name: "constant", schedule: Schedule::Constant, ..PLAIN },
        // The average begins after step 9.
        Case { name: "average", weights: FinalWeights::Average, batch_norm: true, ..PLAIN },
        Case { name: "held-out", weights: FinalWeights::HeldOut, batch_norm: true, ..PLAIN },
        Case { name: "mixup", mixup: Some(0.4), ..PLAIN },
        Case { name: "winograd", widths: [16; 5], ..PLAIN },
        Case { name: "winograd held-out", widths: [16; 5], weights: FinalWeights::HeldOut, ..PLAIN },
        Case {
            name: "winograd average",
            widths: [16; 5],
            weights: FinalWeights::Average,
            mixup: Some(0.4),
            ..PLAIN
        },
        Case { name: "bf16", precision: Precision::Bf16, batch_norm: true, ..PLAIN },
        Case { name: "bf16 held-out", precision: Precision::Bf16, weights: FinalWeights::HeldOut, ..PLAIN },
        Case { name: "bf16 average", precision: Precision::Bf16, weights: FinalWeights::Average, ..PLAIN },
        Case { name: "balanced", sampling: Sampling::Balanced, loss: ClassifierLoss::Weighted, ..PLAIN },
        Case { name: "balanced mixup", sampling: Sampling::Balanced, mixup: Some(0.4), ..PLAIN },
    ] {
        let train = |steps: usize, script: &mut Script| case.train(&toy, steps, script);
        let whole = check(case.name, &train);
        check_stopped(case.name, &train, &whole);
    }
}

#[test]
fn a_constant_rate_goes_on_to_more_steps_and_a_cosine_does_not() {
    let toy = Toy::new(1, [6, 5, 4], 3, 0);
    let constant = Case { schedule: Schedule::Constant, ..PLAIN };
    for (case, exact) in [
        (Case { name: "last", ..constant }, true),
        (Case { name: "held-out", weights: FinalWeights::HeldOut, ..constant }, true),
        (Case { name: "average", weights: FinalWeights::Average, ..constant }, false),
        (Case { name: "cosine", ..PLAIN }, false),
    ] {
        assert_eq!(case.spec(7).continues(), exact, "{}", case.name);
        if exact {
            let train = |steps: usize, script: &mut Script| case.train(&toy, steps, script);
            check_continued(case.name, &train, &check(case.name, &train));
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        case.train(&toy, 7, &mut Script { stop_at: Some(6), ..Script::of(dir.path()) }).unwrap_err();
        let mut longer = Script { from: Some(6), ..Script::of(dir.path()) };
        let error = case.train(&toy, STEPS, &mut longer).unwrap_err().to_string();
        assert!(error.contains("state.toml: is of a training of 7 steps"), "{}: {error}", case.name);
    }
}

#[test]
fn a_checkpoint_of_another_classifier_is_refused_and_named() {
    let (toy, dir) = (Toy::new(1, [6, 5, 4], 3, 0), tempfile::tempdir().unwrap());
    PLAIN.train(&toy, STEPS, &mut Script { stop_at: Some(2), ..Script::of(dir.path()) }).unwrap_err();
    let normed = Case { batch_norm: true, ..PLAIN };
    let mut script = Script { from: Some(2), ..Script::of(dir.path()) };
    let error = normed.train(&toy, STEPS, &mut script).unwrap_err().to_string();
    assert!(error.contains("2/state.safetensors: has no classifier.features.1.weight"), "{error}");
    let mut absent = Script { folder: dir.path().join("not there"), from: Some(2), ..Script::default() };
    let error = PLAIN.train(&toy, STEPS, &mut absent).unwrap_err().to_string();
    assert!(error.contains("not there/2/state.toml: "), "{error}");
}
