//! Which trained classifiers the store keeps beside their predictions.

use seraug_core::spec::Spec;
use std::fmt;
use std::str::FromStr;

/// Which cells keep their classifier. It decides no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepModels {
    /// None.
    None,
    /// Those of the spec's last seed: one of each condition and fold.
    #[default]
    Last,
    /// Every cell, also where the store has its result without a model: it is trained again then.
    All,
}

impl KeepModels {
    const ALL: [KeepModels; 3] = [KeepModels::None, KeepModels::Last, KeepModels::All];

    fn word(self) -> &'static str {
        match self {
            KeepModels::None => "none",
            KeepModels::Last => "last",
            KeepModels::All => "all",
        }
    }

    /// Whether a stored result without a model is not enough.
    pub fn trains_again(self) -> bool {
        self == KeepModels::All
    }

    /// Whether cells of this seed keep theirs.
    pub fn keeps(self, spec: &Spec, seed: u64) -> bool {
        match self {
            KeepModels::None => false,
            KeepModels::Last => spec.seeds.last() == Some(&seed),
            KeepModels::All => true,
        }
    }
}

impl fmt::Display for KeepModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for KeepModels {
    type Err = String;

    fn from_str(s: &str) -> Result<KeepModels, String> {
        let found = KeepModels::ALL.into_iter().find(|k| k.word() == s);
        found.ok_or_else(|| format!("`{s}`: expected none, last or all"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec;

    #[test]
    fn the_last_seed_is_the_one_that_the_spec_lists_last() {
        let text = "title = \"t\"\ncorpus = \"emodb\"\nseeds = [3, 1]\nclasses = { a = [\"sad\"], b = [\"happy\"] }\n\
            protocol.leave-speakers-out.folds = 2\ncondition = [{ name = \"no-aug\" }]\n";
        let spec = spec::parse(text, "x.toml", &[]).unwrap();
        let keeps = |k: KeepModels| [3, 1].map(|seed| k.keeps(&spec, seed));
        assert_eq!(keeps(KeepModels::Last), [false, true]);
        assert_eq!((keeps(KeepModels::None), keeps(KeepModels::All)), ([false; 2], [true; 2]));
        for keep in KeepModels::ALL {
            assert_eq!(keep.to_string().parse(), Ok(keep));
        }
        assert!("some".parse::<KeepModels>().unwrap_err().contains("none, last or all"));
    }
}
