//! Differences between two runs other than their results: spec, corpora, code, machine, splits.

use super::side::Side;
use seraug_core::run_files::RunInfo;
use seraug_core::spec::difference::{Change, differences, show};

/// A field that differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `spec`, `experiment`, `corpus`, `code`, `libtorch`, `device` or `splits`.
    pub kind: &'static str,
    /// The field or the corpus.
    pub field: String,
    /// Value in the first run.
    pub first: String,
    /// Value in the second run.
    pub second: String,
}

/// Number of characters of a digest that are shown.
const DIGEST: usize = 12;

/// All differences: fields of the resolved specs first, in the order of the file.
pub(super) fn differs(first: &Side, second: &Side) -> Vec<Difference> {
    let changes = differences(&first.run.spec, &second.run.spec);
    let of_spec = |c: &Change| {
        let (mut from, mut to) = (show(&c.from), show(&c.to));
        if from == to {
            // Long values may differ only in the part that was cut.
            (from, to) = (c.from.to_string(), c.to.to_string());
        }
        Difference { kind: "spec", field: c.name(), first: from, second: to }
    };
    let mut found: Vec<Difference> = changes.iter().map(of_spec).collect();
    let (a, b) = (&first.run.info, &second.run.info);
    let mut differ = |kind, field: &str, first: String, second: String| {
        if first != second {
            let none = |s: String| if s.is_empty() { "none".to_owned() } else { s };
            found.push(Difference {
                kind,
                field: field.to_owned(),
                first: none(first),
                second: none(second),
            });
        }
    };
    differ("experiment", "experiment", a.experiment.clone(), b.experiment.clone());
    let mut corpora: Vec<&str> = a.corpus.iter().chain(&b.corpus).map(|c| c.name.as_str()).collect();
    corpora.sort_unstable();
    corpora.dedup();
    for name in corpora {
        let of = |info: &RunInfo| {
            let corpus = info.corpus.iter().find(|c| c.name == name);
            corpus.map_or(String::new(), |c| format!("{} ({} used)", short(&c.digest), c.used))
        };
        differ("corpus", name, of(a), of(b));
    }
    differ("code", "revision", a.revision.clone(), b.revision.clone());
    differ("code", "version", a.version.clone(), b.version.clone());
    differ("libtorch", "libtorch", a.libtorch.clone(), b.libtorch.clone());
    differ("device", "class", a.device.class.to_string(), b.device.class.to_string());
    differ("device", "name", a.device.name.clone(), b.device.name.clone());
    differ("device", "host", a.device.host.clone(), b.device.host.clone());
    differ("device", "threads", a.device.threads.to_string(), b.device.threads.to_string());
    let digest = |side: &Side| short(&side.splits.digest);
    differ("splits", "split.csv", digest(first), digest(second));
    found
}

fn short(digest: &str) -> String {
    digest.chars().take(DIGEST).collect()
}
