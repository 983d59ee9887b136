//! RUN/slurm/array.sh: the script that each task of the array runs.

use seraug_core::error::{Error, Result};
use seraug_core::names::unicode::{escape_unprintable, is_unprintable};
use seraug_core::run_files::RunDir;
use seraug_core::spec::Slurm;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// How a worker is started. Every path in it is absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerCommand {
    /// The executable.
    pub exe: PathBuf,
    /// The arguments after `work RUN --cell N`.
    pub args: Vec<OsString>,
    /// Variables of its environment.
    pub env: Vec<(String, OsString)>,
}

/// Seconds before the time limit at which a cell saves its state and requeues itself; Slurm may be a minute early.
const NOTICE: u32 = 120;

/// The name of the run's jobs.
pub fn job_name(run: &RunDir) -> String {
    format!("seraug-{}", run.id())
}

/// The options of sbatch that the spec requests.
pub(super) fn options(slurm: &Slurm) -> Vec<String> {
    let mut out = Vec::new();
    let texts = [("partition", &slurm.partition), ("gres", &slurm.gres), ("account", &slurm.account)];
    out.extend(texts.iter().filter(|(_, v)| !v.is_empty()).map(|(name, v)| format!("--{name}={v}")));
    let sizes = [("time", slurm.time_minutes), ("mem", slurm.memory_mb), ("cpus-per-task", slurm.cpus)];
    out.extend(sizes.iter().filter(|(_, v)| *v > 0).map(|(name, v)| format!("--{name}={v}")));
    out.extend(slurm.extra.iter().cloned());
    out
}

/// The text of array.sh. Its argument plus the array index is the row of plan.csv.
///
/// # Errors
/// A path, a variable or an option that cannot stand on one line of text (usage).
pub(super) fn script(run: &RunDir, slurm: &Slurm, worker: &WorkerCommand) -> Result<String> {
    let dir = line(run.path())?;
    // A quarter of a short limit: otherwise the notice would come as soon as the job starts.
    let notice = match slurm.time_minutes {
        0 => NOTICE,
        minutes => NOTICE.min(minutes.saturating_mul(60) / 4),
    };
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
    for option in fixed.iter().chain(&options(slurm)) {
        lines.push(format!("#SBATCH {}", directive(line(option)?)));
    }
    for (name, value) in &worker.env {
        lines.push(format!("export {name}={}", quoted(value)?));
    }
    lines.push("row=$((SLURM_ARRAY_TASK_ID + ${1:-0}))".to_owned());
    lines.push("echo \"row $row of plan.csv on $(hostname), restart ${SLURM_RESTART_COUNT:-0}\"".to_owned());
    // In place of the shell, so that Slurm's signals reach the worker.
    let mut command = format!("exec {} work {} --cell \"$row\"", quoted(&worker.exe)?, quoted(run.path())?);
    for arg in &worker.args {
        command.push(' ');
        command.push_str(&quoted(arg)?);
    }
    lines.push(command);
    Ok(lines.join("\n") + "\n")
}

/// An option as sbatch reads it from a script, its value in double quotes where necessary.
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
///
/// # Errors
/// As [`line`].
fn quoted(word: &(impl AsRef<OsStr> + ?Sized)) -> Result<String> {
    Ok(format!("'{}'", line(word)?.replace('\'', "'\\''")))
}

/// `text` as a part of a line. A line break in it would start a command of its own.
///
/// # Errors
/// Text that is not UTF-8 or has control characters (usage).
fn line(text: &(impl AsRef<OsStr> + ?Sized)) -> Result<&str> {
    let text = text.as_ref();
    let refused = |why| {
        let shown = escape_unprintable(&text.to_string_lossy());
        Err(Error::usage(format!(
            "--launcher slurm: `{shown}` {why} and cannot be written into array.sh; use another path or value"
        )))
    };
    match text.to_str() {
        None => refused("is not UTF-8"),
        Some(text) if text.contains(is_unprintable) => refused("has control characters"),
        Some(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn run_dir(parent: &std::path::Path) -> RunDir {
        RunDir::create(parent, "open/x", "20260102T030405Z", "abc", |r| {
            seraug_core::files::write_atomic(&r.spec(), b"")
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
        let text = script(&run, &slurm, &WorkerCommand::default()).unwrap();
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
        let plain = script(&run, &Slurm::default(), &WorkerCommand::default()).unwrap();
        assert!(plain.contains("USR1@120"), "{plain}");
    }

    #[test]
    fn what_would_begin_a_line_of_its_own_is_refused_wherever_it_comes_from() {
        let dir = tempfile::tempdir().unwrap();
        let run = run_dir(dir.path());
        let with = |slurm: Slurm, worker: WorkerCommand| script(&run, &slurm, &worker).unwrap_err();
        let none = WorkerCommand::default;
        let evil = "x\ntouch pwned\n";
        let errors = [
            with(Slurm { partition: evil.into(), ..Slurm::default() }, none()),
            with(Slurm { extra: vec![format!("--comment={evil}")], ..Slurm::default() }, none()),
            with(Slurm::default(), WorkerCommand { exe: evil.into(), ..none() }),
            with(Slurm::default(), WorkerCommand { args: vec![evil.into()], ..none() }),
            with(Slurm::default(), WorkerCommand { env: vec![("A".into(), evil.into())], ..none() }),
            script(&RunDir::at(dir.path().join(evil)), &Slurm::default(), &none()).unwrap_err(),
        ];
        for e in errors {
            assert_eq!(e.exit_code(), 2);
            assert!(e.to_string().contains("has control characters and cannot be written"), "{e}");
            assert!(!e.to_string().contains('\n'), "{e}");
        }
        let bytes: OsString = std::os::unix::ffi::OsStringExt::from_vec(b"/r\xff".to_vec());
        let e = with(Slurm::default(), WorkerCommand { args: vec![bytes], ..none() });
        assert!(e.to_string().contains("is not UTF-8"), "{e}");
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
        std::fs::write(&path, script(&run, &Slurm::default(), &worker).unwrap()).unwrap();
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
