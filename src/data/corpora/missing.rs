//! The error for a missing corpus, with instructions for obtaining it.

use seraug_core::error::Error;
use seraug_core::manifest::Manifest;
use std::path::Path;

/// The error for a missing corpus: what was looked for and where, numbered steps to obtain it, where to put it, how to point
/// seraug elsewhere and how to check it. Several lines, one screen (exit code 2).
/// `what` is what was found instead (`no folder corpora/iemocap`).
pub fn missing(manifest: &Manifest, corpora: &Path, what: &str) -> Error {
    let Manifest { name, title, .. } = manifest;
    let text = format!("corpus {name}: {what}\n\n{title} is not there. To get it:\n");
    Error::Missing(text + &steps(manifest, corpora))
}

/// The error of `seraug corpus fetch` for a corpus that it cannot download: what to do instead, as in [`missing`].
pub fn unfetchable(manifest: &Manifest, corpora: &Path) -> Error {
    let Manifest { name, title, .. } = manifest;
    let text = format!(
        "corpus {name}: no download of it can be verified, so it is not fetched\n\nTo get {title}:\n"
    );
    Error::Missing(text + &steps(manifest, corpora))
}

fn steps(manifest: &Manifest, corpora: &Path) -> String {
    let name = &manifest.name;
    let mut text = String::new();
    if !manifest.fetch.is_empty() {
        text += &format!("  seraug corpus fetch {name}, or by hand:\n");
    }
    for (i, step) in manifest.obtain.iter().enumerate() {
        let step = step.replace("CORPORA", &corpora.display().to_string());
        text += &format!("  {}. {step}\n", i + 1);
    }
    if !manifest.example.is_empty() {
        let example = corpora.join(name).join(&manifest.example);
        text += &format!("\nPut it where this file exists (or as .flac): {}\n", example.display());
    }
    text +=
        &format!("It is elsewhere? --corpora DIR or SERAUG_CORPORA=DIR, where DIR/{name}/ is the corpus.\n");
    text + &format!("Then check it: seraug corpus check {name}")
}
