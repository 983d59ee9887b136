//! Sizes of the networks of a spec, for run.toml.

use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Generator, Network, Spec};
use seraug_core::with_generator;
use seraug_train::generators::Generate;
use seraug_train::judge::JudgeNet;
use seraug_train::nets::vgg::VggNet;
use seraug_train::torch::device::Device;

/// Parameters and FLOPs (of one forward pass of one input, two for each multiply-add) of every network that the conditions
/// of `spec` train.
pub fn of(spec: &Spec) -> Vec<NetworkInfo> {
    let mut sizes: Vec<NetworkInfo> = Vec::new();
    for c in &spec.condition {
        // Conditions share networks: each is made and told once.
        let unknown = |name: &str| sizes.iter().all(|known| known.name != name);
        let trained = with_generator!(
            &c.augment,
            g => if g.network_names().iter().any(|n| unknown(n)) { g.network_sizes(spec) } else { Vec::new() },
            none => Vec::new()
        );
        let new: Vec<NetworkInfo> = trained.into_iter().filter(|n| unknown(&n.name)).collect();
        sizes.extend(new);
    }
    if spec.judge.is_some() {
        let judge = JudgeNet::new(spec, Seed::new(0), Device::Cpu);
        sizes.push(NetworkInfo {
            name: "judge".to_owned(),
            parameters: judge.params().count() as u64,
            flops: 2 * judge.macs_per_sample(),
        });
    }
    let Network::Vgg(vgg) = &spec.classifier.network;
    let frames = spec.classifier.segment_frames;
    let net = VggNet::new(vgg, frames, spec.features.mels, spec.classes.len(), Seed::new(0), Device::Cpu);
    sizes.push(NetworkInfo {
        name: "classifier".to_owned(),
        parameters: net.param_count() as u64,
        flops: 2 * net.macs_per_sample(),
    });
    sizes
}
