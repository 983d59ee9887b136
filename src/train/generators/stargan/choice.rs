//! Which utterances are converted into which class.

use crate::generators::Sources;
use seraug_core::spec::StarGan;
use seraug_core::text::plural;

/// An utterance that is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The utterance: an entry of the bank.
    pub item: usize,
    /// The class that it is converted into.
    pub class: usize,
}

/// For each class of `from.items` utterances of the classes that may be converted into it, without replacement in an order that is
/// drawn by their digests, until they have `copies` times as many segments of the classifier as the items of the class; and a line
/// about each class. Where there are not enough, the order begins again.
pub fn choose(settings: &StarGan, from: &Sources) -> (Vec<Chosen>, Vec<String>) {
    let segments = |i: usize| from.spec.classifier.segment_count(from.bank.lens()[i]);
    let (mut chosen, mut notes) = (Vec::new(), Vec::new());
    for (class, name) in from.spec.class_names().into_iter().enumerate() {
        let of_class = from.items.iter().filter(|&&i| from.labels[i] == class);
        let wanted = settings.copies * of_class.map(|&i| segments(i)).sum::<usize>();
        if wanted == 0 {
            continue;
        }
        let seed = from.seed.child("convert").at(class as u64);
        let allowed = |i: &usize| settings.sources.allows(from.spec, from.labels[*i], class);
        let mut order: Vec<(u32, usize)> = (0..from.labels.len())
            .filter(allowed)
            .map(|i| (seed.child(&from.utterances[i].sha256).draws().bits(), i))
            .collect();
        if order.is_empty() {
            notes.push(format!("{name}: no utterance may be converted into it"));
            continue;
        }
        order.sort_unstable();
        let (mut have, before) = (0, chosen.len());
        for &(_, item) in order.iter().cycle() {
            if have >= wanted {
                break;
            }
            chosen.push(Chosen { item, class });
            have += segments(item);
        }
        let count = chosen.len() - before;
        let again = if count > order.len() { "; utterances repeat, because there are no more" } else { "" };
        notes.push(format!(
            "{name}: {} of {}, {} for {wanted}{again}",
            plural(count, "conversion"),
            plural(count.min(order.len()), "utterance"),
            plural(have, "segment"),
        ));
    }
    (chosen, notes)
}
