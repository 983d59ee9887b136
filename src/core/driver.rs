//! Queries NVIDIA's driver directly. Whether the machine has a GPU decides whether computing on the CPU is a choice or a
//! mistake, and libtorch reports "no device" in both cases.

use crate::device::Card;
use libloading::os::unix::{Library, Symbol};
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::fmt;
use std::mem::ManuallyDrop;
use std::path::Path;

/// The driver's library.
const LIBRARY: &str = "libcuda.so.1";
/// Device nodes that the kernel module creates: of the first GPU, and of the driver itself.
const NODES: [&str; 2] = ["/dev/nvidia0", "/dev/nvidiactl"];
/// Where the kernel module states the driver's release.
const RELEASE: &str = "/sys/module/nvidia/version";

/// A graphics card as the driver describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Name and memory.
    pub card: Card,
    /// Compute capability, major and minor; `None` if the driver does not report it.
    pub capability: Option<[u32; 2]>,
}

/// The driver of a machine that has a GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// Such as `550.54.15`; `None` if the kernel module does not state it.
    pub release: Option<String>,
    /// The newest CUDA version that it supports, major and minor; `None` if it does not report it.
    pub cuda: Option<[u32; 2]>,
    /// The cards in the order in which libtorch numbers them, or why none is usable although the machine has a GPU.
    pub cards: Result<Vec<Gpu>, String>,
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cuda = self.cuda.map(|[major, minor]| format!("CUDA {major}.{minor}"));
        let known: Vec<String> = self.release.clone().into_iter().chain(cuda).collect();
        f.write_str(if known.is_empty() { "of unknown release" } else { "" })?;
        f.write_str(&known.join(", "))
    }
}

/// What a build of libtorch requires of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Needs {
    /// Major release of CUDA.
    cuda: u32,
    /// First release of the driver that runs it.
    driver: u32,
    /// Least compute capability that it has kernels for.
    capability: [u32; 2],
}

/// The requirements of a libtorch release such as `2.11.0+cu130`, by CUDA's release notes; `None` for a build without CUDA.
fn needs(libtorch: &str) -> Option<Needs> {
    let (_, build) = libtorch.split_once("+cu")?;
    let cuda = build.parse::<u32>().ok()? / 10;
    let (driver, capability) = match cuda {
        ..=11 => (450, [3, 5]),
        12 => (525, [5, 0]),
        _ => (580, [7, 5]),
    };
    Some(Needs { cuda, driver, capability })
}

impl Driver {
    /// Why the driver is too old for `libtorch`, in words; `None` if it is recent enough.
    pub fn too_old(&self, libtorch: &str) -> Option<String> {
        let needs = needs(libtorch)?;
        let [major, _] = self.cuda?;
        (major < needs.cuda).then(|| {
            format!(
                "too old: libtorch {libtorch} needs driver {} or newer (CUDA {})",
                needs.driver, needs.cuda
            )
        })
    }

    /// The names of the cards, or why none is usable.
    pub fn names(&self) -> String {
        match &self.cards {
            Ok(cards) => cards.iter().map(|gpu| gpu.card.name.as_str()).collect::<Vec<_>>().join(", "),
            Err(reason) => reason.clone(),
        }
    }
}

impl Gpu {
    /// Why `libtorch` has no kernels for this card, in words; `None` if it has.
    pub fn too_old(&self, libtorch: &str) -> Option<String> {
        let (needs, [major, minor]) = (needs(libtorch)?, self.capability?);
        let [least, most] = needs.capability;
        ([major, minor] < needs.capability).then(|| {
            format!(
                "{} has compute capability {major}.{minor}, and libtorch {libtorch} needs {least}.{most} or newer",
                self.card.name
            )
        })
    }
}

/// The driver, if the machine has a GPU; it need not work. `None` also if the driver finds no GPU, or all are hidden from
/// this process (`CUDA_VISIBLE_DEVICES`).
pub fn look() -> Option<Driver> {
    let hidden = std::env::var_os("CUDA_VISIBLE_DEVICES").is_some();
    let release = std::fs::read_to_string(RELEASE).ok().map(|text| text.trim().to_owned());
    seen(LIBRARY, has_nodes(), hidden, release)
}

/// Whether the machine may have a GPU, without calling the driver.
pub fn may_be_here() -> bool {
    // SAFETY: its initialisers are those that libtorch runs too; nothing of it is called, and it is never closed.
    has_nodes() || unsafe { Library::new(LIBRARY) }.map(std::mem::forget).is_ok()
}

