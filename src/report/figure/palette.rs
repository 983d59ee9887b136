//! The colours of conditions.

use plotters::style::RGBColor;

/// Colours that colour-blind readers can tell apart (Okabe and Ito, "Color Universal Design", 2008). The first condition,
/// with which the others are compared, is grey; black is left to text and axes.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0x99, 0x99, 0x99),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0xf0, 0xe4, 0x42),
];

/// The colour of condition `index`. From the ninth condition on, the colours repeat, except for the grey of the first.
pub fn colour(index: usize) -> RGBColor {
    let others = PALETTE.len() - 1;
    if index == 0 { PALETTE[0] } else { PALETTE[1 + (index - 1) % others] }
}

/// How often the colour of condition `index` was given to one before it.
pub(super) fn repetition(index: usize) -> usize {
    index.saturating_sub(1) / (PALETTE.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::Color;

    #[test]
    fn no_two_conditions_have_colour_and_repetition_in_common() {
        let looks: Vec<_> = (0..40).map(|i| (colour(i).rgb(), repetition(i))).collect();
        assert!((0..40).all(|i| !looks[..i].contains(&looks[i])));
        assert_eq!([0, 1, 7, 8, 14, 15].map(repetition), [0, 0, 0, 1, 1, 2]);
    }
}
