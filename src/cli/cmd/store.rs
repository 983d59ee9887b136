//! `seraug store`: lists, verifies and prunes the store of a results folder.

use super::{Global, print, print_json};
use clap::Subcommand;
use indicatif::DecimalBytes;
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use seraug_core::store::Store;
use seraug_core::text::{plural, utc};
use seraug_run::arguments::{MOST_DAYS, whole};
use seraug_run::prune::{Broken, Inventory, PruneOptions, Pruned, References, Removal, plan, remove, verify};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// List, verify or prune the store of finished stages
#[derive(Debug, clap::Args)]
#[command(about = "List, verify or prune the store of finished stages")]
pub struct StoreArgs {
    #[command(subcommand)]
    action: StoreAction,
    /// Folder of the runs and, in .store, of the stages that they share
    #[arg(long, global = true, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

#[derive(Debug, Subcommand)]
enum StoreAction {
    /// List finished stages, checkpoints and caches with their sizes
    List,
    /// Read everything and list what is damaged
    Verify,
    /// Show what no run needs any more; remove it with --yes
    Prune(Prune),
}

/// Which unneeded things `prune` removes.
#[derive(Debug, clap::Args)]
struct Prune {
    /// Remove what is shown; without this, nothing is changed
    #[arg(long)]
    yes: bool,
    /// Keep checkpoints, also those of finished stages: a training with more iterations resumes from them
    #[arg(long)]
    keep_checkpoints: bool,
    /// Also remove the caches: features, synthetic speech, digests of recordings
    #[arg(long)]
    caches: bool,
    /// Also remove the trained classifiers, and keep their predictions: no result changes, `seraug predict` needs them
    #[arg(long)]
    models: bool,
    /// Only remove stages, checkpoints and caches that are at least this many days old
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = whole::<u64>(..=MOST_DAYS))]
    older_than: u64,
}

/// Runs the action; the exit code of `verify` says whether something is broken.
///
/// # Errors
/// A results folder that does not exist or cannot be read.
pub fn run(args: StoreArgs, global: &Global) -> Result<u8> {
    let results = &args.results;
    if !results.is_dir() {
        let next = "give the folder of the runs with --results DIR";
        return Err(Error::failed(format!("{}: no such folder; {next}", results.display())));
    }
    let inventory = Inventory::read(results)?;
    match args.action {
        StoreAction::List => {
            let references = References::read(results)?;
            if global.json {
                print_json(&list_json(&inventory, &references))?;
            } else {
                print(&list(&inventory, &references, results))?;
            }
            Ok(exit::DONE)
        }
        StoreAction::Verify => report_broken(&checked(&inventory, global), &inventory, global),
        StoreAction::Prune(wanted) => prune(&wanted, results, &inventory, global),
    }
}

fn checked(inventory: &Inventory, global: &Global) -> Vec<Broken> {
    let progress = global.byte_progress("reading");
    let broken = verify(inventory, &progress);
    progress.finish_and_clear();
    broken
}

fn report_broken(broken: &[Broken], inventory: &Inventory, global: &Global) -> Result<u8> {
    let (entries, checkpoints) = (inventory.entries.len(), checkpoints(inventory));
    if global.json {
        let item = |b: &Broken| json!({ "path": shown(&b.dir), "error": b.why, "next": b.next });
        let broken: Vec<Value> = broken.iter().map(item).collect();
        print_json(&json!({ "stages": entries, "checkpoints": checkpoints, "broken": broken }))?;
    } else {
        let mut text = String::new();
        for b in broken {
            let _ = writeln!(text, "{}: {}; {}", b.dir.display(), b.why, b.next);
        }
        let of = format!("{} and {}", plural(entries, "stage"), plural(checkpoints, "checkpoint"));
        let _ = match broken.len() {
            0 => writeln!(text, "{of} are intact"),
            n => writeln!(text, "{n} of {of} broken"),
        };
        print(&text)?;
    }
    Ok(if broken.is_empty() { exit::DONE } else { exit::FAILED })
}

fn prune(args: &Prune, results: &Path, inventory: &Inventory, global: &Global) -> Result<u8> {
    let store = Store::of(results);
    let references = References::read(results)?;
    let broken = checked(inventory, global);
    let wanted = PruneOptions {
        keep_checkpoints: args.keep_checkpoints,
        caches: args.caches,
        models: args.models,
        older_than: args.older_than.saturating_mul(24 * 3600),
    };
    let removals = plan(&store, inventory, &references, &broken, wanted);
    if !global.json {
        print(&would(&removals, inventory, args.yes))?;
    }
    let pruned = if args.yes { remove(&store, &references, &removals) } else { Pruned::default() };
    if global.json {
        let item = |r: &Removal| json!({ "path": shown(&r.path), "bytes": r.bytes, "reason": r.reason });
        let kept = |(path, why): &(PathBuf, String)| json!({ "path": shown(path), "reason": why });
        print_json(&json!({
            "dry_run": !args.yes, "unneeded": removals.iter().map(item).collect::<Vec<_>>(),
            "removed": pruned.removed, "bytes": pruned.bytes,
            "kept": pruned.kept.iter().map(kept).collect::<Vec<_>>(),
        }))?;
    } else if args.yes && !removals.is_empty() {
        let mut text = String::new();
        for (path, why) in &pruned.kept {
            let _ = writeln!(text, "kept {}: {why}", path.display());
        }
        let _ = writeln!(text, "removed {}, {}", plural(pruned.removed, "item"), DecimalBytes(pruned.bytes));
        print(&text)?;
    }
    Ok(exit::DONE)
}

