//! Iterations on fixed buffers, and what becomes of a recording.

use super::*;
use crate::feature_bank::Bank;
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
    let expected =
        "the iteration cannot be recorded as a CUDA graph (no recording here), so the next try goes without";
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
