//! CUDA devices: how many libtorch sees, and what the driver says of each.

use super::libtorch;
use crate::device::Card;
use libloading::os::unix::{Library, Symbol};
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::sync::OnceLock;

/// How many devices libtorch can use, at least one; or why it can use none, in one line.
pub fn devices() -> Result<usize, String> {
    static DEVICES: OnceLock<Result<usize, String>> = OnceLock::new();
    DEVICES.get_or_init(count).clone()
}

fn count() -> Result<usize, String> {
    libtorch::load_cuda()?;
    // tch panics where libtorch throws, which a broken driver makes it do.
    let count = std::panic::catch_unwind(tch::Cuda::device_count).map_err(|_| "CUDA failed to start")?;
    match usize::try_from(count) {
        Ok(count @ 1..) => Ok(count),
        _ => Err(match std::env::var("CUDA_VISIBLE_DEVICES") {
            Ok(visible) => format!("CUDA finds no device (CUDA_VISIBLE_DEVICES is '{visible}')"),
            Err(_) => "CUDA finds no device".to_owned(),
        }),
    }
}

/// Asks the driver about device `index`, counted as libtorch counts. Libtorch itself has the name, but tch does not pass it on.
pub fn card(index: usize) -> Card {
    let unnamed = || Card { name: format!("CUDA device {index}"), memory: None };
    c_int::try_from(index).ok().and_then(|i| ask_driver("libcuda.so.1", i)).unwrap_or_else(unnamed)
}

fn ask_driver(library: &str, index: c_int) -> Option<Card> {
    type Init = unsafe extern "C" fn(c_uint) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type Name = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
    type Memory = unsafe extern "C" fn(*mut usize, c_int) -> c_int;
    const SUCCESS: c_int = 0;

    // SAFETY: the signatures are those of cuda.h, unchanged since CUDA 3.2; every pointer is to a live local.
    unsafe {
        let driver = Library::new(library).ok()?;
        let init: Symbol<Init> = driver.get(b"cuInit\0").ok()?;
        let get: Symbol<Get> = driver.get(b"cuDeviceGet\0").ok()?;
        let name: Symbol<Name> = driver.get(b"cuDeviceGetName\0").ok()?;
        let memory: Symbol<Memory> = driver.get(b"cuDeviceTotalMem_v2\0").ok()?;

        let (mut device, mut text, mut bytes) = (0, [0 as c_char; 256], 0);
        if init(0) != SUCCESS || get(&mut device, index) != SUCCESS {
            return None;
        }
        if name(text.as_mut_ptr(), 255, device) != SUCCESS {
            return None;
        }
        let memory = (memory(&mut bytes, device) == SUCCESS).then_some(bytes as u64);
        let name = CStr::from_ptr(text.as_ptr()).to_string_lossy().trim().to_owned();
        std::mem::forget(driver); // libtorch uses it to the end
        Some(Card { name, memory })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_driver_a_card_still_has_a_name() {
        assert_eq!(ask_driver("libno-such-driver.so.1", 0), None);
        assert_eq!(card(usize::MAX), Card { name: format!("CUDA device {}", usize::MAX), memory: None });
    }

    #[test]
    fn the_driver_is_asked_in_its_own_terms() {
        let dir = tempfile::tempdir().unwrap();
        let (source, driver) = (dir.path().join("driver.c"), dir.path().join("driver.so"));
        let text = r#"
            #include <string.h>
            int cuInit(unsigned flags) { return flags; }
            int cuDeviceGet(int *device, int ordinal) { *device = ordinal + 40; return ordinal > 1; }
            int cuDeviceGetName(char *name, int len, int device) { strncpy(name, "Some Card ", len); return device != 41; }
            int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 85520809984u; return device != 41; }
        "#;
        std::fs::write(&source, text).unwrap();
        let cc = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&driver, &source])
            .status();
        assert!(cc.unwrap().success());
        let driver = driver.to_str().unwrap();
        assert_eq!(
            ask_driver(driver, 1),
            Some(Card { name: "Some Card".into(), memory: Some(85_520_809_984) })
        );
        assert_eq!(ask_driver(driver, 0), None, "the name fails");
        assert_eq!(ask_driver(driver, 2), None, "no such device");
    }

    #[test]
    fn there_are_devices_or_a_reason_why_not() {
        match devices() {
            Ok(count) => assert!(count > 0),
            Err(reason) => assert!(reason.contains("CUDA") || reason.contains("libtorch"), "{reason}"),
        }
    }
}
