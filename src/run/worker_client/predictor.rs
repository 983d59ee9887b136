//! Runs the worker for `seraug predict`: a request on its standard input, an answer a recording on its standard output.

use super::program;
use crate::prediction::{PredictionAnswer, PredictionRequest};
use seraug_core::device::DeviceInfo;
use seraug_core::error::{Error, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

/// Sends `request` to a worker and hands every answer to `take`; the device that computed.
///
/// # Errors
/// A worker that does not start, or ends before its last answer: its own last line. What `take` returns.
pub fn predict(
    request: &PredictionRequest,
    mut take: impl FnMut(PredictionAnswer) -> Result<()>,
) -> Result<DeviceInfo> {
    let program = program()?;
    let failed = |what: String| Error::failed(format!("{}: {what}", program.display()));
    let threads = request.threads.max(1).to_string();
    let mut child = Command::new(&program)
        .arg("predict")
        .envs([("OMP_NUM_THREADS", threads.as_str()), ("MKL_NUM_THREADS", threads.as_str())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| failed(format!("the worker does not start: {e}; ./bootstrap build builds it")))?;
    let text = serde_json::to_string(request).expect("plain data");
    // A worker that does not load reads nothing; its own output says why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(text.as_bytes()));
    let stdout = child.stdout.take().ok_or_else(|| failed("no output".to_owned()))?;
    let mut device = DeviceInfo::default();
    let mut taken = Ok(());
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|e| failed(e.to_string()))?;
        let answer: PredictionAnswer =
            serde_json::from_str(&line).map_err(|e| failed(format!("not an answer of a worker ({e})")))?;
        match answer {
            PredictionAnswer::Ready { device: there } => device = *there,
            answer => taken = take(answer),
        }
        if taken.is_err() {
            let _ = child.kill();
            break;
        }
    }
    let mut errors = String::new();
    let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut errors));
    let status = child.wait().map_err(|e| failed(e.to_string()))?;
    taken?;
    if status.success() {
        return Ok(device);
    }
    let last = errors.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
    match (last.strip_prefix("error: "), status.code()) {
        (Some(error), Some(2)) => Err(Error::usage(error)),
        (Some(error), _) => Err(Error::failed(error)),
        (None, _) if last.is_empty() => Err(failed(format!("the worker ended ({status})"))),
        (None, _) => Err(failed(last.to_owned())),
    }
}
