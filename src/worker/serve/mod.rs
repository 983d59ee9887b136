//! A worker process: it trains the cells that its supervisor orders, one at a time, or the one cell of a Slurm job.

mod retryable;

use crate::cell::{self, CellContext, LoadedData};
use crate::opened_run::{OpenedRun, read_spec, set_up};
use crate::reporter::{Reporter, TensorBoard, send};
use retryable::is_retryable;
use seraug_core::device::DeviceClass;
use seraug_core::error::{Error, Result};
use seraug_core::panic::caught;
use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, read_plan};
use seraug_core::spec::{Precision, Spec};
use seraug_core::store::Stage;
use seraug_core::{exit, interrupt, terminal};
use seraug_run::arguments::seconds;
use seraug_run::options::{Places, TrainingOptions};
use seraug_run::plan::{has_gallery, has_reconstruction, has_references};
use seraug_run::worker_client::WorkerArgs;
use seraug_run::worker_client::protocol::{Event, WorkerOrder};
use seraug_run::{out_of_memory, slurm, supervise};
use seraug_train::torch::device;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::mpsc;

/// What a worker was started with.
#[derive(Debug, Clone)]
pub struct WorkerTask {
    /// The run directory; links are resolved.
    pub run: RunDir,
    /// The command line.
    pub args: WorkerArgs,
}

/// The precision that a run computes in.
///
/// # Errors
/// Its spec.toml does not parse.
pub fn precision(run: &RunDir) -> Result<Precision> {
    Ok(read_spec(&run.spec())?.precision)
}

/// Works on cells until the supervisor has no more, or is gone; the exit code.
///
/// # Errors
/// A run directory that cannot be read, corpora that changed since the run began, a device that does not answer.
pub fn serve(task: &WorkerTask) -> Result<u8> {
    let orders = orders();
    let mut worker = CellWorker::new(task)?;
    interrupt::heed(true);
    send(&Event::Ready);
    while let Ok(WorkerOrder::Cell { row, attempt }) = orders.recv() {
        let mut reporter = Reporter::default();
        match worker.work(row, attempt, &mut reporter) {
            Ok(()) => send(&Event::Done),
            Err(Error::Interrupted(_)) => {
                send(&Event::Stopped);
                break;
            }
            Err(e) => {
                let (error, retryable) = explained(&worker.opened.planner.spec, &reporter, &e.to_string());
                send(&Event::Failed { error, retryable });
                if retryable {
                    // After an error of the device nothing of this process can be trusted.
                    break;
                }
            }
        }
    }
    Ok(exit::DONE)
}

/// Works on the cell of one row of plan.csv (from 0) as a job of Slurm, and writes its outcome, also of a failure; the exit
/// code. The job requeues itself near its time limit, and once after a retryable failure.
///
/// # Errors
/// As [`serve`]; a stop, which leaves a checkpoint.
pub fn one(task: &WorkerTask, row: usize) -> Result<u8> {
    let rows = read_plan(&task.run.plan())?;
    let planned = rows.get(row).ok_or_else(|| {
        Error::usage(format!("--cell {}: {} has {} cells", row + 1, task.run.plan().display(), rows.len()))
    })?;
    let before = CellRecord::load(&task.run.cell_file(&planned.cell, "outcome.toml"))?;
    if before.is_some_and(|r| r.status == OutcomeStatus::Done && r.is_of(&planned.key_classifier)) {
        terminal::note(&format!("{}: is done already", planned.cell));
        return Ok(exit::DONE);
    }
    let attempt = 1 + slurm::restarts();
    let mut worker = CellWorker::new(task)?;
    interrupt::heed(true);
    let mut reporter = Reporter::printing();
    match worker.work(row, attempt, &mut reporter) {
        Ok(()) => Ok(exit::DONE),
        Err(e @ Error::Interrupted(_)) if interrupt::limit_is_near() => {
            terminal::note(&format!("the time limit is near: {e}; requeueing"));
            slurm::requeue_me()?;
            Err(e)
        }
        Err(e @ Error::Interrupted(_)) => Err(e),
        Err(e) => {
            let (error, retryable) = explained(&worker.opened.planner.spec, &reporter, &e.to_string());
            if retryable && attempt == 1 && slurm::requeue_me().is_ok() {
                terminal::note(&format!("{}: {error}; retrying once", planned.cell));
                return Ok(exit::CELLS_FAILED);
            }
            supervise::fail(&task.run, planned, worker.class, attempt, &error, &[])?;
            terminal::note(&format!("error: {}: {error}", planned.cell));
            Ok(exit::CELLS_FAILED)
        }
    }
}

