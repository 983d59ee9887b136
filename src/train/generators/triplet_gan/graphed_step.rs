//! An iteration in two parts, for a CUDA graph: the host's, which makes the draws and the numbers of Adam's steps and
//! writes them into fixed buffers; and the device's, of fixed shape, which reads only those, so that it can be recorded
//! once and replayed. The shared object, or its absence, decides nothing but the time.

use super::phases::{Discriminated, Represented};
use super::training::Trainer;
use crate::kernels::adam::Adam;
use crate::torch::cuda_graph::{self, Graph, GraphApi};
use crate::torch::device::wait;
use crate::torch::upload::upload;
use seraug_core::error::{Error, Result};
use tch::{Device, Kind, Tensor};

/// How the error begins where an iteration could not be recorded; another process can train without.
pub const REFUSED: &str = "the iteration cannot be recorded as a CUDA graph";

/// Iterations on the recording's stream before it is made.
const REHEARSALS: usize = 3;

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

#[derive(Debug)]
enum Player {
    Eager,
    Rehearsing(Graph, usize),
    Recorded(Graph, GraphedLosses),
}

/// What the device's part gives.
#[derive(Debug)]
struct GraphedLosses {
    names: Vec<&'static str>,
    /// [names].
    losses: Tensor,
    represented: Option<Represented>,
    discriminated: Discriminated,
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

impl Trainer<'_> {
    /// From here on an iteration works on fixed buffers, as one that is recorded does, though none is. On a CPU the
    /// weights are those of other iterations up to the rounding of Adam.
    pub fn fix(&mut self) {
        self.play(Player::Eager);
    }

    /// From here on an iteration is a replay of a CUDA graph, after the few that its recording takes. Gives the reason in
    /// one line where it is none, and then changes nothing.
    pub fn record(&mut self) -> Option<String> {
        let Device::Cuda(device) = self.task.bank.device() else {
            return Some("no CUDA graph: the device is the CPU".to_owned());
        };
        self.record_by(cuda_graph::api(), device)
    }

    fn record_by(&mut self, api: std::result::Result<GraphApi, String>, device: usize) -> Option<String> {
        match api.and_then(|api| Graph::new(api, device)) {
            Ok(graph) => {
                self.play(Player::Rehearsing(graph, REHEARSALS));
                None
            }
            Err(reason) => Some(format!("no CUDA graph: {reason}")),
        }
    }

    fn play(&mut self, player: Player) {
        let noise = self.recipe().noise_count() as i64;
        let steps = self.steps_of_adams();
        let device = self.task.bank.device();
        let count = noise + 2 * steps.iter().sum::<i64>();
        let numbers = Tensor::zeros([count], (Kind::Float, device));
        let mut at = noise;
        for (adam, steps) in self.adams_in_order().into_iter().zip(steps) {
            adam.follow(numbers.narrow(0, at, 2 * steps).view([steps, 2]));
            at += 2 * steps;
        }
        let places = Tensor::zeros([2, 4 * self.recipe().batch as i64], (Kind::Int64, device));
        self.fixed = Some(GraphedStep { places, numbers, player, note: None });
    }

    /// Steps of an iteration that each of [`Trainer::adams_in_order`] makes.
    fn steps_of_adams(&self) -> Vec<i64> {
        let guided = self.task.guided();
        // L_GAN alone moves the augmentor by its first optimiser, whatever the settings.
        let own = guided && self.adams.preservation.is_some();
        let varied = self.task.trains(seraug_core::spec::GanLoss::Var);
        let mut steps = vec![i64::from(guided), 1, i64::from(varied) + i64::from(!own)];
        steps.extend(self.adams.preservation.as_ref().map(|_| i64::from(own)));
        steps
    }

    fn adams_in_order(&mut self) -> Vec<&mut Adam> {
        let a = &mut self.adams;
        let three = [&mut a.representation, &mut a.discriminator, &mut a.augmentor];
        three.into_iter().chain(&mut a.preservation).collect()
    }

