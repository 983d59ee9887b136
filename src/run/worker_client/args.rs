//! The command line of `seraug-worker work`: the supervisor and Slurm's script write it, the worker parses it.

use crate::arguments::{CHECKPOINT_SECONDS, interval};
use crate::keep_models::KeepModels;
use clap::Args;
use seraug_core::device::DeviceChoice;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Work on cells of a run
#[derive(Debug, Clone, PartialEq, Args)]
#[command(about = "Work on cells of a run")]
pub struct WorkerArgs {
    /// The run directory
    pub run: PathBuf,
    /// Folder of the runs and of the store that they share
    #[arg(long, value_name = "DIR", allow_hyphen_values = true)]
    pub results: PathBuf,
    /// Folder of the corpora
    #[arg(long, value_name = "DIR", allow_hyphen_values = true)]
    pub corpora: PathBuf,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Threads of a tensor operation on the CPU
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Use an incomplete corpus as it is
    #[arg(long)]
    pub partial: bool,
    /// Seconds between two checkpoints of a training
    #[arg(long, value_name = "SECONDS", default_value_t = CHECKPOINT_SECONDS, value_parser = interval)]
    pub checkpoint_seconds: f64,
    /// Also write the histories as TensorBoard event files
    #[arg(long)]
    pub tensorboard: bool,
    /// Train the augmentor by CUDA graphs where they can be recorded
    #[arg(long)]
    pub cuda_graphs: bool,
    /// Which cells keep their classifier: none, last or all
    #[arg(long, value_name = "WHICH", default_value_t = KeepModels::Last)]
    pub keep_models: KeepModels,
    /// Row of plan.csv, from 1; without it, orders come over standard input
    #[arg(long, value_name = "N")]
    pub cell: Option<usize>,
}

impl WorkerArgs {
    /// The command that starts `program` with these arguments, its libraries limited to the same number of threads.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg("work").arg(&self.run).args(self.flags()).envs(self.environment());
        command
    }

    /// Every argument but the run directory.
    pub fn flags(&self) -> Vec<OsString> {
        let WorkerArgs { run: _, results, corpora, device, threads, partial, .. } = self;
        let mut flags: Vec<OsString> = Vec::new();
        let mut value = |name: &str, value: &OsStr| flags.extend([name.into(), value.to_owned()]);
        value("--results", results.as_os_str());
        value("--corpora", corpora.as_os_str());
        value("--device", device.to_string().as_ref());
        value("--threads", threads.to_string().as_ref());
        value("--checkpoint-seconds", self.checkpoint_seconds.to_string().as_ref());
        value("--keep-models", self.keep_models.to_string().as_ref());
        if let Some(row) = self.cell {
            value("--cell", row.to_string().as_ref());
        }
        let switches = [
            ("--partial", *partial),
            ("--tensorboard", self.tensorboard),
            ("--cuda-graphs", self.cuda_graphs),
        ];
        flags.extend(switches.iter().filter(|(_, on)| *on).map(|(name, _)| OsString::from(*name)));
        flags
    }

    /// Variables of the environment that a worker needs, beside the threads of its own pool: as many threads of an
    /// operation as the arguments say and no more, and none that spins while other workers want the core.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        environment(self.threads)
    }
}

/// The variables of [`WorkerArgs::environment`] for so many threads of an operation.
pub(super) fn environment(threads: usize) -> [(&'static str, String); 3] {
    let threads = threads.to_string();
    [
        ("OMP_NUM_THREADS", threads.clone()),
        ("MKL_NUM_THREADS", threads),
        ("OMP_WAIT_POLICY", "passive".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        args: WorkerArgs,
    }

    /// What the worker makes of the command line of `args`.
    fn parsed(args: &WorkerArgs) -> WorkerArgs {
        let command = args.command(Path::new("/bin/seraug-worker"));
        let mut words: Vec<OsString> = command.get_args().map(OsStr::to_owned).collect();
        assert_eq!(words[0], "work");
        words[0] = command.get_program().to_owned();
        Program::try_parse_from(words).unwrap().args
    }

    #[test]
    fn the_worker_reads_what_the_supervisor_writes() {
        let least = WorkerArgs {
            run: "results/x/latest".into(),
            results: "results".into(),
            corpora: "corpora".into(),
            device: DeviceChoice::Cpu,
            threads: 1,
            partial: false,
            checkpoint_seconds: 0.0,
            tensorboard: false,
            cuda_graphs: false,
            keep_models: KeepModels::None,
            cell: None,
        };
        let most = WorkerArgs {
            run: "a run/it's".into(),
            results: "/with blanks/results".into(),
            corpora: "--odd".into(),
            device: DeviceChoice::Cuda(3),
            threads: 4,
            partial: true,
            checkpoint_seconds: 0.1,
            tensorboard: true,
            cuda_graphs: true,
            keep_models: KeepModels::All,
            cell: Some(10_000),
        };
        for args in [least, most] {
            assert_eq!(parsed(&args), args);
        }
    }
}
