//! From the host to the device, without waiting for it.

use tch::kind::Element;
use tch::{Device, Kind, Tensor};

/// Bytes that go up at a time: libtorch keeps pinned memory for the next that asks, so a piece is to be no larger than needed.
const PIECE: usize = 16 << 20;

/// A host slice as a vector on `device`; see [`send`].
pub fn upload<T: Element>(values: &[T], device: Device) -> Tensor {
    send(&Tensor::from_slice(values), device)
}

/// A tensor of the host on `device`. To a GPU it goes through pinned memory, so that the host does not wait; on the CPU it is
/// the tensor itself.
pub fn send(host: &Tensor, device: Device) -> Tensor {
    let Device::Cuda(_) = device else { return host.shallow_clone() };
    let kind: Kind = host.kind();
    // Not `pin_memory`, which warns of its own argument at every call.
    let piece = |part: &Tensor| part.internal_pin_memory(device).to_device_(device, kind, true, false);
    let values = (PIECE / kind.elt_size_in_bytes()) as i64;
    if host.numel() as i64 <= values {
        return piece(host);
    }
    let _no_grad = tch::no_grad_guard();
    let flat = host.reshape([-1]);
    let whole = Tensor::empty(flat.size(), (kind, device));
    for (mut to, from) in whole.split(values, 0).into_iter().zip(flat.split(values, 0)) {
        to.copy_(&piece(&from));
    }
    whole.view(&host.size()[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_cpu_nothing_is_copied_a_second_time() {
        let host = Tensor::from_slice(&[1i64, 2, 3]);
        assert_eq!(send(&host, Device::Cpu).data_ptr(), host.data_ptr());
        assert_eq!(Vec::<f32>::try_from(upload(&[0.5f32, -1.0], Device::Cpu)).unwrap(), [0.5, -1.0]);
    }
}
