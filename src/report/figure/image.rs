//! Pictures of matrices, as PNG inside the SVG.

use super::failed;
use base64::prelude::{BASE64_STANDARD, Engine};
use seraug_core::error::Result;

/// A scale of colours from `low` to `high`; values outside are drawn in the colour of the nearer end.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColourScale {
    /// Value that has the first colour.
    pub low: f64,
    /// Value that has the last colour.
    pub high: f64,
    /// The colours from `low` to `high`.
    pub map: Map,
}

/// A sequence of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Map {
    /// Viridis: from dark to light, also in grey and for colour-blind readers (van der Walt and Smith, 2015).
    Viridis,
    /// From blue over white to orange brown: both ends dark, told apart by colour-blind readers (Brewer's PuOr).
    Diverging,
}

/// Every eighth of viridis, and its last.
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 45, 123],
    [59, 82, 139],
    [44, 114, 142],
    [33, 145, 140],
    [40, 174, 128],
    [94, 201, 98],
    [173, 220, 48],
    [253, 231, 37],
];
/// PuOr, from its purple end.
const DIVERGING: [[u8; 3]; 9] = [
    [45, 0, 75],
    [84, 39, 136],
    [128, 115, 172],
    [178, 171, 210],
    [247, 247, 247],
    [253, 184, 99],
    [224, 130, 20],
    [179, 88, 6],
    [127, 59, 8],
];
/// Colours of a picture: fewer than a byte has, so that the file is small.
const LEVELS: usize = 128;

impl Map {
    /// The colour at `share` of the way, in [0, 1].
    pub(super) fn colour(self, share: f64) -> [u8; 3] {
        let stops = match self {
            Map::Viridis => &VIRIDIS,
            Map::Diverging => &DIVERGING,
        };
        let place = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let i = (place as usize).min(stops.len() - 2);
        let mix = |c: usize| {
            let (a, b) = (f64::from(stops[i][c]), f64::from(stops[i + 1][c]));
            (a + (b - a) * (place - i as f64)).round() as u8
        };
        [mix(0), mix(1), mix(2)]
    }
}

/// A place in a figure: left, top, width, height.
pub(super) type Rectangle = (i32, i32, i32, i32);

/// An `<image>` of `rows` x `columns` values, the first row on top.
pub(super) fn image(
    values: &[f64],
    columns: usize,
    scale: ColourScale,
    (x, y, w, h): Rectangle,
) -> Result<String> {
    let level = |v: &f64| {
        let share = ((v - scale.low) / (scale.high - scale.low)).clamp(0.0, 1.0);
        (share * (LEVELS - 1) as f64).round() as u8
    };
    let palette: Vec<u8> =
        (0..LEVELS).flat_map(|l| scale.map.colour(l as f64 / (LEVELS - 1) as f64)).collect();
    let pixels: Vec<u8> = values.iter().map(level).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns as u32, (values.len() / columns.max(1)) as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_palette(palette);
    let mut writer = encoder.write_header().map_err(|e| failed(&e))?;
    writer.write_image_data(&pixels).map_err(|e| failed(&e))?;
    writer.finish().map_err(|e| failed(&e))?;
    Ok(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>\n",
        BASE64_STANDARD.encode(&bytes)
    ))
}

/// A lying bar of the scale's colours.
pub(super) fn bar(scale: ColourScale, place: Rectangle) -> Result<String> {
    let step = (scale.high - scale.low) / (LEVELS - 1) as f64;
    let values: Vec<f64> = (0..LEVELS).map(|l| scale.low + step * l as f64).collect();
    image(&values, LEVELS, scale, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viridis_grows_lighter_and_the_middle_of_the_diverging_map_is_white() {
        let light =
            |[r, g, b]: [u8; 3]| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        let viridis: Vec<f64> = (0..=20).map(|i| light(Map::Viridis.colour(f64::from(i) / 20.0))).collect();
        assert!(viridis.windows(2).all(|w| w[0] < w[1]), "{viridis:?}");
        assert_eq!(Map::Diverging.colour(0.5), [247, 247, 247]);
        for i in 0..10 {
            let (near, far) = (0.5 + f64::from(i) / 20.0, 0.5 + f64::from(i + 1) / 20.0);
            for (near, far) in [(near, far), (1.0 - near, 1.0 - far)] {
                assert!(light(Map::Diverging.colour(near)) > light(Map::Diverging.colour(far)));
            }
        }
    }

    #[test]
    fn an_image_decodes_to_its_values() {
        let scale = ColourScale { low: -1.0, high: 1.0, map: Map::Diverging };
        let text = image(&[-5.0, 0.0, 1.0, 1.0, -1.0, 0.0], 3, scale, (1, 2, 3, 4)).unwrap();
        assert!(text.starts_with("<image x=\"1\" y=\"2\" width=\"3\" height=\"4\""), "{text}");
        let code = text.split_once("base64,").unwrap().1.split_once('"').unwrap().0;
        let value = |c: u8| match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        let digits: Vec<u8> = code.bytes().filter(|c| *c != b'=').map(value).collect();
        let byte = |i: usize| {
            let bits = digits[i..].iter().take(4).fold(0u32, |b, d| b << 6 | u32::from(*d));
            let short = 4 - digits[i..].len().min(4);
            let bits = bits << (6 * short);
            [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
        };
        let bytes: Vec<u8> = (0..digits.len()).step_by(4).flat_map(byte).collect();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (3, 2));
        assert_eq!(pixels[..3], [45, 0, 75]);
        assert_eq!(pixels[6..12], [127, 59, 8, 127, 59, 8]);
        assert_eq!(pixels[12..15], [45, 0, 75]);
    }
}