/// The card with the number `index` in libtorch.
pub fn gpu(index: usize) -> Option<Gpu> {
    let driver = DriverApi::open(LIBRARY).ok()?;
    driver.start().ok()?;
    driver.gpu(c_int::try_from(index).ok()?)
}

fn has_nodes() -> bool {
    NODES.iter().any(|node| Path::new(node).exists())
}

fn seen(library: &str, nodes: bool, hidden: bool, release: Option<String>) -> Option<Driver> {
    let driver = |cuda, cards| Some(Driver { release, cuda, cards });
    let api = match DriverApi::open(library) {
        Ok(api) => api,
        Err(_) if !nodes => return None,
        Err(reason) => return driver(None, Err(format!("the driver's library does not load: {reason}"))),
    };
    let cuda = api.cuda();
    match api.start() {
        Err(STUB) if !nodes => None,
        Err(NO_DEVICE) if hidden || !nodes => None,
        Err(NO_DEVICE) => driver(cuda, Err("the driver finds no device".to_owned())),
        Err(code) => driver(cuda, Err(format!("the driver does not start (cuInit: error {code})"))),
        Ok(()) => match api.count() {
            0 if hidden || !nodes => None,
            0 => driver(cuda, Err("the driver finds no device".to_owned())),
            count => {
                let unnamed = |n: c_int| Gpu {
                    card: Card { name: format!("CUDA device {n}"), memory: None },
                    capability: None,
                };
                driver(cuda, Ok((0..count).map(|n| api.gpu(n).unwrap_or_else(|| unnamed(n))).collect()))
            }
        },
    }
}

const SUCCESS: c_int = 0;
/// CUDA_ERROR_STUB_LIBRARY: the library exists only to link against.
const STUB: c_int = 34;
const NO_DEVICE: c_int = 100;

/// The functions of the library; their signatures in cuda.h are unchanged since CUDA 3.2.
///
/// The library is never closed, because libtorch uses it until the process ends.
struct DriverApi(ManuallyDrop<Library>);

