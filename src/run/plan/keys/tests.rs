//! Which fields are of which key.

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
        let spec = parse(SPEC, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap();
        let read = reads(&spec, &spec.condition[0])[2].clone();
        let least = read["classifier"].get("min-own-frames").cloned();
        (read.get("batch_norm").cloned(), least, spec.to_toml().contains("min-own-frames"))
    };
    assert_eq!(of(&[]), (None, None, false));
    assert_eq!(of(&["classifier.min-own-frames=1"]), (None, None, false));
    let sets = ["classifier.min-own-frames=9", "classifier.network.vgg.batch-norm=true"];
    assert_eq!(of(&sets), (Some(BATCH_NORM_VERSION.into()), Some(9.into()), true));
    let normed = parse(SPEC, "x.toml", &[sets[1].to_owned()]).unwrap();
    assert_eq!([batch_norm(&normed, "cuda"), batch_norm(&normed, "cpu/4")], [None, Some(BATCH_NORM_VERSION)]);
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
    for set in ["judge.batch=4", "judge.learning-rate=1e-4", "representation.lstm=64", "augmentor.frames=128"]
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
    for set in ["bagan.iterations=7", "bagan.dropout=0.1", "condition.aug.augment.bagan.covariance=class"] {
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
