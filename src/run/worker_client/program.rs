//! Finds the worker's program and asks it questions before it is given cells.

use super::protocol::{BenchmarkRequest, ProbeAnswer, ProbeQuestion};
use crate::out_of_memory;
use seraug_core::device::LIBTORCH;
use seraug_core::error::{Error, Result};
use seraug_core::installation::{libtorch_release, package_of, pip_torch};
use seraug_core::spec;
use seraug_core::store::Stage;
use seraug_core::version::{self, VERSION};
use std::ffi::OsStr;
use std::fmt;
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// File name of the worker's program.
const NAME: &str = "seraug-worker";
/// The number of SIGKILL.
const KILL: i32 = 9;
/// The next step where the worker of a checkout is missing, does not start or is of another build.
const BUILD: &str = "./bootstrap build installs libtorch and builds both programs";
/// The same where a wheel has brought the programs.
const REINSTALL: &str = "pip install --force-reinstall seraug's wheel, with [train]";

/// Why the worker cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerFault {
    /// Path of its program.
    pub path: PathBuf,
    /// What is wrong with it.
    pub found: String,
    /// The next step; empty where `found` says it.
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

/// Path of the worker's program: next to this one, whose links are followed.
///
/// # Errors
/// This program's own path is unknown.
pub fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()
        .map_err(|e| Error::failed(format!("the path of this program is unknown: {e}")))?;
    Ok(own.with_file_name(NAME))
}

/// Asks the worker a question. An answer proves that it is of the same build as this program and that libtorch loads.
///
/// # Errors
/// The program is missing, does not start (libtorch does not load) or is of another revision; a benchmark fails.
pub fn ask(program: &Path, question: &ProbeQuestion) -> std::result::Result<ProbeAnswer, WorkerFault> {
    torch_fits(program)?;
    let fault = |found: String| WorkerFault { path: program.to_owned(), found, next: build(program) };
    let ask = || probe(program, question).map_err(|e| fault(not_started(&e)));
    let mut output = ask()?;
    if output.status.code().is_none() && question.benchmark.is_none() {
        // Killed from outside, which says nothing about the worker. A benchmark may itself be the reason.
        output = ask()?;
    }
    if !output.status.success() {
        let failed = question.benchmark.as_ref().and_then(|benchmark| untimed(&output, program, benchmark));
        return Err(failed.unwrap_or_else(|| fault(reason(&output, program))));
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|e| fault(format!("not an answer of a worker ({e}): `{}`", shortened(&output.stdout))))?;
    // First of all: the rest of another build's answer may have another form.
    let text_of = |name: &str| answer[name].as_str().unwrap_or("unknown");
    if let Some(found) = other_build(text_of("version"), text_of("revision")) {
        return Err(fault(found));
    }
    serde_json::from_value(answer).map_err(|e| fault(format!("not an answer of a worker: {e}")))
}

/// The next step where the worker at `program` is missing, does not start or is of another build.
pub(super) fn build(program: &Path) -> String {
    if package_of(program).is_some() { REINSTALL } else { BUILD }.to_owned()
}

/// Whether the torch that the loader will find for the worker of a wheel is the one that it was built for; a worker in a
/// checkout was built for the one that it finds.
///
/// # Errors
/// There is none, or it is of another release; the next step is the command that installs the right one.
pub(super) fn torch_fits(program: &Path) -> std::result::Result<(), WorkerFault> {
    torch_fits_in(program, &std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default())
}

/// As [`torch_fits`], given the LD_LIBRARY_PATH.
fn torch_fits_in(program: &Path, search: &OsStr) -> std::result::Result<(), WorkerFault> {
    let Some(package) = package_of(program) else { return Ok(()) };
    let found = match torch_of(package, search) {
        Some((_, release)) if release.starts_with(LIBTORCH) => return Ok(()),
        Some((folder, release)) => {
            format!("torch {release} in {} does not fit, it needs {LIBTORCH}", folder.display())
        }
        None => "torch is not installed".to_owned(),
    };
    Err(WorkerFault { path: program.to_owned(), found, next: pip_torch() })
}

