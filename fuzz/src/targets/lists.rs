//! Lists of somebody else's split, as `seraug audit` reads them.

use super::{Check, PLAIN, Target, answer};
use crate::case::Case;
use indicatif::ProgressBar;
use seraug_data::audit::{AuditCode, AuditJob, ListChoices, ListSources, audit};
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/formats").join(name)
}

/// The folder of a case as a split, then each of its files as one.
pub(super) const LISTS: Target = Target {
    name: "lists",
    main: "split.csv",
    shared: "split",
    made: || ["emobox", "kaldi"].iter().filter_map(|name| Case::read(&golden(name)).ok()).collect(),
    prepare: |folder| -> Check {
        let (corpora, choices) = (folder.to_owned(), ListChoices::default());
        Box::new(move |case| {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let files = fs::read_dir(case).map_err(|e| e.to_string())?.flatten().map(|entry| entry.path());
            let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
            files.sort();
            for split in [vec![case.to_owned()], files].into_iter().filter(|split| !split.is_empty()) {
                let sources = ListSources { split, ..ListSources::default() };
                let progress = ProgressBar::hidden();
                let job = AuditJob {
                    sources: &sources,
                    choices: &choices,
                    corpus: None,
                    corpora: &corpora,
                    audio: None,
                    allow: &[],
                    progress: &progress,
                };
                let Some(found) = answer(audit(&job), &[&name, "folds", "entries"])? else { continue };
                let codes = found.findings.len() + found.clear.len() + found.not_checked.len();
                if codes != AuditCode::ALL.len() {
                    return Err(format!("{codes} of {} codes", AuditCode::ALL.len()));
                }
                if let Some(odd) = found.findings.iter().find(|f| f.count > f.of) {
                    return Err(format!("{}: {} of {}", odd.code.name(), odd.count, odd.of));
                }
            }
            Ok(())
        })
    },
    share: 6,
    slow: 2,
    ..PLAIN
};
