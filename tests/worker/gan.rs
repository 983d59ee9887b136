//! Training the augmentor on small synthetic patterns.

use crate::fixtures::augmentor::{ALL, LABELS, bank, flats, rows, task, tiny, values};
use seraug_core::rng::Seed;
use seraug_core::spec::{GanLoss, Generator, TripletGan};
use seraug_train::feature_bank::{Bank, indices};
use seraug_train::generators::augment;
use seraug_train::generators::triplet_gan::augment::pieces;
use seraug_train::generators::triplet_gan::{AugmentorTask, Networks, Preserved, Trainer, train};
use seraug_train::generators::{Generate, Trained, TrainingTask};
use seraug_train::history::LoggedRow;
use tch::{Device, Kind, Tensor};

fn value(t: &Tensor) -> f64 {
    t.double_value(&[])
}

#[test]
fn a_phase_moves_its_network_and_no_other() {
    let (spec, bank) = (tiny(&[]), bank());
    let mut trainer = Trainer::new(task(&spec, &bank, &ALL)).unwrap();
    let mut batch = trainer.prepare(&[]);
    let mut before = flats(&trainer.networks);
    for (phase, mover) in [("rep", 2), ("d", 1), ("var", 0), ("preserve", 0)] {
        match phase {
            "rep" => drop(trainer.represent(&mut batch)),
            "d" => drop(trainer.discriminate(&mut batch)),
            "var" => drop(trainer.vary(&mut batch)),
            _ => drop(trainer.preserve(&batch)),
        }
        let after = flats(&trainer.networks);
        for network in 0..3 {
            assert_eq!(before[network] == after[network], network != mover, "{phase}, network {network}");
        }
        before = after;
    }
}

#[test]
fn training_twice_is_bit_equal_and_rows_are_complete() {
    let spec = tiny(&["augmentor.iterations=5"]);
    let ((a, rows_a), (b, rows_b)) = (rows(&spec, &ALL), rows(&spec, &ALL));
    assert_eq!(flats(&a), flats(&b));
    assert_eq!(rows_a, rows_b);
    assert_eq!(rows_a.iter().map(|r| r.step).collect::<Vec<_>>(), [2, 4, 5]);
    let names: Vec<_> = rows_a[0].values.iter().map(|(n, _)| *n).collect();
    let expected = "rep d_loss var gan emo bal d_ap d_an d_accuracy p_mean p_deviation two_noise_cosine \
                    p_moved knn_originals knn_augmentations";
    assert_eq!(names.join(" "), expected);
    assert!(rows_a[0].get("p_deviation").unwrap() > 0.1 && rows_a[0].get("two_noise_cosine").unwrap() < 0.99);
    let (_, model) = rows(&spec, &[GanLoss::Model]);
    let names: Vec<_> = model[0].values.iter().map(|(n, _)| *n).collect();
    assert_eq!(names.join(" "), expected.replace("var ", "").replace("bal ", ""));
    // The draws of a purpose do not hang on which losses there are.
    assert_eq!(model[0].get("rep"), rows_a[0].get("rep"));
}

