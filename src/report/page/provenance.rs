//! Sections of the page from run.toml: warnings, leakage audit, where the numbers come from.

use super::cells::time;
use super::{facts, section};
use crate::analysis::loaded_run::LoadedRun;
use crate::render::html::{element, escape};
use indexmap::IndexMap;
use seraug_core::run_files::Warning;

/// What a reader should know before believing a number; empty without any.
pub fn warnings(reading: &LoadedRun, notes: &[String]) -> String {
    let info = &reading.info;
    let mut items: Vec<String> = Vec::new();
    if info.finished.is_empty() {
        items.push(escape("The run is not finished: numbers will change."));
    }
    for (kind, of) in kinds(&info.warning) {
        let line = |w: &Warning| {
            let cell =
                if w.cell.is_empty() { String::new() } else { format!("{}: ", element("code", &w.cell)) };
            format!("{cell}{}", escape(&w.message))
        };
        items.push(match &of[..] {
            [one] => line(one),
            many => {
                let lines: String = many.iter().map(|w| format!("<li>{}</li>\n", line(w))).collect();
                let said = format!("{kind}: {} cells", many.len());
                format!("<details>{}<ul>\n{lines}</ul></details>", element("summary", &said))
            }
        });
    }
    let hits = info.audit.iter().filter(|a| a.hits > 0).count();
    if hits > 0 {
        items.push(format!("The leakage audit has hits in {hits} of its questions: see below."));
    }
    items.extend(notes.iter().map(|n| escape(n)));
    if items.is_empty() {
        return String::new();
    }
    let mut html = String::from("<section class=\"warnings\">\n<h2>Warnings</h2>\n<ul>\n");
    items.iter().for_each(|i| html += &format!("<li>{i}</li>\n"));
    html + "</ul>\n</section>\n"
}

/// Warnings by what they say before their numbers, in the order of the first of each.
fn kinds(warnings: &[Warning]) -> IndexMap<&str, Vec<&Warning>> {
    let mut kinds: IndexMap<&str, Vec<&Warning>> = IndexMap::new();
    for w in warnings {
        let kind = w.message.split(": ").next().unwrap_or(&w.message);
        // Of the whole run, each is of its own kind.
        let kind = if w.cell.is_empty() { w.message.as_str() } else { kind };
        kinds.entry(kind).or_default().push(w);
    }
    kinds
}

/// The leakage audit.
pub fn audit(reading: &LoadedRun) -> String {
    let info = &reading.info;
    if info.audit.is_empty() {
        return "<section id=\"audit\">\n<h2>Leakage audit</h2>\n<p>run.toml has none.</p>\n</section>\n"
            .into();
    }
    let row = |a: &seraug_core::run_files::AuditCheck| {
        vec![a.check.clone(), a.compared.to_string(), a.hits.to_string()]
    };
    let rows: Vec<_> = info.audit.iter().map(row).collect();
    let table = section(
        "Leakage audit",
        "Any hit stops a run, but for speakers where the protocol lets them overlap, and for names that only look alike.",
        &["question", "compared", "hits"],
        &rows,
    );
    format!("<div id=\"audit\">\n{table}</div>\n")
}

/// Code, machine, data and networks.
pub fn provenance(reading: &LoadedRun) -> String {
    let info = &reading.info;
    let d = &info.device;
    let seeds: Vec<String> = reading.spec.seeds.iter().map(u64::to_string).collect();
    let finished = if info.finished.is_empty() { "not finished".into() } else { info.finished.clone() };
    let mut html = String::from("<div id=\"provenance\">\n");
    let all = [
        ("revision", info.revision.clone()),
        ("version", info.version.clone()),
        ("libtorch", info.libtorch.clone()),
        ("device", format!("{} ({}), {} threads", d.name, d.class, d.threads)),
        ("precision", info.precision.name().to_owned()),
        ("host", d.host.clone()),
        ("started", info.started.clone()),
        ("finished", finished),
        ("wall time", time(info.seconds)),
        ("cells", format!("{} trained, {} from the store", info.cells_trained, info.cells_cached)),
        ("seeds", seeds.join(", ")),
    ];
    // A page that is published names no host.
    let shown: Vec<_> = all.into_iter().filter(|(name, of)| *name != "host" || !of.is_empty()).collect();
    html += &facts("Provenance", &shown);
    html += &corpora(info);
    if !info.network.is_empty() {
        let row = |n: &seraug_core::run_files::NetworkInfo| {
            vec![n.name.clone(), group(n.parameters), group(n.flops)]
        };
        let rows: Vec<_> = info.network.iter().map(row).collect();
        let caption = "FLOPs: one forward pass of one input, two a multiply-add.";
        html += &section("Networks", caption, &["network", "parameters", "FLOPs"], &rows);
    }
    html + "</div>\n"
}

/// The corpora of a run.
pub fn corpora(info: &seraug_core::run_files::RunInfo) -> String {
    let mut html = String::new();
    for c in &info.corpus {
        let name = format!("Corpus {}", c.name);
        let used = format!("{} of {} utterances, {} speakers", c.used, c.utterances, c.speakers);
        html += &facts(
            &name,
            &[
                ("kind", if c.synthetic { "synthetic".into() } else { "recorded".into() }),
                ("used", used),
                ("digest", c.digest.clone()),
                ("licence", c.licence.clone()),
                ("citation", c.citation.clone()),
            ],
        );
    }
    html
}

/// Digits in groups of three.
fn group(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}
