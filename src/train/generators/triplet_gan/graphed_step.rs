//! An iteration in two parts, for a CUDA graph: the host's, which makes the draws and the numbers of Adam's steps and
//! writes them into fixed buffers; and the device's, of fixed shape, which reads only those, so that it can be recorded
//! once and replayed. The shared object, or its absence, decides nothing but the time.

use super::phase_results::{Discriminated, PhaseResults, Represented};
use crate::torch::cuda_graph::Graph;
use crate::torch::device::wait;
use crate::torch::upload::upload;
use seraug_core::error::{Error, Result};
use tch::{Device, Kind, Tensor};

/// How the error begins where an iteration could not be recorded; another process can train without.
pub const REFUSED: &str = "the iteration cannot be recorded as a CUDA graph";

/// Iterations on the recording's stream before it is made.
pub(super) const REHEARSALS: usize = 3;

/// The buffers, and who does the device's part.
#[derive(Debug)]
pub(crate) struct GraphedStep {
    /// Utterances and where their windows start, int64 [2, 4 batch].
    places: Tensor,
    /// Noise and epsilon of each purpose, then the numbers of each step of Adam; float.
    numbers: Tensor,
    player: Player,
    /// Why it is not, or no more, a graph; said once.
    pub note: Option<String>,
}

/// Who does the device's part of an iteration.
#[derive(Debug)]
pub(super) enum Player {
    Eager,
    Rehearsing(Graph, usize),
    Recorded(Graph, GraphedLosses),
}

/// What the device's part gives.
#[derive(Debug)]
pub(super) struct GraphedLosses {
    pub(super) names: Vec<&'static str>,
    /// One value for each name.
    pub(super) losses: Tensor,
    pub(super) represented: Option<Represented>,
    pub(super) discriminated: Discriminated,
}

impl GraphedLosses {
    fn shallow_clone(&self) -> GraphedLosses {
        let t = Tensor::shallow_clone;
        let Discriminated { loss, original, augmented } = &self.discriminated;
        GraphedLosses {
            names: self.names.clone(),
            losses: t(&self.losses),
            represented: self.represented.as_ref().map(|r| Represented {
                loss: t(&r.loss),
                positive: t(&r.positive),
                negative: t(&r.negative),
            }),
            discriminated: Discriminated { loss: t(loss), original: t(original), augmented: t(augmented) },
        }
    }
}

impl GraphedStep {
    /// Buffers on `device` for `batch` triplets and `numbers` values of draws and of Adam's steps.
    pub(super) fn new(player: Player, batch: usize, numbers: i64, device: Device) -> GraphedStep {
        GraphedStep {
            places: Tensor::zeros([2, 4 * batch as i64], (Kind::Int64, device)),
            numbers: Tensor::zeros([numbers], (Kind::Float, device)),
            player,
            note: None,
        }
    }

    /// The buffer of the numbers, from `at` on, as [steps, 2]: what a step of Adam reads.
    pub(super) fn steps(&self, at: i64, steps: i64) -> Tensor {
        self.numbers.narrow(0, at, 2 * steps).view([steps, 2])
    }

    /// The device's part of an iteration: recorded, rehearsed or replayed as far as that goes, else by `work` alone, which works
    /// on the buffers that it is given (places and numbers).
    ///
    /// # Errors
    /// It could not be recorded: the memory of libtorch may be left to a recording that nobody ends, so nothing more can be
    /// done in this process.
    pub(super) fn play(
        &mut self,
        mut work: impl FnMut(&Tensor, &Tensor) -> GraphedLosses,
    ) -> Result<GraphedLosses> {
        let device = self.places.device();
        let (places, numbers) = (self.places.shallow_clone(), self.numbers.shallow_clone());
        let mut work = || work(&places, &numbers);
        let (player, losses) = match std::mem::replace(&mut self.player, Player::Eager) {
            Player::Eager => (Player::Eager, work()),
            Player::Rehearsing(graph, 0) => {
                match graph.record(&mut work).and_then(|losses| graph.replay().map(|()| losses)) {
                    Ok(losses) => {
                        let now = losses.copied();
                        (Player::Recorded(graph, losses), now)
                    }
                    Err(reason) => {
                        // It would not survive its destructor: the capture may still be open.
                        std::mem::forget(graph);
                        return Err(Error::failed(format!(
                            "{REFUSED} ({reason}), so the next try goes without"
                        )));
                    }
                }
            }
            Player::Rehearsing(graph, left) => match graph.rehearse(&mut work) {
                Ok((losses, None)) => (Player::Rehearsing(graph, left - 1), losses),
                Ok((losses, Some(reason))) => {
                    wait(device);
                    self.note = Some(format!("no CUDA graph: {reason}"));
                    (Player::Eager, losses)
                }
                Err(reason) => {
                    self.note = Some(format!("no CUDA graph: {reason}"));
                    (Player::Eager, work())
                }
            },
            Player::Recorded(graph, losses) => match graph.replay() {
                Ok(()) => {
                    let now = losses.copied();
                    (Player::Recorded(graph, losses), now)
                }
                Err(reason) => {
                    self.note = Some(format!("no more CUDA graph: {reason}"));
                    (Player::Eager, work())
                }
            },
        };
        self.player = player;
        Ok(losses)
    }

    /// Writes what the next iteration works on into the buffers, by a copy on the device: it comes after what still reads
    /// them, and the host waits for neither.
    pub(super) fn fill(&mut self, places: &Tensor, noise: &Tensor, steps: &[f32]) {
        let _no_grad = tch::no_grad_guard();
        let (drawn, own) = (noise.size()[0], steps.len() as i64);
        self.places.copy_(places);
        self.numbers.narrow(0, 0, drawn).copy_(noise);
        self.numbers.narrow(0, drawn, own).copy_(&upload(steps, self.places.device()));
    }
}

impl From<PhaseResults> for GraphedLosses {
    fn from(results: PhaseResults) -> GraphedLosses {
        let (names, losses): (Vec<_>, Vec<_>) = results.losses.into_iter().unzip();
        GraphedLosses {
            names,
            losses: Tensor::stack(&losses, 0),
            represented: results.represented,
            discriminated: results.discriminated,
        }
    }
}

impl GraphedLosses {
    /// With losses of its own, which the next replay leaves as they are; of the others the last alone are asked for.
    fn copied(&self) -> GraphedLosses {
        GraphedLosses { losses: self.losses.copy(), ..self.shallow_clone() }
    }
}
