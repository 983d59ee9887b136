//! Loops over memory of the host that the library has no kernel for: vectors of 16 values, and the threads that
//! share such a loop. Each value is computed by the same operations in the same order, so that every width of vector
//! gives the same bits, and every number of threads in [`in_parts`].

use rayon::prelude::*;
use std::ops::{Add, Mul, Range, Sub};
use tch::{Kind, Tensor};

/// Values that are computed at once.
pub const LANES: usize = 16;

/// [`LANES`] values.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Lane(pub [f32; LANES]);

impl Lane {
    /// Zeros.
    pub const ZERO: Lane = Lane([0.0; LANES]);

    /// A value from each pair.
    #[inline(always)]
    pub fn with(self, other: Lane, f: impl Fn(f32, f32) -> f32) -> Lane {
        let mut out = self;
        out.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a = f(*a, *b));
        out
    }
}

impl Add for Lane {
    type Output = Lane;
    #[inline(always)]
    fn add(self, other: Lane) -> Lane {
        self.with(other, |a, b| a + b)
    }
}

impl Sub for Lane {
    type Output = Lane;
    #[inline(always)]
    fn sub(self, other: Lane) -> Lane {
        self.with(other, |a, b| a - b)
    }
}

impl Mul<Lane> for f32 {
    type Output = Lane;
    #[inline(always)]
    fn mul(self, lane: Lane) -> Lane {
        let mut out = lane;
        out.0.iter_mut().for_each(|value| *value *= self);
        out
    }
}

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
        assert!(
            tensor.is_contiguous() && tensor.kind() == Kind::Float && tensor.device() == tch::Device::Cpu
        );
        SharedMemory(tensor.data_ptr().cast::<f32>())
    }

    /// The first value.
    #[inline(always)]
    pub fn start(self) -> *mut f32 {
        self.0
    }

    /// The values from `at` on.
    ///
    /// # Safety
    /// They are the tensor's, and no thread writes them.
    #[inline(always)]
    pub unsafe fn get(self, at: usize) -> Lane {
        // SAFETY: the caller's.
        unsafe { Lane(self.0.add(at).cast::<[f32; LANES]>().read_unaligned()) }
    }

    /// Writes the values from `at` on.
    ///
    /// # Safety
    /// They are the tensor's, and no other thread reads or writes them.
    #[inline(always)]
    pub unsafe fn put(self, at: usize, lane: Lane) {
        // SAFETY: the caller's.
        unsafe { self.0.add(at).cast::<[f32; LANES]>().write_unaligned(lane.0) }
    }
}

/// `0..count` in as many parts as the library has threads.
pub fn in_parts(count: usize, run: impl Fn(Range<usize>) + Sync) {
    let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1);
    if threads <= 1 {
        return run(0..count);
    }
    let part = count.div_ceil(threads).max(1);
    (0..count.div_ceil(part)).into_par_iter().for_each(|i| run(i * part..((i + 1) * part).min(count)));
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

/// Images 0 to `count` in as many parts as the library has threads.
pub fn image_parts(count: usize) -> Vec<Range<usize>> {
    let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1).max(1);
    let part = count.div_ceil(threads).max(1);
    (0..count).step_by(part).map(|start| start..(start + part).min(count)).collect()
}

/// The library's count of threads, set again when dropped.
struct Threads(i32);

impl Drop for Threads {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}

/// The same code for the vectors that the processor has.
macro_rules! for_the_processor {
    ($($(#[$doc:meta])* $see:vis $name:ident as $body:ident($($argument:ident: $kind:ty),*);)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The memory is as large as the shapes say, and nothing else writes to it or to the places written here.
        $see unsafe fn $name($($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f")]
                unsafe fn with_avx512($($argument: $kind),*) {
                    // SAFETY: the caller's.
                    unsafe { $body($($argument),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                unsafe fn with_avx2($($argument: $kind),*) {
                    // SAFETY: the caller's.
                    unsafe { $body($($argument),*) }
                }
                if is_x86_feature_detected!("avx512f") {
                    // SAFETY: the processor has it; the rest is the caller's.
                    return unsafe { with_avx512($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: as above.
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            // SAFETY: the caller's.
            unsafe { $body($($argument),*) }
        }
    )*};
}
pub(crate) use for_the_processor;
