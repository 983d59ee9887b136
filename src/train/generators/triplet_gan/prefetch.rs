//! What the next iterations are drawn from, for several of them at once: on a GPU one upload serves them all, and the next
//! ones are drawn while these are computed.

use super::noise::{Noise, Purpose, stream};
use super::triplets::Triplets;
use crate::torch::upload::upload;
use seraug_core::rng::Seed;
use std::thread::JoinHandle;
use tch::{Device, Tensor};

/// Iterations that are drawn at once, at most.
const MOST: usize = 64;
/// Numbers that are drawn at once, unless one iteration takes more.
const NUMBERS: usize = 2 << 20;

/// What decides the draws of a step, and nothing of the device.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub triplets: Triplets,
    pub seed: Seed,
    pub batch: usize,
    pub frames: usize,
    pub noise_len: usize,
    pub epsilon: [f64; 2],
    /// What the phases augment for.
    pub purposes: Vec<Purpose>,
}

impl Recipe {
    /// Utterances of the positives, anchors, negatives and originals of a step, then where their windows start.
    pub(crate) fn places(&self, step: usize) -> Vec<i64> {
        let drawn = self.triplets.draw(step, self.batch, self.frames);
        let order = [&drawn.positives, &drawn.anchors, &drawn.negatives, &drawn.originals];
        let items = order.iter().flat_map(|w| w.iter().map(|&(item, _)| item as i64));
        let offsets = order.iter().flat_map(|w| w.iter().map(|&(_, offset)| offset as i64));
        items.chain(offsets).collect()
    }

    /// Noise and epsilon of a step for `purposes`, as [`Noise::parts`] takes them apart.
    pub(crate) fn noise(&self, step: usize, purposes: &[Purpose]) -> Vec<f32> {
        let streams: Vec<_> = purposes.iter().map(|&p| stream(self.seed, p, step)).collect();
        Noise::draw(&streams, self.batch, self.noise_len, self.epsilon)
    }

    /// Values of [`Recipe::noise`] for the phases.
    pub(crate) fn noise_count(&self) -> usize {
        self.purposes.len() * self.batch * (self.noise_len + 1)
    }

    /// Steps that are drawn at once for `device`.
    fn at_once(&self, device: Device) -> usize {
        if device.is_cuda() { (NUMBERS / self.noise_count().max(1)).clamp(1, MOST) } else { 1 }
    }

    fn draw(&self, from: usize, count: usize) -> DrawnSteps {
        let steps = from..from + count;
        DrawnSteps {
            from,
            places: steps.clone().flat_map(|step| self.places(step)).collect(),
            numbers: steps.flat_map(|step| self.noise(step, &self.purposes)).collect(),
        }
    }
}

/// Of the steps from `from` on, on the host.
#[derive(Debug)]
struct DrawnSteps {
    from: usize,
    places: Vec<i64>,
    numbers: Vec<f32>,
}

/// Draws of several steps on the device, and who is drawing the next.
#[derive(Debug)]
pub(crate) struct Prefetch {
    pub recipe: Recipe,
    from: usize,
    /// int64 [steps, 2, 4 batch].
    places: Tensor,
    /// float [steps, values of a step].
    numbers: Tensor,
    next: Option<JoinHandle<DrawnSteps>>,
}

impl Prefetch {
    /// Nothing is drawn yet.
    pub(crate) fn new(recipe: Recipe) -> Prefetch {
        let none = Tensor::from_slice::<f32>(&[]).view([0, 0]);
        Prefetch { recipe, from: 0, places: none.shallow_clone(), numbers: none, next: None }
    }

    /// Places (int64 [2, 4 batch]) and numbers of the iteration after `step` others, on `device`. Whether a step is drawn alone
    /// or with others decides nothing but the time.
    pub(crate) fn of(&mut self, step: usize, device: Device) -> (Tensor, Tensor) {
        if step.checked_sub(self.from).is_none_or(|at| at as i64 >= self.numbers.size()[0]) {
            self.draw(step, device);
        }
        let at = (step - self.from) as i64;
        (self.places.get(at), self.numbers.get(at))
    }

    fn draw(&mut self, step: usize, device: Device) {
        let count = self.recipe.at_once(device);
        let ready = self.next.take().and_then(|next| next.join().ok()).filter(|drawn| drawn.from == step);
        let drawn = ready.unwrap_or_else(|| self.recipe.draw(step, count));
        self.from = step;
        self.places = upload(&drawn.places, device).view([count as i64, 2, -1]);
        self.numbers = upload(&drawn.numbers, device).view([count as i64, -1]);
        if device.is_cuda() {
            let recipe = self.recipe.clone();
            self.next = Some(std::thread::spawn(move || recipe.draw(step + count, count)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_drawn_together_are_those_drawn_alone() {
        let names = ["a".to_owned(), "b".to_owned()];
        let recipe = Recipe {
            triplets: Triplets::new(&[0, 1, 0], &[9, 50, 70], &names, Seed::new(1)).unwrap(),
            seed: Seed::new(2),
            batch: 2,
            frames: 32,
            noise_len: 3,
            epsilon: [0.1, 0.2],
            purposes: vec![Purpose::Discriminator, Purpose::Positive],
        };
        let together = recipe.draw(5, 3);
        assert_eq!(together.numbers.len(), 3 * recipe.noise_count());
        let mut alone = Prefetch::new(recipe);
        for (i, step) in (5..8).enumerate() {
            let (places, numbers) = alone.of(step, Device::Cpu);
            assert_eq!(places.size(), [2, 8]);
            let [places, numbers] = [places.reshape([-1]), numbers.to_kind(tch::Kind::Float)];
            let n = numbers.numel();
            assert_eq!(Vec::<f32>::try_from(numbers).unwrap(), together.numbers[i * n..(i + 1) * n]);
            assert_eq!(Vec::<i64>::try_from(places).unwrap(), together.places[i * 16..(i + 1) * 16]);
        }
        assert_eq!(alone.of(5, Device::Cpu).1, alone.of(5, Device::Cpu).1, "also backwards");
    }
}
