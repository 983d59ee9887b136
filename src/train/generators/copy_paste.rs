//! CopyPaste by segment: a stretch of an utterance joined to one of a partner's (FIDELITY.md row "CopyPaste").

use super::splice::{Splices, starts};
use super::{Generate, Made, Samples, Sources, Untrained};
use seraug_core::error::Result;
use seraug_core::rng::Draws;
use seraug_core::spec::{CopyPaste, CopyPastePartner};

impl Generate for CopyPaste {
    type Trained = Untrained;

    /// A copy has one partner. Of each segment of the classifier the given share is the utterance's, at its own place at the
    /// beginning or the end, which is drawn; the rest is a stretch of the partner that begins at random, the partner again and again
    /// where it is shorter. The floor is the utterance's.
    fn make(&self, from: &Sources, _: &Untrained) -> Result<Made> {
        let Sources { bank, items, .. } = *from;
        let (lens, starts, segment) = (bank.lens(), starts(bank), from.spec.classifier.segment_frames);
        let mut made = Splices::default();
        let mut strangers = 0;
        for (&item, name) in items.iter().zip(from.names()) {
            for copy in 0..self.copies {
                let stream = |purpose: &str| from.seed.child(purpose).child(name).at(copy as u64);
                let partner = partner_of(self, from, item, &mut stream("copy-paste").draws());
                strangers += usize::from(!same_speaker(from, item, partner));
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
        let notes = match strangers {
            0 => Vec::new(),
            n => vec![format!("{n} joins are with another speaker: theirs has no partner")],
        };
        Ok(Made { samples: Samples::Added(made.after(bank)), notes })
    }
}

/// What `item` is joined to: an utterance of the class that is asked for, of its speaker where there is one; itself where
/// there is none at all.
fn partner_of(settings: &CopyPaste, from: &Sources, item: usize, draws: &mut Draws) -> usize {
    let neutral = match settings.partner {
        CopyPastePartner::Neutral => true,
        CopyPastePartner::Same => false,
        CopyPastePartner::Either => draws.below(2) == 0,
    };
    let class = if neutral { CopyPaste::neutral_class(from.spec) } else { Some(from.labels[item]) };
    let fits = |i: &usize| *i != item && Some(from.labels[*i]) == class;
    let all: Vec<usize> = (0..from.labels.len()).filter(fits).collect();
    let own: Vec<usize> = all.iter().copied().filter(|&i| same_speaker(from, item, i)).collect();
    match if own.is_empty() { all } else { own } {
        list if list.is_empty() => item,
        list => list[draws.below(list.len())],
    }
}

/// Whether two utterances are of one person.
fn same_speaker(from: &Sources, a: usize, b: usize) -> bool {
    let [a, b] = [a, b].map(|i| from.utterances[i]);
    (&a.corpus, &a.speaker) == (&b.corpus, &b.speaker)
}
