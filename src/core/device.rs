//! The words for what computes: what the user asks for, what provenance records, what the numbers depend on.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::{fmt, fs};

/// The release of libtorch that the tch crate works with, and that ./bootstrap installs.
pub const LIBTORCH: &str = "2.11.0";

/// The shared object of CUDA graphs, beside the programs where `just cuda-graph` has built it.
pub const CUDA_GRAPH: &str = "libseraug_cuda_graph.so";

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

/// A machine, as far as results depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeviceInfo {
    /// `cpu` or `cuda`.
    pub class: String,
    /// Name of the processor or card.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
}

/// What the driver says of a CUDA device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its name, such as `NVIDIA H100 80GB HBM3`; `CUDA device N` when the driver does not tell.
    pub name: String,
    /// Its memory in bytes; `None` when the driver does not tell.
    pub memory: Option<u64>,
}

/// What the numbers depend on: the class, and on the CPU the number of threads where it is not one, as sums are then
/// taken in another order.
pub fn numeric(machine: &DeviceInfo) -> String {
    match (machine.class.as_str(), machine.threads) {
        ("cpu", threads) if threads > 1 => format!("cpu/{threads}"),
        (class, _) => class.to_owned(),
    }
}

/// This machine's processor as provenance records it, computing with `threads` threads.
pub fn cpu(threads: usize) -> DeviceInfo {
    let name = fs::read_to_string("/proc/cpuinfo").ok().and_then(|info| processor(&info));
    DeviceInfo {
        class: "cpu".to_owned(),
        name: name.unwrap_or_else(|| format!("{} processor", std::env::consts::ARCH)),
        host: host(),
        threads: threads.max(1),
    }
}

/// The instructions by which this machine's processor computes in bfloat16; without any, libtorch emulates it.
pub fn bf16() -> Option<&'static str> {
    bf16_of(&fs::read_to_string("/proc/cpuinfo").ok()?)
}

/// As [`bf16`], by the flags in the text of /proc/cpuinfo; those of an ARM are called features.
fn bf16_of(cpuinfo: &str) -> Option<&'static str> {
    let flags = cpuinfo.lines().find(|l| l.starts_with("flags") || l.starts_with("Features"))?;
    ["amx_bf16", "avx512_bf16", "bf16"].into_iter().find(|name| flags.split_whitespace().any(|f| f == *name))
}

/// The name of this machine.
pub fn host() -> String {
    read_line("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown".to_owned())
}

/// The machine's memory in bytes; `None` where the system does not tell.
pub fn memory() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
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
    fn the_cpu_is_described() {
        let info = cpu(3);
        assert_eq!((info.class.as_str(), info.threads), ("cpu", 3));
        assert!(!info.name.is_empty() && !info.host.is_empty(), "{info:?}");
        assert!(memory().is_some_and(|bytes| bytes > 1 << 28));
        assert_eq!([numeric(&info), numeric(&cpu(1))], ["cpu/3", "cpu"]);
    }

    #[test]
    fn a_processor_says_whether_it_has_bf16() {
        let of = |flags: &str| bf16_of(&format!("model name\t: X\nflags\t\t: fpu {flags} sse\n"));
        assert_eq!([of("avx512_bf16 amx_bf16"), of("avx512_bf16")], [Some("amx_bf16"), Some("avx512_bf16")]);
        assert_eq!([of("avx512f avx512_bf160"), bf16_of("")], [None, None]);
        assert_eq!(bf16_of("Features\t: fp asimd i8mm bf16\n"), Some("bf16"));
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
