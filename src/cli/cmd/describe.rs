//! `seraug corpus describe`: one page about a corpus, before anything is trained on it.

mod page;

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::files::write_given;
use seraug_core::text::plural;
use seraug_data::corpora::Corpus;
use seraug_data::describe::CorpusDescription;
use seraug_report::analysis::design::{Design, Spread};
use std::fmt::Write;
use std::path::Path;

/// Seeds of the designs that are told.
const SEEDS: usize = 5;
/// The differences that are asked for, points.
const ASKED: [f64; 3] = [3.0, 5.0, 8.0];
/// Speakers that are tried for a design.
const MOST_SPEAKERS: usize = 2000;

/// Describes `corpus`: on the terminal, as JSON, and with `out` as a page.
///
/// # Errors
/// A page that cannot be written.
pub(super) fn run(corpus: &Corpus, out: Option<&Path>, global: &Global) -> Result<()> {
    let progress = global.progress("listening");
    let about = CorpusDescription::of(corpus, &progress);
    progress.finish_and_clear();
    let designs = designs(&about);
    if let Some(path) = out {
        write_given(path, page::html(&about, &designs).as_bytes())?;
    }
    match global.json {
        true => {
            let mut json = serde_json::to_value(&about).unwrap_or_default();
            json["designs"] = designs
                .iter()
                .map(|d| serde_json::json!({ "points": d.points, "speakers": d.speakers }))
                .collect();
            print_json(&json)
        }
        false => print(&text(&about, &designs)),
    }
}

/// What a design finds: with the corpus's own speakers, or how many an asked-for difference needs.
#[derive(Debug, Clone, PartialEq)]
struct FoundBy {
    /// A difference of this many points is found in four of five runs.
    points: f64,
    /// With this many speakers, a fold each, and [`SEEDS`] seeds; `None` for more than [`MOST_SPEAKERS`].
    speakers: Option<usize>,
    /// Whether it is the corpus's own number of speakers.
    own: bool,
}

/// With a fold for each speaker and the typical spread of differences.
fn designs(about: &CorpusDescription) -> Vec<FoundBy> {
    let found = |units: usize| Design { units, trainings: SEEDS, ratio: 0.0 }.detectable(&Spread::TYPICAL);
    let speakers = about.speakers.len();
    let own = found(speakers).map(|points| FoundBy { points, speakers: Some(speakers), own: true });
    let needed = |points: f64| FoundBy {
        points,
        speakers: (2..=MOST_SPEAKERS).find(|n| found(*n).is_some_and(|p| p <= points)),
        own: false,
    };
    own.into_iter().chain(ASKED.map(needed)).collect()
}

impl FoundBy {
    fn sentence(&self) -> String {
        let seeds = plural(SEEDS, "seed");
        match (self.own, self.speakers) {
            (true, Some(n)) => format!(
                "with its {n} speakers, a fold each, and {seeds}: a difference of {:.1} points",
                self.points
            ),
            (_, Some(n)) => format!(
                "for a difference of {:.0} points: {n} speakers, a fold each, and {seeds}",
                self.points
            ),
            (_, None) => {
                format!("for a difference of {:.0} points: more than {MOST_SPEAKERS} speakers", self.points)
            }
        }
    }
}

fn text(about: &CorpusDescription, designs: &[FoundBy]) -> String {
    let mut text = String::new();
    let hours = about.seconds / 3600.0;
    let _ = writeln!(
        text,
        "{} ({}): {}, {}, {hours:.2} h",
        about.corpus,
        about.title,
        plural(about.utterances, "utterance"),
        plural(about.speakers.len(), "speaker")
    );
    let _ = writeln!(text, "licence: {}\n", about.licence);
    let _ = writeln!(
        text,
        "{:<16} {:>10} {:>9} {:>9} {:>9}",
        "label", "utterances", "speakers", "seconds", "level dB"
    );
    for l in &about.labels {
        let _ = writeln!(
            text,
            "{:<16} {:>10} {:>9} {:>9.2} {:>9.1}",
            l.label, l.utterances, l.speakers, l.seconds, l.level
        );
    }
    let _ = writeln!(text);
    let counts = [
        ("genders", about.genders.iter().map(|(k, n)| format!("{n} {k}")).collect::<Vec<_>>()),
        ("languages", about.languages.iter().map(|(k, n)| format!("{n} {k}")).collect()),
        ("rates", about.sound.rates.iter().map(|(k, n)| format!("{n} of {k} Hz")).collect()),
    ];
    for (what, all) in counts {
        let _ = writeln!(text, "{what}: {}", all.join(", "));
    }
    if !about.texts.is_empty() {
        let _ = writeln!(text, "texts: {}", about.texts.len());
    }
    let quartiles = [
        ("seconds", about.sound.seconds, 2),
        ("level, dB", about.sound.level, 1),
        ("signal over pauses, dB", about.sound.snr, 1),
        ("silent share", about.sound.silent, 2),
    ];
    for (what, q, digits) in quartiles {
        let all: Vec<String> = q.0.iter().map(|v| format!("{v:.digits$}")).collect();
        let _ = writeln!(text, "{what}: {} (least, quartiles, most)", all.join(", "));
    }
    let said: Vec<&String> = about.confounding.sentences.iter().chain(&about.sound.sentences).collect();
    let _ = writeln!(text, "\nTo know");
    for sentence in &said {
        let _ = writeln!(text, "- {sentence}");
    }
    if said.is_empty() {
        let _ = writeln!(text, "- Nothing stands out.");
    }
    let _ = writeln!(text, "\nFolds");
    for p in &about.protocols {
        let folds =
            if p.folds > 0 { format!("at most {}", plural(p.folds, "fold")) } else { "none".to_owned() };
        let _ = writeln!(text, "- {}: {folds}; {}", p.protocol, p.note);
    }
    let _ =
        writeln!(text, "\nFound in four of five runs (spread of differences: typical, docs/statistics.md)");
    for d in designs {
        let _ = writeln!(text, "- {}", d.sentence());
    }
    if !about.refused.is_empty() {
        let _ = writeln!(
            text,
            "\n{} cannot be used; the first: {}",
            plural(about.refused.len(), "recording"),
            about.refused[0]
        );
    }
    text
}