/// The torch that the loader finds for a worker in `package`, with its release: in the folders of LD_LIBRARY_PATH, `search`, then
/// beside the package, where the worker's RUNPATH leads.
fn torch_of(package: &Path, search: &OsStr) -> Option<(PathBuf, String)> {
    let named = std::env::split_paths(search).filter(|lib| lib.ends_with("lib"));
    let folders = named.filter_map(|lib| lib.parent().map(Path::to_path_buf));
    let torches = folders.chain(package.parent().map(|packages| packages.join("torch")));
    torches.into_iter().find_map(|torch| libtorch_release(&torch).map(|release| (torch, release)))
}

/// What is said of a worker that is not of this program's build.
pub(super) fn other_build(its_version: &str, its_revision: &str) -> Option<String> {
    let own_build = format!("{VERSION} ({})", version::revision());
    let its_build = format!("{its_version} ({its_revision})");
    (own_build != its_build).then(|| format!("the worker is {its_build}, this program is {own_build}"))
}

/// What is said of a worker that cannot be started.
pub(super) fn not_started(e: &std::io::Error) -> String {
    match e.kind() {
        ErrorKind::NotFound => "seraug-worker not found next to seraug".to_owned(),
        _ => format!("the worker does not start: {e}"),
    }
}

/// Runs `seraug-worker probe` with `question` on its standard input.
fn probe(program: &Path, question: &ProbeQuestion) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .arg("probe")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let line = serde_json::to_string(question).expect("plain data") + "\n";
    // A worker that does not load reads nothing; its exit code and its output say why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(line.as_bytes()));
    child.wait_with_output()
}

/// Why a benchmark failed in a worker that had started: an error (exit code 1) or a signal. Other exit codes mean that the
/// worker does not load or does not know the question.
fn untimed(output: &Output, program: &Path, benchmark: &BenchmarkRequest) -> Option<WorkerFault> {
    let fault = |found: String, next: String| Some(WorkerFault { path: program.to_owned(), found, next });
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = last_line(&stderr);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    if output.status.code() == Some(1) {
        return fault(format!("steps were not timed: {line}"), String::new());
    }
    let signal = output.status.signal()?;
    let spec = spec::parse(&benchmark.spec, "the spec of a benchmark", &[]).ok()?;
    let stage = if benchmark.generators.is_empty() { Stage::Classifier } else { Stage::Augmentor };
    match out_of_memory::advice(&stderr, stage, &spec) {
        Some(advice) => fault(format!("steps were not timed: {advice}"), String::new()),
        None if signal == KILL => fault(
            format!("killed while it timed steps ({}), as a system short of memory does", output.status),
            out_of_memory::remedy(stage, &spec),
        ),
        None => fault(format!("ended while it timed steps ({})", output.status), line.to_owned()),
    }
}

/// The last line of `text` that is not blank.
fn last_line(text: &str) -> &str {
    text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default()
}

/// Why a worker did not answer, on one line: the message of the dynamic loader, or the last line of its own output.
pub(super) fn reason(output: &Output, program: &Path) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let prefix = format!("{}: ", program.display());
    let last = last_line(&stderr);
    let last = last.strip_prefix(&prefix).unwrap_or(last);
    match last.strip_prefix("error while loading shared libraries: ") {
        Some(library) => format!("the worker does not load: {library}"),
        None if last.is_empty() => format!("the worker does not answer ({})", output.status),
        None => format!("the worker does not answer: {last}"),
    }
}

