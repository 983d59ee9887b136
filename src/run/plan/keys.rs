//! What decides the result of a stage, and its key.

use seraug_core::digest::Hasher;
use seraug_core::spec::{
    self, Augment, Autoencoder, Condition, Convolutions, FinalWeights, Loss, Network, Precision, Sampling,
    Spec, TrainedOn, TrainingInputs, Vgg,
};
use seraug_core::store::{Key, Stage};
use seraug_data::features;
use seraug_data::split::{Fold, RemovedHalves, Selection};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::rc::Rc;

/// Raised when the classifier stage computes something else from the same inputs.
const CLASSIFIER_VERSION: u32 = 5;
/// Raised when batch norm computes something else on a CPU; in the key of the classifiers that have it there, and no others.
const BATCH_NORM_VERSION: u32 = 2;
/// Raised when the judge's training computes something else from the same inputs.
const JUDGE_VERSION: u32 = 1;

/// The content of every utterance of an experiment, as keys digest it: audio, channel policy, class.
#[derive(Debug)]
pub(super) struct UtteranceContents {
    text: String,
    /// Where each utterance's part ends.
    ends: Vec<usize>,
}

impl UtteranceContents {
    pub(super) fn new(selection: &Selection) -> UtteranceContents {
        let mut contents = UtteranceContents { text: String::new(), ends: Vec::new() };
        for (u, label) in selection.utterances.iter().zip(&selection.labels) {
            let _ = writeln!(contents.text, "{}\t{:?}\t{label}", u.sha256, u.channels);
            contents.ends.push(contents.text.len());
        }
        contents
    }

    /// Digest of a list of utterances, in its order.
    pub(super) fn digest(&self, items: &[usize]) -> String {
        let mut hasher = Hasher::new();
        for &i in items {
            let start = if i == 0 { 0 } else { self.ends[i - 1] };
            hasher.add(&self.text[start..self.ends[i]]);
        }
        hasher.hex()
    }
}

/// What the cells of a fold and share of the target have in common.
pub(super) struct FoldInputs<'a> {
    pub(super) fold: Rc<Fold>,
    pub(super) train: String,
    pub(super) test: Rc<str>,
    pub(super) seen: String,
    /// Digest of the training speakers; empty where no condition depends on them.
    pub(super) speakers: String,
    /// What was removed, where it is judged by, with the digest of the judge's half.
    pub(super) halves: Option<(Rc<RemovedHalves>, String)>,
    pub(super) seed: u64,
    pub(super) device: &'a str,
}

#[derive(Serialize)]
struct ClassifierInputs<'a> {
    features: &'a spec::Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    classifier: spec::Classifier,
    loss: Loss,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_number: Option<f64>,
    sampling: Sampling,
    train: &'a str,
    test: &'a str,
    speakers: &'a str,
    sources: &'a str,
    copies: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    autoencoder: Option<&'a str>,
    augmentor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    augment: Option<Augment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_norm: Option<u32>,
    seed: u64,
    device: &'a str,
}

#[derive(Serialize)]
struct JudgeInputs<'a> {
    features: &'a spec::Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    representation: &'a spec::Representation,
    frames: usize,
    classes: usize,
    judge: spec::Judge,
    train: &'a str,
    removed: &'a str,
    seed: u64,
    device: &'a str,
}

/// The key of a stage, and that of its trajectory: equal for trainings that are equal step by step, also where one
/// of them takes more steps. Checkpoints are kept by it.
pub(super) struct StageKeys {
    pub(super) key: Key,
    pub(super) trajectory: Key,
}

/// The keys of a cell's stages.
pub(super) struct CellKeys {
    pub(super) autoencoder: Option<StageKeys>,
    pub(super) augmentor: Option<StageKeys>,
    pub(super) classifier: StageKeys,
}

/// The keys of a condition's stages, made of what has the digest `sources`.
pub(super) fn of_cell(spec: &Spec, c: &Condition, shared: &FoldInputs, sources: &str) -> CellKeys {
    let autoencoder = autoencoder(spec, c, shared);
    let of = |keys: &Option<StageKeys>| keys.as_ref().map(|keys| keys.key.to_string());
    let first = of(&autoencoder);
    let augmentor = augmentor(spec, c, shared, first.as_deref());
    let second = of(&augmentor);
    let classifier = classifier(spec, c, shared, sources, [first.as_deref(), second.as_deref()]);
    CellKeys { autoencoder, augmentor, classifier }
}