/// A failure in words, and whether a retry may succeed: a device that failed or was full, but not a training that diverged.
fn explained(spec: &Spec, reporter: &Reporter, error: &str) -> (String, bool) {
    let stage = reporter.stage.unwrap_or(Stage::Classifier);
    match out_of_memory::advice(error, stage, spec) {
        Some(line) => (line, true),
        None => (error.to_owned(), is_retryable(error)),
    }
}

/// Orders as they arrive. [`WorkerOrder::Stop`] and the end of the input request a stop of the training at once.
fn orders() -> mpsc::Receiver<WorkerOrder> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line.ok().and_then(|l| serde_json::from_str(&l).ok()) {
                Some(WorkerOrder::Stop) | None => break,
                Some(order) => {
                    if sender.send(order).is_err() {
                        break;
                    }
                }
            }
        }
        drop(sender);
        interrupt::request_stop();
    });
    receiver
}

/// The experiment of a run, and how its cells are trained.
struct CellWorker {
    opened: OpenedRun,
    class: DeviceClass,
    training: TrainingOptions,
    loaded: LoadedData,
}

impl CellWorker {
    fn new(WorkerTask { run, args }: &WorkerTask) -> Result<CellWorker> {
        let device = set_up(args.device, args.threads)?;
        let machine = device::describe(device);
        let places = Places { corpora: args.corpora.clone(), results: args.results.clone() };
        Ok(CellWorker {
            opened: OpenedRun::open(run, &places, args.partial, device, Some(machine.numeric()))?,
            class: machine.class,
            training: TrainingOptions {
                checkpoint_every: seconds(args.checkpoint_seconds),
                tensorboard: args.tensorboard,
                cuda_graphs: args.cuda_graphs,
                keep_models: args.keep_models,
            },
            loaded: LoadedData::default(),
        })
    }

    /// Trains the cell of a row of plan.csv, from 0.
    fn work(&mut self, row: usize, attempt: usize, reporter: &mut Reporter) -> Result<()> {
        let Some(planned) = self.opened.rows.get(row).cloned() else {
            return Err(Error::failed(format!("{}: no row {row}", self.opened.run.plan().display())));
        };
        let Some(cell) = self.opened.cell(&planned)? else {
            return Err(Error::failed(format!(
                "{}: the recordings or the device differ from those that {} was planned with; start a new run with --new",
                planned.cell,
                self.opened.run.path().display()
            )));
        };
        let (opened, training) = (&self.opened, &self.training);
        let context = CellContext {
            gallery: has_gallery(&opened.planner.spec, &planned, &opened.rows),
            references: has_references(&planned, &opened.rows),
            reconstruction: has_reconstruction(&planned, &opened.rows),
            checkpoint_every: training.checkpoint_every,
            // Recording a graph may be why the first try failed, and it decides nothing but the time.
            cuda_graphs: training.cuda_graphs && attempt == 1,
            keep_model: training.keep_models.keeps(&opened.planner.spec, planned.cell.seed),
            trains_for_model: training.keep_models.trains_again(),
            ..opened.context()
        };
        // cells/CONDITION/… becomes tensorboard/CONDITION/…
        let folder = planned.cell.dir().components().skip(1).collect::<PathBuf>();
        let folder = opened.run.path().join("tensorboard").join(folder);
        reporter.tensorboard = training.tensorboard.then(|| TensorBoard::At(folder));
        let loaded = &mut self.loaded;
        caught(|| cell::run(&context, &cell, loaded, attempt, reporter).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec;
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
        let (line, retryable) = explained(&spec, &Reporter::default(), &format!("{error:?}"));
        assert!(line.starts_with("out of memory on the host: 4194304.00 GiB requested; "), "{line}");
        assert!(line.ends_with("--set classifier.batch=16 --set classifier.small-batch=8"), "{line}");
        assert!(retryable);
    }
}
