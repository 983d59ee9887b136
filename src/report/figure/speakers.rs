//! UAR of every test speaker, with a mark for each condition.

use super::{At, Figure, GRID, HEAD, Mark, PALE, SMALL, TEXT, WIDTH, legend_height, mark_legend, room, svg};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::speakers::SpeakerRecall;
use crate::render::text::{cut, data_set_label};
use seraug_core::error::Result;
use seraug_core::metrics::Confusion;

/// Most speakers in the figure; of more, those with the lowest UAR are shown.
const MOST: usize = 40;
const HEADING: i32 = 26;
const RADIUS: i32 = 4;
const RIGHT: i32 = WIDTH - 56;

/// Draws the figure; `None` without predictions.
#[expect(clippy::too_many_lines, reason = "a figure is drawn from top to bottom")]
pub fn speakers(run: &LoadedRun, all: &[SpeakerRecall]) -> Result<Option<Figure>> {
    if all.is_empty() {
        return Ok(None);
    }
    let mut chosen: Vec<&SpeakerRecall> = all.iter().collect();
    // The mean of a speaker without utterances of a class is over fewer classes, so that it cannot be ranked with the others.
    chosen.sort_by(|a, b| (!a.is_whole(), a.mean()).partial_cmp(&(!b.is_whole(), b.mean())).expect("finite"));
    chosen.truncate(MOST);
    let sets: Vec<&str> = run.data_sets();
    let groups: Vec<(&str, Vec<&SpeakerRecall>)> = sets
        .iter()
        .map(|set| (*set, chosen.iter().copied().filter(|s| s.data_set == *set).collect::<Vec<_>>()))
        .filter(|(_, of)| !of.is_empty())
        .collect();
    let conditions: Vec<(usize, String)> =
        run.spec.condition.iter().enumerate().map(|(i, c)| (i, cut(c.label(), 30))).collect();
    let name = |s: &SpeakerRecall| cut(&s.id, 16) + if s.is_whole() { "" } else { "*" };
    let names: Vec<String> = chosen.iter().map(|s| name(s)).collect();
    let left = names.iter().map(|n| room(n, TEXT.size)).max().unwrap_or(0).max(50) + 16;
    let pitch = 6 + 5 * conditions.len().max(2) as i32;
    let top = 10 + legend_height(&conditions, WIDTH - 28) + 4;
    let heights = groups.iter().map(|(_, of)| HEADING + pitch * of.len() as i32);
    let bottom = top + heights.sum::<i32>() + 4;
    let x = |v: f64| left + (f64::from(RIGHT - left) * v).round() as i32;
    let chance = 1.0 / run.spec.classes.len() as f64;
    let mut marks = Vec::new();
    let text = svg(WIDTH, bottom + 46, |canvas| {
        mark_legend(canvas, &conditions, 14, 10, WIDTH - 28)?;
        for v in (0..=100).step_by(20) {
            let at = x(f64::from(v) / 100.0);
            canvas.line((at, top), (at, bottom), GRID, 1)?;
            canvas.text(&v.to_string(), (at, bottom + 12), At::Middle, SMALL)?;
        }
        canvas.text("UAR of the speaker, percent", ((left + RIGHT) / 2, bottom + 32), At::Middle, SMALL)?;
        canvas.dashes(x(chance), top, bottom, PALE)?;
        let mut y = top;
        for (set, of) in &groups {
            canvas.text(&data_set_label(set), (left, y + 14), At::Left, HEAD)?;
            canvas.text("n", (WIDTH - 14, y + 14), At::Right, SMALL)?;
            y += HEADING;
            for s in of {
                let middle = y + pitch / 2;
                canvas.text(&name(s), (left - 8, middle), At::Right, TEXT)?;
                canvas.line((left, middle), (RIGHT, middle), GRID, 1)?;
                let most = s.confusions.iter().map(Confusion::total).max().unwrap_or(0);
                canvas.text(&most.to_string(), (WIDTH - 14, middle), At::Right, SMALL)?;
                for ((i, label), confusion) in std::iter::zip(&conditions, &s.confusions) {
                    let Some(uar) = confusion.uar() else { continue };
                    let lane = y + 5 + (pitch - 10) * *i as i32 / (conditions.len().max(2) as i32 - 1);
                    canvas.condition((x(uar), lane), *i)?;
                    let n = confusion.total();
                    let text = format!(
                        "{}, speaker {}, {label}: {:.1} % of {n} predictions",
                        data_set_label(set),
                        s.id,
                        100.0 * uar
                    );
                    marks.push(Mark { at: (x(uar), lane), radius: RADIUS + 1, text });
                }
                y += pitch;
            }
        }
        Ok(())
    })?;
    let lowest = |i: usize| {
        let whole = all.iter().filter(|s| s.is_whole());
        let uars = whole.filter_map(|s| Some((s.confusions[i].uar()?, s)));
        let (low, s) = uars.min_by(|a, b| a.0.total_cmp(&b.0))?;
        let set = if sets.len() > 1 { format!("{} ", data_set_label(&s.data_set)) } else { String::new() };
        let n = s.confusions[i].total();
        Some(format!("{} {:.1} % ({set}speaker {}, n {n})", conditions[i].1, 100.0 * low, s.id))
    };
    let lowest: Vec<String> = (0..conditions.len()).filter_map(lowest).collect();
    let which = if all.len() > MOST {
        format!(
            " Here are {MOST} of {} speakers, those with the lowest means; speakers.csv has all.",
            all.len()
        )
    } else {
        String::new()
    };
    Ok(Some(Figure {
        name: "speakers".into(),
        title: "UAR of each test speaker".into(),
        caption: format!(
            "Mean recall over the classes that a speaker has, counts pooled over folds and seeds. n: predictions of a \
             condition; few say little. In a row, conditions stand from top to bottom in the order of the legend. \
             Dashed: chance. *: lacks a class, so that neither chance nor the others are a measure. Lowest: {}.{which}",
            lowest.join(", ")
        ),
        alt: format!("UAR by speaker and condition. Lowest: {}.", lowest.join(", ")),
        svg: text,
        marks,
    }))
}
