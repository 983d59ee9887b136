//! CUDA devices: how many libtorch sees, and why none where it sees none.

use super::libtorch;
use seraug_core::device::Card;
use seraug_core::driver::{self, Driver};
use seraug_core::installation::cuda_advice;
use std::fmt;
use std::sync::OnceLock;

/// Why libtorch has no CUDA device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoCuda {
    /// A GPU is here: the CPU in its place would be a mistake.
    pub gpu: bool,
    /// Why, in words.
    pub reason: String,
    /// What to do about it; empty where there is no GPU.
    pub next: String,
}

impl fmt::Display for NoCuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if self.next.is_empty() { Ok(()) } else { write!(f, "; {}", self.next) }
    }
}

/// How many devices libtorch can use, at least one; or why it can use none.
pub fn devices() -> Result<usize, NoCuda> {
    static DEVICES: OnceLock<Result<usize, NoCuda>> = OnceLock::new();
    DEVICES.get_or_init(|| judged(driver::look(), &libtorch::version(), count)).clone()
}

/// What `count` gives, unless the driver cannot run this libtorch at all.
fn judged(
    driver: Option<Driver>,
    version: &str,
    count: impl FnOnce() -> Result<usize, String>,
) -> Result<usize, NoCuda> {
    let Some(driver) = driver else {
        return count().map_err(|reason| NoCuda { gpu: false, reason, next: String::new() });
    };
    let broken = |reason: String, next: &str| NoCuda { gpu: true, reason, next: next.to_owned() };
    let gpu = format!("an NVIDIA GPU is here ({})", driver.names());
    if let Some(old) = driver.too_old(version) {
        return Err(broken(
            format!("{gpu}, and its driver ({driver}) is {old}"),
            "update the driver, or use --device cpu to compute on the CPU",
        ));
    }
    count().map_err(|reason| {
        broken(
            format!("{gpu}, and cannot be used: {reason}"),
            &format!("nvidia-smi tests the driver, {}, --device cpu computes on the CPU", cuda_advice()),
        )
    })
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

/// Device `index` as the driver knows it; libtorch itself has the name, but tch does not pass it on.
pub fn card(index: usize) -> Card {
    let unnamed = || Card { name: format!("CUDA device {index}"), memory: None };
    driver::gpu(index).map_or_else(unnamed, |gpu| gpu.card)
}

/// Why libtorch has no kernels for device `index`, in words, where it has none.
pub fn too_old(index: usize) -> Option<String> {
    driver::gpu(index)?.too_old(&libtorch::version())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::driver::Gpu;

    #[test]
    fn without_a_driver_a_card_still_has_a_name() {
        assert_eq!(card(usize::MAX), Card { name: format!("CUDA device {}", usize::MAX), memory: None });
    }

    #[test]
    fn a_gpu_that_is_here_is_never_no_gpu() {
        let card = Card { name: "NVIDIA A100".to_owned(), memory: None };
        let driver = |cuda| {
            let cards = Ok(vec![Gpu { card: card.clone(), capability: Some([8, 0]) }]);
            Some(Driver { release: Some("550.54.15".to_owned()), cuda: Some(cuda), cards })
        };
        let version = "2.11.0+cu130";
        let none = || Err("CUDA finds no device".to_owned());
        assert_eq!(judged(driver([13, 0]), version, || Ok(3)), Ok(3));
        assert_eq!(judged(None, version, || Ok(2)), Ok(2), "libtorch knows better");
        let absent = judged(None, version, none).unwrap_err();
        assert_eq!((absent.gpu, absent.to_string().as_str()), (false, "CUDA finds no device"));
        let old = judged(driver([12, 4]), version, || unreachable!("not asked")).unwrap_err();
        assert_eq!(
            (old.gpu, old.to_string().as_str()),
            (
                true,
                "an NVIDIA GPU is here (NVIDIA A100), and its driver (550.54.15, CUDA 12.4) is too old: libtorch \
                 2.11.0+cu130 needs driver 580 or newer (CUDA 13); update the driver, or use --device cpu to compute \
                 on the CPU"
            )
        );
        let silent = judged(driver([13, 0]), version, none).unwrap_err().to_string();
        assert!(
            silent.starts_with(
                "an NVIDIA GPU is here (NVIDIA A100), and cannot be used: CUDA finds no device; "
            ),
            "{silent}"
        );
    }

    #[test]
    fn there_are_devices_or_a_reason_why_not() {
        match devices() {
            Ok(count) => assert!(count > 0),
            Err(NoCuda { reason, .. }) => {
                assert!(reason.contains("CUDA") || reason.contains("libtorch"), "{reason}");
            }
        }
    }
}
