//! ro-crate-metadata.json: RO-Crate 1.1 with the profile Process Run Crate 0.5 (<https://w3id.org/ro/wfrun/process/0.5>).

use seraug_core::run_files::{CorpusInfo, RunInfo};
use seraug_core::text::plural;
use seraug_core::version::{self, VERSION};
use seraug_report::analysis::loaded_run::LoadedRun;
use serde_json::{Value, json};

/// The person who made the run.
pub(super) const AUTHOR: &str = "#author";
/// The program that wrote the archive and the report in it.
pub(super) const WRITER: &str = "#writer";
/// The list of digests: `SHA-256  NAME`, as sha256sum reads it.
pub(super) const CHECKSUMS: &str = "checksums.sha256";
/// The description of the archive.
pub(super) const METADATA: &str = "ro-crate-metadata.json";
const CRATE: &str = "https://w3id.org/ro/crate/1.1";
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";

/// Who publishes the archive, and how it may be used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Publication<'a> {
    pub(super) author: Option<&'a str>,
    pub(super) licence: Option<&'a str>,
}

/// The description of the archive of `run`, whose files are at `place`. `files` are (name, bytes, SHA-256).
pub(super) fn metadata(
    run: &LoadedRun,
    place: &str,
    files: &[(String, usize, String)],
    publication: Publication,
) -> Value {
    let info = &run.info;
    let id = |id: &str| json!({ "@id": id });
    let ids = |names: &[String]| -> Value { names.iter().map(|name| json!({ "@id": name })).collect() };
    let own = [CHECKSUMS.to_owned()];
    let names: Vec<String> = files.iter().map(|f| f.0.clone()).chain(own).collect();
    let inputs: Vec<String> = ["spec.toml", "split.csv", "attributes.csv"]
        .iter()
        .map(|name| format!("{place}/{name}"))
        .filter(|name| names.contains(name))
        .chain(info.corpus.iter().map(corpus_id))
        .collect();
    let results: Vec<String> =
        names.iter().filter(|n| !inputs.contains(n) && n.as_str() != CHECKSUMS).cloned().collect();
    let licence = publication.licence.unwrap_or_default();
    let licence_id = if licence.starts_with("http") { licence } else { "#licence" };
    let mut action = json!({
        "@id": "#run",
        "@type": "CreateAction",
        "name": format!("{}, run {}", info.experiment, run.dir.id()),
        "description": info.command.join(" "),
        "instrument": id("#seraug"),
        "object": ids(&inputs),
        "result": ids(&results),
        "startTime": info.started,
        "endTime": info.finished,
        "actionStatus": id("http://schema.org/CompletedActionStatus"),
    });
    let mut root = json!({
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": id(PROFILE),
        "name": run.title(),
        "description": format!(
            "{} of {} in {}: predictions of every test utterance, folds, histories, tables and figures, without audio. Check it with \
             `seraug verify`, make it again with `seraug reproduce`.",
            plural(run.outcomes.len(), "cell"),
            plural(run.spec.condition.len(), "condition"),
            plural(info.fold.len(), "fold"),
        ),
        "datePublished": info.finished,
        "license": id(licence_id),
        "hasPart": ids(&names),
        "mentions": id("#run"),
    });
    let mut graph = vec![
        json!({
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": id(CRATE),
            "about": id("./"),
            "creator": id(WRITER),
        }),
        writer(),
        json!({ "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5" }),
        trainer(info),
    ];
    if !licence.starts_with("http") {
        let name = if licence.is_empty() { "Not stated by the author of the archive" } else { licence };
        let what = "Of these results. The corpora have licences of their own.";
        graph.push(json!({ "@id": "#licence", "@type": "CreativeWork", "name": name, "description": what }));
    }
    if let Some(author) = publication.author {
        graph.push(json!({ "@id": AUTHOR, "@type": "Person", "name": author }));
        root["author"] = id(AUTHOR);
        action["agent"] = id(AUTHOR);
    }
    graph.extend(info.corpus.iter().map(corpus));
    graph.extend(files.iter().map(file));
    let what = "SHA-256 of every other file";
    graph.push(json!({ "@id": CHECKSUMS, "@type": "File", "name": CHECKSUMS, "description": what, "encodingFormat": "text/plain" }));
    graph.splice(1..1, [root, action]);
    let terms = "https://w3id.org/ro/terms/workflow-run/context";
    json!({ "@context": [format!("{CRATE}/context"), terms], "@graph": graph })
}

/// Version and revision of this program.
pub(super) fn this_program() -> String {
    format!("{VERSION} (revision {})", version::revision())
}

fn writer() -> Value {
    json!({
        "@id": WRITER,
        "@type": "SoftwareApplication",
        "name": "seraug",
        "description": "wrote the archive and the report in it",
        "softwareVersion": this_program(),
    })
}

/// The program that made the run.
fn trainer(info: &RunInfo) -> Value {
    json!({
        "@id": "#seraug",
        "@type": "SoftwareApplication",
        "name": "seraug",
        "softwareVersion": format!("{} (revision {}, libtorch {})", info.version, info.revision, info.libtorch),
    })
}

fn corpus_id(corpus: &CorpusInfo) -> String {
    format!("#corpus-{}", corpus.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
}

/// A corpus, which is no part of the archive.
fn corpus(corpus: &CorpusInfo) -> Value {
    json!({
        "@id": corpus_id(corpus),
        "@type": "CreativeWork",
        "name": corpus.name,
        "description": format!(
            "{} used of {}, {}. {}",
            corpus.used,
            plural(corpus.utterances, "utterance"),
            plural(corpus.speakers, "speaker"),
            if corpus.synthetic { "Synthetic speech." } else { "Recorded speech, not in this archive." }
        ),
        "identifier": format!("sha256 over ids, audio, speakers and labels: {}", corpus.digest),
        "creditText": corpus.citation,
        "usageInfo": corpus.licence,
    })
}

fn file((name, bytes, sha256): &(String, usize, String)) -> Value {
    json!({
        "@id": name,
        "@type": "File",
        "name": name.rsplit('/').next().unwrap_or(name),
        "description": described(name),
        "encodingFormat": format_of(name),
        "contentSize": bytes.to_string(),
        "sha256": sha256,
    })
}

/// What a file of the archive is.
fn described(name: &str) -> &'static str {
    match name.rsplit('/').next().unwrap_or(name) {
        "spec.toml" => "the experiment, with every default written out",
        "run.toml" | "provenance.toml" => "versions, device, seeds, digests, folds, leakage audit",
        "split.csv" => "every fold, utterance by utterance",
        "attributes.csv" => "gender, language and text of every utterance",
        "plan.csv" => "every cell before it was trained",
        "outcomes.csv" => "confusion and measures of every cell",
        "predictions.csv" => "the prediction for every test utterance of a cell",
        "history.csv" => "losses and metrics while a cell was trained",
        "outcome.toml" => "how a cell ended",
        "diagnostics.csv" => "what the judge says of generated samples",
        "embedding.csv" => "points of the t-SNE",
        "index.html" => "the report as a page",
        "methods.tex" => "what was done, in prose for a paper",
        "references.bib" => "what methods.tex cites",
        _ => "part of the report",
    }
}

fn format_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "csv" => "text/csv",
        "html" => "text/html",
        "md" => "text/markdown",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tex" | "bib" => "application/x-tex",
        "toml" => "application/toml",
        _ => "text/plain",
    }
}
