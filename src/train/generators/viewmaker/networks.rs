//! The viewmaker and the encoder that it is trained against.

use crate::nets::headed_sequence::{HeadedSequence, SequenceSizes};
use crate::nets::viewmaker::ViewmakerNet;
use seraug_core::rng::Seed;
use seraug_core::spec::Spec;
use tch::Device;

/// Both networks.
#[derive(Debug)]
pub struct ViewmakerNetworks {
    /// Makes views.
    pub viewmaker: ViewmakerNet,
    /// Recognises two views of one window among those of others.
    pub encoder: HeadedSequence,
}

impl ViewmakerNetworks {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> ViewmakerNetworks {
        let (v, seed) = (&spec.viewmaker(), seed.child("init"));
        let sizes =
            SequenceSizes { widths: &v.encoder_widths, units: v.outputs, classes: None, frames: v.frames };
        ViewmakerNetworks {
            viewmaker: ViewmakerNet::new(spec, seed, device),
            encoder: HeadedSequence::new(sizes, spec.precision, seed.child("encoder"), device),
        }
    }
}
