//! Which device computes: what the user asked for, checked against what is there.

use super::cuda;
use crate::error::{Error, Result};
use crate::results::DeviceInfo;
use std::fmt;
use std::fs;
use std::str::FromStr;
use tch::{Kind, Tensor};

/// What `open` gives; the floors above name it without naming tch.
pub use tch::Device;

/// `--device`: `auto`, `cpu`, `cuda` (the same as `cuda:0`) or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// This CUDA device, or an error.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceChoice> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|n| n.parse().ok())
                .map(DeviceChoice::Cuda)
                .ok_or_else(|| Error::usage(format!("no device '{text}': use auto, cpu, cuda or cuda:N"))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Auto => f.write_str("auto"),
            DeviceChoice::Cpu => f.write_str("cpu"),
            DeviceChoice::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

/// The device to compute on, after one small allocation there has succeeded.
///
/// `auto` is the CPU, without a word, where CUDA offers no device; `seraug doctor` shows the reason. A device that is
/// there and does not answer is an error even for `auto`: the CPU in its place would cost days.
pub fn open(choice: DeviceChoice) -> Result<Device> {
    let device = match choice {
        DeviceChoice::Cpu => Device::Cpu,
        _ => pick(choice, cuda::devices())?,
    };
    let answer = Tensor::f_zeros([1], (Kind::Float, device)).and_then(|t| t.f_double_value(&[0]));
    answer.map(|_| device).map_err(|e| {
        let reason = e.to_string();
        let reason = reason.lines().next().unwrap_or_default();
        Error::failed(format!(
            "{} does not answer: {reason}; see nvidia-smi, or use --device cpu",
            name(device)
        ))
    })
}

/// The device for `choice`, given how many CUDA devices there are or why there are none.
fn pick(choice: DeviceChoice, cuda: std::result::Result<usize, String>) -> Result<Device> {
    match (choice, cuda) {
        (DeviceChoice::Cpu, _) | (DeviceChoice::Auto, Err(_)) => Ok(Device::Cpu),
        (DeviceChoice::Auto, Ok(_)) => Ok(Device::Cuda(0)),
        (DeviceChoice::Cuda(n), Ok(count)) if n < count => Ok(Device::Cuda(n)),
        (DeviceChoice::Cuda(n), Ok(1)) => {
            Err(Error::usage(format!("--device cuda:{n}: there is one CUDA device, cuda:0")))
        }
        (DeviceChoice::Cuda(n), Ok(count)) => Err(Error::usage(format!(
            "--device cuda:{n}: there are {count} CUDA devices, cuda:0 to cuda:{}",
            count - 1
        ))),
        (DeviceChoice::Cuda(n), Err(reason)) => Err(Error::failed(format!(
            "--device cuda:{n}: {reason}; on a machine with an NVIDIA GPU ./bootstrap installs what it needs, else use --device cpu"
        ))),
    }
}

/// From now on a tensor operation of this process takes so many threads of the CPU.
pub fn use_threads(threads: usize) {
    tch::set_num_threads(i32::try_from(threads.max(1)).unwrap_or(1));
}

/// The choice that gives this very device.
pub fn choice(device: Device) -> DeviceChoice {
    match device {
        Device::Cuda(n) => DeviceChoice::Cuda(n),
        _ => DeviceChoice::Cpu,
    }
}

/// What the numbers depend on: the class, and on the CPU the number of threads where it is not one, as sums are then
/// taken in another order.
pub fn numeric(machine: &DeviceInfo) -> String {
    match (machine.class.as_str(), machine.threads) {
        ("cpu", threads) if threads > 1 => format!("cpu/{threads}"),
        (class, _) => class.to_owned(),
    }
}

/// The device as provenance records it.
pub fn describe(device: Device) -> DeviceInfo {
    DeviceInfo {
        class: if device.is_cuda() { "cuda" } else { "cpu" }.to_owned(),
        name: name(device),
        host: read_line("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown".to_owned()),
        threads: usize::try_from(tch::get_num_threads()).unwrap_or(1),
    }
}

/// Memory of the device in bytes: the card's own, or the machine's; `None` where the system does not tell.
pub fn memory(device: Device) -> Option<u64> {
    if let Device::Cuda(n) = device {
        return cuda::card(n).memory;
    }
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 = info
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))?
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// The processor's or the card's name.
fn name(device: Device) -> String {
    match device {
        Device::Cuda(n) => cuda::card(n).name,
        _ => fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|info| processor(&info))
            .unwrap_or_else(|| format!("{} processor", std::env::consts::ARCH)),
    }
}

/// The `model name` in the text of /proc/cpuinfo, blanks folded.
fn processor(cpuinfo: &str) -> Option<String> {
    let value = cpuinfo.lines().find(|l| l.starts_with("model name"))?.split_once(':')?.1;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn read_line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned()).filter(|s| !s.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_read_as_written() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("cuda:0", DeviceChoice::Cuda(0)),
            ("cuda:7", DeviceChoice::Cuda(7)),
        ] {
            assert_eq!(text.parse(), Ok(choice));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        for wrong in ["", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1"] {
            let error = wrong.parse::<DeviceChoice>().unwrap_err();
            assert_eq!(error, Error::usage(format!("no device '{wrong}': use auto, cpu, cuda or cuda:N")));
        }
    }

    #[test]
    fn auto_takes_cuda_where_there_is_any() {
        assert_eq!(pick(DeviceChoice::Auto, Ok(2)), Ok(Device::Cuda(0)));
        assert_eq!(pick(DeviceChoice::Auto, Err("none".into())), Ok(Device::Cpu));
        assert_eq!(pick(DeviceChoice::Cpu, Ok(2)), Ok(Device::Cpu));
        assert_eq!(pick(DeviceChoice::Cuda(1), Ok(2)), Ok(Device::Cuda(1)));
    }

    #[test]
    fn cuda_out_of_reach_says_why_and_how_many_there_are() {
        let message = |n, cuda| pick(DeviceChoice::Cuda(n), cuda).unwrap_err().to_string();
        assert_eq!(message(7, Ok(2)), "--device cuda:7: there are 2 CUDA devices, cuda:0 to cuda:1");
        assert_eq!(message(1, Ok(1)), "--device cuda:1: there is one CUDA device, cuda:0");
        let none = message(0, Err("CUDA finds no device".into()));
        assert!(none.starts_with("--device cuda:0: CUDA finds no device; "), "{none}");
    }

    #[test]
    fn the_cpu_opens_and_is_described() {
        let device = open(DeviceChoice::Cpu).unwrap();
        let info = describe(device);
        assert_eq!(info.class, "cpu");
        assert!(!info.name.is_empty() && !info.host.is_empty() && info.threads > 0, "{info:?}");
        assert!(memory(device).is_some_and(|bytes| bytes > 1 << 28));
    }

    #[test]
    fn the_processor_is_named_on_one_line() {
        assert_eq!(
            processor("vendor_id\t: X\nmodel name\t: Some  CPU @ 2 GHz\n"),
            Some("Some CPU @ 2 GHz".into())
        );
        assert_eq!(processor("Hardware\t: board\n"), None);
    }
}
