//! A worker process: one cell at a time, told by its supervisor, or the one cell of a cluster's task.

mod may_pass;

use crate::cell::{self, CellContext, LoadedData};
use crate::reporter::{Board, Reporter, say};
use may_pass::may_pass;
use seraug_core::device::numeric;
use seraug_core::error::{Error, Result};
use seraug_core::panic::caught;
use seraug_core::run_files::{CellRecord, OutcomeStatus, PlannedCell, RunDir, RunInfo, read_plan};
use seraug_core::spec::{self, File, Precision, Spec};
use seraug_core::store::{Stage, Store};
use seraug_core::{interrupt, terminal};
use seraug_run::plan::Plan;
use seraug_run::progress::Display;
use seraug_run::supervise::{self, Options};
use seraug_run::worker_client::protocol::{Event, WorkerOrder};
use seraug_run::{inputs, out_of_memory, slurm};
use seraug_train::torch::device::{self, Device};
use seraug_train::torch::process_setup;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// What a worker is started with.
#[derive(Debug, Clone)]
pub struct WorkerTask {
    /// The run directory.
    pub run: RunDir,
    /// As of the run.
    pub options: Options,
}

/// In which numbers a run computes.
///
/// # Errors
/// Its spec.toml does not read.
pub fn precision(run: &RunDir) -> Result<Precision> {
    Ok(read_spec(&run.spec())?.precision)
}

/// Works on cells until the supervisor has no more, or is gone. Exit code 0.
///
/// # Errors
/// A run directory that does not read, corpora that changed since the run began, a device that does not answer.
pub fn serve(task: &WorkerTask) -> Result<u8> {
    let orders = orders();
    let mut bench = Bench::new(task)?;
    interrupt::heed(true);
    say(&Event::Ready);
    while let Ok(WorkerOrder::Cell { row, attempt }) = orders.recv() {
        let mut said = Reporter::default();
        match bench.work(row, attempt, &mut said) {
            Ok(()) => say(&Event::Done),
            Err(Error::Interrupted(_)) => {
                say(&Event::Stopped);
                break;
            }
            Err(e) => {
                let (error, may_pass) = explained(&bench.spec, &said, &e.to_string());
                say(&Event::Failed { error, may_pass });
                if may_pass {
                    // After an error of the device nothing of this process can be trusted.
                    break;
                }
            }
        }
    }
    Ok(0)
}

/// Works on the cell of one row of plan.csv (from 0) as a task of Slurm, and writes its outcome, also a failed one. Exit
/// codes: 0 done, 3 failed, 130 stopped with a checkpoint. Near the time limit it puts itself back into the queue,
/// and so it does, once, after a failure whose cause may pass.
///
/// # Errors
/// As [`serve`].
pub fn one(task: &WorkerTask, row: usize) -> Result<u8> {
    let rows = read_plan(&task.run.plan())?;
    let planned = rows.get(row).ok_or_else(|| {
        Error::usage(format!("--cell {}: {} has {} cells", row + 1, task.run.plan().display(), rows.len()))
    })?;
    let before = CellRecord::load(&task.run.cell_file(&planned.cell, "outcome.toml"))?;
    if before.is_some_and(|r| r.status == OutcomeStatus::Done && r.key_classifier == planned.key_classifier) {
        terminal::note(&format!("{}: is done already", planned.cell));
        return Ok(0);
    }
    let attempt = 1 + slurm::restarts();
    let mut bench = Bench::new(task)?;
    interrupt::heed(true);
    let mut said = Reporter::aloud();
    match bench.work(row, attempt, &mut said) {
        Ok(()) => Ok(0),
        Err(e @ Error::Interrupted(_)) if interrupt::limit_is_near() => {
            terminal::note(&format!("the time limit is near: {e}; back into the queue"));
            slurm::requeue_me()?;
            Err(e)
        }
        Err(e @ Error::Interrupted(_)) => Err(e),
        Err(e) => {
            let (error, may_pass) = explained(&bench.spec, &said, &e.to_string());
            if may_pass && attempt == 1 && slurm::requeue_me().is_ok() {
                terminal::note(&format!("{}: {error}; it is tried once more", planned.cell));
                return Ok(3);
            }
            supervise::fail(&task.run, planned, &bench.class, attempt, &error, &[])?;
            terminal::note(&format!("error: {}: {error}", planned.cell));
            Ok(3)
        }
    }
}