#[test]
fn untrained_is_what_a_training_begins_with() {
    let (spec, bank, dir) = (tiny(&[]), bank(), tempfile::tempdir().unwrap());
    let untrained = TripletGan { trained: false, ..TripletGan::default() };
    let task_of =
        TrainingTask { spec: &spec, bank: &bank, labels: &LABELS, autoencoder: None, seed: Seed::new(11) };
    let mut no_row = |row: LoggedRow| -> seraug_core::error::Result<()> { panic!("{row:?}") };
    let networks = <Networks as Trained<TripletGan>>::train(&untrained, &task_of, &mut no_row).unwrap();
    for losses in [&ALL[..], &[GanLoss::Gan]] {
        let begun = Trainer::new(task(&spec, &bank, losses)).unwrap();
        assert_eq!(
            flats(&networks),
            flats(&begun.networks),
            "before the first step, whatever it trains with"
        );
    }
    let start = &flats(&networks)[0];
    assert!(*start == *Trained::<TripletGan>::weights(&networks));
    assert!(*start != flats(&rows(&spec, &ALL).0)[0], "a training moves it");
    assert_eq!(untrained.network_names(), ["augmentor"]);
    assert_eq!(untrained.network_sizes(&spec).len(), 1);

    Trained::save(&networks, &untrained, dir.path()).unwrap();
    let files = std::fs::read_dir(dir.path()).unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>();
    assert_eq!(files, ["augmentor.safetensors"]);
    // A cached one serves specs that differ in what only a training reads.
    let other = tiny(&["representation.lstm=4", "discriminator.lstm=4"]);
    let loaded =
        <Networks as Trained<TripletGan>>::load(&untrained, &other, dir.path(), Device::Cpu).unwrap();
    assert!(flats(&loaded)[0] == *start);
}

#[test]
fn a_row_says_how_far_the_augmentor_is_from_its_start_and_what_neighbours_in_r_are() {
    let last = |sets: &[&str], losses: &[GanLoss]| {
        let sets = [&["augmentor.iterations=60", "augmentor.log-every=60"], sets].concat();
        rows(&tiny(&sets), losses).1.remove(0)
    };
    for losses in [&ALL[..], &[GanLoss::Gan]] {
        let still = last(&["augmentor.learning-rate=1e-12"], losses);
        assert!((still.get("p_moved").unwrap() - 1.0).abs() < 1e-6, "{still:?}");
        let moved = last(&["augmentor.learning-rate=1e-2"], losses);
        assert!(moved.get("p_moved").unwrap() < 0.9, "{moved:?}");
    }
    // Two classes that a glance tells apart, four utterances each: of the others three are of the class, and the five nearest
    // have all of them.
    let row = last(&["augmentor.learning-rate=5e-3"], &ALL);
    for name in ["knn_originals", "knn_augmentations"] {
        assert!((row.get(name).unwrap() - 0.6).abs() < 1e-6, "{name}: {row:?}");
    }
}

#[test]
fn gan_alone_leaves_the_representation_learner_as_it_was() {
    let (spec, dir) = (tiny(&[]), tempfile::tempdir().unwrap());
    let losses = [GanLoss::Gan];
    let (networks, rows) = rows(&spec, &losses);
    let start = Networks::new(&spec, Seed::new(11), Device::Cpu);
    let moved: Vec<bool> = flats(&start).iter().zip(&flats(&networks)).map(|(a, b)| a != b).collect();
    assert_eq!(moved, [true, true, false], "augmentor, discriminator, representation learner");
    let names: Vec<_> = rows[0].values.iter().map(|(n, _)| *n).collect();
    assert_eq!(names.join(" "), "d_loss gan d_accuracy p_mean p_deviation two_noise_cosine p_moved");

    networks.save_trained(&losses, dir.path()).unwrap();
    assert!(!dir.path().join("representation.safetensors").exists());
    // A cached augmentor serves specs that differ in what it does not read.
    let other = tiny(&["representation.lstm=4"]);
    let loaded = Networks::load_trained(&losses, dir.path(), &other, Device::Cpu).unwrap();
    assert_eq!(flats(&loaded)[..2], flats(&networks)[..2]);
    assert!(Networks::load_trained(&ALL, dir.path(), &spec, Device::Cpu).is_err());

    // Nor does training read them.
    let sets = ["margin=2.0", "distance=mean", "negatives=semi-hard", "dot=cosine", "optimisers=per-phase"];
    let weights = ["weights.rep=9.0", "weights.emo=9.0", "weights.var=9.0", "weights.bal=9.0"];
    let sets: Vec<String> = sets.iter().chain(&weights).map(|s| format!("augmentor.{s}")).collect();
    let mut sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    sets.extend(["representation.lstm=4", "representation.widths=[2,2,2,2,2]"]);
    let other = super::gan::rows(&tiny(&sets), &losses).0;
    assert_eq!(flats(&other)[..2], flats(&networks)[..2]);
}

