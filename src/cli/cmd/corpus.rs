//! `seraug corpus`: lists, checks, describes, indexes, downloads and adds corpora.

use super::corpus_add::{self, AddArgs};
use super::{Global, describe, print, print_json};
use clap::Subcommand;
use seraug_core::error::{Error, Result, join_messages};
use seraug_core::files::write_given;
use seraug_core::{exit, terminal};
use seraug_data::corpora::fetch::{FetchJob, fetch as fetch_files};
use seraug_data::corpora::{self, ClassCount, Corpus, CorpusCheck, DigestPolicy, Index};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// List, check, describe, index, download and add corpora
#[derive(Debug, clap::Args)]
pub struct CorpusArgs {
    #[command(subcommand)]
    action: CorpusAction,
}

#[derive(Debug, Subcommand)]
enum CorpusAction {
    /// Every corpus, whether it is there, and its licence
    List,
    /// Compare a corpus with what a complete copy has; exit code 1 unless it is complete
    Check {
        /// Its name, as `list` prints it
        name: String,
    },
    /// What to know of a corpus before training on it: who has which label, how it sounds, which folds it can serve
    Describe {
        /// Its name, as `list` prints it
        name: String,
        /// Also write it as a page
        #[arg(long, value_name = "FILE.html")]
        out: Option<PathBuf>,
    },
    /// Write a corpus's index: id, path, speaker, gender, session, language, emotion, valence, seconds, sha256, text
    Import {
        /// Its name, as `list` prints it
        name: String,
        /// File to write instead of standard output
        #[arg(long, value_name = "FILE.csv")]
        out: Option<PathBuf>,
        /// Leave out recordings that cannot be used, and name them, instead of ending with them
        #[arg(long)]
        partial: bool,
    },
    /// Download a corpus whose publisher states a checksum, then check it; an interrupted download is resumed
    Fetch {
        /// Its name, as `list` prints it
        name: String,
    },
    /// Add a corpus of your own from audformat, nkululeko, Hugging Face, EmoBox, Kaldi or a folder for each class
    Add(Box<AddArgs>),
}

/// Runs the command and returns its exit code.
///
/// # Errors
/// An unknown corpus; one that is missing or cannot be read; one that cannot be downloaded or added.
pub fn run(args: CorpusArgs, global: &Global) -> Result<u8> {
    match args.action {
        CorpusAction::List => list(global),
        CorpusAction::Check { name } => check(&name, global),
        CorpusAction::Describe { name, out } => {
            describe::run(&read(&name, global)?, out.as_deref(), global)?;
            Ok(exit::DONE)
        }
        CorpusAction::Import { name, out, partial } => import(&name, out, partial, global),
        CorpusAction::Fetch { name } => fetch(&name, global),
        CorpusAction::Add(args) => corpus_add::run(*args, global),
    }
}

fn read(name: &str, global: &Global) -> Result<Corpus> {
    let progress = global.progress("reading");
    // `check` and `index` report what is on the disk now, not what a cache says.
    let corpus = corpora::import(name, &[], &global.corpora, global.cache(), DigestPolicy::Afresh, &progress);
    progress.finish_and_clear();
    corpus
}

#[derive(Serialize)]
struct ListedCorpus {
    name: String,
    status: &'static str,
    folder: String,
    utterances: usize,
    licence: String,
}

