//! Sizes of the networks of a spec, for provenance.

use crate::nets::vgg::Vgg;
use crate::results::NetworkInfo;
use crate::seed::Seed;
use crate::spec::{Augment, Network, Spec};
use crate::train::device::Device;
use crate::train::networks::Networks;

/// Parameters and FLOPs (two a multiply-add, one forward pass of one input) of every network that the
/// conditions of `spec` train.
pub fn of(spec: &Spec) -> Vec<NetworkInfo> {
    let info = |name: &str, parameters: i64, macs: u64| NetworkInfo {
        name: name.to_owned(),
        parameters: parameters as u64,
        flops: 2 * macs,
    };
    let mut sizes = Vec::new();
    if spec.condition.iter().any(|c| matches!(c.augment, Augment::TripletGan(_))) {
        let n = Networks::new(spec, Seed::new(0), Device::Cpu);
        sizes.push(info("augmentor", n.augmentor.param_count(), n.augmentor.macs_per_sample()));
        sizes.push(info("discriminator", n.discriminator.param_count(), n.discriminator.macs_per_sample()));
        sizes.push(info(
            "representation learner",
            n.representation.param_count(),
            n.representation.macs_per_sample(),
        ));
    }
    let Network::Vgg(vgg) = &spec.classifier.network;
    let frames = spec.classifier.segment_frames;
    let net = Vgg::new(vgg, frames, spec.features.mels, spec.classes.len(), Seed::new(0), Device::Cpu);
    sizes.push(info("classifier", net.param_count(), net.macs_per_sample()));
    sizes
}