impl StageKeys {
    fn of(stage: Stage, inputs: &TrainingInputs) -> StageKeys {
        let TrainingInputs { version, key, trajectory } = inputs;
        StageKeys {
            key: Key::of_json(stage.name(), *version, key),
            trajectory: Key::of_json(&format!("{} trajectory", stage.name()), *version, trajectory),
        }
    }
}

/// The keys of the autoencoder that a condition's generator needs.
fn autoencoder(spec: &Spec, c: &Condition, shared: &FoldInputs) -> Option<StageKeys> {
    let needed = c.augment.generator().is_some_and(|g| g.needs_autoencoder());
    needed.then(|| StageKeys::of(Stage::Autoencoder, &Autoencoder::training(spec, &trained_on(shared, None))))
}

/// The keys of a condition's generator, where it is trained: the stage `augmentor`.
fn augmentor(
    spec: &Spec,
    c: &Condition,
    shared: &FoldInputs,
    autoencoder: Option<&str>,
) -> Option<StageKeys> {
    let inputs = c.augment.generator()?.training(spec, &trained_on(shared, autoencoder))?;
    Some(StageKeys::of(Stage::Augmentor, &inputs))
}

fn trained_on<'a>(shared: &'a FoldInputs, autoencoder: Option<&'a str>) -> TrainedOn<'a> {
    TrainedOn {
        features_version: features::VERSION,
        seen: &shared.seen,
        train: &shared.train,
        autoencoder: autoencoder.unwrap_or_default(),
        seed: shared.seed,
        device: shared.device,
    }
}

/// The keys of a condition's classifier; `before` are those of autoencoder and augmentor.
fn classifier(
    spec: &Spec,
    c: &Condition,
    shared: &FoldInputs,
    sources: &str,
    before: [Option<&str>; 2],
) -> StageKeys {
    let mut inputs = classifier_inputs(spec, c, shared, sources, before);
    let key = Key::of(Stage::Classifier.name(), CLASSIFIER_VERSION, &inputs);
    inputs.classifier.log_every = spec.classifier.log_every;
    if spec.classifier.continues() {
        (inputs.classifier.epochs, inputs.classifier.min_steps) = (0, 0);
    }
    let trajectory = Key::of("classifier trajectory", CLASSIFIER_VERSION, &inputs);
    StageKeys { key, trajectory }
}

fn classifier_inputs<'a>(
    spec: &'a Spec,
    c: &Condition,
    shared: &'a FoldInputs,
    sources: &'a str,
    [autoencoder, augmentor]: [Option<&'a str>; 2],
) -> ClassifierInputs<'a> {
    let held_out = spec.classifier.weights == FinalWeights::HeldOut;
    ClassifierInputs {
        features: &spec.features,
        features_version: features::VERSION,
        precision: spec.precision,
        // How often a row is logged decides nothing, unless the held-out speaker is checked then.
        classifier: spec::Classifier {
            log_every: if held_out { spec.classifier.log_every } else { 1 },
            network: network(spec, shared.device),
            ..spec.classifier.clone()
        },
        loss: c.loss,
        loss_number: c.classifier_loss().number(),
        sampling: c.sampling,
        train: &shared.train,
        test: &shared.test,
        speakers: if held_out || reads_speakers(c) { &shared.speakers } else { "" },
        sources,
        copies: c.augment.copies().map_or(0, |(copies, _)| copies),
        autoencoder,
        augmentor,
        augment: c.augment.generator().and_then(|g| g.settings()),
        batch_norm: batch_norm(spec, shared.device),
        seed: shared.seed,
        device: shared.device,
    }
}

/// The keys of the judge of a fold, where the spec has one and something was removed.
pub(super) fn judge(spec: &Spec, shared: &FoldInputs) -> Option<StageKeys> {
    let (settings, (_, removed)) = (spec.judge.as_ref()?, shared.halves.as_ref()?);
    let mut inputs = JudgeInputs {
        features: &spec.features,
        features_version: features::VERSION,
        precision: spec.precision,
        representation: &spec.representation,
        frames: spec.augmentor.frames,
        classes: spec.classes.len(),
        // How often a row is logged decides nothing.
        judge: spec::Judge { log_every: 1, ..settings.clone() },
        train: &shared.train,
        removed,
        seed: shared.seed,
        device: shared.device,
    };
    let key = Key::of(Stage::Judge.name(), JUDGE_VERSION, &inputs);
    inputs.judge = spec::Judge { iterations: 0, ..settings.clone() };
    Some(StageKeys { key, trajectory: Key::of("judge trajectory", JUDGE_VERSION, &inputs) })
}

