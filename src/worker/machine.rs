//! The devices of a command. The worker is asked for them only where one may be a CUDA device.

use super::protocol::{Answer, Opened, Question};
use super::{ask, program};
use crate::device::{self, DeviceChoice};
use crate::error::{Error, Result};
use crate::results::DeviceInfo;
use libloading::os::unix::Library;

/// What the devices that were chosen are, and how each is named to workers.
///
/// # Errors
/// No device; the CPU beside a CUDA device; one that is not there or does not answer; a worker that cannot be asked.
pub fn open(choices: &[DeviceChoice], threads: usize) -> Result<(DeviceInfo, Vec<String>)> {
    open_with(choices, threads, has_driver, |question| Ok(ask(&program()?, question)?))
}

fn open_with(
    choices: &[DeviceChoice],
    threads: usize,
    has_driver: fn() -> bool,
    ask: impl Fn(&Question) -> Result<Answer>,
) -> Result<(DeviceInfo, Vec<String>)> {
    let on_cpu = |choice: &DeviceChoice| match choice {
        DeviceChoice::Cpu => true,
        DeviceChoice::Auto => !has_driver(),
        DeviceChoice::Cuda(_) => false,
    };
    let devices = if choices.iter().all(on_cpu) {
        choices.iter().map(|_| (DeviceChoice::Cpu.to_string(), device::cpu(threads))).collect()
    } else {
        let devices = choices.iter().map(ToString::to_string).collect();
        match ask(&Question { devices, threads, ..Question::default() })?.devices {
            Opened::All(devices) => devices,
            Opened::Not { error, usage: true } => return Err(Error::usage(error)),
            Opened::Not { error, usage: false } => return Err(Error::failed(error)),
        }
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

/// Whether NVIDIA's driver is here, without which there is no CUDA device; that it is here promises none.
pub fn has_driver() -> bool {
    // SAFETY: its initialisers are those that libtorch runs too; nothing of it is called.
    unsafe { Library::new("libcuda.so.1") }.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeviceChoice::{Auto, Cpu, Cuda};

    const NAMED: [fn() -> bool; 2] = [|| false, || true];

    fn silent(_: &Question) -> Result<Answer> {
        Err(Error::failed("asked"))
    }

    fn told(question: &Question) -> Result<Answer> {
        let cuda = || DeviceInfo { class: "cuda".into(), name: "card".into(), ..DeviceInfo::default() };
        let one = |name: &String| match name.as_str() {
            "cpu" => ("cpu".to_owned(), device::cpu(1)),
            _ => ("cuda:0".to_owned(), cuda()),
        };
        let devices = Opened::All(question.devices.iter().map(one).collect());
        Ok(Answer { devices, ..Answer::default() })
    }

    #[test]
    fn nobody_is_asked_about_the_cpu() {
        let [without, with] = NAMED;
        for (choices, driver) in [(&[Cpu][..], with), (&[Auto], without), (&[Cpu, Auto], without)] {
            let (machine, names) = open_with(choices, 2, driver, silent).unwrap();
            assert_eq!(machine, device::cpu(2));
            assert_eq!(names, vec!["cpu"; choices.len()]);
        }
        for (choice, driver) in [(Auto, with), (Cuda(1), without)] {
            assert_eq!(open_with(&[choice], 1, driver, silent), Err(Error::failed("asked")));
        }
    }

    #[test]
    fn answers_are_passed_on() {
        let [without, with] = NAMED;
        let (machine, names) = open_with(&[Auto], 1, with, told).unwrap();
        assert_eq!((machine.name.as_str(), names), ("card", vec!["cuda:0".to_owned()]));
        let mixed = open_with(&[Cpu, Cuda(0)], 1, without, told).unwrap_err();
        assert!(mixed.to_string().contains("cannot be mixed"), "{mixed}");
        assert!(open_with(&[], 1, without, told).unwrap_err().to_string().contains("name one"));
        for usage in [true, false] {
            let not = |_: &Question| {
                let devices = Opened::Not { error: "gone".into(), usage };
                Ok(Answer { devices, ..Answer::default() })
            };
            let expected = if usage { Error::usage("gone") } else { Error::failed("gone") };
            assert_eq!(open_with(&[Cuda(0)], 1, without, not), Err(expected));
        }
    }
}