impl DriverApi {
    fn open(library: &str) -> Result<DriverApi, String> {
        // SAFETY: its initialisers are those that libtorch runs too.
        unsafe { Library::new(library) }
            .map(|library| DriverApi(ManuallyDrop::new(library)))
            .map_err(|e| std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string))
    }

    fn cuda(&self) -> Option<[u32; 2]> {
        type Version = unsafe extern "C" fn(*mut c_int) -> c_int;
        let mut version = 0;
        // SAFETY: as of the type; the pointer is to a live local.
        let said = unsafe { self.0.get::<Version>(b"cuDriverGetVersion\0").ok()?(&raw mut version) };
        let version = u32::try_from(version).ok().filter(|v| said == SUCCESS && *v > 0)?;
        Some([version / 1000, version % 1000 / 10])
    }

    /// Calls cuInit; the error is its own.
    fn start(&self) -> Result<(), c_int> {
        type Init = unsafe extern "C" fn(c_uint) -> c_int;
        // SAFETY: as of the type.
        match unsafe { self.0.get::<Init>(b"cuInit\0").map(|init| init(0)) } {
            Ok(SUCCESS) => Ok(()),
            Ok(code) => Err(code),
            Err(_) => Err(STUB),
        }
    }

    fn count(&self) -> c_int {
        type DeviceCount = unsafe extern "C" fn(*mut c_int) -> c_int;
        let mut count = 0;
        // SAFETY: as of the type; the pointer is to a live local.
        match unsafe { self.0.get::<DeviceCount>(b"cuDeviceGetCount\0").map(|ask| ask(&raw mut count)) } {
            Ok(SUCCESS) => count,
            _ => 0,
        }
    }

    fn gpu(&self, index: c_int) -> Option<Gpu> {
        type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
        type Name = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
        type Memory = unsafe extern "C" fn(*mut usize, c_int) -> c_int;
        type Attribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;
        const CAPABILITY: [c_int; 2] = [75, 76];

        let (mut device, mut text, mut bytes) = (0, [0 as c_char; 256], 0);
        // SAFETY: as of the types; every pointer is to a live local.
        unsafe {
            let get: Symbol<Get> = self.0.get(b"cuDeviceGet\0").ok()?;
            let name: Symbol<Name> = self.0.get(b"cuDeviceGetName\0").ok()?;
            if get(&raw mut device, index) != SUCCESS || name(text.as_mut_ptr(), 255, device) != SUCCESS {
                return None;
            }
            let memory = self.0.get::<Memory>(b"cuDeviceTotalMem_v2\0").ok();
            let memory =
                memory.filter(|memory| memory(&raw mut bytes, device) == SUCCESS).map(|_| bytes as u64);
            let attribute = self.0.get::<Attribute>(b"cuDeviceGetAttribute\0").ok();
            let value = |which| {
                let mut value = 0;
                let said = attribute.as_ref().map(|ask| ask(&raw mut value, which, device));
                u32::try_from(value).ok().filter(|_| said == Some(SUCCESS))
            };
            let [major, minor] = CAPABILITY.map(value);
            let name = CStr::from_ptr(text.as_ptr()).to_string_lossy().trim().to_owned();
            Some(Gpu { card: Card { name, memory }, capability: major.zip(minor).map(|(a, b)| [a, b]) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A driver whose functions are `body`, at a path of its own.
    fn made(dir: &Path, name: &str, body: &str) -> PathBuf {
        let (source, library) = (dir.join(format!("{name}.c")), dir.join(format!("{name}.so")));
        std::fs::write(&source, format!("#include <string.h>\n{body}")).unwrap();
        let mut cc = std::process::Command::new("cc");
        assert!(cc.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap().success());
        library
    }

    const A100: &str = r#"
        int cuInit(unsigned flags) { return flags; }
        int cuDriverGetVersion(int *v) { *v = 12040; return 0; }
        int cuDeviceGetCount(int *n) { *n = 2; return 0; }
        int cuDeviceGet(int *device, int ordinal) { *device = ordinal + 40; return ordinal > 1; }
        int cuDeviceGetName(char *name, int len, int device) { strncpy(name, "NVIDIA A100 ", len); return device != 41; }
        int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 42949672960u; return 0; }
        int cuDeviceGetAttribute(int *v, int which, int device) { *v = which == 75 ? 8 : 0; return device != 41; }
    "#;

    #[test]
    fn a_driver_is_asked_in_its_own_terms_and_an_old_one_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let library = made(dir.path(), "a100", A100);
        let found = seen(library.to_str().unwrap(), false, false, Some("550.54.15".to_owned())).unwrap();
        assert_eq!((found.to_string().as_str(), found.cuda), ("550.54.15, CUDA 12.4", Some([12, 4])));
        let cards = found.cards.as_ref().unwrap();
        let unnamed = Card { name: "CUDA device 0".to_owned(), memory: None };
        assert_eq!((&cards[0].card, cards[0].capability), (&unnamed, None), "its name fails");
        let card = Card { name: "NVIDIA A100".to_owned(), memory: Some(42_949_672_960) };
        assert_eq!(cards[1], Gpu { card, capability: Some([8, 0]) });
        let old = "too old: libtorch 2.11.0+cu130 needs driver 580 or newer (CUDA 13)";
        assert_eq!(found.too_old("2.11.0+cu130").as_deref(), Some(old));
        for fitting in ["2.11.0+cu126", "2.11.0+cpu", "unknown"] {
            assert_eq!(found.too_old(fitting), None, "{fitting}");
        }
    }

    #[test]
    fn a_card_without_kernels_is_told() {
        let gpu = |capability| Gpu {
            card: Card { name: "Tesla V100".to_owned(), memory: None },
            capability: Some(capability),
        };
        let told = "Tesla V100 has compute capability 7.0, and libtorch 2.11.0+cu130 needs 7.5 or newer";
        assert_eq!(gpu([7, 0]).too_old("2.11.0+cu130").as_deref(), Some(told));
        assert_eq!((gpu([7, 5]).too_old("2.11.0+cu130"), gpu([7, 0]).too_old("2.11.0+cu126")), (None, None));
    }

    #[test]
    fn whether_a_gpu_is_here() {
        let dir = tempfile::tempdir().unwrap();
        let none = dir.path().join("no-driver.so");
        let look = |library: &Path, nodes, hidden| seen(library.to_str().unwrap(), nodes, hidden, None);
        assert_eq!(look(&none, false, false), None);
        let cards = look(&none, true, false).unwrap();
        assert!(cards.cards.unwrap_err().starts_with("the driver's library does not load: "));
        let says = |name: &str, code: i32| {
            made(dir.path(), name, &format!("int cuInit(unsigned flags) {{ return {code}; }}"))
        };
        let (gone, stub, broken) = (says("gone", NO_DEVICE), says("stub", STUB), says("broken", 999));
        assert_eq!((look(&gone, false, false), look(&gone, true, true)), (None, None), "no GPU, or hidden");
        assert_eq!(look(&gone, true, false).unwrap().names(), "the driver finds no device");
        assert_eq!(look(&stub, false, false), None);
        assert_eq!(
            look(&broken, false, true).unwrap().names(),
            "the driver does not start (cuInit: error 999)"
        );
        assert_eq!(look(&broken, false, true).unwrap().to_string(), "of unknown release");
    }
}
