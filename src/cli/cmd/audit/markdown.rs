//! The audit as a page of Markdown.

use super::text::{allowed, clear, heading, in_words, known, skipped, verdict};
use seraug_data::audit::{Finding, SplitAudit};
use std::fmt::Write;

/// How every audit begins.
pub(super) const TITLE: &str = "# Audit of a split";

/// The page.
pub(super) fn page(audit: &SplitAudit) -> String {
    let mut text = format!("{TITLE}\n\n");
    let _ = writeln!(text, "{}.\n\n**{}.**\n", cell(&heading(audit)), cell(&verdict(audit)));
    known(audit).iter().for_each(|line| text += &format!("- {}\n", cell(line)));
    text += "\n## Findings\n\n";
    if audit.findings.is_empty() {
        text += "None.\n";
    } else {
        text += "| severity | code | what |\n| :-- | :-- | :-- |\n";
        for f in &audit.findings {
            let severity = f.severity.name();
            let _ = writeln!(
                text,
                "| {severity}{} | [{}](#{}) | {} |",
                allowed(f),
                f.code.name(),
                f.code.name().to_lowercase(),
                cell(&f.sentence)
            );
        }
    }
    audit.findings.iter().for_each(|f| section(&mut text, f));
    text += "\n## Checked, nothing found\n\n";
    list(&mut text, &clear(audit));
    text += "\n## Not checked\n\n";
    let skipped: Vec<String> =
        skipped(&audit.not_checked).into_iter().map(|(codes, why)| format!("{codes}: {why}")).collect();
    list(&mut text, &skipped);
    text += "\n## Folds\n\n| fold | training | validation | test |\n| :-- | --: | --: | --: |\n";
    for fold in &audit.folds {
        let _ =
            writeln!(text, "| {} | {} | {} | {} |", cell(&fold.fold), fold.train, fold.validation, fold.test);
    }
    text += "\n## Lists\n\n";
    list(&mut text, &audit.lists);
    if !audit.notes.is_empty() {
        text += "\n## To know\n\n";
        list(&mut text, &audit.notes);
    }
    text
}

/// A finding with its folds, its examples and its texts.
fn section(text: &mut String, f: &Finding) {
    let about = f.code.text();
    let _ = writeln!(text, "\n### {}\n\n{}.\n", f.code.name(), cell(&f.sentence));
    if f.folds.len() > 1 {
        let _ = writeln!(text, "| fold | {} | of | utterances |\n| :-- | --: | --: | --: |", f.unit);
        for fold in &f.folds {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                cell(&fold.fold),
                fold.count,
                fold.of,
                fold.utterances
            );
        }
        *text += "\n";
    }
    if let Some(partly) = &f.partly {
        let _ = writeln!(text, "Not compared: {}.\n", cell(partly));
    }
    if !f.examples.is_empty() {
        let examples: Vec<String> = f.examples.iter().map(|example| in_words(f, example)).collect();
        list(text, &examples);
        *text += "\n";
    }
    let _ = writeln!(
        text,
        "{}\n\n**Why it matters.** {}\n\n**What to change.** {}",
        about.meaning, about.why, about.change
    );
}

fn list(text: &mut String, items: &[String]) {
    if items.is_empty() {
        *text += "Nothing.\n";
    }
    items.iter().for_each(|item| *text += &format!("- {}\n", cell(item)));
}

/// What others named, on one line and without characters that Markdown reads.
fn cell(text: &str) -> String {
    let line = seraug_core::terminal::line(text);
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(c, '|' | '<' | '*' | '_' | '`' | '[' | ']' | '\\' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(cell("a|b\n<img> *x* [y](z)"), r"a\|b\\u{a}\<img> \*x\* \[y\](z)");
    }
}
