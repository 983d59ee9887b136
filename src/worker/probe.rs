//! What this process has to compute with, for the programs that have no libtorch themselves.

use crate::{benchmark, network_sizes};
use seraug_core::device::{DeviceChoice, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::spec;
use seraug_core::version::{self, VERSION};
use seraug_run::worker_client::protocol::{Opened, ProbeAnswer, ProbeQuestion};
use seraug_train::torch::{cuda, device, libtorch};

/// Answers `question`. A device that cannot be opened is an answer.
///
/// # Errors
/// A spec that does not read; a trial that fails.
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
        timed: question.trial.as_ref().map_or(Ok(Vec::new()), benchmark::run)?,
    })
}

fn opened(names: &[String]) -> Result<Vec<(String, DeviceInfo)>> {
    let open = |name: &String| {
        let device = device::open(name.parse::<DeviceChoice>()?)?;
        Ok((device::choice(device).to_string(), device::describe(device)))
    };
    names.iter().map(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_and_the_reason_for_no_device() {
        let devices = vec!["cpu".to_owned()];
        let told = answer(&ProbeQuestion { devices, threads: 1, ..ProbeQuestion::default() }).unwrap();
        assert!(told.libtorch.starts_with(seraug_core::device::LIBTORCH), "{}", told.libtorch);
        assert_eq!(told.devices, Opened::All(vec![("cpu".to_owned(), seraug_core::device::cpu(1))]));
        assert_eq!((told.cuda, told.networks), (None, Vec::new()));
        let devices = vec!["cuda:99".to_owned()];
        let told = answer(&ProbeQuestion { devices, cuda: true, ..ProbeQuestion::default() }).unwrap();
        let Opened::Not { error, .. } = told.devices else { panic!("{:?}", told.devices) };
        assert!(error.starts_with("--device cuda:99: "), "{error}");
        assert!(told.cuda.is_some());
    }
}
