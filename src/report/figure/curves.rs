//! Learning curves by step: one panel for each quantity, one line for each condition.

use super::{At, Canvas, Figure, GRID, HEAD, INK, SMALL, WIDTH, colour, legend_height, line_legend, svg};
use crate::analysis::history::{Curve, Curves};
use crate::render::text::cut;
use seraug_core::error::Result;

/// Height of a panel in pixels.
const PANEL: i32 = 190;

/// Draws the curves of a stage; `None` without any. `labels` are those of the conditions; `several` says that several data
/// sets are averaged.
pub fn curves(stage: &str, found: &Curves, labels: &[&str], several: bool) -> Result<Option<Figure>> {
    if found.is_empty() {
        return Ok(None);
    }
    let mut shown: Vec<usize> = found.values().flatten().map(|c| c.condition).collect();
    shown.sort_unstable();
    shown.dedup();
    let items: Vec<(usize, String)> = shown.iter().map(|&i| (i, cut(labels[i], 40))).collect();
    let top = 10 + legend_height(&items, WIDTH - 28) + 6;
    let across = (found.len() as i32).min(2);
    let down = (found.len() as i32 + 1) / 2;
    let panel = (WIDTH / across, PANEL);
    let text = svg(WIDTH, top + panel.1 * down, |canvas| {
        line_legend(canvas, &items, 14, 10, WIDTH - 28)?;
        for (i, (name, lines)) in found.iter().enumerate() {
            let corner = (i as i32 % across * panel.0, top + i as i32 / across * panel.1);
            draw_panel(canvas, name, lines, corner, panel)?;
        }
        Ok(())
    })?;
    let ends: Vec<String> = found
        .iter()
        .map(|(name, lines)| {
            let of = |c: &Curve| {
                let (first, last) = (c.points[0].1, c.points[c.points.len() - 1].1);
                format!("{} from {} to {}", labels[c.condition], number(first), number(last))
            };
            format!("{}: {}", words(name), lines.iter().map(of).collect::<Vec<_>>().join(", "))
        })
        .collect();
    Ok(Some(Figure {
        name: format!("curves-{stage}"),
        title: format!("Training of the {stage}"),
        caption: format!(
            "Mean over the cells of a condition{}, at the steps that all of them logged.{}{}",
            if several { ", those of all data sets together" } else { "" },
            if stage == "augmentor" { " P: the perturbation before it is scaled." } else { "" },
            if found.contains_key("knn_originals") {
                " Neighbours: share of the five nearest originals in r that have the class."
            } else {
                ""
            }
        ),
        alt: format!("Values logged while the {stage} was trained. {}.", ends.join("; ")),
        svg: text,
        marks: Vec::new(),
    }))
}

/// What a quantity of history.csv is called; docs/results.md says what each is.
fn words(name: &str) -> &str {
    match name {
        "rep" => "L_REP (rep)",
        "var" => "L_VAR (var)",
        "emo" => "L_EMO (emo)",
        "bal" => "L_BAL (bal)",
        "gan" => "GAN loss (gan)",
        "d_loss" => "discriminator's loss",
        "d_accuracy" => "discriminator's accuracy",
        "d_ap" => "d(anchor, positive)",
        "d_an" => "d(anchor, negative)",
        "p_mean" => "mean of P",
        "p_deviation" => "deviation of P",
        "two_noise_cosine" => "cosine of two P",
        "p_moved" => "cosine of P and first P",
        "knn_originals" => "neighbours, originals",
        "knn_augmentations" => "neighbours, augmentations",
        "g_class" => "class term (g_class)",
        "c_loss" => "classifier's loss on codes",
        "d_real" => "real, taken for their class",
        "d_made" => "made, taken for made",
        "mse" => "squared error (mse)",
        "balanced_mse" => "squared error, balanced",
        "nce" => "contrastive loss, encoder",
        "view_nce" => "contrastive loss, viewmaker",
        "view_cosine" => "cosine of outputs of two views",
        "change_cosine" => "cosine of changes of two views",
        "retrieved" => "views found by their pair",
        "cls_real" => "classifier's loss, real",
        "cls_real_accuracy" => "classifier's accuracy, real",
        "penalty" => "gradient penalty",
        "adv" => "generator's adversarial loss",
        "cycle" => "cycle loss",
        "identity" => "identity loss",
        "moved" => "change by a conversion",
        "cls" => "class term",
        "cls_accuracy" => "conversions taken for their class",
        "train_accuracy" => "accuracy in training",
        "held_out_uar" => "UAR held out",
        "predicted_entropy" => "entropy of predictions",
        "largest_predicted_share" => "largest predicted share",
        "rate" => "learning rate",
        other => other,
    }
}

