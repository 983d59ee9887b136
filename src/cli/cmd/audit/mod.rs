//! `seraug audit`: somebody else's split held against the checks of leakage.

mod markdown;
mod text;

use super::{Global, print, print_json};
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use seraug_core::files::{self, write_given};
use seraug_data::audit::{AuditCode, AuditJob, ListChoices, ListSources, SplitAudit, audit};
use seraug_data::corpora::add::NamePattern;
use std::path::{Path, PathBuf};

/// Audit a split of somebody else for leakage: speakers, texts, utterances and recordings on both sides; exit code 4 where it leaks
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    /// A list with parts or folds in it (csv, tsv, json, jsonl, parquet, txt; split.csv of a run), or a folder with lists (EmoBox); may
    /// be given several times
    #[arg(long, value_name = "PATH")]
    split: Vec<PathBuf>,
    /// A list of what is trained on; may be given several times
    #[arg(long, value_name = "FILE")]
    train: Vec<PathBuf>,
    /// A list of what is validated with
    #[arg(long, value_name = "FILE")]
    validation: Vec<PathBuf>,
    /// A list of what is tested
    #[arg(long, value_name = "FILE")]
    test: Vec<PathBuf>,
    /// Corpus whose names tell speakers, texts and labels; its recordings need not be here
    #[arg(long, value_name = "NAME")]
    corpus: Option<String>,
    /// Folder below which the recordings are, to compare them: the same bytes, the same samples, nearly the same sound
    #[arg(long, value_name = "DIR")]
    audio: Option<PathBuf>,
    /// Code of a leak that is accepted: it is told and does not count; may be given several times
    #[arg(long, value_name = "CODE")]
    allow: Vec<AuditCode>,
    /// Column of the utterance: a path or an id
    #[arg(long, value_name = "COLUMN")]
    utterance: Option<String>,
    /// Column of the speaker
    #[arg(long, value_name = "COLUMN")]
    speaker: Option<String>,
    /// Column of what is said
    #[arg(long, value_name = "COLUMN")]
    text: Option<String>,
    /// Column of the label
    #[arg(long, value_name = "COLUMN")]
    emotion: Option<String>,
    /// Column of the part (train, validation, test); several times for a column for each fold
    #[arg(long, value_name = "COLUMN")]
    part: Vec<String>,
    /// Column of the fold
    #[arg(long, value_name = "COLUMN")]
    fold: Option<String>,
    /// Regular expression whose one group finds the speaker in an utterance's name
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    speaker_from: Option<NamePattern>,
    /// Regular expression whose one group finds what is said in an utterance's name
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    text_from: Option<NamePattern>,
    /// Also write the audit as Markdown
    #[arg(long, value_name = "FILE.md")]
    out: Option<PathBuf>,
}

/// Audits the split and tells what was found.
///
/// # Errors
/// As [`audit()`]; a file that cannot be written.
pub fn run(args: AuditArgs, global: &Global) -> Result<u8> {
    let AuditArgs { split, train, validation, test, corpus, audio, allow, out, .. } = args;
    let AuditArgs { utterance, speaker, text, emotion, part, fold, speaker_from, text_from, .. } = args;
    out.as_deref().map_or(Ok(()), check_out)?;
    let sources = ListSources { split, train, validation, test };
    let choices = ListChoices { utterance, speaker, text, emotion, part, fold, speaker_from, text_from };
    let progress = global.progress("listening");
    let found = audit(&AuditJob {
        sources: &sources,
        choices: &choices,
        corpus: corpus.as_deref(),
        corpora: &global.corpora,
        audio: audio.as_deref(),
        allow: &allow,
        progress: &progress,
    });
    progress.finish_and_clear();
    let found = found?;
    if let Some(path) = &out {
        write_given(path, markdown::page(&found).as_bytes())?;
    }
    match global.json {
        true => print_json(&found)?,
        false => print(&text::told(&found))?,
    }
    Ok(exit_code(&found))
}

/// Refuses to replace what is not an earlier audit, such as the split itself.
fn check_out(path: &Path) -> Result<()> {
    let shown = path.display();
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("md")) {
        return Err(Error::usage(format!("--out {shown}: the audit is Markdown, a .md")));
    }
    let ours = !path.is_file() || files::text(path).is_ok_and(|text| text.starts_with(markdown::TITLE));
    if ours {
        Ok(())
    } else {
        Err(Error::usage(format!("--out {shown}: holds something else than an audit; name another file")))
    }
}

fn exit_code(found: &SplitAudit) -> u8 {
    if found.leaks.is_empty() { exit::DONE } else { exit::LEAK }
}
