//! Code blocks of Markdown documents, and a folder in which they run as a reader would run them.

use crate::common::program;
use std::path::Path;
use std::process::Command;

/// A fenced block of code: ```` ```sh training ```` has the language `sh` and the argument `training`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// `sh` runs, `toml` is an experiment, `text` is output, `console` is shown only.
    pub language: String,
    /// Of `toml` the file that the reader saves it as; of `sh` `training` where it trains.
    pub argument: String,
    /// What the block holds.
    pub text: String,
}

/// The blocks of a document, in order.
pub fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for line in document.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => {
                let (language, argument) = info.split_once(' ').unwrap_or((info, ""));
                open =
                    Some(Block { language: language.into(), argument: argument.into(), text: String::new() });
            }
            (Some(_), Some(block)) => found.push(block),
            (None, Some(mut block)) => {
                block.text += line;
                block.text += "\n";
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    found
}

/// Saves the `toml` blocks and runs the `sh` blocks in order, in one new folder; what each of those prints.
///
/// # Panics
/// Where a block fails.
pub fn run(blocks: &[Block]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let programs = Path::new(program("seraug")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut answers = Vec::new();
    for block in blocks {
        match block.language.as_str() {
            "toml" if !block.argument.is_empty() => {
                std::fs::write(folder.path().join(&block.argument), &block.text).unwrap();
            }
            "sh" => {
                let mut shell = Command::new("sh");
                shell.args(["-euc", &block.text]).current_dir(folder.path());
                let output = shell.env("PATH", &path).env_remove("SERAUG_CORPORA").output().unwrap();
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{}\nfails with {}: {error}", block.text, output.status);
                answers.push(String::from_utf8(output.stdout).unwrap());
            }
            _ => {}
        }
    }
    answers
}