/// A failure in words, and whether another try may end otherwise: a device that failed or was full, as against a
/// training that diverged.
fn explained(spec: &Spec, said: &Reporter, error: &str) -> (String, bool) {
    let stage = said.stage.unwrap_or(Stage::Classifier);
    match out_of_memory::advice(error, stage, spec) {
        Some(line) => (line, true),
        None => (error.to_owned(), may_pass(error)),
    }
}

/// Orders as they come. A stop, and the end of the input, ask the training for a stop at once.
fn orders() -> mpsc::Receiver<WorkerOrder> {
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line.ok().and_then(|l| serde_json::from_str(&l).ok()) {
                Some(WorkerOrder::Stop) | None => break,
                Some(order) => {
                    if give.send(order).is_err() {
                        break;
                    }
                }
            }
        }
        drop(give);
        interrupt::request_stop();
    });
    take
}

/// The experiment of a run, read again by a process of its own.
struct Bench {
    plan: Plan,
    rows: Vec<PlannedCell>,
    run: RunDir,
    store: Store,
    device: device::Device,
    class: String,
    checkpoint_every: Duration,
    tensorboard: bool,
    cuda_graphs: bool,
    loaded: LoadedData,
    spec: Spec,
}

impl Bench {
    fn new(task: &WorkerTask) -> Result<Bench> {
        let WorkerTask { run, options } = task;
        let spec = read_spec(&run.spec())?;
        let info = RunInfo::load(&run.info())?;
        let store = Store::of(&options.results);
        device::use_threads(options.threads);
        let device = device::open(options.devices[0])?;
        if device == Device::Cpu {
            process_setup::prepare();
        }
        let machine = device::describe(device);
        let inputs = inputs::read(&spec, options, &store, &Display::new(true))?;
        let plan = Plan::new(spec, info.experiment, inputs.corpora, &numeric(&machine))?;
        Ok(Bench {
            rows: read_plan(&run.plan())?,
            run: run.clone(),
            store,
            device,
            class: machine.class,
            checkpoint_every: options.checkpoint_every,
            tensorboard: options.tensorboard,
            cuda_graphs: options.cuda_graphs,
            loaded: LoadedData::default(),
            spec: plan.spec.clone(),
            plan,
        })
    }

    fn work(&mut self, row: usize, attempt: usize, said: &mut Reporter) -> Result<()> {
        let (Some(cell), Some(planned)) = (self.plan.cells.get(row), self.rows.get(row)) else {
            return Err(Error::failed(format!("{}: no row {row}", self.run.plan().display())));
        };
        if cell.classifier.as_str() != planned.key_classifier {
            return Err(Error::failed(format!(
                "{}: the recordings or the device are not those that {} was planned with; start another run with --new",
                planned.cell,
                self.run.path().display()
            )));
        }
        let context = CellContext {
            spec: &self.plan.spec,
            selection: &self.plan.selection,
            cells: &self.plan.cells,
            run: &self.run,
            store: &self.store,
            device: self.device,
            checkpoint_every: self.checkpoint_every,
            // A recording may be why the first try failed, and nothing hangs on it but the time.
            cuda_graphs: self.cuda_graphs && attempt == 1,
        };
        // cells/CONDITION/… becomes tensorboard/CONDITION/…
        let place = planned.cell.dir().components().skip(1).collect::<PathBuf>();
        said.board = self.tensorboard.then(|| Board::At(self.run.path().join("tensorboard").join(place)));
        let loaded = &mut self.loaded;
        caught(|| cell::run(&context, cell, loaded, attempt, said).map(drop))
    }
}

fn read_spec(path: &Path) -> Result<Spec> {
    match spec::load_file(path, &[])? {
        File::Experiment(spec) => Ok(*spec),
        _ => Err(Error::failed(format!("{}: not an experiment", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn memory_that_the_host_does_not_have_is_told_as_what_to_change() {
        let text = r#"title = "t"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
"#;
        let spec = spec::parse(text, "x.toml", &[]).unwrap();
        let error = Tensor::f_zeros([1i64 << 50], (Kind::Float, Device::Cpu)).unwrap_err();
        let (line, may_pass) = explained(&spec, &Reporter::default(), &format!("{error:?}"));
        assert!(line.starts_with("out of memory on the host: 4194304.00 GiB asked for; "), "{line}");
        assert!(line.ends_with("--set classifier.batch=16 --set classifier.small-batch=8"), "{line}");
        assert!(may_pass);
    }
}
