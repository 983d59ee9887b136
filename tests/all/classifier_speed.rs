//! Measurements, not checks: `cargo test --release classifier_speed -- --ignored --nocapture`.

use seraug::nets::vgg::Vgg;
use seraug::seed::Seed;
use seraug::spec::{self, Network};
use seraug::train::adam::Adam;
use seraug::train::loss::cross_entropy;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

const SPEC: &str = r#"title = "speed"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
[[condition]]
name = "no-aug"
"#;

/// Prints milliseconds a step of forward, backward and update, the start left out.
fn measure(name: &str, sets: &[String], batch: i64, steps: usize) {
    let spec = spec::parse(SPEC, "speed.toml", sets).unwrap().classifier;
    let Network::Vgg(vgg) = &spec.network;
    let net = Vgg::new(vgg, 128, 128, 4, Seed::new(1), Device::Cpu);
    let mut adam = Adam::new(net.params(), spec.betas);
    let x = Tensor::ones([batch, 1, 128, 128], (Kind::Float, Device::Cpu)).cumsum(3, Kind::Float).sin();
    let y = Tensor::arange(batch, (Kind::Int64, Device::Cpu)).remainder(4);
    let mut times = Vec::new();
    for step in 0..steps {
        let started = Instant::now();
        let logits = net.forward(&x, Some(Seed::new(1).at(step as u64)));
        let forward = started.elapsed();
        let gradient = net.params().gradient(&cross_entropy(&logits, &y, None));
        let backward = started.elapsed();
        adam.step(net.params(), &gradient, 1e-4, 0.0);
        times.push([started.elapsed(), forward, backward - forward]);
    }
    times.sort();
    let [all, forward, backward] = times[times.len() / 2].map(|t| t.as_secs_f64() * 1e3);
    println!(
        "{name}: {all:.2} ms a step of {batch} (forward {forward:.2}, backward {backward:.2}); {} parameters, {} MACs a segment",
        net.param_count(),
        net.macs_per_sample()
    );
}

#[test]
#[ignore = "a measurement"]
fn classifier_speed() {
    let set = |sets: &[&str]| sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    for threads in [1, 2] {
        tch::set_num_threads(threads);
        measure(&format!("tiny on {threads} threads"), &set(&["preset=tiny"]), 16, 300);
    }
    measure("VGG19", &set(&[]), 32, 3);
}
