//! RUN/slurm/array.sh: what a task of the array runs.

use crate::results::RunDir;
use crate::spec::Slurm;
use std::ffi::OsString;
use std::path::PathBuf;

/// How a worker is started. Every path in it is absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerCommand {
    /// The executable.
    pub exe: PathBuf,
    /// What follows `work RUN --cell N`.
    pub args: Vec<OsString>,
    /// Variables that are set for it.
    pub env: Vec<(String, OsString)>,
}

/// Seconds before the time limit at which a cell is saved and queued again; Slurm may be a minute early.
const NOTICE: u32 = 120;

/// The name of the run's jobs.
pub fn job_name(run: &RunDir) -> String {
    format!("seraug-{}", run.id())
}

/// Options of sbatch that the spec asks for.
pub fn options(slurm: &Slurm) -> Vec<String> {
    let mut out = Vec::new();
    let texts = [("partition", &slurm.partition), ("gres", &slurm.gres), ("account", &slurm.account)];
    out.extend(texts.iter().filter(|(_, v)| !v.is_empty()).map(|(name, v)| format!("--{name}={v}")));
    let sizes = [("time", slurm.time_minutes), ("mem", slurm.memory_mb), ("cpus-per-task", slurm.cpus)];
    out.extend(sizes.iter().filter(|(_, v)| *v > 0).map(|(name, v)| format!("--{name}={v}")));
    out.extend(slurm.extra.iter().cloned());
    out
}

/// The text of array.sh. Its argument is added to the array index; both give the row of plan.csv.
pub fn script(run: &RunDir, slurm: &Slurm, worker: &WorkerCommand) -> String {
    let dir = run.path().display().to_string();
    // The limit itself where it is short: else the notice would come as soon as the job starts.
    let notice = if slurm.time_minutes == 0 { NOTICE } else { NOTICE.min(slurm.time_minutes * 60 / 4) };
    let mut lines = vec![
        "#!/bin/sh".to_owned(),
        "# Written by `seraug run --launcher slurm`. By hand: sbatch --array=ROW slurm/array.sh".to_owned(),
    ];
    let fixed = [
        format!("--job-name={}", job_name(run)),
        format!("--chdir={dir}"),
        "--output=slurm/%A_%a.out".to_owned(),
        "--open-mode=append".to_owned(),
        "--requeue".to_owned(),
        format!("--signal=B:USR1@{notice}"),
        "--export=ALL".to_owned(),
        "--ntasks=1".to_owned(),
    ];
    lines.extend(fixed.iter().chain(&options(slurm)).map(|o| format!("#SBATCH {}", directive(o))));
    lines
        .extend(worker.env.iter().map(|(name, v)| format!("export {name}={}", quoted(&v.to_string_lossy()))));
    lines.push("row=$((SLURM_ARRAY_TASK_ID + ${1:-0}))".to_owned());
    lines.push("echo \"row $row of plan.csv on $(hostname), restart ${SLURM_RESTART_COUNT:-0}\"".to_owned());
    // In place of the shell, so that Slurm's signals reach the worker.
    let exe = quoted(&worker.exe.to_string_lossy());
    let mut command = format!("exec {exe} work {} --cell \"$row\"", quoted(&dir));
    for arg in &worker.args {
        command.push(' ');
        command.push_str(&quoted(&arg.to_string_lossy()));
    }
    lines.push(command);
    lines.join("\n") + "\n"
}

/// An option as sbatch reads it from a script: the value in double quotes where it needs them.
fn directive(option: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=/.,:%@+".contains(c);
    match option.split_once('=') {
        Some((name, value)) if !value.chars().all(plain) => {
            format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        }
        _ => option.to_owned(),
    }
}

/// A word of sh.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn run_dir(parent: &std::path::Path) -> RunDir {
        RunDir::create(parent, "open/x", "20260102T030405Z", "abc", |r| {
            crate::results::write_atomic(&r.spec(), b"")
        })
        .unwrap()
    }

    #[test]
    fn resources_come_after_ours_and_extra_comes_last() {
        let dir = tempfile::tempdir().unwrap();
        let run = run_dir(&dir.path().join("a b"));
        let slurm = Slurm {
            partition: "gpu".into(),
            gres: "gpu:1".into(),
            time_minutes: 4,
            memory_mb: 8000,
            extra: vec!["--comment=say \"hi\"".into(), "--exclusive".into()],
            ..Slurm::default()
        };
        let text = script(&run, &slurm, &WorkerCommand::default());
        let directives: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("#SBATCH ")).collect();
        assert_eq!(directives[0], "--job-name=seraug-20260102T030405Z-abc");
        assert_eq!(directives[1], format!("--chdir=\"{}\"", run.path().display()));
        assert!(directives.contains(&"--signal=B:USR1@60"), "{text}");
        assert_eq!(
            directives[8..],
            [
                "--partition=gpu",
                "--gres=gpu:1",
                "--time=4",
                "--mem=8000",
                "--comment=\"say \\\"hi\\\"\"",
                "--exclusive"
            ]
        );
        assert!(script(&run, &Slurm::default(), &WorkerCommand::default()).contains("USR1@120"));
    }

    #[test]
    fn the_worker_gets_its_row_and_every_word_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let run = run_dir(dir.path());
        let exe = dir.path().join("it's here");
        std::fs::write(&exe, "#!/bin/sh\nfor a; do echo \"<$a>\"; done; echo \"$LIBTORCH\"\n").unwrap();
        Command::new("chmod").arg("+x").arg(&exe).status().unwrap();
        let worker = WorkerCommand {
            exe,
            args: ["--corpora", "/a b/$HOME/'c'"].map(OsString::from).to_vec(),
            env: vec![("LIBTORCH".into(), "/lib's \"place\"".into())],
        };
        let path = dir.path().join("array.sh");
        std::fs::write(&path, script(&run, &Slurm::default(), &worker)).unwrap();
        let output =
            Command::new("sh").arg(&path).arg("2000").env("SLURM_ARRAY_TASK_ID", "17").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let words: Vec<&str> = said.lines().skip(1).collect();
        let expected = format!(
            "<work>\n<{}>\n<--cell>\n<2017>\n<--corpora>\n</a b/$HOME/'c'>\n/lib's \"place\"",
            run.path().display()
        );
        assert_eq!(words.join("\n"), expected);
    }
}
