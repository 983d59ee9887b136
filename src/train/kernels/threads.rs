//! Memory of the host that several threads share, and the threads that share a loop over it.

use super::filtering::values;
use rayon::prelude::*;
use std::ops::Range;
use tch::Tensor;

/// Memory that several threads write at places of their own.
#[derive(Debug, Clone, Copy)]
pub struct SharedMemory(*mut f32);

// SAFETY: threads write disjoint places, see the callers.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// The values of a contiguous float32 tensor of the host.
    pub fn of(tensor: &Tensor) -> SharedMemory {
        SharedMemory(values(tensor))
    }

    /// Where the value number `at` is.
    ///
    /// # Safety
    /// It is one of the tensor's.
    #[inline(always)]
    pub unsafe fn at(self, at: usize) -> *mut f32 {
        // SAFETY: the caller's.
        unsafe { self.0.add(at) }
    }
}

/// `0..count` in as many parts as the library has threads.
pub fn parts(count: usize) -> Vec<Range<usize>> {
    let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1).max(1);
    let part = count.div_ceil(threads).max(1);
    (0..count).step_by(part).map(|start| start..(start + part).min(count)).collect()
}

/// `run` for each of [`parts`].
pub fn in_parts(count: usize, run: impl Fn(Range<usize>) + Sync) {
    match parts(count) {
        parts if parts.len() <= 1 => parts.into_iter().for_each(&run),
        parts => parts.into_par_iter().for_each(&run),
    }
}

/// What `run` makes of each job, without gradients: each by a thread in which the library takes no other. The library's
/// own threads wait for each other after every operation. A single job is left to them.
pub fn each_alone<J: Send, T: Send>(jobs: Vec<J>, run: impl Fn(J) -> T + Sync) -> Vec<T> {
    let alone = |job: J| {
        let _no_grad = tch::no_grad_guard();
        run(job)
    };
    if jobs.len() <= 1 {
        return jobs.into_iter().map(alone).collect();
    }
    let _restored = Threads(tch::get_num_threads());
    let on_one = |job: J| {
        // Asked for first: a thread's first question gives it the process's count, over one that was set before.
        tch::get_num_threads();
        tch::set_num_threads(1);
        alone(job)
    };
    jobs.into_par_iter().with_max_len(1).map(on_one).collect()
}

/// The library's count of threads, set again when dropped.
struct Threads(i32);

impl Drop for Threads {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}
