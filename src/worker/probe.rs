//! What this process computes with, for the program that does not link libtorch itself.

use crate::{benchmark, network_sizes};
use seraug_core::device::{DeviceChoice, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::spec;
use seraug_core::version::{self, VERSION};
use seraug_run::worker_client::protocol::{Opened, ProbeAnswer, ProbeQuestion};
use seraug_train::torch::{cuda, device, libtorch};

/// Answers `question`. That a device cannot be opened is an answer too.
///
/// # Errors
/// A spec that does not parse; a benchmark that fails.
pub fn answer(question: &ProbeQuestion) -> Result<ProbeAnswer> {
    device::use_threads(question.threads);
    let devices = match opened(&question.devices) {
        Ok(devices) => Opened::All(devices),
        Err(e) => Opened::Not { usage: matches!(e, Error::Usage(_)), error: e.to_string() },
    };
    let networks = match &question.spec {
        None => Vec::new(),
        Some(text) => network_sizes::of(&spec::parse(text, "the spec of a probe", &[])?),
    };
    Ok(ProbeAnswer {
        version: VERSION.to_owned(),
        revision: version::revision().to_owned(),
        libtorch: libtorch::version(),
        folder: libtorch::lib_dir().map(Into::into),
        devices,
        cuda: question.cuda.then(|| {
            let devices = cuda::devices().map_err(|none| none.reason)?;
            Ok((0..devices).map(cuda::card).collect())
        }),
        networks,
        timed: question.benchmark.as_ref().map_or(Ok(Vec::new()), benchmark::run)?,
    })
}

/// Opens the devices: the choice that opens each again, and what it is.
fn opened(choices: &[DeviceChoice]) -> Result<Vec<(DeviceChoice, DeviceInfo)>> {
    let open = |choice: &DeviceChoice| {
        let device = device::open(*choice)?;
        Ok((device::choice(device), device::describe(device)))
    };
    choices.iter().map(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_and_the_reason_for_no_device() {
        let devices = vec![DeviceChoice::Cpu];
        let answered = answer(&ProbeQuestion { devices, threads: 1, ..ProbeQuestion::default() }).unwrap();
        assert!(answered.libtorch.starts_with(seraug_core::device::LIBTORCH), "{}", answered.libtorch);
        assert_eq!(answered.devices, Opened::All(vec![(DeviceChoice::Cpu, seraug_core::device::cpu(1))]));
        assert_eq!((answered.cuda, answered.networks), (None, Vec::new()));
        let devices = vec![DeviceChoice::Cuda(99)];
        let answered = answer(&ProbeQuestion { devices, cuda: true, ..ProbeQuestion::default() }).unwrap();
        let Opened::Not { error, .. } = answered.devices else { panic!("{:?}", answered.devices) };
        assert!(error.starts_with("--device cuda:99: "), "{error}");
        assert!(answered.cuda.is_some());
    }
}
