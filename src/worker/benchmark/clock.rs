//! What times the steps of a training, or anything that is repeated, and ends it once that is enough.

use seraug_core::error::{Error, Result};
use seraug_run::worker_client::protocol::{Timed, Timing};
use seraug_train::control::{Action, Control};
use seraug_train::history::LoggedRow;
use seraug_train::torch::device::{Device, wait};
use std::time::Instant;

/// Steps of a training on CUDA from one look at the time to the next: a step is given to the device while the one before
/// is computed there, which waiting after each would undo.
const BLOCK: usize = 10;

/// Surroundings of a training that time its steps and stop it once that is enough.
pub(super) struct Clock {
    device: Device,
    /// Steps from one look to the next.
    every: usize,
    /// Steps since the last look.
    since: usize,
    last: Instant,
    /// Seconds of a step, look by look; the first ones are the warm-up.
    all: Vec<f64>,
    /// [`processor`] at the end of the warm-up.
    begun: Option<[f64; 2]>,
}

impl Clock {
    /// For a training on `device`.
    pub(super) fn new(device: Device) -> Clock {
        Clock::every(device, if device.is_cuda() { BLOCK } else { 1 })
    }

    fn every(device: Device, every: usize) -> Clock {
        Clock { device, every, since: 0, last: Instant::now(), all: Vec::new(), begun: None }
    }

    /// Does `work` as often as is enough.
    pub(super) fn repeated(device: Device, mut work: impl FnMut()) -> Clock {
        let mut clock = Clock::every(device, 1);
        while !clock.done() {
            work();
            clock.tick();
        }
        clock
    }

    /// What was timed, where a step was `many` times `work`.
    pub(super) fn timed(self, work: Timing, many: usize) -> Timed {
        let since = |(from, to): ([f64; 2], [f64; 2])| [0, 1].map(|i| (to[i] - from[i]).max(0.0));
        Timed {
            work,
            seconds: self.seconds().iter().map(|s| s / many as f64).collect(),
            processor: self.begun.zip(processor()).map(since),
        }
    }

    /// This, where a training ended because it was stopped here.
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

    /// Looks that are not counted: memory is taken, and on CUDA kernels are chosen.
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

    fn turn(&mut self, _: usize, _: usize) -> Action {
        self.tick();
        if self.done() { Action::Stop } else { Action::GoOn }
    }
}

/// Seconds that the threads of this process have computed, and that they were ready to and waited for a processor; none
/// where the system does not tell.
fn processor() -> Option<[f64; 2]> {
    let mut sum = [0.0; 2];
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        // One that has ended in the meantime has none.
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
    fn a_look_after_every_so_many_steps() {
        let mut clock = Clock::every(Device::Cpu, 4);
        (0..11).for_each(|_| clock.tick());
        assert_eq!((clock.all.len(), clock.seconds().len(), clock.since), (2, 1, 3));
        std::thread::sleep(Duration::from_millis(40));
        clock.tick();
        assert!(clock.seconds()[1] >= 0.01, "a quarter of the block: {:?}", clock.all);
        assert!(!clock.done());
        (12..200).for_each(|_| clock.tick());
        assert!(!clock.done(), "the first look is of the warm-up");
        (0..4).for_each(|_| clock.tick());
        assert!(clock.done());
        let per_step = clock.seconds().to_vec();
        let timed = clock.timed(Timing::Window, 2);
        assert_eq!(timed.seconds, per_step.iter().map(|s| s / 2.0).collect::<Vec<_>>());
        assert_eq!(timed.processor.is_some(), cfg!(target_os = "linux"));
    }
}