#[test]
fn resumed_equals_uninterrupted() {
    let dir = tempfile::tempdir().unwrap();
    for optimisers in ["shared", "per-phase"] {
        let (spec, bank) = (tiny(&[&format!("augmentor.optimisers={optimisers}")]), bank());
        let mut whole = Trainer::new(task(&spec, &bank, &ALL)).unwrap();
        (0..6).for_each(|_| whole.iteration().unwrap());
        let mut first = Trainer::new(task(&spec, &bank, &ALL)).unwrap();
        (0..3).for_each(|_| first.iteration().unwrap());
        first.save(dir.path()).unwrap();
        drop(first);
        let mut second = Trainer::resume(task(&spec, &bank, &ALL), dir.path()).unwrap();
        assert_eq!(second.step, 3);
        (0..3).for_each(|_| second.iteration().unwrap());
        assert_eq!(flats(&whole.networks), flats(&second.networks), "{optimisers}");
    }
}

#[test]
fn every_reading_trains_and_augments() {
    let bank = bank();
    for sets in [
        &["augmentor.latent=map"][..],
        &["augmentor.noise=input"],
        &["augmentor.latent=map", "augmentor.noise=input"],
        &["augmentor.latent=map", "augmentor.init=framework"],
        &["augmentor.init=framework"],
        &["augmentor.output=tanh"],
        &["augmentor.output=relu"],
        &["augmentor.projection-mean=all"],
        &["augmentor.padding=repeat"],
        &["augmentor.optimisers=per-phase"],
        &["augmentor.distance=mean"],
        &["augmentor.dot=cosine"],
        &["augmentor.negatives=semi-hard"],
        &["augmentor.attention=shared"],
        &["augmentor.clip-norm=0.5"],
        &["augmentor.frames=64", "augmentor.batch=1"],
    ] {
        let spec = tiny(&[sets, &["augmentor.iterations=2"]].concat());
        let (networks, rows) = rows(&spec, &ALL);
        assert!(rows[0].values.iter().all(|(_, v)| v.is_finite()), "{sets:?}");
        let start = Networks::new(&spec, Seed::new(11), Device::Cpu);
        for (network, (a, b)) in flats(&start).iter().zip(&flats(&networks)).enumerate() {
            assert_ne!(a, b, "{sets:?}: network {network} has not moved");
        }
        let out = augment(&networks.augmentor, &spec, &bank, &[7], &["u7"], 1, Seed::new(1));
        assert_eq!(out.lens(), [76], "{sets:?}");
        let moved = (out.frames() - bank.frames().narrow(0, bank.frames().size()[0] - 77, 77)).abs();
        assert!(value(&moved.mean(Kind::Float)) > 0.01 && value(&moved.get(76).max()) == 0.0, "{sets:?}");
        assert!(networks.augmentor.param_count() > 0 && networks.augmentor.macs_per_sample() > 0);
    }
}

#[test]
fn a_window_encoded_once_gives_what_each_time_gives() {
    for sets in [
        &[][..],
        &["augmentor.latent=map"],
        &["augmentor.noise=input"],
        &["augmentor.latent=map", "augmentor.noise=input"],
    ] {
        let networks = Networks::new(&tiny(sets), Seed::new(3), Device::Cpu);
        let (a, of) = (&networks.augmentor, Tensor::from_slice(&[1i64, 0, 1]));
        let normal = |n: i64, seed| Tensor::from_slice(&values(n as usize, seed));
        let (x, own) = (normal(2 * 32 * 128, 1).view([2, 1, 32, 128]), Tensor::from_slice(&[32i64, 20]));
        let noise = normal(3 * a.noise_len() as i64, 2).view([3, -1]);
        let epsilon = Tensor::from_slice(&[0.1f32, 0.2, 0.3]);
        let once = a.augment_each(&x, &own, &of, &noise, &epsilon);
        let each = a.augment(&x.index_select(0, &of), &own.index_select(0, &of), &noise, &epsilon);
        assert!(once.allclose(&each, 1e-5, 1e-6, false), "{sets:?}");
        let weights = normal(3 * 32 * 128, 4).view([3, 1, 32, 128]);
        let by = |y: &Tensor| a.params.gradient(&(y * &weights).sum(Kind::Float));
        assert!(by(&once).allclose(&by(&each), 1e-4, 1e-5, false), "{sets:?}");
    }
}

