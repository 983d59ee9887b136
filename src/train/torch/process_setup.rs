//! What a process that trains on the CPU asks of the host.

/// For a process that computes on the CPU, before its first work: the threads that it starts take it over.
pub fn prepare() {
    keep_freed();
    flush_denormals();
}

/// From now on freed memory stays with this process. A training step frees and takes the same gigabytes as the one before;
/// by default glibc gives large pieces back at once, and the kernel zeroes them anew: a quarter of the time of the paper's
/// augmentor. Its price is memory: the peak of that training rises from 2.1 to 2.7 GB.
fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const TRIM_THRESHOLD: i32 = -1;
        const MMAP_MAX: i32 = -4;
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        // SAFETY: glibc's own, as in malloc.h; what it refuses stays as it was.
        unsafe {
            mallopt(TRIM_THRESHOLD, i32::MAX);
            mallopt(MMAP_MAX, 0);
        }
    }
}

/// From now on results and operands of a magnitude below 1.2e-38 (in `f64` 2.2e-308) are zero in this thread and those
/// that it starts, as `torch.set_flush_denormal` does. The processor takes a hundred times as long for them, and the gradient of a class that the network is sure of is made
/// of them: a VGG19 step went from 3.4 to 11 s.
fn flush_denormals() {
    // SAFETY: the language takes the flags for unchanged, so that a constant folded by the compiler may differ from one
    // computed: in such values alone, on which no code here depends.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        const FLUSH_RESULTS_AND_OPERANDS: u32 = 0x8040;
        let mut flags = 0u32;
        std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut flags);
        flags |= FLUSH_RESULTS_AND_OPERANDS;
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const flags);
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        const FLUSH: u64 = 1 << 24;
        let mut flags: u64;
        std::arch::asm!("mrs {}, fpcr", out(reg) flags);
        flags |= FLUSH;
        std::arch::asm!("msr fpcr, {}", in(reg) flags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::hint::black_box;
    use std::thread;
    use tch::{Kind, Tensor};

    /// In a thread of its own, so that no other test computes so.
    #[test]
    fn denormals_are_zero_in_every_thread() {
        let half = || black_box(f32::MIN_POSITIVE) * black_box(0.5);
        assert!(half() > 0.0, "the test can tell");
        let found = thread::spawn(move || {
            flush_denormals();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads start");
            let ours: Vec<f32> = pool.install(|| (0..64).into_par_iter().map(|_| half()).collect());
            let tiny = Tensor::full([1 << 20], f64::from(f32::MIN_POSITIVE), (Kind::Float, tch::Device::Cpu));
            tch::set_num_threads(2);
            let theirs = (tiny * 0.5).count_nonzero(None::<i64>).int64_value(&[]);
            tch::set_num_threads(1);
            (ours, theirs)
        });
        let (ours, theirs) = found.join().expect("no panic");
        assert!(ours.iter().all(|&v| v == 0.0) && theirs == 0, "{theirs}");
        assert!(half() > 0.0);
    }
}