/// A line for each removal with its size and reason, and their sum.
fn would(removals: &[Removal], inventory: &Inventory, yes: bool) -> String {
    let mut text = String::new();
    for r in removals {
        let size = DecimalBytes(r.bytes).to_string();
        let _ = writeln!(text, "{size:>10}  {}  {}", r.path.display(), r.reason);
    }
    let bytes = DecimalBytes(removals.iter().map(|r| r.bytes).sum());
    let all = DecimalBytes(inventory.bytes());
    let items = plural(removals.len(), "item");
    let _ = match (removals.is_empty(), yes) {
        (true, _) => writeln!(text, "nothing to remove: all of the {all} are needed"),
        (false, true) => writeln!(text, "{items}, {bytes} of {all}"),
        (false, false) => writeln!(text, "{items}, {bytes} of {all}; --yes removes them"),
    };
    text
}

fn list(inventory: &Inventory, references: &References, results: &Path) -> String {
    let mut text = String::new();
    let mut line = |size: u64, made: SystemTime, what: &str| {
        let _ = writeln!(text, "{:>10}  {}  {what}", DecimalBytes(size).to_string(), date(made));
    };
    for e in &inventory.entries {
        let users = match references.users(e.stage, &e.key) {
            0 => "no run".to_owned(),
            n => plural(n, "run"),
        };
        let by = e.making.made_by.as_ref().map(|by| format!(", made for {by}")).unwrap_or_default();
        let with = e.making.with().map(|with| format!(" with {with}")).unwrap_or_default();
        let model = match e.model_bytes {
            0 => String::new(),
            bytes => format!(", its model {}", DecimalBytes(bytes)),
        };
        line(e.bytes, e.made, &format!("{:<10}  {}  {users}{by}{with}{model}", e.stage.name(), e.key));
    }
    for c in &inventory.checkpoints {
        let steps: Vec<String> = c.steps.iter().map(ToString::to_string).collect();
        let steps = if steps.is_empty() { "none whole".into() } else { format!("at {}", steps.join(", ")) };
        line(c.bytes, c.made, &format!("checkpoint  {}-{}  {steps}", c.stage.name(), c.key));
    }
    for c in &inventory.caches {
        line(c.bytes, c.made, &format!("cache       {}", c.name));
    }
    for (path, bytes) in &inventory.left_over {
        line(*bytes, SystemTime::UNIX_EPOCH, &format!("left over   {}", path.display()));
    }
    for (path, bytes) in &inventory.others {
        line(*bytes, SystemTime::UNIX_EPOCH, &format!("not ours    {}", path.display()));
    }
    let sum: u64 = inventory.entries.iter().map(|e| e.bytes).sum();
    let models: u64 = inventory.entries.iter().map(|e| e.model_bytes).sum();
    let _ = writeln!(
        text,
        "{}: {} ({}{}), {}, {}; {} in all",
        Store::of(results).root().display(),
        plural(inventory.entries.len(), "stage"),
        DecimalBytes(sum),
        if models > 0 { format!(", {} of it models", DecimalBytes(models)) } else { String::new() },
        plural(checkpoints(inventory), "checkpoint"),
        plural(inventory.caches.len(), "cache"),
        DecimalBytes(inventory.bytes())
    );
    text
}

fn list_json(inventory: &Inventory, references: &References) -> Value {
    let stage = |e: &seraug_run::prune::StoreEntry| {
        json!({
            "stage": e.stage.name(), "key": e.key.to_string(), "path": shown(&e.dir), "bytes": e.bytes, "made": stamp(e.made),
            "seconds": e.making.seconds, "made_by": e.making.made_by, "made_in": e.making.made_in,
            "libtorch": e.making.libtorch, "device": e.making.device, "model_bytes": e.model_bytes,
            "runs": references.users(e.stage, &e.key),
        })
    };
    let checkpoint = |c: &seraug_run::prune::Trajectory| {
        json!({
            "stage": c.stage.name(), "trajectory": c.key.to_string(), "path": shown(&c.dir), "bytes": c.bytes,
            "made": stamp(c.made), "steps": c.steps,
        })
    };
    let cache = |c: &seraug_run::prune::Cache| json!({ "name": c.name, "path": shown(&c.dir), "bytes": c.bytes, "made": stamp(c.made) });
    let other = |(path, bytes): &(PathBuf, u64)| json!({ "path": shown(path), "bytes": bytes });
    json!({
        "stages": inventory.entries.iter().map(stage).collect::<Vec<_>>(),
        "checkpoints": inventory.checkpoints.iter().map(checkpoint).collect::<Vec<_>>(),
        "caches": inventory.caches.iter().map(cache).collect::<Vec<_>>(),
        "left_over": inventory.left_over.iter().map(other).collect::<Vec<_>>(),
        "others": inventory.others.iter().map(other).collect::<Vec<_>>(),
        "bytes": inventory.bytes(),
    })
}

/// A path as text, for JSON.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn checkpoints(inventory: &Inventory) -> usize {
    inventory.checkpoints.iter().map(|c| c.steps.len()).sum()
}

/// UTC date, or as many blanks where there is none.
fn date(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(t) if time != SystemTime::UNIX_EPOCH => t.strftime("%Y-%m-%d").to_string(),
        _ => " ".repeat(10),
    }
}

fn stamp(time: SystemTime) -> Option<String> {
    Some(utc(jiff::Timestamp::try_from(time).ok()?))
}
