//! The libtorch that this process runs with: where it is, its version, and its CUDA half.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use seraug_core::installation::libtorch_release;
use std::ffi::c_void;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder that libtorch_cpu.so was loaded from; `None` where the system does not tell.
pub fn lib_dir() -> Option<&'static Path> {
    static DIR: OnceLock<Option<PathBuf>> = OnceLock::new();
    DIR.get_or_init(|| loaded_from(&fs::read_to_string("/proc/self/maps").ok()?, "libtorch_cpu.so"))
        .as_deref()
}

/// The folder of the mapped file `name`, given the text of /proc/self/maps.
fn loaded_from(maps: &str, name: &str) -> Option<PathBuf> {
    let path = |line: &str| line.find('/').map(|at| PathBuf::from(&line[at..]));
    maps.lines()
        .filter_map(path)
        .find(|p| p.file_name().is_some_and(|f| f == name))?
        .parent()
        .map(Path::to_path_buf)
}

/// Its release, such as `2.11.0+cu130`; `unknown` when the files beside it do not tell.
pub fn version() -> String {
    lib_dir().and_then(Path::parent).and_then(libtorch_release).unwrap_or_else(|| "unknown".to_owned())
}

/// Opens libtorch_cuda.so, once a process; the error says in one line why CUDA is out of reach.
///
/// An executable links libtorch_cpu alone, so that it runs without the CUDA libraries; CUDA then reads as unavailable
/// until the other half is opened, and libtorch remembers its first answer: call this before any question about CUDA.
pub fn load_cuda() -> Result<(), String> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    LOADED.get_or_init(|| open_cuda(lib_dir())).clone()
}

fn open_cuda(dir: Option<&Path>) -> Result<(), String> {
    let dir = dir.ok_or("the folder of libtorch_cpu.so is not known")?;
    let file = dir.join("libtorch_cuda.so");
    if !file.exists() {
        return Err(format!("libtorch in {} is built for the CPU alone: no libtorch_cuda.so", dir.display()));
    }
    // SAFETY: the library belongs to the libtorch that is loaded already; its initialisers register the CUDA backend.
    let opened = unsafe { Library::open(Some(&file), RTLD_NOW | RTLD_GLOBAL) };
    // The backend stays registered for the life of the process, so the library must stay too.
    opened.map(std::mem::forget).map_err(|e| format!("libtorch_cuda.so could not be opened: {}", cause(&e)))
}

/// From now on cuDNN computes the same bits from the same input, and does not choose by timing.
///
/// tch cannot say so; libtorch's own functions are asked for by the names that they have in every build of C++ for Linux.
///
/// # Errors
/// In one line: this libtorch has no such switch.
pub fn make_deterministic() -> Result<(), String> {
    type Context = unsafe extern "C" fn() -> *mut c_void;
    type Switch = unsafe extern "C" fn(*mut c_void, bool);
    let missing = |e: libloading::Error| {
        format!("libtorch {} is not to be made deterministic: {}", version(), cause(&e))
    };
    let process = Library::this();
    // SAFETY: at::Context &at::globalContext(), and void at::Context::setDeterministicCuDNN(bool) of what it gives.
    unsafe {
        let context = process.get::<Context>(b"_ZN2at13globalContextEv\0").map_err(missing)?;
        let switch = process.get::<Switch>(b"_ZN2at7Context21setDeterministicCuDNNEb\0").map_err(missing)?;
        switch(context(), true);
    }
    tch::Cuda::cudnn_set_benchmark(false);
    Ok(())
}

/// What the dynamic loader said.
fn cause(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_read_from_the_memory_map() {
        let maps = "7f0-7f1 r-xp 00000000 fe:00 12                 /usr/lib/libc.so.6\n\
                    7f2-7f3 r--p 00000000 00:00 0 \n\
                    7f4-7f5 r--p 00000000 fe:00 13                 /a folder/torch/lib/libtorch_cpu.so\n";
        assert_eq!(loaded_from(maps, "libtorch_cpu.so"), Some("/a folder/torch/lib".into()));
        assert_eq!(loaded_from(maps, "libtorch_cuda.so"), None);
    }

    #[test]
    fn this_process_has_a_libtorch_of_the_pinned_release() {
        assert!(lib_dir().is_some_and(|dir| dir.join("libc10.so").exists()), "{:?}", lib_dir());
        assert!(version().starts_with(seraug_core::device::LIBTORCH), "{}", version());
    }

    #[test]
    fn this_libtorch_can_be_made_deterministic() {
        type Context = unsafe extern "C" fn() -> *mut c_void;
        type Asked = unsafe extern "C" fn(*const c_void) -> bool;
        make_deterministic().unwrap();
        // SAFETY: bool at::Context::deterministicCuDNN() const of at::globalContext().
        let asked = unsafe {
            let context = Library::this().get::<Context>(b"_ZN2at13globalContextEv\0").unwrap();
            let ask = Library::this().get::<Asked>(b"_ZNK2at7Context18deterministicCuDNNEv\0").unwrap();
            ask(context())
        };
        assert!(asked);
    }

    #[test]
    fn a_missing_or_broken_cuda_library_is_a_reason_on_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let reason = open_cuda(Some(dir.path())).unwrap_err();
        assert!(reason.ends_with("no libtorch_cuda.so"), "{reason}");
        fs::write(dir.path().join("libtorch_cuda.so"), "not a library ".repeat(99)).unwrap();
        let reason = open_cuda(Some(dir.path())).unwrap_err();
        assert!(reason.contains("could not be opened") && reason.contains("ELF"), "{reason}");
        assert_eq!(reason.lines().count(), 1);
    }
}
