//! Networks and losses of viewmaker and stargan against PyTorch (tests/golden/torch/generate_rivals.py).

use seraug_core::rng::Seed;
use seraug_core::spec::{self, Denominator, Spec};
use seraug_train::nets::contrastive::ViewSimilarities;
use seraug_train::nets::stargan::{StarGanCritic, StarGanGenerator, absolute_difference, gradient_penalty};
use seraug_train::nets::viewmaker::ViewmakerNet;
use seraug_train::torch::params::Params;
use std::collections::HashMap;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};

fn file(name: &str) -> PathBuf {
    seraug_test_support::common::root().join("tests/golden/torch").join(format!("{name}.safetensors"))
}

fn golden() -> HashMap<String, Tensor> {
    Tensor::read_safetensors(file("rivals")).unwrap().into_iter().collect()
}

fn close(name: &str, ours: &Tensor, theirs: &Tensor) {
    assert_eq!(ours.size(), theirs.size(), "{name}");
    let scale = theirs.abs().max().double_value(&[]);
    assert!(scale > 1e-4, "{name}: {scale}");
    let off = (ours - theirs).abs().max().double_value(&[]) / scale;
    assert!(off <= 1e-5, "{name}: differs by {off:e} of {scale}");
}

fn small() -> Spec {
    tch::set_num_threads(1);
    let text = r#"title = "t"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"], sad = ["sad"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
viewmaker = { frames = 32, widths = [3, 4, 5], blocks = 2 }
stargan = { frames = 32, widths = [3, 4, 5], critic-widths = [3, 4, 5, 6] }
"#;
    spec::parse(text, "x.toml", &[]).unwrap()
}

fn part(params: &Params, flat: &Tensor, name: &str) -> Tensor {
    let at = params.named().position(|(n, _)| n == name).unwrap();
    params.views_of(flat).remove(at)
}

#[test]
fn a_view_and_its_gradient_equal_pytorch() {
    let (g, spec) = (golden(), small());
    let mut net = ViewmakerNet::new(&spec, Seed::new(0), Device::Cpu);
    net.params.load(&file("viewmaker")).unwrap();
    assert_eq!(net.param_count() as u64, spec.viewmaker().weights());
    assert_eq!(g["view.noise"].size()[1], net.noise_len(32) as i64);
    close("change", &net.change(&g["view.x"], &g["view.noise"]), &g["view.change"]);
    let own = Tensor::from_slice(&[32i64, 32]);
    let view = net.view(&g["view.x"], &g["view.noise"], &g["view.epsilon"], &own);
    close("view", &view, &g["view"]);
    let flat = net.params.gradient(&(view * &g["view.up"]).sum(Kind::Float));
    for name in ["down.0.conv.weight", "block.2.1.norm.weight", "last.bias"] {
        close(name, &part(&net.params, &flat, name), &g[&format!("view.gradient.{name}")]);
    }
}

/// epsilon is the mean absolute change of the own frames, up to the 1e-4 that no division by zero costs.
#[test]
fn epsilon_is_the_mean_change_of_own_frames() {
    let (g, spec) = (golden(), small());
    let net = ViewmakerNet::new(&spec, Seed::new(7), Device::Cpu);
    let own = Tensor::from_slice(&[32i64, 9]);
    let view = net.view(&g["view.x"], &g["view.noise"], &g["view.epsilon"], &own);
    let change = (view - &g["view.x"]).abs();
    for (i, (own, epsilon)) in [(32, 0.05), (9, 0.3)].into_iter().enumerate() {
        let change = change.get(i as i64);
        let mean = change.narrow(1, 0, own).mean(Kind::Double).double_value(&[]);
        assert!((mean / epsilon - 1.0).abs() < 0.01, "{mean} for {epsilon}");
        if own < 32 {
            assert_eq!(change.narrow(1, own, 32 - own).max().double_value(&[]), 0.0);
        }
    }
}

#[test]
fn contrastive_losses_equal_their_sums_over_pairs() {
    let g = golden();
    let similarities = ViewSimilarities::new(&g["nce.outputs"]);
    close("released", &similarities.loss(0.07, Denominator::Released), &g["nce.released"]);
    close("nt-xent", &similarities.loss(0.07, Denominator::NtXent), &g["nce.nt-xent"]);
    close("pairs", &similarities.of_pairs(), &g["nce.pairs"]);
    // The output that a first view is nearest to, beside itself, by hand: (1, 0) to (1, 0.1), (0, 1) to (1, 0.1) too.
    let outputs = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0, 1.0, 0.1, -1.0, 0.0]).view([4, 2]);
    let retrieved = ViewSimilarities::new(&outputs).retrieved();
    assert_eq!(Vec::<f32>::try_from(retrieved).unwrap(), [1.0, 0.0]);
}

#[test]
fn conversion_critic_and_losses_equal_pytorch() {
    let (g, spec) = (golden(), small());
    let mut generator = StarGanGenerator::new(&spec, Seed::new(0), Device::Cpu);
    generator.params.load(&file("stargan_generator")).unwrap();
    let mut critic = StarGanCritic::new(&spec, Seed::new(0), Device::Cpu);
    critic.params.load(&file("stargan_critic")).unwrap();
    assert_eq!(generator.param_count() as u64, spec.stargan().generator_weights(3));
    assert_eq!(critic.param_count() as u64, spec.stargan().critic_weights(3));
    let (x, own, target) = (&g["gan.x"], &g["gan.own"], &g["gan.target"]);
    let made = generator.forward(x, target);
    close("conversion", &made, &g["gan.made"]);
    close("logits", &critic.forward(x, own), &g["gan.logits"]);
    close("cycle", &absolute_difference(&generator.forward(&made, own), x), &g["gan.cycle"]);
    close("identity", &absolute_difference(&generator.forward(x, own), x), &g["gan.identity"]);
    let penalty = gradient_penalty(&critic, x, &made.detach(), &g["gan.share"], target);
    close("penalty", &penalty, &g["gan.penalty"]);
    let flat = critic.params.gradient(&penalty);
    for name in ["conv.0.weight", "conv.3.weight", "head.weight"] {
        close(name, &part(&critic.params, &flat, name), &g[&format!("gan.penalty.{name}")]);
    }
}
