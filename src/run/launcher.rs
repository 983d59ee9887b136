//! Where the workers of a run are started.

use seraug_core::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// `--launcher`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Launcher {
    /// As processes on this machine.
    #[default]
    Local,
    /// As job arrays on a Slurm cluster.
    Slurm,
}

impl FromStr for Launcher {
    type Err = Error;

    fn from_str(text: &str) -> Result<Launcher> {
        match text {
            "local" => Ok(Launcher::Local),
            "slurm" => Ok(Launcher::Slurm),
            _ => Err(Error::usage(format!("no launcher '{text}': use local or slurm"))),
        }
    }
}

impl fmt::Display for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Launcher::Local => "local",
            Launcher::Slurm => "slurm",
        })
    }
}