/// At most 60 characters of the first line of `text`.
fn shortened(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next().unwrap_or_default().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::device::DeviceChoice;
    use std::os::unix::fs::PermissionsExt;

    /// The fault of a worker that is this shell script.
    fn of(script: &str) -> WorkerFault {
        let (path, fault) = asked(script, &ProbeQuestion::default());
        assert_eq!((&fault.path, fault.next.as_str()), (&path, BUILD));
        fault
    }

    /// The path of such a worker, and its fault when it is asked `question`.
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
    fn the_worker_of_a_wheel_asks_for_the_torch_that_it_was_built_for() {
        let site = tempfile::tempdir().unwrap();
        let package = site.path().join("seraug");
        std::fs::create_dir_all(package.join("bin")).unwrap();
        std::fs::write(package.join("__init__.py"), "").unwrap();
        let worker = package.join("bin").join(NAME);
        let torch = |folder: &str, release: &str| {
            let torch = site.path().join(folder);
            std::fs::create_dir_all(torch.join("lib")).unwrap();
            std::fs::write(torch.join("version.py"), format!("__version__ = '{release}'\n")).unwrap();
            torch
        };
        let found = |search: &[PathBuf]| {
            torch_of(&package, &std::env::join_paths(search.iter().map(|t| t.join("lib"))).unwrap())
        };
        assert_eq!(found(&[]), None);
        let other = torch("torch", "2.8.0+cpu");
        let fault = torch_fits_in(&worker, OsStr::new("")).unwrap_err();
        let expected = format!(
            "{}: torch 2.8.0+cpu in {} does not fit, it needs 2.11.0; pip install 'torch==2.11.0'",
            worker.display(),
            other.display()
        );
        assert_eq!(fault.to_string(), expected);
        // The loader reads LD_LIBRARY_PATH first.
        let elsewhere = torch("elsewhere/torch", "2.11.0+cu130");
        let right = Some((elsewhere.clone(), "2.11.0+cu130".to_owned()));
        assert_eq!(found(&[site.path().join("nothing"), elsewhere]), right);
        torch("torch", "2.11.0");
        assert_eq!(torch_fits_in(&worker, OsStr::new("")), Ok(()));
        let built = Path::new("/target/release/seraug-worker");
        assert_eq!(torch_fits_in(built, OsStr::new("")), Ok(()), "not in a wheel");
    }

    #[test]
    fn a_worker_that_cannot_be_used_is_told_in_one_line() {
        let loader = r#"echo "$0: error while loading shared libraries: libx.so: cannot open" >&2; exit 127"#;
        assert_eq!(of(loader).found, "the worker does not load: libx.so: cannot open");
        assert_eq!(of("echo a >&2; echo 'b c' >&2; exit 1").found, "the worker does not answer: b c");
        assert_eq!(of("kill -9 $$").found, "the worker does not answer (signal: 9 (SIGKILL))");
        let once = r#"[ -e "$0.killed" ] || { touch "$0.killed"; kill -9 $$; }; echo hello"#;
        assert!(of(once).found.starts_with("not an answer of a worker ("), "the second time it answers");
        assert!(of("echo hello").found.starts_with("not an answer of a worker ("));
        let other = of(r#"echo '{"version": "0.0.1", "revision": "abc"}'"#).found;
        assert_eq!(
            other,
            format!("the worker is 0.0.1 (abc), this program is {VERSION} ({})", version::revision())
        );
        let missing = ask(Path::new("/nowhere/seraug-worker"), &ProbeQuestion::default()).unwrap_err();
        assert_eq!(missing.found, "seraug-worker not found next to seraug");
    }

    #[test]
    fn a_benchmark_that_fails_does_not_blame_the_build() {
        let spec = r#"title = "t"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
classifier.batch = 8
classifier.small-batch = 1
"#;
        let benchmark = BenchmarkRequest {
            spec: spec.to_owned(),
            precision: spec::Precision::F32,
            device: DeviceChoice::Cpu,
            generators: Vec::new(),
            autoencoder: false,
            batches: vec![8],
            windows: false,
            judge: false,
        };
        let question = ProbeQuestion { benchmark: Some(benchmark), ..ProbeQuestion::default() };
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
            format!("steps were not timed: out of memory on the host: 1.00 KiB requested; {remedy}")
        );
        // Asked a second time it would answer.
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
