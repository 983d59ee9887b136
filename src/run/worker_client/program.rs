//! Where the worker's program is, and what it answers before it is given work.

use super::protocol::{BenchmarkRequest, ProbeAnswer, ProbeQuestion};
use crate::out_of_memory;
use seraug_core::error::{Error, Result};
use seraug_core::spec;
use seraug_core::store::Stage;
use seraug_core::version::{self, VERSION};
use std::fmt;
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The name of the worker's program.
const NAME: &str = "seraug-worker";
/// SIGKILL.
const KILL: i32 = 9;
/// What to do where it is missing, does not start or is another's.
const BUILD: &str = "./bootstrap build installs libtorch and builds both programs";

/// Why the worker is of no use here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerFault {
    /// Its program.
    pub path: PathBuf,
    /// What is wrong with it.
    pub found: String,
    /// What to do; empty where what is wrong says it.
    pub next: String,
}

impl fmt::Display for WorkerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.found)?;
        if self.next.is_empty() { Ok(()) } else { write!(f, "; {}", self.next) }
    }
}

impl From<WorkerFault> for Error {
    fn from(fault: WorkerFault) -> Error {
        Error::failed(fault.to_string())
    }
}

/// The worker's program: beside this one, whose links are followed.
///
/// # Errors
/// This program's own path is not known.
pub fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()
        .map_err(|e| Error::failed(format!("the path of this program is not known: {e}")))?;
    Ok(own.with_file_name(NAME))
}

/// Asks the worker's program. An answer is of the code that this program is of, and of a libtorch that is loaded.
///
/// # Errors
/// The program is missing, does not start (libtorch does not load), or is of another revision; a trial fails.
pub fn ask(program: &Path, question: &ProbeQuestion) -> std::result::Result<ProbeAnswer, WorkerFault> {
    let fault = |found: String| WorkerFault { path: program.to_owned(), found, next: BUILD.to_owned() };
    let ask = || {
        spoken(program, question).map_err(|e| {
            fault(match e.kind() {
                ErrorKind::NotFound => "the worker, which trains, is not there".to_owned(),
                _ => format!("the worker does not start: {e}"),
            })
        })
    };
    let mut output = ask()?;
    if output.status.code().is_none() && question.trial.is_none() {
        // Somebody killed it, which says nothing about it. A trial may itself be why.
        output = ask()?;
    }
    if !output.status.success() {
        let failed = question.trial.as_ref().and_then(|trial| untimed(&output, program, trial));
        return Err(failed.unwrap_or_else(|| fault(reason(&output, program))));
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|e| fault(format!("no answer of a worker ({e}): `{}`", first(&output.stdout))))?;
    // Before anything else of an answer that may have another form.
    let own = format!("{VERSION} ({})", version::revision());
    let word = |name: &str| answer[name].as_str().unwrap_or("unknown");
    let its = format!("{} ({})", word("version"), word("revision"));
    if own != its {
        return Err(fault(format!("the worker is {its}, this program {own}")));
    }
    serde_json::from_value(answer).map_err(|e| fault(format!("no answer of a worker: {e}")))
}

fn spoken(program: &Path, question: &ProbeQuestion) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .arg("probe")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let line = serde_json::to_string(question).expect("plain data") + "\n";
    // One that does not load reads nothing; it says why below.
    let _ = child.stdin.take().map(|mut words| words.write_all(line.as_bytes()));
    child.wait_with_output()
}

/// Why a worker timed nothing, where it was well until then: it failed (exit code 1), or was ended by a signal. Other exit
/// codes are of a worker that does not load or does not know the question.
fn untimed(output: &Output, program: &Path, trial: &BenchmarkRequest) -> Option<WorkerFault> {
    let fault = |found: String, next: String| Some(WorkerFault { path: program.to_owned(), found, next });
    let said = String::from_utf8_lossy(&output.stderr);
    let line = last(&said);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    if output.status.code() == Some(1) {
        return fault(format!("steps were not timed: {line}"), String::new());
    }
    let signal = output.status.signal()?;
    let spec = spec::parse(&trial.spec, "the spec of a trial", &[]).ok()?;
    let stage = if trial.generators.is_empty() { Stage::Classifier } else { Stage::Augmentor };
    match out_of_memory::advice(&said, stage, &spec) {
        Some(advice) => fault(format!("steps were not timed: {advice}"), String::new()),
        None if signal == KILL => fault(
            format!("killed while it timed steps ({}), as a system short of memory does", output.status),
            out_of_memory::remedy(stage, &spec),
        ),
        None => fault(format!("ended while it timed steps ({})", output.status), line.to_owned()),
    }
}