/// Whether the samples that the condition adds depend on who speaks.
pub(super) fn reads_speakers(c: &Condition) -> bool {
    c.augment.generator().is_some_and(|g| g.reads_speakers())
}

/// The network, its convolutions `direct` where it does not compute them otherwise.
fn network(spec: &Spec, device: &str) -> Network {
    let Network::Vgg(vgg) = &spec.classifier.network;
    let convolutions = match vgg.by_winograd(!device.starts_with("cuda"), spec.precision) {
        true => Convolutions::Winograd,
        false => Convolutions::Direct,
    };
    Network::Vgg(Vgg { convolutions, ..vgg.clone() })
}

/// How batch norm is computed, where the network has it and a CPU computes it.
fn batch_norm(spec: &Spec, device: &str) -> Option<u32> {
    let Network::Vgg(vgg) = &spec.classifier.network;
    (vgg.batch_norm && !device.starts_with("cuda")).then_some(BATCH_NORM_VERSION)
}

/// What the stages of a condition read of the spec, as their keys hold it, in the order of [`Stage::ALL`]; null where it has no
/// such stage.
/// Data, seed and device are left empty.
pub(super) fn reads(spec: &Spec, c: &Condition) -> [Value; 3] {
    let nothing = FoldInputs {
        fold: Rc::default(),
        train: String::new(),
        test: "".into(),
        seen: String::new(),
        speakers: String::new(),
        halves: None,
        seed: 0,
        device: "",
    };
    let plain = "inputs of a key are plain data";
    let on = trained_on(&nothing, None);
    let generator = c.augment.generator();
    let autoencoder = generator.filter(|g| g.needs_autoencoder()).map(|_| Autoencoder::training(spec, &on));
    let augmentor = generator.and_then(|g| g.training(spec, &on));
    let before = [&autoencoder, &augmentor].map(|stage| stage.as_ref().map(|_| ""));
    let classifier = classifier_inputs(spec, c, &nothing, "", before);
    let value =
        |t: Option<TrainingInputs>| t.map_or(Value::Null, |t| serde_json::from_str(&t.key).expect(plain));
    [value(autoencoder), value(augmentor), serde_json::to_value(&classifier).expect(plain)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec::parse;

    const SPEC: &str = r#"title = "t"
corpus = "emodb"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 5
condition = [{ name = "aug", augment.triplet-gan.of = "all" }]
"#;

    /// The keys and the trajectories of both stages, on a CPU.
    fn of(sets: &[&str]) -> [String; 4] {
        on("cpu", sets)
    }

    fn on(device: &str, sets: &[&str]) -> [String; 4] {
        let spec = parse(SPEC, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap();
        let shared = FoldInputs {
            fold: Rc::default(),
            train: "train".to_owned(),
            test: "test".into(),
            seen: "seen".to_owned(),
            speakers: String::new(),
            halves: None,
            seed: 1,
            device,
        };
        let a = augmentor(&spec, &spec.condition[0], &shared, None).unwrap();
        // Without the augmentor's key, which would carry the difference along.
        let c = classifier(&spec, &spec.condition[0], &shared, "sources", [None, None]);
        [a.key, a.trajectory, c.key, c.trajectory].map(|k| k.to_string())
    }

    #[test]
    fn precision_is_of_every_key_but_f32_of_none() {
        let (plain, bf16, tf32) = (of(&[]), of(&["precision=bf16"]), of(&["precision=tf32"]));
        assert_eq!(plain, of(&["precision=f32"]));
        for i in 0..4 {
            assert!(plain[i] != bf16[i] && plain[i] != tf32[i] && bf16[i] != tf32[i], "{i}");
        }
        let spec = parse(SPEC, "x.toml", &[]).unwrap();
        let read = reads(&spec, &spec.condition[0]);
        assert!(
            read[0].is_null() && read.iter().all(|stage| stage.get("precision").is_none()),
            "f32 is not written"
        );
    }

    /// What was trained before there was either stays trained.
    #[test]
    fn what_has_not_changed_has_the_key_that_it_had() {
        let of = |sets: &[&str]| {
            let spec =
                parse(SPEC, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap();
            let read = reads(&spec, &spec.condition[0])[2].clone();
            let least = read["classifier"].get("min-own-frames").cloned();
            (read.get("batch_norm").cloned(), least, spec.to_toml().contains("min-own-frames"))
        };
        assert_eq!(of(&[]), (None, None, false));
        assert_eq!(of(&["classifier.min-own-frames=1"]), (None, None, false));
        let sets = ["classifier.min-own-frames=9", "classifier.network.vgg.batch-norm=true"];
        assert_eq!(of(&sets), (Some(BATCH_NORM_VERSION.into()), Some(9.into()), true));
        let normed = parse(SPEC, "x.toml", &[sets[1].to_owned()]).unwrap();
        assert_eq!(
            [batch_norm(&normed, "cuda"), batch_norm(&normed, "cpu/4")],
            [None, Some(BATCH_NORM_VERSION)]
        );
    }

    #[test]
    fn an_untrained_augmentor_has_a_key_of_what_makes_its_copies() {
        let untrained =
            |sets: &[&str]| of(&[&["condition.aug.augment.triplet-gan.trained=false"], sets].concat());
        let plain = untrained(&[]);
        assert_eq!(of(&[]), of(&["condition.aug.augment.triplet-gan.trained=true"]));
        assert!(plain[0] != of(&[])[0], "of the trained one");
        assert!(plain[1] != of(&["augmentor.log-every=1"])[1], "whose checkpoints are not its own");
        for training in [
            "augmentor.iterations=7",
            "augmentor.batch=7",
            "augmentor.learning-rate=1e-3",
            "augmentor.margin=3",
            "augmentor.weights.gan=3",
            "augmentor.attention=shared",
            "augmentor.log-every=7",
            "discriminator.widths=[8,8,8,8]",
            "representation.widths=[8,8,8,8,8]",
        ] {
            assert_eq!(untrained(&[training]), plain, "{training}");
        }
        for making in [
            "augmentor.frames=128",
            "augmentor.padding=repeat",
            "augmentor.widths=[8,16,32]",
            "augmentor.latent=map",
            "augmentor.noise=input",
            "augmentor.decoder-width=8",
            "augmentor.init=framework",
            "augmentor.output=tanh",
            "augmentor.projection-mean=all",
            "augmentor.epsilon=[0.1,0.2]",
            "features.mel-scale=htk",
            "precision=bf16",
        ] {
            let other = untrained(&[making]);
            assert!(other[0] != plain[0] && other[1] != plain[1], "{making}");
        }
    }

    /// Keys of the condition with another generator, `sets` over it.
    fn with(generator: &str, sets: &[&str]) -> [String; 4] {
        of(&[&[&*format!("condition.aug.augment={{ {generator} = {{ of = \"all\" }} }}")], sets].concat())
    }

    #[test]
    fn a_viewmaker_has_a_key_of_what_it_reads() {
        let plain = with("viewmaker", &[]);
        assert!(plain[0] != of(&[])[0]);
        for read in [
            "viewmaker.frames=64",
            "viewmaker.widths=[8,16,32]",
            "viewmaker.blocks=2",
            "viewmaker.encoder-widths=[8,8,8,8,8]",
            "viewmaker.outputs=64",
            "viewmaker.temperature=0.1",
            "viewmaker.batch=16",
            "viewmaker.learning-rate=1e-4",
            "viewmaker.betas=[0.5,0.999]",
            "condition.aug.augment.viewmaker.epsilon=0.1",
            "condition.aug.augment.viewmaker.epsilon=[0.05,0.3]",
            "condition.aug.augment.viewmaker.denominator=nt-xent",
            "features.mel-scale=htk",
            "precision=bf16",
        ] {
            let other = with("viewmaker", &[read]);
            assert!(other[0] != plain[0] && other[1] != plain[1], "{read}");
        }
        for other in [
            "condition.aug.augment.viewmaker.epsilon=[0.05,0.05]",
            "augmentor.iterations=7",
            "stargan.iterations=7",
            "classifier.epochs=7",
        ] {
            assert_eq!(with("viewmaker", &[other])[..2], plain[..2], "{other}");
        }
        let more = with("viewmaker", &["viewmaker.iterations=7"]);
        assert!(more[0] != plain[0] && more[1] == plain[1], "continuing is exact");
        let logged = with("viewmaker", &["viewmaker.log-every=7"]);
        assert!(logged[0] == plain[0] && logged[1] != plain[1]);
        let copies = with("viewmaker", &["condition.aug.augment.viewmaker.copies=7"]);
        assert!(copies[0] == plain[0] && copies[2] != plain[2]);
    }

    #[test]
    fn a_stargan_has_a_key_of_what_it_reads() {
        let plain = with("stargan", &[]);
        let differs = |before: &[String; 4], sets: &[&str]| {
            let other = with("stargan", sets);
            assert!(other[0] != before[0] && other[1] != before[1], "{sets:?}");
        };
        for read in [
            "stargan.frames=64",
            "stargan.widths=[8,16,32]",
            "stargan.blocks=3",
            "stargan.critic-widths=[8,16,32,64]",
            "stargan.classifier-widths=[8,8,8,8,8]",
            "stargan.classifier-units=64",
            "stargan.classifier-iterations=7",
            "stargan.classifier-learning-rate=1e-4",
            "stargan.iterations=7",
            "stargan.batch=8",
            "stargan.learning-rate=1e-3",
            "stargan.betas=[0.9,0.999]",
            "condition.aug.augment.stargan.adversarial=wgan-gp",
            "condition.aug.augment.stargan.critic-steps=2",
            "condition.aug.augment.stargan.warm-up=0.5",
            "condition.aug.augment.stargan.weights.cls=2",
            "condition.aug.augment.stargan.weights.cycle=2",
            "condition.aug.augment.stargan.weights.identity=3",
            "precision=bf16",
        ] {
            differs(&plain, &[read]);
        }
        for other in [
            "condition.aug.augment.stargan.critic-steps=1",
            "condition.aug.augment.stargan.weights.penalty=10",
            "viewmaker.iterations=7",
            "augmentor.iterations=7",
            "classifier.epochs=7",
        ] {
            assert_eq!(with("stargan", &[other])[..2], plain[..2], "{other}");
        }
        let penalised = "condition.aug.augment.stargan.adversarial=wgan-gp";
        let wasserstein = with("stargan", &[penalised]);
        differs(&wasserstein, &[penalised, "condition.aug.augment.stargan.weights.penalty=10"]);
        let five = with("stargan", &[penalised, "condition.aug.augment.stargan.critic-steps=5"]);
        assert_eq!(five[..2], wasserstein[..2]);
        let logged = with("stargan", &["stargan.log-every=7"]);
        assert!(logged[0] == plain[0] && logged[1] != plain[1]);
        // What is converted decides the samples, not the networks.
        for made in ["sources=others", "copies=7"] {
            let other = with("stargan", &[&format!("condition.aug.augment.stargan.{made}")]);
            assert!(other[0] == plain[0] && other[2] != plain[2] && other[3] != plain[3], "{made}");
        }
    }

    #[test]
    fn a_judge_has_a_key_of_its_own_and_changes_no_other() {
        let judged = |sets: &[&str], removed: Option<&str>| {
            let text =
                SPEC.to_owned() + "[judge]\niterations = 9\n[reduction]\nshare = 0.8\nkeep = [\"neutral\"]\n";
            let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
            let spec = parse(&text, "x.toml", &sets).unwrap();
            let shared = FoldInputs {
                fold: Rc::default(),
                train: "train".to_owned(),
                test: "test".into(),
                seen: "seen".to_owned(),
                speakers: String::new(),
                halves: removed.map(|r| (Rc::default(), r.to_owned())),
                seed: 1,
                device: "cpu",
            };
            let c = classifier(&spec, &spec.condition[0], &shared, "sources", [None, None]).key.to_string();
            (judge(&spec, &shared).map(|k| [k.key, k.trajectory].map(|k| k.to_string())), c)
        };
        let (plain, own) = judged(&[], Some("half"));
        let plain = plain.unwrap();
        assert_eq!(own, of(&[])[2], "the classifier is the same as without a judge");
        assert_eq!(judged(&[], None).0, None, "nothing was removed");
        let with = |set: &str| judged(&[set], Some("half")).0.unwrap();
        assert_eq!(with("judge.log-every=3")[0], plain[0], "how often a row is logged decides nothing");
        let longer = with("judge.iterations=10");
        assert!(longer[0] != plain[0] && longer[1] == plain[1], "it goes on from the shorter one");
        for set in
            ["judge.batch=4", "judge.learning-rate=1e-4", "representation.lstm=64", "augmentor.frames=128"]
        {
            assert!(with(set)[0] != plain[0] && with(set)[1] != plain[1], "{set}");
        }
        assert_eq!(with("augmentor.iterations=7"), plain, "no condition's training is its own");
        assert_ne!(judged(&[], Some("other")).0.unwrap(), plain);
    }

    #[test]
    fn batch_norm_on_a_cpu_is_of_the_classifiers_key_alone() {
        let set = ["classifier.network.vgg.batch-norm=true"];
        let (plain, cpu, cuda) = (of(&[]), of(&set), on("cuda", &set));
        assert_eq!(plain[..2], cpu[..2]);
        assert!((2..4).all(|i| plain[i] != cpu[i] && cpu[i] != cuda[i]));
    }

    /// The keys of the three stages of a condition with this augmentation: autoencoder, augmentor, classifier.
    fn all_of(augment: &str, sets: &[&str]) -> [Option<String>; 3] {
        let text = SPEC.replace("augment.triplet-gan.of = \"all\"", &format!("augment.{augment}"));
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        let spec = parse(&text, "x.toml", &sets).unwrap();
        let shared = FoldInputs {
            fold: Rc::default(),
            train: "train".to_owned(),
            test: "test".into(),
            seen: "seen".to_owned(),
            speakers: String::new(),
            halves: None,
            seed: 1,
            device: "cpu",
        };
        let CellKeys { autoencoder, augmentor, classifier } =
            of_cell(&spec, &spec.condition[0], &shared, "sources");
        [autoencoder, augmentor, Some(classifier)].map(|keys| keys.map(|k| k.key.to_string()))
    }

    #[test]
    fn generators_of_codes_share_an_autoencoder_and_its_key_is_in_theirs() {
        let gaussian = all_of("latent = { of = \"all\" }", &[]);
        let gan = all_of("latent = { of = \"all\", sampler = \"gan\" }", &[]);
        let bagan = all_of("bagan = { of = \"all\" }", &[]);
        assert!(gaussian[0].is_some() && gaussian[0] == gan[0] && gan[0] == bagan[0], "one for all");
        assert!(gaussian[1].is_none() && gan[1].is_some() && bagan[1].is_some() && gan[1] != bagan[1]);
        assert!(gaussian[2] != gan[2] && gan[2] != bagan[2]);
        for (augment, own) in [
            ("latent = { of = \"all\" }", &gaussian),
            ("latent = { of = \"all\", sampler = \"gan\" }", &gan),
            ("bagan = { of = \"all\" }", &bagan),
        ] {
            let other = all_of(augment, &["autoencoder.latent=7"]);
            assert!(other[0] != own[0] && (own[1].is_none() || other[1] != own[1]) && other[2] != own[2]);
            let logged = ["autoencoder", "bagan", "latent-gan"].map(|t| format!("{t}.log-every=7"));
            let logged = all_of(augment, &logged.each_ref().map(String::as_str));
            assert_eq!(&logged, own, "how often a row is logged decides nothing");
        }
        let of = |sets: &[&str]| all_of("bagan = { of = \"all\" }", sets);
        for set in ["bagan.iterations=7", "bagan.dropout=0.1", "condition.aug.augment.bagan.covariance=class"]
        {
            let other = of(&[set]);
            assert!(other[0] == bagan[0] && other[1] != bagan[1] && other[2] != bagan[2], "{set}");
        }
        assert_eq!(of(&["latent-gan.units=7"]), bagan, "another generator's table");
        let neighbours = all_of("latent = { of = \"all\", sampler = \"smote\", neighbours = 3 }", &[]);
        let smote = all_of("latent = { of = \"all\", sampler = \"smote\" }", &[]);
        assert!(smote[0] == neighbours[0] && smote[2] != neighbours[2]);
    }

    #[test]
    fn a_losss_number_is_of_the_key_where_the_loss_takes_one() {
        let of = |sets: &[&str]| all_of("copies = { of = \"all\" }", sets)[2].clone();
        let focal = of(&["condition.aug.loss=focal"]);
        let others = [
            &["condition.aug.loss=focal", "condition.aug.gamma=1.5"][..],
            &[],
            &["condition.aug.loss=logit-adjusted"],
        ];
        others.iter().for_each(|sets| assert_ne!(of(sets), focal));
        assert_eq!(of(&["condition.aug.loss=focal", "condition.aug.gamma=2.0"]), focal);
    }

    #[test]
    fn fewest_own_frames_are_of_the_classifiers_key_alone() {
        let (plain, other) = (of(&[]), of(&["classifier.min-own-frames=32"]));
        assert_eq!(plain[..2], other[..2]);
        assert!(plain[2] != other[2] && plain[3] != other[3]);
    }
}
