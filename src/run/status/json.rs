//! The state of a run as JSON.

use super::RunStatus;
use super::cells::{CellState, CellStatus, StageWork};
use super::eta::steps_per_second;
use crate::slurm::TaskState;
use seraug_core::store::{Holder, Stage};
use serde_json::{Map, Value, json};

pub(super) fn json(status: &RunStatus) -> Value {
    let counts = status.counts();
    json!({
        "run": status.name,
        "path": status.path.display().to_string(),
        "state": status.state.name(),
        "since": status.since.map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "supervisor": status.supervisor.as_ref().map(who),
        "jobs": status.jobs,
        "workers": status.workers,
        "seconds_left": status.eta.map(|l| l.as_secs_f64().round()),
        "counts": {
            "cells": status.cells.len(), "done": counts.done, "failed": counts.failed, "running": counts.running,
            "interrupted": counts.interrupted, "waiting": counts.waiting,
        },
        "cells": (1..).zip(&status.cells).map(|(row, c)| cell(c, job(status, row))).collect::<Vec<_>>(),
    })
}

/// The task of a cluster for a row of plan.csv, with its state.
fn job(status: &RunStatus, row: usize) -> Option<Value> {
    let task = status.queue.iter().flatten().find(|t| t.row == row)?;
    let state = match task.state {
        TaskState::Queued => "queued",
        TaskState::Running => "running",
        TaskState::Ending => "ending",
    };
    Some(json!({ "id": task.job, "state": state }))
}

fn cell(cell: &CellStatus, job: Option<Value>) -> Value {
    let (state, more) = match &cell.state {
        CellState::Done => ("done", json!({})),
        CellState::Failed => ("failed", json!({})),
        CellState::Waiting => ("waiting", json!({})),
        CellState::Interrupted { stage, step } => {
            ("interrupted", json!({ "stage": stage.name(), "step": step }))
        }
        CellState::Running(work) => ("running", running(work)),
    };
    let key = |stage: Stage| cell.planned.key(stage).map(|k| k.to_string());
    let mut answer = json!({
        "cell": cell.planned.cell.to_string(), "corpus": cell.planned.corpus, "state": state,
        "key_augmentor": key(Stage::Augmentor), "key_classifier": key(Stage::Classifier),
        "stored": cell.stored.iter().map(|s| s.name()).collect::<Vec<_>>(),
    });
    let fields = answer.as_object_mut().expect("an object");
    fields.extend(key(Stage::Autoencoder).map(|key| ("key_autoencoder".to_owned(), json!(key))));
    if let Some(record) = &cell.record {
        fields.extend(object(json!({
            "attempts": record.attempts, "host": record.host, "trained": record.trained,
            "seconds_augmentor": record.seconds_augmentor, "seconds_classifier": record.seconds_classifier,
            "error": record.error, "warnings": record.warnings,
        })));
    }
    fields.extend(object(more));
    fields.extend(job.map(|job| ("job".to_owned(), job)));
    answer
}

fn running(work: &StageWork) -> Value {
    let p = &work.holder.progress;
    let values: Map<String, Value> = p.values.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
    json!({
        "stage": work.stage.name(), "step": p.step, "steps": p.steps, "resumed": p.resumed,
        "steps_per_second": steps_per_second(work), "values": values, "worker": who(&work.holder),
        "for_run": work.holder.task.run, "for_cell": work.holder.task.cell,
    })
}

fn who(holder: &Holder) -> Value {
    json!({
        "host": holder.owner.host, "pid": holder.owner.pid, "alive": holder.is_there(),
        "silent_seconds": (holder.silent.as_secs_f64() * 10.0).round() / 10.0,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