fn preserved(trainer: &mut Trainer) -> Preserved {
    let batch = trainer.prepare(&[]);
    trainer.preserve(&batch)
}

#[test]
fn every_loss_falls() {
    let bank = bank();
    let fall =
        |name: &str, losses: &[GanLoss], weights: [f64; 3], phase: &mut dyn FnMut(&mut Trainer) -> Tensor| {
            let [g, e, b] = weights;
            let weights = format!("augmentor.weights={{ gan = {g:?}, emo = {e:?}, bal = {b:?} }}");
            // Strong augmentations and a margin above any distance, so that the hinges are open.
            let strong =
                ["augmentor.epsilon=[0.5,2.0]", "augmentor.margin=20.0", "augmentor.learning-rate=5e-3"];
            let spec = tiny(&[&strong[..], &[&weights]].concat());
            let mut trainer = Trainer::new(task(&spec, &bank, losses)).unwrap();
            if e + b > 0.0 || name == "var" {
                // It has begun to tell the classes apart, and its values are not yet near their limits.
                for _ in 0..4 {
                    let mut batch = trainer.prepare(&[]);
                    trainer.represent(&mut batch);
                    trainer.step += 1;
                }
            }
            // The step stays, and with it the batch and the noise.
            let values: Vec<f64> = (0..60).map(|_| value(&phase(&mut trainer))).collect();
            let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
            let (first, last) = (mean(&values[..5]), mean(&values[50..]));
            println!("{name}: {first:.4} -> {last:.4}");
            assert!(last < first - 0.02 * first.abs(), "{name}: {first} -> {last}");
        };
    fall("rep", &ALL, [1.0, 0.0, 0.0], &mut |t| {
        let mut batch = t.prepare(&[]);
        t.represent(&mut batch).loss
    });
    fall("d", &ALL, [1.0, 0.0, 0.0], &mut |t| {
        let mut batch = t.prepare(&[]);
        t.discriminate(&mut batch).loss
    });
    fall("var", &ALL, [1.0, 0.0, 0.0], &mut |t| {
        let mut batch = t.prepare(&[]);
        t.vary(&mut batch)
    });
    fall("gan", &ALL, [1.0, 0.0, 0.0], &mut |t| preserved(t).gan);
    fall("emo", &ALL, [0.0, 1.0, 0.0], &mut |t| preserved(t).emo.unwrap());
    fall("bal", &ALL, [0.0, 0.0, 1.0], &mut |t| preserved(t).bal.unwrap());
}

#[test]
fn what_cannot_be_trained_is_one_line() {
    let bank = bank();
    let spec = tiny(&["augmentor.learning-rate=1e10", "augmentor.iterations=20"]);
    let e = train(task(&spec, &bank, &ALL), &mut |_| Ok(())).unwrap_err().to_string();
    assert!(
        e.contains("at step") && e.contains("lower augmentor.learning-rate or set augmentor.clip-norm"),
        "{e}"
    );
    let alone = AugmentorTask { labels: &[0; 8], ..task(&spec, &bank, &ALL) };
    let e = train(alone, &mut |_| Ok(())).unwrap_err().to_string();
    assert!(e.contains("no training utterance of class angry"), "{e}");
    let stop = train(task(&tiny(&[]), &bank, &ALL), &mut |_| Err(seraug_core::error::Error::failed("stop")));
    assert_eq!(stop.unwrap_err().to_string(), "stop");
}