fn list(global: &Global) -> Result<u8> {
    let mut rows = Vec::new();
    for name in corpora::names(&global.corpora) {
        let folder = global.corpora.join(&name);
        let manifest = match corpora::manifest(&name, &global.corpora) {
            Ok(manifest) => manifest,
            // One bad manifest.toml does not stop a list.
            Err(e) => {
                let (folder, licence) = (folder.display().to_string(), e.to_string());
                rows.push(ListedCorpus { name, status: "unreadable", folder, utterances: 0, licence });
                continue;
            }
        };
        let status = match (manifest.synthetic, folder.is_dir()) {
            (true, _) => "generated",
            (false, true) if corpora::known().all(|k| k != name) => "table",
            (false, true) => "found",
            (false, false) => "missing",
        };
        let folder = folder.display().to_string();
        rows.push(ListedCorpus {
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
    let mut text = format!("{:<12} {:<10} {:>10}  licence\n", "corpus", "status", "utterances");
    for r in rows {
        // Only `check` counts a table whose manifest states no counts.
        let utterances = if r.utterances == 0 { "-".to_owned() } else { r.utterances.to_string() };
        text += &format!("{:<12} {:<10} {utterances:>10}  {}\n", r.name, r.status, r.licence);
    }
    print(&text)?;
    Ok(0)
}

fn check(name: &str, global: &Global) -> Result<u8> {
    // A missing corpus is a result of this command, not an error.
    let corpus = match read(name, global) {
        Err(missing @ Error::Missing(_)) => {
            terminal::error(&missing);
            return Ok(1);
        }
        read => read?,
    };
    let check = corpus.check();
    match global.json {
        true => print_json(&check)?,
        false => print(&table(&corpus, &check))?,
    }
    Ok(if check.complete() { 0 } else { 1 })
}

/// Most lines of a list on a terminal; --json has all.
const SHOWN: usize = 20;

fn table(corpus: &Corpus, check: &CorpusCheck) -> String {
    let mut text = format!("{}\n{}, in {}\n", check.summary, corpus.manifest.title, corpus.root.display());
    let all = ClassCount { name: "all".into(), found: check.found, expected: Some(check.expected) };
    for c in [&all].into_iter().chain(&check.emotions) {
        text += &row(&c.name, c, "");
    }
    for s in &check.sessions {
        for c in &s.emotions {
            text += &row(&format!("session {} {}", s.session, c.name), c, "");
        }
    }
    // No acted corpus has a hundred speakers; a table of a thousand is left to --json.
    for c in check.speakers.iter().take(100) {
        let gender = corpus.manifest.speakers.get(&c.name).map_or("", |g| g.name());
        text += &row(&format!("speaker {}", c.name), c, gender);
    }
    text += &more("speakers", check.speakers.len(), 100);
    for d in &check.dropped {
        let c = ClassCount { name: String::new(), found: d.found, expected: d.expected };
        text += &row(&format!("dropped {}", d.code), &c, &d.reason);
    }
    for d in &check.unusable {
        let here = if d.found > 0 { "left out" } else { "not here" };
        text += &format!("  unusable {:<18} {here}  {}\n", d.code, d.reason);
    }
    for ids in check.duplicates.iter().take(SHOWN) {
        let shown: Vec<&str> = ids.iter().take(SHOWN).map(String::as_str).collect();
        let rest = if ids.len() > SHOWN { format!(" and {} more", ids.len() - SHOWN) } else { String::new() };
        text += &format!("  note: the same audio byte for byte: {}{rest}\n", shown.join(", "));
    }
    text += &more("groups of the same audio", check.duplicates.len(), SHOWN);
    for note in check.notes.iter().take(SHOWN) {
        text += &format!("  note: {note}\n");
    }
    text += &more("notes", check.notes.len(), SHOWN);
    for problem in check.problems.iter().take(SHOWN) {
        text += &format!("  problem: {problem}\n");
    }
    text + &more("problems", check.problems.len(), SHOWN)
}

/// `angry   1 of 127  126 missing`.
fn row(name: &str, c: &ClassCount, remark: &str) -> String {
    let (expected, note) = match c.expected {
        Some(e) if c.found < e => (format!(" of {e}"), format!("{} missing", e - c.found)),
        Some(e) if c.found > e => (format!(" of {e}"), format!("{} too many", c.found - e)),
        Some(e) => (format!(" of {e}"), String::new()),
        None if c.found == 0 => (String::new(), "missing".to_owned()),
        None => (String::new(), String::new()),
    };
    let line = format!("  {name:<20} {:>6}{expected}  {note}  {remark}", c.found);
    line.trim_end().to_owned() + "\n"
}

fn more(what: &str, all: usize, shown: usize) -> String {
    if all > shown { format!("  and {} more {what}; --json lists all\n", all - shown) } else { String::new() }
}

fn import(name: &str, out: Option<PathBuf>, partial: bool, global: &Global) -> Result<u8> {
    let corpus = read(name, global)?;
    let progress = global.progress("decoding");
    let index = Index::of_usable(&corpus, &progress);
    progress.finish_and_clear();
    let (index, mut refused) = index?;
    refused.extend(corpus.faults.unusable.iter().map(ToString::to_string));
    if !refused.is_empty() && !partial {
        return Err(Error::failed(format!(
            "corpus {name}: {}; mend or remove them, or leave them out with --partial",
            join_messages(&refused)
        )));
    }
    if !global.quiet {
        let check = corpus.check();
        let problems: Vec<&String> = corpus.problems.iter().chain(&refused).collect();
        problems.iter().take(SHOWN).for_each(|p| terminal::note(&format!("note: left out: {p}")));
        if let Some(rest @ 1..) = problems.len().checked_sub(SHOWN) {
            terminal::note(&format!("note: and {rest} more; see seraug corpus check {name} --json"));
        }
        check.notes.iter().take(SHOWN).for_each(|n| terminal::note(&format!("note: {n}")));
    }
    match out {
        Some(path) => write_given(&path, &index.to_csv()?)?,
        None if global.json => print_json(&index.to_json()?)?,
        None => terminal::print_data(&index.to_csv()?)?,
    }
    Ok(0)
}

fn fetch(name: &str, global: &Global) -> Result<u8> {
    let manifest = corpora::manifest(name, &global.corpora)?;
    if manifest.fetch.is_empty() {
        return Err(corpora::unfetchable(&manifest, &global.corpora));
    }
    let progress = global.byte_progress("downloading");
    let note = |line: &str| {
        if !global.quiet {
            progress.suspend(|| terminal::note(line));
        }
    };
    let job = FetchJob {
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
