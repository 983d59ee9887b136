//! Networks, losses and steps of the augmentor against PyTorch (tests/golden/torch/generate_gan.py).

use crate::fixtures::augmentor::{spec, values};
use seraug_core::rng::Seed;
use seraug_core::spec::{Distance, Dot, ProjectionMean, Spec};
use seraug_train::kernels::adam::Adam;
use seraug_train::nets::attention::attend;
use seraug_train::nets::augmentor::{AugmentorNet, project};
use seraug_train::nets::discriminator::DiscriminatorNet;
use seraug_train::nets::losses;
use seraug_train::nets::representation::RepresentationLearner;
use seraug_train::torch::params::{ParamsBuilder, Start};
use std::collections::HashMap;
use std::path::PathBuf;
use tch::{Device, Tensor};

const CPU: Device = Device::Cpu;

fn file(name: &str) -> PathBuf {
    seraug_test_support::common::root().join("tests/golden/torch").join(format!("{name}.safetensors"))
}

fn golden() -> HashMap<String, Tensor> {
    Tensor::read_safetensors(file("gan")).unwrap().into_iter().collect()
}

fn close(name: &str, ours: &Tensor, theirs: &Tensor, tolerance: f64) {
    assert_eq!(ours.size(), theirs.size(), "{name}");
    let worst = (ours - theirs).abs().max().double_value(&[]);
    assert!(worst <= tolerance, "{name}: differs by {worst:e}");
}

fn small(sets: &[&str]) -> Spec {
    let sizes = [
        "augmentor.frames=32",
        "augmentor.widths=[2,3,4]",
        "augmentor.decoder-width=2",
        "discriminator.widths=[2,3,4,4]",
        "discriminator.lstm=5",
        "representation.widths=[2,3,4,4,4]",
        "representation.lstm=5",
    ];
    spec(&[&sizes, sets].concat())
}

#[test]
fn discriminator_and_representation_equal_pytorch() {
    let (g, spec) = (golden(), small(&[]));
    let mut d = DiscriminatorNet::new(&spec, Seed::new(0), CPU);
    d.params.load(&file("discriminator")).unwrap();
    close("discriminator", &d.forward(&g["x"], &g["own"], None), &g["discriminator"], 1e-6);
    let mut r = RepresentationLearner::new(&spec, Seed::new(0), CPU);
    r.params.load(&file("representation")).unwrap();
    close("representation", &r.forward(&g["x"], &g["own"]), &g["representation"], 1e-6);
}

#[test]
fn padding_is_not_attended_to() {
    let g = golden();
    let r = RepresentationLearner::new(&small(&[]), Seed::new(1), CPU);
    // Step 0 of the representation learner sees frames up to 62.
    let tail = |value: f64| {
        Tensor::cat(&[&g["x"], &g["x"].zeros_like(), &g["x"].full_like(value), &g["x"].full_like(value)], 2)
    };
    let differ = |own: i64| {
        let own = Tensor::from_slice(&[own, own]);
        let forward = |value| r.forward(&tail(value), &own);
        (forward(0.0) - forward(9.0)).abs().max().double_value(&[])
    };
    assert_eq!(differ(20), 0.0);
    assert!(differ(128) > 1e-3, "{}", differ(128));
}

#[test]
fn both_augmentors_equal_pytorch() {
    let g = golden();
    for latent in ["vector", "map"] {
        let mut a = AugmentorNet::new(&small(&[&format!("augmentor.latent={latent}")]), Seed::new(0), CPU);
        a.params.load(&file(&format!("augmentor_{latent}"))).unwrap();
        let p = a.perturbation(&g["x"], &g["own"], &g["n"]);
        close(latent, &p, &g[&format!("p_{latent}")], 1e-6);
    }
}

#[test]
fn projection_equals_pytorch_with_its_gradient() {
    let g = golden();
    for (name, over) in [("own", ProjectionMean::Own), ("all", ProjectionMean::All)] {
        let p = g["project.p"].detach().copy().set_requires_grad(true);
        let out = project(&g["project.x"], &p, &g["project.epsilon"], &g["project.frames"], over);
        close(name, &out, &g[&format!("project.{name}")], 1e-6);
        let loss = (&out * &g["project.w"]).sum(None);
        let gradient = Tensor::run_backward(&[&loss], &[&p], false, false);
        close(name, &gradient[0], &g[&format!("project.{name}.gradient")], 1e-6);
    }
}

#[test]
fn losses_equal_pytorch() {
    let g = golden();
    let [a, b, c, real, fake] = ["a", "b", "c", "real", "fake"].map(|n| &g[&format!("loss.{n}")]);
    let triplet =
        |kind, margin| losses::triplet(&losses::distance(a, b, kind), &losses::distance(a, c, kind), margin);
    for (name, ours) in [
        ("triplet.sum.0.5", triplet(Distance::Sum, 0.5)),
        ("triplet.sum.7.0", triplet(Distance::Sum, 7.0)),
        ("triplet.mean.0.5", triplet(Distance::Mean, 0.5)),
        ("discriminator", losses::discriminator(real, fake)),
        ("adversarial", losses::adversarial(fake)),
        ("var.raw", losses::variance(a, b, Dot::Raw)),
        ("var.cosine", losses::variance(a, b, Dot::Cosine)),
    ] {
        close(name, &ours, &g[&format!("loss.{name}")], 2e-6);
    }
}

#[test]
fn attention_of_one_step_is_that_step() {
    let h = Tensor::from_slice(&values(30, 1)).view([2, 3, 5]);
    let own = Tensor::from_slice(&[true, false, false, true, true, true]).view([2, 3]);
    let r = attend(&h, &Tensor::from_slice(&values(5, 2)), &own);
    close("one step", &r.get(0), &h.get(0).get(0), 0.0);
}

#[test]
fn adam_equals_pytorch() {
    let g = golden();
    for (name, clip) in [("plain", 0.0), ("clipped", 1.0)] {
        let mut builder = ParamsBuilder::default();
        builder.add("a", &[3], Start::Constant(0.5));
        builder.add("b", &[2, 2], Start::Constant(0.5));
        let params = builder.build(Seed::new(0), CPU);
        let mut adam = Adam::new(&params, [0.8, 0.95]);
        for step in 0..6 {
            adam.step(&params, &g["adam.gradients"].get(step), 0.02, clip);
            close(name, params.flat(), &g[&format!("adam.{name}")].get(step), 1e-6);
        }
        // The views are the same memory.
        close(name, &params.get(1).reshape([-1]), &params.flat().narrow(0, 3, 4), 0.0);
    }
}
