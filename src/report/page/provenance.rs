//! Sections of the page from run.toml: warnings, leakage audit, where the numbers come from.

use super::cells::duration;
use crate::analysis::loaded_run::LoadedRun;
use crate::render::html::facts;
use crate::render::text::digit_groups;
use crate::render::text_table::TextTable;
use indexmap::IndexMap;
use maud::{Markup, html};
use seraug_core::run_files::{AuditCheck, NetworkInfo, RunInfo, ScoredFile, Warning};
use seraug_core::spec::Protocol;

/// What a reader should know before believing a number; empty without any.
pub fn warnings(run: &LoadedRun, notes: &[String]) -> Markup {
    let info = &run.info;
    let line = |w: &Warning| html! { @if !w.cell.is_empty() { code { (w.cell) } ": " } (w.message) };
    let mut items: Vec<Markup> = Vec::new();
    if info.finished.is_empty() {
        items.push(html! { "The run is not finished: numbers will change." });
    }
    items.extend(kinds(&info.warning).into_iter().map(|(kind, of)| match &of[..] {
        [one] => line(one),
        many => html! {
            details {
                summary { (kind) ": " (many.len()) " cells" }
                ul { "\n" @for w in many { li { (line(w)) } "\n" } }
            }
        },
    }));
    let hits = info.audit.iter().filter(|a| a.warns()).count();
    if hits > 0 {
        items.push(html! { "The leakage audit has hits in " (hits) " of its questions: see below." });
    }
    items.extend(notes.iter().map(|n| html! { (n) }));
    if items.is_empty() {
        return Markup::default();
    }
    html! {
        section class="warnings" { "\n"
            h2 { "Warnings" } "\n"
            ul { "\n" @for item in items { li { (item) } "\n" } } "\n"
        } "\n"
    }
}

/// Warnings grouped by what they say before their numbers, in the order of the first of each group.
fn kinds(warnings: &[Warning]) -> IndexMap<&str, Vec<&Warning>> {
    let mut kinds: IndexMap<&str, Vec<&Warning>> = IndexMap::new();
    for w in warnings {
        let kind = w.message.split(": ").next().unwrap_or(&w.message);
        // A warning about the whole run is a group of its own.
        let kind = if w.cell.is_empty() { w.message.as_str() } else { kind };
        kinds.entry(kind).or_default().push(w);
    }
    kinds
}

/// The table of the leakage audit.
pub fn audit(run: &LoadedRun) -> Markup {
    let info = &run.info;
    if run.spec.is_scored() {
        return html! {
            section id="audit" { "\n"
                h2 { "Leakage audit" } "\n"
                p {
                    "Not made: what these systems were trained on is not known. " code { "seraug audit --split FILE" }
                    " checks a split."
                } "\n"
            } "\n"
        };
    }
    if info.audit.is_empty() {
        return html! {
            section id="audit" { "\n" h2 { "Leakage audit" } "\n" p { "run.toml has none." } "\n" } "\n"
        };
    }
    let row = |a: &AuditCheck| vec![a.check.clone(), a.compared.to_string(), a.hits.to_string()].into();
    let table = TextTable {
        title: "Leakage audit".into(),
        caption: "Any hit stops a run, but for speakers where the protocol lets them overlap, for names that only look alike, \
                  and for texts unless the spec says `texts = \"disjoint\"`: where every speaker says the same sentences, a \
                  result holds for these sentences."
            .into(),
        headings: ["question", "compared", "hits"].map(str::to_owned).to_vec(),
        rows: info.audit.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    };
    html! { div id="audit" { "\n" (table.html(None, None)) } "\n" }
}

/// Where the numbers come from: code, machine, data and networks.
pub fn provenance(run: &LoadedRun) -> Markup {
    let info = &run.info;
    let d = &info.device;
    let seeds: Vec<String> = run.spec.seeds.iter().map(u64::to_string).collect();
    let finished = if info.finished.is_empty() { "not finished".into() } else { info.finished.clone() };
    // Of a page that is published, the host is empty and left out.
    let mut facts_of_run = vec![
        ("revision", info.revision.clone()),
        ("version", info.version.clone()),
        ("libtorch", info.libtorch.clone()),
        ("device", format!("{} ({}), {} threads", d.name, d.class, d.threads)),
        ("precision", info.precision.name().to_owned()),
        ("host", d.host.clone()),
        ("started", info.started.clone()),
        ("finished", finished),
        ("wall time", duration(info.seconds)),
        ("cells", format!("{} trained, {} from the store", info.cells_trained, info.cells_cached)),
        ("seeds", seeds.join(", ")),
    ];
    if run.spec.is_scored() {
        // Nothing was computed here.
        let unknown = ["libtorch", "device", "precision", "host", "wall time", "cells"];
        facts_of_run.retain(|(name, _)| !unknown.contains(name));
        let Protocol::Scored(scored) = &run.spec.protocol else { return Markup::default() };
        let named = (1..).zip(&scored.folds).filter(|(number, name)| number.to_string() != **name);
        let named: Vec<String> = named.map(|(number, name)| format!("{number} is {name}")).collect();
        facts_of_run.extend((!named.is_empty()).then(|| ("folds", named.join(", "))));
    }
    let row =
        |n: &NetworkInfo| vec![n.name.clone(), digit_groups(n.parameters), digit_groups(n.flops)].into();
    let networks = TextTable {
        title: "Networks".into(),
        caption: "FLOPs: one forward pass of one input, two a multiply-add.".into(),
        headings: ["network", "parameters", "FLOPs"].map(str::to_owned).to_vec(),
        rows: info.network.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    };
    html! {
        div id="provenance" { "\n"
            (facts("Provenance", &facts_of_run))
            (corpora(info))
            @if !info.source.is_empty() { (files(info)) }
            @if !info.network.is_empty() { (networks.html(None, None)) }
        } "\n"
    }
}

/// The files of scored predictions.
fn files(info: &RunInfo) -> Markup {
    let row = |f: &ScoredFile| vec![f.file.clone(), f.sha256.clone(), f.rows.to_string()].into();
    let table = TextTable {
        title: "Files that were scored".into(),
        caption: "SHA-256 of the bytes; rows below the header.".into(),
        headings: ["file", "SHA-256", "rows"].map(str::to_owned).to_vec(),
        rows: info.source.iter().map(row).collect(),
        words: 2,
        ..TextTable::default()
    };
    table.html(None, None)
}

/// A section for each corpus of a run.
pub fn corpora(info: &RunInfo) -> Markup {
    html! {
        @for c in &info.corpus {
            (facts(&format!("Corpus {}", c.name), &[
                ("kind", if c.synthetic { "synthetic".into() } else { "recorded".into() }),
                ("used", format!("{} of {} utterances, {} speakers", c.used, c.utterances, c.speakers)),
                ("digest", c.digest.clone()),
                ("licence", c.licence.clone()),
                ("citation", c.citation.clone()),
            ]))
        }
    }
}
