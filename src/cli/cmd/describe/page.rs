//! The description of a corpus as a page that stands alone.

use super::FoundBy;
use maud::{DOCTYPE, Markup, html};
use seraug_core::text::plural;
use seraug_data::describe::CorpusDescription;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2933}\
table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #d9e2ec}\
th:first-child,td:first-child{text-align:left}.bar{display:inline-block;height:.7rem;background:#2b7bb6;vertical-align:middle}\
.none{color:#7b8794}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}";

/// The page.
pub(super) fn html(about: &CorpusDescription, designs: &[FoundBy]) -> String {
    let most = about.labels.iter().map(|l| l.utterances).max().unwrap_or(1);
    let said: Vec<&String> = about.confounding.sentences.iter().chain(&about.sound.sentences).collect();
    let quartiles = [
        ("seconds", about.sound.seconds, 2),
        ("level, dB below full scale", about.sound.level, 1),
        ("signal over pauses, dB", about.sound.snr, 1),
        ("silent share", about.sound.silent, 2),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (about.corpus) }
                style { (STYLE) }
            }
            body {
                h1 { (about.title) }
                p {
                    (plural(about.utterances, "utterance")) ", " (plural(about.speakers.len(), "speaker")) ", "
                    (format!("{:.2} hours. ", about.seconds / 3600.0)) "Licence: " (about.licence) "."
                }
                h2 { "To know" }
                ul {
                    @for sentence in &said { li { (sentence) } }
                    @if said.is_empty() { li class="none" { "Nothing stands out." } }
                }
                h2 { "Labels" }
                table {
                    tr { th { "label" } th { "utterances" } th {} th { "speakers" } th { "mean seconds" } th { "mean level, dB" } }
                    @for l in &about.labels {
                        tr {
                            td { (l.label) } td { (l.utterances) }
                            td style="text-align:left" { span class="bar" style=(format!("width:{}px", 160 * l.utterances / most)) {} }
                            td { (l.speakers) } td { (format!("{:.2}", l.seconds)) } td { (format!("{:.1}", l.level)) }
                        }
                    }
                }
                (speakers(about))
                h2 { "Sound" }
                table {
                    tr { th {} th { "least" } th { "25 %" } th { "median" } th { "75 %" } th { "most" } }
                    @for (what, q, digits) in quartiles {
                        tr { td { (what) } @for v in q.0 { td { (format!("{v:.digits$}")) } } }
                    }
                }
                p {
                    @for (rate, n) in &about.sound.rates { (n) " of " (rate) " Hz. " }
                    (about.sound.clipped) " with clipped samples."
                }
                h2 { "Folds" }
                table {
                    tr { th { "protocol" } th { "at most" } th style="text-align:left" { "to know" } }
                    @for p in &about.protocols {
                        tr { td { (p.protocol) } td { (p.folds) } td style="text-align:left" { (p.note) } }
                    }
                }
                h2 { "What a comparison can find" }
                p { "In four of five runs, with the typical spread of differences between conditions:" }
                ul { @for d in designs { li { (d.sentence()) } } }
                @if !about.refused.is_empty() {
                    h2 { "Cannot be used" }
                    ul { @for why in &about.refused { li { (why) } } }
                }
            }
        }
    };
    page.into_string()
}

/// Who has which label.
fn speakers(about: &CorpusDescription) -> Markup {
    html! {
        h2 { "Speakers" }
        table {
            tr { th { "speaker" } th { "gender" } th { "all" } @for l in &about.labels { th { (l.label) } } }
            @for s in &about.speakers {
                tr {
                    td { (s.speaker) } td { (s.gender) } td { (s.utterances) }
                    @for n in &s.by_label { td class=[(*n == 0).then_some("none")] { (n) } }
                }
            }
        }
        @if let Some(v) = about.confounding.speaker_and_label {
            p {
                "Cramér's V of speaker and label: " (format!("{v:.2}"))
                " (0: every speaker has the labels in the same shares; 1: a speaker tells the label)."
            }
        }
    }
}
