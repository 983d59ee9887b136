//! What generators make: log-mel spectrograms of a few utterances beside what was made of each, and the difference.

use super::image::{ColourScale, Map, Rectangle, bar, image};
use super::{At, Canvas, Figure, HEAD, INK, Look, PALE, SMALL, TEXT, WIDE, svg};
use crate::analysis::loaded_run::LoadedRun;
use crate::render::text::cut;
use seraug_core::error::Result;
use seraug_core::run_files::{CellId, Shown, read_gallery};
use seraug_core::spec::{Augment, LatentSampler};

const LEFT: i32 = 164;
const COLUMN: i32 = 190;
const ROW: i32 = 72;
const TOP: i32 = 34;

/// The utterances that a condition shows.
struct Gallery {
    condition: String,
    label: String,
    shown: Vec<Shown>,
    mels: usize,
    words: &'static GalleryWords,
}

/// What the columns are called, and what a sample is.
struct GalleryWords {
    title: &'static str,
    columns: [&'static str; 3],
    /// What the mean change of an utterance is called.
    sign: &'static str,
    about: &'static str,
}

/// A network that adds something to an utterance.
const PERTURBED: GalleryWords = GalleryWords {
    title: "What the augmentor does",
    columns: ["original", "perturbation", "augmentation"],
    sign: "|P|",
    about: "Augmentation = original + perturbation",
};
/// Anything else that keeps some of it.
const CHANGED: GalleryWords = GalleryWords {
    title: "What the generator makes",
    columns: ["source", "difference", "sample"],
    sign: "|D|",
    about: "Difference = sample − source",
};
/// Draws from a distribution.
const DRAWN: GalleryWords = GalleryWords {
    about: "The source gives class and length alone; difference = sample − source",
    ..CHANGED
};

impl GalleryWords {
    fn of(augment: &Augment) -> &'static GalleryWords {
        match augment {
            Augment::TripletGan(_) | Augment::Viewmaker(_) => &PERTURBED,
            Augment::Latent(codes) if codes.sampler != LatentSampler::Smote => &DRAWN,
            Augment::Bagan(_) => &DRAWN,
            _ => &CHANGED,
        }
    }
}

/// A figure for each condition that has a gallery, of the run's first data set; all on the same scales.
pub fn galleries(run: &LoadedRun) -> Result<Vec<Figure>> {
    let Some((seed, fold)) = run.spec.seeds.first().zip(run.info.fold.first()) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Gallery> = Vec::new();
    for c in &run.spec.condition {
        let experiment = run.info.experiment.clone();
        let cell = CellId { experiment, condition: c.name.clone(), fold: fold.number, seed: *seed };
        if let Some((shown, mels)) = read_gallery(&run.dir.path().join(cell.dir()))? {
            let (condition, label) = (c.name.clone(), c.label().to_owned());
            found.push(Gallery { condition, label, shown, mels, words: GalleryWords::of(&c.augment) });
        }
    }
    found.retain(|g| !g.shown.is_empty() && g.mels > 0);
    let scales = scales(&found);
    let of = format!("Training utterances of {}, fold {}, seed {seed}", fold.corpus, fold.number);
    let hop = f64::from(run.spec.features.hop_ms) / 1000.0;
    found.iter().map(|g| draw(g, &of, hop, scales)).collect()
}

/// A standardised value of a gallery in decibels.
fn db(s: &Shown, value: f32) -> f64 {
    f64::from(value * s.about.deviation_db + s.about.mean_db)
}

/// The values of the perturbation, in decibels.
fn perturbation(s: &Shown) -> impl Iterator<Item = f64> {
    let deviation = f64::from(s.about.deviation_db);
    std::iter::zip(&s.original, &s.augmentation).map(move |(o, a)| f64::from(a - o) * deviation)
}

