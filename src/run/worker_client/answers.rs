//! Runs the worker for one request, JSON on its standard input, and hands on its answers, a line of JSON each on its standard output.

use super::args::environment;
use super::program::{build, not_started, other_build, reason, torch_fits};
use super::{WorkerFault, program};
use seraug_core::device::DeviceInfo;
use seraug_core::error::{Error, Result};
use seraug_core::version::{self, VERSION};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

/// A line of a worker's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerAnswer<A> {
    /// What the request names is read, and the device answers.
    Ready {
        /// Version of the worker.
        version: String,
        /// Its code revision.
        revision: String,
        /// What computes.
        device: Box<DeviceInfo>,
    },
    /// An answer to the request.
    Said(A),
}

impl<A> WorkerAnswer<A> {
    /// Of this program, which computes on `device`.
    pub fn ready(device: DeviceInfo) -> WorkerAnswer<A> {
        let revision = version::revision().to_owned();
        WorkerAnswer::Ready { version: VERSION.to_owned(), revision, device: Box::new(device) }
    }
}

/// Takes each answer of a worker, where it is made.
pub type Answering<'a, A> = dyn FnMut(WorkerAnswer<A>) -> Result<()> + 'a;

/// Sends `request` to a worker that is started as `seraug-worker COMMAND` with so many threads of an operation, and hands what it
/// says to `take`; the device that computed.
///
/// # Errors
/// A worker that does not start, is of another build, or ends before its last answer, with its own last line. What `take` returns.
pub fn ask_for<A: DeserializeOwned>(
    command: &str,
    request: &impl Serialize,
    threads: usize,
    take: impl FnMut(A) -> Result<()>,
) -> Result<DeviceInfo> {
    let path = program()?;
    torch_fits(&path)?;
    let fault =
        |found: String| -> Error { WorkerFault { path: path.clone(), found, next: build(&path) }.into() };
    let mut child = Command::new(&path)
        .arg(command)
        .envs(environment(threads.max(1)))
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
    match (own_error(&said), status.code()) {
        // That of a missing corpus has several lines.
        (Some(error), Some(2)) if error.contains('\n') => Err(Error::Missing(error.to_owned())),
        (Some(error), Some(2)) => Err(Error::usage(error)),
        (Some(error), _) => Err(Error::failed(error)),
        (None, _) => Err(fault(reason(&output, &path))),
    }
}

/// The error at the end of what a worker said on standard error, without `error: `; `None` where it ended without one.
fn own_error(said: &str) -> Option<&str> {
    let begins = said.rfind("\nerror: ").map(|at| at + 1).or(said.starts_with("error: ").then_some(0))?;
    said[begins..].strip_prefix("error: ").map(str::trim_end)
}

/// Hands on what the worker says, to its end; what it computes with.
fn answers<A: DeserializeOwned>(
    child: &mut Child,
    mut take: impl FnMut(A) -> Result<()>,
    fault: &dyn Fn(String) -> Error,
) -> Result<DeviceInfo> {
    let mut device = DeviceInfo::default();
    let stdout = child.stdout.take().ok_or_else(|| fault("no output".to_owned()))?;
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|e| fault(e.to_string()))?;
        let answer: WorkerAnswer<A> =
            serde_json::from_str(&line).map_err(|e| fault(format!("not an answer of a worker ({e})")))?;
        match answer {
            WorkerAnswer::Ready { version, revision, device: there } => {
                if let Some(found) = other_build(&version, &revision) {
                    return Err(fault(found));
                }
                device = *there;
            }
            WorkerAnswer::Said(answer) => take(answer)?,
        }
    }
    Ok(device)
}
