//! Fixtures of the benchmarks: a generated corpus, a spec, the device, a clock.

use seraug_core::device::DeviceChoice;
use seraug_core::rng::Seed;
use seraug_core::spec::{self, Spec};
use seraug_data::audio::LogMel;
use seraug_data::features::Standardiser;
use seraug_train::feature_bank::Bank;
use seraug_train::torch::device::{self, Device};
use seraug_train::torch::process_setup;
use serde_json::{Value, json};
use std::ffi::c_long;
use std::path::PathBuf;
use std::time::Instant;

/// A parameter of a request, or `default`.
pub(crate) fn parameter(request: &Value, name: &str, default: usize) -> usize {
    request[name].as_u64().map_or(default, |n| n as usize)
}

/// Opens the device of a request, with its number of threads and this process set up as a worker is.
pub(crate) fn device(request: &Value) -> Device {
    device::use_threads(parameter(request, "threads", 2));
    let name = request["device"].as_str().unwrap_or("cpu");
    let device = device::open(name.parse::<DeviceChoice>().expect("a device")).expect("the device opens");
    if device == Device::Cpu {
        process_setup::prepare();
    }
    device
}

/// A spec with the sizes of the preset of a request, the paper's where it names none, in its precision.
pub(crate) fn spec(request: &Value) -> Spec {
    let word = |name: &str, default| request[name].as_str().unwrap_or(default).to_owned();
    let (precision, preset) = (word("precision", "f32"), word("preset", "paper"));
    let text = format!(
        "title = \"bench\"\ncorpus = \"emodb\"\nprecision = \"{precision}\"\npreset = \"{preset}\"\n\
         [classes]\na = [\"neutral\"]\nb = [\"angry\"]\nc = [\"sad\"]\nd = [\"happy\"]\n\
         [protocol.leave-speakers-out]\nfolds = 5\n\
         [[condition]]\nname = \"aug\"\ntitle = \"AUG\"\n\
         [condition.augment.triplet-gan]\nlosses = [\"model\", \"var\", \"bal\"]\ncopies = 4\nof = \"all\"\n"
    );
    spec::parse(&text, "bench", &[]).expect("the spec is right")
}

/// `count` utterances of N(0, 1), of 128 bands and `frames(i)` frames each.
pub(crate) fn bank(count: usize, frames: impl Fn(usize) -> usize, device: Device) -> Bank {
    let mels: Vec<LogMel> = (0..count)
        .map(|i| {
            let mut db = vec![0f32; frames(i) * 128];
            Seed::new(1).at(i as u64).draws().fill_normal(&mut db);
            LogMel { frames: frames(i), mels: 128, db }
        })
        .collect();
    Bank::new(&mels.iter().collect::<Vec<_>>(), Standardiser { mean: 0.0, deviation: 1.0 }, device)
}

/// Times `work`, and answers a request for `units` units of it.
pub(crate) fn timed(device: Device, units: usize, work: impl FnOnce()) -> Value {
    let clock = Clock::start(device);
    work();
    clock.answer(units)
}

/// Measures wall and CPU seconds, with the queue of the device empty before and after.
pub(crate) struct Clock {
    device: Device,
    start: Instant,
    used: f64,
}

impl Clock {
    pub(crate) fn start(device: Device) -> Clock {
        device::wait(device);
        Clock { device, start: Instant::now(), used: cpu_seconds() }
    }

    /// The answer: `seconds`, `cpu_seconds` of all threads, and `units`.
    pub(crate) fn answer(&self, units: usize) -> Value {
        device::wait(self.device);
        let (seconds, used) = (self.start.elapsed().as_secs_f64(), cpu_seconds() - self.used);
        json!({"seconds": seconds, "cpu_seconds": used, "units": units})
    }
}

/// CPU seconds of all threads of this process.
pub(crate) fn cpu_seconds() -> f64 {
    unsafe extern "C" {
        /// The C library's; POSIX fixes its unit to a microsecond.
        safe fn clock() -> c_long;
    }
    clock() as f64 / 1e6
}

/// The folder of a request, created where it is missing.
pub(crate) fn folder(request: &Value) -> PathBuf {
    let folder =
        PathBuf::from(request["folder"].as_str().expect("a request names the folder of its fixtures"));
    std::fs::create_dir_all(&folder).expect("the folder of the fixtures can be made");
    folder
}

/// A number of a request, or `otherwise`.
pub(crate) fn number(request: &Value, name: &str, otherwise: u64) -> usize {
    usize::try_from(request[name].as_u64().unwrap_or(otherwise)).expect("a number of this machine's size")
}

/// A linear congruential generator with the constants of ANSI C: the same numbers on every machine.
pub(crate) struct Draws(pub u64);

impl Draws {
    /// Uniform in [-1, 1).
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0 = (1_103_515_245 * self.0 + 12_345) % (1 << 31);
        (self.0 as f64 / f64::from(1 << 30) - 1.0) as f32
    }
}

/// `n` samples that resemble speech as far as the benchmark is concerned: syllables of coloured noise, four a second, none
/// of them silent and the loudest 40 dB above the softest.
pub(crate) fn syllables(draws: &mut Draws, n: usize, rate: usize) -> Vec<f32> {
    let (mut low, mut level) = (0.0, 1.0);
    (0..n)
        .map(|i| {
            let place = (i % (rate / 4)) as f32 / (rate / 4) as f32;
            if place == 0.0 {
                level = 0.3 + 0.2 * draws.uniform();
            }
            low += (0.1 + 0.8 * place) * (draws.uniform() - low);
            low * level * (0.01 + 4.0 * place * (1.0 - place) * 0.9)
        })
        .collect()
}
