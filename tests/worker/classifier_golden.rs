//! The classifier's arithmetic against PyTorch (tests/golden/torch/generate_vgg.py).

use seraug_core::rng::Seed;
use seraug_core::spec::{self, ClassifierLoss, Convolutions, Schedule};
use seraug_train::classifier::loss::SegmentLoss;
use seraug_train::classifier::schedule::rate;
use seraug_train::classifier::vote::vote;
use seraug_train::nets::vgg::VggNet;
use std::collections::HashMap;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};

fn golden(name: &str) -> PathBuf {
    seraug_test_support::common::root().join("tests/golden/torch").join(name)
}

fn cases() -> HashMap<String, Tensor> {
    Tensor::read_safetensors(golden("vgg_cases.safetensors")).unwrap().into_iter().collect()
}

fn narrow(batch_norm: bool, shrink: usize) -> VggNet {
    let spec = spec::Vgg {
        widths: [2, 3, 4, 4, 5],
        depths: [1, 2, 1, 1, 1],
        pooled: 3,
        head: 8,
        dropout: 0.0,
        batch_norm,
        shrink,
        ..spec::Vgg::default()
    };
    VggNet::new(&spec, 64, 96, 3, Seed::new(1), Device::Cpu)
}

fn assert_close(ours: &Tensor, theirs: &Tensor, what: &str) {
    let worst = (ours - theirs).abs().max().double_value(&[]);
    assert!(
        ours.size() == theirs.size() && ours.allclose(theirs, 1e-4, 1e-5, false),
        "{what}: off by {worst}"
    );
}

fn plain_loss(logits: &Tensor, labels: &Tensor) -> Tensor {
    SegmentLoss::new(ClassifierLoss::Plain, &[1], Device::Cpu).of(logits, labels)
}

#[test]
fn vgg_equals_pytorchs() {
    let cases = cases();
    let (x, y) = (&cases["x"], &cases["y"]);
    let mut plain = narrow(false, 1);
    plain.load(&golden("vgg_plain.safetensors")).unwrap();
    let pass = plain.pass(x, Seed::new(1));
    assert_close(&pass.logits, &cases["plain.logits"], "logits");
    let loss = plain_loss(&pass.logits, y);
    let gradient = plain.gradient(pass, &loss);
    assert_close(&gradient, &cases["plain.gradient"], "gradient");

    let mut normed = narrow(true, 2);
    normed.load(&golden("vgg_bn.safetensors")).unwrap();
    assert_close(&normed.forward(x), &cases["bn.logits"], "logits by running statistics");
    assert_close(
        &normed.pass(x, Seed::new(1)).logits,
        &cases["bn.train_logits"],
        "logits by batch statistics",
    );
    assert_close(normed.buffers().flat(), &cases["bn.running"], "running statistics");
}

/// Widths that Winograd's convolutions take, an odd map and a pool that repeats: logits and every gradient are those of
/// the library's graph, with the same dropout, on one thread and two.
#[test]
fn winograds_convolutions_change_rounding_alone() {
    let net = |convolutions| {
        let spec = spec::Vgg {
            widths: [16, 32, 32, 48, 16],
            depths: [2, 1, 2, 1, 1],
            pooled: 3,
            head: 24,
            convolutions,
            ..spec::Vgg::default()
        };
        VggNet::new(&spec, 72, 100, 3, Seed::new(1), Device::Cpu)
    };
    let (direct, winograd) = (net(Convolutions::Direct), net(Convolutions::Winograd));
    let mut host = vec![0f32; 5 * 72 * 100];
    Seed::new(2).draws().fill_normal(&mut host);
    let x = Tensor::from_slice(&host).view([5, 1, 72, 100]);
    let y = Tensor::from_slice(&[0i64, 1, 2, 1, 0]);
    let both = |net: &VggNet| {
        let pass = net.pass(&x, Seed::new(3));
        let (logits, loss) = (pass.logits.detach(), plain_loss(&pass.logits, &y));
        (logits, net.gradient(pass, &loss))
    };
    let ((logits, gradient), off) =
        (both(&direct), |a: &Tensor, b: &Tensor| ((a - b).abs().max() / b.abs().max()).double_value(&[]));
    for threads in [1, 2] {
        tch::set_num_threads(threads);
        let (ours, by_hand) = both(&winograd);
        assert!(off(&ours, &logits) < 1e-5, "logits: {}", off(&ours, &logits));
        assert!(off(&by_hand, &gradient) < 1e-4, "gradient: {}", off(&by_hand, &gradient));
        // Not the same bits, or this compares the library with itself.
        assert_ne!(by_hand, gradient);
        assert_eq!((ours, by_hand), both(&winograd));
    }
    tch::set_num_threads(1);
    assert!(off(&winograd.forward(&x), &direct.forward(&x)) < 1e-5);
}

#[test]
fn losses_rates_and_votes_equal_pytorchs() {
    let cases = cases();
    let (logits, labels) = (&cases["loss.logits"], &cases["loss.labels"]);
    let of = |loss| SegmentLoss::new(loss, &[10, 3, 1], Device::Cpu).of(logits, labels);
    assert_close(&of(ClassifierLoss::Weighted), &cases["loss.weighted"], "weighted");
    assert_close(&of(ClassifierLoss::Plain), &cases["loss.plain"], "plain");

    let rates = Vec::<f64>::try_from(&cases["cosine"]).unwrap();
    for (step, theirs) in rates.iter().enumerate() {
        let ours = rate(Schedule::Cosine, 3e-4, step, rates.len());
        assert!((ours / theirs - 1.0).abs() < 1e-9, "step {step}: {ours} {theirs}");
        assert_eq!(rate(Schedule::Constant, 3e-4, step, rates.len()), 3e-4);
    }

    let logits = &cases["vote.logits"];
    let classes = Vec::<i64>::try_from(&cases["vote.class"]).unwrap();
    for (i, &class) in classes.iter().enumerate() {
        let row = Vec::<f32>::try_from(logits.get(i as i64).reshape([-1])).unwrap();
        assert_eq!(vote(&row, 3).class as i64, class, "utterance {i}");
    }
}

#[test]
fn saved_weights_read_back_and_others_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("classifier.safetensors");
    let net = narrow(true, 1);
    let x = Tensor::ones([2, 1, 64, 96], (Kind::Float, Device::Cpu));
    let _ = net.pass(&x, Seed::new(1));
    net.save(&path).unwrap();
    let mut other = narrow(true, 1);
    assert_ne!(other.buffers().flat(), net.buffers().flat());
    other.load(&path).unwrap();
    assert_eq!(other.forward(&x), net.forward(&x));
    let error = narrow(false, 1).load(&path).unwrap_err().to_string();
    assert!(error.contains("classifier.safetensors") && error.contains("expected"), "{error}");
}
