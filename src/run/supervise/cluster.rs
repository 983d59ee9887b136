//! A run whose cells a cluster works on: they are submitted, and with `--wait` looked after until none is left.

use super::supervisor::{RunEnding, Stopped, line};
use super::{Options, worker_process};
use crate::progress::Display;
use crate::slurm::{self, Submitted, TaskState, WorkerCommand};
use seraug_core::device::{DeviceChoice, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::interrupt;
use seraug_core::owner::Owner;
use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, RunState};
use seraug_core::spec::Slurm;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, absolute};

/// The device that the cells are planned for, and its name for workers. It is somewhere else, so nothing is opened.
///
/// # Errors
/// Several devices.
pub(super) fn device(options: &Options, asked: &Slurm) -> Result<(DeviceInfo, Vec<String>)> {
    let [choice] = options.devices[..] else {
        return Err(Error::usage("--device: a cell of a cluster has one device, such as cpu or cuda"));
    };
    let choice = slurm::device(choice, asked);
    let class = if choice == DeviceChoice::Cpu { "cpu" } else { "cuda" };
    let machine = DeviceInfo {
        class: class.to_owned(),
        name: "of a Slurm cluster".to_owned(),
        host: Owner::me().host.clone(),
        threads: options.threads,
    };
    Ok((machine, vec![choice.to_string()]))
}

/// Submits the cells of `records` that are not done, and waits for them where that is asked for.
///
/// # Errors
/// No Slurm here, or it refuses; a stop that was asked for. The jobs go on.
pub(super) fn run(
    run: &RunDir,
    options: &Options,
    asked: &Slurm,
    device: &str,
    display: &Display,
    records: &[Option<CellRecord>],
) -> Result<RunEnding> {
    let open = |r: &Option<CellRecord>| r.as_ref().is_none_or(|r| r.status == OutcomeStatus::Failed);
    let rows: Vec<usize> = (1..).zip(records).filter(|(_, r)| open(r)).map(|(row, _)| row).collect();
    let mut asked = asked.clone();
    if options.jobs > 0 {
        asked.array_limit = u32::try_from(options.jobs).unwrap_or(u32::MAX);
    }
    asked.cpus = asked.cpus.max(if options.threads > 1 { options.threads as u32 } else { 0 });
    // Jobs begin in another folder.
    let at_home = |path: &Path| {
        absolute(path).map_err(|e| Error::failed(format!("{}: has no absolute path: {e}", path.display())))
    };
    let run = &RunDir::at(at_home(run.path())?);
    let options = &Options {
        results: at_home(&options.results)?,
        corpora: at_home(&options.corpora)?,
        ..options.clone()
    };
    let submitted = slurm::submit(run, &rows, &asked, &worker(run, options, &asked, device)?)?;
    display.note(&told(&submitted));
    if !options.wait {
        let records = records_of(RunState::read(run)?);
        let with = submitted.rows.iter().chain(&submitted.already);
        let queued = with.filter(|row| open(&records[**row - 1])).count();
        return Ok(RunEnding { records, stopped: None, queued });
    }

    let mut known: HashSet<usize> =
        (1..).zip(records).filter(|(_, r)| !open(r)).map(|(row, _)| row).collect();
    let state = slurm::follow(run, &mut |state, tasks| {
        for (row, (planned, record)) in (1..).zip(&state.cells) {
            let held = tasks.iter().any(|t| t.row == row);
            if record.is_some() && !held && known.insert(row) {
                display.cell_done(&line(planned, record.as_ref()));
            }
        }
        let running = tasks.iter().filter(|t| t.state == TaskState::Running).count();
        display.worker(0, Some(format!("{running} cells run, {} are queued", tasks.len() - running)));
    })?;
    let records = records_of(state);
    if interrupt::stops() > 0 {
        display.note(&format!("the jobs go on; scancel --name={} ends them", slurm::job_name(run)));
        return Ok(RunEnding { records, stopped: Some(Stopped::Asked), queued: 0 });
    }
    for lost in slurm::failed_jobs(run)? {
        display.note(&format!("{}: job {} ended without a result: {}", lost.cell, lost.job, lost.reason));
    }
    Ok(RunEnding { records, stopped: None, queued: 0 })
}

fn records_of(state: RunState) -> Vec<Option<CellRecord>> {
    state.cells.into_iter().map(|(_, record)| record).collect()
}

/// As a local run starts its workers, but with the threads that a job has, and the places of shared libraries, which a
/// cluster may not pass on.
fn worker(run: &RunDir, options: &Options, asked: &Slurm, device: &str) -> Result<WorkerCommand> {
    let command = worker_process::command(run, &Options { jobs: 1, ..options.clone() }, device)?;
    let mut env: Vec<(String, OsString)> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value?.to_owned())))
        .filter(|(name, _)| name != "RAYON_NUM_THREADS")
        .collect();
    env.push(("RAYON_NUM_THREADS".to_owned(), asked.cpus.max(1).to_string().into()));
    let inherited = ["LD_LIBRARY_PATH", "LIBTORCH"];
    env.extend(inherited.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?))));
    // Empty is as unset.
    env.retain(|(_, value)| !value.is_empty());
    Ok(WorkerCommand {
        exe: command.get_program().into(),
        // What comes before is the word `work` and the run.
        args: command.get_args().skip(2).map(OsString::from).collect(),
        env,
    })
}

fn told(submitted: &Submitted) -> String {
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
        already => format!("{new}; {already} are with Slurm already"),
    }
}
