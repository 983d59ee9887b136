//! docs/cli.md: every command of `seraug` with its arguments, read from clap's description of the command line.

use super::{cell, opening};
use crate::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::fmt::Write;

const EXIT_CODES: &str = "\
## Exit codes

| code | meaning |
| --: | :-- |
| 0 | done |
| 1 | failed: the message says what and what to do; `corpus check` and `store verify` found something incomplete or broken |
| 2 | the command line or the experiment file is wrong |
| 3 | some cells failed, or were not finished; `status`: cells failed and nothing runs any more |
| 4 | the files of a run or of an archive contradict each other, the tolerance of `compare`, `self-test` or `reproduce` is exceeded, or `audit` found a leak that is not allowed |
| 130 | interrupted by Ctrl-C, after saving |

";

/// The whole document.
pub fn markdown() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = opening("The command line", "src/cli");
    text += "`seraug help COMMAND` prints the same, `seraug man` writes manual pages, and `seraug completions SHELL` a script for \
             a shell. Answers go to standard output, progress and notes to standard error.\n\n";
    let commands: Vec<&Command> = visible(&root).collect();
    text += "| command | what it does |\n| :-- | :-- |\n";
    for command in &commands {
        let (name, about) = (command.get_name(), about(command));
        writeln!(text, "| [`seraug {name}`](#seraug-{name}) | {} |", cell(&about))
            .expect("a string takes it");
    }
    text += "\n## Options of every command\n\n";
    text += &table(root.get_arguments().filter(|arg| arg.is_global_set()), "option");
    text += EXIT_CODES;
    commands.iter().for_each(|command| section(&mut text, command, "seraug", 2));
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A command's heading, usage and arguments, then its subcommands one level below.
fn section(text: &mut String, command: &Command, parent: &str, level: usize) {
    let path = format!("{parent} {}", command.get_name());
    let (marks, about) = ("#".repeat(level), about(command));
    let usage = usage(command, &path);
    write!(text, "{marks} {path}\n\n{about}.\n\n    {usage}\n\n").expect("a string takes it");
    let inherited = |arg: &&Arg| level > 2 && arg.is_global_set();
    let shown: Vec<&Arg> = command.get_arguments().filter(|arg| !is_common(arg) && !inherited(arg)).collect();
    *text += &table(shown.iter().copied().filter(|arg| arg.is_positional()), "argument");
    *text += &table(shown.iter().copied().filter(|arg| !arg.is_positional()), "option");
    visible(command).for_each(|sub| section(text, sub, &path, level + 1));
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn about(command: &Command) -> String {
    command.get_about().map(|about| about.to_string().trim_end_matches('.').to_owned()).unwrap_or_default()
}

/// `seraug run [OPTIONS] <SPEC>`, as the help has it.
fn usage(command: &Command, path: &str) -> String {
    let rendered = command.clone().bin_name(path).render_usage().to_string();
    rendered.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An option of every command, or clap's own: those are told once.
fn is_common(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version" | "corpora" | "quiet" | "json")
}

/// Arguments as a table; nothing where there are none.
fn table<'a>(args: impl Iterator<Item = &'a Arg>, kind: &str) -> String {
    let rows: Vec<String> = args.filter(|arg| !arg.is_hide_set()).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("| {kind} | default | meaning |\n| :-- | :-- | :-- |\n{}\n", rows.concat())
}

fn row(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut help = cell(&help);
    let default = match help.rfind(" [default: ") {
        // A default that the program works out is told in the help.
        Some(start) if help.ends_with(']') => {
            let stated = help[start + " [default: ".len()..help.len() - 1].to_owned();
            help.truncate(start);
            stated
        }
        _ => defaults(arg),
    };
    let choices = choices(arg);
    format!("| `{}` | {default} | {help}{choices} |\n", spelled(arg))
}

/// `--jobs N`, `<SPEC>`, `<RUNS>...`.
fn spelled(arg: &Arg) -> String {
    let several = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    match arg.get_long() {
        None => format!("{value}{}", if several { "..." } else { "" }),
        Some(long) if matches!(arg.get_action(), ArgAction::SetTrue) => format!("--{long}"),
        Some(long) => format!("--{long} {value}"),
    }
}

fn defaults(arg: &Arg) -> String {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return String::new();
    }
    let values = arg.get_default_values().iter().map(|value| format!("`{}`", value.display()));
    values.collect::<Vec<_>>().join(", ")
}

/// The words that an argument takes, and the variable that stands in for it.
fn choices(arg: &Arg) -> String {
    let words = match matches!(arg.get_action(), ArgAction::SetTrue) {
        true => Vec::new(),
        false => arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect(),
    };
    let mut told = if words.is_empty() { String::new() } else { format!(". One of {}", words.join(", ")) };
    if let Some(name) = arg.get_env() {
        write!(told, ". From `{}` where the option is absent", name.display()).expect("a string takes it");
    }
    told
}
