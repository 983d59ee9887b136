//! `seraug corpus`: what corpora are there, are they whole, their index, and how they get here.

use super::{Global, print, print_json};
use crate::corpora::fetch::{Job, fetch as fetch_files};
use crate::corpora::{self, Check, Corpus};
use crate::error::{Error, Result};
use crate::results::write_atomic;
use clap::Subcommand;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// List, check, index and download corpora
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every corpus, whether it is there, and its licence
    List,
    /// Compare a corpus with what a complete copy has; exit code 1 unless it is complete
    Check {
        /// Its name, as `list` prints it
        name: String,
    },
    /// Write a corpus's index: id, path, speaker, gender, session, language, emotion, valence, seconds, sha256
    Import {
        /// Its name, as `list` prints it
        name: String,
        /// File to write instead of standard output
        #[arg(long, value_name = "FILE.csv")]
        out: Option<PathBuf>,
    },
    /// Download a corpus whose publisher states a checksum, then check it; a download that was cut goes on
    Fetch {
        /// Its name, as `list` prints it
        name: String,
    },
}

/// Runs it; the exit code.
///
/// # Errors
/// An unknown corpus; one that is missing or cannot be read; one that cannot be downloaded.
pub fn run(args: Args, global: &Global) -> Result<u8> {
    match args.action {
        Action::List => list(global),
        Action::Check { name } => check(&name, global),
        Action::Import { name, out } => import(&name, out, global),
        Action::Fetch { name } => fetch(&name, global),
    }
}

fn read(name: &str, global: &Global) -> Result<Corpus> {
    let progress = global.progress("reading");
    let corpus = corpora::import(name, &[], &global.corpora, global.cache(), &progress);
    progress.finish_and_clear();
    corpus
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    status: &'static str,
    folder: String,
    utterances: usize,
    licence: String,
}

fn list(global: &Global) -> Result<u8> {
    let mut rows = Vec::new();
    for name in corpora::names() {
        let manifest = corpora::manifest(name, &global.corpora)?;
        let folder = global.corpora.join(name);
        let status = match (manifest.synthetic, folder.is_dir()) {
            (true, _) => "generated",
            (false, true) => "found",
            (false, false) => "missing",
        };
        let folder = folder.display().to_string();
        rows.push(Listed {
            name,
            status,
            folder,
            utterances: manifest.expected.utterances,
            licence: manifest.licence,
        });
    }
    if global.json {
        print_json(&rows)?;
        return Ok(0);
    }
    let mut text = format!("{:<12} {:<9} {:>10}  licence\n", "corpus", "status", "utterances");
    for r in rows {
        text += &format!("{:<12} {:<9} {:>10}  {}\n", r.name, r.status, r.utterances, r.licence);
    }
    print(&text)?;
    Ok(0)
}

fn check(name: &str, global: &Global) -> Result<u8> {
    let corpus = read(name, global)?;
    let check = corpus.check();
    match global.json {
        true => print_json(&check)?,
        false => print(&table(&corpus, &check))?,
    }
    Ok(if check.complete() { 0 } else { 1 })
}

fn table(corpus: &Corpus, check: &Check) -> String {
    let mut text = format!("{}, in {}\n", corpus.manifest.title, corpus.root.display());
    let mut row = |what: &str, found: usize, expected: usize| {
        let note = match found.cmp(&expected) {
            std::cmp::Ordering::Less => format!("  {} missing", expected - found),
            std::cmp::Ordering::Equal => String::new(),
            std::cmp::Ordering::Greater => format!("  {} too many", found - expected),
        };
        text += &format!("  {what:<12} {found:>6} of {expected}{note}\n");
    };
    row("all", check.found, check.expected);
    for (emotion, found, expected) in &check.emotions {
        row(emotion.name(), *found, *expected);
    }
    for (speaker, found) in &check.speakers {
        let gender = corpus.manifest.speakers.get(speaker).map_or("", |g| g.name());
        let note = if *found == 0 { "  missing" } else { "" };
        text += &format!("  speaker {speaker:<4} {found:>6} {gender}{note}\n");
    }
    for problem in &check.problems {
        text += &format!("  problem: {problem}\n");
    }
    text + if check.complete() { "complete\n" } else { "not a complete copy\n" }
}

fn import(name: &str, out: Option<PathBuf>, global: &Global) -> Result<u8> {
    let corpus = read(name, global)?;
    let progress = global.progress("decoding");
    let rows = corpora::index(&corpus, &progress);
    progress.finish_and_clear();
    let rows = rows?;
    if !global.quiet {
        corpus.problems.iter().for_each(|p| eprintln!("note: left out: {p}"));
    }
    let csv = corpora::write_index(&rows)?;
    match out {
        Some(path) => write_atomic(&path, &csv)?,
        None if global.json => print_json(&rows)?,
        None => print(&String::from_utf8_lossy(&csv))?,
    }
    Ok(0)
}

fn fetch(name: &str, global: &Global) -> Result<u8> {
    let manifest = corpora::manifest(name, &global.corpora)?;
    if manifest.fetch.is_empty() {
        return Err(Error::usage(format!(
            "corpus {name}: no download of it can be verified, so it is not fetched; to get it: {}",
            manifest.obtain.join("; then ")
        )));
    }
    let progress = global.byte_progress("downloading");
    let note = |line: &str| {
        if !global.quiet {
            progress.suspend(|| eprintln!("{line}"));
        }
    };
    let job = Job {
        name,
        corpora: &global.corpora,
        progress: &progress,
        note: &note,
        pause: Duration::from_secs(1),
    };
    let fetched = fetch_files(&manifest.fetch, &job);
    progress.finish_and_clear();
    fetched?;
    check(name, global)
}
