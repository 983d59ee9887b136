//! Training in bfloat16: inputs, outputs and master weights are in single precision, and repeated trainings are identical.
//! Resuming is in resume.rs.

use crate::fixtures::augmentor::{ALL, bank, flats, rows, task, tiny};
use crate::fixtures::classifier::{Toy, accuracy, run, toy_spec};
use seraug_core::rng::Seed;
use seraug_core::spec::{Network, Precision};
use seraug_test_support::common::{seraug, stderr};
use seraug_train::classifier::ClassifierTask;
use seraug_train::classifier::predict::predict;
use seraug_train::generators::triplet_gan::{Networks, Trainer};
use seraug_train::nets::vgg::VggNet;
use tch::{Device, Kind, Tensor};

/// The largest difference.
fn apart(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

#[test]
fn an_augmentor_learns_in_bfloat16_and_repeats() {
    let steps = ["augmentor.iterations=30", "augmentor.log-every=10", "precision=bf16"];
    let low = tiny(&steps);
    let ((a, rows_a), (b, rows_b)) = (rows(&low, &ALL), rows(&low, &ALL));
    assert_eq!((flats(&a), &rows_a), (flats(&b), &rows_b));
    let (single, rows_single) = rows(&tiny(&steps[..2]), &ALL);
    for (low, single) in std::iter::zip(flats(&a), flats(&single)) {
        assert_eq!(low.kind(), Kind::Float);
        // Adam's 30 steps of 1e-3 move a weight by 0.03 at most, in either.
        assert!(low != single && apart(&low, &single) < 0.05, "{}", apart(&low, &single));
    }
    let rep = |rows: &[seraug_train::history::LoggedRow]| [0, 2].map(|i: usize| rows[i].get("rep").unwrap());
    let ([first, last], [_, expected]) = (rep(&rows_a), rep(&rows_single));
    assert!(last < first && (last - expected).abs() < 0.1 * first, "{first} to {last}, f32 to {expected}");
}

#[test]
fn the_networks_take_and_give_single() {
    for sets in
        [&["precision=bf16"][..], &["precision=bf16", "augmentor.latent=map", "augmentor.noise=input"]]
    {
        let (low, bank) = (tiny(sets), bank());
        let single = tiny(&[sets, &["precision=f32"]].concat());
        let mut trainer = Trainer::new(task(&low, &bank, &ALL)).unwrap();
        trainer.iteration().unwrap();
        let dir = tempfile::tempdir().unwrap();
        trainer.networks.save(dir.path()).unwrap();
        let [low, single] = [&low, &single].map(|s| Networks::load(dir.path(), s, Device::Cpu).unwrap());
        assert_eq!(flats(&low), flats(&trainer.networks), "files hold the master weights");
        assert_eq!(flats(&low), flats(&single));

        let x =
            Tensor::from_slice(&crate::fixtures::augmentor::values(2 * 32 * 128, 3)).view([2, 1, 32, 128]);
        let own = Tensor::from_slice(&[32i64, 20]);
        let noise = Tensor::from_slice(&crate::fixtures::augmentor::values(2 * low.augmentor.noise_len(), 4))
            .view([2, -1]);
        let out = |n: &Networks| {
            let p = n.augmentor.perturbation(&x, &own, &noise);
            let r = n.representation.forward(&x, &own);
            let epsilon = Tensor::from_slice(&[0.1f32, 0.2]);
            [p, r, n.augmentor.augment(&x, &own, &noise, &epsilon), n.discriminator.forward(&x, &own, None)]
        };
        for (low, single) in std::iter::zip(out(&low), out(&single)) {
            let scale = single.abs().max().double_value(&[]);
            assert_eq!(low.kind(), Kind::Float);
            assert!(
                low != single && apart(&low, &single) < 0.03 * scale,
                "{} of {scale}",
                apart(&low, &single)
            );
        }
    }
}

#[test]
fn a_classifier_learns_in_bfloat16_and_repeats() {
    let (toy, test) = (Toy::new(1, [40; 3], 4, 0), Toy::new(2, [40; 3], 4, 0));
    for batch_norm in [false, true] {
        let mut spec = toy_spec(100);
        let Network::Vgg(vgg) = &mut spec.network;
        vgg.batch_norm = batch_norm;
        let task = ClassifierTask { precision: Precision::Bf16, ..toy.task(&spec, &toy.originals) };
        let short = toy_spec(4);
        let short = ClassifierTask {
            spec: &seraug_core::spec::Classifier { network: spec.network.clone(), ..short },
            ..task
        };
        let ((a, rows), (b, rows_again)) = (run(&short), run(&short));
        assert_eq!((a.params().flat(), &rows), (b.params().flat(), &rows_again));
        assert_eq!(a.buffers().flat(), b.buffers().flat());
        let (net, _) = run(&task);
        assert_eq!((net.params().flat().kind(), net.params().get(0).kind()), (Kind::Float, Kind::BFloat16));
        let got = accuracy(&net, &spec, &test);
        assert!(got > 0.8, "batch norm {batch_norm}: {got}");

        let (dir, Network::Vgg(sizes)) = (tempfile::tempdir().unwrap(), &spec.network);
        let file = dir.path().join("classifier.safetensors");
        net.save(&file).unwrap();
        let mut loaded =
            VggNet::new(sizes, 64, 64, 3, Seed::new(9), Device::Cpu).in_precision(Precision::Bf16);
        loaded.load(&file).unwrap();
        let answers = |net: &VggNet| predict(net, &spec, &test.bank, &test.originals);
        assert_eq!(answers(&loaded), answers(&net), "what the layers read is that of the file");
        let mut single = VggNet::new(sizes, 64, 64, 3, Seed::new(9), Device::Cpu);
        single.load(&file).unwrap();
        assert_ne!(answers(&single), answers(&net));
    }
}

#[test]
fn tf32_on_a_cpu_is_refused_in_one_line() {
    let root = seraug_test_support::common::root();
    let made = tempfile::tempdir().unwrap();
    let results = made.path().to_str().unwrap();
    for command in ["plan", "run"] {
        let args = [
            command,
            "experiments/quickstart.toml",
            "--set",
            "precision=tf32",
            "--device",
            "cpu",
            "--results",
        ];
        let output = seraug(root, &[&args[..], &[results, "--quiet"]].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        let line = said.lines().last().unwrap();
        assert!(line.contains("precision = \"tf32\": only a CUDA device"), "{command}: {said}");
        assert!(line.contains("--set precision=f32"), "{command}: {said}");
    }
}
