//! `seraug corpus add`: a corpus of one's own from another program's format.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::text::plural;
use seraug_data::corpora::add::{AddChoices, AddJob, Added, LabelMap, NamePattern, SourceFormat, add};
use std::path::PathBuf;

/// What is added, and what a person says of it.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// Name of the new corpus, and of its folder
    name: String,
    /// A folder or file of audformat, nkululeko, Hugging Face (parquet, audiofolder), EmoBox or Kaldi, or with a folder for each
    /// class; nothing in it changes
    source: PathBuf,
    /// What the source is, where it could be several things: audformat, nkululeko, hf-parquet, audio-folder, emobox, kaldi,
    /// class-folders
    #[arg(long)]
    format: Option<SourceFormat>,
    /// Folder that the paths of the source are below, where it is not the source's own
    #[arg(long, value_name = "DIR")]
    audio: Option<PathBuf>,
    /// Copy the recordings into the corpus's folder, in place of naming their folder in its manifest.toml
    #[arg(long)]
    copy: bool,
    /// Leave out rows that cannot be used, and name them, instead of ending with them
    #[arg(long)]
    partial: bool,
    /// Column of the labels; of audformat also a scheme, of Kaldi a file, of folders a level from 1
    #[arg(long, value_name = "COLUMN")]
    emotion: Option<String>,
    /// Column of the speakers; of Kaldi a file, of folders a level from 1
    #[arg(long, value_name = "COLUMN")]
    speaker: Option<String>,
    /// Table of the labels, of audformat; may be given several times
    #[arg(long, value_name = "TABLE")]
    table: Vec<String>,
    /// A label of the source and what it becomes, as irritated=angry; may be given several times
    #[arg(long, value_name = "FROM=TO")]
    map: Vec<LabelMap>,
    /// Regular expression whose one group finds the speaker in a path or id, as 'call(\d+)_'
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    speaker_from: Option<NamePattern>,
    /// Regular expression whose one group finds what is said (a sentence's code) in a path or id
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    text_from: Option<NamePattern>,
    /// The licence of the recordings in plain words, where the source does not state it; a model is not exported without
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
}

/// Adds the corpus and tells what was taken and guessed.
///
/// # Errors
/// As [`add`].
pub(super) fn run(args: AddArgs, global: &Global) -> Result<u8> {
    let AddArgs { name, source, format, audio, copy, partial, emotion, speaker, table, map, .. } = args;
    let AddArgs { speaker_from, text_from, licence, .. } = args;
    let tables = table;
    let choices = AddChoices {
        format,
        audio,
        copy,
        partial,
        emotion,
        speaker,
        tables,
        map,
        speaker_from,
        text_from,
        licence,
    };
    let progress = global.progress("reading");
    let job = AddJob {
        name: &name,
        source: &source,
        corpora: &global.corpora,
        choices: &choices,
        progress: &progress,
    };
    let added = add(&job);
    progress.finish_and_clear();
    let added = added?;
    match global.json {
        true => print_json(&added)?,
        false => print(&told(&added))?,
    }
    Ok(0)
}

/// Labels and problems that are shown; --json has all.
const SHOWN: usize = 20;

fn told(added: &Added) -> String {
    let (utterances, speakers) = (plural(added.utterances, "utterance"), plural(added.speakers, "speaker"));
    let mut text = format!("{}: {utterances} of {speakers}, from {}\n", added.name, added.format.name());
    let mut line = |name: &str, value: &str| text += &format!("  {name:<12} {value}\n");
    line("recordings", &added.recordings);
    added.taken.iter().for_each(|(column, from)| line(column, from));
    let mut labels: Vec<(&String, &usize)> = added.labels.iter().collect();
    labels.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let named: Vec<String> = labels.iter().take(SHOWN).map(|(label, n)| format!("{label} {n}")).collect();
    let rest = labels.len().saturating_sub(SHOWN);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    line("labels", &format!("{}{rest}", named.join(", ")));
    for (why, n) in &added.left_out {
        line("left out", &format!("{}: {why}", plural(*n, "row")));
    }
    added.notes.iter().for_each(|note| line("note", note));
    added.problems.iter().take(SHOWN).for_each(|problem| line("left out", problem));
    if let Some(more @ 1..) = added.problems.len().checked_sub(SHOWN) {
        line("left out", &format!("and {more} more; --json lists all"));
    }
    line("written", &format!("{} in {}", added.written.join(", "), added.folder));
    line("digest", &added.digest);
    text + &format!("look at it with: seraug corpus check {}\n", added.name)
}