    /// One iteration by `fixed`, without a row.
    ///
    /// # Errors
    /// It could not be recorded: the memory of libtorch may be left to a recording that nobody ends, so nothing more can be
    /// done in this process.
    pub(crate) fn iterate_fixed(&mut self, mut fixed: GraphedStep) -> Result<()> {
        self.fill(&mut fixed);
        let device = self.task.bank.device();
        let (player, moved) = match fixed.player {
            Player::Eager => (Player::Eager, self.move_by(&fixed.places, &fixed.numbers)),
            Player::Rehearsing(graph, 0) => {
                let work = || self.move_by(&fixed.places, &fixed.numbers);
                match graph.record(work).and_then(|moved| graph.replay().map(|()| moved)) {
                    Ok(moved) => {
                        let now = moved.copied();
                        (Player::Recorded(graph, moved), now)
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
            Player::Rehearsing(graph, left) => {
                let work = || self.move_by(&fixed.places, &fixed.numbers);
                match graph.rehearse(work) {
                    Ok((moved, None)) => (Player::Rehearsing(graph, left - 1), moved),
                    Ok((moved, Some(reason))) => {
                        wait(device);
                        fixed.note = Some(format!("no CUDA graph: {reason}"));
                        (Player::Eager, moved)
                    }
                    Err(reason) => {
                        fixed.note = Some(format!("no CUDA graph: {reason}"));
                        (Player::Eager, self.move_by(&fixed.places, &fixed.numbers))
                    }
                }
            }
            Player::Recorded(graph, moved) => match graph.replay() {
                Ok(()) => {
                    let now = moved.copied();
                    (Player::Recorded(graph, moved), now)
                }
                Err(reason) => {
                    fixed.note = Some(format!("no more CUDA graph: {reason}"));
                    (Player::Eager, self.move_by(&fixed.places, &fixed.numbers))
                }
            },
        };
        for (name, loss) in moved.names.iter().zip(moved.losses.unbind(0)) {
            self.tally.add(name, &loss);
        }
        self.tally.keep(moved.represented, moved.discriminated);
        self.step += 1;
        fixed.player = player;
        self.fixed = Some(fixed);
        Ok(())
    }

    /// The host's part: what the iteration is drawn from, and the numbers of Adam's steps.
    fn fill(&mut self, fixed: &mut GraphedStep) {
        let device = self.task.bank.device();
        let (places, noise) = self.ahead.of(self.step, device);
        let (mut steps, rate) = (Vec::new(), self.task.spec.augmentor.learning_rate);
        for (adam, count) in self.steps_of_adams().into_iter().enumerate() {
            self.adams_in_order()[adam].announce(count, rate, &mut steps);
        }
        let _no_grad = tch::no_grad_guard();
        // By a copy on the device: it comes after what still reads the buffer, and the host waits for neither.
        let (drawn, own) = (noise.size()[0], steps.len() as i64);
        fixed.places.copy_(&places);
        fixed.numbers.narrow(0, 0, drawn).copy_(&noise);
        fixed.numbers.narrow(0, drawn, own).copy_(&upload(&steps, device));
    }

    /// The device's part: no upload, and nothing that the host waits for.
    fn move_by(&mut self, places: &Tensor, numbers: &Tensor) -> GraphedLosses {
        let noise = self.noise(numbers, &self.recipe().purposes);
        let mut batch = self.batch(places, noise);
        let moved = self.phases(&mut batch);
        let (names, losses): (Vec<_>, Vec<_>) = moved.losses.into_iter().unzip();
        GraphedLosses {
            names,
            losses: Tensor::stack(&losses, 0),
            represented: moved.represented,
            discriminated: moved.discriminated,
        }
    }
}

impl GraphedLosses {
    /// With losses of its own, which the next replay leaves as they are; of the others the last alone are asked for.
    fn copied(&self) -> GraphedLosses {
        GraphedLosses { losses: self.losses.copy(), ..self.shallow_clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_bank::Bank;
    use crate::generators::triplet_gan::AugmentorTask;
    use crate::torch::cuda_graph::tests::stand_in;
    use seraug_core::rng::Seed;
    use seraug_core::spec::{GanLoss, parse};

    const LOSSES: [GanLoss; 3] = [GanLoss::Model, GanLoss::Var, GanLoss::Bal];

    fn weights(steps: usize, prepare: impl Fn(&mut Trainer)) -> (Vec<Tensor>, Option<String>) {
        trained(steps, prepare).unwrap()
    }

    fn trained(steps: usize, prepare: impl Fn(&mut Trainer)) -> Result<(Vec<Tensor>, Option<String>)> {
        let text = r#"title = "t"
corpus = "synthetic"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
augmentor = { frames = 32, widths = [4, 4, 4], decoder-width = 4, batch = 2 }
discriminator = { widths = [4, 4, 4, 4], lstm = 4 }
representation = { widths = [4, 4, 4, 4, 4], lstm = 4 }
"#;
        let spec = parse(text, "x.toml", &[]).unwrap();
        let mut host = vec![0f32; 4 * 41 * 128];
        Seed::new(4).draws().fill_normal(&mut host);
        let bank = Bank::from_frames(Tensor::from_slice(&host).view([-1, 128]), vec![40; 4]);
        let labels = [0, 1, 0, 1];
        let task = AugmentorTask {
            spec: &spec,
            losses: &LOSSES,
            bank: &bank,
            labels: &labels,
            classes: 2,
            seed: Seed::new(1),
        };
        let mut trainer = Trainer::new(task).unwrap();
        prepare(&mut trainer);
        (0..steps).try_for_each(|_| trainer.iteration())?;
        let n = &trainer.networks;
        let all = [&n.augmentor.params, &n.discriminator.params, &n.representation.params];
        Ok((all.map(|p| p.flat().copy()).into(), trainer.fixed.and_then(|f| f.note)))
    }

    #[test]
    fn a_recording_that_fails_ends_the_training_and_one_that_never_began_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let api = stand_in(dir.path(), "\"no recording here\"");
        let record = |t: &mut Trainer| assert_eq!(t.record_by(Ok(api), 0), None);
        assert_eq!(weights(REHEARSALS, record), weights(REHEARSALS, |t: &mut Trainer| t.fix()));
        let failed = trained(REHEARSALS + 1, record).map(drop).unwrap_err().to_string();
        let expected = "the iteration cannot be recorded as a CUDA graph (no recording here), so the next try goes without";
        assert_eq!(failed, expected);
        let absent = |t: &mut Trainer| {
            let note = t.record_by(Err("it is not there".to_owned()), 0);
            assert_eq!(note.as_deref(), Some("no CUDA graph: it is not there"));
        };
        assert_eq!(weights(2, absent), weights(2, |_| ()), "the plain iteration goes on");
    }

    /// The stand-in does at once what CUDA would record: the iteration that is recorded is done once.
    #[test]
    fn after_the_recording_an_iteration_is_a_replay() {
        let dir = tempfile::tempdir().unwrap();
        let api = stand_in(dir.path(), "0");
        let record = |t: &mut Trainer| assert_eq!(t.record_by(Ok(api), 0), None);
        let (recorded, note) = weights(REHEARSALS + 1, record);
        assert_eq!(
            (recorded.as_slice(), &note),
            (weights(REHEARSALS + 1, |t: &mut Trainer| t.fix()).0.as_slice(), &None)
        );
        // Its replay does nothing, so the weights stay.
        assert_eq!(weights(REHEARSALS + 4, record).0, recorded);
    }
}
