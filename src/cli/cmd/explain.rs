//! `seraug explain`: what a code of `seraug audit` means, why it matters and what to change.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_data::audit::{AuditCode, CodeText};

/// Explain a code of `seraug audit`: what it means, why it matters, what to change; without a code, list all
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The code, as SPEAKER_OVERLAP
    code: Option<String>,
}

/// Letters of a line.
const WIDE: usize = 100;

/// Prints the text of a code, or all codes.
///
/// # Errors
/// An unknown code (usage); the nearest is named.
pub fn run(args: ExplainArgs, global: &Global) -> Result<u8> {
    let Some(name) = args.code else {
        let all: Vec<&CodeText> = AuditCode::ALL.iter().map(|code| code.text()).collect();
        match global.json {
            true => print_json(&all)?,
            false => print(&list(&all))?,
        }
        return Ok(0);
    };
    let text = AuditCode::named(&name)?.text();
    match global.json {
        true => print_json(text)?,
        false => print(&screen(text))?,
    }
    Ok(0)
}

fn list(all: &[&CodeText]) -> String {
    let line = |text: &&CodeText| {
        format!("{:<8} {:<31} {} {}\n", text.severity.name(), text.code.name(), text.unit.1, text.said)
    };
    let lines: String = all.iter().map(line).collect();
    lines + "seraug explain CODE says what one means, why it matters and what to change\n"
}

fn screen(text: &CodeText) -> String {
    format!(
        "{}\n\n{}\n\nWhy it matters\n{}\n\nWhat to change\n{}\n",
        wrapped(&format!("{} ({}): {} {}", text.code.name(), text.severity.name(), text.unit.1, text.said)),
        wrapped(text.meaning),
        wrapped(text.why),
        wrapped(text.change)
    )
}

/// Words in lines of at most [`WIDE`] letters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + 1 + word.chars().count() > WIDE {
            lines.push(word.to_owned());
            continue;
        }
        if !lines[last].is_empty() {
            lines[last].push(' ');
        }
        lines[last] += word;
    }
    lines.join("\n")
}
