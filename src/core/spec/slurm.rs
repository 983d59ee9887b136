//! What `run --launcher slurm` asks the cluster for.

use super::located_error::{CheckResult, at, need};
use crate::names::unicode::is_unprintable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resources of one cell's job; what is absent or zero is left to the cluster. Decides no result, no key, and not which
/// run is gone on with. On the command line: `--set slurm.partition=gpu`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Slurm {
    /// Partition, as `sinfo` lists them.
    pub partition: String,
    /// Generic resources, such as `gpu:1`. With a GPU among them, `--device auto` means `cuda`.
    pub gres: String,
    /// Account to charge.
    pub account: String,
    /// Time limit of a cell in minutes. Two minutes before it, a cell is saved and queued again.
    #[schemars(range(min = 0, max = 525600))]
    pub time_minutes: u32,
    /// Memory in megabytes.
    #[schemars(range(min = 0, max = 100000000))]
    pub memory_mb: u32,
    /// Cores.
    #[schemars(range(min = 0, max = 65536))]
    pub cpus: u32,
    /// Cells that may run at once.
    #[schemars(range(min = 0, max = 1000000))]
    pub array_limit: u32,
    /// Further options of sbatch, such as `--qos=low`; they win over all others. They are code: some name commands and
    /// files (`--wrap`, `--output`), so read those of a spec that is not yours before you run it.
    pub extra: Vec<String>,
}

impl Slurm {
    pub(super) fn check(&self) -> CheckResult {
        for (key, text) in [("partition", &self.partition), ("gres", &self.gres), ("account", &self.account)]
        {
            let odd = |c: char| c.is_whitespace() || is_unprintable(c);
            need(!text.contains(odd), at("slurm").field(key), || {
                format!("= {text:?}: must not have white space or control characters")
            })?;
        }
        for (i, option) in self.extra.iter().enumerate() {
            need(is_option(option), at("slurm.extra").element(i, ""), || {
                format!("{option:?} must be an option of sbatch on one line, such as `--qos=low`")
            })?;
        }
        Ok(())
    }
}

/// `--name`, `--name=value` or `--name value`. The bare `--` would end the options, ours too.
fn is_option(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric();
    let name = text.strip_prefix("--").map(|rest| rest.split(['=', ' ']).next().unwrap_or_default());
    let is_name = |n: &str| n.starts_with(letter) && n.chars().all(|c| letter(c) || c == '-');
    name.is_some_and(is_name) && !text.contains(is_unprintable)
}

#[cfg(test)]
mod tests {
    use crate::spec::parse;

    const SMALL: &str = "title = \"t\"\ncorpus = \"synthetic\"\n\
        classes = { neutral = [\"neutral\"], angry = [\"angry\"] }\n\
        protocol.leave-speakers-out.folds = 5\n[slurm]\npartition = \"gpu\"\n[[condition]]\nname = \"no-aug\"\n";

    #[test]
    fn flags_are_laid_over_the_table() {
        let sets = ["slurm.time-minutes=240", "slurm.gres=gpu:1", "slurm.extra=[\"--qos=low\"]"];
        let spec = parse(SMALL, "x.toml", &sets.map(str::to_owned)).unwrap();
        let slurm = spec.slurm.clone().unwrap();
        assert_eq!((slurm.partition.as_str(), slurm.gres.as_str()), ("gpu", "gpu:1"));
        assert_eq!((slurm.time_minutes, slurm.extra), (240, vec!["--qos=low".to_owned()]));
        assert_eq!(parse(&spec.to_toml(), "spec.toml", &[]).unwrap(), spec);
    }

    #[test]
    fn what_sbatch_would_misread_is_refused() {
        let refused = |set: &str| parse(SMALL, "x.toml", &[set.to_owned()]).unwrap_err().to_string();
        assert!(refused("slurm.account=a b").contains("slurm.account = \"a b\": must not have white space"));
        for extra in ["-q low", "--", "--=x", "--a/b=c", "x --qos=low", "--comment=a\\nb"] {
            let e = refused(&format!("slurm.extra=[\"--exclusive\", \"{extra}\"]"));
            assert!(e.contains("slurm.extra") && e.contains("option of sbatch on one line"), "{e}");
        }
        assert!(refused("slurm.partion=gpu").contains("did you mean `partition`?"));
    }
}
