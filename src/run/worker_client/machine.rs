//! The devices of a command. The worker is asked for them only where one may be a CUDA device.

use super::protocol::{Opened, ProbeQuestion};
use super::{ask, program};
use seraug_core::device::{self, DeviceChoice, DeviceInfo};
use seraug_core::driver;
use seraug_core::error::{Error, Result};

/// What the devices that were chosen are, and how each is named to workers.
///
/// # Errors
/// As [`read`]; a worker that cannot be asked, where it has to be.
pub fn open(choices: &[DeviceChoice], threads: usize) -> Result<(DeviceInfo, Vec<String>)> {
    let question = question(choices, threads);
    let opened = match question.devices.is_empty() {
        true => Opened::default(),
        false => ask(&program()?, &question)?.devices,
    };
    read(choices, threads, opened)
}

/// What the worker is asked about the devices that were chosen: nothing where all of them are the CPU.
pub fn question(choices: &[DeviceChoice], threads: usize) -> ProbeQuestion {
    about(choices, threads, driver::may_be_here)
}

fn about(choices: &[DeviceChoice], threads: usize, has_gpu: fn() -> bool) -> ProbeQuestion {
    let on_cpu = |choice: &DeviceChoice| match choice {
        DeviceChoice::Cpu => true,
        DeviceChoice::Auto => !has_gpu(),
        DeviceChoice::Cuda(_) => false,
    };
    let asked = if choices.iter().all(on_cpu) { &[] } else { choices };
    ProbeQuestion {
        devices: asked.iter().map(ToString::to_string).collect(),
        threads,
        ..ProbeQuestion::default()
    }
}

/// The devices of [`question`], with what the worker says of them.
///
/// # Errors
/// No device; the CPU beside a CUDA device; one that is not there or does not answer.
pub fn read(choices: &[DeviceChoice], threads: usize, opened: Opened) -> Result<(DeviceInfo, Vec<String>)> {
    let devices = match opened {
        Opened::All(none) if none.is_empty() => {
            choices.iter().map(|_| (DeviceChoice::Cpu.to_string(), device::cpu(threads))).collect()
        }
        Opened::All(devices) => devices,
        Opened::Not { error, usage: true } => return Err(Error::usage(error)),
        Opened::Not { error, usage: false } => return Err(Error::failed(error)),
    };
    let (names, machines): (Vec<_>, Vec<_>) = devices.into_iter().unzip();
    let Some(first) = machines.first() else {
        return Err(Error::usage("--device: name one, such as cpu or cuda:0"));
    };
    match machines.iter().all(|m| m.class == first.class) {
        true => Ok((first.clone(), names)),
        false => Err(Error::usage("--device: the CPU and CUDA devices cannot be mixed in one run")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeviceChoice::{Auto, Cpu, Cuda};

    #[test]
    fn nobody_is_asked_about_the_cpu() {
        let [without, with]: [fn() -> bool; 2] = [|| false, || true];
        for (choices, driver) in [(&[Cpu][..], with), (&[Auto], without), (&[Cpu, Auto], without)] {
            assert_eq!(about(choices, 2, driver).devices, Vec::<String>::new());
            let (machine, names) = read(choices, 2, Opened::default()).unwrap();
            assert_eq!(machine, device::cpu(2));
            assert_eq!(names, vec!["cpu"; choices.len()]);
        }
        assert_eq!(about(&[Auto], 1, with).devices, ["auto"]);
        assert_eq!(about(&[Cpu, Cuda(1)], 1, without).devices, ["cpu", "cuda:1"]);
    }

    #[test]
    fn what_the_worker_says_is_passed_on() {
        let card = DeviceInfo { class: "cuda".into(), name: "card".into(), ..DeviceInfo::default() };
        let card = ("cuda:0".to_owned(), card);
        let (machine, names) = read(&[Auto], 1, Opened::All(vec![card.clone()])).unwrap();
        assert_eq!((machine.name.as_str(), names), ("card", vec!["cuda:0".to_owned()]));
        let both = Opened::All(vec![("cpu".to_owned(), device::cpu(1)), card]);
        let mixed = read(&[Cpu, Cuda(0)], 1, both).unwrap_err();
        assert!(mixed.to_string().contains("cannot be mixed"), "{mixed}");
        assert!(read(&[], 1, Opened::default()).unwrap_err().to_string().contains("name one"));
        for usage in [true, false] {
            let expected = if usage { Error::usage("gone") } else { Error::failed("gone") };
            assert_eq!(read(&[Cuda(0)], 1, Opened::Not { error: "gone".into(), usage }), Err(expected));
        }
    }
}
