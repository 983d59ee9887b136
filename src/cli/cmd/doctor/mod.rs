//! `seraug doctor`: checks what this machine has and names the next step for what is missing.

#[cfg(test)]
mod tests;

use super::{Global, print, print_json};
use indicatif::ProgressBar;
use seraug_core::device::{self, Card, DeviceChoice};
use seraug_core::driver::{self, Driver};
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use seraug_core::installation;
use seraug_core::version::{self, VERSION};
use seraug_data::corpora::synthetic::pack::SpeechPack;
use seraug_data::corpora::{self, DigestPolicy};
use seraug_run::worker_client::protocol::{Opened, ProbeAnswer, ProbeQuestion};
use seraug_run::worker_client::{self, WorkerFault};
use serde::Serialize;
use std::path::Path;
use std::process::Command;

/// Show versions, devices and corpora found, and the next step for what is missing
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {}

/// Whether a part works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum PartState {
    /// It works.
    Ok,
    /// It is missing; some experiments do without it.
    Missing,
    /// No experiment can run.
    Broken,
}

/// A program, library, device or corpus that experiments need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct DoctorPart {
    part: String,
    state: PartState,
    found: String,
    /// The next step, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl DoctorPart {
    fn new(part: &str, state: PartState, found: impl Into<String>, next: Option<&str>) -> DoctorPart {
        DoctorPart { part: part.to_owned(), state, found: found.into(), next: next.map(str::to_owned) }
    }

    fn ok(part: &str, found: impl Into<String>) -> DoctorPart {
        DoctorPart::new(part, PartState::Ok, found, None)
    }
}

/// Checks every part; the exit code is 1 only where no experiment can run on this machine. Reports need none of the parts.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(_: DoctorArgs, global: &Global) -> Result<u8> {
    let mut parts = vec![DoctorPart::ok("seraug", format!("{VERSION} ({})", version::revision()))];
    let program = worker_client::program()?;
    let question = ProbeQuestion { devices: vec![DeviceChoice::Cpu], cuda: true, ..ProbeQuestion::default() };
    parts.extend(worker_parts(&program, worker_client::ask(&program, &question)));
    parts.extend(graph_part(&program, parts.iter().any(|p| p.part.starts_with("cuda:"))));
    parts.push(espeak_part("espeak-ng"));
    parts.extend(corpora::names(&global.corpora).iter().map(|name| corpus_part(name, global)));
    match global.json {
        true => print_json(&parts)?,
        false => print(&table(&parts))?,
    }
    Ok(if parts.iter().any(|p| p.state == PartState::Broken) { exit::FAILED } else { exit::DONE })
}

/// The worker, and what it answers about libtorch and the devices. Without a worker only the processor is known.
fn worker_parts(program: &Path, answer: std::result::Result<ProbeAnswer, WorkerFault>) -> Vec<DoctorPart> {
    match answer {
        Ok(answer) => {
            let driver = driver::look();
            let mut parts = vec![
                DoctorPart::ok("worker", program.display().to_string()),
                libtorch_part(answer.folder.as_deref(), &answer.libtorch),
                cpu_part(answer.devices),
            ];
            parts.extend(driver.as_ref().map(|driver| driver_part(driver, &answer.libtorch)));
            parts.extend(cuda_parts(answer.cuda.unwrap_or(Ok(Vec::new())), driver.is_some()));
            parts
        }
        Err(fault) => {
            let found = format!("{}: {}", fault.path.display(), fault.found);
            vec![
                DoctorPart::new("worker", PartState::Broken, found, Some(&fault.next)),
                DoctorPart::ok("cpu", processor(&device::cpu(1).name)),
            ]
        }
    }
}

/// libtorch. Another release than the one that tch is made for is reported even if it happens to work.
fn libtorch_part(dir: Option<&Path>, version: &str) -> DoctorPart {
    let place = dir.map(|d| format!(" in {}", d.display())).unwrap_or_default();
    let found = format!("{version}{place}");
    match version.starts_with(device::LIBTORCH) {
        true => DoctorPart::ok("libtorch", found),
        false => {
            let next = match installation::package() {
                Some(_) => installation::pip_torch(),
                None => {
                    format!("unset LIBTORCH and run ./bootstrap build, which installs {}", device::LIBTORCH)
                }
            };
            DoctorPart::new("libtorch", PartState::Missing, found, Some(&next))
        }
    }
}

fn cpu_part(opened: Opened) -> DoctorPart {
    match opened {
        Opened::All(devices) => {
            DoctorPart::ok("cpu", devices.iter().map(|(_, cpu)| processor(&cpu.name)).collect::<String>())
        }
        Opened::Not { error, .. } => DoctorPart::new(
            "cpu",
            PartState::Broken,
            error,
            Some(match installation::package() {
                Some(_) => "install torch again",
                None => "remove .libtorch and run ./bootstrap build",
            }),
        ),
    }
}

fn processor(name: &str) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let plural = if cores == 1 { "" } else { "s" };
    let bf16 = device::bf16().map_or("no native bf16 (slow)".to_owned(), |by| format!("native bf16 ({by})"));
    format!("{name}, {cores} core{plural}{}, {bf16}", memory(device::memory()))
}

