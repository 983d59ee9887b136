//! The devices of a command. The worker is asked about them only where one of them may be a CUDA device.

use super::protocol::{Opened, ProbeQuestion};
use super::{ask, program};
use seraug_core::device::{self, DeviceChoice, DeviceInfo};
use seraug_core::driver;
use seraug_core::error::{Error, Result};

/// Opens the devices that the command line names: what they are, and the choice that a worker is given for each.
///
/// # Errors
/// As [`read`]; a worker that does not answer, where it has to be asked.
pub fn open(choices: &[DeviceChoice], threads: usize) -> Result<(DeviceInfo, Vec<DeviceChoice>)> {
    let question = question(choices, threads);
    let opened = match question.devices.is_empty() {
        true => Opened::default(),
        false => ask(&program()?, &question)?.devices,
    };
    read(choices, threads, opened)
}

/// The question to a worker about the chosen devices; it names no device where all of them are the CPU.
pub fn question(choices: &[DeviceChoice], threads: usize) -> ProbeQuestion {
    question_with(choices, threads, driver::may_be_here)
}

fn question_with(choices: &[DeviceChoice], threads: usize, has_gpu: fn() -> bool) -> ProbeQuestion {
    let on_cpu = |choice: &DeviceChoice| match choice {
        DeviceChoice::Cpu => true,
        DeviceChoice::Auto => !has_gpu(),
        DeviceChoice::Cuda(_) => false,
    };
    let devices = if choices.iter().all(on_cpu) { Vec::new() } else { choices.to_vec() };
    ProbeQuestion { devices, threads, ..ProbeQuestion::default() }
}

/// The devices of [`question`], given the worker's answer.
///
/// # Errors
/// No device; the CPU beside a CUDA device; a device that is missing or does not answer.
pub fn read(
    choices: &[DeviceChoice],
    threads: usize,
    opened: Opened,
) -> Result<(DeviceInfo, Vec<DeviceChoice>)> {
    let devices = match opened {
        Opened::All(none) if none.is_empty() => {
            choices.iter().map(|_| (DeviceChoice::Cpu, device::cpu(threads))).collect()
        }
        Opened::All(devices) => devices,
        Opened::Not { error, usage: true } => return Err(Error::usage(error)),
        Opened::Not { error, usage: false } => return Err(Error::failed(error)),
    };
    let (choices, machines): (Vec<_>, Vec<_>) = devices.into_iter().unzip();
    let Some(first) = machines.first() else {
        return Err(Error::usage("--device: name one, such as cpu or cuda:0"));
    };
    match machines.iter().all(|m| m.class == first.class) {
        true => Ok((first.clone(), choices)),
        false => Err(Error::usage("--device: the CPU and CUDA devices cannot be mixed in one run")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeviceChoice::{Auto, Cpu, Cuda};
    use seraug_core::device::DeviceClass;

    #[test]
    fn nobody_is_asked_about_the_cpu() {
        let [without, with]: [fn() -> bool; 2] = [|| false, || true];
        for (choices, driver) in [(&[Cpu][..], with), (&[Auto], without), (&[Cpu, Auto], without)] {
            assert_eq!(question_with(choices, 2, driver).devices, []);
            let (machine, devices) = read(choices, 2, Opened::default()).unwrap();
            assert_eq!(machine, device::cpu(2));
            assert_eq!(devices, vec![Cpu; choices.len()]);
        }
        assert_eq!(question_with(&[Auto], 1, with).devices, [Auto]);
        assert_eq!(question_with(&[Cpu, Cuda(1)], 1, without).devices, [Cpu, Cuda(1)]);
    }

    #[test]
    fn what_the_worker_says_is_passed_on() {
        let card = DeviceInfo { class: DeviceClass::Cuda, name: "card".into(), ..DeviceInfo::default() };
        let card = (Cuda(0), card);
        let (machine, devices) = read(&[Auto], 1, Opened::All(vec![card.clone()])).unwrap();
        assert_eq!((machine.name.as_str(), devices), ("card", vec![Cuda(0)]));
        let both = Opened::All(vec![(Cpu, device::cpu(1)), card]);
        let mixed = read(&[Cpu, Cuda(0)], 1, both).unwrap_err();
        assert!(mixed.to_string().contains("cannot be mixed"), "{mixed}");
        assert!(read(&[], 1, Opened::default()).unwrap_err().to_string().contains("name one"));
        for usage in [true, false] {
            let expected = if usage { Error::usage("gone") } else { Error::failed("gone") };
            assert_eq!(read(&[Cuda(0)], 1, Opened::Not { error: "gone".into(), usage }), Err(expected));
        }
    }
}
