//! Table 1: utterances of each valence in each corpus, as found here and as published.

use crate::inputs;
use crate::options::{Places, Provenance};
use crate::progress::Display;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::run_files::{CorpusInfo, CountRow, CountStatus, RunDir, RunInfo, write_counts};
use seraug_core::spec::{Count, Counts};
use seraug_core::text::{utc, utc_now};
use seraug_core::version::{self, VERSION};
use seraug_data::corpora::{self, Corpus, DigestPolicy};
use std::time::Instant;

/// A finished table of counts.
#[derive(Debug)]
pub struct Counted {
    /// Its run directory.
    pub run: RunDir,
    /// Rows of the table.
    pub corpora: usize,
    /// Rows whose corpus is missing.
    pub missing: usize,
}

/// Counts every row and writes spec.toml, run.toml and counts.csv. A row whose corpus is missing says so; the others are
/// counted all the same.
///
/// # Errors
/// A corpus that cannot be read, an unknown one, a results folder that cannot be written.
pub fn run(
    counts: &Counts,
    experiment: &str,
    places: &Places,
    provenance: &Provenance,
    display: &Display,
) -> Result<Counted> {
    let started = Instant::now();
    let now = jiff::Timestamp::now();
    let store = places.store();
    let mut infos: Vec<CorpusInfo> = Vec::new();
    let mut rows = Vec::new();
    for count in &counts.count {
        let bar = display.bar(&count.corpus, 0);
        let read = corpora::import(
            &count.corpus,
            &count.languages,
            &places.corpora,
            store.root(),
            DigestPolicy::Cached,
            &bar,
        );
        bar.finish_and_clear();
        rows.push(match read {
            Ok(corpus) => {
                let row = counted(count, &corpus);
                if infos.iter().all(|i| i.name != count.corpus) {
                    infos.push(inputs::info(&corpus));
                }
                row
            }
            Err(Error::Missing(_)) => {
                if rows.iter().all(|r: &CountRow| r.corpus != count.corpus) {
                    let name = &count.corpus;
                    display
                        .note(&format!("{name} not found: `seraug corpus check {name}` says how to get it"));
                }
                row(count, CountStatus::Missing, [None; 2])
            }
            Err(e) => return Err(e),
        });
    }
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let info = RunInfo {
        experiment: experiment.to_owned(),
        command: provenance.command.clone(),
        set: provenance.set.clone(),
        version: VERSION.to_owned(),
        revision: version::revision().to_owned(),
        started: utc(now),
        finished: utc_now(),
        seconds: started.elapsed().as_secs_f64(),
        corpus: infos,
        ..RunInfo::default()
    };
    let text = toml::to_string(counts).expect("a spec is always valid TOML");
    let run = RunDir::create(&places.results, experiment, &stamp, version::revision(), |run| {
        write_atomic(&run.spec(), text.as_bytes())?;
        write_counts(&run.counts(), &rows)?;
        info.save(&run.info())
    })?;
    run.point_latest().iter().for_each(|note| display.note(&format!("note: {note}")));
    let missing = rows.iter().filter(|r| r.status == CountStatus::Missing).count();
    Ok(Counted { run, corpora: rows.len(), missing })
}

fn counted(count: &Count, corpus: &Corpus) -> CountRow {
    let map = count.valence.as_ref().unwrap_or(&corpus.manifest.valence);
    let kept = |language: &String| count.languages.is_empty() || count.languages.contains(language);
    let of = |class: &str| {
        let all = corpus.utterances.iter().filter(|u| kept(&u.language) && map.of(u.emotion) == Some(class));
        let n = all.count();
        if count.subset > 0 { count.subset.min(n) } else { n }
    };
    let found = [Some(of("negative")), Some(of("positive"))];
    let whole = corpus.differences().is_empty();
    row(count, if whole { CountStatus::Complete } else { CountStatus::Partial }, found)
}

fn row(count: &Count, status: CountStatus, found: [Option<usize>; 2]) -> CountRow {
    CountRow {
        title: count.title.clone(),
        corpus: count.corpus.clone(),
        language: count.language.clone(),
        status,
        negative: found[0],
        positive: found[1],
        published_negative: count.published.get("negative").copied(),
        published_positive: count.published.get("positive").copied(),
    }
}
