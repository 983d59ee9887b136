//! A run whose cells a Slurm cluster works on: they are submitted and, with `--wait`, followed until none is left.

use super::supervisor::{RunEnding, Stopped, line};
use super::{Computer, RunContext};
use crate::options::Compute;
use crate::progress::Display;
use crate::slurm::{self, Submitted, TaskState, WorkerCommand};
use crate::worker_client::WorkerArgs;
use seraug_core::device::{DeviceChoice, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::interrupt;
use seraug_core::owner::Owner;
use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, RunState};
use seraug_core::spec::Slurm;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf, absolute};

/// The device that the cells are planned for, and the choice that workers are given. It is on another machine, so nothing
/// is opened.
///
/// # Errors
/// Several devices.
pub(super) fn device(compute: &Compute, slurm: &Slurm) -> Result<(DeviceInfo, Vec<DeviceChoice>)> {
    let [choice] = compute.devices[..] else {
        return Err(Error::usage("--device: a cell on a cluster has one device, such as cpu or cuda"));
    };
    let choice = slurm::device(choice, slurm);
    let machine = DeviceInfo {
        class: choice.class(),
        name: "of a Slurm cluster".to_owned(),
        host: Owner::me().host.clone(),
        threads: compute.threads,
    };
    Ok((machine, vec![choice]))
}

/// Submits the cells of `records` that are not done and, where that is asked for, waits until they have ended.
///
/// # Errors
/// No Slurm on this machine, or it refuses; a requested stop. The jobs keep running.
pub(super) fn run(
    context: &RunContext,
    computer: &Computer,
    run: &RunDir,
    worker: WorkerArgs,
    records: &[Option<CellRecord>],
) -> Result<RunEnding> {
    let RunContext { options, display, .. } = context;
    let open = |r: &Option<CellRecord>| r.as_ref().is_none_or(|r| r.status == OutcomeStatus::Failed);
    let rows: Vec<usize> = (1..).zip(records).filter(|(_, r)| open(r)).map(|(row, _)| row).collect();
    let mut slurm = computer.slurm.clone();
    if let Some(jobs) = options.compute.jobs {
        slurm.array_limit = u32::try_from(jobs).unwrap_or(u32::MAX);
    }
    slurm.cpus = slurm.cpus.max(if options.compute.threads > 1 { options.compute.threads as u32 } else { 0 });
    // Jobs start in another folder.
    let run = &RunDir::at(absolute_path(run.path())?);
    let worker = WorkerArgs {
        run: run.path().to_owned(),
        results: absolute_path(&worker.results)?,
        corpora: absolute_path(&worker.corpora)?,
        ..worker
    };
    let submitted = slurm::submit(run, &rows, &slurm, &command(&computer.program, &worker, &slurm))?;
    display.note(&describe(&submitted));
    if !options.wait {
        let records = records_of(RunState::read(run)?);
        let with = submitted.rows.iter().chain(&submitted.already);
        let queued = with.filter(|row| open(&records[**row - 1])).count();
        return Ok(RunEnding { records, stopped: None, queued });
    }
    let ended = (1..).zip(records).filter(|(_, r)| !open(r)).map(|(row, _)| row).collect();
    wait(run, ended, display)
}

/// Shows the cells as they end until Slurm has none of them, or a stop is requested. `ended` are rows, from 1, that had
/// ended before.
fn wait(run: &RunDir, mut ended: HashSet<usize>, display: &Display) -> Result<RunEnding> {
    let state = slurm::follow(run, &mut |state, tasks| {
        for (row, (planned, record)) in (1..).zip(&state.cells) {
            let held = tasks.iter().any(|t| t.row == row);
            if record.is_some() && !held && ended.insert(row) {
                display.cell_done(&line(planned, record.as_ref()));
            }
        }
        let running = tasks.iter().filter(|t| t.state == TaskState::Running).count();
        display.worker(0, Some(format!("{running} cells running, {} queued", tasks.len() - running)));
    })?;
    let records = records_of(state);
    if interrupt::stops() > 0 {
        display.note(&format!("the jobs keep running; scancel --name={} ends them", slurm::job_name(run)));
        return Ok(RunEnding { records, stopped: Some(Stopped::Asked), queued: 0 });
    }
    for lost in slurm::failed_jobs(run)? {
        display.note(&format!("{}: job {} ended without a result: {}", lost.cell, lost.job, lost.reason));
    }
    Ok(RunEnding { records, stopped: None, queued: 0 })
}

fn absolute_path(path: &Path) -> Result<PathBuf> {
    absolute(path).map_err(|e| Error::failed(format!("{}: has no absolute path: {e}", path.display())))
}

fn records_of(state: RunState) -> Vec<Option<CellRecord>> {
    state.cells.into_iter().map(|(_, record)| record).collect()
}

/// The worker as a local run starts it, but with the threads of a job and the paths of shared libraries, which a cluster
/// may not pass on.
fn command(program: &Path, worker: &WorkerArgs, slurm: &Slurm) -> WorkerCommand {
    let own = worker.environment().map(|(name, value)| (name.to_owned(), OsString::from(value)));
    let mut env = Vec::from(own);
    env.sort();
    env.push(("RAYON_NUM_THREADS".to_owned(), slurm.cpus.max(1).to_string().into()));
    let inherited = ["LD_LIBRARY_PATH", "LIBTORCH"];
    env.extend(inherited.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?))));
    // Empty means unset.
    env.retain(|(_, value)| !value.is_empty());
    WorkerCommand { exe: program.to_owned(), args: worker.flags(), env }
}

fn describe(submitted: &Submitted) -> String {
    let jobs: Vec<String> = submitted.jobs.iter().map(|j| j.id.to_string()).collect();
    let cells = match submitted.rows.len() {
        1 => "1 cell".to_owned(),
        n => format!("{n} cells"),
    };
    let new = match &jobs[..] {
        [] => "nothing new to submit".to_owned(),
        [job] => format!("{cells} submitted to Slurm as job {job}"),
        _ => format!("{cells} submitted to Slurm as jobs {}", jobs.join(", ")),
    };
    match submitted.already.len() {
        0 => new,
        already => format!("{new}; {already} already in Slurm's queue"),
    }
}
