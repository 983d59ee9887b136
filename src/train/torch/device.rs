//! Which device computes: what the user asked for, checked against what is there.

use super::cuda::{self, NoCuda};
use super::libtorch;
use seraug_core::device::{self, DeviceChoice, DeviceClass, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::installation::cuda_advice;
use tch::{Kind, Tensor};

/// What `open` gives; the floors above name it without naming tch.
pub use tch::Device;

/// The device to compute on, after one small allocation there has succeeded.
///
/// `auto` is the CPU, without a word, where there is no GPU; `seraug doctor` shows the reason. A GPU that is there and cannot
/// be used (its driver is too old, it does not answer) is an error even for `auto`: the CPU in its place would cost days.
pub fn open(choice: DeviceChoice) -> Result<Device> {
    let device = match choice {
        DeviceChoice::Cpu => Device::Cpu,
        _ => pick(choice, cuda::devices())?,
    };
    if let Device::Cuda(n) = device
        && let Some(reason) = cuda::too_old(n)
    {
        return Err(Error::failed(format!("cuda:{n}: {reason}; use another device, or --device cpu")));
    }
    if device.is_cuda() {
        libtorch::make_deterministic().map_err(Error::failed)?;
    }
    let answer = Tensor::f_zeros([1], (Kind::Float, device)).and_then(|t| t.f_double_value(&[0]));
    answer.map(|_| device).map_err(|e| {
        let reason = e.to_string();
        let reason = reason.lines().next().unwrap_or_default();
        Error::failed(format!(
            "{} does not answer: {reason}; see nvidia-smi, or use --device cpu",
            describe(device).name
        ))
    })
}

/// The device for `choice`, given how many CUDA devices there are or why there are none.
fn pick(choice: DeviceChoice, cuda: std::result::Result<usize, NoCuda>) -> Result<Device> {
    match (choice, cuda) {
        (DeviceChoice::Cpu, _) | (DeviceChoice::Auto, Err(NoCuda { gpu: false, .. })) => Ok(Device::Cpu),
        (DeviceChoice::Auto, Err(broken)) => Err(Error::failed(broken.to_string())),
        (DeviceChoice::Auto, Ok(_)) => Ok(Device::Cuda(0)),
        (DeviceChoice::Cuda(n), Ok(count)) if n < count => Ok(Device::Cuda(n)),
        (DeviceChoice::Cuda(n), Ok(1)) => {
            Err(Error::usage(format!("--device cuda:{n}: there is one CUDA device, cuda:0")))
        }
        (DeviceChoice::Cuda(n), Ok(count)) => Err(Error::usage(format!(
            "--device cuda:{n}: there are {count} CUDA devices, cuda:0 to cuda:{}",
            count - 1
        ))),
        (DeviceChoice::Cuda(n), Err(broken @ NoCuda { gpu: true, .. })) => {
            Err(Error::failed(format!("--device cuda:{n}: {broken}")))
        }
        (DeviceChoice::Cuda(n), Err(NoCuda { reason, .. })) => Err(Error::failed(format!(
            "--device cuda:{n}: {reason}; on a machine with an NVIDIA GPU {}, else use --device cpu",
            cuda_advice()
        ))),
    }
}

/// From now on a tensor operation of this process takes so many threads of the CPU.
pub fn use_threads(threads: usize) {
    tch::set_num_threads(i32::try_from(threads.max(1)).unwrap_or(1));
}

/// Waits until the device has done all that it was given; a CPU has.
pub fn wait(device: Device) {
    if let Device::Cuda(n) = device {
        tch::Cuda::synchronize(n as i64);
    }
}

/// The choice that gives this very device.
pub fn choice(device: Device) -> DeviceChoice {
    match device {
        Device::Cuda(n) => DeviceChoice::Cuda(n),
        _ => DeviceChoice::Cpu,
    }
}

/// The device as provenance records it.
pub fn describe(device: Device) -> DeviceInfo {
    let cpu = device::cpu(usize::try_from(tch::get_num_threads()).unwrap_or(1));
    match device {
        Device::Cuda(n) => DeviceInfo { class: DeviceClass::Cuda, name: cuda::card(n).name, ..cpu },
        _ => cpu,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(gpu: bool) -> NoCuda {
        NoCuda { gpu, reason: "CUDA finds no device".to_owned(), next: "do this".to_owned() }
    }

    #[test]
    fn a_gpu_that_cannot_be_used_is_an_error_also_where_no_device_was_named() {
        let message = |choice| pick(choice, Err(none(true))).unwrap_err().to_string();
        assert_eq!(message(DeviceChoice::Auto), "CUDA finds no device; do this");
        assert_eq!(message(DeviceChoice::Cuda(1)), "--device cuda:1: CUDA finds no device; do this");
        assert_eq!(pick(DeviceChoice::Cpu, Err(none(true))), Ok(Device::Cpu), "the CPU is meant");
    }

    #[test]
    fn auto_takes_cuda_where_there_is_any() {
        assert_eq!(pick(DeviceChoice::Auto, Ok(2)), Ok(Device::Cuda(0)));
        assert_eq!(pick(DeviceChoice::Auto, Err(none(false))), Ok(Device::Cpu));
        assert_eq!(pick(DeviceChoice::Cpu, Ok(2)), Ok(Device::Cpu));
        assert_eq!(pick(DeviceChoice::Cuda(1), Ok(2)), Ok(Device::Cuda(1)));
    }

    #[test]
    fn cuda_out_of_reach_says_why_and_how_many_there_are() {
        let message = |n, cuda| pick(DeviceChoice::Cuda(n), cuda).unwrap_err().to_string();
        assert_eq!(message(7, Ok(2)), "--device cuda:7: there are 2 CUDA devices, cuda:0 to cuda:1");
        assert_eq!(message(1, Ok(1)), "--device cuda:1: there is one CUDA device, cuda:0");
        let none = message(0, Err(none(false)));
        assert!(none.starts_with("--device cuda:0: CUDA finds no device; "), "{none}");
    }

    #[test]
    fn the_cpu_opens_and_has_the_threads_that_libtorch_has() {
        let info = describe(open(DeviceChoice::Cpu).unwrap());
        assert_eq!((info.class, info.threads), (DeviceClass::Cpu, tch::get_num_threads() as usize));
    }
}