fn draw_panel(
    canvas: &mut Canvas,
    name: &str,
    lines: &[Curve],
    corner: (i32, i32),
    size: (i32, i32),
) -> Result<()> {
    let (left, right) = (corner.0 + 52, corner.0 + size.0 - 14);
    let (top, bottom) = (corner.1 + 34, corner.1 + size.1 - 44);
    let points = || lines.iter().flat_map(|c| &c.points).filter(|p| p.1.is_finite());
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
    };
    let (_, x_high) = bounds(&mut points().map(|p| p.0));
    let (y_low, y_high) = bounds(&mut points().map(|p| p.1));
    canvas.text(&cut(words(name), 26), (left, corner.1 + 18), At::Left, HEAD)?;
    canvas.text("step", ((left + right) / 2, bottom + 32), At::Middle, SMALL)?;
    if !y_low.is_finite() {
        return canvas.text("no finite value", ((left + right) / 2, (top + bottom) / 2), At::Middle, SMALL);
    }
    let (y_low, y_high, y_step) = nice(y_low, y_high);
    let x_high = x_high.max(1.0);
    let (_, _, x_step) = nice(0.0, x_high);
    let x = |v: f64| left + (f64::from(right - left) * v / x_high).round() as i32;
    let y = |v: f64| bottom - (f64::from(bottom - top) * (v - y_low) / (y_high - y_low)).round() as i32;
    for i in 0..=((y_high - y_low) / y_step).round() as i32 {
        let v = y_low + f64::from(i) * y_step;
        canvas.line((left, y(v)), (right, y(v)), GRID, 1)?;
        canvas.text(&number(v), (left - 6, y(v)), At::Right, SMALL)?;
    }
    for i in 0..=(x_high / x_step).floor() as i32 {
        let v = f64::from(i) * x_step;
        canvas.line((x(v), bottom), (x(v), bottom + 4), INK, 1)?;
        canvas.text(&number(v), (x(v), bottom + 14), At::Middle, SMALL)?;
    }
    canvas.line((left, bottom), (right, bottom), INK, 1)?;
    for c in lines {
        // A gap in the line where a value is not finite.
        for part in c.points.split(|p| !p.1.is_finite()).filter(|p| !p.is_empty()) {
            let at: Vec<(i32, i32)> = part.iter().map(|p| (x(p.0), y(p.1))).collect();
            canvas.dashed_path(&at, colour(c.condition), c.condition)?;
        }
    }
    Ok(())
}

/// Bounds that are multiples of a step of 1, 2 or 5 times a power of ten, about four steps apart.
fn nice(low: f64, high: f64) -> (f64, f64, f64) {
    let span = if high - low > 1e-12 * high.abs().max(1e-12) { high - low } else { high.abs().max(1.0) };
    let power = 10f64.powf((span / 4.0).log10().floor());
    let fits = |m: &f64| m * power >= span / 4.0;
    let step = power * [1.0, 2.0, 5.0, 10.0].into_iter().find(fits).unwrap_or(10.0);
    let (bottom, top) = ((low / step).floor() * step, (high / step).ceil() * step);
    (bottom, if top > bottom { top } else { bottom + step }, step)
}

/// Four significant digits, without trailing zeros; powers of ten beyond a million or below a ten-thousandth.
fn number(v: f64) -> String {
    if v.abs() < 1e-12 {
        return "0".into();
    }
    let text = match v.abs() {
        a if !(1e-4..1e6).contains(&a) => return format!("{v:.0e}").replace('-', "−"),
        a => format!("{v:.*}", (3 - a.log10().floor() as i32).max(0) as usize),
    };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round() {
        assert_eq!(nice(0.13, 1.9), (0.0, 2.0, 0.5));
        assert_eq!(nice(3.0, 3.0), (3.0, 4.0, 1.0));
        let texts: Vec<String> = [0.0, 0.5, 1.2345678, -20.0, 1500.0, 2e-5, 3e7].map(number).to_vec();
        assert_eq!(texts, ["0", "0.5", "1.235", "−20", "1500", "2e−5", "3e7"]);
    }
}