/// NVIDIA's driver on a machine with a GPU: its release, the cards, and whether it is new enough for libtorch.
fn driver_part(driver: &Driver, libtorch: &str) -> DoctorPart {
    let found = format!("{driver}; {}", driver.names());
    let too_old = driver.too_old(libtorch).map(|why| (why, "update NVIDIA's driver, or use --device cpu"));
    let cards = driver.cards.iter().flatten().find_map(|gpu| gpu.too_old(libtorch));
    match too_old.or_else(|| cards.map(|why| (why, "use another device, or --device cpu"))) {
        Some((why, next)) => {
            DoctorPart::new("driver", PartState::Missing, format!("{found}; {why}"), Some(next))
        }
        None if driver.cards.is_err() => DoctorPart::new(
            "driver",
            PartState::Missing,
            found,
            Some("nvidia-smi tests the driver; or use --device cpu"),
        ),
        None => DoctorPart::ok("driver", found),
    }
}

/// One part for each CUDA device, or one that says why there is none. `gpu`: the system shows an NVIDIA GPU.
fn cuda_parts(cards: std::result::Result<Vec<Card>, String>, gpu: bool) -> Vec<DoctorPart> {
    match cards {
        Ok(cards) => {
            let part =
                |(n, c): (usize, Card)| DoctorPart::ok(&format!("cuda:{n}"), c.name + &memory(c.memory));
            cards.into_iter().enumerate().map(part).collect()
        }
        Err(reason) if gpu => {
            let next = format!("{}; nvidia-smi tests the driver", installation::cuda_advice());
            vec![DoctorPart::new("cuda", PartState::Missing, reason, Some(&next))]
        }
        Err(reason) => {
            vec![DoctorPart::new(
                "cuda",
                PartState::Missing,
                format!("no NVIDIA GPU, computing on the CPU ({reason})"),
                None,
            )]
        }
    }
}

/// The library that `run --cuda-graphs` opens, next to the worker. Without a GPU it is not reported as missing.
fn graph_part(worker: &Path, gpu: bool) -> Option<DoctorPart> {
    let file = worker.with_file_name(device::CUDA_GRAPH);
    if file.exists() {
        return Some(DoctorPart::ok("cuda-graph", file.display().to_string()));
    }
    let found = format!("no {}; the augmentor trains without CUDA graphs", device::CUDA_GRAPH);
    let next = match installation::package() {
        Some(_) => "just cuda-graph, in a checkout: no wheel has it",
        None => "just cuda-graph",
    };
    gpu.then(|| DoctorPart::new("cuda-graph", PartState::Missing, found, Some(next)))
}

/// `, 23.5 GiB`, or nothing where the system does not tell.
fn memory(bytes: Option<u64>) -> String {
    bytes.map(|b| format!(", {:.1} GiB", b as f64 / f64::from(1 << 30))).unwrap_or_default()
}

/// The speech synthesiser of the synthetic corpus.
fn espeak_part(program: &str) -> DoctorPart {
    let version = || {
        let out = Command::new(program).arg("--version").output().ok().filter(|o| o.status.success())?;
        // eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/...
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        Some(text.split_once(": ")?.1.split_whitespace().next()?.to_owned())
    };
    match version() {
        Some(version) => DoctorPart::ok("espeak-ng", version),
        None if SpeechPack::installed().is_some() => DoctorPart::new(
            "espeak-ng",
            PartState::Missing,
            "not on PATH; the English speech of the quickstart came with the wheel",
            Some("apt-get install espeak-ng, for the other emotions and languages of the synthetic corpus"),
        ),
        None => DoctorPart::new(
            "espeak-ng",
            PartState::Missing,
            "not on PATH; needed to generate the synthetic corpus",
            Some("apt-get install espeak-ng"),
        ),
    }
}

/// A corpus, compared with a complete copy. The synthetic corpus is generated and counted when it is used.
fn corpus_part(name: &str, global: &Global) -> DoctorPart {
    // The message about a missing corpus has several lines; the table has room for one.
    let broken = |e: Error| {
        DoctorPart::new(name, PartState::Missing, e.to_string().lines().next().unwrap_or_default(), None)
    };
    let manifest = match corpora::manifest(name, &global.corpora) {
        Ok(manifest) => manifest,
        Err(e) => return broken(e),
    };
    let expected = manifest.expected.utterances;
    if manifest.synthetic {
        return DoctorPart::ok(
            name,
            format!("{expected} utterances, generated when an experiment asks for them"),
        );
    }
    let folder = global.corpora.join(name);
    if !folder.is_dir() {
        let next = manifest.obtain.join("; ");
        return DoctorPart::new(
            name,
            PartState::Missing,
            format!("not in {}", global.corpora.display()),
            Some(&next),
        );
    }
    let hidden = ProgressBar::hidden();
    let corpus = corpora::import(name, &[], &global.corpora, global.cache(), DigestPolicy::Afresh, &hidden);
    match corpus.map(|c| c.check()) {
        Ok(check) if check.complete() => {
            DoctorPart::ok(name, format!("{} utterances in {}", check.found, folder.display()))
        }
        Ok(check) => {
            let found = format!("{} in {}", check.summary, folder.display());
            let next = format!("`seraug corpus check {name}` shows which");
            DoctorPart::new(name, PartState::Missing, found, Some(&next))
        }
        Err(e) => broken(e),
    }
}

fn table(parts: &[DoctorPart]) -> String {
    let width = parts.iter().map(|p| p.part.len()).max().unwrap_or(0);
    let mut text = String::new();
    for p in parts {
        let state = match p.state {
            PartState::Ok => "ok",
            PartState::Missing => "-",
            PartState::Broken => "BROKEN",
        };
        text += &format!("{state:<6}  {:<width$}  {}\n", p.part, p.found);
        if let Some(next) = &p.next {
            text += &format!("{:<6}  {:<width$}  next: {next}\n", "", "");
        }
    }
    text
}