/// The scale of the spectrograms, which leaves out the lowest and highest 0.5 % of the values, and the symmetrical scale of the
/// perturbations, which leaves out the largest 1 %.
fn scales(galleries: &[Gallery]) -> [ColourScale; 2] {
    let all = || galleries.iter().flat_map(|g| &g.shown);
    let mut values: Vec<f64> =
        all().flat_map(|s| s.original.iter().chain(&s.augmentation).map(|v| db(s, *v))).collect();
    let mut sizes: Vec<f64> = all().flat_map(perturbation).map(f64::abs).collect();
    values.sort_by(f64::total_cmp);
    sizes.sort_by(f64::total_cmp);
    let at = |sorted: &[f64], share: f64| {
        sorted.get((share * sorted.len().saturating_sub(1) as f64).round() as usize).copied().unwrap_or(0.0)
    };
    let ten = |v: f64| v / 10.0;
    let (low, high) = (10.0 * ten(at(&values, 0.005)).floor(), 10.0 * ten(at(&values, 0.995)).ceil());
    let reach = at(&sizes, 0.99).ceil().max(1.0);
    [
        ColourScale { low, high: high.max(low + 10.0), map: Map::Viridis },
        ColourScale { low: -reach, high: reach, map: Map::Diverging },
    ]
}

/// Mean |perturbation| of an utterance, in the standardised values that the augmentor sees, and its share of the mean |value| of
/// the original.
fn strength(s: &Shown) -> (f64, f64) {
    let mean = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|v| f64::from(v.abs())).sum::<f64>() / s.original.len().max(1) as f64
    };
    let moved = mean(&mut std::iter::zip(&s.original, &s.augmentation).map(|(o, a)| a - o));
    (moved, moved / mean(&mut s.original.iter().copied()).max(1e-9))
}

fn draw(gallery: &Gallery, of: &str, hop: f64, [spectra, moved]: [ColourScale; 2]) -> Result<Figure> {
    let longest = gallery.shown.iter().map(|s| s.about.frames).max().unwrap_or(1);
    let (wide, mels, words) = (f64::from(COLUMN) / longest as f64, gallery.mels, gallery.words);
    let x = |column: i32| LEFT + column * (COLUMN + 8);
    let rows = gallery.shown.len() as i32;
    let bottom = TOP + rows * ROW;
    let mut images = String::new();
    let text = svg(WIDE, bottom + 92, |canvas| {
        canvas.text("mel band", (LEFT - 6, 16), At::Right, SMALL)?;
        for (column, name) in words.columns.into_iter().enumerate() {
            canvas.text(name, (x(column as i32), 16), At::Left, HEAD)?;
        }
        for (row, s) in gallery.shown.iter().enumerate() {
            let (top, height) = (TOP + row as i32 * ROW, ROW - 8);
            label(canvas, s, words.sign, top)?;
            bands(canvas, mels, top, height)?;
            let width = (s.about.frames as f64 * wide).round() as i32;
            let mut put = |column: i32, scale: ColourScale, values: Vec<f64>| -> Result<()> {
                let place = (x(column), top, width, height);
                images += &image(&upwards(&values, mels), s.about.frames, scale, place)?;
                Ok(())
            };
            put(0, spectra, s.original.iter().map(|v| db(s, *v)).collect())?;
            put(1, moved, perturbation(s).collect())?;
            put(2, spectra, s.augmentation.iter().map(|v| db(s, *v)).collect())?;
        }
        (0..3).try_for_each(|column| seconds(canvas, x(column), bottom, longest as f64 * hop))?;
        let [_, change, _] = words.columns;
        let bars =
            [(0, spectra, "log-mel, dB"), (1, moved, &format!("{change}, dB")), (2, spectra, "log-mel, dB")];
        for (column, scale, name) in bars {
            let place = (x(column), bottom + 44, COLUMN, 10);
            images += &bar(scale, place)?;
            ticks(canvas, scale, place, name)?;
        }
        Ok(())
    })?;
    let (mean, share) = overall(&gallery.shown);
    let [original, change, sample] = words.columns;
    let deviation = f64::from(gallery.shown[0].about.deviation_db);
    let numbers = format!(
        "mean |{change}| {mean:.2} standard deviations of the training log-mels ({:.1} dB), {:.0} % of the {original}s' \
         mean |value|",
        mean * deviation,
        100.0 * share
    );
    Ok(Figure {
        name: format!("gallery-{}", gallery.condition),
        title: format!("{}: {}", words.title, gallery.label),
        caption: format!(
            "{of}: log-mel spectrograms of the first window, low bands at the bottom ({mels} mel bands), and one \
             {sample} of each. {}; both spectrograms are on one scale, \
             and so are all conditions. Over the frames shown: {numbers}; beside each utterance its own ({}).",
            words.about, words.sign
        ),
        alt: format!(
            "Log-mel spectrograms of {rows} utterances, the {change} and the {sample} of each under {}: {numbers}.",
            gallery.label
        ),
        // Over the white ground that the canvas draws first.
        svg: text.replace("</svg>", &format!("{images}</svg>")),
        marks: Vec::new(),
    })
}

