//! What `run --launcher slurm` asks the cluster for.

use super::check::{Check, need};
use super::fault::at;
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
    pub time_minutes: u32,
    /// Memory in megabytes.
    pub memory_mb: u32,
    /// Cores.
    pub cpus: u32,
    /// Cells that may run at once.
    pub array_limit: u32,
    /// Further options of sbatch, such as `--qos=low`; they win over all others.
    pub extra: Vec<String>,
}

impl Slurm {
    pub(super) fn check(&self) -> Check {
        for (key, text) in [("partition", &self.partition), ("gres", &self.gres), ("account", &self.account)]
        {
            need(!text.contains(char::is_whitespace), at("slurm").field(key), || {
                format!("= {text:?}: must not have white space")
            })?;
        }
        for (i, option) in self.extra.iter().enumerate() {
            let fine = option.starts_with("--") && !option.contains(char::is_control);
            need(fine, at("slurm.extra").element(i, ""), || {
                format!("{option:?} must be an option of sbatch on one line, such as `--qos=low`")
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

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
        let e = refused("slurm.extra=[\"--exclusive\", \"-q low\"]");
        assert!(e.contains("slurm.extra") && e.contains("option of sbatch on one line"), "{e}");
        assert!(refused("slurm.partion=gpu").contains("did you mean `partition`?"));
    }
}
