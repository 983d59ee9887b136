//! Sizes of the networks of a spec, for provenance.

use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Augment, GanLoss, Network, Spec};
use seraug_train::generators::triplet_gan::Networks;
use seraug_train::nets::vgg::VggNet;
use seraug_train::torch::device::Device;

/// Parameters and FLOPs (two a multiply-add, one forward pass of one input) of every network that the
/// conditions of `spec` train.
pub fn of(spec: &Spec) -> Vec<NetworkInfo> {
    let info = |name: &str, parameters: i64, macs: u64| NetworkInfo {
        name: name.to_owned(),
        parameters: parameters as u64,
        flops: 2 * macs,
    };
    let mut sizes = Vec::new();
    let gans = || {
        spec.condition.iter().filter_map(|c| match &c.augment {
            Augment::TripletGan(a) => Some(a),
            _ => None,
        })
    };
    if gans().next().is_some() {
        let n = Networks::new(spec, Seed::new(0), Device::Cpu);
        sizes.push(info("augmentor", n.augmentor.param_count(), n.augmentor.macs_per_sample()));
        sizes.push(info("discriminator", n.discriminator.param_count(), n.discriminator.macs_per_sample()));
        if gans().any(|a| GanLoss::guided(&a.losses)) {
            let r = &n.representation;
            sizes.push(info("representation learner", r.param_count(), r.macs_per_sample()));
        }
    }
    let Network::Vgg(vgg) = &spec.classifier.network;
    let frames = spec.classifier.segment_frames;
    let net = VggNet::new(vgg, frames, spec.features.mels, spec.classes.len(), Seed::new(0), Device::Cpu);
    sizes.push(info("classifier", net.param_count(), net.macs_per_sample()));
    sizes
}
