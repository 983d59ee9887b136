//! CopyPaste by segment: a stretch of an utterance joined to one of a partner's (FIDELITY.md row "CopyPaste").

use super::splice::Splices;
use super::{Generate, Made, Samples, Sources, Untrained};
use seraug_core::error::Result;
use seraug_core::rng::Draws;
use seraug_core::spec::{CopyPaste, CopyPastePartner};
use seraug_core::text::plural;
use std::collections::HashMap;

impl Generate for CopyPaste {
    type Trained = Untrained;

    /// A copy has one partner. Of each segment of the classifier the given share is the utterance's, at its own place at the
    /// beginning or the end, which is drawn; the rest is a stretch of the partner that begins at random, the partner again and again
    /// where it is shorter. The floor is the utterance's.
    fn make(&self, from: &Sources, _: &Untrained) -> Result<Made> {
        let Sources { bank, items, .. } = *from;
        let (lens, starts, segment) = (bank.lens(), bank.starts(), from.spec.classifier.segment_frames);
        let partners = Partners::new(from);
        let mut made = Splices::default();
        let (mut strangers, mut alone) = (0, 0);
        for (&item, name) in items.iter().zip(from.names()) {
            for copy in 0..self.copies {
                let stream = |purpose: &str| from.seed.child(purpose).child(name).at(copy as u64);
                let partner = partners.draw(self, item, &mut stream("copy-paste").draws());
                alone += usize::from(partner == item);
                strangers += usize::from(partners.speaker[item] != partners.speaker[partner]);
                let len = lens[item];
                for window in 0..len.div_ceil(segment) {
                    let begin = window * segment;
                    let n = segment.min(len - begin);
                    let own = ((self.share * n as f64).round() as usize).clamp(1, n);
                    let mut draws = stream("copy-paste-window").at(window as u64).draws();
                    let first = draws.below(2) == 0;
                    let offset = draws.below((lens[partner] + 1).saturating_sub(n - own).max(1));
                    let own = if first { 0..own } else { n - own..n };
                    let mut pasted = (offset..).map(|t| starts[partner] + t % lens[partner]);
                    for t in 0..n {
                        let row = match own.contains(&t) {
                            true => starts[item] + begin + t,
                            false => pasted.next().expect("without end"),
                        };
                        made.row(row, row, 0.0);
                    }
                }
                made.row(starts[item] + len, starts[item] + len, 0.0);
                made.end(len);
            }
        }
        let strangers = (strangers > 0).then(|| {
            format!("{} with another speaker, because theirs has no partner", plural(strangers, "join"))
        });
        let alone = (alone > 0).then(|| {
            format!("{} of an utterance with itself, because there is no partner", plural(alone, "join"))
        });
        let notes = strangers.into_iter().chain(alone).collect();
        Ok(Made { samples: Samples::Added(made.after(bank)), notes })
    }
}

/// The training utterances by class, and by class and speaker, ascending.
struct Partners<'a> {
    labels: &'a [usize],
    neutral: Option<usize>,
    /// Corpus and name of who speaks each utterance.
    speaker: Vec<(&'a str, &'a str)>,
    of_class: HashMap<usize, Vec<usize>>,
    of_speaker: HashMap<(usize, (&'a str, &'a str)), Vec<usize>>,
}

impl<'a> Partners<'a> {
    fn new(from: &Sources<'a>) -> Partners<'a> {
        let speaker = from.utterances.iter().map(|u| (&*u.corpus, u.speaker.as_str())).collect();
        let neutral = CopyPaste::neutral_class(from.spec);
        let (of_class, of_speaker) = (HashMap::new(), HashMap::new());
        let mut all = Partners { labels: from.labels, neutral, speaker, of_class, of_speaker };
        for (i, &class) in from.labels.iter().enumerate() {
            all.of_class.entry(class).or_default().push(i);
            all.of_speaker.entry((class, all.speaker[i])).or_default().push(i);
        }
        all
    }

    /// What `item` is joined to: an utterance of the class that is asked for, of its speaker where there is one; itself where
    /// there is none at all.
    fn draw(&self, settings: &CopyPaste, item: usize, draws: &mut Draws) -> usize {
        let neutral = match settings.partner {
            CopyPastePartner::Neutral => true,
            CopyPastePartner::Same => false,
            CopyPastePartner::Either => draws.below(2) == 0,
        };
        let Some(class) = (if neutral { self.neutral } else { Some(self.labels[item]) }) else { return item };
        let own = self.of_speaker.get(&(class, self.speaker[item]));
        for list in own.into_iter().chain(self.of_class.get(&class)) {
            // The item itself is passed over.
            let own = list.binary_search(&item).ok();
            let others = list.len() - usize::from(own.is_some());
            if others > 0 {
                let at = draws.below(others);
                return list[at + usize::from(own.is_some_and(|own| at >= own))];
            }
        }
        item
    }
}
