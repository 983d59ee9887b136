//! Runs the worker for `seraug predict`: a request on its standard input, an answer a recording on its standard output.

use super::args::environment;
use super::program::{BUILD, last_line, not_started, other_build, reason};
use super::{WorkerFault, program};
use crate::prediction::{PredictionAnswer, PredictionRequest};
use seraug_core::device::DeviceInfo;
use seraug_core::error::{Error, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

/// Sends `request` to a worker and hands the answer of each recording to `take`; the device that computed.
///
/// # Errors
/// A worker that does not start, is of another build, or ends before its last answer, with its own last line. What `take` returns.
pub fn predict(
    request: &PredictionRequest,
    take: impl FnMut(PredictionAnswer) -> Result<()>,
) -> Result<DeviceInfo> {
    let path = program()?;
    let fault =
        |found: String| -> Error { WorkerFault { path: path.clone(), found, next: BUILD.to_owned() }.into() };
    let mut child = Command::new(&path)
        .arg("predict")
        .envs(environment(request.threads.max(1)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| fault(not_started(&e)))?;
    let text = serde_json::to_string(request).expect("plain data");
    // A worker that does not load reads nothing; its own output says why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(text.as_bytes()));
    // Beside the answers, so that a worker with much to say does not wait for a reader.
    let stderr = child.stderr.take().map(|mut stderr| {
        std::thread::spawn(move || {
            let mut said = Vec::new();
            stderr.read_to_end(&mut said).map_or(Vec::new(), |_| said)
        })
    });
    let taken = answers(&mut child, take, &fault);
    if taken.is_err() {
        // It may have ended already.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|e| fault(e.to_string()))?;
    let stderr = stderr.and_then(|reader| reader.join().ok()).unwrap_or_default();
    let device = taken?;
    if status.success() {
        return Ok(device);
    }
    let output = Output { status, stdout: Vec::new(), stderr };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match (last_line(&said).strip_prefix("error: "), status.code()) {
        (Some(error), Some(2)) => Err(Error::usage(error)),
        (Some(error), _) => Err(Error::failed(error)),
        (None, _) => Err(fault(reason(&output, &path))),
    }
}

/// Hands on what the worker says, to its end; what it computes with.
fn answers(
    child: &mut Child,
    mut take: impl FnMut(PredictionAnswer) -> Result<()>,
    fault: &dyn Fn(String) -> Error,
) -> Result<DeviceInfo> {
    let mut device = DeviceInfo::default();
    let stdout = child.stdout.take().ok_or_else(|| fault("no output".to_owned()))?;
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|e| fault(e.to_string()))?;
        let answer: PredictionAnswer =
            serde_json::from_str(&line).map_err(|e| fault(format!("not an answer of a worker ({e})")))?;
        match answer {
            PredictionAnswer::Ready { version, revision, device: there } => {
                if let Some(found) = other_build(&version, &revision) {
                    return Err(fault(found));
                }
                device = *there;
            }
            answer => take(answer)?,
        }
    }
    Ok(device)
}
