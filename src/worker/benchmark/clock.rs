//! Times the steps of a training, or any repeated work, and ends it once there are enough timings.

use seraug_core::error::{Error, Result};
use seraug_run::worker_client::protocol::{Timed, Timing};
use seraug_train::control::{Action, Control};
use seraug_train::history::LoggedRow;
use seraug_train::torch::device::{Device, wait};
use std::time::Instant;

/// Steps of a training on CUDA between two readings of the clock: a step is queued while the device computes the one before
/// it, which waiting after each would prevent.
const BLOCK: usize = 10;

/// The control of a training that times its steps and stops it once there are enough timings.
pub(super) struct Clock {
    device: Device,
    /// Steps between two readings of the clock.
    every: usize,
    /// Steps since the last reading.
    since: usize,
    last: Instant,
    /// Mean seconds of a step, reading by reading; the first ones are the warm-up.
    all: Vec<f64>,
    /// [`processor`] at the end of the warm-up.
    begun: Option<[f64; 2]>,
}

impl Clock {
    /// A clock for a training on `device`.
    pub(super) fn new(device: Device) -> Clock {
        Clock::every(device, if device.is_cuda() { BLOCK } else { 1 })
    }

    fn every(device: Device, every: usize) -> Clock {
        Clock { device, every, since: 0, last: Instant::now(), all: Vec::new(), begun: None }
    }

    /// Repeats `work` until there are enough timings.
    pub(super) fn repeated(device: Device, mut work: impl FnMut()) -> Clock {
        let mut clock = Clock::every(device, 1);
        while !clock.done() {
            work();
            clock.tick();
        }
        clock
    }

    /// The timings, where each step was `many` times `work`.
    pub(super) fn timed(self, work: Timing, many: usize) -> Timed {
        let since = |(from, to): ([f64; 2], [f64; 2])| [0, 1].map(|i| (to[i] - from[i]).max(0.0));
        Timed {
            work,
            seconds: self.seconds().iter().map(|s| s / many as f64).collect(),
            processor: self.begun.zip(processor()).map(since),
        }
    }

    /// This clock, unless the training failed: that the clock stopped it is no failure.
    pub(super) fn ended(self, ended: Result<()>) -> Result<Clock> {
        match ended {
            Ok(()) | Err(Error::Interrupted(_)) => Ok(self),
            Err(e) => Err(e),
        }
    }

    fn tick(&mut self) {
        self.since += 1;
        if self.since < self.every {
            return;
        }
        wait(self.device);
        self.all.push(self.last.elapsed().as_secs_f64() / self.every as f64);
        if self.all.len() == self.warm_up() {
            self.begun = processor();
        }
        (self.since, self.last) = (0, Instant::now());
    }

    /// Readings that are left out: memory is allocated meanwhile, and on CUDA kernels are chosen.
    fn warm_up(&self) -> usize {
        if self.device.is_cuda() { 20 / self.every } else { 1 }
    }

    fn seconds(&self) -> &[f64] {
        self.all.get(self.warm_up()..).unwrap_or_default()
    }

    fn done(&self) -> bool {
        let n = self.seconds().len();
        let sum = self.seconds().iter().sum::<f64>() * self.every as f64;
        (n >= 3 && sum >= 2.0) || (n >= 2 && sum >= 4.0) || n * self.every >= 200
    }
}

impl Control for Clock {
    fn row(&mut self, _: LoggedRow) -> Result<()> {
        Ok(())
    }

    fn action(&mut self, _: usize, _: usize) -> Action {
        self.tick();
        if self.done() { Action::Stop } else { Action::Continue }
    }
}

/// Seconds that the threads of this process have computed, and that they waited for a processor; none where the system does
/// not tell.
fn processor() -> Option<[f64; 2]> {
    let mut sum = [0.0; 2];
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        // A thread that has ended in the meantime has no file.
        let Ok(text) = std::fs::read_to_string(thread.ok()?.path().join("schedstat")) else { continue };
        let mut nanoseconds = text.split_whitespace().map_while(|word| word.parse::<f64>().ok());
        for seconds in &mut sum {
            *seconds += nanoseconds.next()? / 1e9;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_clock_is_read_after_every_so_many_steps() {
        let mut clock = Clock::every(Device::Cpu, 4);
        (0..11).for_each(|_| clock.tick());
        assert_eq!((clock.all.len(), clock.seconds().len(), clock.since), (2, 1, 3));
        std::thread::sleep(Duration::from_millis(40));
        clock.tick();
        assert!(clock.seconds()[1] >= 0.01, "a quarter of the block: {:?}", clock.all);
        assert!(!clock.done());
        (12..200).for_each(|_| clock.tick());
        assert!(!clock.done(), "the first reading is the warm-up");
        (0..4).for_each(|_| clock.tick());
        assert!(clock.done());
        let per_step = clock.seconds().to_vec();
        let timed = clock.timed(Timing::Window, 2);
        assert_eq!(timed.seconds, per_step.iter().map(|s| s / 2.0).collect::<Vec<_>>());
        assert_eq!(timed.processor.is_some(), cfg!(target_os = "linux"));
    }
}