/// Means of [`strength`] over the utterances, each with the same weight.
fn overall(shown: &[Shown]) -> (f64, f64) {
    let n = shown.len().max(1) as f64;
    let sum = shown.iter().map(strength).fold((0.0, 0.0), |sum, s| (sum.0 + s.0, sum.1 + s.1));
    (sum.0 / n, sum.1 / n)
}

fn label(canvas: &mut Canvas, s: &Shown, sign: &str, top: i32) -> Result<()> {
    let (mean, share) = strength(s);
    let lines = [
        (cut(&s.about.utterance, 20), TEXT),
        (cut(&s.about.class, 20), SMALL),
        (format!("{sign} {mean:.2} ({:.0} %)", 100.0 * share), SMALL),
    ];
    for (i, (text, look)) in lines.into_iter().enumerate() {
        canvas.text(&text, (LEFT - 32, top + 14 + 18 * i as i32), At::Right, look)?;
    }
    Ok(())
}

/// The axis of frequency.
fn bands(canvas: &mut Canvas, mels: usize, top: i32, height: i32) -> Result<()> {
    for (band, y) in [(mels, top), (1, top + height)] {
        canvas.line((LEFT - 4, y), (LEFT - 1, y), PALE, 1)?;
        // Inside the height of the picture, so that labels of neighbouring rows stay apart.
        let inside = if band == 1 { y - 4 } else { y + 4 };
        canvas.text(&band.to_string(), (LEFT - 6, inside), At::Right, Look { size: 10, ..SMALL })?;
    }
    Ok(())
}

/// [frames, mels] as rows of one band each, the highest on top.
fn upwards(values: &[f64], mels: usize) -> Vec<f64> {
    let frames = values.len() / mels;
    (0..mels).rev().flat_map(|m| (0..frames).map(move |f| values[f * mels + m])).collect()
}

/// The axis of time below a column, about four steps long.
fn seconds(canvas: &mut Canvas, left: i32, y: i32, length: f64) -> Result<()> {
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0].into_iter().find(|s| length / s <= 5.0).unwrap_or(10.0);
    canvas.line((left, y), (left + COLUMN, y), INK, 1)?;
    for i in 0..=(length / step + 1e-9) as i32 {
        let at = left + (f64::from(i) * step / length * f64::from(COLUMN)).round() as i32;
        canvas.line((at, y), (at, y + 4), INK, 1)?;
        let text =
            if step < 1.0 { format!("{:.1}", f64::from(i) * step) } else { format!("{}", i * step as i32) };
        let text = if i == 0 { "0 s".into() } else { text };
        let anchor = if i == 0 { At::Left } else { At::Middle };
        canvas.text(&text, (at, y + 14), anchor, SMALL)?;
    }
    Ok(())
}

/// Numbers below a bar of colours.
fn ticks(canvas: &mut Canvas, scale: ColourScale, (x, y, w, h): Rectangle, name: &str) -> Result<()> {
    for (share, anchor) in [(0.0, At::Left), (0.5, At::Middle), (1.0, At::Right)] {
        let value = scale.low + (scale.high - scale.low) * share;
        let at = x + (f64::from(w) * share).round() as i32;
        canvas.line((at, y + h), (at, y + h + 3), PALE, 1)?;
        canvas.text(&format!("{value:.0}").replace('-', "−"), (at, y + h + 11), anchor, SMALL)?;
    }
    canvas.text(name, (x + w / 2, y + h + 25), At::Middle, SMALL)
}
