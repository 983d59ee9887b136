//! What computes: the device that a user asks for, the one that provenance records, and what numbers depend on.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::{fmt, fs};

/// The release of libtorch that the tch crate works with, and that ./bootstrap installs.
pub const LIBTORCH: &str = "2.11.0";

/// The shared library of CUDA graphs, next to the programs if `just cuda-graph` has built it.
pub const CUDA_GRAPH: &str = "libseraug_cuda_graph.so";

/// `--device`: `auto`, `cpu`, `cuda` (the same as `cuda:0`) or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for DeviceChoice {
    type Error = Error;

    fn try_from(text: String) -> Result<DeviceChoice> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> String {
        choice.to_string()
    }
}

impl DeviceChoice {
    /// Which kind of device it is; unknown for `auto`, which a worker has to open first.
    pub fn class(self) -> DeviceClass {
        match self {
            DeviceChoice::Auto => DeviceClass::Unknown,
            DeviceChoice::Cpu => DeviceClass::Cpu,
            DeviceChoice::Cuda(_) => DeviceClass::Cuda,
        }
    }
}

/// The kind of a device, by the word that run.toml, outcome.toml and outcomes.csv have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DeviceClass {
    /// Nothing is recorded: the run trained nothing.
    #[default]
    #[serde(rename = "")]
    Unknown,
    /// A processor.
    #[serde(rename = "cpu")]
    Cpu,
    /// An NVIDIA GPU.
    #[serde(rename = "cuda")]
    Cuda,
}

impl DeviceClass {
    /// `cpu` or `cuda`; empty where nothing is recorded.
    pub fn name(self) -> &'static str {
        match self {
            DeviceClass::Unknown => "",
            DeviceClass::Cpu => "cpu",
            DeviceClass::Cuda => "cuda",
        }
    }
}

impl FromStr for DeviceClass {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceClass> {
        let all = [DeviceClass::Unknown, DeviceClass::Cpu, DeviceClass::Cuda];
        let found = all.into_iter().find(|class| class.name() == text);
        found.ok_or_else(|| Error::failed(format!("no device class `{text}`: expected cpu or cuda")))
    }
}

impl fmt::Display for DeviceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the numbers of a training depend on, by the word that keys have for it: `cpu`, `cpu/4`, `cuda`. On a CPU the
/// number of threads decides the order in which sums are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericClass {
    /// A processor, with at least one thread.
    Cpu {
        /// Threads of a tensor operation.
        threads: usize,
    },
    /// An NVIDIA GPU.
    Cuda,
}

impl NumericClass {
    /// A processor with one thread.
    pub const CPU: NumericClass = NumericClass::Cpu { threads: 1 };
}

impl FromStr for NumericClass {
    type Err = Error;

    fn from_str(text: &str) -> Result<NumericClass> {
        let threads = || text.strip_prefix("cpu/")?.parse::<usize>().ok().filter(|threads| *threads > 1);
        match text {
            "cpu" => Ok(NumericClass::CPU),
            "cuda" => Ok(NumericClass::Cuda),
            _ => threads().map(|threads| NumericClass::Cpu { threads }).ok_or_else(|| {
                Error::failed(format!("no numeric class `{text}`: expected cpu, cpu/THREADS or cuda"))
            }),
        }
    }
}

impl fmt::Display for NumericClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NumericClass::Cuda => f.write_str("cuda"),
            NumericClass::Cpu { threads: 0 | 1 } => f.write_str("cpu"),
            NumericClass::Cpu { threads } => write!(f, "cpu/{threads}"),
        }
    }
}

/// The device that a run computed on, as run.toml records it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeviceInfo {
    /// What kind of device it is.
    pub class: DeviceClass,
    /// Name of the processor or card.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
}

/// A CUDA device as the driver describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its name, such as `NVIDIA H100 80GB HBM3`; `CUDA device N` where the driver does not say.
    pub name: String,
    /// Its memory in bytes; `None` where the driver does not say.
    pub memory: Option<u64>,
}

impl DeviceInfo {
    /// What its numbers depend on.
    pub fn numeric(&self) -> NumericClass {
        match self.class {
            DeviceClass::Cuda => NumericClass::Cuda,
            DeviceClass::Cpu | DeviceClass::Unknown => NumericClass::Cpu { threads: self.threads.max(1) },
        }
    }
}

/// The processor of this machine, computing with `threads` threads.
pub fn cpu(threads: usize) -> DeviceInfo {
    let name = fs::read_to_string("/proc/cpuinfo").ok().and_then(|info| processor(&info));
    DeviceInfo {
        class: DeviceClass::Cpu,
        name: name.unwrap_or_else(|| format!("{} processor", std::env::consts::ARCH)),
        host: host(),
        threads: threads.max(1),
    }
}

/// The bfloat16 instructions of this machine's processor; without any, libtorch emulates them.
pub fn bf16() -> Option<&'static str> {
    bf16_of(&fs::read_to_string("/proc/cpuinfo").ok()?)
}

/// The bfloat16 instructions among the flags in the text of /proc/cpuinfo, which are called features on ARM.
fn bf16_of(cpuinfo: &str) -> Option<&'static str> {
    let flags = cpuinfo.lines().find(|l| l.starts_with("flags") || l.starts_with("Features"))?;
    ["amx_bf16", "avx512_bf16", "bf16"].into_iter().find(|name| flags.split_whitespace().any(|f| f == *name))
}

/// The name of this machine.
pub fn host() -> String {
    read_line("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown".to_owned())
}

/// The memory of the machine in bytes; `None` where the system does not say.
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
        assert_eq!((info.class, info.threads), (DeviceClass::Cpu, 3));
        assert!(!info.name.is_empty() && !info.host.is_empty(), "{info:?}");
        assert!(memory().is_some_and(|bytes| bytes > 1 << 28));
    }

    #[test]
    fn classes_are_the_words_of_files_and_of_keys() {
        for (class, word) in
            [(DeviceClass::Unknown, "\"\""), (DeviceClass::Cpu, "\"cpu\""), (DeviceClass::Cuda, "\"cuda\"")]
        {
            assert_eq!(serde_json::to_string(&class).unwrap(), word);
            assert_eq!(serde_json::from_str::<DeviceClass>(word).unwrap(), class);
            assert_eq!(class.to_string().parse(), Ok(class));
        }
        let cuda = DeviceInfo { class: DeviceClass::Cuda, threads: 4, ..DeviceInfo::default() };
        for (machine, word) in [(cpu(1), "cpu"), (cpu(3), "cpu/3"), (cuda, "cuda")] {
            assert_eq!(machine.numeric().to_string(), word);
            assert_eq!(word.parse(), Ok(machine.numeric()));
        }
        for wrong in ["", "cpu/", "cpu/1", "cpu/x", "cuda:0"] {
            assert!(wrong.parse::<NumericClass>().is_err(), "{wrong}");
        }
        let choice = serde_json::to_string(&DeviceChoice::Cuda(2)).unwrap();
        assert_eq!(
            (choice.as_str(), serde_json::from_str(&choice).unwrap()),
            ("\"cuda:2\"", DeviceChoice::Cuda(2))
        );
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