#[test]
fn saved_networks_load_and_augment_alike() {
    let (spec, bank, dir) = (tiny(&[]), bank(), tempfile::tempdir().unwrap());
    let networks = Networks::new(&spec, Seed::new(5), Device::Cpu);
    networks.save(dir.path()).unwrap();
    let loaded = Networks::load(dir.path(), &spec, Device::Cpu).unwrap();
    assert_eq!(flats(&networks), flats(&loaded));
    let aug = |items: &[usize], names: &[&str], copies| {
        augment(&loaded.augmentor, &spec, &bank, items, names, copies, Seed::new(9))
    };
    let both = aug(&[7, 0], &["h", "a"], 2);
    assert_eq!(both.lens(), [76, 76, 20, 20]);
    let turned = aug(&[0, 7], &["a", "h"], 2);
    let of = |bank: &Bank, from: i64, rows: i64| bank.frames().narrow(0, from, rows);
    let near = |a: &Tensor, b: &Tensor| value(&(a - b).abs().max()) < 1e-5;
    assert!(near(&of(&both, 0, 154), &of(&turned, 42, 154)));
    // 16 windows, nine times: more than go through the augmentor at once.
    let (items, names) = ([0, 1, 2, 3, 4, 5, 6, 7], ["a", "b", "c", "d", "e", "f", "g", "h"]);
    let (many, mut from) = (aug(&items, &names, 9), 0);
    for (item, name) in items.iter().zip(names) {
        let one = aug(&[*item], &[name], 9);
        let rows = one.frames().size()[0];
        assert!(near(one.frames(), &of(&many, from, rows)), "{name}");
        from += rows;
    }
    assert_eq!(from, many.frames().size()[0]);
    assert!(!near(&of(&both, 0, 77), &of(&both, 77, 77)), "copies differ");
    assert!(!near(&of(&both, 154, 21), &of(&aug(&[0], &["b"], 2), 0, 21)), "names decide");
    // The perturbation of a window has mean |.| = epsilon, in each window the same.
    let original = bank.frames().narrow(0, bank.frames().size()[0] - 77, 77);
    let change = (of(&both, 0, 77) - original).abs().mean_dim(1, false, Kind::Float);
    let size = |from, n| value(&change.narrow(0, from, n).mean(Kind::Float));
    assert!((0.04..0.3).contains(&size(0, 32)) && (size(0, 32) - size(32, 32)).abs() < 1e-3, "{change}");
    assert_eq!(value(&change.get(76)), 0.0, "the floor row is the original's");
    let joined = bank.join(&both);
    let windows = joined.windows(
        &indices(&[8], Device::Cpu),
        &indices(&[0], Device::Cpu),
        32,
        seraug_core::spec::Padding::Floor,
    );
    assert_eq!(windows.x.view([32, 128]), of(&both, 0, 32));
    assert_eq!(aug(&[], &[], 2).lens(), [0usize; 0]);
    let (lens, rows) = pieces(&loaded.augmentor, &spec, &bank, &items, &names, 9, Seed::new(9));
    let after = bank.followed_by(&lens, rows);
    assert_eq!(after.lens(), bank.join(&many).lens());
    assert_eq!(after.frames(), &Tensor::cat(&[bank.frames(), many.frames()], 0), "bit for bit");
    assert_eq!(bank.followed_by(&[], []).frames(), bank.frames());
    std::fs::write(dir.path().join("augmentor.safetensors"), b"torn").unwrap();
    let e = Networks::load(dir.path(), &spec, Device::Cpu).unwrap_err().to_string();
    assert!(e.contains("augmentor.safetensors") && e.contains("delete it"), "{e}");
}
