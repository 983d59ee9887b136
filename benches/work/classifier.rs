//! Training of the VGG19 classifier on segments of 128 frames (paper 3.1.1).

use crate::fixture;
use seraug::error::Result;
use seraug::seed::Seed;
use seraug::spec::{Loss, Sampling};
use seraug::train::classifier::{ClassifierTask, train};
use seraug::train::control::{Control, Turn};
use seraug::train::device::Device;
use seraug::train::history::Row;
use serde_json::{Value, json};
use std::time::Instant;

/// `steps` steps of `batch` segments after one to warm up; a unit is a segment.
pub fn run(request: &Value) -> Value {
    let (batch, steps) = (fixture::parameter(request, "batch", 32), fixture::parameter(request, "steps", 1));
    let device = fixture::device(request);
    let mut spec = fixture::spec("");
    (spec.classifier.batch, spec.classifier.small_batch) = (batch, batch);
    let bank = fixture::bank(1024, |_| 128, device);
    let labels: Vec<usize> = (0..1024).map(|i| i % 4).collect();
    let items: Vec<usize> = (0..1024).collect();
    let task = ClassifierTask {
        spec: &spec.classifier,
        class_names: &["a", "b", "c", "d"],
        bank: &bank,
        items: &items,
        labels: &labels,
        speakers: &labels,
        originals: &items,
        loss: Loss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed: Seed::new(1),
    };
    let mut watch = Watch { device, steps, start: Instant::now(), seconds: 0.0 };
    let _ = train(&task, &mut watch);
    json!({"seconds": watch.seconds, "units": steps * batch})
}

/// Takes the time from the first step to the one after `steps` others, and stops there.
struct Watch {
    device: Device,
    steps: usize,
    start: Instant,
    seconds: f64,
}

impl Control for Watch {
    fn row(&mut self, _: Row) -> Result<()> {
        Ok(())
    }

    fn turn(&mut self, step: usize, _: usize) -> Turn {
        if step == 1 {
            fixture::timed(self.device, || {}); // waits for the device
            self.start = Instant::now();
        }
        if step < 1 + self.steps {
            return Turn::GoOn;
        }
        fixture::timed(self.device, || {});
        self.seconds = self.start.elapsed().as_secs_f64();
        Turn::Stop
    }
}
