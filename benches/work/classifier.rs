//! Training steps of the VGG19 classifier on segments of 128 frames (paper 3.1.1).

use crate::fixture::{self, Clock};
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{Classifier, ClassifierLoss, Network, Sampling};
use seraug_train::classifier::{ClassifierTask, train};
use seraug_train::control::{Action, Control};
use seraug_train::history::LoggedRow;
use seraug_train::nets::vgg::VggNet;
use seraug_train::torch::device::Device;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// `steps` steps of `batch` segments after one to warm up; a unit is a segment.
pub(crate) fn run(request: &Value) -> Value {
    let (batch, steps) = (fixture::parameter(request, "batch", 32), fixture::parameter(request, "steps", 1));
    let device = fixture::device(request);
    let mut spec = fixture::spec(request);
    (spec.classifier.batch, spec.classifier.small_batch) = (batch, batch);
    let bank = fixture::bank(1024, |_| 128, device);
    let labels: Vec<usize> = (0..1024).map(|i| i % 4).collect();
    let items: Vec<usize> = (0..1024).collect();
    let task = ClassifierTask {
        spec: &spec.classifier,
        precision: spec.precision,
        class_names: &["a", "b", "c", "d"],
        bank: &bank,
        items: &items,
        labels: &labels,
        speakers: &labels,
        originals: &items,
        loss: ClassifierLoss::Plain,
        sampling: Sampling::Uniform,
        mixup: None,
        seed: Seed::new(1),
    };
    let mut watch = Watch { device, steps, batch, clock: None, answer: Value::Null };
    let failed = train(&task, &mut watch).err().map(|e| e.to_string());
    if watch.answer.is_null() {
        return json!({"error": failed});
    }
    watch.answer["parameters"] = json!([parameters(&spec.classifier)]);
    watch.answer
}

/// Of the network that was trained: a training that is stopped does not give it.
fn parameters(spec: &Classifier) -> i64 {
    static COUNT: OnceLock<i64> = OnceLock::new();
    let Network::Vgg(sizes) = &spec.network;
    *COUNT.get_or_init(|| {
        VggNet::new(sizes, spec.segment_frames, 128, 4, Seed::new(1), Device::Cpu).param_count()
    })
}

/// Takes the time from the first step to the one after `steps` others, and stops there.
struct Watch {
    device: Device,
    steps: usize,
    batch: usize,
    clock: Option<Clock>,
    answer: Value,
}

impl Control for Watch {
    fn row(&mut self, _: LoggedRow) -> Result<()> {
        Ok(())
    }

    fn action(&mut self, step: usize, _: usize) -> Action {
        if step == 1 {
            self.clock = Some(Clock::start(self.device));
        }
        if step < 1 + self.steps {
            return Action::Continue;
        }
        self.answer = self.clock.as_ref().map_or(Value::Null, |c| c.answer(self.steps * self.batch));
        Action::Stop
    }
}