/// The last line of `said` with words.
fn last(said: &str) -> &str {
    said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default()
}

/// Why a worker did not answer, in one line: what the dynamic loader said, or its own last words.
fn reason(output: &Output, program: &Path) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let last = last(&said);
    let own = format!("{}: ", program.display());
    let last = last.strip_prefix(&own).unwrap_or(last);
    match last.strip_prefix("error while loading shared libraries: ") {
        Some(library) => format!("the worker does not load: {library}"),
        None if last.is_empty() => format!("the worker does not answer ({})", output.status),
        None => format!("the worker does not answer: {last}"),
    }
}

fn first(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next().unwrap_or_default().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// What is said of a worker that is this shell script.
    fn of(script: &str) -> WorkerFault {
        let (path, fault) = asked(script, &ProbeQuestion::default());
        assert_eq!((&fault.path, fault.next.as_str()), (&path, BUILD));
        fault
    }

    /// Its path, and what is said of it after `question`.
    fn asked(script: &str, question: &ProbeQuestion) -> (PathBuf, WorkerFault) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let fault = ask(&path, question).unwrap_err();
        assert_eq!(fault.to_string().lines().count(), 1, "{fault}");
        (path, fault)
    }

    #[test]
    fn a_worker_that_cannot_be_used_is_told_in_one_line() {
        let loader = r#"echo "$0: error while loading shared libraries: libx.so: cannot open" >&2; exit 127"#;
        assert_eq!(of(loader).found, "the worker does not load: libx.so: cannot open");
        assert_eq!(of("echo a >&2; echo 'b c' >&2; exit 1").found, "the worker does not answer: b c");
        assert_eq!(of("kill -9 $$").found, "the worker does not answer (signal: 9 (SIGKILL))");
        let once = r#"[ -e "$0.killed" ] || { touch "$0.killed"; kill -9 $$; }; echo hello"#;
        assert!(of(once).found.starts_with("no answer of a worker ("), "the second time it answers");
        assert!(of("echo hello").found.starts_with("no answer of a worker ("));
        let other = of(r#"echo '{"version": "0.0.1", "revision": "abc"}'"#).found;
        assert_eq!(
            other,
            format!("the worker is 0.0.1 (abc), this program {VERSION} ({})", version::revision())
        );
        let missing = ask(Path::new("/nowhere/seraug-worker"), &ProbeQuestion::default()).unwrap_err();
        assert_eq!(missing.found, "the worker, which trains, is not there");
    }

    #[test]
    fn a_trial_that_fails_does_not_blame_the_build() {
        let spec = r#"title = "t"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
classifier.batch = 8
classifier.small-batch = 1
"#;
        let trial = BenchmarkRequest {
            spec: spec.to_owned(),
            precision: spec::Precision::F32,
            device: "cpu".to_owned(),
            generators: Vec::new(),
            batches: vec![8],
            windows: false,
        };
        let question = ProbeQuestion { trial: Some(trial), ..ProbeQuestion::default() };
        let told = |script: &str| {
            let (path, fault) = asked(script, &question);
            fault.to_string().strip_prefix(&format!("{}: ", path.display())).unwrap().to_owned()
        };
        let remedy =
            "run fewer --jobs there, or another experiment of half the batch: --set classifier.batch=4";
        assert_eq!(
            told("echo 'error: a loss is NaN; lower the rate' >&2; exit 1"),
            "steps were not timed: a loss is NaN; lower the rate"
        );
        assert_eq!(
            told("echo 'memory allocation of 1024 bytes failed' >&2; kill -9 $$"),
            format!("steps were not timed: out of memory on the host: 1.00 KiB asked for; {remedy}")
        );
        // It would answer the second time.
        let once = r#"[ -e "$0.killed" ] || { touch "$0.killed"; kill -9 $$; }; echo hello"#;
        assert_eq!(
            told(once),
            format!(
                "killed while it timed steps (signal: 9 (SIGKILL)), as a system short of memory does; {remedy}"
            )
        );
        assert_eq!(told("kill -15 $$"), "ended while it timed steps (signal: 15 (SIGTERM))");
        let loader = r#"echo "$0: error while loading shared libraries: libx.so: cannot open" >&2; exit 127"#;
        assert_eq!(told(loader), format!("the worker does not load: libx.so: cannot open; {BUILD}"));
    }
}
