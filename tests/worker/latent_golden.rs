//! Losses, samplers and networks of the generators of codes against PyTorch (tests/golden/torch/generate_latent.py).

use crate::fixtures::augmentor::{bank, spec};
use seraug_core::rng::Seed;
use seraug_core::spec::{ClassifierLoss, Covariance, Padding};
use seraug_train::classifier::loss::SegmentLoss;
use seraug_train::generators::autoencoder::reconstructed;
use seraug_train::generators::latent::diffusion::{CodeDiffusion, NoiseSchedule};
use seraug_train::generators::latent::gaussians::{ClassGaussians, draw, nearest_mean_accuracy};
use seraug_train::generators::latent::standardised::CodeRange;
use seraug_train::nets::autoencoder::AutoencoderNet;
use seraug_train::nets::bagan::{discriminator_loss, generator_loss};
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

const CPU: Device = Device::Cpu;

fn golden() -> HashMap<String, Tensor> {
    let path = seraug_test_support::common::root().join("tests/golden/torch/latent.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

fn close(name: &str, ours: &Tensor, theirs: &Tensor, tolerance: f64) {
    let (ours, theirs) = (ours.to_kind(Kind::Double), theirs.to_kind(Kind::Double));
    assert_eq!(ours.numel(), theirs.numel(), "{name}");
    let worst = (ours.reshape([-1]) - theirs.reshape([-1])).abs().max().double_value(&[]);
    assert!(worst <= tolerance, "{name}: differs by {worst:e}");
}

#[test]
fn losses_equal_pytorchs() {
    let g = golden();
    for (name, loss) in [
        ("focal", ClassifierLoss::Focal { gamma: 2.0 }),
        ("adjusted", ClassifierLoss::LogitAdjusted { tau: 1.0 }),
    ] {
        let ours = SegmentLoss::new(loss, &[10, 3, 1], CPU).of(&g["loss.logits"], &g["loss.labels"]);
        close(name, &ours, &g[&format!("loss.{name}")], 1e-6);
    }
    let d = discriminator_loss(&g["bagan.real"], &g["bagan.classes"], &g["bagan.made"]);
    close("discriminator", &d, &g["bagan.discriminator"], 1e-6);
    close("generator", &generator_loss(&g["bagan.made"], &g["bagan.wanted"]), &g["bagan.generator"], 1e-6);
}

fn codes(g: &HashMap<String, Tensor>) -> (Vec<Vec<f64>>, Vec<usize>) {
    let classes = Vec::<i64>::try_from(&g["codes.classes"]).unwrap();
    (Vec::try_from(&g["codes"]).unwrap(), classes.into_iter().map(|c| c as usize).collect())
}

#[test]
fn distributions_of_codes_equal_pytorchs() {
    let g = golden();
    let (codes, classes) = codes(&g);
    for (name, kind) in
        [("class", Covariance::Class), ("shrunk", Covariance::Shrunk), ("pooled", Covariance::Pooled)]
    {
        let fitted = ClassGaussians::fit(&codes, &classes, 3, kind);
        for c in 0..3 {
            let mean = Tensor::from_slice(&fitted.means[c]);
            close("mean", &mean, &g[&format!("gaussian.mean.{c}")], 1e-12);
            let factor = Tensor::from_slice(&fitted.factors[c]).view([5, 5]).tril(0);
            let covariance = factor.matmul(&factor.tr());
            close(&format!("{name} {c}"), &covariance, &g[&format!("gaussian.{name}.{c}")], 1e-12);
        }
        assert_eq!(fitted.counts, [9, 4, 1]);
    }
    let ours = nearest_mean_accuracy(&codes, &classes, 3).unwrap();
    close("nearest mean", &Tensor::from(ours), &g["codes.nearest-mean"], 1e-6);
    assert_eq!(nearest_mean_accuracy(&codes[..9], &classes[..9], 3), None, "one class");
}

#[test]
fn drawn_codes_have_the_mean_and_covariance_of_their_class() {
    let g = golden();
    let (codes, classes) = codes(&g);
    let fitted = ClassGaussians::fit(&codes, &classes, 3, Covariance::Shrunk);
    let n = 40_000;
    let mut host = vec![0f32; n * 5];
    Seed::new(8).draws().fill_normal(&mut host);
    let noise = Tensor::from_slice(&host).view([-1, 5]);
    let wanted = Tensor::full([n as i64], 1, (Kind::Int64, CPU));
    let drawn = draw(&fitted.tensors(CPU), &wanted, &noise);
    close("mean", &drawn.mean_dim(0, false, Kind::Float), &g["gaussian.mean.1"], 0.05);
    let covariance = drawn.tr().cov(1, None::<&Tensor>, None::<&Tensor>);
    close("covariance", &covariance, &g["gaussian.shrunk.1"], 0.2);
}

#[test]
fn the_autoencoder_equals_pytorchs() {
    let g = golden();
    let path = seraug_test_support::common::root().join("tests/golden/torch");
    let spec = spec(&["autoencoder.frames=32", "autoencoder.widths=[2,3,4,5]", "autoencoder.latent=6"]);
    let net = AutoencoderNet::load(&path, &spec, CPU).unwrap();
    let (x, code) = (&g["autoencoder.x"], &g["autoencoder.code"]);
    close("code", &net.encode(x), code, 1e-5);
    close("decoded", &net.decode(code), &g["autoencoder.decoded"], 1e-5);
    close("mse", &net.loss(x), &g["autoencoder.mse"], 1e-6);
    let fresh = AutoencoderNet::new(&spec, Seed::new(1), CPU);
    fresh.fit_scale(x);
    assert_eq!(fresh.scale().double_value(&[0]), x.abs().max().double_value(&[]));
}

#[test]
fn a_reconstruction_has_every_frame_in_its_place() {
    let spec = spec(&["autoencoder.frames=32", "autoencoder.widths=[2,3,4,5]", "autoencoder.latent=6"]);
    let bank = bank();
    let net = AutoencoderNet::new(&spec, Seed::new(1), CPU);
    net.fit_scale(bank.frames());
    // Utterance 7 has 76 frames: two windows and one that ends with it. Utterance 0 has 20, repeated.
    let made = reconstructed(&net, &bank, &[7, 0]);
    assert_eq!((&made.lens()[..8], &made.lens()[8..]), (bank.lens(), &[76, 20][..]));
    let [items, offsets] = [[7i64, 7, 7, 0], [0, 32, 44, 0]].map(|places| Tensor::from_slice(&places));
    let windows =
        net.decode(&net.encode(&bank.windows(&items, &offsets, 32, Padding::Repeat).x)).squeeze_dim(1);
    let part = |window: i64, from: i64, frames: i64| windows.get(window).narrow(0, from, frames);
    let long = Tensor::cat(&[part(0, 0, 32), part(1, 0, 32), part(2, 20, 12)], 0);
    let found = made.pick(&[8, 9]).frames().shallow_clone();
    close("long", &found.narrow(0, 0, 76), &long, 1e-4);
    // A row of the floor is between them.
    close("short", &found.narrow(0, 77, 20), &part(3, 0, 20), 1e-4);
}

#[test]
fn a_step_back_of_the_diffusion_is_that_of_the_posterior() {
    let g = golden();
    let schedule = NoiseSchedule::cosine(20);
    close("betas", &Tensor::from_slice(&schedule.betas), &g["ddpm.betas"], 1e-12);
    close("kept", &Tensor::from_slice(&schedule.kept), &g["ddpm.kept"], 1e-12);
    let mut range = CodeRange::new(5, CPU);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("range.safetensors");
    let named: Vec<_> = ["least", "greatest"].map(|n| (n, &g[&format!("ddpm.{n}")])).into();
    Tensor::write_safetensors(&named, &path).unwrap();
    range.params_mut().load(&path).unwrap();
    for t in [1, 2, 13, 20] {
        let clean = schedule.clean(t, &g["ddpm.x"], &g["ddpm.eps"]);
        let ours = schedule.back(t, &g["ddpm.x"], &clean, &g["ddpm.fresh"]);
        let theirs = &g[&format!("ddpm.back.{t}")];
        // The last steps of the noising keep a millionth of the code: numbers are large there.
        let scale = theirs.abs().max().double_value(&[]).max(1.0);
        close(&format!("back {t}"), &ours, theirs, 1e-5 * scale);
        let held = schedule.back(t, &g["ddpm.x"], &range.hold(&clean), &g["ddpm.fresh"]);
        close(&format!("clipped {t}"), &held, &g[&format!("ddpm.clipped.{t}")], 1e-5);
    }
}

#[test]
fn clipped_samples_of_the_diffusion_lie_in_the_range_of_the_training_codes() {
    let noise = |net: &CodeDiffusion| {
        let mut host = vec![0f32; 6 * net.noise()];
        Seed::new(9).draws().fill_normal(&mut host);
        Tensor::from_slice(&host).view([6, -1])
    };
    let greatest = |clipped: bool| {
        let clipped = format!("latent-diffusion.clipped={clipped}");
        let net = CodeDiffusion::new(&spec(&["autoencoder.latent=4", &clipped]), Seed::new(2), CPU);
        let classes = Tensor::from_slice(&[0i64, 1, 0, 1, 0, 1]);
        tch::no_grad(|| net.sample(&classes, &noise(&net)).abs().max().double_value(&[]))
    };
    // An untrained network's range is -1 to 1, and its first step back alone multiplies what it has by 32.
    assert!(greatest(true) <= 1.0, "{}", greatest(true));
    assert!(greatest(false) > 10.0, "{}", greatest(false));
}
