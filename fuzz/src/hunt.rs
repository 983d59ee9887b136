//! One target, one process: seeds as they are, then damaged ones, until the inputs or the time are used up.

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

/// Faults of one kind are kept up to this number.
const KEPT: usize = 3;

/// How long, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of the draws.
    pub seed: u64,
    /// Most inputs.
    pub inputs: u64,
    /// Most wall time.
    pub time: Duration,
}

/// Tries inputs below `work`, whose folder `case-N` is there while input N is tried, and writes those that make a
/// fault below `faults`; the number of inputs. A line for each fault goes to standard output.
pub fn hunt(target: &Target, bounds: &Bounds, work: &Path, faults: &Path) -> io::Result<u64> {
    let start = Instant::now();
    let mut parents = all_seeds(target)?;
    let seeds = parents.len();
    let words = Words::of(&parents);
    // What grows from parent to parent would only become slow.
    let largest = 2 * parents.iter().map(Case::size).max().unwrap_or(0);
    let mut check = (target.prepare)(&work.join("world"));
    let (mut random, mut seen) = (SmallRng::seed_from_u64(bounds.seed), Seen::default());
    let mut kinds: BTreeSet<(String, usize)> = BTreeSet::new();
    let mut n = 0;
    while n < bounds.inputs && (n < seeds as u64 || start.elapsed() < bounds.time) {
        let case = match parents.get(n as usize).filter(|_| n < seeds as u64) {
            Some(seed) => seed.clone(),
            None => {
                // Half of the time one of the newest parents.
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

/// What two faults of one cause have in common: what is wrong with an answer, or words without numbers and paths.
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

/// What is wrong with the one input in `folder`.
pub fn one(target: &Target, folder: &Path, work: &Path) -> io::Result<Result<(), String>> {
    let mut check = (target.prepare)(&work.join("world"));
    let copy = work.join("case-0");
    let case = if folder.is_dir() { Case::read(folder)? } else { Case::of(target.main, fs::read(folder)?) };
    case.write(&copy)?;
    Ok(guard::tried(|| check(&copy)))
}
