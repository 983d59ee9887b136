//! A fuzzer for everything that seraug reads. An input fails if it causes a panic, an error of more than one line or without
//! the name of the file, or uses seconds of CPU time or a gigabyte. Seeds are in fuzz/seeds/TARGET or made by the targets.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it tried and found")]

mod case;
mod cover;
mod guard;
mod hunt;
mod mutate;
mod targets;
mod words;

use clap::Parser;
use hunt::Bounds;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io};
use targets::{TARGETS, Target};

#[global_allocator]
static ALLOCATOR: guard::Counting = guard::Counting;

/// Fuzzes everything that seraug reads; the exit code is 1 where an input fails
#[derive(Debug, Parser)]
struct Args {
    /// Targets; all if none is named
    targets: Vec<String>,
    /// Minutes, shared by all targets
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// At most this many inputs, shared by all targets
    #[arg(long, default_value_t = u64::MAX)]
    inputs: u64,
    /// Random seed; without coverage the same seed gives the same inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for failing inputs
    #[arg(long, default_value = "target/fuzz")]
    faults: PathBuf,
    /// Only try this input of the one target named: a folder of files, or a file
    #[arg(long)]
    case: Option<PathBuf>,
    /// Run as the process that tries the inputs, in this folder
    #[arg(long, hide = true)]
    work: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let known = |name: &String| TARGETS.iter().find(|t| t.name == *name);
    if let Some(unknown) = args.targets.iter().find(|name| known(name).is_none()) {
        let names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
        eprintln!("error: no target `{unknown}`; they are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let chosen: Vec<&Target> = match args.targets.is_empty() {
        true => TARGETS.iter().collect(),
        false => args.targets.iter().filter_map(known).collect(),
    };
    match work(&args, &chosen) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(1)
        }
    }
}

/// Runs the targets; returns the number of failing inputs.
fn work(args: &Args, chosen: &[&Target]) -> io::Result<u64> {
    let bounds = Bounds {
        seed: args.seed,
        inputs: args.inputs,
        time: Duration::from_secs_f64(args.minutes.clamp(0.0, 1e6) * 60.0),
    };
    if let Some(folder) = &args.work {
        guard::quiet();
        let n = hunt::hunt(chosen[0], &bounds, folder, &args.faults)?;
        fs::write(folder.join("inputs"), n.to_string())?;
        return Ok(0);
    }
    if let (Some(case), [target, ..]) = (&args.case, chosen) {
        let folder = scratch()?;
        guard::quiet();
        let found = hunt::one(target, case, folder.path())?;
        println!("{}", found.as_ref().map_or_else(String::clone, |()| "the input does not fail".to_owned()));
        return Ok(u64::from(found.is_err()));
    }
    let faults = std::path::absolute(&args.faults)?;
    let of_inputs = |t: &Target| f64::from(t.share) / f64::from(t.slow);
    let shares: f64 = chosen.iter().copied().map(of_inputs).sum();
    println!("{:<12} {:>10} {:>9} {:>7}", "target", "inputs", "seconds", "faults");
    let (mut sums, begin) = ((0, 0), Instant::now());
    for (i, target) in chosen.iter().enumerate() {
        // Time that a target leaves is shared by those after it.
        let left: u32 = chosen[i..].iter().map(|t| t.share).sum();
        let time =
            bounds.time.saturating_sub(begin.elapsed()).mul_f64(f64::from(target.share) / f64::from(left));
        let inputs = match args.inputs {
            u64::MAX => u64::MAX,
            all => (all as f64 * of_inputs(target) / shares).ceil() as u64,
        };
        let own = Bounds { inputs, time, ..bounds };
        let start = Instant::now();
        let (n, found) = children(target, &own, &faults)?;
        println!("{:<12} {n:>10} {:>9.1} {found:>7}", target.name, start.elapsed().as_secs_f64());
        sums = (sums.0 + n, sums.1 + found);
    }
    println!("{:<12} {:>10} {:>9.1} {:>7}", "all", sums.0, begin.elapsed().as_secs_f64(), sums.1);
    if sums.1 > 0 {
        println!("failing inputs: {}; to try one again: --case FOLDER TARGET", args.faults.display());
    }
    Ok(sums.1)
}

/// A temporary folder, in memory where the system has one.
fn scratch() -> io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let new = tempfile::Builder::new();
    if memory.is_dir() { new.tempdir_in(memory) } else { new.tempdir() }
}

/// Tries a target in child processes, and returns the numbers of inputs and of failures. An input that kills its process is
/// a failure, and another process goes on with the next.
fn children(target: &Target, bounds: &Bounds, faults: &Path) -> io::Result<(u64, u64)> {
    let (mut tried, mut found, start) = (0, 0, Instant::now());
    for seed in bounds.seed.. {
        let folder = scratch()?;
        let left = bounds.time.saturating_sub(start.elapsed());
        let mut child = Command::new(std::env::current_exe()?)
            .arg(target.name)
            .args(["--seed", &seed.to_string(), "--inputs", &(bounds.inputs - tried).to_string()])
            .args(["--minutes", &(left.as_secs_f64() / 60.0).to_string()])
            .arg("--work")
            .arg(folder.path())
            .arg("--faults")
            .arg(faults)
            // On a busy machine, waiting for a second thread takes far longer than an input.
            .env("RAYON_NUM_THREADS", "1")
            .env_remove("SERAUG_CORPORA")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = watch(&mut child, folder.path())?;
        print!("{}", said.text);
        found += said.text.lines().filter(|l| l.starts_with("fault ")).count() as u64;
        if let Ok(n) = fs::read_to_string(folder.path().join("inputs")) {
            return Ok((tried + n.parse::<u64>().unwrap_or(0), found));
        }
        let Some((n, case)) = last(folder.path())? else {
            return Err(io::Error::other(format!(
                "{}: ended before its first input: {}",
                target.name, said.why
            )));
        };
        (tried, found) = (tried + n + 1, found + 1);
        let name = format!("{}-{:08x}-{n}", target.name, seed as u32);
        case::Case::read(&case)?.write(&faults.join(target.name).join(&name))?;
        println!("fault {name}: the process ended: {}", said.why);
        if tried >= bounds.inputs || start.elapsed() >= bounds.time {
            break;
        }
    }
    Ok((tried, found))
}

/// The output of a process and how it ended.
struct Said {
    text: String,
    why: String,
}

/// Waits for `child` to end, and kills it where one input takes half a minute.
fn watch(child: &mut std::process::Child, folder: &Path) -> io::Result<Said> {
    let out = child.stdout.take().map(|out| std::thread::spawn(|| io::read_to_string(out)));
    let (mut before, mut since, mut hung) = (None, Instant::now(), false);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(100));
        let now = last(folder)?.map(|(n, _)| n);
        if now != before || now.is_none() {
            (before, since) = (now, Instant::now());
        } else if since.elapsed() > Duration::from_secs(30) {
            hung = true;
            child.kill()?;
        }
    };
    let text = out.map_or(Ok(String::new()), |t| t.join().unwrap_or_else(|_| Ok(String::new())))?;
    let why = if hung { "half a minute for one input".to_owned() } else { status.to_string() };
    Ok(Said { text, why })
}

/// Number and folder of the input that is being tried.
fn last(folder: &Path) -> io::Result<Option<(u64, PathBuf)>> {
    let number = |e: &fs::DirEntry| e.file_name().to_str()?.strip_prefix("case-")?.parse().ok();
    let entries = fs::read_dir(folder)?.flatten();
    Ok(entries.filter_map(|e| Some((number(&e)?, e.path()))).max())
}
