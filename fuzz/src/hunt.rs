//! The loop of a process: the seeds of one target unchanged, then mutated ones, until the inputs or the time are used up.

use crate::case::{Case, pick};
use crate::cover::Seen;
use crate::guard;
use crate::mutate::mutate;
use crate::targets::{Target, all_seeds};
use crate::words::Words;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

/// How many failures of one kind are kept.
const KEPT: usize = 3;

/// Seed and limits of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Random seed.
    pub seed: u64,
    /// At most this many inputs.
    pub inputs: u64,
    /// At most this wall time.
    pub time: Duration,
}

/// Tries inputs in `work`, where the folder `case-N` exists while input N is tried, and copies failing ones to `faults`.
/// Returns the number of inputs; prints a line for each failure.
pub(crate) fn hunt(target: &Target, bounds: &Bounds, work: &Path, faults: &Path) -> io::Result<u64> {
    let start = Instant::now();
    let mut parents = all_seeds(target)?;
    let seeds = parents.len();
    let words = Words::of(&parents);
    // Inputs that grow with every generation would only become slow.
    let largest = 2 * parents.iter().map(Case::size).max().unwrap_or(0);
    let mut check = (target.prepare)(&work.join("world"));
    let (mut random, mut seen) = (SmallRng::seed_from_u64(bounds.seed), Seen::default());
    let mut kinds: BTreeSet<(String, usize)> = BTreeSet::new();
    let mut n = 0;
    while n < bounds.inputs && (n < seeds as u64 || start.elapsed() < bounds.time) {
        let case = match parents.get(n as usize).filter(|_| n < seeds as u64) {
            Some(seed) => seed.clone(),
            None => {
                // Half of the time from the newest quarter of the parents.
                let recent = &parents[parents.len() - parents.len().div_ceil(4)..];
                let from = if random.gen_bool(0.5) { &parents } else { recent };
                let Some(parent) = pick(from, &mut random) else { break };
                let mut case = mutate(parent, &parents[..seeds], &words, target.wanted, &mut random);
                (target.mend)(&mut case, &mut random);
                case
            }
        };
        let folder = work.join(format!("case-{n}"));
        case.write(&folder)?;
        let found = guard::tried(|| check(&folder));
        if let Err(what) = found {
            let kind = kind(&what);
            let before = kinds.iter().filter(|(k, _)| *k == kind).count();
            if before < KEPT {
                kinds.insert((kind, before));
                let name = format!("{}-{:08x}-{n}", target.name, bounds.seed as u32);
                case.write(&faults.join(target.name).join(&name))?;
                println!("fault {name}: {}", what.chars().take(600).collect::<String>());
            }
        }
        if seen.is_new() && n >= seeds as u64 && case.size() <= largest {
            parents.push(case);
        }
        fs::remove_dir_all(&folder)?;
        n += 1;
    }
    let grown = parents.len() - seeds;
    if seen.edges() > 0 {
        println!(
            "{}: {} edges, {grown} inputs beside {seeds} seeds reached new ones",
            target.name,
            seen.edges()
        );
    }
    Ok(n)
}

/// What failures of one cause have in common: the kind of a wrong answer, or the message without numbers and paths.
fn kind(what: &str) -> String {
    if let Some(answer) = what.strip_prefix("answer: ") {
        return answer.split(':').next().unwrap_or_default().to_owned();
    }
    let words = what.split_whitespace().filter(|w| !w.contains('/') || w.contains(".rs:"));
    let plain = words.map(|w| match w.contains(".rs:") {
        true => w.to_owned(),
        false => w.replace(|c: char| !c.is_alphabetic(), ""),
    });
    plain.take(12).collect::<Vec<_>>().join(" ")
}

/// Tries the input in `folder`.
pub(crate) fn one(target: &Target, folder: &Path, work: &Path) -> io::Result<Result<(), String>> {
    let mut check = (target.prepare)(&work.join("world"));
    let copy = work.join("case-0");
    let case = if folder.is_dir() { Case::read(folder)? } else { Case::of(target.main, fs::read(folder)?) };
    case.write(&copy)?;
    Ok(guard::tried(|| check(&copy)))
}
